"""Values in suppliers' papers of many kinds, each drawn as a PDF, read and digitised whole."""

# ruff: noqa: E501 - sentences of sample papers

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from reportlab.pdfgen.canvas import Canvas

from procession.digitize.pipeline import digitize
from procession.domain.form import Field

Line = tuple[float, float, str] | tuple[float, float, str, float] | tuple[float, float, str, float, bool]
"""x, y from the top, words, type size, whether bold."""


def pdf(lines: Sequence[Line], rules: Sequence[tuple[float, float, float]] = ()) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792))
    for x, y, words, *style in lines:
        size = style[0] if style else 10
        canvas.setFont("Helvetica-Bold" if len(style) > 1 and style[1] else "Helvetica", size)
        canvas.drawString(x, 792 - y, words)
    for x0, y, x1 in rules:
        canvas.line(x0, 792 - y, x1, 792 - y)
    canvas.save()
    return out.getvalue()


def fields_of(data: bytes) -> dict[str, Field]:
    return {field.subtype.value: field for field in digitize(data).form.fields if field.subtype and field.value}


def values_of(data: bytes) -> dict[str, object]:
    return {subtype: field.value for subtype, field in fields_of(data).items()}


def kind_of(data: bytes) -> str:
    return digitize(data).form.kind


LETTERHEAD: list[Line] = [
    (60, 50, "Willow & Stone Photography", 16, True),
    (60, 64, "4 Mill Lane, Leeds   hello@willowandstone.co.uk   0113 496 0101", 8),
]


def confirmation_letter() -> bytes:
    return pdf(
        [
            *LETTERHEAD,
            (60, 100, "Your wedding booking", 13, True),
            (60, 130, "Dear Emma Clarke and Noah Patel,"),
            (60, 150, "We are delighted to confirm that we will be with you on 12 September 2026 at The Orangery,"),
            (60, 164, "where the ceremony begins at 2.30pm. You have booked the Full Day Collection for 120 guests."),
            (
                60,
                190,
                "The agreed price is £3,200. Thank you for the deposit of £800. This leaves £2,400, which we ask",
            ),
            (60, 204, "you to settle by 12 August 2026. Each extra hour is £150."),
            (60, 230, "We will use emma.clarke@gmail.com and 07700 900123 to reach you."),
        ]
    )


def test_a_letter_that_confirms_a_booking_is_a_contract_with_values() -> None:
    assert kind_of(confirmation_letter()) == "contract"
    assert values_of(confirmation_letter()) == {
        "vendor_name": "Willow & Stone Photography",
        "partner_1_name": "Emma Clarke",
        "partner_2_name": "Noah Patel",
        "couple_email": "emma.clarke@gmail.com",
        "couple_phone": "+447700900123",
        "wedding_date": "2026-09-12",
        "wedding_time": "14:30",
        "ceremony_venue": "The Orangery",
        "guest_count": 120,
        "package_name": "Full Day Collection",
        "total_amount": "3200.00",
        "deposit_amount": "800.00",
        "balance_due": "2400.00",
        "balance_due_date": "2026-08-12",
    }


def test_small_labels_over_their_values_in_columns() -> None:
    rows = [
        ("Couple", "Ana Reyes & Tom Lee"),
        ("Email", "ana.reyes@gmail.com"),
        ("Wedding day", "Saturday 5 June 2027"),
    ]
    more = [("Place of ceremony", "Riverbend Barn"), ("Number attending", "88"), ("Package booked", "Silver")]
    lines: list[Line] = [(60, 60, "Wedding Contract", 16, True)]
    for y, group in ((100, rows), (140, more)):
        for number, (label, value) in enumerate(group):
            lines += [(60 + 170 * number, y, label, 7), (60 + 170 * number, y + 13, value, 10)]
    found = values_of(pdf(lines))
    assert found["partner_1_name"] == "Ana Reyes"
    assert found["partner_2_name"] == "Tom Lee"
    assert found["wedding_date"] == "2027-06-05"
    assert found["ceremony_venue"] == "Riverbend Barn"
    assert found["guest_count"] == 88
    assert found["package_name"] == "Silver"


