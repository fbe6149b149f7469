"""Layout families of invoices and contracts whose values stand in tables, blocks and columns of figures."""

# ruff: noqa: E501 - sentences of sample terms

from __future__ import annotations

from bench.filled.facts import Facts
from bench.filled.prose import signing
from bench.filled.sheet import Part, Sheet
from bench.filled.words import label


def invoice_with_items(sheet: Sheet, facts: Facts) -> None:
    """Letterhead, bill-to block, items, right-aligned totals, amounts without labels of their own in the columns."""
    right = sheet.width - 50
    sheet.line(50, 62, facts.vendor, size=17, bold=True)
    sheet.line(50, 77, facts.vendor_street, size=8.5)
    sheet.line(50, 88, f"{facts.vendor_email}   {facts.vendor_phone}", size=8.5)
    sheet.line(right, 62, label(facts, "invoice"), size=20, bold=True, align="right", grey=0.3)
    sheet.line(right, 80, f"{label(facts, 'invoice_number')}: {facts.number}", size=9, align="right")
    sheet.line(right, 92, f"{label(facts, 'invoice_date')}: {facts.other_days[0]}", size=9, align="right")
    sheet.line(right, 104, f"{label(facts, 'due')}: ", facts.due, size=9, align="right")
    sheet.line(50, 136, label(facts, "bill_to"), size=8.5, bold=True, grey=0.4)
    sheet.line(50, 150, *facts.couple())
    sheet.line(50, 163, facts.home_street, size=9)
    sheet.line(50, 176, facts.email, size=9)
    sheet.line(50, 189, facts.phone, size=9)
    sheet.line(300, 150, f"{label(facts, 'wedding')}: ", facts.wedding, size=9)
    y = 226.0
    sheet.box(50, y - 12, right, y + 6, fill=0.9)
    sheet.line(56, y, label(facts, "description"), bold=True, size=9)
    sheet.line(right - 6, y, label(facts, "amount"), bold=True, size=9, align="right")
    items: list[tuple[Part, str]] = [(facts.package, facts.subtotal)]
    extras = {
        "en": ("Travel", "Extra hour"), "de": ("Anfahrt", "Zusatzstunde"), "fr": ("Déplacement", "Heure supplémentaire"),
        "es": ("Desplazamiento", "Hora extra"), "nl": ("Reiskosten", "Extra uur"), "it": ("Trasferta", "Ora extra"),
    }[facts.language]  # fmt: skip
    items += [(extra, amount) for extra, amount in zip(extras, facts.others[1:], strict=True)]
    for name, amount in items:
        y += 20
        sheet.line(56, y, name)
        sheet.line(right - 6, y, amount, align="right")
        sheet.rule(50, y + 6, right, grey=0.8)
    y += 10
    for name, words in (
        (label(facts, "subtotal"), facts.subtotal),
        (label(facts, "tax"), facts.tax),
        (label(facts, "total"), facts.total),
        (label(facts, "deposit"), facts.deposit),
        (label(facts, "balance"), facts.balance),
    ):
        y += 17
        bold = words is facts.balance or words is facts.total
        sheet.line(right - 110, y, name, align="right", bold=bold)
        minus = "–" if words is facts.deposit and facts.dice.random() < 0.25 else ""
        sheet.line(right - 6, y, minus, words, align="right", bold=bold)


