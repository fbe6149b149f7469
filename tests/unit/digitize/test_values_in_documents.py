"""Whole documents in layouts of many kinds and six languages: what is found, and that nothing else is."""

# ruff: noqa: E501 - sentences of sample contracts

from __future__ import annotations

from procession.digitize.kind import document_kind
from procession.digitize.values import extract_values
from procession.domain.form import Field, Source, Subtype

from .drawn import Drawn


def values_of(*pages: Drawn) -> dict[str, object]:
    return {field.subtype.value: field.value for field in fields_of(*pages) if field.subtype}


def fields_of(*pages: Drawn) -> list[Field]:
    contents = [page.page for page in pages]
    return extract_values(contents, [], document_kind(contents))


def contract_in_prose() -> Drawn:
    page = Drawn()
    page.text(60, 50, "Photography Agreement", 18, bold=True)
    y = page.prose(
        60,
        100,
        "This contract is made this 3rd day of May, 2026 by and between Willow & Stone Photography LLC (hereinafter "
        "“Photographer”), of 4 Mill Lane, Leeds, hello@willowandstone.co.uk, and Emma Clarke and Noah Patel (hereinafter "
        "the “Clients”), emma.clarke@gmail.com, 07700 900123.",
    )
    y = page.prose(
        60,
        y,
        "The Photographer will photograph the wedding on 12 September 2026 at The Orangery, Maidstone, Kent, with about "
        "120 guests. The Clients have chosen the Full Day Collection.",
    )
    page.prose(
        60,
        y,
        "The total price is £3,200. A non-refundable deposit of £800 is due on signing; the remaining £2,400 is payable "
        "by 12 August 2026. Additional hours are charged at £150 per hour.",
    )
    return page


def test_a_contract_in_prose() -> None:
    assert values_of(contract_in_prose()) == {
        "contract_date": "2026-05-03",
        "vendor_name": "Willow & Stone Photography LLC",
        "partner_1_name": "Emma Clarke",
        "partner_2_name": "Noah Patel",
        "couple_email": "emma.clarke@gmail.com",
        "couple_phone": "+447700900123",
        "wedding_date": "2026-09-12",
        "ceremony_venue": "The Orangery, Maidstone, Kent",
        "guest_count": 120,
        "package_name": "Full Day Collection",
        "total_amount": "3200.00",
        "deposit_amount": "800.00",
        "balance_due": "2400.00",
        "balance_due_date": "2026-08-12",
    }


def test_each_value_is_proved_by_a_box_around_its_own_words() -> None:
    page = contract_in_prose()
    for field in fields_of(page):
        assert field.value_box is not None
        x0, y0, x1, y1 = field.value_box
        centres = [
            word.text
            for word in page.page.words
            if x0 <= word.box.centre[0] / page.page.width <= x1 and y0 <= word.box.centre[1] / page.page.height <= y1
        ]
        assert field.value_text is not None
        assert set(field.value_text.split()) & set(centres) or field.value_text in " ".join(centres)


def test_a_table_in_german() -> None:
    page = Drawn()
    page.text(60, 50, "Hochzeitsvertrag", 18, bold=True)
    page.text(60, 80, "Fotostudio Sonnenschein GmbH · info@fotostudio-sonnenschein.de · +49 30 1234567")
    page.table(
        [
            ("Brautpaar", "Lena Müller und Jonas Weiß"),
            ("E-Mail", "lena.mueller@web.de"),
            ("Telefon", "0171 2345678"),
            ("Hochzeitsdatum", "12. September 2026"),
            ("Veranstaltungsort", "Schloss Biebrich, Wiesbaden"),
            ("Anzahl der Gäste", "80"),
            ("Paket", "Premium Reportage"),
            ("Gesamtbetrag", "2.450,00 €"),
            ("Anzahlung", "450,00 €"),
            ("Restbetrag", "2.000,00 €"),
            ("Fällig am", "01.08.2026"),
        ]
    )
    assert values_of(page) == {
        "vendor_name": "Fotostudio Sonnenschein GmbH",
        "partner_1_name": "Lena Müller",
        "partner_2_name": "Jonas Weiß",
        "couple_email": "lena.mueller@web.de",
        "couple_phone": "+491712345678",
        "wedding_date": "2026-09-12",
        "ceremony_venue": "Schloss Biebrich, Wiesbaden",
        "guest_count": 80,
        "package_name": "Premium Reportage",
        "total_amount": "2450.00",
        "deposit_amount": "450.00",
        "balance_due": "2000.00",
        "balance_due_date": "2026-08-01",
    }


