"""A copy of an approved form: the approved fields, in their places, with what this copy's owner filled in."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from procession.digitize import pipeline
from procession.digitize.known import UNREAD_REASON
from procession.digitize.merge import MOVED_REASON, NEW_REASON
from procession.digitize.recall import Recall
from procession.digitize.remember import remembered
from procession.domain.form import DigitizedDocument, Field, FieldType, Form, Source
from procession.domain.template import TEMPLATE_PAGES_MAX, Template
from tests.support.copies import LABELS, POINTS_PER_MM, form, scanned

REMEMBER = pipeline.EngineOptions(remember=True)
ANSWERS = {
    "Name of partner one": "Anna Lindqvist",
    "E-mail address": "anna@example.com",
    "Wedding date": "12 June 2027",
    "Number of guests": "84",
}


def approved_of(found: Form) -> Form:
    """As a reviewer leaves it: one label, type and flag corrected, one field left out, one added."""
    fields = [
        field.model_copy(update={"label": "Flowers you love", "required": True, "type": FieldType.TEXTAREA})
        if field.label == "Favourite flowers"
        else field
        for field in found.fields
        if field.label != "Colour scheme"
    ]
    drawn = Field(
        id="added-1",
        page=1,
        label="For our office",
        name="for_our_office",
        type=FieldType.TEXT,
        box=(0.42, 0.93, 0.89, 0.95),
        confidence=1.0,
        source=Source.GRAPHICS,
    )
    return found.model_copy(update={"fields": (*fields, drawn)})


def template_of(data: bytes, name: str = "tpl_1") -> Template:
    found = pipeline.digitize(data, REMEMBER)
    kept = remembered(found, approved_of(found.form))
    assert kept is not None
    return Template(id=name, approved_at=datetime(2030, 6, 12, tzinfo=UTC), form=kept.form, layouts=kept.layouts)


@pytest.fixture(scope="module")
def template() -> Template:
    return template_of(form())


def read(data: bytes, *templates: Template) -> DigitizedDocument:
    return pipeline.digitize(data, recall=Recall(lambda _: templates))


def by_label(found: DigitizedDocument) -> dict[str, Field]:
    return {field.label: field for field in found.form.fields}


COPIES = {
    "filled": form(ANSWERS, ticked=("Buffet",), signed=True),
    "scanned": scanned(form(ANSWERS, ticked=("Buffet",), signed=True)),
}


@pytest.fixture(scope="module", params=COPIES)
def copy(request: pytest.FixtureRequest, template: Template) -> DigitizedDocument:
    return read(COPIES[request.param], template)


def test_a_copy_has_the_approved_fields_and_nothing_else(copy: DigitizedDocument, template: Template) -> None:
    assert copy.known is not None
    assert (copy.known.template_id, copy.known.changed) == ("tpl_1", False)
    assert [field.id for field in copy.form.fields] == [field.id for field in template.form.fields]
    assert [field.name for field in copy.form.fields] == [field.name for field in template.form.fields]
    found = by_label(copy)
    assert (found["Flowers you love"].type, found["Flowers you love"].required) == (FieldType.TEXTAREA, True)
    assert "Colour scheme" not in found
    assert found["For our office"].id == "added-1"
    assert (copy.form.title, copy.form.sections) == (template.form.title, template.form.sections)


def test_its_values_are_read_into_them_with_the_place_that_proves_each(copy: DigitizedDocument) -> None:
    found = by_label(copy)
    assert found["Name of partner one"].value == "Anna Lindqvist"
    assert found["E-mail address"].value == "anna@example.com"
    assert found["Wedding date"].value == "2027-06-12"
    assert found["Number of guests"].value == 84
    for label in ANSWERS:
        field = found[label]
        assert field.box is not None
        assert field.value_box is not None
        x, y = (field.value_box[0] + field.value_box[2]) / 2, (field.value_box[1] + field.value_box[3]) / 2
        assert field.box[0] <= x <= field.box[2]
        assert field.box[1] - 0.01 <= y <= field.box[3] + 0.01
    assert found["Name of partner two"].value is None


def test_ticks_and_signatures_are_told_by_their_ink(copy: DigitizedDocument) -> None:
    found = by_label(copy)
    assert found["How shall we serve the meal?"].value == ["Buffet"]
    assert found["Signature of the client"].value == "signed"


def test_handwriting_nobody_can_read_is_sent_to_review_with_its_place(template: Template) -> None:
    found = by_label(read(scanned(form(scribbled=("Ceremony venue",))), template))
    venue = found["Ceremony venue"]
    assert (venue.value, venue.needs_review, venue.review_reason) == (None, True, UNREAD_REASON)
    assert venue.value_box is not None
    assert [one.label for one in found.values() if one.needs_review] == ["Ceremony venue"]


@pytest.mark.parametrize("make", [lambda data: data, scanned], ids=["digital", "scanned"])
def test_a_blank_copy_has_no_values(make, template: Template) -> None:  # type: ignore[no-untyped-def]
    found = read(make(form()), template)
    assert found.known is not None
    assert not found.known.changed
    assert [field.label for field in found.form.fields if field.value is not None] == []


def test_fields_of_a_shifted_scan_lie_where_its_lines_are(template: Template) -> None:
    straight = read(form(), template)
    shifted = read(scanned(form(), shift_mm=3, degrees=0), template)
    for one, other in zip(straight.form.fields, shifted.form.fields, strict=True):
        assert one.box is not None
        assert other.box is not None
        away = 3 * POINTS_PER_MM
        assert other.box[0] - one.box[0] == pytest.approx(away / 595, abs=3 / 595)
        assert other.box[1] - one.box[1] == pytest.approx(-away / 842, abs=3 / 842)


def test_a_template_of_a_scan_knows_the_digital_form() -> None:
    of_scan = template_of(scanned(form(), degrees=1.5))
    found = read(form(ANSWERS), of_scan)
    assert found.known is not None
    assert [field.id for field in found.form.fields][:3] == [field.id for field in of_scan.form.fields][:3]
    assert by_label(found)["Number of guests"].value == 84


def test_a_new_edition_keeps_what_is_certain_and_flags_the_rest(template: Template) -> None:
    edition = form(ANSWERS, labels=(*LABELS[:6], "Rehearsal evening", *LABELS[6:]))
    found = read(edition, template)
    assert found.known is not None
    assert found.known.changed
    assert found.needs_review
    assert by_label(found)["Name of partner one"].id == next(
        one.id for one in template.form.fields if one.label == "Name of partner one"
    )
    new = by_label(found)["Rehearsal evening"]
    assert (new.needs_review, new.review_reason) == (True, NEW_REASON)
    moved = by_label(found)["Number of guests"]  # a row lower, under its own id and with its own answer
    assert (moved.id, moved.value, moved.review_reason) == ("field-7", 84, MOVED_REASON)
    ids = [field.id for field in found.form.fields]
    assert len(set(ids)) == len(ids)
    assert found.known.kept + found.known.fresh == len(ids)


def test_another_form_is_read_as_if_there_were_no_template(template: Template) -> None:
    other = form(title="Invoice questions", labels=("Company", "Street", "Bank account", "Reference", "Payment terms"))
    alone, beside = read(other), read(other, template)
    assert beside.known is None
    assert beside.form == alone.form


def test_no_answer_is_remembered_wherever_it_stands() -> None:
    data = form({**ANSWERS, "Ceremony venue": "Grimswold Abbey"}, title="Preparing for Lindqvist", signed=True)
    found = pipeline.digitize(data, REMEMBER)
    assert {"lindqvist", "grimswold"} <= {anchor[0] for layout in found.layouts for anchor in layout.anchors}
    titled = found.form.model_copy(update={"title": "Consultation"})
    kept = remembered(found, titled)
    assert kept is not None
    stored = kept.model_dump_json().lower()
    for personal in ("anna", "lindqvist", "example.com", "annaexample", "grimswold", "abbey", "2027"):
        assert personal not in stored
    assert all(field.value is None for field in kept.form.fields)
    assert {"partner", "telephone", "flowers"} <= {anchor[0] for layout in kept.layouts for anchor in layout.anchors}


def test_ranges_of_a_long_document_share_the_template() -> None:
    template = template_of(form(pages=1))
    copy = form(ANSWERS, pages=1)
    recall = Recall(lambda _: [template])
    part = pipeline.analyze_pages(copy, 1, 1, recall=recall)
    again = pipeline.PagesPart.from_json(json.loads(json.dumps(part.to_json())))
    assert again.chosen == part.chosen
    assert again.pages[0].known is not None
    assert again.chosen is not None
    assert again.chosen.taken == {1}
    assert pipeline.assemble([again]).form == read(copy, template).form


def test_a_book_is_not_remembered_and_not_looked_up() -> None:
    asked: list[int] = []

    def lookup(_: object) -> list[Template]:
        asked.append(1)
        return []

    edge = pipeline.digitize(form(pages=TEMPLATE_PAGES_MAX), REMEMBER, recall=Recall(lookup))
    assert len(edge.layouts) == TEMPLATE_PAGES_MAX
    assert asked
    asked.clear()
    past = pipeline.digitize(form(pages=TEMPLATE_PAGES_MAX + 1), REMEMBER, recall=Recall(lookup))
    assert past.layouts == ()
    assert asked == []
