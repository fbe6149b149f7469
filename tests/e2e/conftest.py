"""A real browser before a really started server. Every page is watched: what it loads, says and violates."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from procession.settings import ApiKey, Http, Settings
from tests.support.needs import missing
from tests.support.server import RunningServer, running

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MILLISECONDS = 60_000
expect.set_options(timeout=WAIT_MILLISECONDS)
KEY = "key-of-the-browser-tests"
WATCH_CSP = """
window.cspViolations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.cspViolations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});
"""


@dataclass
class Watched:
    """What a page did that no page of ours may do. ``expected`` are statuses whose console line is no fault."""

    origin: str
    expected: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        if any(f"status of {status}" in message.text for status in self.expected):
            return
        self.faults.append(f"console: {message.text} ({message.location.get('url')})")

    def request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:")):
            self.faults.append(f"left the origin: {request.url}")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = os.environ.get("PROCESSION_TEST_CHROMIUM") or shutil.which("chromium")
    if path is None:
        missing("Chromium: install Debian's chromium or set PROCESSION_TEST_CHROMIUM")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = Settings(data=tmp_path_factory.mktemp("pages"), http=Http(event_poll_seconds=0.5))
    with running(settings) as started:
        yield started


@pytest.fixture(scope="package")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    key = ApiKey(sha256=hashlib.sha256(KEY.encode()).hexdigest(), tenant="flora", name="laptop")
    with running(Settings(data=tmp_path_factory.mktemp("keyed-pages"), api_keys=(key,))) as started:
        yield started


def opened(browser: Browser, origin: str, **options: object) -> tuple[BrowserContext, Page, Watched]:
    """A fresh browser profile with one watched page."""
    context = browser.new_context(base_url=origin, accept_downloads=True, **options)  # type: ignore[arg-type]
    context.set_default_timeout(WAIT_MILLISECONDS)
    context.add_init_script(WATCH_CSP)
    watched = Watched(origin)
    context.on("request", watched.request)
    context.on("console", watched.console)
    context.on("weberror", lambda error: watched.faults.append(f"script: {error.error}"))
    return context, context.new_page(), watched


def violations(page: Page) -> list[str]:
    found: list[str] = page.evaluate("window.cspViolations")
    return found


@pytest.fixture
def watched_page(browser: Browser, server: RunningServer) -> Iterator[tuple[Page, Watched]]:
    """A page of the server without keys; the test fails when it did what no page of ours may do."""
    context, page, watched = opened(browser, server.base_url, viewport={"width": 1280, "height": 800})
    yield page, watched
    faults = watched.faults + violations(page)
    context.close()
    assert faults == []


@pytest.fixture(scope="session")
def example() -> bytes:
    return (Path(__file__).parents[2] / "examples" / "consultation-form.pdf").read_bytes()
