"""Families put together from the parts of ``papers``: contracts, invoices, proposals, schedules and questionnaires."""

# ruff: noqa: E501 - sentences of sample documents

from __future__ import annotations

from bench.filled import papers
from bench.filled.facts import Facts
from bench.filled.more_words import name
from bench.filled.papers import HEADINGS, LEFT, Paper, Row
from bench.filled.sheet import Part, Sheet
from bench.filled.words import label

HEADS = (papers.head_left, papers.head_centred, papers.head_band, papers.head_right, papers.head_from)


def _started(sheet: Sheet, facts: Facts, title: str, *, kept_back: bool = False) -> tuple[Paper, float]:
    paper = Paper(sheet, facts, kept_back=kept_back)
    return paper, facts.dice.choice(HEADS)(paper, title)


def _plain_total(paper: Paper) -> list[Row]:
    return papers.money_rows(paper)


def contract(sheet: Sheet, facts: Facts) -> None:
    """Rows in one of many manners, small print, a signature."""
    paper, y = _started(sheet, facts, name(facts, "contract"))
    if facts.dice.random() < 0.5:
        y = paper.prose(y, f"{paper.name('signed')}: ", facts.signed)
    groups = [
        ("couple", papers.couple_rows(paper)),
        ("day", papers.day_rows(paper)),
        ("money", papers.money_rows(paper)),
    ]
    y = papers.sections(paper, y, groups, papers.ROWS)
    y = papers.terms(paper, y)
    papers.sign(paper, y)
    paper.close_page()


def long_contract(sheet: Sheet, facts: Facts) -> None:
    """The facts on the first page or at the end, pages of small print between or after, signatures on the last."""
    paper, y = _started(sheet, facts, name(facts, "contract"))
    groups = [("couple", papers.couple_rows(paper)), ("day", papers.day_rows(paper))]
    y = papers.sections(paper, y, groups, papers.ROWS)
    money_first = facts.dice.random() < 0.5
    if money_first:
        y = papers.sections(paper, y, [("money", papers.money_rows(paper))], papers.ROWS)
    y = papers.long_terms(paper, y)
    if not money_first:
        y = papers.sections(paper, y, [("money", papers.money_rows(paper))], papers.ROWS)
    papers.sign(paper, y)
    paper.close_page()


_PAID = {"en": "paid", "de": "bezahlt", "fr": "payé", "es": "pagado", "nl": "betaald", "it": "pagato"}
_SCHEDULE_HEADS = {
    "en": (("Payment", "Amount", "Due date"), ("Instalment", "Due", "Amount"), ("Description", "Date due", "Amount")),
    "de": (("Zahlung", "Betrag", "Fällig am"),), "fr": (("Versement", "Montant", "Échéance"),), "es": (("Pago", "Importe", "Vencimiento"),),
    "nl": (("Betaling", "Bedrag", "Vervaldatum"),), "it": (("Pagamento", "Importo", "Scadenza"),),
}  # fmt: skip


def schedule(sheet: Sheet, facts: Facts) -> None:
    """A contract whose payments stand in a table: deposit when signing, balance before the day, total at the foot."""
    paper, y = _started(sheet, facts, name(facts, "contract"))
    groups = [("couple", papers.couple_rows(paper)), ("day", papers.day_rows(paper))]
    y = papers.sections(paper, y, groups, papers.ROWS)
    y = papers.headed(paper, y, HEADINGS["money"][facts.language])
    heads = facts.dice.choice(_SCHEDULE_HEADS[facts.language])
    dated_last = heads[1] in ("Amount", "Betrag", "Montant", "Importe", "Bedrag", "Importo")
    deposit_day = facts.other_days[0]
    rows: list[tuple[Part, ...]] = [heads]
    for words, amount, day in (
        (paper.name("deposit"), facts.deposit, deposit_day),
        (paper.name("balance"), facts.balance, facts.due),
        (paper.name("total"), facts.total, ""),
    ):
        rows.append((words, amount, day) if dated_last else (words, day, amount))
    y = paper.room(y, 90)
    edges = (LEFT, LEFT + 200, LEFT + 330, paper.right)
    ruled = facts.dice.random() < 0.6
    for number, cells in enumerate(rows):
        for x, part in zip(edges, cells, strict=False):
            sheet.line(x + 5, y, part, size=9, bold=number == 0 or number == 3)
        y += 18
    if ruled:
        sheet.grid(edges, [y - 12 - 18 * number for number in range(len(rows), -1, -1)])
    papers.sign(paper, papers.terms(paper, y + 10, 2))
    paper.close_page()


