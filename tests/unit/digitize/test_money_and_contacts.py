from __future__ import annotations

import pytest

from procession.digitize.values.contacts import find_emails, find_phones, regions_of
from procession.digitize.values.money import find_money, settled_currency


@pytest.mark.parametrize(
    ("text", "plain", "currency"),
    [
        ("$2,650", "2650.00", "USD"),
        ("USD 5,300.00", "5300.00", "USD"),
        ("3.712,00 €", "3712.00", "EUR"),
        ("€12,375.00", "12375.00", "EUR"),
        ("9 800,00 €", "9800.00", "EUR"),
        ("£800", "800.00", "GBP"),
        ("CHF 4'500.00", "4500.00", "CHF"),
        ("€ 1.850,-", "1850.00", "EUR"),
        ("A$1,200.50", "1200.50", "AUD"),
    ],
)
def test_an_amount_becomes_a_plain_decimal_with_its_currency(text: str, plain: str, currency: str) -> None:
    (found,) = find_money(f"The fee is {text} in all")
    assert (found.plain, found.currency) == (plain, currency)


def test_numbers_without_a_currency_are_no_money_unless_a_cell_holds_nothing_else() -> None:
    assert find_money("164 guests") == []
    assert find_money("5,300.00") == []
    assert find_money("5,300.00", bare=True)[0].plain == "5300.00"
    assert find_money("5,300.00 guests", bare=True) == []


def test_a_bare_dollar_takes_the_dollar_the_document_names() -> None:
    (found,) = find_money("$500")
    assert settled_currency(found, ["AUD"]) == "AUD"
    assert settled_currency(found, []) == "USD"


def test_email_addresses_are_found_without_the_punctuation_around_them() -> None:
    (found,) = find_emails("(write to Anna.Jones@Example.co.uk).")
    assert found.text == "Anna.Jones@Example.co.uk"
    assert found.normal == "anna.jones@example.co.uk"
    assert found.company == "example"


def test_an_international_number_needs_no_hint() -> None:
    (found,) = find_phones("Tel: +44 7700 900614")
    assert (found.e164, found.region) == ("+447700900614", "GB")


def test_a_number_is_read_in_the_countries_the_document_points_to() -> None:
    mails = find_emails("lena@firma.de")
    assert regions_of(["EUR"], mails, []) == ["DE"]
    assert find_phones("0171 2345678", ["DE"])[0].e164 == "+491712345678"


def test_without_a_country_the_number_stays_as_printed_and_says_why() -> None:
    (found,) = find_phones("0171 2345678")
    assert found.e164 is None
    assert found.doubt == "the number does not say its country"


def test_the_north_american_grouping_is_recognised_by_itself() -> None:
    assert find_phones("(932) 555-0118. 1. Event")[0].e164 == "+19325550118"


@pytest.mark.parametrize("text", ["2026-10-03", "03/04/2026", "10.725,00 €", "$5,300.00", "INV-4982", "12345"])
def test_dates_and_amounts_are_no_phone_numbers(text: str) -> None:
    assert find_phones(text) == []
