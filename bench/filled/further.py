"""Further families: hire agreements, receipts, ticked packages, two places, merged tables, letters of the continent."""

# ruff: noqa: E501 - sentences of sample documents

from __future__ import annotations

from bench.filled import papers
from bench.filled.composed import HEADS
from bench.filled.facts import Facts
from bench.filled.more_words import name
from bench.filled.papers import LEFT, Paper, Row
from bench.filled.sheet import Part, Sheet


def _started(sheet: Sheet, facts: Facts, title: str, *, kept_back: bool = False) -> tuple[Paper, float]:
    paper = Paper(sheet, facts, kept_back=kept_back)
    return paper, facts.dice.choice(HEADS)(paper, title)


def merged_table(sheet: Sheet, facts: Facts) -> None:
    """One table over the page: heads that span it, then rows of four cells, of two, of one."""
    paper, y = _started(sheet, facts, name(facts, "contract"))
    right, size = paper.right, 8.5
    edges = (LEFT, LEFT + 92, (LEFT + right) / 2, (LEFT + right) / 2 + 92, right)
    groups = (
        ("couple", papers.couple_rows(paper)),
        ("day", papers.day_rows(paper)),
        ("money", papers.money_rows(paper)),
    )
    for key, rows in groups:
        sheet.box(LEFT, y, right, y + 18, fill=0.85)
        sheet.box(LEFT, y, right, y + 18)
        sheet.line(
            (LEFT + right) / 2,
            y + 12,
            papers.HEADINGS[key][facts.language].upper(),
            size=8.5,
            bold=True,
            align="center",
        )
        y += 18
        at = 0
        while at < len(rows):
            wide = sum(sheet.width_of(part, size) for part in rows[at][1]) > edges[2] - edges[1] - 8
            pair = rows[at : at + 1] if wide or at + 1 == len(rows) else rows[at : at + 2]
            if len(pair) == 2 and sum(sheet.width_of(part, size) for part in pair[1][1]) > edges[4] - edges[3] - 8:
                pair = pair[:1]
            columns = edges if len(pair) == 2 else (edges[0], edges[1], edges[4])
            sheet.grid(columns, (y, y + 20))
            for number, (words, parts) in enumerate(pair):
                sheet.line(columns[2 * number] + 4, y + 13, words, size=7.5)
                sheet.line(columns[2 * number + 1] + 4, y + 13, *parts, size=size)
            y += 20
            at += len(pair)
    papers.sign(paper, papers.terms(paper, y + 26, 2))
    paper.close_page()


def receipt(sheet: Sheet, facts: Facts) -> None:
    """A receipt for the deposit, in two sentences."""
    paper, y = _started(sheet, facts, facts.pick("Receipt", "Deposit receipt", "Payment receipt"))
    sheet.line(LEFT, y, f"Receipt no. {facts.number}    {facts.other_days[0]}", size=9)
    y = paper.prose(
        y + 24,
        "Received from ",
        *facts.titled(),
        " (",
        facts.email,
        ") the sum of ",
        facts.deposit,
        facts.pick(" as a deposit", " as the booking fee", " as a non-refundable retainer"),
        f" for {facts.pick('photography', 'flowers', 'catering')} at their wedding on ",
        facts.wedding,
        " at ",
        facts.venue,
        ".",
    )
    y = paper.prose(
        y,
        facts.pick("The total price agreed is ", "Total contract value: ", "The agreed total is "),
        facts.total,
        ". ",
        facts.pick("The balance of ", "The outstanding balance of ", "A final payment of "),
        facts.balance,
        facts.pick(" is due on ", " is to be paid by ", " will be due no later than "),
        facts.due,
        ".",
    )
    sheet.line(LEFT, y + 20, f"{facts.vendor_person}, for {facts.vendor.text}", size=9)
    paper.close_page()


def ticked(sheet: Sheet, facts: Facts) -> None:
    """A booking form with the chosen package ticked in brackets or with a drawn cross."""
    paper, y = _started(sheet, facts, facts.pick("Booking Form", "Wedding Booking Form"))
    y = papers.sections(
        paper, y, [("couple", papers.couple_rows(paper)), ("day", papers.day_rows(paper, package=False))], papers.ROWS
    )
    sheet.line(LEFT, y, facts.pick("Package", "Please choose your package", "Which package would you like?"), bold=True)
    offers: list[Part] = ["Mini Package", "Weekend Special", "Grand Tour"]
    offers.insert(facts.dice.randrange(4), facts.package)
    drawn = facts.dice.random() < 0.6
    for offer in offers:
        y += 17
        chosen = offer is facts.package
        if drawn:
            sheet.box(LEFT + 4, y - 8, LEFT + 13, y + 1)
            if chosen:
                sheet.line(LEFT + 5.6, y - 0.4, "X", size=8.5, bold=True)
        else:
            sheet.line(LEFT + 4, y, "[X]" if chosen else "[  ]")
        sheet.line(LEFT + 22, y, offer)
    papers.sign(paper, y + 20)
    paper.close_page()


