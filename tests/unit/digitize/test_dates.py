from __future__ import annotations

from datetime import date

import pytest

from procession.digitize.values.dates import find_dates, find_time, lacks_year, likely_order, order_of, resolve


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-03",
        "3 October 2026",
        "3rd of October, 2026",
        "the 3rd day of October 2026",
        "October 3, 2026",
        "October 3rd 2026",
        "Saturday, October 3, 2026",
        "Sat 3 Oct 2026",
        "3-Oct-2026",
        "03.10.2026",
        "3. Oktober 2026",
        "Samstag, den 3. Oktober 2026",
        "3 octobre 2026",
        "3 de octubre de 2026",
        "3 oktober 2026",
        "3 ottobre 2026",
    ],
)
def test_one_day_is_read_from_every_way_it_is_printed(text: str) -> None:
    (found,) = find_dates(f"It is on {text}, at noon.")
    assert found.candidates == (date(2026, 10, 3),)
    assert found.text == text.removeprefix("the ")


def test_a_numeric_date_that_two_days_fit_keeps_both() -> None:
    (found,) = find_dates("03/04/2026")
    assert found.candidates == (date(2026, 4, 3), date(2026, 3, 4))
    assert found.order is None


def test_an_ambiguous_date_says_which_two_dates_fit() -> None:
    (found,) = find_dates("03/04/2026")
    day, reason, confidence = resolve(found, proven=None, likely="mdy")
    assert day == date(2026, 3, 4)
    assert reason == "two dates fit: 3 April or 4 March"
    assert confidence <= 0.6


def test_another_date_of_the_document_says_which_is_meant_and_a_person_is_asked_all_the_same() -> None:
    proof = find_dates("09/17/2026")
    assert order_of(proof) == "mdy"
    (found,) = find_dates("03/04/2026")
    day, reason, _ = resolve(found, order_of(proof), None)
    assert day == date(2026, 3, 4)
    assert reason == "two dates fit: 3 April or 4 March; other dates here put the month first"


def test_dates_that_contradict_each_other_prove_nothing() -> None:
    assert order_of(find_dates("09/17/2026 and 17/09/2026")) is None


def test_the_weekday_settles_an_ambiguous_date() -> None:
    (found,) = find_dates("Friday 03/04/2026")
    assert found.candidates == (date(2026, 4, 3),)


def test_a_weekday_that_does_not_fit_is_doubtful() -> None:
    (found,) = find_dates("Monday, October 3, 2026")
    assert resolve(found, None, None)[1] == "the weekday does not fit the date"


@pytest.mark.parametrize(
    "text", ["31/02/2026", "May 2024", "10 hours", "1-800-555-0100", "12.50", "3 April", "99/99/9999"]
)
def test_what_is_no_date_is_not_read_as_one(text: str) -> None:
    assert find_dates(text) == ()


def test_a_day_without_a_year_is_noticed() -> None:
    assert lacks_year("3 April")
    assert lacks_year("April 3rd")
    assert not lacks_year("3 April 2026")
    assert not lacks_year("some text")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.30pm", "14:30"),
        ("4:00 PM – 11:00 PM", "16:00"),
        ("15:00", "15:00"),
        ("14h30", "14:30"),
        ("15 Uhr", "15:00"),
        ("12am", "00:00"),
        ("12 p.m.", "12:00"),
        ("noon", "12:00"),
        ("at 9 o'clock", "09:00"),
    ],
)
def test_times_of_day_become_24_hours(text: str, expected: str) -> None:
    found = find_time(text)
    assert found is not None
    assert found[2] == expected


@pytest.mark.parametrize("text", ["10 hours", "12 guests", "25:00", "$4.50"])
def test_what_is_no_time_is_not_read_as_one(text: str) -> None:
    assert find_time(text) is None


def test_only_the_united_states_suggest_month_first() -> None:
    assert likely_order(["USD"], ["US"]) == "mdy"
    assert likely_order(["GBP"], []) == "dmy"
    assert likely_order([], []) is None
    assert likely_order(["USD"], ["GB"]) is None