def test_a_table_of_payments_gives_each_its_amount_and_only_the_balance_its_date() -> None:
    lines: list[Line] = [(60, 60, "Catering Agreement", 16, True), (60, 100, "Event date: 5 June 2027")]
    table = [
        ("Payment", "Due date", "Amount"),
        ("Deposit", "1 October 2026", "$1,000.00"),
        ("Final balance", "5 May 2027", "$3,000.00"),
        ("Contract total", "", "$4,000.00"),
    ]
    for row, cells in enumerate(table):
        lines += [(60 + 160 * at, 140 + 20 * row, words, 10, row == 0) for at, words in enumerate(cells) if words]
    found = values_of(pdf(lines))
    assert found["deposit_amount"] == "1000.00"
    assert found["balance_due"] == "3000.00"
    assert found["total_amount"] == "4000.00"
    assert found["balance_due_date"] == "2027-05-05"
    assert found["wedding_date"] == "2027-06-05"


def test_a_receipt_in_two_sentences() -> None:
    data = pdf(
        [
            *LETTERHEAD,
            (60, 100, "Deposit receipt", 14, True),
            (60, 130, "Received from Emma Clarke and Noah Patel the sum of £800 as a deposit for photography at their"),
            (
                60,
                144,
                "wedding on 12 September 2026. The total price agreed is £3,200. The balance of £2,400 is due on",
            ),
            (60, 158, "12 August 2026."),
        ]
    )
    found = values_of(data)
    assert kind_of(data) == "invoice"
    assert (found["partner_1_name"], found["partner_2_name"]) == ("Emma Clarke", "Noah Patel")
    assert (found["total_amount"], found["deposit_amount"], found["balance_due"]) == ("3200.00", "800.00", "2400.00")


def test_an_invoice_with_items_and_its_totals_at_the_right() -> None:
    lines: list[Line] = [
        *LETTERHEAD,
        (440, 60, "INVOICE", 18, True),
        (60, 110, "Bill to", 9, True),
        (60, 124, "Ms Emma Clarke and Mr Noah Patel"),
        (60, 138, "emma.clarke@gmail.com"),
        (330, 124, "Invoice date"),
        (450, 124, "3 March 2026"),
        (330, 138, "Wedding date"),
        (450, 138, "12 September 2026"),
        (60, 180, "Description", 9, True),
        (500, 180, "Amount", 9, True),
        (60, 200, "Full Day Collection"),
        (500, 200, "£3,050.00"),
        (60, 220, "Travel"),
        (500, 220, "£150.00"),
    ]
    for row, (label, amount) in enumerate(
        (("Total", "£3,200.00"), ("Less deposit", "£800.00"), ("Balance due", "£2,400.00"))
    ):
        lines += [(400, 260 + 18 * row, label), (500, 260 + 18 * row, amount)]
    lines.append((60, 340, "Please pay the balance by 12 August 2026."))
    found = values_of(pdf(lines))
    assert kind_of(pdf(lines)) == "invoice"
    assert (found["partner_1_name"], found["partner_2_name"]) == ("Emma Clarke", "Noah Patel")
    assert found["wedding_date"] == "2026-09-12"
    assert found["package_name"] == "Full Day Collection"
    assert (found["total_amount"], found["deposit_amount"], found["balance_due"]) == ("3200.00", "800.00", "2400.00")
    assert found["balance_due_date"] == "2026-08-12"


def test_questions_in_everyday_words_with_the_answers_under_them() -> None:
    asked = [
        ("Who are the happy couple?", "Emma Clarke and Noah Patel"),
        ("Which number can we reach you on?", "07700 900123"),
        ("When are you getting married?", "12 September 2026"),
        ("How many people are you inviting?", "120"),
        ("How did you hear about us?", "From a wedding in June 2023"),
    ]
    lines: list[Line] = [(60, 60, "Tell us about your wedding", 16, True)]
    for row, (question, answer) in enumerate(asked):
        lines += [(60, 100 + 40 * row, question), (60, 116 + 40 * row, answer)]
    found = values_of(pdf(lines))
    assert found["partner_1_name"] == "Emma Clarke"
    assert found["couple_phone"] == "07700 900123"  # nothing here says which country
    assert found["wedding_date"] == "2026-09-12"
    assert found["guest_count"] == 120