def venue_hire(sheet: Sheet, facts: Facts) -> None:
    """A venue's hire agreement: its own words for everything, a refundable bond beside the deposit."""
    paper, y = _started(sheet, facts, facts.pick("Venue Hire Agreement", "Hire Contract", "Hire Agreement"))
    rows: list[Row] = [
        (facts.pick("Hirer", "Hirers", "Name of hirer(s)"), facts.couple()),
        (facts.pick("Email", "Hirer’s email"), (facts.email,)),
        (facts.pick("Phone", "Mobile", "Hirer’s telephone"), (facts.phone,)),
        (facts.pick("Type of event", "Nature of event"), ("Wedding",)),
        (facts.pick("Date of event", "Event date", "Wedding date", "Date of function"), (facts.wedding,)),
        (facts.pick("Number attending", "Expected number of guests", "Number of guests"), (facts.guests,)),
        (facts.pick("Hire charge (total)", "Total hire fee", "Hire fee", "Total charge"), (facts.total,)),
        (facts.pick("Booking deposit", "Deposit", "Deposit (non-refundable)"), (facts.deposit,)),
        (facts.pick("Balance", "Balance due", "Balance payable"), (facts.balance,)),
        (facts.pick("Balance due date", "Balance payable by", "Balance to be paid by"), (facts.due,)),
        (facts.pick("Security bond (refundable)", "Damage deposit (refundable)"), (facts.others[1],)),
    ]
    y = facts.dice.choice(papers.ROWS)(paper, y, rows)
    papers.sign(paper, papers.terms(paper, y, 3))
    paper.close_page()


def two_places(sheet: Sheet, facts: Facts) -> None:
    """Ceremony and reception in different places, in rows or in a sentence."""
    paper, y = _started(sheet, facts, name(facts, "contract"))
    labels = {
        "en": (("Ceremony venue", "Reception venue"), ("Ceremony", "Reception"), ("Ceremony location", "Reception location")),
        "de": (("Ort der Trauung", "Ort der Feier"),), "fr": (("Lieu de la cérémonie", "Lieu de la réception"),), "es": (("Lugar de la ceremonia", "Lugar del banquete"),),
        "nl": (("Locatie ceremonie", "Feestlocatie"),), "it": (("Luogo della cerimonia", "Luogo del ricevimento"),),
    }[facts.language]  # fmt: skip
    one, two = facts.dice.choice(labels)
    rows: list[Row] = [
        paper.row("wedding", facts.wedding),
        (one, (facts.church,)),
        (two, (facts.party,)),
        paper.row("guests", facts.guests),
    ]
    spoken = facts.english and facts.dice.random() < 0.4
    groups = [("couple", papers.couple_rows(paper)), ("day", rows[:1] + rows[3:] if spoken else rows)]
    y = papers.sections(paper, y, groups, papers.ROWS)
    if spoken:
        y = paper.prose(
            y,
            facts.pick("The ceremony will be held at ", "The wedding ceremony takes place at "),
            facts.church,
            facts.pick(
                ", followed by a reception at ",
                " and the reception will be held at ",
                ". The reception will take place at ",
            ),
            facts.party,
            ".",
        )
    y = papers.sections(paper, y, [("money", papers.money_rows(paper))], papers.ROWS)
    papers.sign(paper, y)
    paper.close_page()