def invoice(sheet: Sheet, facts: Facts) -> None:
    """Bill-to block beside the paper's own numbers, items with quantities, totals in one of several blocks, bank details."""
    paper, y = _started(sheet, facts, label(facts, "invoice"))
    middle = sheet.width / 2 + 20
    meta: list[Row] = [
        (label(facts, "invoice_number"), (facts.number,)),
        (label(facts, "invoice_date"), (facts.other_days[0],)),
    ]
    if facts.dice.random() < 0.5:
        meta.append(paper.row("due", facts.due))
    meta.append(paper.row("wedding", facts.wedding))
    block: list[tuple[Part, ...]] = [
        (paper.name("bill_to"),),
        facts.titled(),
        (facts.home_street,),
        (facts.email,),
        (facts.phone,),
    ]
    for number, parts in enumerate(block):
        sheet.line(LEFT, y + 13 * number, *parts, size=9, bold=number == 0)
    for number, (words, parts) in enumerate(meta):
        sheet.line(middle, y + 13 * number, words, size=9)
        sheet.line(paper.right, y + 13 * number, *parts, size=9, align="right")
    y = _items(paper, y + 86, listed_total=facts.dice.random() < 0.5)
    due_printed = any(parts == (facts.due,) for _, parts in meta)
    y = _totals(paper, y, with_due=not due_printed and facts.dice.random() < 0.5)
    if facts.due.value not in {str(s.value.value) for s in sheet.seen.values()}:
        asked = {
            "en": "Please pay the balance by ",
            "de": "Bitte überweisen Sie den Restbetrag bis ",
            "fr": "Merci de régler le solde avant le ",
            "es": "Rogamos abone el importe pendiente antes del ",
            "nl": "Gelieve het restbedrag te betalen vóór ",
            "it": "Si prega di versare il saldo entro il ",
        }
        y = paper.prose(y + 14, asked[facts.language], facts.due, ".")
    sheet.line(
        LEFT,
        sheet.height - 62,
        f"IBAN {facts.country if facts.country not in ('US', 'AU') else 'GB'}29 6016 1331 9268 19 · Sort code 40-12-33 · Account 12345678",
        size=7.5,
    )
    paper.close_page()


def _items(paper: Paper, y: float, *, listed_total: bool) -> float:
    sheet, facts = paper.sheet, paper.facts
    right = paper.right
    heads = {
        "en": ("Description", "Qty", "Unit price", "Amount"),
        "de": ("Beschreibung", "Menge", "Einzelpreis", "Betrag"),
        "fr": ("Désignation", "Qté", "P.U.", "Montant"),
        "es": ("Concepto", "Cant.", "Precio", "Importe"),
        "nl": ("Omschrijving", "Aantal", "Prijs", "Bedrag"),
        "it": ("Descrizione", "Qtà", "Prezzo", "Importo"),
    }[facts.language]
    at = (LEFT + 4, right - 190, right - 90, right - 4)
    for x, words, align in zip(at, heads, ("left", "right", "right", "right"), strict=True):
        sheet.line(x, y, words, size=8.5, bold=True, align=align)
    sheet.rule(LEFT, y + 5, right)
    extras = {
        "en": "Travel and parking",
        "de": "Anfahrt",
        "fr": "Déplacement",
        "es": "Desplazamiento",
        "nl": "Reiskosten",
        "it": "Trasferta",
    }[facts.language]
    services: tuple[tuple[Part, str], ...] = ((facts.package, facts.subtotal), (extras, facts.others[1]))
    for service, amount in services:
        y += 19
        cells: tuple[Part, ...] = (service, "1", amount, amount)
        for x, cell, align in zip(at, cells, ("left", "right", "right", "right"), strict=True):
            sheet.line(x, y, cell, size=9, align=align)
    sheet.rule(LEFT, y + 7, right, grey=0.6)
    return y + 26


