"""The costs' page in a browser: figures, budgets and reasons, with scripts and without, on a desk and on a phone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import Connection

from procession.domain.usage import Tokens
from procession.settings import Ai, ApiKey, Settings
from procession.settings.costs import Budgets
from procession.store import ledger
from procession.store.ledger import Reserved
from tests.calls import a_call
from tests.e2e.conftest import opened
from tests.e2e.test_accessible import violations_of_axe
from tests.support.server import RunningServer, running

pytestmark = pytest.mark.e2e
OPERATOR, TENANT = "key-of-the-operator", "key-of-flora"


@pytest.fixture(scope="module")
def spent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Seven models over ten days, of two tenants, and a budget that stops."""
    keys = tuple(
        ApiKey(sha256=hashlib.sha256(key.encode()).hexdigest(), tenant=tenant, name=tenant, operator=operator)
        for key, tenant, operator in ((OPERATOR, "ops", True), (TENANT, "flora", False))
    )
    given = Ai(budgets=Budgets(month="1000"))
    with running(
        Settings(data=tmp_path_factory.mktemp("costs-page"), api_keys=keys, ai=given), working=False
    ) as started:
        on = started.application.foundation

        def fill(conn: Connection) -> None:
            now = on.clock()
            for number in range(14):
                call = a_call(tenant="flora" if number % 7 else "venue", model=f"model-{number % 7}")
                moment = now - timedelta(days=number % 10)
                found = ledger.reserve(conn, call, moment)
                assert isinstance(found, Reserved)
                ledger.settle(conn, found.call_id, Tokens(input=1_000_000 * (1 + number % 7)), None, None, moment)

        started.call(lambda: on.store.write(fill))
        yield started


def sign_in(browser: Browser, server: RunningServer, key: str, **options: object) -> tuple:  # type: ignore[type-arg]
    context, page, watched = opened(browser, server.base_url, **options)
    page.goto("/sign-in?next=/costs")
    page.get_by_label("Your key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Costs")).to_be_visible()
    return context, page, watched


def test_an_operator_sees_what_was_spent_and_sets_a_limit_without_scripts(
    browser: Browser, spent: RunningServer
) -> None:
    context, page, watched = sign_in(browser, spent, OPERATOR, java_script_enabled=False)
    expect(page.locator("p.big")).to_contain_text("$56.00 in 30 days")
    expect(page.get_by_role("img", name="Cost of AI by day and model")).to_be_visible()
    expect(page.get_by_role("row", name="model-6 of fake")).to_contain_text("$14.00")
    page.get_by_text("The figures").click()
    expect(page.get_by_role("columnheader", name="others")).to_be_visible()
    budget = page.get_by_role("region", name="Set a budget")
    budget.get_by_label("Tenant").fill("flora")
    budget.get_by_label("Limit, dollars").fill("20")
    budget.get_by_role("button", name="Set").click()
    expect(page.get_by_role("status")).to_have_text("The budget was set.")
    expect(page.locator("[data-budget='flora month']")).to_contain_text("Used up: AI stops")
    on = spent.application.foundation
    spent.call(lambda: on.store.write(lambda conn: ledger.reserve(conn, a_call(tenant="flora"), on.clock())))
    page.goto("/costs?tenant=venue&days=7")
    expect(page.locator("p.big")).to_contain_text("in 7 days")
    expect(page.get_by_text("The budget of flora per month is used up")).to_be_visible()
    page.get_by_role("button", name="Remove the budget: flora, a month").click()
    expect(page.get_by_role("status")).to_have_text("The budget was removed.")
    expect(page.locator("[data-budget='* month']")).to_contain_text("settings")
    context.close()
    assert watched.faults == []


def test_a_tenant_sees_its_own_and_sets_nothing(browser: Browser, spent: RunningServer) -> None:
    context, page, watched = sign_in(browser, spent, TENANT)
    expect(page.locator("p.big")).to_contain_text("$54.00 in 30 days")
    expect(page.get_by_text("model-0")).to_have_count(0)  # another tenant's
    expect(page.get_by_role("button", name="Set")).to_have_count(0)
    page.goto("/costs?tenant=venue")
    expect(page.locator("p.big")).to_contain_text("$54.00 in 30 days")
    context.close()
    assert watched.faults == []


def test_where_nothing_was_spent_the_page_says_so(browser: Browser, server: RunningServer) -> None:
    context, page, watched = opened(browser, server.base_url)
    page.goto("/costs")
    expect(page.get_by_text("Documents are read on this machine, and")).to_be_visible()
    expect(page.get_by_text("No budget is set: nothing limits what AI costs.")).to_be_visible()
    watched.expected.add(422)
    region = page.get_by_role("region", name="Set a budget")
    region.get_by_label("Limit, dollars").fill("a lot")
    region.get_by_role("button", name="Set").click()
    expect(page.get_by_text("an amount in dollars from 0 to")).to_be_visible()
    context.close()
    assert watched.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 640, 360])
def test_the_page_is_accessible_and_never_scrolls_sideways(
    browser: Browser, spent: RunningServer, scheme: str, width: int
) -> None:
    view = {"width": width, "height": 800}
    context, page, watched = sign_in(browser, spent, OPERATOR, viewport=view, color_scheme=scheme)
    page.get_by_text("The figures").click()
    assert violations_of_axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
    assert watched.faults == []