def event_sheet(sheet: Sheet, facts: Facts) -> None:
    """Bare labels that only their place explains: Event, Date, Time, Place, Guests."""
    paper, y = _started(
        sheet, facts, facts.pick("DJ Contract", "Band Contract", "Performance Agreement", "Entertainment Contract")
    )
    y = papers.rows_tabbed(paper, y, papers.couple_rows(paper))
    y = papers.headed(paper, y, facts.pick("Event", "The event", "Wedding details", "Performance"))
    rows: list[Row] = [
        (facts.pick("Date", "Event date", "When"), (facts.wedding,)),
        (facts.pick("Place", "Where", "Location", "Venue"), (facts.venue,)),
        ("Guests", (facts.guests,)),
        ("Performance time", ("7:30 pm to 11:45 pm",)),
    ]
    y = facts.dice.choice((papers.rows_tabbed, papers.rows_ruled, papers.rows_bold_inline, papers.rows_inline))(
        paper, y, rows
    )
    y = papers.headed(paper, y, facts.pick("Fee", "Fees", "Payment"))
    rows = [
        (facts.pick("Fee", "Total fee", "Performance fee"), (facts.total,)),
        (facts.pick("Deposit", "Retainer"), (facts.deposit,)),
        (facts.pick("Balance", "Remaining balance"), (facts.balance,)),
        (facts.pick("Due", "Balance due", "Due by"), (facts.due,)),
    ]
    y = facts.dice.choice((papers.rows_tabbed, papers.rows_ruled, papers.rows_bold_inline, papers.rows_inline))(
        paper, y, rows
    )
    papers.sign(paper, papers.terms(paper, y, 2))
    paper.close_page()


def right_labels(sheet: Sheet, facts: Facts) -> None:
    """Labels set flush right against a line, values flush left behind it."""
    paper, y = _started(sheet, facts, name(facts, "contract"))
    x = LEFT + 160
    rows = [*papers.couple_rows(paper), *papers.day_rows(paper), *papers.money_rows(paper)]
    for words, parts in rows:
        sheet.line(x, y, words, align="right", grey=0.35, size=9)
        sheet.line(x + 14, y, *parts)
        y += 18
    sheet.upright(x + 7, y - 18 * len(rows) - 10, y - 10)
    papers.sign(paper, papers.terms(paper, y + 14, 2))
    paper.close_page()


_LETTERS: dict[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
    "de": ("Auftragsbestätigung", (("Liebe {first}, liebe(r) {second},",), ("vielen Dank für euren Auftrag. Wir begleiten eure Hochzeit am ", "wedding", " in der Location ", "venue", "; ihr erwartet ", "guests", " Gäste."), ("Gebucht habt ihr das Paket ", "package", " zum Preis von insgesamt ", "total", "."), ("Nach Eingang eurer Anzahlung von ", "deposit", " bleibt ein Restbetrag von ", "balance", ", den ihr bitte bis ", "due", " überweist."))),
    "fr": ("Confirmation de réservation", (("Chers {first} et {second},",), ("Nous vous confirmons notre présence à votre mariage le ", "wedding", " au ", "venue", " pour ", "guests", " invités."), ("Vous avez choisi la formule ", "package", " pour un montant total de ", "total", "."), ("Après votre acompte de ", "deposit", ", le solde de ", "balance", " est à régler avant le ", "due", "."))),
    "es": ("Confirmación de reserva", (("Queridos {first} y {second}:",), ("Os confirmamos que estaremos en vuestra boda el ", "wedding", " en ", "venue", " con ", "guests", " invitados."), ("Habéis elegido el paquete ", "package", " por un importe total de ", "total", "."), ("Una vez recibida la señal de ", "deposit", ", queda pendiente un resto de ", "balance", " que se abonará antes del ", "due", "."))),
    "nl": ("Boekingsbevestiging", (("Beste {first} en {second},",), ("Hierbij bevestigen wij dat wij op ", "wedding", " aanwezig zijn bij jullie bruiloft in ", "venue", " met ", "guests", " gasten."), ("Jullie kozen voor het pakket ", "package", " voor een totaalprijs van ", "total", "."), ("Na ontvangst van de aanbetaling van ", "deposit", " resteert een bedrag van ", "balance", ", te betalen uiterlijk ", "due", "."))),
    "it": ("Conferma di prenotazione", (("Cari {first} e {second},",), ("confermiamo la nostra presenza al vostro matrimonio del ", "wedding", " presso ", "venue", " con ", "guests", " ospiti."), ("Avete scelto il pacchetto ", "package", " al prezzo totale di ", "total", "."), ("Ricevuto l’acconto di ", "deposit", ", resta un saldo di ", "balance", " da versare entro il ", "due", "."))),
}  # fmt: skip


def continental_letter(sheet: Sheet, facts: Facts) -> None:
    """A confirmation in sentences, in German, French, Spanish, Dutch or Italian."""
    title, body = _LETTERS[facts.language]
    paper, y = _started(sheet, facts, title)
    for number, parts in enumerate((facts.couple(), (facts.email,), (facts.phone,))):
        sheet.line(LEFT, y + 13 * number, *parts)
    y += 56
    values: dict[str, Part] = {
        "wedding": facts.wedding,
        "venue": facts.venue,
        "guests": facts.guests,
        "package": facts.package,
        "total": facts.total,
        "deposit": facts.deposit,
        "balance": facts.balance,
        "due": facts.due,
    }
    firsts = {"first": facts.first.text.split()[0], "second": facts.second.text.split()[0]}
    for sentence in body:
        y = paper.prose(y, *(values.get(words) or words.format(**firsts) for words in sentence))
    sheet.line(LEFT, y + 20, facts.vendor_person)
    paper.close_page()


