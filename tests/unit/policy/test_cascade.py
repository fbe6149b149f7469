"""Which fields a provider is asked about: what the engine is sure of is never among them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from procession.domain.form import DigitizedDocument, Field, FieldType, Form, KnownForm, Page, Source, Subtype
from procession.policy import cascade
from procession.policy.cascade import Why

ALL_LOOSE = frozenset(FieldType)
BOX = (0.1, 0.1, 0.4, 0.12)


def field(name: str = "f", **changes: Any) -> Field:
    given: dict[str, Any] = {"id": name, "page": 1, "label": name, "name": name, "type": "text", "confidence": 0.95}
    return Field.model_validate({**given, "source": "graphics", **changes})


def document(*fields: Field, kind: Any = "form", scanned: bool = False, pages: int = 1) -> DigitizedDocument:
    source: Any = "scanned" if scanned else "digital"
    shown = tuple(Page(number=number, width=600, height=800, source=source) for number in range(1, pages + 1))
    return DigitizedDocument(pages=shown, form=Form(kind=kind, fields=fields))


def whys(found: DigitizedDocument, loose: frozenset[FieldType] = frozenset()) -> dict[str, Why]:
    return {one.field or str(one.subtype): one.why for one in cascade.questions(found, loose)}


CORE_ALL = tuple(
    field(subtype.value, subtype=subtype, value="x", value_box=BOX) for subtype in cascade.CORE["contract"]
)


def test_a_document_the_engine_is_sure_of_is_not_asked_at_all() -> None:
    assert whys(document(*CORE_ALL, kind="contract"), ALL_LOOSE) == {}


def test_a_blank_form_the_engine_is_sure_of_is_not_asked_at_all() -> None:
    assert whys(document(field("name"), field("box", type="checkbox")), ALL_LOOSE) == {}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"value": "x", "confidence": cascade.VALUE_SURE_FROM - 0.01}, Why.LOW_CONFIDENCE),
        ({"value": "x", "confidence": cascade.VALUE_SURE_FROM}, None),
        ({"value": "2027-04-03", "needs_review": True, "review_reason": "two dates fit"}, Why.FLAGGED),
        ({"value": None, "needs_review": True, "confidence": 0.95}, Why.NO_LABEL),
        ({"value": None, "needs_review": True, "confidence": 0.95, "value_box": BOX}, Why.FLAGGED),
        ({"value": None, "needs_review": True, "confidence": 0.85}, None),
        ({"value": True, "type": "checkbox", "confidence": 0.5}, None),
    ],
)
def test_a_doubt_about_a_value_or_a_label_is_asked_and_one_about_a_place_is_not(
    changes: dict[str, Any], why: Why | None
) -> None:
    others = (field("other", value="y", value_box=BOX),)
    assert whys(document(field("f", **changes), *others)).get("f") is why


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"type": "signature", "source": "ocr"}, True),
        ({"type": "signature", "source": "ocr", "value": "signed", "confidence": 0.9}, False),
        ({"type": "signature", "source": "ocr", "value": "signed", "confidence": 0.7}, True),
        ({"type": "checkbox", "source": "ocr", "value": True, "confidence": 0.7}, True),
        ({"type": "checkbox", "source": "ocr", "value": None, "confidence": 0.7}, False),
        ({"type": "signature", "source": "widget", "value": None, "needs_review": True}, False),
    ],
)
def test_ink_is_asked_about_where_a_scan_leaves_it_in_doubt(changes: dict[str, Any], asked: bool) -> None:
    found = document(field("f", **changes), *CORE_ALL, kind="contract", scanned=True)
    questions = cascade.questions(found, frozenset())
    assert [one.wants for one in questions] == (["mark"] if asked else [])
    assert cascade.pages_to_show(questions, found) == ((1,) if asked else ())


def test_core_values_that_were_not_found_are_asked_where_they_can_be_printed() -> None:
    found = document(field("f", value="x", value_box=BOX), kind="invoice")
    assert Subtype.TOTAL_AMOUNT.value in whys(found, frozenset({FieldType.CURRENCY}))
    assert Subtype.TOTAL_AMOUNT.value not in whys(found)
    assert Subtype.VENDOR_NAME.value in whys(found)


def test_a_form_is_asked_for_what_it_has_no_place_for_only_when_it_is_filled_in_and_not_an_approved_one() -> None:
    names = {Subtype.PARTNER_1_NAME.value, Subtype.PARTNER_2_NAME.value}
    answers = [field(f"f{n}", value="x", value_box=BOX) for n in range(cascade.TOLD_MIN)]
    assert names <= whys(document(*answers)).keys()
    assert not names & whys(document(*answers[1:])).keys()
    known = KnownForm(template_id="t", approved_on=date(2027, 1, 1), changed=False, kept=3, fresh=0, lost=0)
    approved = document(*answers).model_copy(update={"known": known})
    assert whys(approved) == {}
    changed = known.model_copy(update={"changed": True})
    assert names <= whys(document(*answers).model_copy(update={"known": changed})).keys()


def test_a_phone_number_whose_country_is_not_printed_is_not_asked() -> None:
    national = {"type": "phone", "needs_review": True, "review_reason": "the number does not say its country"}
    others = [field("other", value="x", value_box=BOX)]
    assert whys(document(field("f", value="555 0110", **national), *others)) == {}
    assert whys(document(field("f", value="+15550110", **national), *others))["f"] is Why.FLAGGED


def test_one_venue_is_enough() -> None:
    reception = field("v", subtype=Subtype.RECEPTION_VENUE, value="The Barn", value_box=BOX)
    assert Subtype.CEREMONY_VENUE.value not in whys(document(reception, kind="contract"))


def test_questions_end_at_their_limit() -> None:
    many = [field(f"f{n}", value="x", needs_review=True) for n in range(cascade.QUESTIONS_MAX + 1)]
    assert len(cascade.questions(document(*many[:-1]), frozenset())) == cascade.QUESTIONS_MAX
    assert len(cascade.questions(document(*many), frozenset())) == cascade.QUESTIONS_MAX


def test_without_the_cascade_everything_that_can_hold_a_value_is_asked() -> None:
    found = document(*CORE_ALL, kind="contract")
    asked = cascade.questions(found, frozenset(), cascade=False)
    assert {one.field for one in asked} == {one.id for one in CORE_ALL}
    assert {one.why for one in asked} == {Why.EVERYTHING}


def test_pictures_go_along_for_scans_and_marks_only() -> None:
    value = field("f", page=2, value="x", needs_review=True)
    digital = document(value, *CORE_ALL, pages=3)
    scan = document(value, *CORE_ALL, pages=3, scanned=True)
    incomplete = document(value, kind="invoice", pages=3, scanned=True)
    for found, pages in ((digital, ()), (scan, (2,)), (incomplete, (1, 2, 3))):
        assert cascade.pages_to_show(cascade.questions(found, frozenset()), found) == pages
    asked = cascade.questions(digital, frozenset())
    assert cascade.pages_to_show(asked, digital) == ()
    assert cascade.pages_to_show(asked, digital, text_first=False) == (1, 2, 3)
    assert cascade.pages_to_show((), scan, text_first=False) == ()


@pytest.mark.parametrize("source", list(Source))
@pytest.mark.parametrize("kind", list(FieldType))
@pytest.mark.parametrize("value", [None, "", "x", True])
@pytest.mark.parametrize("scanned", [False, True])
def test_no_sure_field_is_ever_asked(source: Source, kind: FieldType, value: Any, scanned: bool) -> None:
    sure = field("sure", type=kind, source=source, value=value, confidence=0.97)
    found = document(sure, field("other", value="y"), scanned=scanned)
    asked = [one for one in cascade.questions(found, ALL_LOOSE) if one.field == "sure"]
    signed = kind in (FieldType.SIGNATURE, FieldType.INITIALS)
    if scanned and signed and not value and source is not Source.WIDGET:
        assert [one.wants for one in asked] == ["mark"]  # a scan may hide thin ink
    else:
        assert asked == []
