from __future__ import annotations

import pytest

from procession.digitize.values import normalise
from procession.domain.form import FieldType


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (FieldType.DATE, "8 May 2027", "2027-05-08"),
        (FieldType.TIME, "1:30 pm", "13:30"),
        (FieldType.NUMBER, "about 120", 120),
        (FieldType.NUMBER, "1,200", 1200),
        (FieldType.CURRENCY, "$2,650", "2650.00"),
        (FieldType.CURRENCY, "2650", "2650.00"),
        (FieldType.EMAIL, " Anna@Example.COM ", "anna@example.com"),
        (FieldType.PHONE, "+353 86 555 3992", "+353865553992"),
        (FieldType.TEXT, " The Old Mill ", "The Old Mill"),
        (FieldType.CHECKBOX, "Yes", True),
        (FieldType.CHECKBOX, "Off", False),
        (FieldType.SIGNATURE, "Anna Jones", "signed"),
    ],
)
def test_a_filled_field_becomes_a_value_of_its_type(kind: FieldType, text: str, value: object) -> None:
    normal = normalise(kind, None, text)
    assert normal.value == value
    assert normal.ambiguous_reason is None


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (FieldType.DATE, "03/04/2026", "two dates fit: 3 April or 4 March"),
        (FieldType.DATE, "3 April", "the date has no year"),
        (FieldType.DATE, "to be decided", "this is no date"),
        (FieldType.NUMBER, "100-120", "several numbers fit: 100 or 120"),
        (FieldType.NUMBER, "many", "this is no number"),
        (FieldType.CURRENCY, "$2,000 - $3,000", "a range, not one amount"),
        (FieldType.EMAIL, "none", "this is no e-mail address"),
        (FieldType.PHONE, "07700 900614", "the number does not say its country"),
        (FieldType.TIME, "afternoon", "this is no time of day"),
    ],
)
def test_what_allows_no_single_reading_says_why(kind: FieldType, text: str, reason: str) -> None:
    normal = normalise(kind, None, text)
    assert normal.ambiguous_reason == reason
    assert normal.confidence <= 0.6


def test_the_country_chooses_the_proposal_but_the_question_stays() -> None:
    american = normalise(FieldType.DATE, None, "03/04/2026", "US")
    british = normalise(FieldType.DATE, None, "03/04/2026", "GB")
    assert (american.value, british.value) == ("2026-03-04", "2026-04-03")
    assert american.ambiguous_reason == british.ambiguous_reason


def test_an_empty_field_has_no_value() -> None:
    assert normalise(FieldType.TEXT, None, "  ").value is None
