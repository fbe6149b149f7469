"""Layout families that are mostly sentences: contracts, proposals, letters."""

# ruff: noqa: E501 - sentences of sample contracts

from __future__ import annotations

from bench.filled.facts import Facts
from bench.filled.marks import SIGNED, UNSIGNED, signature
from bench.filled.sheet import Part, Sheet
from bench.filled.words import label


def signing(sheet: Sheet, facts: Facts, x: float, y: float, *, width: float = 190.0) -> None:
    """A signature line, signed or not by the facts' dice."""
    how = facts.dice.choice(SIGNED if facts.dice.random() < 0.5 else UNSIGNED)
    signature(sheet, facts, x, y, how, width=width)


def numbered_contract(sheet: Sheet, facts: Facts) -> None:
    """English clauses with numbers, everything in sentences."""
    sheet.line(sheet.width / 2, 70, label(facts, "contract").upper(), size=15, bold=True, align="center")
    opening: tuple[Part, ...] = (
        facts.pick("This Agreement is made on ", "This agreement is entered into as of ", "Dated this "),
        facts.signed,
        " by and between ",
        facts.vendor,
        facts.pick(" (the “Supplier”), ", " (“Vendor”), ", " (hereinafter referred to as “the Company”), "),
        f"of {facts.vendor_street}, {facts.vendor_email}, {facts.vendor_phone}, and ",
        *facts.couple(),
        facts.pick(" (together the “Client”), ", " (collectively, the “Clients”), ", " (the “Couple”), "),
        f"residing at {facts.home_street}, email ",
        facts.email,
        ", telephone ",
        facts.phone,
        ".",
    )
    clauses: list[tuple[Part, ...]] = [
        opening,
        (
            "1. Event. The Supplier shall provide the services described below at the wedding of the Client to be held on ",
            facts.wedding,
            " at ",
            facts.venue,
            facts.pick(", commencing at ", ", starting at "),
            facts.time,
            ", for approximately ",
            facts.guests,
            facts.pick(" guests.", " people.", " persons."),
        ),
        ("2. Services. The Client has selected the ", facts.package, " as described in Schedule A."),
        (
            facts.pick("3. Fees. The total fee for the services is ", "3. Price. The Client agrees to pay a total of "),
            facts.total,
            ". ",
            facts.pick("A non-refundable retainer of ", "A deposit of "),
            facts.deposit,
            facts.pick(
                f" is payable upon signing and no later than {facts.other_days[0]}. ",
                " is due upon execution of this Agreement. ",
            ),
            facts.pick("The remaining balance of ", "The outstanding balance of "),
            facts.balance,
            facts.pick(" must be received no later than ", " shall be paid on or before ", " falls due on "),
            facts.due,
            f". Overtime is charged at {facts.others[0]} per hour and travel at {facts.others[1]}.",
        ),
        (
            f"4. Late payment. A late fee of {facts.others[2]} is added for every week. Photographs are delivered before {facts.other_days[1]}.",
        ),
        (
            "5. Cancellation. If the Client cancels within 30 days of the event no refund is given. This Agreement shall be governed by law.",
        ),
    ]
    y = 110.0
    for clause in clauses:
        y = sheet.prose(60, y, sheet.width - 120, *clause) + 4
    signing(sheet, facts, 60, y + 60)


