"""Fields a reviewer draws because the engine missed them."""

from __future__ import annotations

from typing import Any

import pytest

from procession.domain.errors import InvalidRequest
from procession.domain.form import Field, FieldType, Source
from procession.services import added_fields
from procession.services.added_fields import SIDE_FRACTION_MIN, added, placed
from procession.services.form_definition import definition
from procession.services.review import FieldAction
from tests.unit.services.acting import House

BOX = [0.1, 0.2, 0.4, 0.22]
DRAWN: dict[str, Any] = {"label": "Dress code", "page": 1, "box": BOX}


def _at(name: str, page: int, box: tuple[float, float, float, float] | None) -> Field:
    return Field(id=name, page=page, label=name, name=name, type=FieldType.TEXT, box=box, source=Source.GRAPHICS)


async def test_an_added_field_is_in_the_result_and_the_form(house: House) -> None:
    view = await house.reviewed_document()
    add = FieldAction("added-1", "add", {**DRAWN, "type": "radio", "options": ["Black tie", "Garden"]})
    after = await house.app.reviews.apply(house.owner, view.id, [add])
    assert after.fields_found == view.fields_found + 1
    result = await house.app.analyses.result(house.owner, view.id)
    assert result.form is not None
    field = next(one for one in result.form.fields if one.id == "added-1")
    assert (field.label, field.name, field.type, field.box) == ("Dress code", "dress_code", "radio", tuple(BOX))
    assert [one.label for one in field.options] == ["Black tie", "Garden"]
    assert (field.confidence, field.needs_review) == (1.0, False)
    original = await house.app.analyses.result(house.owner, view.id, original=True)
    assert original.form is not None
    assert "added-1" not in {one.id for one in original.form.fields}
    assert "dress_code" in {one.name for one in definition(result.form).fields}


async def test_an_added_field_can_be_changed_and_taken_away(house: House) -> None:
    view = await house.reviewed_document()
    apply = house.app.reviews.apply
    await apply(house.owner, view.id, [FieldAction("added-1", "add", DRAWN)])
    await apply(house.owner, view.id, [FieldAction("added-1", "modify", {"label": "What to wear", "required": True})])
    state = await house.app.reviews.state(house.owner, view.id)
    assert state["added-1"]["action"] == "add"
    assert state["added-1"]["changes"] == {**DRAWN, "label": "What to wear", "required": True}
    await apply(house.owner, view.id, [FieldAction("added-1", "reject")])
    assert await house.app.reviews.state(house.owner, view.id) == {}


@pytest.mark.parametrize(
    ("field_id", "changes", "says"),
    [
        ("f1", {}, "already"),
        ("no spaces", {}, "letters"),
        ("x" * 65, {}, "letters"),
        ("a", {"page": 0}, "page"),
        ("a", {"page": 99}, "page"),
        ("a", {"page": True}, "page"),
        ("a", {"label": " "}, "label"),
        ("a", {"box": [0.1, 0.1, 0.2]}, "box"),
        ("a", {"box": [0.1, 0.1, 1.2, 0.2]}, "box"),
        ("a", {"box": [0.4, 0.1, 0.1, 0.2]}, "too small"),
        ("a", {"box": [0.1, 0.1, 0.1 + SIDE_FRACTION_MIN * 0.9, 0.2]}, "too small"),
        ("a", {"type": "colour"}, "type"),
        ("a", {"confidence": 0.2}, "cannot be set"),
    ],
)
async def test_an_added_field_that_makes_no_sense_is_refused(
    house: House, field_id: str, changes: dict[str, Any], says: str
) -> None:
    view = await house.reviewed_document()
    with pytest.raises(InvalidRequest, match=says):
        await house.app.reviews.apply(house.owner, view.id, [FieldAction(field_id, "add", {**DRAWN, **changes})])
    assert (await house.app.analyses.get(house.owner, view.id)).version == view.version


@pytest.mark.parametrize("missing", ["label", "page", "box"])
def test_what_an_added_field_needs_is_named(missing: str) -> None:
    with pytest.raises(InvalidRequest, match=f"needs {missing}"):
        added("a", {name: value for name, value in DRAWN.items() if name != missing}, ())


def test_a_box_of_the_smallest_side_is_taken() -> None:
    assert added("a", {**DRAWN, "box": [0.0, 0.0, SIDE_FRACTION_MIN, 1.0]}, ()).box == (0.0, 0.0, SIDE_FRACTION_MIN, 1)


async def test_there_is_an_end_to_what_can_be_added(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("procession.services.review.ADDED_MAX", 2)
    assert added_fields.ADDED_MAX > 2
    view = await house.reviewed_document()
    actions = [FieldAction(f"a{number}", "add", DRAWN) for number in range(3)]
    await house.app.reviews.apply(house.owner, view.id, actions[:2])
    with pytest.raises(InvalidRequest, match="At most 2"):
        await house.app.reviews.apply(house.owner, view.id, actions[2:])
    await house.app.reviews.apply(house.owner, view.id, [FieldAction("a1", "add", {**DRAWN, "label": "Again"})])


def test_added_fields_stand_where_they_stand_on_the_paper() -> None:
    found = [_at("name", 1, (0.1, 0.1, 0.4, 0.12)), _at("date", 1, (0.6, 0.1, 0.9, 0.12)), _at("guests", 2, None)]
    drawn = [
        _at("last", 3, (0.1, 0.1, 0.2, 0.2)),
        _at("between", 1, (0.45, 0.1, 0.55, 0.12)),
        _at("below", 1, (0.1, 0.5, 0.2, 0.52)),
        _at("first", 1, (0.1, 0.01, 0.2, 0.02)),
    ]
    assert [one.id for one in placed(found, drawn)] == ["first", "name", "between", "date", "below", "guests", "last"]