def _totals(paper: Paper, y: float, *, with_due: bool) -> float:
    sheet, facts = paper.sheet, paper.facts
    rows: list[Row] = [(label(facts, "subtotal"), (facts.subtotal,)), (label(facts, "tax"), (facts.tax,))]
    rows += [paper.row("total", facts.total), paper.row("deposit", facts.deposit), paper.row("balance", facts.balance)]
    if with_due:
        rows.append(paper.row("due", facts.due))
    style = facts.dice.randrange(3)
    left = paper.right - 210
    for number, (words, parts) in enumerate(rows):
        last = number == len(rows) - 1
        if style == 1:
            sheet.box(left, y - 12, paper.right, y + 6)
        if style == 2 and last:
            sheet.box(left, y - 12, paper.right, y + 6, fill=0.85)
        sheet.line(left + 6, y, words, size=9, bold=last)
        sheet.line(paper.right - 6, y, *parts, size=9, bold=last, align="right")
        y += 18
    return y


def options_proposal(sheet: Sheet, facts: Facts) -> None:
    """Three packages with prices; the chosen one is named, or ticked, and the money follows."""
    facts_rows = Paper(sheet, facts)
    paper, y = _started(sheet, facts, facts.pick("Wedding Proposal", "Quote", "Your proposal", "Proposal & quote"))
    y = papers.sections(
        paper, y, [("couple", papers.couple_rows(paper)), ("day", papers.day_rows(paper, package=False))], papers.ROWS
    )
    y = papers.headed(paper, y, facts.pick("Our packages", "Options", "Price list"))
    offers = (("Mini Package", facts.others[0]), ("Grand Package", facts.others[1]))
    for words, amount in offers:
        y = paper.room(y, 20)
        sheet.line(LEFT, y, words)
        sheet.line(paper.right, y, amount, align="right")
        y += 15
    y = paper.room(y + 6, 60)
    chosen = facts.pick("You have chosen: ", "Selected package: ", "Your choice: ", "Package selected: ")
    sheet.line(LEFT, y, chosen, facts.package, bold=True)
    y = papers.sections(facts_rows, y + 24, [("money", papers.money_rows(paper))], papers.ROWS)
    y = paper.prose(y, f"This proposal is valid until {facts.other_days[2]}. Prepared by {facts.vendor_person}.")
    papers.sign(paper, y)
    paper.close_page()