def test_a_bare_date_among_the_days_facts_is_the_weddings() -> None:
    lines: list[Line] = [
        (60, 60, "DJ Contract", 16, True),
        (60, 84, "Signed 3 March 2026"),
        (60, 120, "Date:"),
        (160, 120, "12 September 2026"),
        (60, 138, "Location:"),
        (160, 138, "Harcourt Hall"),
        (60, 156, "Guests:"),
        (160, 156, "120"),
    ]
    assert values_of(pdf(lines))["wedding_date"] == "2026-09-12"


def test_both_places_of_a_wedding_are_told_apart() -> None:
    lines: list[Line] = [
        (60, 60, "Wedding Agreement", 16, True),
        (60, 100, "The ceremony will be held at St Brendan’s Chapel, followed by a reception at Harcourt Hall."),
    ]
    found = values_of(pdf(lines))
    assert found["ceremony_venue"] == "St Brendan’s Chapel"
    assert found["reception_venue"] == "Harcourt Hall"


def test_a_ticked_package_is_the_chosen_one() -> None:
    lines: list[Line] = [(60, 60, "Wedding Booking Form", 16, True), (60, 90, "Email: emma.clarke@gmail.com")]
    lines += [(60, 108, "Wedding date: 12 September 2026"), (60, 126, "Phone: 07700 900123")]
    lines.append((60, 160, "Which package would you like?", 10, True))
    for row, offer in enumerate(("[  ] Bronze", "[X] Sunset Celebration", "[  ] Gold")):
        lines.append((64, 178 + 16 * row, offer))
    assert values_of(pdf(lines))["package_name"] == "Sunset Celebration"


def test_a_suppliers_address_at_an_ordinary_provider_is_not_the_couples() -> None:
    lines: list[Line] = [
        (60, 50, "Saffron Sage Catering", 16, True),
        (60, 64, "saffronsagecatering@gmail.com", 8),
        (60, 100, "Catering contract for Emma Clarke and Noah Patel, emma.clarke@gmail.com."),
        (60, 120, "The total fee is $4,200.00 for the wedding on September 12, 2026."),
    ]
    found = values_of(pdf(lines))
    assert found["couple_email"] == "emma.clarke@gmail.com"
    assert found["vendor_name"] == "Saffron Sage Catering"


@pytest.mark.parametrize(
    ("opening", "sentences", "expected"),
    [
        (
            "Auftragsbestätigung",
            (
                "Wir begleiten eure Hochzeit am 12.09.2026 in der Location Schloss Lindenau; ihr erwartet 80 Gäste.",
                "Gebucht habt ihr das Paket Klassik zum Preis von insgesamt 3.200,00 €. Nach eurer Anzahlung von 800,00 €",
                "bleibt ein Restbetrag von 2.400,00 €, den ihr bitte bis 12.08.2026 überweist.",
            ),
            {"ceremony_venue": "Schloss Lindenau", "guest_count": 80, "package_name": "Klassik"},
        ),
        (
            "Confirmation de réservation",
            (
                "Nous serons à votre mariage le 12 septembre 2026 au Domaine des Tilleuls pour 80 invités.",
                "Vous avez choisi la formule Journée complète pour un montant total de 3 200,00 €. Après votre acompte de",
                "800,00 €, le solde de 2 400,00 € est à régler avant le 12 août 2026.",
            ),
            {"ceremony_venue": "Domaine des Tilleuls", "guest_count": 80, "package_name": "Journée complète"},
        ),
    ],
)
def test_letters_of_the_continent(opening: str, sentences: Sequence[str], expected: dict[str, object]) -> None:
    lines: list[Line] = [(60, 60, opening, 16, True)]
    lines += [(60, 100 + 14 * row, words) for row, words in enumerate(sentences)]
    found = values_of(pdf(lines))
    expected |= {"wedding_date": "2026-09-12", "balance_due_date": "2026-08-12", "total_amount": "3200.00"}
    expected |= {"deposit_amount": "800.00", "balance_due": "2400.00"}
    assert {subtype: found.get(subtype) for subtype in expected} == expected


