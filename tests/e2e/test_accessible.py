"""axe on every page, light and dark, narrow and wide; and pages that read without scripts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import KEY, opened, violations
from tests.support import copies, documents
from tests.support.server import RunningServer

pytestmark = pytest.mark.e2e

VENDOR = Path(__file__).parent / "vendor"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"wide": (1280, 800), "narrow": (360, 740)}


@dataclass(frozen=True)
class Furnished:
    """A server with something on every page."""

    review: str
    failed: str
    form: str
    link: str
    known: str
    changed: str


@pytest.fixture(scope="module")
def furnished(server: RunningServer, example: bytes) -> Iterator[Furnished]:
    with httpx.Client(base_url=server.base_url, timeout=120) as http:
        review = _analysed(http, example, "review.pdf")
        failed = _analysed(http, documents.truncated(), "truncated.pdf")
        source = _analysed(http, documents.acroform(), "menu.pdf")
        finished = http.post(f"/v1/analyses/{source}/review", json={"finish": True}, headers={"If-Match": "*"})
        finished.raise_for_status()
        form = http.get(f"/v1/forms/{finished.json()['form_id']}").raise_for_status().json()
        answers = {"f.couple_s_e_mail": "ana@example.com", "f.vegetarian_menu": "on"}
        assert http.post(form["share_path"], data=answers).status_code == 303
        approved = _analysed(http, copies.form(), "consultation.pdf")
        http.post(
            f"/v1/analyses/{approved}/review", json={"finish": True}, headers={"If-Match": "*"}
        ).raise_for_status()
        known = _analysed(http, copies.form({"Number of guests": "84"}), "filled.pdf")
        labels = ("Rehearsal evening", *copies.LABELS)
        changed = _analysed(http, copies.form(labels=labels), "edition.pdf")
        yield Furnished(review, failed, form["id"], form["share_path"], known, changed)


def _analysed(http: httpx.Client, content: bytes, name: str) -> str:
    parts = {"file": (name, content, "application/pdf")}
    answer = http.post("/v1/analyses?wait=60", files=parts).raise_for_status()
    assert answer.status_code == 200
    found: str = answer.json()["id"]
    return found


def violations_of_axe(page: Page) -> list[str]:
    page.evaluate((VENDOR / "axe.min.js").read_text())
    report: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
    )
    return [
        f"{page.url}: {one['id']}: {one['help']} {[node['target'] for node in one['nodes'][:3]]}"
        for one in report["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_axe_finds_nothing_on_any_page(
    browser: Browser, server: RunningServer, furnished: Furnished, scheme: str, size: str
) -> None:
    width, height = SIZES[size]
    view = {"width": width, "height": height}
    context, page, watched = opened(browser, server.base_url, viewport=view, color_scheme=scheme)
    watched.expected |= {404, 422}
    found = []
    addresses = (
        *("/", "/?show=cancelled", "/forms", "/queue", "/help", "/nothing-here"),
        *(f"/analyses/{furnished.review}", f"/analyses/{furnished.review}?order=unsure"),
        *(f"/analyses/{furnished.review}/delete", f"/analyses/{furnished.failed}"),
        *(f"/analyses/{furnished.known}", f"/analyses/{furnished.changed}"),
        *(f"/forms/{furnished.form}", furnished.link, f"{furnished.link}/thanks"),
        *("/queue?code=damaged_pdf&older=day", "/queue/dead-letters/bury?code=damaged_pdf"),
    )
    for address in addresses:
        page.goto(address)
        page.locator("main").wait_for()
        found += violations_of_axe(page) + violations(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} scrolls sideways"
    page.goto(furnished.link)
    page.get_by_role("button", name="Send your answers").click()
    expect(page.locator("#errors")).to_be_visible()
    found += violations_of_axe(page)
    page.goto(f"/analyses/{furnished.review}")
    page.locator("main[data-ready=yes]").wait_for()
    page.get_by_role("button", name="Keys").click()
    found += violations_of_axe(page)
    context.close()
    assert found + watched.faults == []


def test_a_known_form_says_so_and_can_be_analysed_without(
    browser: Browser, server: RunningServer, furnished: Furnished
) -> None:
    context, page, watched = opened(browser, server.base_url)
    page.goto(f"/analyses/{furnished.changed}")
    expect(page.get_by_text("Changed form: it differs from the one you approved")).to_be_visible()
    page.goto(f"/analyses/{furnished.known}")
    expect(page.get_by_text("Known form: your approved definition of")).to_be_visible()
    page.get_by_role("button", name="Analyse without the known form").click()
    page.locator("[data-page=review]").wait_for()
    assert not page.url.endswith(furnished.known)
    expect(page.get_by_text("Known form:")).to_have_count(0)
    context.close()
    assert watched.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signing_in_leads_to_the_page_that_was_asked_for(browser: Browser, keyed: RunningServer, scheme: str) -> None:
    context, page, watched = opened(browser, keyed.base_url, color_scheme=scheme)
    watched.expected.add(401)
    page.goto("/queue")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert violations_of_axe(page) == []
    page.get_by_label("Your key").fill("a wrong key")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This key is not known here.")).to_be_visible()
    page.goto("/queue")
    page.get_by_label("Your key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    page.get_by_role("link", name="Analyses").click()
    page.locator("main[data-ready=yes]").wait_for()
    context.clear_cookies()  # the session is over while a live page is open
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Your key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()
    assert watched.faults == []


def test_everything_can_be_read_and_finished_without_scripts(
    browser: Browser, server: RunningServer, furnished: Furnished
) -> None:
    context, page, watched = opened(browser, server.base_url, java_script_enabled=False)
    page.goto("/")
    expect(page.locator(".row", has_text="review.pdf")).to_be_visible()
    page.goto(f"/analyses/{furnished.review}?only=look")
    page.goto(f"/analyses/{furnished.review}")
    expect(page.locator(".field").first).to_be_visible()
    expect(page.locator("#page-1 img")).to_be_visible()
    expect(page.get_by_role("button", name="Finish and make the form")).to_be_enabled()
    page.goto(furnished.link)
    page.get_by_label("Couple's e-mail").fill("ana@example.com")
    page.get_by_label("Vegetarian menu").check()  # reportlab's tick boxes are required
    page.get_by_role("button", name="Send your answers").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    context.close()
    assert watched.faults == []


def test_axe_is_the_pinned_release() -> None:
    for name, pinned in json.loads((VENDOR / "vendor.json").read_text()).items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == pinned["sha256"], name
        assert (VENDOR / pinned["licence_file"]).read_text().strip()