def test_an_invoice_with_two_addresses_side_by_side() -> None:
    page = Drawn(612, 792)
    page.text(60, 50, "Statement / Invoice #1042", 16, bold=True)
    page.text(60, 80, "From:", bold=True)
    page.lines(60, 95, ["Lumière Films", "Attn: Accounts", "accounts@lumierefilms.com", "(646) 555-0111"])
    page.text(330, 80, "To:", bold=True)
    page.lines(330, 95, ["Zoe Adams & Max Hill", "zoe.adams@hotmail.com", "(646) 555-0155"])
    page.text(60, 180, "Event: Wedding videography, 08/22/2026, Brooklyn Winery")
    y = 220
    for name, amount in (
        ("Service", "Amount"),
        ("Cinematic Collection", "$4,000.00"),
        ("Drone footage", "$500.00"),
        ("Total", "$4,500.00"),
        ("Less retainer", "($1,500.00)"),
        ("Balance due by 08/01/2026", "$3,000.00"),
    ):
        page.text(60, y, name)
        page.text(450, y, amount)
        y += 18
    assert values_of(page) == {
        "vendor_name": "Lumière Films",
        "partner_1_name": "Zoe Adams",
        "partner_2_name": "Max Hill",
        "couple_email": "zoe.adams@hotmail.com",
        "couple_phone": "+16465550155",
        "wedding_date": "2026-08-22",
        "package_name": "Cinematic Collection",
        "total_amount": "4500.00",
        "deposit_amount": "1500.00",
        "balance_due": "3000.00",
        "balance_due_date": "2026-08-01",
    }


def test_a_questionnaire_with_answers_under_numbered_questions() -> None:
    page = Drawn()
    page.text(60, 40, "WEDDING QUESTIONNAIRE", 18, bold=True)
    y = 90
    for question, answer in (
        ("1. Your name", "Isabel Costa"),
        ("2. Your partner’s name", "Pedro Alves"),
        ("3. Email", "isa.costa@gmail.com"),
        ("4. Phone", "+351 912 345 678"),
        ("5. Wedding date", "2026-07-04"),
        ("6. What time does the ceremony start?", "15:00"),
        ("7. Reception venue", "Quinta do Torneiro"),
        ("8. Approximately how many people will attend?", "Around 140"),
        ("9. How did you hear about us?", "A friend’s wedding in May 2024"),
    ):
        page.text(60, y, question, bold=True)
        page.text(72, y + 15, answer)
        y += 40
    assert values_of(page) == {
        "partner_1_name": "Isabel Costa",
        "partner_2_name": "Pedro Alves",
        "couple_email": "isa.costa@gmail.com",
        "couple_phone": "+351912345678",
        "wedding_date": "2026-07-04",
        "wedding_time": "15:00",
        "reception_venue": "Quinta do Torneiro",
        "guest_count": 140,
    }


def test_a_grid_with_small_labels_above_the_values() -> None:
    page = Drawn(612, 792)
    page.text(60, 50, "Olivia & Liam’s Wedding", 20, bold=True)
    page.text(60, 80, "Proposal prepared by Moonlight Sounds DJ Co.")
    for label, value, x, y in (
        ("EVENT DATE", "10/17/2026", 60, 130),
        ("VENUE", "Rosewood Manor, Austin TX", 300, 130),
        ("GUEST COUNT", "150", 60, 180),
        ("PACKAGE", "Gold Reception Package", 300, 180),
        ("TOTAL PRICE", "$2,400", 60, 230),
        ("DEPOSIT", "$600", 300, 230),
        ("BALANCE", "$1,800", 60, 280),
        ("BALANCE DUE", "09/17/2026", 300, 280),
    ):
        page.text(x, y, label, 8, bold=True)
        page.text(x, y + 14, value)
    assert values_of(page) == {
        "partner_1_name": "Olivia",
        "partner_2_name": "Liam",
        "vendor_name": "Moonlight Sounds DJ Co.",
        "wedding_date": "2026-10-17",
        "ceremony_venue": "Rosewood Manor, Austin TX",
        "guest_count": 150,
        "package_name": "Gold Reception Package",
        "total_amount": "2400.00",
        "deposit_amount": "600.00",
        "balance_due": "1800.00",
        "balance_due_date": "2026-09-17",
    }


