"""Each type of field: what its schema takes, what it brings into shape, and what it refuses."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from procession.domain.form import Form
from procession.services import form_schema
from tests.unit.services.acting import a_field

CHOICES = [{"label": "Fish"}, {"label": "Vegetables", "value": "veg"}]


def _form(kind: str, **changes: Any) -> Form:
    return Form(title="T", fields=(a_field(1, name="q", type=kind, **changes),))


@pytest.mark.parametrize(
    ("kind", "changes", "given", "stored"),
    [
        ("text", {}, "  Ann ", "Ann"),
        ("email", {}, "Ann@Example.com", "ann@example.com"),
        ("phone", {}, "+1 (415) 555-0100", "+1 (415) 555-0100"),
        ("date", {}, "2030-05-04", "2030-05-04"),
        ("time", {}, "14:30", "14:30"),
        ("number", {}, "1,500", 1500),
        ("number", {}, "2.5", 2.5),
        ("number", {"subtype": "guest_count"}, "120", 120),
        ("currency", {}, "$1,500.00", "1500.00"),
        ("currency", {}, 1500, "1500"),
        ("select", {"options": CHOICES}, "veg", "veg"),
        ("multiselect", {"options": CHOICES}, "Fish", ["Fish"]),
        ("checkbox", {}, "on", True),
        ("signature", {}, "Ann", "Ann"),
    ],
)
def test_an_answer_is_brought_to_the_schemas_type(kind: str, changes: dict[str, Any], given: Any, stored: Any) -> None:
    form = _form(kind, **changes)
    answers = form_schema.read(form, {"q": given})
    assert answers == {"q": stored}
    assert form_schema.problems(form, answers) == []


@pytest.mark.parametrize(
    ("kind", "changes", "given"),
    [
        ("text", {"max_length": 3}, "four"),
        ("text", {}, "x" * 501),
        ("email", {}, "ann"),
        ("phone", {}, "call me"),
        ("date", {}, "2030-02-31"),
        ("date", {}, "04/05/2030"),
        ("time", {}, "25:00"),
        ("number", {}, "many"),
        ("number", {}, "NaN"),
        ("number", {"subtype": "guest_count"}, "-1"),
        ("currency", {}, "a lot"),
        ("select", {"options": CHOICES}, "Beef"),
        ("multiselect", {"options": CHOICES}, ["Fish", "Fish"]),
        ("checkbox", {"required": True}, "off"),
    ],
)
def test_an_answer_that_does_not_fit_is_told_in_words(kind: str, changes: dict[str, Any], given: Any) -> None:
    form = _form(kind, **changes)
    (problem,) = form_schema.problems(form, form_schema.read(form, {"q": given}))
    assert problem["field"] == "q"
    assert problem["message"].endswith(".")


def test_an_unanswered_question_is_left_out_and_only_missed_when_required() -> None:
    for required, missing in ((False, 0), (True, 1)):
        form = _form("text", required=required)
        assert len(form_schema.problems(form, form_schema.read(form, {"q": "  "}))) == missing


def test_every_schema_is_a_valid_schema() -> None:
    for kind in ("text", "textarea", "address", "initials", "radio", "multiselect", "checkbox", "currency"):
        jsonschema.Draft202012Validator.check_schema(form_schema.json_schema(_form(kind, options=CHOICES)))