def test_an_amount_without_a_name_completes_the_sum_of_the_two_others() -> None:
    lines: list[Line] = [
        (60, 60, "Wedding Agreement", 16, True),
        (60, 100, "The couple agrees to a package worth $4,000.00 overall."),
        (60, 130, "A deposit of $1,000.00 is payable on signature."),
        (60, 160, "The remaining balance of $3,000.00 is payable on May 5, 2027."),
    ]
    assert values_of(pdf(lines))["total_amount"] == "4000.00"


def test_the_bond_the_minimum_and_the_insured_sum_are_no_values_of_the_contract() -> None:
    lines: list[Line] = [
        (60, 60, "Venue Hire Agreement", 16, True),
        (60, 100, "A minimum of 40 guests applies. Our insurance covers £5,000,000.", 9),
        (60, 120, "Security bond (refundable)"),
        (300, 120, "£250.00"),
        (60, 140, "Overtime"),
        (300, 140, "£90.00 per hour"),
        (60, 160, "Rehearsal date"),
        (300, 160, "10 September 2026"),
    ]
    found = values_of(pdf(lines))
    assert not {"deposit_amount", "total_amount", "balance_due", "guest_count", "wedding_date"} & set(found)


def test_an_ambiguous_date_is_flagged_with_both_readings_though_another_date_shows_the_order() -> None:
    lines: list[Line] = [
        (60, 60, "Wedding Contract", 16, True),
        (60, 100, "Contract date: 25/01/2026"),
        (60, 120, "Wedding date: 05/09/2026"),
    ]
    field = fields_of(pdf(lines))["wedding_date"]
    assert field.value == "2026-09-05"
    assert field.needs_review
    assert field.review_reason is not None
    assert "5 September" in field.review_reason
    assert "9 May" in field.review_reason


def test_a_weekday_settles_an_ambiguous_date() -> None:
    lines: list[Line] = [(60, 60, "Wedding Contract", 16, True), (60, 100, "Wedding date: Saturday 05/06/2027")]
    field = fields_of(pdf(lines))["wedding_date"]
    assert (field.value, field.needs_review) == ("2027-06-05", False)


def test_every_value_is_proved_by_a_box_on_its_page() -> None:
    for field in fields_of(confirmation_letter()).values():
        assert field.value_box is not None
        x0, y0, x1, y1 = field.value_box
        assert 0 <= x0 < x1 <= 1
        assert 0 <= y0 < y1 <= 1


def test_a_blank_booking_form_yields_no_values_but_the_suppliers_name_at_most() -> None:
    asked = ("Names of the couple", "Email", "Phone", "Wedding date", "Ceremony venue", "Number of guests", "Package")
    lines: list[Line] = [
        (60, 60, "Wedding Booking Form", 16, True),
        (60, 80, "A 50% deposit of $500 is due when you sign.", 8),
    ]
    lines += [(60, 120 + 30 * row, label) for row, label in enumerate(asked)]
    rules = [(180.0, 122.0 + 30 * row, 540.0) for row in range(len(asked))]
    assert set(values_of(pdf(lines, rules))) <= {"vendor_name"}


def test_running_text_under_a_heading_is_no_answer_to_it() -> None:
    lines: list[Line] = [
        (60, 60, "Wedding Photography Agreement", 16, True),
        (60, 100, "2. Package and fees", 11, True),
        (
            60,
            118,
            "The couple have chosen the Golden Hour Package (nine hours, two photographers, online gallery) at a",
        ),
        (
            60,
            132,
            "total fee of $4,200.00. The terms of the supplier apply to this agreement and to every change of it.",
        ),
    ]
    assert values_of(pdf(lines))["package_name"] == "Golden Hour Package"