# --- kept back -------------------------------------------------------------------------------------------------------------
def catering_order(sheet: Sheet, facts: Facts) -> None:
    """A caterer's order: price a head, menu, extras, totals at the foot."""
    paper, y = _started(sheet, facts, facts.pick("Catering Agreement", "Catering Order & Contract"), kept_back=True)
    y = papers.sections(
        paper, y, [("couple", papers.couple_rows(paper)), ("day", papers.day_rows(paper))], papers.ROWS_KEPT
    )
    y = paper.prose(
        y,
        f"Menu: smoked trout, roast lamb or squash tart, lemon posset. {facts.others[2]} per head for a minimum of 40 guests; children under five eat free. Staff: 8 waiters, 2 chefs.",
    )
    right = paper.right
    for words, parts in (
        (f"Food and drink ({facts.guests.text} x {facts.others[2]})", (facts.subtotal,)),
        ("Crockery hire", (facts.others[0],)),
        (paper.name("total"), (facts.total,)),
        (paper.name("deposit"), (facts.deposit,)),
        (paper.name("balance"), (facts.balance,)),
    ):
        y = paper.room(y, 20)
        sheet.line(LEFT, y, words, bold=facts.total in parts)
        sheet.line(right, y, *parts, align="right")
        y += 17
    y = paper.prose(
        y + 6,
        facts.pick("Final numbers and the balance are due ", "We ask for the balance on ", "The balance falls due on "),
        facts.due,
        ".",
    )
    papers.sign(paper, papers.terms(paper, y, 2))
    paper.close_page()


def credit_invoice(sheet: Sheet, facts: Facts) -> None:
    """An invoice on which the deposit is a line with a minus and the amount due stands in a box at the top."""
    paper, y = _started(sheet, facts, facts.pick("Invoice", "TAX INVOICE", "Final invoice"), kept_back=True)
    sheet.box(paper.right - 170, y - 12, paper.right, y + 36)
    sheet.line(paper.right - 162, y + 2, "Amount due", size=8)
    sheet.line(paper.right - 162, y + 18, facts.balance, bold=True, size=13)
    sheet.line(paper.right - 162, y + 31, "Due ", facts.due, size=8)
    sheet.line(LEFT, y, "Invoice for ", *facts.couple())
    sheet.line(LEFT, y + 14, facts.email, "   ", facts.phone, size=9)
    sheet.line(LEFT, y + 28, f"Invoice {facts.number}, {facts.other_days[0]}", size=9)
    y += 64
    sheet.line(LEFT, y, "Wedding on ", facts.wedding, " – ", facts.package)
    for words, parts in (
        ("Services", (facts.subtotal,)),
        ("GST / VAT", (facts.tax,)),
        ("Invoice total", (facts.total,)),
        (f"Deposit paid {facts.other_days[1]}", ("–", facts.deposit)),
        ("Amount due", (facts.balance,)),
    ):
        y += 19
        sheet.line(LEFT + 200, y, words)
        sheet.line(paper.right, y, *parts, align="right")
    paper.close_page()


def instalments(sheet: Sheet, facts: Facts) -> None:
    """Payments as a list: first and final instalment with what each is for."""
    paper, y = _started(sheet, facts, facts.pick("Wedding Planning Agreement", "Planning Contract"), kept_back=True)
    y = papers.sections(
        paper, y, [("couple", papers.couple_rows(paper)), ("day", papers.day_rows(paper))], papers.ROWS_KEPT
    )
    y = paper.prose(
        y,
        facts.pick("Our fee for planning your wedding is ", "For our services we charge ", "The contract price is "),
        facts.total,
        facts.pick(", payable in two instalments:", ", paid as follows:"),
    )
    y = paper.prose(
        y, "1. ", facts.deposit, facts.pick(" as a deposit on signing;", " to reserve your date (deposit);")
    )
    y = paper.prose(
        y, "2. ", facts.balance, facts.pick(" (final balance) on ", " as the remaining balance by "), facts.due, "."
    )
    papers.sign(paper, papers.terms(paper, y, 3))
    paper.close_page()
