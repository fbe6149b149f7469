"""Models in a browser: a trial's evidence, what was decided, and steering without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from procession.settings import Settings
from tests.e2e.conftest import opened, violations
from tests.e2e.test_accessible import SIZES, violations_of_axe
from tests.support.server import RunningServer, running
from tests.support.trials import documents, passed

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One live, one rolled back, one on trial."""
    with running(Settings(data=tmp_path_factory.mktemp("model-pages")), working=False) as started:
        with started.client() as client:
            live = client.register_model("reader", "fake", "fake-large", "1")
            client.deploy_model(live.id, 100, force="the first of its kind")
            worse = client.register_model("reader", "fake", "fake-large", "2")
            passed(started, worse.id)
            client.deploy_model(worse.id, 20)
            documents(started, live.id, 120, 0.95, seed=2)
            documents(started, worse.id, 50, 0.82, seed=3)
            other = client.register_model("reader", "fake", "fake-large", "3")
            passed(started, other.id)
            client.deploy_model(other.id, 20)
            documents(started, live.id, 110, 0.95, seed=4)
            documents(started, other.id, 28, 0.935, seed=5)
        yield started


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_the_page_is_accessible(browser: Browser, tried: RunningServer, scheme: str, size: str) -> None:
    width, height = SIZES[size]
    view = {"width": width, "height": height}
    context, page, watched = opened(browser, tried.base_url, color_scheme=scheme, viewport=view)
    page.goto("/models")
    for details in page.locator("details").all():
        details.evaluate("one => { one.open = true }")
    assert violations_of_axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert watched.faults == []


def test_a_trial_shows_its_evidence_and_an_ended_one_why_it_ended(browser: Browser, tried: RunningServer) -> None:
    context, page, watched = opened(browser, tried.base_url)
    page.goto("/models")
    trial = page.locator("[data-trial]")
    expect(trial.get_by_role("heading")).to_have_text("reader v3 against reader v1")
    expect(trial).to_contain_text("28 of 50 documents")
    picture = trial.get_by_role("img")
    expect(picture).to_be_visible()
    trial.get_by_text("Every look as a table").click()
    points = (picture.locator("polyline").get_attribute("points") or "").split()
    expect(trial.locator("tbody tr")).to_have_count(len(points))
    assert len(points) > 10
    ended = page.locator("[data-ended]").filter(has_text="reader v2")
    expect(ended).to_contain_text("was rolled back, in favour of reader v1")
    expect(ended).to_contain_text("by itself. After")
    expect(ended).to_contain_text("accuracy by verified agreement")
    expect(page.locator("[data-engine=digital]")).to_contain_text("whole")
    context.close()
    assert watched.faults == []


@pytest.mark.parametrize("width", [1280, 360])
def test_a_trial_is_ended_and_begun_without_scripts(browser: Browser, tried: RunningServer, width: int) -> None:
    view = {"width": width, "height": 800}
    context, page, watched = opened(browser, tried.base_url, java_script_enabled=False, viewport=view)
    page.goto("/models")
    page.get_by_role("button", name="Roll back: reader v3").click()
    expect(page.get_by_role("status")).to_have_text("reader v3 was rolled back.")
    expect(page.locator("[data-trial]")).to_have_count(0)
    with tried.client() as client:
        again = next(one for one in client.models().versions if one.title == "reader v3")
        passed(tried, again.id)
    page.goto("/models")
    page.get_by_role("button", name="Try on 20 %: reader v3").click()
    expect(page.get_by_role("status")).to_have_text("reader v3 is on trial.")
    context.close()
    assert watched.faults == []


def test_an_empty_registry_says_how_to_begin(browser: Browser, server: RunningServer) -> None:
    context, page, watched = opened(browser, server.base_url)
    page.goto("/models")
    expect(page.get_by_text("procession model register")).to_be_visible()
    assert violations(page) == []
    context.close()
    assert watched.faults == []