def numbered_parties(sheet: Sheet, facts: Facts) -> None:
    """BETWEEN (1) … and (2) …, recitals, clauses with sub-numbers."""
    paper = Paper(sheet, facts)
    y = 66.0
    sheet.line(sheet.width / 2, y, name(facts, "contract").upper(), size=14, bold=True, align="center")
    y = paper.prose(
        y + 30,
        facts.pick("This agreement is dated ", "THIS AGREEMENT is made on ", "Date of this agreement: "),
        facts.signed,
        ".",
    )
    sheet.line(LEFT, y, facts.pick("BETWEEN:", "PARTIES", "The parties:"), bold=True)
    y += 18
    y = paper.prose(
        y,
        "(1) ",
        facts.vendor,
        f", whose business address is {facts.vendor_street} ({facts.vendor_email}, {facts.vendor_phone}) ",
        facts.pick("(“the Supplier”); and", "(the “Company”); and", "(“Supplier”) and"),
    )
    y = paper.prose(
        y,
        "(2) ",
        *facts.titled(),
        f" of {facts.home_street} (e-mail: ",
        facts.email,
        ", tel: ",
        facts.phone,
        facts.pick(") (“the Client”).", ") (together “the Clients”).", ") (the “Customer”)."),
    )
    clauses: list[tuple[Part, ...]] = [
        ("1.1 ", facts.pick("The Supplier agrees to provide its services at the Client’s wedding on ", "The event is the wedding of the Client, which will be held on "), facts.wedding, " at ", facts.venue, facts.pick(". The ceremony starts at ", ", with the ceremony beginning at "), facts.time, "."),
        ("1.2 ", facts.pick("The number of guests is expected to be ", "The Client anticipates a guest count of ", "Catering is for a total of "), facts.guests, facts.pick(".", " in total.", " persons.") if facts.dice.random() < 0.5 else "."),
        ("1.3 ", facts.pick("The Client has chosen the package “", "The services are those of the package “"), facts.package, "”."),
        ("2.1 ", facts.pick("The price for the services is ", "The total price payable is ", "The Client will pay the Supplier "), facts.total, facts.pick(" (“the Fee”).", " including all taxes.", " in total.")),
        ("2.2 ", facts.pick("A booking fee of ", "A deposit of ", "An initial payment of "), facts.deposit, facts.pick(f" was paid on {facts.other_days[0]}.", " is payable on signature.", " secures the date and is non-refundable.")),
        ("2.3 ", facts.pick("The balance, being ", "The remaining sum of ", "The outstanding amount of "), facts.balance, facts.pick(", shall be paid no later than ", " becomes payable on ", " must reach the Supplier by "), facts.due, "."),
        (f"2.4 Overtime is billed at {facts.others[0]} an hour; damages are limited to {facts.others[1]}.",),
    ]  # fmt: skip
    for parts in clauses:
        y = paper.prose(y, *parts)
    papers.sign(paper, papers.terms(paper, y, 2))
    paper.close_page()


def plain_letter(sheet: Sheet, facts: Facts) -> None:
    """A booking confirmation in sentences, as people write letters."""
    paper = Paper(sheet, facts)
    y = facts.dice.choice((papers.head_left, papers.head_right, papers.head_centred))(
        paper, facts.pick("Booking confirmation", "Confirmation of your booking", "Your wedding booking")
    )
    sheet.line(LEFT, y, facts.other_days[0])
    y = paper.prose(y + 26, "Dear ", *facts.couple(), ",")
    body: list[tuple[Part, ...]] = [
        (facts.pick("We are delighted to confirm that we will be with you on ", "Thank you for booking us for your wedding on ", "This letter confirms our services for your marriage on "), facts.wedding, facts.pick(" at ", " in "), facts.venue, facts.pick(", where the ceremony begins at ", ". We understand that the ceremony starts at "), facts.time, "."),
        (facts.pick("You have booked the ", "You asked us for the ", "Your chosen package is the "), facts.package, facts.pick(" for ", ", with an estimated "), facts.guests, " guests."),
        (facts.pick("The agreed price is ", "Our fee comes to ", "The cost for this is "), facts.total, facts.pick(", of which we have already received your deposit of ", ". Thank you for the deposit of "), facts.deposit, facts.pick(f", paid on {facts.other_days[1]}. ", ". "), facts.pick("This leaves ", "That leaves a balance of ", "The amount still outstanding is "), facts.balance, facts.pick(", which we ask you to settle by ", ", due on ", ", payable no later than "), facts.due, "."),
        (f"If you would like more time on the day, each extra hour is {facts.others[0]}.",),
        ("We will use ", facts.email, " and ", facts.phone, " to reach you."),
        (facts.pick("With warm wishes,", "Yours sincerely,"),),
    ]  # fmt: skip
    for parts in body:
        y = paper.prose(y, *parts) + 2
    sheet.line(LEFT, y + 26, facts.vendor_person)
    paper.close_page()


