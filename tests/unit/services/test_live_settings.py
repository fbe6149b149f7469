"""New settings while a process runs: those that may change do, all at once; the others are named."""

from __future__ import annotations

from pathlib import Path

from procession.services.live_settings import LIVE, merged
from procession.settings import Http, Queue, Settings, Worker
from tests.docs.generate import settings_rows


def test_live_settings_are_taken_over_and_the_rest_is_named() -> None:
    current = Settings()
    new = Settings(
        region="elsewhere", queue=Queue(waiting_max=5), worker=Worker(slots=3, attempts_max=9), http=Http(port=1)
    )
    reload = merged(current, new)
    assert reload.settings.queue.waiting_max == 5
    assert reload.settings.worker.attempts_max == 9
    assert {name for name, _, _ in reload.changed} == {"queue.waiting_max", "worker.attempts_max"}
    assert set(reload.waiting) == {"region", "worker.slots", "http.port"}
    unchanged = reload.settings.model_copy(update={"queue": current.queue, "worker": current.worker})
    assert unchanged == current


def test_the_same_settings_change_nothing() -> None:
    reload = merged(Settings(), Settings())
    assert (reload.changed, reload.waiting) == ((), ())


def test_every_live_setting_exists() -> None:
    assert {name for name, _, _, _ in settings_rows()} >= LIVE


def test_the_page_lists_every_live_setting() -> None:
    page = (Path(__file__).parents[3] / "docs/how-to/run-the-roles.md").read_text()
    assert [name for name in sorted(LIVE) if f"`{name}`" not in page] == []
