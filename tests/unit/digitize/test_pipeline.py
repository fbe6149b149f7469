from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from procession.digitize import pipeline, schema
from procession.digitize.draft import Draft, PageDraft
from procession.digitize.page import PageContent, Rect
from procession.digitize.parts import PagePart, PagesPart
from procession.domain.analysis import Progress
from procession.domain.form import AnalysisResult, DigitizedDocument, FieldType, Source
from tests.unit.digitize.made import acroform, blank_form, drawn

PUBLISHED = Path(__file__).parents[3] / "docs" / "reference" / "result.schema.json"


@pytest.fixture(scope="module")
def form() -> DigitizedDocument:
    return pipeline.digitize(drawn(blank_form))


def test_drawn_places_become_fields_with_their_labels(form: DigitizedDocument) -> None:
    fields = {field.label: field for field in form.form.fields}
    assert fields["Full name"].required
    assert fields["Email"].type is FieldType.EMAIL
    assert fields["Notes"].type is FieldType.TEXTAREA
    assert fields["Outdoor ceremony?"].type is FieldType.RADIO
    assert [option.label for option in fields["Outdoor ceremony?"].options] == ["Yes", "No"]
    assert {field.source for field in form.form.fields} == {Source.GRAPHICS}


def test_names_and_ids_are_unique() -> None:
    fields = pipeline.digitize(drawn(blank_form, pages=2)).form.fields
    assert len({field.name for field in fields}) == len({field.id for field in fields}) == len(fields) == 8


def test_widgets_are_the_authority_on_their_page() -> None:
    fields = pipeline.digitize(drawn(acroform)).form.fields
    assert {field.source for field in fields} == {Source.WIDGET}
    by_label = {field.label: field for field in fields}
    assert by_label["Ceremony hour"].value == "dusk"
    assert by_label["Vegan menu"].value is True


def test_parts_survive_json_and_ranges_give_what_the_whole_gives() -> None:
    data = drawn(blank_form, pages=3)
    parts = [pipeline.analyze_pages(data, first, last) for first, last in ((1, 2), (3, 3))]
    again = [pipeline.PagesPart.from_json(json.loads(json.dumps(part.to_json()))) for part in parts]
    whole = pipeline.digitize(data)
    pieced = pipeline.assemble(again)
    assert [(f.label, f.type, f.page, f.name) for f in pieced.form.fields] == [
        (f.label, f.type, f.page, f.name) for f in whole.form.fields
    ]


def test_progress_never_goes_back_and_ends_at_the_last_page() -> None:
    told: list[Progress] = []
    pipeline.digitize(drawn(blank_form, pages=3), on_progress=told.append)
    assert told[-1].pages_done == told[-1].pages_total == 3
    assert all(one.pages_total == 3 for one in told)


def test_a_result_validates_against_the_published_schema(form: DigitizedDocument) -> None:
    result = AnalysisResult(
        id=None, file="form.pdf", sha256="0" * 64, status="completed", pages=form.pages, form=form.form
    )
    jsonschema.validate(json.loads(result.model_dump_json()), schema.result_schema())


def test_the_published_schema_is_current() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == schema.published()


def types_in_a_row(*labels: str) -> list[FieldType]:
    """Of places to write beside each other, each with one of ``labels``."""
    places = [Rect(40 + 130 * place, 100, 150 + 130 * place, 114) for place in range(len(labels))]
    drafts = tuple(Draft(1, box, label, "text", 0.99, "graphics") for box, label in zip(places, labels, strict=True))
    part = PagesPart(1, [PagePart(PageContent(1, 595, 842), PageDraft(drafts, ()))])
    return [field.type for field in pipeline.assemble([part]).form.fields]


def test_an_initial_between_the_parts_of_a_name_is_written_and_initials_elsewhere_are_signed() -> None:
    assert types_in_a_row("First name", "Initial", "Last name")[1] is FieldType.TEXT
    assert types_in_a_row("Last name", "Initial")[1] is FieldType.TEXT
    assert types_in_a_row("Page read", "Initial", "Date")[1] is FieldType.INITIALS