def sent_mail(sheet: Sheet, facts: Facts) -> None:
    """An e-mail as a browser prints it: its own heads, then labelled lines and sentences."""
    paper = Paper(sheet, facts)
    sheet.line(LEFT, 44, facts.pick("Gmail", "Outlook", "Webmail"), size=9, grey=0.4)
    sheet.line(
        LEFT,
        64,
        facts.pick("Your wedding booking is confirmed", "Booking details", "Re: our wedding"),
        size=13,
        bold=True,
    )
    sheet.line(LEFT, 84, facts.vendor, f" <{facts.vendor_email}>", size=9)
    sheet.line(paper.right, 84, facts.other_days[0], size=9, align="right")
    sheet.line(LEFT, 97, "To: ", facts.first, " <", facts.email, ">", size=9)
    y = paper.prose(130, f"Hello {facts.first.text.split()[0]} and {facts.second.text.split()[0]},")
    y = paper.prose(y, facts.pick("Here is a summary of what you booked with us:", "Please check the details below:"))
    rows = [*papers.day_rows(paper), *papers.money_rows(paper)]
    rows.insert(0, paper.row("second", facts.second)) if facts.dice.random() < 0.5 else rows.insert(
        0, paper.row("couple", *facts.couple())
    )
    manner = facts.dice.choice((papers.rows_inline, papers.rows_bold_inline, papers.rows_striped, papers.rows_tabbed))
    y = manner(paper, y + 4, rows)
    y = paper.prose(y, f"Any questions, call us on {facts.vendor_phone}.")
    sheet.line(LEFT, y + 10, facts.vendor_person)
    sheet.line(LEFT, y + 23, facts.vendor.text)


_ASKED: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (("couple", "What are your names?|Who are the happy couple?|Names of both partners|Your names"), ("email", "Your email address|What is the best email for you?|Email"), ("phone", "Best phone number|Which number can we reach you on?|Mobile"), ("wedding", "When are you getting married?|What is your wedding date?|Date of the wedding"), ("time", "What time is the ceremony?|When does the ceremony start?"), ("venue", "Where is the wedding taking place?|Where will the ceremony be held?|Name of the venue"), ("guests", "How many guests will attend?|How many people are you inviting?|Number of guests (approx.)"), ("package", "Which package would you like?|Which collection have you chosen?|Preferred package")),
    "de": (("couple", "Wie heißt ihr?|Eure Namen"), ("email", "Eure E-Mail-Adresse"), ("phone", "Telefonnummer"), ("wedding", "Wann heiratet ihr?|Hochzeitsdatum"), ("venue", "Wo findet die Hochzeit statt?"), ("guests", "Wie viele Gäste erwartet ihr?")),
    "fr": (("couple", "Vos noms"), ("email", "Votre adresse e-mail"), ("phone", "Votre téléphone"), ("wedding", "Quand vous mariez-vous ?|Date du mariage"), ("venue", "Où se déroule le mariage ?"), ("guests", "Combien d’invités ?")),
    "es": (("couple", "Vuestros nombres"), ("email", "Vuestro correo electrónico"), ("phone", "Teléfono"), ("wedding", "¿Cuándo os casáis?|Fecha de la boda"), ("venue", "¿Dónde será la boda?"), ("guests", "¿Cuántos invitados?")),
    "nl": (("couple", "Jullie namen"), ("email", "E-mailadres"), ("phone", "Telefoonnummer"), ("wedding", "Wanneer trouwen jullie?|Trouwdatum"), ("venue", "Waar vindt de bruiloft plaats?"), ("guests", "Hoeveel gasten komen er?")),
    "it": (("couple", "I vostri nomi"), ("email", "La vostra e-mail"), ("phone", "Telefono"), ("wedding", "Quando vi sposate?|Data del matrimonio"), ("venue", "Dove si terrà il matrimonio?"), ("guests", "Quanti invitati?")),
}  # fmt: skip
_OTHER_QUESTIONS = {
    "en": (("How did you hear about us?", "From Anna’s wedding in June 2023"), ("Any dietary needs?", "2 vegans, 1 coeliac"), ("Your planner (if any)", "Ivy Lane Planning, ivy@ivylane.example"), ("What colours do you like?", "Sage and ivory"), ("Who is your officiant?", "Rev. James Hart"), ("What time do you want us to arrive?", "9:15 am"), ("How many bridesmaids?", "5")),
    "de": (("Wie habt ihr uns gefunden?", "Empfehlung von Lena"), ("Farben", "Salbei und Creme"), ("Trauzeugen", "Max Vogel")), "fr": (("Comment nous avez-vous connus ?", "Par une amie"), ("Couleurs", "Sauge et ivoire"), ("Témoins", "Luc Morel")),
    "es": (("¿Cómo nos conocisteis?", "Por una amiga"), ("Colores", "Verde y marfil")), "nl": (("Hoe hebben jullie ons gevonden?", "Via een vriendin"), ("Kleuren", "Groen en ivoor")), "it": (("Come ci avete conosciuto?", "Tramite un’amica"), ("Colori", "Salvia e avorio")),
}  # fmt: skip


