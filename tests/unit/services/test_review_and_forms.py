"""Decisions about what was found, the form they make, and what couples answer."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from procession import wiring
from procession.domain.analysis import State
from procession.domain.errors import Conflict, InvalidRequest, NotFound, PreconditionFailed, TooLarge
from procession.domain.principal import Principal
from procession.services.form_definition import definition
from procession.services.forms import FormInvalid
from procession.services.review import FieldAction
from procession.services.views import FormView
from procession.settings import Http, Settings
from tests.support.objects import names
from tests.unit.services.acting import House, a_document, a_field


async def _live(house: House) -> FormView:
    view = await house.reviewed_document()
    done = await house.app.reviews.apply(house.owner, view.id, [], finish=True, expected_version=view.version)
    assert done.form_id is not None
    return await house.app.forms.get(house.owner, done.form_id)


def _token(form: FormView) -> str:
    return form.share_path.removeprefix("/f/")


async def test_corrections_show_in_the_result_and_not_in_the_original(house: House) -> None:
    view = await house.reviewed_document()
    actions = [FieldAction("f2", "modify", {"label": "The day", "required": True}), FieldAction("f3", "reject")]
    after = await house.app.reviews.apply(house.owner, view.id, actions, expected_version=view.version)
    assert (after.fields_found, after.fields_flagged, after.status) == (3, 0, State.REQUIRES_REVIEW)
    result = await house.app.analyses.result(house.owner, view.id)
    assert result.form is not None
    assert [field.label for field in result.form.fields] == ["E-mail", "The day", "Total"]
    original = await house.app.analyses.result(house.owner, view.id, original=True)
    assert original.form is not None
    assert len(original.form.fields) == 4
    assert set(await house.app.reviews.state(house.owner, view.id)) == {"f2", "f3"}
    await house.app.reviews.apply(house.owner, view.id, [FieldAction("f3", "reset")])
    assert set(await house.app.reviews.state(house.owner, view.id)) == {"f2"}


@pytest.mark.parametrize(
    "action",
    [
        FieldAction("f99", "approve"),
        FieldAction("f1", "praise"),
        FieldAction("f1", "modify"),
        FieldAction("f1", "modify", {"name": "other"}),
        FieldAction("f1", "modify", {"type": "colour"}),
        FieldAction("f1", "modify", {"label": " "}),
        FieldAction("f1", "modify", {"section": "nowhere"}),
        FieldAction("f3", "modify", {"options": ["Fish", "Fish"]}),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused_and_changes_nothing(house: House, action: FieldAction) -> None:
    view = await house.reviewed_document()
    with pytest.raises(InvalidRequest):
        await house.app.reviews.apply(house.owner, view.id, [action])
    assert (await house.app.analyses.get(house.owner, view.id)).version == view.version


async def test_a_review_of_an_older_version_is_refused(house: House) -> None:
    view = await house.reviewed_document()
    await house.app.reviews.apply(house.owner, view.id, [FieldAction("f1", "approve")])
    with pytest.raises(PreconditionFailed):
        await house.app.reviews.apply(house.owner, view.id, [], finish=True, expected_version=view.version)


async def test_finishing_makes_one_form_of_what_can_be_filled_in(house: House) -> None:
    form = await _live(house)
    assert [field.name for field in form.definition.fields] == ["email", "wedding_date", "meal"]
    assert [field.value for field in form.definition.fields] == [None, None, None], "what they filled in stays theirs"
    assert form.json_schema["required"] == ["email"]
    assert len(_token(form)) >= 22, "128 random bits at least"
    with pytest.raises(Conflict):
        await house.app.reviews.apply(house.owner, form.analysis_id, [], finish=True)


def test_a_document_of_values_only_asks_for_its_values() -> None:
    values = [a_field(1, source="text", box=None, value="1500.00"), a_field(2, source="text", box=None)]
    assert [field.id for field in definition(a_document(values).form).fields] == ["f1", "f2"]


async def test_answers_are_stored_as_the_schema_says_and_listed(house: House) -> None:
    form = await _live(house)
    given = {"email": " Them@Example.com ", "wedding_date": "2030-05-04", "meal": "Fish"}
    made = await house.app.forms.respond(_token(form), given, idempotency_key="once")
    assert made.values == {"email": "them@example.com", "wedding_date": "2030-05-04", "meal": "Fish"}
    again = await house.app.forms.respond(_token(form), given, idempotency_key="once")
    assert again == made
    listed = await house.app.forms.responses(house.owner, form.id)
    assert listed.items == (made,)
    assert json.loads(await house.app.forms.export_json(house.owner, form.id))["responses"][0]["id"] == made.id


async def test_wrong_answers_are_told_field_by_field(house: House) -> None:
    form = await _live(house)
    with pytest.raises(FormInvalid) as refused:
        await house.app.forms.respond(_token(form), {"wedding_date": "tomorrow", "meal": "Beef", "extra": "x"})
    assert [error["field"] for error in refused.value.errors] == ["email", "wedding_date", "meal", "extra"]
    assert refused.value.errors[0]["message"] == "Please answer this question."
    assert (await house.app.forms.responses(house.owner, form.id)).items == ()


async def test_a_closed_form_takes_no_answers_and_an_unknown_link_leads_nowhere(house: House) -> None:
    form = await _live(house)
    closed = await house.app.forms.set_open(house.owner, form.id, False, expected_version=form.version)
    assert closed.open is False
    with pytest.raises(Conflict):
        await house.app.forms.respond(_token(form), {"email": "them@example.com"})
    with pytest.raises(PreconditionFailed):
        await house.app.forms.set_open(house.owner, form.id, True, expected_version=form.version)
    with pytest.raises(NotFound):
        await house.app.forms.public("made-up")


async def test_a_table_of_answers_runs_no_formula(house: House) -> None:
    view = await house.upload()
    fields = (a_field(1, label="=1+1", name="note"),)
    await house.work(view.id, a_document(fields))
    done = await house.app.reviews.apply(house.owner, view.id, [], finish=True)
    form = await house.app.forms.get(house.owner, done.form_id or "")
    await house.app.forms.respond(_token(form), {"note": '=HYPERLINK("http://example.com")'})
    rows = list(csv.reader(io.StringIO(await house.app.forms.export_csv(house.owner, form.id))))
    assert rows[0][2] == "'=1+1"
    assert rows[1][2].startswith("'=HYPERLINK")


async def _objects(house: House) -> set[str]:
    return names(house.app.settings.data / "blobs")


async def test_a_correction_that_says_the_same_again_is_an_object_of_its_own(house: House) -> None:
    """The one before it may be deleted late: that must not take the new one along."""
    view = await house.reviewed_document()
    await house.app.reviews.apply(house.owner, view.id, [FieldAction("f1", "reset")])
    (first,) = [name for name in await _objects(house) if name.startswith("reviews/")]
    await house.app.reviews.apply(house.owner, view.id, [FieldAction("f1", "reset")])
    (second,) = [name for name in await _objects(house) if name.startswith("reviews/")]
    assert first != second


async def test_a_correction_that_lost_the_race_leaves_no_object(house: House) -> None:
    view = await house.reviewed_document()
    actions = [FieldAction("f1", "approve")]
    made = await asyncio.gather(
        *(house.app.reviews.apply(house.owner, view.id, actions, finish=True) for _ in range(4)),
        return_exceptions=True,
    )
    assert sum(not isinstance(one, BaseException) for one in made) == 1
    found = await _objects(house)
    assert [sum(name.startswith(kind) for name in found) for kind in ("reviews/", "forms/")] == [1, 1]


async def test_a_form_takes_as_many_answers_as_allowed_and_keeps_nothing_of_the_next(tmp_path: Path) -> None:
    limits = Settings(data=tmp_path / "data", http=Http(responses_per_form_max=2))
    application = wiring.build(limits, working=False)
    await application.store.start()
    try:
        house = House(application, Principal("acme", "key:test", "trace-1"))
        token = _token(await _live(house))
        given = {"email": "them@example.com", "wedding_date": "2027-05-01", "meal": "Fish"}
        for _ in range(2):
            await house.app.forms.respond(token, given)
        before = await _objects(house)
        with pytest.raises(Conflict):
            await house.app.forms.respond(token, given)
        assert await _objects(house) == before
    finally:
        await application.store.stop()
        application.keys.close()  # type: ignore[attr-defined] # LocalKeys


async def test_one_answer_may_be_as_long_as_allowed_and_no_longer(tmp_path: Path) -> None:
    limits = Settings(data=tmp_path / "data", http=Http(response_bytes_max=200))
    application = wiring.build(limits, working=False)
    await application.store.start()
    try:
        house = House(application, Principal("acme", "key:test", "trace-1"))
        view = await house.work((await house.upload()).id, a_document([a_field(1, type="textarea", name="note")]))
        form_id = (await house.app.reviews.apply(house.owner, view.id, [], finish=True)).form_id
        token = _token(await house.app.forms.get(house.owner, str(form_id)))
        room = 200 - len(json.dumps({"note": ""}))
        await house.app.forms.respond(token, {"note": "x" * room})
        with pytest.raises(TooLarge):
            await house.app.forms.respond(token, {"note": "x" * (room + 1)})
    finally:
        await application.store.stop()
        application.keys.close()  # type: ignore[attr-defined] # LocalKeys