def european_contract(sheet: Sheet, facts: Facts) -> None:
    """The same in the other five languages."""
    sheet.line(60, 80, label(facts, "contract"), size=17, bold=True)
    texts: dict[str, list[tuple[Part, ...]]] = {
        "de": [
            ("Zwischen ", facts.vendor, f", {facts.vendor_street}, {facts.vendor_email} (im Folgenden „Dienstleister“ genannt), und ", *facts.couple(), ", E-Mail ", facts.email, ", Telefon ", facts.phone, " (im Folgenden „Auftraggeber“), wird folgender Vertrag geschlossen."),
            ("Die Hochzeit findet am ", facts.wedding, " in der Location ", facts.venue, " statt. Es werden ", facts.guests, " Gäste erwartet. Gebucht wird das Angebot „", facts.package, "“."),
            ("Der Gesamtpreis beträgt ", facts.total, ". Die Anzahlung in Höhe von ", facts.deposit, " ist bei Vertragsabschluss fällig. Der Restbetrag von ", facts.balance, " ist bis zum ", facts.due, f" zu zahlen. Jede weitere Stunde kostet {facts.others[0]}."),
        ],
        "fr": [
            ("Entre ", facts.vendor, f", {facts.vendor_street}, {facts.vendor_email} (ci-après « le Prestataire »), et ", *facts.couple(), ", courriel ", facts.email, ", téléphone ", facts.phone, " (ci-après « les Clients »), il est convenu ce qui suit."),
            ("Le mariage aura lieu le ", facts.wedding, " au ", facts.venue, " pour ", facts.guests, " invités. Les Clients ont choisi la formule « ", facts.package, " »."),
            ("Le prix total de la prestation s’élève à ", facts.total, ". Un acompte de ", facts.deposit, " est versé à la signature. Le solde de ", facts.balance, " est à régler au plus tard le ", facts.due, f". Toute heure supplémentaire est facturée {facts.others[0]}."),
        ],
        "es": [
            ("De una parte ", facts.vendor, f", {facts.vendor_street}, {facts.vendor_email} (en adelante, “el Proveedor”), y de otra ", *facts.couple(), ", correo ", facts.email, ", teléfono ", facts.phone, " (en adelante, “los Clientes”), acuerdan lo siguiente."),
            ("La boda se celebrará el ", facts.wedding, " en ", facts.venue, " con ", facts.guests, " invitados. Los Clientes contratan el servicio “", facts.package, "”."),
            ("El precio total es de ", facts.total, ". La señal de ", facts.deposit, " se abona a la firma del contrato. El importe pendiente de ", facts.balance, " se pagará antes del ", facts.due, f". Cada hora adicional cuesta {facts.others[0]}."),
        ],
        "nl": [
            ("Tussen ", facts.vendor, f", {facts.vendor_street}, {facts.vendor_email} (hierna “de Opdrachtnemer”), en ", *facts.couple(), ", e-mail ", facts.email, ", telefoon ", facts.phone, " (hierna “de Opdrachtgever”), is het volgende overeengekomen."),
            ("De bruiloft vindt plaats op ", facts.wedding, " in ", facts.venue, " met ", facts.guests, " gasten. Gekozen is voor “", facts.package, "”."),
            ("De totaalprijs bedraagt ", facts.total, ". De aanbetaling van ", facts.deposit, " wordt bij ondertekening voldaan. Het restbedrag van ", facts.balance, " dient uiterlijk ", facts.due, f" betaald te zijn. Een extra uur kost {facts.others[0]}."),
        ],
        "it": [
            ("Tra ", facts.vendor, f", {facts.vendor_street}, {facts.vendor_email} (di seguito “il Fornitore”), e ", *facts.couple(), ", e-mail ", facts.email, ", telefono ", facts.phone, " (di seguito “i Clienti”), si conviene quanto segue."),
            ("Il matrimonio si terrà il ", facts.wedding, " presso ", facts.venue, " con ", facts.guests, " invitati. I Clienti scelgono “", facts.package, "”."),
            ("Il prezzo totale è di ", facts.total, ". L’acconto di ", facts.deposit, " è versato alla firma. Il saldo di ", facts.balance, " è dovuto entro il ", facts.due, f". Ogni ora aggiuntiva costa {facts.others[0]}."),
        ],
    }  # fmt: skip
    y = 120.0
    for paragraph in texts[facts.language]:
        y = sheet.prose(60, y, sheet.width - 120, *paragraph) + 6
    signing(sheet, facts, 60, y + 70)


def two_columns(sheet: Sheet, facts: Facts) -> None:
    """Two columns of short paragraphs under bold headings, both sides' text side by side."""
    sheet.line(50, 60, facts.vendor, size=16, bold=True)
    sheet.line(50, 76, f"{facts.vendor_street}  |  {facts.vendor_email}  |  {facts.vendor_phone}", size=8, grey=0.35)
    sheet.line(50, 106, label(facts, "contract"), size=13, bold=True)
    left: list[tuple[str, tuple[Part, ...]]] = [
        ("The parties", ("This contract is between ", facts.vendor, " (“we”, “us”) and ", *facts.couple(), " (“you”, the “Client”).")),
        ("How to reach you", (facts.email, " or by phone on ", facts.phone, ".")),
        ("Your day", ("Your wedding takes place on ", facts.wedding, " at ", facts.venue, ". Please arrive in good time; we begin at ", facts.time, ".")),
        ("Numbers", ("We cater for ", facts.guests, " guests. Final numbers are needed three weeks before the day.")),
    ]  # fmt: skip
    right: list[tuple[str, tuple[Part, ...]]] = [
        ("What you booked", ("You have booked ", facts.package, ", which includes everything listed overleaf.")),
        ("What it costs", ("The total price is ", facts.total, ". To secure the date we ask for a deposit of ", facts.deposit, ".")),
        ("When to pay the rest", ("The balance of ", facts.balance, " is payable by ", facts.due, ".")),
        ("Extras", (f"Additional hours are {facts.others[0]} each. Breakages are charged up to {facts.others[1]}.",)),
    ]  # fmt: skip
    middle = sheet.width / 2
    ends = []
    for x, column in ((50.0, left), (middle + 12, right)):
        y = 136.0
        for heading, words in column:
            sheet.line(x, y, heading, bold=True)
            y = sheet.prose(x, y + 14, middle - 66, *words, size=9.5) + 8
        ends.append(y)
    signing(sheet, facts, 50, max(ends) + 60, width=150)


