"""What the review page shows of decisions, and what the couple's form makes of what was sent."""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import FormData

from procession.domain.form import Field, FieldType, Form, Option, Section, Source
from procession.http.pages import public, render, review
from procession.http.pages.forms import cell


def field(name: str, type_: FieldType = FieldType.TEXT, **more: Any) -> Field:
    return Field(
        **{"id": name, "page": 1, "label": name.title(), "name": name, "type": type_, "source": Source.GRAPHICS} | more
    )


def test_a_field_is_shown_as_the_reviewer_left_it() -> None:
    found = [
        field("a", value="x", value_text="X!"),
        field("b"),
        field("c", needs_review=True),
        field("d", needs_review=True),
    ]
    decisions = {
        "a": {"action": "modify", "changes": {"label": "New", "value": "y"}},
        "b": {"action": "reject", "changes": {}},
        "c": {"action": "approve", "changes": {}},
    }
    shown = review.shown_fields(Form(fields=tuple(found)), decisions)
    assert [one["status"] for one in shown] == ["changed", "left_out", "approved", "look"]
    assert (shown[0]["label"], shown[0]["value"], shown[0]["value_text"]) == ("New", "y", None)
    assert review.tally(shown) == {"approved": 1, "changed": 1, "added": 0, "left_out": 1, "look": 1, "open": 0}


def test_changed_options_are_shown_whether_sent_as_labels_or_as_objects() -> None:
    decisions = {
        "a": {"action": "modify", "changes": {"options": ["One", {"label": "Two", "box": None, "value": None}]}}
    }
    shown = review.shown_fields(Form(fields=(field("a", FieldType.RADIO),)), decisions)
    assert [option["label"] for option in shown[0]["options"]] == ["One", "Two"]


def test_fields_are_grouped_by_section_in_reading_order_or_listed_least_sure_first() -> None:
    found = [
        field("a", section="s1", confidence=0.9),
        field("b", section="s1", confidence=0.4),
        field("c", confidence=0.6),
    ]
    shown = review.shown_fields(Form(fields=tuple(found)), {"b": {"action": "approve", "changes": {}}})
    groups = review.arranged(shown, {"s1": "Couple"}, "")
    assert [(title, [one["id"] for one in some]) for title, some in groups] == [("Couple", ["a", "b"]), (None, ["c"])]
    assert [one["id"] for _, some in review.arranged(shown, {}, "unsure") for one in some] == ["c", "a", "b"]


FORM = Form(
    sections=(Section(id="s1", title="Couple", page=1),),
    fields=(
        field("name", section="s1", required=True),
        field("songs", FieldType.MULTISELECT, options=(Option(label="Pop"), Option(label="Jazz"))),
        field("photos", FieldType.CHECKBOX),
        field("notes", FieldType.TEXTAREA),
    ),
)


def test_answers_are_read_by_type_and_empty_ones_left_out() -> None:
    sent = FormData(
        [
            ("f.name", " Ana "),
            ("f.songs", "Pop"),
            ("f.songs", "Jazz"),
            ("f.photos", "true"),
            ("f.notes", "a\r\nb"),
            ("x", "y"),
        ]
    )
    assert public.answers(FORM, sent) == {"name": "Ana", "songs": ["Pop", "Jazz"], "photos": True, "notes": "a\nb"}
    assert public.answers(FORM, FormData([("f.name", "  ")])) == {}


def test_errors_come_in_the_order_of_the_questions_with_a_place_to_jump_to() -> None:
    listed = public.listed_errors(
        FORM,
        [
            {"field": "gone", "message": "?"},
            {"field": "songs", "message": "Choose."},
            {"field": "name", "message": "Answer."},
        ],
    )
    assert [one["anchor"] for one in listed] == ["in-name", "in-songs", None]
    assert [one["label"] for one in listed] == ["Name", "Songs", None]


def test_answers_are_shown_in_words() -> None:
    assert [cell(value) for value in (None, "", True, False, ["a", "b"], 80)] == ["", "", "Yes", "No", "a, b", "80"]


def test_a_data_block_cannot_end_its_script() -> None:
    block = str(render.data_block({"label": "</script><!-- & é"}))
    assert "<" not in block
    assert json.loads(block) == {"label": "</script><!-- & é"}