def invoice_meta_strip(sheet: Sheet, facts: Facts) -> None:
    """Small grey capitals over their values in a strip of three, a payment schedule as a table of its own."""
    right = sheet.width - 56
    sheet.line(56, 66, label(facts, "invoice").upper(), size=22, bold=True)
    sheet.line(right, 60, facts.vendor, bold=True, align="right")
    sheet.line(right, 73, facts.vendor_email, size=8.5, align="right")
    columns = (56.0, 56 + (right - 56) / 3, 56 + 2 * (right - 56) / 3)
    strip: list[tuple[str, tuple[Part, ...]]] = [
        (label(facts, "invoice_number"), (facts.number,)),
        (label(facts, "invoice_date"), (facts.other_days[0],)),
        (label(facts, "wedding"), (facts.wedding,)),
        (label(facts, "bill_to"), facts.couple()),
        (label(facts, "email"), (facts.email,)),
        (label(facts, "phone"), (facts.phone,)),
        (label(facts, "package"), (facts.package,)),
        (label(facts, "total"), (facts.total,)),
        (label(facts, "guests"), (facts.guests,)),
    ]
    y = 110.0
    for number, (name, words) in enumerate(strip):
        x = columns[number % 3]
        sheet.line(x, y, name.upper(), size=7, grey=0.45)
        sheet.line(x, y + 13, *words, size=9.5)
        if number % 3 == 2:
            y += 38
    heading = {
        "en": "Payment schedule", "de": "Zahlungsplan", "fr": "Échéancier", "es": "Plan de pagos",
        "nl": "Betaalschema", "it": "Piano dei pagamenti",
    }[facts.language]  # fmt: skip
    sheet.line(56, y + 14, heading, bold=True, size=11)
    y += 22
    edges = (56.0, 230.0, 370.0, right)
    head = {
        "en": ("Payment", "Due", "Amount"), "de": ("Zahlung", "Fällig", "Betrag"), "fr": ("Paiement", "Échéance", "Montant"),
        "es": ("Pago", "Vencimiento", "Importe"), "nl": ("Betaling", "Vervaldatum", "Bedrag"),
        "it": ("Pagamento", "Scadenza", "Importo"),
    }[facts.language]  # fmt: skip
    sheet.grid(edges, (y, y + 20, y + 40, y + 60))
    for x, word in zip(edges, head, strict=False):
        sheet.line(x + 6, y + 14, word, bold=True, size=9)
    rows: tuple[tuple[str, Part, Part], ...] = (
        (label(facts, "deposit"), facts.other_days[1], facts.deposit),
        (label(facts, "balance"), facts.due, facts.balance),
    )
    for number, row in enumerate(rows, 1):
        for x, part in zip(edges, row, strict=False):
            sheet.line(x + 6, y + 14 + 20 * number, part, size=9)


