"""Layout families that are kept back: nobody tunes the engine on them, only their total is looked at."""

# ruff: noqa: E501 - sentences of sample documents

from __future__ import annotations

from bench.filled.facts import Facts
from bench.filled.prose import signing
from bench.filled.sheet import Part, Sheet
from bench.filled.words import label

Row = tuple[str, tuple[Part, ...]]


def event_order(sheet: Sheet, facts: Facts) -> None:
    """A banquet sheet: a grid of cells, each with its tiny label in the corner and the answer under it."""
    right = sheet.width - 40
    sheet.line(40, 58, facts.vendor, bold=True, size=13)
    sheet.line(right, 58, facts.pick("Event Order & Contract", "Banquet Contract"), size=12, align="right")
    rows: list[list[Row]] = [
        [(label(facts, "couple"), facts.couple()), (label(facts, "email"), (facts.email,))],
        [(label(facts, "phone"), (facts.phone,)), (label(facts, "signed"), (facts.signed,))],
        [(label(facts, "wedding"), (facts.wedding,)), (label(facts, "time"), (facts.time,)), (label(facts, "guests"), (facts.guests,))],
        [(label(facts, "venue"), (facts.venue,)), (label(facts, "package"), (facts.package,))],
        [(label(facts, "total"), (facts.total,)), (label(facts, "deposit"), (facts.deposit,)), (label(facts, "balance"), (facts.balance,))],
        [(label(facts, "due"), (facts.due,)), ("Server", ("Table 4",))],
    ]  # fmt: skip
    y = 76.0
    for row in rows:
        wide = (right - 40) / len(row)
        for number, (name, words) in enumerate(row):
            x = 40 + wide * number
            sheet.box(x, y, x + wide, y + 34)
            sheet.line(x + 4, y + 9, name, size=6.5)
            sheet.line(x + 8, y + 26, *words, size=10)
        y += 34
    signing(sheet, facts, 40, y + 70, width=170)


def mail_quote(sheet: Sheet, facts: Facts) -> None:
    """A printed e-mail with a header block and a bulleted offer."""
    y = 60.0
    head: list[Row] = [
        ("From", (f"{facts.vendor_person} <{facts.vendor_email}>",)),
        ("To", (facts.first, " <", facts.email, ">")),
        ("Date", (facts.other_days[0],)),
        ("Subject", (facts.pick("Your wedding quote", "Quote for your wedding"),)),
    ]
    for name, words in head:
        sheet.line(60, y, f"{name}:", bold=True)
        sheet.line(115, y, *words)
        y += 15
    sheet.rule(60, y, sheet.width - 60)
    y = sheet.prose(
        60, y + 24, sheet.width - 120, f"Hi {facts.first.text.split()[0]} and {facts.second.text.split()[0]},"
    )
    y = sheet.prose(60, y, sheet.width - 120, "It was lovely to meet you both. As promised, here is what we discussed:")
    bullets: list[tuple[Part, ...]] = [
        ("Date of the wedding: ", facts.wedding),
        ("Venue: ", facts.venue),
        ("Guests: ", facts.guests),
        ("Package: ", facts.package),
        ("Total: ", facts.total, f" (including {facts.tax} tax)"),
        ("Deposit to book: ", facts.deposit),
        ("Balance: ", facts.balance, ", due on ", facts.due),
    ]
    for words in bullets:
        sheet.line(72, y, "• ", *words)
        y += 15
    y = sheet.prose(60, y + 10, sheet.width - 120, f"This quote is valid until {facts.other_days[1]}.")
    sheet.line(60, y + 16, "Best wishes,")
    sheet.line(60, y + 32, facts.vendor_person)
    sheet.line(60, y + 45, facts.vendor)
    sheet.line(60, y + 58, facts.vendor_phone)


