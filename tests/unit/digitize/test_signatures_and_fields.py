"""Evidence for signatures, and how values meet the fields a detector or a form dictionary found."""

from __future__ import annotations

from typing import Any

import pytest

from procession.digitize.page import Rect
from procession.digitize.values import extract_values
from procession.domain.form import Field, FieldType, Source, Subtype

from .drawn import Drawn


def signature_block(*, ink: bool, date: bool = True) -> Drawn:
    page = Drawn()
    page.rule(60, 300, 250)
    page.text(60, 304, "Client signature")
    page.rule(320, 300, 500)
    page.text(320, 304, "Date")
    if date:
        page.text(320, 285, "27 August 2026")
    if ink:
        page.ink(65, 270, 160, 298)
    return page


def signed(page: Drawn, fields: list[Field] | None = None) -> list[Field]:
    found = extract_values([page.page], fields or [], "contract")
    return [field for field in found if field.type is FieldType.SIGNATURE and field.value == "signed"]


def field(box: tuple[float, float, float, float], kind: FieldType = FieldType.TEXT, **more: Any) -> Field:
    given: dict[str, Any] = {"id": "f1", "page": 1, "label": "Some label", "name": "f1", "type": kind} | more
    return Field(
        box=box,
        source=more.get("source", Source.GRAPHICS),
        confidence=0.9,
        **{k: v for k, v in given.items() if k != "source"},
    )


def test_ink_above_the_line_is_a_signature() -> None:
    (found,) = signed(signature_block(ink=True))
    assert found.subtype is Subtype.CLIENT_SIGNATURE
    assert found.value_box is not None
    assert found.value_box[0] == pytest.approx(65 / 595, abs=1e-4)


def test_a_date_beside_the_line_is_no_signature() -> None:
    assert signed(signature_block(ink=False)) == []


def test_a_picture_over_the_line_is_a_signature() -> None:
    page = signature_block(ink=False)
    page.page.images.append(Rect(70, 262, 170, 299))
    assert len(signed(page)) == 1


def test_a_scanned_page_is_no_signature() -> None:
    page = signature_block(ink=False)
    page.page.images.append(Rect(0, 0, 595, 842))
    assert signed(page) == []


def test_a_typed_name_counts_but_is_flagged() -> None:
    page = signature_block(ink=False)
    page.text(60, 100, "Client: Anna Jones")
    page.text(70, 284, "Anna Jones")
    (found,) = signed(page)
    assert found.needs_review
    assert found.review_reason == "a typed name stands where the signature goes"


def test_a_strangers_words_on_the_line_prove_nothing() -> None:
    page = signature_block(ink=False)
    page.text(60, 100, "Client: Anna Jones")
    page.text(70, 284, "Printed Name")
    assert signed(page) == []


def test_ink_elsewhere_on_the_page_proves_nothing() -> None:
    page = signature_block(ink=False)
    page.ink(60, 60, 160, 100)
    assert signed(page) == []


def test_both_parties_sign_for_themselves() -> None:
    page = Drawn()
    page.text(60, 300, "Signed by the Clients")
    page.rule(160, 310, 330)
    page.text(60, 380, "Signed by the Photographer")
    page.rule(190, 390, 380)
    page.ink(200, 365, 300, 391)
    (found,) = signed(page)
    assert found.subtype is Subtype.VENDOR_SIGNATURE


def test_ink_in_a_drawn_signature_field_fills_that_field() -> None:
    page = signature_block(ink=True)
    drawn = field((60 / 595, 265 / 842, 250 / 595, 300 / 842), FieldType.SIGNATURE, subtype=Subtype.CLIENT_SIGNATURE)
    (found,) = signed(page, [drawn])
    assert found.id == "f1"


def test_words_in_a_drawn_field_are_its_value() -> None:
    page = Drawn()
    page.text(100, 100, "12 September 2026")
    drawn = field((0.15, 0.11, 0.6, 0.14), FieldType.DATE, label="Date of the rehearsal")
    (found,) = extract_values([page.page], [drawn])
    assert (found.value, found.value_text) == ("2026-09-12", "12 September 2026")
    assert found.value_box is not None


def test_a_core_value_in_a_drawn_field_is_not_listed_twice() -> None:
    page = Drawn()
    page.table([("Wedding date", "12 September 2026")])
    drawn = field((225 / 595, 148 / 842, 400 / 595, 166 / 842), FieldType.DATE, subtype=Subtype.WEDDING_DATE)
    (found,) = extract_values([page.page], [drawn])
    assert (found.id, found.value) == ("f1", "2026-09-12")


def test_a_widgets_text_becomes_a_value_of_its_type() -> None:
    widget = field(
        (0.1, 0.1, 0.4, 0.13), FieldType.CURRENCY, source=Source.WIDGET, value="$1,250", subtype=Subtype.DEPOSIT_AMOUNT
    )
    (found,) = extract_values([Drawn().page], [widget])
    assert (found.value, found.value_text, found.currency) == ("1250.00", "$1,250", "USD")


def test_a_widgets_ambiguous_date_is_flagged() -> None:
    widget = field((0.1, 0.1, 0.4, 0.13), FieldType.DATE, source=Source.WIDGET, value="03/04/2026")
    (found,) = extract_values([Drawn().page], [widget])
    assert found.needs_review
    assert found.review_reason == "two dates fit: 3 April or 4 March"


def test_an_empty_drawn_field_keeps_a_nearby_heading_from_becoming_its_value() -> None:
    page = Drawn()
    page.text(60, 100, "Venue")
    page.text(60, 118, "Please print clearly")
    drawn = field((0.3, 0.11, 0.8, 0.13), label="Venue", subtype=Subtype.CEREMONY_VENUE)
    (found,) = extract_values([page.page], [drawn])
    assert found.value is None


def test_filled_fields_keep_what_they_hold() -> None:
    page = Drawn()
    page.table([("Wedding date", "12 September 2026")])
    widget = field(
        (0.1, 0.5, 0.4, 0.53), FieldType.DATE, source=Source.WIDGET, value="2026-09-12", subtype=Subtype.WEDDING_DATE
    )
    (found,) = extract_values([page.page], [widget])
    assert found.value == "2026-09-12"


def test_an_answer_taken_for_the_end_of_the_label_goes_back_to_the_field() -> None:
    page = Drawn()
    page.text(60, 100, "Email:")
    end = page.text(100, 100, "anna@example.com")
    drawn = field(
        (end / 595, 98 / 842, 500 / 595, 114 / 842),
        FieldType.EMAIL,
        label="Email anna@example.com",
        subtype=Subtype.COUPLE_EMAIL,
    )
    (found,) = extract_values([page.page], [drawn])
    assert (found.id, found.label, found.value) == ("f1", "Email", "anna@example.com")
    assert found.box is not None
    assert found.box[0] == pytest.approx(100 / 595, abs=1e-4)