def proposal_letter(sheet: Sheet, facts: Facts) -> None:
    """A letter: date and address on top, "Dear …", sentences, the supplier's name under the greeting."""
    sheet.line(sheet.width - 60, 60, facts.vendor, size=14, bold=True, align="right")
    sheet.line(sheet.width - 60, 74, facts.vendor_street, size=9, align="right")
    sheet.line(sheet.width - 60, 86, f"{facts.vendor_email} · {facts.vendor_phone}", size=9, align="right")
    sheet.line(60, 120, *facts.couple())
    sheet.line(60, 133, facts.home_street)
    sheet.line(60, 146, facts.email)
    sheet.line(60, 172, facts.other_days[0])
    sheet.line(
        60, 198, facts.pick("Proposal for your wedding", "Re: Wedding proposal", "Your wedding proposal"), bold=True
    )
    body: list[tuple[Part, ...]] = [
        (f"Dear {facts.first.text.split()[0]} and {facts.second.text.split()[0]},",),
        ("Thank you for meeting us. We would be delighted to look after your celebration on ", facts.wedding, " at ", facts.venue, ". You told us to expect around ", facts.guests, " guests."),
        ("We recommend our ", facts.package, facts.pick(" at a total cost of ", " for a total of "), facts.total, "."),
        ("To hold the date we ask for a booking fee of ", facts.deposit, ", leaving a balance of ", facts.balance, " due by ", facts.due, "."),
        (f"This proposal is valid until {facts.other_days[1]}. An extra hour is {facts.others[0]}.",),
        ("Kind regards,",),
    ]  # fmt: skip
    y = 224.0
    for paragraph in body:
        y = sheet.prose(60, y, sheet.width - 120, *paragraph) + 4
    sheet.line(60, y + 34, facts.vendor_person)
    sheet.line(60, y + 47, facts.vendor.text)
    if facts.dice.random() < 0.6:
        signing(sheet, facts, 60, y + 130)


def key_facts_then_prose(sheet: Sheet, facts: Facts) -> None:
    """A contract that begins with a block of labels and goes on in sentences about the money."""
    sheet.line(60, 64, label(facts, "contract"), size=16, bold=True)
    rows: list[tuple[str, tuple[Part, ...]]] = [
        (label(facts, "vendor"), (facts.vendor,)),
        (label(facts, "couple"), facts.couple()),
        (label(facts, "email"), (facts.email,)),
        (label(facts, "phone"), (facts.phone,)),
        (label(facts, "wedding"), (facts.wedding,)),
        (label(facts, "venue"), (facts.venue,)),
        (label(facts, "street"), (facts.street,)),
        (label(facts, "guests"), (facts.guests,)),
        (label(facts, "package"), (facts.package,)),
    ]
    y = 96.0
    colon = facts.pick(":", "", " –")
    for name, words in rows:
        sheet.line(60, y, f"{name}{colon}", bold=True)
        sheet.line(210, y, *words)
        y += 17
    money: dict[str, tuple[Part, ...]] = {
        "en": ("In consideration of the services the Client shall pay ", facts.total, " in total: ", facts.deposit, " as a deposit when signing and ", facts.balance, " as the final balance on ", facts.due, "."),
        "de": ("Für die Leistungen wird ein Gesamthonorar von ", facts.total, " vereinbart. Davon sind ", facts.deposit, " als Anzahlung sofort zu leisten, der Rest von ", facts.balance, " ist fällig am ", facts.due, "."),
        "fr": ("Le montant total des prestations est de ", facts.total, ", dont ", facts.deposit, " d’acompte à la réservation, le solde de ", facts.balance, " étant dû le ", facts.due, "."),
        "es": ("El importe total asciende a ", facts.total, ", de los cuales ", facts.deposit, " como señal en el momento de la reserva y el resto, ", facts.balance, ", con vencimiento el ", facts.due, "."),
        "nl": ("De totale prijs is ", facts.total, ", waarvan ", facts.deposit, " als aanbetaling en het restant van ", facts.balance, " met vervaldatum ", facts.due, "."),
        "it": ("L’importo totale è di ", facts.total, ", di cui ", facts.deposit, " a titolo di caparra e il saldo di ", facts.balance, " con scadenza il ", facts.due, "."),
    }  # fmt: skip
    y = sheet.prose(60, y + 14, sheet.width - 120, *money[facts.language])
    signing(sheet, facts, 60, y + 70)