def hire_agreement(sheet: Sheet, facts: Facts) -> None:
    """A hire agreement with lettered particulars and long clauses."""
    sheet.line(
        sheet.width / 2,
        66,
        facts.pick("Venue Hire Agreement", "Hire Contract", "Terms of Hire Agreement"),
        size=15,
        bold=True,
        align="center",
    )
    y = sheet.prose(
        54,
        100,
        sheet.width - 108,
        "This Agreement sets out the terms on which ",
        facts.vendor,
        f" of {facts.vendor_street} (the “Venue”) lets the premises to the Hirer for the event described in the particulars.",
    )
    sheet.line(54, y + 6, "PARTICULARS", bold=True)
    y += 24
    rows: list[Row] = [
        ("Hirer(s)", facts.couple()),
        ("Hirer’s e-mail", (facts.email,)),
        ("Hirer’s telephone", (facts.phone,)),
        ("Date of event", (facts.wedding,)),
        ("Number of guests", (facts.guests,)),
        ("Total hire charge", (facts.total,)),
        ("Deposit paid on booking", (facts.deposit,)),
        ("Balance outstanding", (facts.balance,)),
        ("Balance to be paid by", (facts.due,)),
        ("Refundable damage bond", (facts.others[0],)),
    ]
    for number, (name, words) in enumerate(rows):
        sheet.line(54, y, f"({'abcdefghijkl'[number]})")
        sheet.line(76, y, name)
        sheet.line(250, y, *words)
        y += 16
    y = sheet.prose(
        54,
        y + 10,
        sheet.width - 108,
        "The Hirer shall leave the premises clean and is liable for any damage. This Agreement is governed by law; each party signs below.",
    )
    signing(sheet, facts, 54, y + 60)


def intake_card(sheet: Sheet, facts: Facts) -> None:
    """Labels right-aligned before their answers, answers on a pale band."""
    title = {
        "en": "Client Questionnaire",
        "de": "Fragebogen",
        "fr": "Questionnaire",
        "es": "Cuestionario",
        "nl": "Vragenlijst",
        "it": "Questionario",
    }
    sheet.line(sheet.width / 2, 66, title[facts.language], size=18, bold=True, align="center")
    y = 110.0
    rows: list[Row] = [
        (label(facts, "first"), (facts.first,)),
        (label(facts, "second"), (facts.second,)),
        (label(facts, "email"), (facts.email,)),
        (label(facts, "phone"), (facts.phone,)),
        (label(facts, "wedding"), (facts.wedding,)),
        (label(facts, "venue"), (facts.venue,)),
        (label(facts, "guests"), (facts.guests,)),
        (label(facts, "package"), (facts.package,)),
    ]
    facts.dice.shuffle(rows)
    for name, words in rows:
        sheet.box(206, y - 13, sheet.width - 60, y + 6, fill=0.95)
        sheet.line(196, y, name, align="right", grey=0.3)
        sheet.line(214, y, *words)
        y += 28


def continental_invoice(sheet: Sheet, facts: Facts) -> None:
    """The client's window address first, data of the invoice in a block at the right, sentences about payment below."""
    right = sheet.width - 56
    sheet.line(56, 100, f"{facts.vendor.text} · {facts.vendor_street}", size=7)
    sheet.line(56, 118, *facts.couple())
    sheet.line(56, 131, facts.home_street)
    y = 60.0
    sheet.line(right, y, facts.vendor, size=15, bold=True, align="right")
    for words in (facts.vendor_phone, facts.vendor_email):
        y += 13
        sheet.line(right, y, words, size=8.5, align="right")
    y = 118.0
    for name, part in (
        (label(facts, "invoice_number"), facts.number),
        (label(facts, "invoice_date"), facts.other_days[0]),
        (label(facts, "wedding"), facts.wedding),
    ):
        sheet.line(360, y, name, size=9)
        sheet.line(right, y, part, size=9, align="right")
        y += 13
    sheet.line(56, 200, label(facts, "invoice"), size=18, bold=True)
    edges = (56.0, 96.0, 380.0, right)
    top = 224.0
    sheet.rule(56, top + 16, right)
    for x, word in zip(edges, ("#", label(facts, "description"), label(facts, "amount")), strict=False):
        sheet.line(x, top + 11, word, size=9, bold=True)
    sheet.line(60, top + 30, "1", size=9)
    sheet.line(96, top + 30, facts.package, size=9)
    sheet.line(right, top + 30, facts.subtotal, size=9, align="right")
    y = top + 56
    for name, amount in (
        (label(facts, "tax"), facts.tax),
        (label(facts, "total"), facts.total),
        (label(facts, "deposit"), facts.deposit),
        (label(facts, "balance"), facts.balance),
    ):
        sheet.line(300, y, name, bold=amount is facts.total)
        sheet.line(right, y, amount, align="right", bold=amount is facts.total)
        y += 16
    pay: dict[str, tuple[Part, ...]] = {
        "en": ("Please transfer the balance by ", facts.due, ". Thank you!"),
        "de": ("Bitte überweisen Sie den Restbetrag bis zum ", facts.due, ". Vielen Dank!"),
        "fr": ("Merci de régler le solde avant le ", facts.due, "."),
        "es": ("Rogamos abonen el importe pendiente antes del ", facts.due, "."),
        "nl": ("Gelieve het restbedrag vóór ", facts.due, " over te maken."),
        "it": ("Si prega di versare il saldo entro il ", facts.due, "."),
    }
    sheet.prose(56, y + 24, right - 56, *pay[facts.language])


