from __future__ import annotations

import pytest

from procession.digitize.classify import classify
from procession.domain.form import Category, FieldType, Subtype

T, S, C = FieldType, Subtype, Category


@pytest.mark.parametrize(
    ("label", "kind", "subtype"),
    [
        ("Partner 1 full name", T.TEXT, S.PARTNER_1_NAME),
        ("Bride's name", T.TEXT, S.PARTNER_1_NAME),
        ("Groom", T.TEXT, S.PARTNER_2_NAME),
        ("Your partner's name", T.TEXT, S.PARTNER_2_NAME),
        ("Email address", T.EMAIL, S.COUPLE_EMAIL),
        ("Phone / mobile", T.PHONE, S.COUPLE_PHONE),
        ("Wedding date", T.DATE, S.WEDDING_DATE),
        ("When is the big day?", T.DATE, S.WEDDING_DATE),
        ("Ceremony start time", T.TIME, S.WEDDING_TIME),
        ("Estimated guest count", T.NUMBER, S.GUEST_COUNT),
        ("How many guests are you expecting?", T.NUMBER, S.GUEST_COUNT),
        ("Ceremony venue", T.TEXT, S.CEREMONY_VENUE),
        ("Where are you getting married?", T.TEXT, S.CEREMONY_VENUE),
        ("Reception venue", T.TEXT, S.RECEPTION_VENUE),
        ("Venue address", T.ADDRESS, S.VENUE_ADDRESS),
        ("What is your budget?", T.CURRENCY, S.BUDGET_RANGE),
        ("Special requests", T.TEXTAREA, S.SPECIAL_REQUESTS),
        ("Total fee", T.CURRENCY, S.TOTAL_AMOUNT),
        ("Retainer paid", T.CURRENCY, S.DEPOSIT_AMOUNT),
        ("Remaining balance", T.CURRENCY, S.BALANCE_DUE),
        ("Balance due date", T.DATE, S.BALANCE_DUE_DATE),
        ("Date of issue", T.DATE, S.CONTRACT_DATE),
        ("Client signature", T.SIGNATURE, S.CLIENT_SIGNATURE),
        ("Signature of Photographer", T.SIGNATURE, S.VENDOR_SIGNATURE),
        ("Hochzeitsdatum", T.DATE, S.WEDDING_DATE),
        ("Anzahl der Gäste", T.NUMBER, S.GUEST_COUNT),
        ("Date du mariage", T.DATE, S.WEDDING_DATE),
        ("Nombre d’invités", T.NUMBER, S.GUEST_COUNT),
        ("Fecha de la boda", T.DATE, S.WEDDING_DATE),
        ("Trouwdatum", T.DATE, S.WEDDING_DATE),
        ("Data del matrimonio", T.DATE, S.WEDDING_DATE),
    ],
)
def test_core_fields_are_known_by_their_labels(label: str, kind: FieldType, subtype: Subtype) -> None:
    found = classify(label)
    assert (found.type, found.subtype) == (kind, subtype)


@pytest.mark.parametrize(
    ("label", "kind", "category"),
    [
        ("Date", T.DATE, C.OTHER),
        ("Initials", T.INITIALS, C.CONTRACT),
        ("Signature date", T.DATE, C.CONTRACT),
        ("Mailing address", T.ADDRESS, C.COUPLE),
        ("Photographer arrival time", T.TIME, C.TIMELINE),
        ("Must-have songs / shots", T.TEXTAREA, C.PREFERENCES),
        ("Vendor meals", T.NUMBER, C.CONTRACT),
        ("Mother of the bride", T.TEXT, C.COUPLE),
        ("Zxqv", T.TEXT, C.OTHER),
        ("", T.TEXT, C.OTHER),
    ],
)
def test_other_labels_give_a_type_and_a_category_only(label: str, kind: FieldType, category: Category) -> None:
    assert classify(label) == (kind, None, category)


@pytest.mark.parametrize("label", ["Best man's phone", "Emergency contact phone", "Planner email", "Venue phone"])
def test_somebody_elses_contact_is_not_the_couples(label: str) -> None:
    found = classify(label)
    assert found.subtype is None
    assert found.type in (T.PHONE, T.EMAIL)


def test_a_drawn_checkbox_stays_a_checkbox_whatever_its_label_says() -> None:
    assert classify("I agree to pay the deposit", kind="checkbox") == (T.CHECKBOX, None, C.CONTRACT)
    assert classify("Email", kind="checkbox").type is T.CHECKBOX


def test_a_choice_may_carry_a_core_field_that_is_asked_as_a_choice() -> None:
    assert classify("Package", kind="choice") == (T.SELECT, S.PACKAGE_NAME, C.SERVICES)
    assert classify("Budget range", kind="radio") == (T.RADIO, S.BUDGET_RANGE, C.BUDGET)


def test_the_section_decides_the_category_when_the_label_does_not() -> None:
    assert classify("Start", context="Reception venue").category is C.TIMELINE
    assert classify("Option A", context="Catering menu").category is C.SERVICES


def test_a_format_that_contradicts_the_label_wins() -> None:
    assert classify("Wedding date", kind="currency") == (T.CURRENCY, None, C.WEDDING)


def test_a_sentence_is_no_label() -> None:
    long = "Please note that the deposit is not refundable and that the balance is due four weeks before the event"
    assert classify(long).subtype is None


def test_lines_under_please_initial_take_initials() -> None:
    assert classify("Noise ends at midnight", "Please initial").type is FieldType.INITIALS
    assert classify("Noise ends at midnight", "House rules").type is FieldType.TEXT


def test_a_radio_fields_meaning_is_not_taken_from_its_section() -> None:
    assert classify("Type of ceremony", "The ceremony", "radio").subtype is None
