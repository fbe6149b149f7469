"""A child asks for approved forms over its channel; it gets a few, and only when some are offered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from procession.digitize import pipeline
from procession.digitize.remember import remembered
from procession.domain.errors import AnalysisTimeout, Internal, TooComplex
from procession.domain.form import DigitizedDocument, Form, KnownForm
from procession.domain.layout import SLOTS, Sketch
from procession.domain.template import CANDIDATES_MAX, LOOKUPS_MAX, TEMPLATE_PAGES_MAX, Remembered
from procession.sandbox.client import ReadingOptions, Sandbox
from procession.sandbox.frames import FrameError, message
from procession.sandbox.limits import SandboxLimits
from procession.sandbox.recalling import Candidate, Recalling
from tests.support.copies import form, scanned

WHEN = datetime(2030, 6, 12, tzinfo=UTC)
EMPTY = Remembered(form=Form(), layouts=()).model_dump_json().encode()
SKETCH = [7] * SLOTS


def offering(*names: str) -> Recalling:
    async def lookup(sketch: Sketch) -> Sequence[Candidate]:
        return [Candidate(name, WHEN, EMPTY) for name in names]

    return Recalling(lookup)


async def ask(sandbox: Sandbox, times: int, asking: Recalling | None, sketch: Sequence[int] = SKETCH) -> Any:
    return (await sandbox.call("curious", {"times": times, "sketch": sketch}, [b""], 1, None, asking)).body


async def test_a_question_is_answered_with_the_likeliest_few(taken_over: Sandbox) -> None:
    names = [f"tpl_{number}" for number in range(CANDIDATES_MAX + 2)]
    assert await ask(taken_over, 2, offering(*names)) == [names[:CANDIDATES_MAX]] * 2
    assert await ask(taken_over, 1, offering()) == [[]]


async def test_a_child_may_ask_so_often_and_no_more(taken_over: Sandbox) -> None:
    assert len(await ask(taken_over, LOOKUPS_MAX, offering("tpl_1"))) == LOOKUPS_MAX
    with pytest.raises(TooComplex):
        await ask(taken_over, LOOKUPS_MAX + 1, offering("tpl_1"))


async def test_nobody_is_answered_who_was_offered_nothing(taken_over: Sandbox) -> None:
    with pytest.raises(Internal, match="nobody offered"):
        await ask(taken_over, 1, None)


@pytest.mark.parametrize("sketch", [[], [1] * (SLOTS - 1), [1] * (SLOTS + 1), [-1] * SLOTS, [2**32] * SLOTS])
async def test_a_sketch_that_is_none_is_refused(taken_over: Sandbox, sketch: list[int]) -> None:
    with pytest.raises(Internal):
        await ask(taken_over, 1, offering("tpl_1"), sketch)


def test_more_than_a_sketch_is_no_message() -> None:
    with pytest.raises(FrameError):
        message(b'{"type":"lookup","sketch":[' + b",".join([b"1"] * SLOTS) + b'],"tenant":"other"}')


async def test_a_child_that_does_not_listen_runs_into_its_time(taken_over: Sandbox) -> None:
    async def much(sketch: Sketch) -> Sequence[Candidate]:
        return [Candidate("tpl_1", WHEN, b"x" * 3_000_000)]

    with pytest.raises(AnalysisTimeout):
        await taken_over.call("deaf", {}, [b""], 1, None, Recalling(much))


async def test_a_child_cannot_name_what_it_was_not_offered() -> None:
    asking = offering("tpl_1")
    for chosen in ({"template_id": "tpl_1", "taken": [1]}, {"template_id": "tpl_2", "taken": [1]}, 7, {}):
        with pytest.raises(Internal):
            asking.follow(chosen)
    await asking.answer(tuple(SKETCH))
    asking.follow({"template_id": "tpl_1", "taken": [1, 2]})
    assert asking.taken == {1, 2}
    for taken in (None, ["1"], [True], list(range(TEMPLATE_PAGES_MAX + 1))):
        with pytest.raises(Internal):
            asking.follow({"template_id": "tpl_1", "taken": taken})
    with pytest.raises(Internal):
        asking.vouch("tpl_2")


async def test_a_result_by_a_template_nobody_offered_is_refused(
    taken_over: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    boast = KnownForm(template_id="tpl_9", approved_on=WHEN.date(), changed=False, kept=1, fresh=0, lost=0)
    monkeypatch.setattr(taken_over, "checked", lambda _: DigitizedDocument(pages=(), form=Form(), known=boast))

    async def answered(*_: object) -> Any:
        return type("Answer", (), {"attachment": b"", "body": {}})

    monkeypatch.setattr(taken_over, "call", answered)
    for lookup in (None, offering("tpl_1")._lookup):
        with pytest.raises(Internal):
            await taken_over.analyze(b"", lookup=lookup)


@pytest.fixture(params=[50, 2], ids=["one child", "ranges"])
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    made = Sandbox(replace(SandboxLimits(), pages_per_child=request.param))
    try:
        yield made
    finally:
        await made.stop()


async def test_a_copy_is_known_in_a_confined_child_range_by_range(sandbox: Sandbox) -> None:
    """Each page of the copy is one of the template's, whichever child reads it."""
    blank, copy = form(pages=3, numbered=True), form({"Number of guests": "84"}, pages=3, numbered=True)
    asked = 0
    found = await sandbox.analyze(blank, ReadingOptions(remember=True))
    kept = remembered(found, found.form)
    assert kept is not None
    assert len(kept.layouts) == 3

    async def lookup(sketch: Sketch) -> Sequence[Candidate]:
        nonlocal asked
        asked += 1
        return [Candidate("tpl_1", WHEN, kept.model_dump_json().encode())]

    known = await sandbox.analyze(copy, lookup=lookup)
    assert known.known is not None
    assert (known.known.template_id, known.known.changed, known.known.lost) == ("tpl_1", False, 0)
    assert [field.id for field in known.form.fields] == [field.id for field in found.form.fields]
    assert [field.page for field in known.form.fields if field.value == 84] == [1, 2, 3]
    assert asked <= 2


async def test_a_scan_is_known_in_a_confined_child() -> None:
    sandbox = Sandbox()
    found = pipeline.digitize(form(), pipeline.EngineOptions(remember=True))
    kept = remembered(found, found.form)
    assert kept is not None

    async def lookup(sketch: Sketch) -> Sequence[Candidate]:
        return [Candidate("tpl_1", WHEN, kept.model_dump_json().encode())]

    try:
        known = await asyncio.wait_for(
            sandbox.analyze(scanned(form({"Wedding date": "12 June 2027"})), lookup=lookup), 60
        )
    finally:
        await sandbox.stop()
    assert known.known is not None
    assert "2027-06-12" in [field.value for field in known.form.fields]