def questionnaire(sheet: Sheet, facts: Facts, *, kept_back: bool = False) -> None:
    """Questions in everyday words, answers beside, under, on lines or in boxes, with other questions between."""
    paper = Paper(sheet, facts, kept_back=kept_back)
    title = {
        "en": facts.pick(
            "Wedding Questionnaire", "Tell us about your day", "New client questionnaire", "Wedding planner form"
        ),
        "de": "Hochzeitsfragebogen",
        "fr": "Questionnaire de mariage",
        "es": "Cuestionario",
        "nl": "Vragenlijst",
        "it": "Questionario sposi",
    }[facts.language]
    sheet.line(LEFT, 60, title, size=17, bold=True)
    given: dict[str, tuple[Part, ...]] = {
        "couple": facts.couple(),
        "email": (facts.email,),
        "phone": (facts.phone,),
        "wedding": (facts.wedding,),
        "time": (facts.time,),
        "venue": (facts.venue,),
        "guests": (facts.guests,),
        "package": (facts.package,),
    }
    rows: list[Row] = [(facts.dice.choice(asked.split("|")), given[key]) for key, asked in _ASKED[facts.language]]
    for question, answer in facts.dice.sample(_OTHER_QUESTIONS[facts.language], 2):
        rows.insert(facts.dice.randrange(len(rows)), (question, (answer,)))
    y = 96.0
    numbered, indent = facts.dice.random() < 0.4, facts.dice.choice((0, 0, 12))
    manner = facts.dice.choice(
        ("under", "line", "box", "beside") if not kept_back else ("dots", "wide-box", "arrow", "under")
    )
    bold = facts.dice.random() < 0.5
    for number, (question, parts) in enumerate(rows, 1):
        y = paper.room(y, 50)
        words = f"{number}) {question}" if numbered else question
        if manner in ("beside", "dots"):
            sheet.line(LEFT, y, words, bold=bold)
            x = LEFT + 250
            if manner == "dots":
                sheet.line(x, y + 2, "." * 60, grey=0.4)
            sheet.line(x + 4, y, *parts)
            y += 24
            continue
        sheet.line(LEFT, y, words, bold=bold)
        if manner == "line":
            sheet.rule(LEFT, y + 19, paper.right, thick=0.6)
        elif manner == "box":
            sheet.box(LEFT, y + 5, paper.right, y + 24)
        elif manner == "wide-box":
            sheet.box(LEFT, y + 6, LEFT + 300, y + 34)
        sheet.line(
            LEFT + (6 if manner in ("box", "wide-box") else indent), y + 17, "-> " if manner == "arrow" else "", *parts
        )
        y += 44 if manner == "wide-box" else 38
