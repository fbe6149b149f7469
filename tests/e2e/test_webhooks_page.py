"""Webhooks in a browser, with scripts and without: made, tried, their failures understood, sent again, deleted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from procession.settings import Settings, Webhooks
from tests.e2e.conftest import opened
from tests.e2e.test_accessible import SIZES, violations_of_axe
from tests.support.server import RunningServer, running
from tests.support.webhooks import Receiver, receiving

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    known = Webhooks(loopback_http=True, poll_seconds=0.05)
    with running(Settings(data=tmp_path_factory.mktemp("hooked-pages"), webhooks=known), working=False) as started:
        yield started


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


def shown(page: Page, words: str) -> None:
    """Reloads until the newest delivery says so: the page moves by itself nowhere."""
    for _ in range(200):
        if words in (page.locator("[data-delivery]").first.text_content() or ""):
            return
        page.wait_for_timeout(50)
        page.goto(page.url)
    raise AssertionError(page.locator("main").text_content())


@pytest.mark.parametrize("scripts", [True, False])
def test_a_webhook_is_made_tried_mended_and_deleted(
    browser: Browser, hooked: RunningServer, receiver: Receiver, scripts: bool
) -> None:
    context, page, watched = opened(browser, hooked.base_url, java_script_enabled=scripts)
    page.goto("/")
    page.get_by_role("link", name="Webhooks").click()
    page.get_by_label("Address", exact=True).fill(receiver.url())
    page.get_by_label("A form was closed").uncheck()
    page.get_by_role("button", name="Make the webhook").click()
    secret = page.locator("[data-secret]").text_content()
    assert secret is not None
    assert secret.startswith("whsec_")
    with hooked.client() as client:
        (made,) = client.webhooks()
    assert "form.closed" not in made.events
    assert "form.answered" in made.events
    page.goto(f"/webhooks/{made.id}")
    expect(page.locator("[data-secret]")).to_have_count(0)

    receiver.answer = lambda _: 503
    page.get_by_role("button", name="Send a test").click()
    shown(page, "The receiver has a problem of its own. It answered 503.")
    page.goto(page.url)  # its head is read before its deliveries
    expect(page.get_by_text("Fails at the moment")).to_be_visible()
    receiver.answer = lambda _: 200
    page.get_by_role("button", name="Send again").click()
    shown(page, "Delivered")
    page.get_by_role("link", name="Given up").click()
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    page.get_by_role("link", name="Show all").click()

    page.get_by_role("button", name="New secret").click()
    expect(page.locator("[data-secret]")).not_to_have_text(secret)
    page.goto(f"/webhooks/{made.id}")
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("button", name="Send a test")).to_have_count(0)
    page.get_by_role("button", name="Enable").click()
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No webhooks yet.")).to_be_visible()
    context.close()
    assert watched.faults == []


@pytest.mark.parametrize(
    ("address", "said"),
    [("http://crm.example.com/", "https addresses only"), ("https://10.0.0.1/", "private, local or reserved")],
)
def test_an_address_that_cannot_be_one_is_kept_to_be_mended_and_the_page_says_why(
    browser: Browser, hooked: RunningServer, address: str, said: str
) -> None:
    context, page, watched = opened(browser, hooked.base_url)
    watched.expected |= {422}
    page.goto("/webhooks")
    page.get_by_label("Address", exact=True).fill(address)
    page.get_by_label("A couple answered").uncheck()
    page.get_by_role("button", name="Make the webhook").click()
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_label("Address", exact=True)).to_have_value(address)
    expect(page.get_by_label("A couple answered")).not_to_be_checked()
    context.close()
    assert watched.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_axe_finds_nothing_on_the_pages_of_webhooks(
    browser: Browser, hooked: RunningServer, receiver: Receiver, scheme: str, size: str
) -> None:
    width, height = SIZES[size]
    view = {"width": width, "height": height}
    context, page, watched = opened(browser, hooked.base_url, viewport=view, color_scheme=scheme)
    watched.expected |= {422}
    found = []
    page.goto("/webhooks")
    found += violations_of_axe(page)
    answers = iter([200, 500, 410])
    receiver.answer = lambda _: next(answers)
    page.get_by_label("Address", exact=True).fill("https://10.1.1.1/")
    page.get_by_role("button", name="Make the webhook").click()
    found += violations_of_axe(page)
    page.get_by_label("Address", exact=True).fill(
        receiver.url("/a/rather/long/path/of/somebodys/system?with=a&query=too")
    )
    page.get_by_role("button", name="Make the webhook").click()
    found += violations_of_axe(page)
    with hooked.client() as client:
        made = next(client.webhooks())
        for count in range(3):
            client.test_webhook(made.id)
            receiver.await_count(count + 1)
        for address in (f"/webhooks/{made.id}", f"/webhooks/{made.id}/delete", "/webhooks"):
            page.goto(address)
            if address.endswith(made.id):
                shown(page, "The receiver wants no more.")
            found += violations_of_axe(page)
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, address
        client.delete_webhook(made.id)
    context.close()
    assert found == []
    assert watched.faults == []
