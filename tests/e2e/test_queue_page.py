"""Operating the queue in a browser: with scripts and without, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from procession.settings import Settings
from tests.contract.test_queue_over_http import fail
from tests.e2e.conftest import KEY, opened
from tests.e2e.test_accessible import violations_of_axe
from tests.support import documents
from tests.support.server import RunningServer, running

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def resting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Nothing is analysed; something waits and three failed for good."""
    with running(Settings(data=tmp_path_factory.mktemp("operated-pages")), working=False) as started:
        with started.client() as client:
            made = [client.submit(documents.form() + f"page {n}".encode()).id for n in range(4)]
        for one, code in zip(made, ("timeout", "timeout", "too_complex"), strict=False):
            fail(started, one, code)
        yield started


@pytest.mark.parametrize("scripts", [True, False])
def test_a_class_and_a_tenant_are_paused_and_resumed(browser: Browser, resting: RunningServer, scripts: bool) -> None:
    context, page, watched = opened(browser, resting.base_url, java_script_enabled=scripts)
    page.goto("/queue")
    page.get_by_role("button", name="Pause Can wait").click()
    expect(page.locator("[data-class=low]")).to_contain_text("paused")
    page.get_by_role("button", name="Pause local").click()
    expect(page.locator("[data-tenant=local]")).to_contain_text("paused")
    page.get_by_role("button", name="Resume local").click()
    page.get_by_role("button", name="Resume Can wait").click()
    expect(page.get_by_role("button", name="Pause Can wait")).to_be_visible()
    expect(page.locator("[data-tenant=local]")).not_to_contain_text("paused")
    page.get_by_role("region", name="Limit a tenant").get_by_label("Tenant").fill("local")
    page.get_by_label("Running at once, at most").fill("3")
    page.get_by_role("button", name="Set").click()
    expect(page.locator("[data-tenant=local]")).to_contain_text("3 at once")
    context.close()
    assert watched.faults == []


@pytest.mark.parametrize("width", [1280, 640, 360])
def test_dead_letters_are_filtered_chosen_buried_and_revived_without_scripts(
    browser: Browser, resting: RunningServer, width: int
) -> None:
    view = {"width": width, "height": 800}
    context, page, watched = opened(browser, resting.base_url, java_script_enabled=False, viewport=view)
    page.goto("/queue")
    expect(page.locator("[data-letter]")).to_have_count(3)
    page.get_by_label("Reason").fill("timeout")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("[data-letter]")).to_have_count(2)
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Bury the chosen").click()
    expect(page.get_by_role("status")).to_have_text("1 dead letter buried.")
    expect(page.locator("[data-letter]")).to_have_count(1)
    page.get_by_role("link", name="Bury all 1…").click()
    expect(page.get_by_role("heading", name="Bury 1 failed analysis?")).to_be_visible()
    page.get_by_role("button", name="Bury").click()
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    page.goto("/queue?buried=yes")
    expect(page.locator("[data-letter]")).to_have_count(2)
    page.get_by_role("link", name="Try all 2 again…").click()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("status")).to_have_text("2 dead letters waiting again.")
    context.close()
    for one in resting_failures(resting):
        fail(resting, one)
    assert watched.faults == []


def resting_failures(server: RunningServer) -> list[str]:
    """Those that the last one revived, for the next."""
    with server.client() as client:
        return [one.id for one in client.list(status=["pending"])][1:]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 1000, 640, 360])
def test_the_page_is_accessible_and_never_scrolls_sideways(
    browser: Browser, resting: RunningServer, scheme: str, width: int
) -> None:
    view = {"width": width, "height": 800}
    context, page, watched = opened(browser, resting.base_url, viewport=view, color_scheme=scheme)
    page.goto("/queue")
    assert violations_of_axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
    assert watched.faults == []


def test_who_is_no_operator_sees_counts_and_nothing_to_steer(browser: Browser, keyed: RunningServer) -> None:
    context, page, watched = opened(browser, keyed.base_url)
    page.goto("/sign-in?next=/queue")
    page.get_by_label("Your key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("table")).to_have_count(1)
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    expect(page.get_by_role("heading", name="Failed for good")).to_have_count(0)
    watched.expected.add(403)
    page.goto("/queue/dead-letters/bury")
    expect(page.get_by_role("heading", name="You may not do that here")).to_be_visible()
    context.close()
    assert watched.faults == []