def deposit_letter(sheet: Sheet, facts: Facts) -> None:
    """A confirmation of booking in free words, amounts and days in other orders than usual."""
    sheet.line(60, 60, facts.vendor, size=15, bold=True)
    sheet.line(60, 74, f"{facts.vendor_phone} / {facts.vendor_email}", size=8.5)
    sheet.line(60, 116, "Booking confirmation and contract", bold=True, size=12)
    body: list[tuple[Part, ...]] = [
        ("We confirm the booking of ", facts.package, " for the marriage of ", *facts.couple(), facts.pick(", which will be celebrated on ", " on ", ", taking place on "), facts.wedding, " at ", facts.venue, "."),
        (facts.deposit, facts.pick(" has been received as a deposit", " was paid as your retainer"), f" on {facts.other_days[0]}, thank you. Of the agreed price of ", facts.total, ", the sum of ", facts.balance, " remains outstanding and must reach us by ", facts.due, "."),
        ("You estimated ", facts.guests, " guests. We will write to ", facts.email, " or call ", facts.phone, " should anything change."),
        (f"Should we run late, each extra hour costs {facts.others[0]}; parking is {facts.others[2]}.",),
    ]  # fmt: skip
    y = 146.0
    for paragraph in body:
        y = sheet.prose(60, y, sheet.width - 120, *paragraph) + 6
    signing(sheet, facts, 60, y + 60)


def statement_of_work(sheet: Sheet, facts: Facts) -> None:
    """Sections with short bold headings, each answer on the line under its heading; totals at the end."""
    sheet.line(60, 66, facts.pick("Wedding Proposal", "Service Proposal"), size=18, bold=True)
    sheet.line(60, 84, "Prepared for ", *facts.couple(), size=11)
    sheet.line(60, 99, "Prepared by ", facts.vendor, size=11)
    y = 130.0
    rows: list[Row] = [
        ("Your date", (facts.wedding,)),
        ("Where", (facts.venue,)),
        ("Guest count", ("About ", facts.guests)),
        ("Your package", (facts.package,)),
        ("Contact", (facts.email, "  ", facts.phone)),
        ("Your investment", (facts.total,)),
    ]
    for name, words in rows:
        sheet.line(60, y, name, bold=True, size=11)
        sheet.line(60, y + 15, *words)
        y += 38
    y = sheet.prose(
        60,
        y,
        sheet.width - 120,
        "A deposit of ",
        facts.deposit,
        " reserves the date, the balance of ",
        facts.balance,
        " follows on ",
        facts.due,
        ".",
    )
    if facts.dice.random() < 0.7:
        signing(sheet, facts, 60, y + 60)


def booking_table(sheet: Sheet, facts: Facts) -> None:
    """A three-column table: topic, detail, remark; merged rows and remarks that are no values."""
    sheet.line(56, 62, label(facts, "contract"), size=15, bold=True)
    sheet.line(56, 80, facts.vendor)
    remarks = {
        "en": "please check",
        "de": "bitte prüfen",
        "fr": "à vérifier",
        "es": "verificar",
        "nl": "controleren",
        "it": "da verificare",
    }
    rows: list[Row] = [
        (label(facts, "couple"), facts.couple()),
        (label(facts, "email"), (facts.email,)),
        (label(facts, "phone"), (facts.phone,)),
        (label(facts, "wedding"), (facts.wedding,)),
        (label(facts, "venue"), (facts.venue,)),
        (label(facts, "guests"), (facts.guests,)),
        (label(facts, "package"), (facts.package,)),
        (label(facts, "total"), (facts.total,)),
        (label(facts, "deposit"), (facts.deposit,)),
        (label(facts, "balance"), (facts.balance,)),
        (label(facts, "due"), (facts.due,)),
    ]
    top, height = 98.0, 22.0
    right = sheet.width - 56
    sheet.grid((56, 200, 450, right), [top + height * n for n in range(len(rows) + 1)])
    for number, (name, words) in enumerate(rows):
        base = top + height * number + 15
        sheet.line(62, base, name, size=9, bold=True)
        sheet.line(206, base, *words, size=9)
        if facts.dice.random() < 0.3:
            sheet.line(456, base, remarks[facts.language], size=7.5, italic=True)
    signing(sheet, facts, 56, top + height * len(rows) + 80)