def test_a_contract_in_spanish_prose() -> None:
    page = Drawn()
    page.text(60, 40, "Contrato de servicios fotográficos", 16, bold=True)
    y = page.prose(
        60,
        90,
        "Luz de Luna Fotografía S.L. (el “Proveedor”) y Lucía Gómez y Carlos Ruiz (los “Clientes”) acuerdan el reportaje "
        "de su boda el 10 de octubre de 2026 en la Finca El Olivar, Toledo, para 180 invitados.",
    )
    page.prose(
        60,
        y,
        "El precio total es de 2.900,00 €. Se abona una señal de 900,00 € a la firma; el saldo de 2.000,00 € antes del "
        "10 de septiembre de 2026.",
    )
    assert values_of(page) == {
        "vendor_name": "Luz de Luna Fotografía S.L.",
        "partner_1_name": "Lucía Gómez",
        "partner_2_name": "Carlos Ruiz",
        "wedding_date": "2026-10-10",
        "ceremony_venue": "Finca El Olivar, Toledo",
        "guest_count": 180,
        "total_amount": "2900.00",
        "deposit_amount": "900.00",
        "balance_due": "2000.00",
        "balance_due_date": "2026-09-10",
    }


def test_rows_of_bride_and_groom_and_a_range_of_guests() -> None:
    page = Drawn()
    page.text(60, 50, "Catering Booking Form", 18, bold=True)
    page.lines(
        60,
        100,
        [
            "Bride: Sara Lind",
            "Groom: Karl Berg",
            "Bride's email: sara.lind@icloud.com",
            "Date of wedding: 14th August 2027",
            "Ceremony time: 2.30pm",
            "Guests: 85 - 95",
            "Budget: 40 000 - 50 000 SEK",
        ],
        leading=18,
    )
    fields = {field.subtype: field for field in fields_of(page)}
    assert fields[Subtype.PARTNER_1_NAME].value == "Sara Lind"
    assert fields[Subtype.PARTNER_2_NAME].value == "Karl Berg"
    assert fields[Subtype.WEDDING_TIME].value == "14:30"
    assert fields[Subtype.GUEST_COUNT].review_reason == "a range: 85 to 95"
    assert fields[Subtype.BUDGET_RANGE].value == "40 000 - 50 000 SEK"


def test_amounts_that_do_not_add_up_are_flagged() -> None:
    page = Drawn()
    page.table([("Total", "$5,000.00"), ("Deposit", "$1,000.00"), ("Remaining balance", "$3,000.00")])
    fields = fields_of(page)
    assert {field.review_reason for field in fields} == {"deposit and balance do not add up to the total"}
    assert all(field.needs_review for field in fields)


def test_an_ambiguous_wedding_date_is_proposed_and_flagged() -> None:
    page = Drawn()
    page.table([("Wedding date", "05/10/2026"), ("Phone", "(361) 555-0195")])
    (date,) = [field for field in fields_of(page) if field.subtype is Subtype.WEDDING_DATE]
    assert date.value == "2026-05-10"
    assert date.needs_review
    assert date.review_reason == "two dates fit: 5 October or 10 May"


def test_words_nobody_sees_never_become_values() -> None:
    page = Drawn()
    page.text(60, 60, "Total: $9,999.00", visible=False)
    page.text(60, 90, "Wedding date: 1 May 2027", visible=False)
    page.text(60, 120, "Total: $1,200.00")
    assert values_of(page) == {"total_amount": "1200.00"}


def test_unit_prices_and_fees_are_no_totals() -> None:
    page = Drawn()
    page.prose(
        60, 60, "Overtime is billed at $250 per hour. A late fee of $50 applies. Travel is charged at $2 per mile."
    )
    page.prose(60, 120, "A refundable damage deposit of $500.00 is also required from every client before the event.")
    assert values_of(page) == {}


def test_a_blank_form_yields_no_values() -> None:
    page = Drawn()
    page.text(60, 50, "Wedding details", 18, bold=True)
    page.lines(
        60,
        100,
        [
            *("Partner 1 full name", "Partner 2 full name", "Email address", "Phone", "Wedding date", "Ceremony venue"),
            *("Guest count: ______", "Total fee: $______", "Client signature", "Date"),
        ],
        leading=24,
    )
    assert values_of(page) == {}


def test_values_say_where_they_come_from() -> None:
    page = Drawn()
    page.table([("Wedding date", "1 May 2027")])
    assert fields_of(page)[0].source is Source.TEXT
    page.page.source = "scanned"
    assert fields_of(page)[0].source is Source.OCR