def contract_grid(sheet: Sheet, facts: Facts) -> None:
    """A ruled table of four columns: label, value, label, value; the same face for both."""
    sheet.line(sheet.width / 2, 62, label(facts, "contract"), size=16, bold=True, align="center")
    sheet.line(sheet.width / 2, 80, facts.vendor, size=11, align="center")
    sheet.line(sheet.width / 2, 94, f"{facts.vendor_email}  ·  {facts.vendor_phone}", size=8, align="center")
    cells: list[tuple[str, tuple[Part, ...]]] = [
        (label(facts, "couple"), facts.couple()),
        (label(facts, "signed"), (facts.signed,)),
        (label(facts, "email"), (facts.email,)),
        (label(facts, "phone"), (facts.phone,)),
        (label(facts, "wedding"), (facts.wedding,)),
        (label(facts, "time"), (facts.time,)),
        (label(facts, "venue"), (facts.venue,)),
        (label(facts, "guests"), (facts.guests,)),
        (label(facts, "package"), (facts.package,)),
        (label(facts, "total"), (facts.total,)),
        (label(facts, "deposit"), (facts.deposit,)),
        (label(facts, "balance"), (facts.balance,)),
        (label(facts, "due"), (facts.due,)),
    ]
    size = 8.0
    right = sheet.width - 36
    middle = sheet.width / 2
    edges = (36.0, 136.0, middle + 20, middle + 118, right)
    y = 120.0
    rows = (len(cells) + 1) // 2
    height = facts.dice.choice((20.0, 26.0))
    sheet.grid(edges, [y + height * row for row in range(rows + 1)])
    for number, (name, words) in enumerate(cells):
        top = y + height * (number // 2) + height / 2 + 3
        left = edges[2 * (number % 2)]
        sheet.line(left + 4, top, name, size=size)
        sheet.line(edges[2 * (number % 2) + 1] + 4, top, *words, size=size)
    y += height * rows + 24
    y = sheet.prose(36, y, right - 36, _terms(facts), size=8.5)
    signing(sheet, facts, 36, y + 60, width=160)


def party_blocks(sheet: Sheet, facts: Facts) -> None:
    """Two blocks side by side, client's and supplier's, each with name, e-mail and phone; then a summary of fees."""
    sheet.line(54, 62, label(facts, "contract"), size=18, bold=True)
    client = {"en": "CLIENT", "de": "AUFTRAGGEBER", "fr": "CLIENT", "es": "CLIENTE", "nl": "KLANT", "it": "CLIENTE"}
    firm = {
        "en": "VENDOR",
        "de": "ANBIETER",
        "fr": "PRESTATAIRE",
        "es": "PROVEEDOR",
        "nl": "LEVERANCIER",
        "it": "FORNITORE",
    }
    blocks: list[list[tuple[Part, ...]]] = [
        [(client[facts.language],), facts.couple(), (facts.home_street,), (facts.email,), (facts.phone,)],
        [
            (firm[facts.language],),
            (facts.vendor,),
            (facts.vendor_street,),
            (facts.vendor_email,),
            (facts.vendor_phone,),
        ],
    ]
    if facts.dice.random() < 0.5:
        blocks.reverse()
    for x, block in zip((54.0, sheet.width / 2 + 10), blocks, strict=True):
        for number, words in enumerate(block):
            sheet.line(x, 96 + 14 * number, *words, bold=number == 0, size=9)
    y = 190.0
    event: list[tuple[str, tuple[Part, ...]]] = [
        (label(facts, "wedding"), (facts.wedding,)),
        (label(facts, "venue"), (facts.venue,)),
        (label(facts, "guests"), (facts.guests,)),
        (label(facts, "package"), (facts.package,)),
    ]
    for name, words in event:
        sheet.line(54, y, f"{name}: ", *words)
        y += 16
    y += 12
    right = sheet.width - 54
    for name, amount in (
        (label(facts, "total"), facts.total),
        (label(facts, "deposit"), facts.deposit),
        (label(facts, "balance"), facts.balance),
        (label(facts, "due"), facts.due),
    ):
        end = sheet.line(54, y, name)
        start = sheet.line(right, y, amount, align="right") - 0
        dots = max(int((start - end - 90) / 2.8), 4)
        sheet.line(end + 4, y, "." * dots)
        y += 17
    signing(sheet, facts, 54, y + 60)


def sidebar(sheet: Sheet, facts: Facts) -> None:
    """A grey column at the left with the facts, each under its small label; terms run at the right."""
    sheet.box(0, 0, 190, sheet.height, fill=0.93)
    sheet.line(24, 56, facts.vendor, size=11, bold=True)
    rows: list[tuple[str, tuple[Part, ...]]] = [
        (label(facts, "first"), (facts.first,)),
        (label(facts, "second"), (facts.second,)),
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
    y = 92.0
    for name, words in rows:
        sheet.line(24, y, name, size=7.5, grey=0.4)
        sheet.line(24, y + 12, *words, size=9)
        y += 32
    sheet.line(214, 60, label(facts, "contract"), size=17, bold=True)
    y = 92.0
    for _ in range(3):
        y = sheet.prose(214, y, sheet.width - 250, _terms(facts), size=9) + 6
    signing(sheet, facts, 214, y + 70, width=150)


def _terms(facts: Facts) -> str:
    return {
        "en": f"Cancellation less than 30 days before the event is charged in full. Overtime costs {facts.others[0]} per hour. "
        "Both parties agree to these terms; the governing law is that of the supplier’s seat.",
        "de": f"Bei einer Absage weniger als 30 Tage vorher wird der volle Preis berechnet. Jede Zusatzstunde kostet {facts.others[0]}. "
        "Die Haftung ist auf den Vertragswert beschränkt.",
        "fr": f"Toute annulation à moins de 30 jours est facturée intégralement. L’heure supplémentaire coûte {facts.others[0]}. "
        "Les parties acceptent ces conditions.",
        "es": f"La cancelación con menos de 30 días se factura íntegramente. La hora extra cuesta {facts.others[0]}. "
        "Las partes aceptan estas condiciones.",
        "nl": f"Annulering binnen 30 dagen wordt volledig berekend. Een extra uur kost {facts.others[0]}. "
        "Beide partijen gaan akkoord met deze voorwaarden.",
        "it": f"La cancellazione a meno di 30 giorni viene addebitata per intero. L’ora extra costa {facts.others[0]}. "
        "Le parti accettano queste condizioni.",
    }[facts.language]
