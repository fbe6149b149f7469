"""Which answers go back onto the paper, and how many copies are made at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from procession.domain.errors import Conflict, NotFound, OverCapacity
from procession.domain.form import Field, Form, Option
from procession.domain.paper import FilledPdf, PaperAnswers
from procession.domain.principal import Principal
from procession.services.paper import (
    FILLS_MAX,
    FILLS_WAITING_MAX,
    OTHERS_ANSWERS,
    Papers,
    response_answers,
    reviewed_answers,
)
from tests.unit.services.acting import PDF, House, a_document, a_field

PRINTED = a_field(1, value="Anna", value_text="Anna", value_box=(0.1, 0.1, 0.2, 0.12))
EMPTY = a_field(2)
WIDGET = a_field(3, source="widget", value="before")
BOXES = tuple(Option(label=one, box=(0.1, 0.2, 0.12, 0.22)) for one in ("Fish", "Meat", "Vegan"))
TICKED = a_field(4, type="multiselect", options=BOXES, value=["Fish"])


def form(*fields: Field) -> Form:
    return Form(fields=fields)


def changed(field: Field, value: Any) -> Field:
    return field.model_copy(update={"value": value})


def test_what_stands_on_the_paper_is_not_written_again() -> None:
    found = form(PRINTED, EMPTY, WIDGET, TICKED)
    assert reviewed_answers(found, found, {}) == PaperAnswers(())


def test_a_correction_of_print_is_not_written_over_it() -> None:
    given = reviewed_answers(form(PRINTED), form(changed(PRINTED, "Anne")), {1: 90})
    assert [(one.id, one.value) for one in given.fields] == [("f1", "Anne")]
    assert given.taken == {"f1"}
    assert given.turns == {1: 90}


def test_ticks_that_review_added_are_drawn_beside_those_on_the_paper() -> None:
    more = reviewed_answers(form(TICKED), form(changed(TICKED, ["Fish", "Vegan"])), {})
    assert [one.value for one in more.fields] == [["Vegan"]]
    assert more.taken == frozenset()
    other = reviewed_answers(form(TICKED), form(changed(TICKED, ["Vegan"])), {})
    assert other.taken == {"f4"}


def test_fields_of_the_file_and_empty_places_take_what_review_says() -> None:
    given = reviewed_answers(form(EMPTY, WIDGET), form(changed(EMPTY, "new"), changed(WIDGET, None)), {})
    assert [one.value for one in given.fields] == ["new", None]
    assert given.taken == frozenset()


def test_a_response_empties_fields_it_does_not_answer_and_spares_print() -> None:
    found = form(PRINTED, EMPTY, WIDGET)
    given = response_answers(found, found, {"question_2": "two"}, {})
    assert [(one.id, one.value) for one in given.fields] == [("f2", "two"), ("f3", None)]
    other = response_answers(found, found, {"question_1": "Bea", "question_3": "three"}, {})
    assert [(one.id, one.value) for one in other.fields] == [("f1", "Bea"), ("f2", None), ("f3", "three")]
    assert other.taken == {"f1"}


class Engine:
    """Takes what it is given; finishes when told."""

    def __init__(self) -> None:
        self.given: list[tuple[bytes, PaperAnswers, bool]] = []
        self.running = 0
        self.most = 0
        self.full = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, data: bytes, answers: PaperAnswers, *, pages: int, flatten: bool) -> FilledPdf:
        self.given.append((data, answers, flatten))
        self.running += 1
        self.most = max(self.most, self.running)
        if self.running == FILLS_MAX:
            self.full.set()
        await self.go.wait()
        self.running -= 1
        return FilledPdf(b"%PDF-filled", ("a note",))


def papers(house: House, engine: Engine) -> Papers:
    return Papers(house.app.foundation, house.app.analyses, house.app.forms, engine)


async def test_the_copy_is_made_of_the_document_as_uploaded_and_named_after_it(house: House) -> None:
    engine = Engine()
    engine.go.set()
    analysis = await house.reviewed_document()
    made = await papers(house, engine).of_analysis(house.owner, analysis.id, flatten=True)
    assert (made.pdf, made.file_name, made.notes) == (b"%PDF-filled", "anna-and-ben-flattened.pdf", ("a note",))
    assert [(data, flatten) for data, _, flatten in engine.given] == [(PDF, True)]


async def test_a_response_is_filled_into_the_document_of_its_form(house: House) -> None:
    engine = Engine()
    engine.go.set()
    made = await house.upload()
    analysis = await house.work(made.id, a_document([EMPTY, PRINTED]))
    finished = await house.app.reviews.apply(
        house.owner, analysis.id, [], finish=True, expected_version=analysis.version
    )
    assert finished.form_id is not None
    view = await house.app.forms.get(house.owner, finished.form_id)
    response = await house.app.forms.respond(view.share_path.removeprefix("/f/"), {"question_2": "ours"})
    copy = await papers(house, engine).of_response(house.owner, view.id, response.id, flatten=False)
    (_, answers, _) = engine.given[0]
    assert [(one.id, one.value) for one in answers.fields] == [("f2", "ours")]
    assert copy.notes[0] == OTHERS_ANSWERS
    assert copy.file_name.startswith("anna-and-ben-filled-")
    with pytest.raises(NotFound):
        await papers(house, engine).of_response(house.owner, view.id, "resp_none", flatten=False)
    with pytest.raises(NotFound):
        await papers(house, engine).of_response(Principal("other", "key:x", "t"), view.id, response.id, flatten=False)


async def test_there_is_no_copy_before_there_is_a_result_and_none_for_others(house: House) -> None:
    made = await house.upload()
    with pytest.raises(Conflict):
        await papers(house, Engine()).of_analysis(house.owner, made.id, flatten=False)
    with pytest.raises(NotFound):
        await papers(house, Engine()).of_analysis(Principal("other", "key:x", "t"), made.id, flatten=False)


async def test_as_many_copies_as_allowed_are_made_and_wait_and_the_next_is_put_off(house: House) -> None:
    engine = Engine()
    ours = papers(house, engine)
    analysis = await house.reviewed_document()
    asked = [
        asyncio.create_task(ours.of_analysis(house.owner, analysis.id, flatten=False))
        for _ in range(FILLS_MAX + FILLS_WAITING_MAX)
    ]
    await asyncio.wait_for(engine.full.wait(), 30)
    with pytest.raises(OverCapacity):
        await ours.of_analysis(house.owner, analysis.id, flatten=False)
    engine.go.set()
    await asyncio.gather(*asked)
    assert engine.most == FILLS_MAX
    assert (await ours.of_analysis(house.owner, analysis.id, flatten=False)).pdf
