"""What the review page shows of decisions, and what the couple's form makes of what was sent."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request

from procession.domain.analysis import State
from procession.domain.clock import system_clock
from procession.domain.form import AnalysisResult, Field, FieldType, Form, Option, Page, Section, Source
from procession.http.pages import public, render, review
from procession.http.pages.forms import cell
from procession.services.showing import analysis_view
from procession.services.vault import Vault
from procession.settings import Settings
from tests.records import a_document, an_analysis


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


def rendered(*fields: Field, **result: Any) -> str:
    asked = Request({"type": "http", "path": "/analyses/x", "headers": [], "app": SimpleNamespace(state=STATE)})
    told = AnalysisResult(
        id="x",
        file="a.pdf",
        sha256=None,
        status="completed",
        pages=(Page(number=1, width=600, height=800),),
        form=Form(fields=fields),
        **result,
    )
    made = an_analysis(a_document(), state=State.COMPLETED)
    job = analysis_view(Vault.__new__(Vault), made, None, system_clock)
    shown = render.page(asked, "review.html", **review.review_context(job, told, {}, "", ""))
    return bytes(shown.body).decode()


STATE = SimpleNamespace(application=SimpleNamespace(settings=Settings()))


def test_a_value_ai_read_says_so_with_its_quote_and_a_box() -> None:
    read = field("a", source=Source.AI, value="2027-06-12", value_text="12 June 2027", value_box=(0.1, 0.1, 0.3, 0.12))
    text = rendered(read, provider="house", model="small")
    assert "AI read this in “12 June 2027” on page 1; its place is marked there." in text
    assert 'data-box="a"' in text
    assert "read with help of AI (house, small)" in text
    assert "AI" not in rendered(field("a", value="x"))


def test_two_readings_that_differ_are_both_told_and_only_once() -> None:
    reason = "two readings differ: the engine reads “13 June”, AI reads “12 June” on page 1"
    text = rendered(field("a", source=Source.AI, value="x", needs_review=True, review_reason=reason), model="small")
    assert "Two readings differ: the engine reads “13 June”, AI reads “12 June” on page 1." in text
    assert "AI read this" not in text


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
