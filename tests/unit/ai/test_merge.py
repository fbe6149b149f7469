"""What becomes of two readings: agreement, disagreement, additions, and answers that are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from procession.ai import extraction
from procession.ai.answers import ANSWER_CHARACTERS_MAX, Unreadable
from procession.ai.ask import AiInput
from procession.ai.merge import ADDED_UNNAMED, DISAGREED_MAX
from procession.domain.form import FieldType, Source, Subtype
from tests.unit.ai.lines import asked, box_of, document, field_of, given, lines_of

CONTRACT = lines_of(
    [(0.1, "Wedding date:"), (0.4, "12 June 2027")],
    [(0.1, "Date of agreement:"), (0.4, "3 March 2027")],
    [(0.1, "Venue:"), (0.4, "The Old Barn")],
    "The total fee is £4,800.00 and a deposit of £800.00 secures the date.",
    "Golden Hour Studio",
    "Terms and conditions",
    "Anna & Tom Bell",
)


def answer(field: str, value: str, lines: list[str], quote: str) -> dict[str, Any]:
    return {"field": field, "value": value, "lines": lines, "quote": quote}


def merged(ask: AiInput, *answers: dict[str, Any]) -> extraction.Merged:
    return extraction.merge(ask, json.dumps({"answers": answers}))


def missing(*subtypes: Subtype) -> AiInput:
    return given(document(CONTRACT), *(asked(one) for one in subtypes))


def test_a_value_the_page_names_is_added_with_our_reading_and_our_box() -> None:
    ask = missing(Subtype.WEDDING_DATE)
    found = merged(ask, answer("wedding_date", "2027-06-12", ["p1l2"], "12 June 2027"))
    (field,) = found.document.form.fields
    assert (field.value, field.value_text, field.source) == ("2027-06-12", "12 June 2027", Source.AI)
    assert field.value_box == box_of(CONTRACT, "p1l2")
    assert not field.needs_review
    assert found.counts == {"added": 1}
    assert found.document.lines == ()


def test_of_several_amounts_in_a_sentence_only_the_right_one_passes() -> None:
    ask = missing(Subtype.TOTAL_AMOUNT)
    right = merged(ask, answer("total_amount", "4800.00", ["p1l7"], "£4,800.00"))
    wrong = merged(ask, answer("total_amount", "800.00", ["p1l7"], "£800.00"))
    assert right.document.form.fields[0].value == "4800.00"
    assert right.document.form.fields[0].currency == "GBP"
    assert wrong.document.form.fields == ()
    assert wrong.outcomes == {"total_amount": "implausible"}


@pytest.mark.parametrize(
    ("subtype", "value", "lines", "quote", "outcome"),
    [
        (Subtype.WEDDING_DATE, "2027-07-12", ["p1l2"], "12 July 2027", "no_such_quote"),
        (Subtype.WEDDING_DATE, "2027-06-13", ["p1l2"], "12 June 2027", "not_in_quote"),
        (Subtype.WEDDING_DATE, "2027-03-03", ["p1l4"], "3 March 2027", "implausible"),
        (Subtype.VENDOR_NAME, "The Old Barn", ["p1l6"], "The Old Barn", "implausible"),
        (Subtype.VENDOR_NAME, "12 June 2027", ["p1l2"], "12 June 2027", "implausible"),
        (Subtype.PACKAGE_NAME, "Venue:", ["p1l5"], "Venue:", "implausible"),
        (Subtype.GUEST_COUNT, "12", ["p1l2"], "12 June 2027", "implausible"),
    ],
)
def test_inventions_and_values_of_other_fields_are_refused(
    subtype: Subtype, value: str, lines: list[str], quote: str, outcome: str
) -> None:
    ask = missing(subtype)
    found = merged(ask, answer(subtype.value, value, lines, quote))
    assert found.outcomes == {subtype.value: outcome}
    assert found.document == ask.document.model_copy(update={"lines": ()})


def test_a_value_nothing_names_is_added_for_review() -> None:
    found = merged(
        missing(Subtype.VENDOR_NAME), answer("vendor_name", "Golden Hour Studio", ["p1l8"], "Golden Hour Studio")
    )
    (field,) = found.document.form.fields
    assert field.needs_review
    assert field.confidence <= ADDED_UNNAMED
    assert "AI reads “Golden Hour Studio”" in (field.review_reason or "")
    assert found.counts == {"added_unsure": 1}


def test_words_given_for_two_fields_that_mean_different_things_count_for_neither() -> None:
    ask = missing(Subtype.VENDOR_NAME, Subtype.PACKAGE_NAME)
    found = merged(
        ask,
        answer("vendor_name", "Golden Hour Studio", ["p1l8"], "Golden Hour Studio"),
        answer("package_name", "Golden Hour Studio", ["p1l8"], "Golden Hour Studio"),
    )
    assert found.document.form.fields == ()
    assert found.counts == {"shared": 2}


def test_a_family_name_printed_once_may_be_two_peoples() -> None:
    ask = missing(Subtype.PARTNER_1_NAME, Subtype.PARTNER_2_NAME)
    found = merged(
        ask,
        answer("partner_1_name", "Anna Bell", ["p1l10"], "Anna & Tom Bell"),
        answer("partner_2_name", "Tom Bell", ["p1l10"], "Tom Bell"),
    )
    assert [field.value for field in found.document.form.fields] == ["Anna Bell", "Tom Bell"]
    assert all(field.needs_review for field in found.document.form.fields)


def test_words_of_a_sure_field_are_no_other_fields_value() -> None:
    owner = field_of("value-1", Subtype.CEREMONY_VENUE, value="Golden Hour Studio", value_box=box_of(CONTRACT, "p1l8"))
    ask = given(document(CONTRACT, [owner]), asked(Subtype.VENDOR_NAME))
    found = merged(ask, answer("vendor_name", "Golden Hour Studio", ["p1l8"], "Golden Hour Studio"))
    assert found.document.form.fields == (owner,)


def flagged(value: str, confidence: float = 0.7, **changes: Any) -> Any:
    update = {"value": value, "value_text": value, "confidence": confidence, "needs_review": True}
    return field_of(
        "value-1", Subtype.WEDDING_DATE, **(update | {"review_reason": "found without a clear label"} | changes)
    )


def about(field: Any) -> AiInput:
    return given(document(CONTRACT, [field]), asked(Subtype.WEDDING_DATE, field))


def test_agreement_settles_a_doubt_and_raises_confidence() -> None:
    ask = about(flagged("2027-06-12"))
    found = merged(ask, answer("value-1", "2027-06-12", ["p1l2"], "12 June 2027"))
    (field,) = found.document.form.fields
    assert not field.needs_review
    assert field.confidence > 0.9
    assert field.source is Source.TEXT
    assert not found.document.needs_review


def test_agreement_on_a_date_that_can_be_read_two_ways_settles_nothing() -> None:
    lines = lines_of([(0.1, "Wedding date:"), (0.4, "03/04/2027")])
    field = flagged("2027-04-03", review_reason="two dates fit: 3 April or 4 March")
    ask = given(document(lines, [field]), asked(Subtype.WEDDING_DATE, field))
    (after,) = merged(ask, answer("value-1", "2027-04-03", ["p1l2"], "03/04/2027")).document.form.fields
    assert after.needs_review
    assert after.review_reason == field.review_reason


def test_a_disagreement_tells_both_readings_and_keeps_a_value_the_engine_trusts() -> None:
    ask = about(flagged("2027-06-13"))
    found = merged(ask, answer("value-1", "2027-06-12", ["p1l2"], "12 June 2027"))
    (field,) = found.document.form.fields
    assert field.value == "2027-06-13"
    assert field.needs_review
    assert field.confidence <= DISAGREED_MAX
    assert "“2027-06-13”" in (field.review_reason or "")
    assert "“12 June 2027”" in (field.review_reason or "")


def test_the_same_words_read_as_different_values_are_told_as_values() -> None:
    lines = lines_of([(0.1, "Wedding date:"), (0.4, "12 June 2027")])
    field = flagged("2027-06-21", value_text="12 June 2027")
    ask = given(document(lines, [field]), asked(Subtype.WEDDING_DATE, field))
    (after,) = merged(ask, answer("value-1", "2027-06-12", ["p1l2"], "12 June 2027")).document.form.fields
    assert "“2027-06-21”" in (after.review_reason or "")
    assert "“2027-06-12”" in (after.review_reason or "")


def test_a_proved_value_is_put_forward_where_the_engine_was_unsure() -> None:
    ask = about(flagged("2027-06-13", confidence=0.4))
    (field,) = merged(ask, answer("value-1", "2027-06-12", ["p1l2"], "12 June 2027")).document.form.fields
    assert (field.value, field.source, field.needs_review) == ("2027-06-12", Source.AI, True)


def test_fields_nobody_asked_about_and_second_answers_change_nothing() -> None:
    sure = field_of("field-1", Subtype.GUEST_COUNT, value=80, value_box=(0.8, 0.9, 0.9, 0.92))
    ask = given(document(CONTRACT, [sure]), asked(Subtype.WEDDING_DATE))
    found = merged(
        ask,
        answer("field-1", "12", ["p1l2"], "12 June 2027"),
        answer("wedding_date", "2027-06-12", ["p1l2"], "12 June 2027"),
        answer("wedding_date", "2027-03-03", ["p1l4"], "3 March 2027"),
    )
    assert found.document.form.fields == (sure,)
    assert found.outcomes == {"field-1": "not_asked", "wedding_date": "twice"}


def test_what_a_picture_is_said_to_show_raises_a_doubt_and_settles_none() -> None:
    signature = field_of("field-1", Subtype.CLIENT_SIGNATURE, type=FieldType.SIGNATURE, source=Source.OCR)
    question = asked(Subtype.CLIENT_SIGNATURE, signature, wants="mark")
    ask = given(document(CONTRACT, [signature]), question)
    (seen,) = merged(ask, answer("field-1", "signed", [], "")).document.form.fields
    assert seen.value is None
    assert seen.needs_review
    doubted = signature.model_copy(update={"value": "signed", "needs_review": True, "review_reason": "faint ink"})
    again = given(document(CONTRACT, [doubted]), question)
    assert merged(again, answer("field-1", "signed", [], "")).document.form.fields == (doubted,)


def test_recognised_words_that_were_hard_to_read_are_reviewed_whoever_reads_them() -> None:
    lines = lines_of([(0.1, "Wedding date:"), (0.4, "12 June 2027")], source="ocr", sure=0.4)
    ask = given(document(lines, source="scanned"), asked(Subtype.WEDDING_DATE))
    (field,) = merged(ask, answer("wedding_date", "2027-06-12", ["p1l2"], "12 June 2027")).document.form.fields
    assert field.needs_review
    assert field.confidence < 0.5


@pytest.mark.parametrize("text", ["", "null", "[]", '{"answers": 3}', '{"answers": [{"value": "x"}]}', "{" * 100_000])
def test_an_answer_of_another_shape_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        extraction.merge(missing(Subtype.WEDDING_DATE), text)


def test_an_answer_past_its_longest_is_unreadable() -> None:
    text = '{"answers": []}'
    assert merged(missing(Subtype.WEDDING_DATE)).counts == {"unanswered": 1}
    padded = text + " " * (ANSWER_CHARACTERS_MAX - len(text))
    assert extraction.merge(missing(Subtype.WEDDING_DATE), padded).counts == {"unanswered": 1}
    with pytest.raises(Unreadable):
        extraction.merge(missing(Subtype.WEDDING_DATE), padded + " ")


def test_what_is_kept_while_waiting_survives_json() -> None:
    ask = missing(Subtype.WEDDING_DATE, Subtype.TOTAL_AMOUNT)
    assert AiInput.decode(ask.encode()) == ask
    with pytest.raises(ValueError, match="validation error"):
        AiInput.decode(b"{}")
