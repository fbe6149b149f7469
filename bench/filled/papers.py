"""Papers put together from parts: a head, the parties, the day, the money, small print, signatures, in many manners.

Every part draws from ``y`` down and returns where the next one begins. ``KEPT`` holds manners only kept-back papers use.
"""

# ruff: noqa: E501 - sentences of sample documents

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.filled.facts import Facts
from bench.filled.marks import SIGNED, UNSIGNED, signature
from bench.filled.more_words import name
from bench.filled.sheet import Part, Sheet

Row = tuple[str, tuple[Part, ...]]
Draw = Callable[["Paper", float], float]
LEFT = 54.0


class Paper:
    """A sheet, its facts, and whether it is a kept-back one, which chooses among words of its own."""

    def __init__(self, sheet: Sheet, facts: Facts, *, kept_back: bool = False) -> None:
        self.sheet, self.facts, self.kept_back = sheet, facts, kept_back
        self.right = sheet.width - LEFT
        self.foot = self.facts.dice.random() < 0.5

    def name(self, key: str) -> str:
        return name(self.facts, key, self.kept_back)

    def row(self, key: str, *parts: Part) -> Row:
        return self.name(key), parts

    def room(self, y: float, needed: float) -> float:
        """``y``, or the top of a new page where less than ``needed`` points are left."""
        if y + needed < self.sheet.height - 60:
            return y
        self.close_page()
        self.sheet.next_page()
        self.sheet.line(LEFT, 40, self.facts.vendor.text, size=8, grey=0.4)
        self.sheet.line(self.right, 40, f"{self.facts.vendor_email}", size=8, grey=0.4, align="right")
        return 80.0

    def close_page(self) -> None:
        if self.foot:
            words = f"{self.facts.vendor.text}  ·  {self.facts.vendor_street}  ·  {self.facts.vendor_phone}  ·  {self.facts.vendor_email}"
            self.sheet.line(self.sheet.width / 2, self.sheet.height - 30, words, size=7, grey=0.4, align="center")

    def prose(self, y: float, *parts: Part, size: float | None = None) -> float:
        y = self.room(y, 50)
        return self.sheet.prose(LEFT, y, self.right - LEFT, *parts, size=size)


def couple_rows(paper: Paper) -> list[Row]:
    facts = paper.facts
    rows = (
        [paper.row("couple", *facts.titled())]
        if facts.dice.random() < 0.55
        else [paper.row("first", facts.first), paper.row("second", facts.second)]
    )
    contact = [paper.row("email", facts.email), paper.row("phone", facts.phone)]
    facts.dice.shuffle(contact)
    return rows + contact


def day_rows(paper: Paper, *, package: bool = True) -> list[Row]:
    facts = paper.facts
    rows = [paper.row("wedding", facts.wedding), paper.row("time", facts.time), paper.row("venue", facts.venue)]
    if facts.dice.random() < 0.5:
        rows.append(paper.row("street", facts.street))
    rows.append(
        paper.row("guests", *((facts.guests,) if facts.dice.random() < 0.7 else (facts.guests, _people(facts))))
    )
    if package:
        rows.append(paper.row("package", facts.package))
    return rows


def money_rows(paper: Paper) -> list[Row]:
    facts = paper.facts
    return [
        paper.row("total", facts.total),
        paper.row("deposit", facts.deposit),
        paper.row("balance", facts.balance),
        paper.row("due", facts.due),
    ]


def _people(facts: Facts) -> str:
    return {
        "en": " guests",
        "de": " Personen",
        "fr": " personnes",
        "es": " personas",
        "nl": " personen",
        "it": " persone",
    }[facts.language]


# --- heads -------------------------------------------------------------------------------------------------------------
def head_left(paper: Paper, title: str) -> float:
    sheet, facts = paper.sheet, paper.facts
    sheet.line(LEFT, 58, facts.vendor, size=17, bold=True)
    sheet.line(LEFT, 72, facts.vendor_street, size=8.5)
    sheet.line(LEFT, 83, f"{facts.vendor_phone} | {facts.vendor_email}", size=8.5)
    sheet.line(LEFT, 116, title, size=14, bold=True)
    return 142.0


def head_centred(paper: Paper, title: str) -> float:
    sheet, facts = paper.sheet, paper.facts
    middle = sheet.width / 2
    sheet.line(middle, 56, facts.vendor, size=15, align="center")
    sheet.line(
        middle, 70, f"{facts.vendor_street} · {facts.vendor_phone} · {facts.vendor_email}", size=8, align="center"
    )
    sheet.rule(LEFT, 78, paper.right)
    sheet.line(middle, 104, title.upper(), size=13, bold=True, align="center")
    return 134.0


def head_band(paper: Paper, title: str) -> float:
    """White letters on a dark band."""
    sheet, facts = paper.sheet, paper.facts
    sheet.box(0, 0, sheet.width, 64, fill=0.2)
    sheet.line(LEFT, 40, title, size=18, bold=True, grey=1.0)
    sheet.line(paper.right, 32, facts.vendor, size=11, bold=True, grey=1.0, align="right")
    sheet.line(paper.right, 46, facts.vendor_email, size=8, grey=1.0, align="right")
    return 96.0


def head_right(paper: Paper, title: str) -> float:
    sheet, facts = paper.sheet, paper.facts
    block: tuple[Part, ...] = (facts.vendor, facts.vendor_street, facts.vendor_phone, facts.vendor_email)
    for number, words in enumerate(block):
        sheet.line(paper.right, 54 + 12 * number, words, size=9, align="right", bold=number == 0)
    sheet.line(LEFT, 76, title, size=19)
    return 128.0


def head_from(paper: Paper, title: str) -> float:
    """Title first, then who it is from under a small word."""
    sheet, facts = paper.sheet, paper.facts
    sheet.line(LEFT, 60, title, size=22, bold=True, grey=0.25)
    word = {
        "en": "From",
        "de": "Anbieter",
        "fr": "Prestataire",
        "es": "Proveedor",
        "nl": "Leverancier",
        "it": "Fornitore",
    }[facts.language]
    sheet.line(LEFT, 84, word, size=8, grey=0.45)
    sheet.line(LEFT, 97, facts.vendor, bold=True)
    sheet.line(LEFT, 109, f"{facts.vendor_email}", size=9)
    return 138.0


# --- rows of labels and values --------------------------------------------------------------------------------------------
def rows_tabbed(paper: Paper, y: float, rows: Sequence[Row]) -> float:
    sheet, facts = paper.sheet, paper.facts
    colon, bold = facts.pick(":", ":", "", " :"), facts.dice.random() < 0.5
    x = LEFT + facts.dice.choice((130, 150, 180))
    for label, parts in rows:
        y = paper.room(y, 20)
        sheet.line(LEFT, y, label + colon, bold=bold)
        sheet.line(x, y, *parts)
        y += 17
    return y + 8


def rows_inline(paper: Paper, y: float, rows: Sequence[Row]) -> float:
    sheet = paper.sheet
    mark = paper.facts.pick("", "• ", "– ", "")
    for label, parts in rows:
        y = paper.room(y, 20)
        sheet.line(LEFT + 8, y, f"{mark}{label}: ", *parts)
        y += 15
    return y + 8


def rows_bold_inline(paper: Paper, y: float, rows: Sequence[Row]) -> float:
    sheet = paper.sheet
    for label, parts in rows:
        y = paper.room(y, 20)
        end = sheet.line(LEFT, y, f"{label}: ", bold=True)
        sheet.line(end, y, *parts)
        y += 16
    return y + 8


def rows_ruled(paper: Paper, y: float, rows: Sequence[Row]) -> float:
    sheet = paper.sheet
    x = LEFT + 170
    top = y - 12
    for label, parts in rows:
        sheet.line(LEFT + 5, y + 2, label, size=9)
        sheet.line(x + 5, y + 2, *parts, size=9)
        y += 20
    lines = [top + 20 * number for number in range(len(rows) + 1)]
    sheet.grid((LEFT, x, paper.right), lines)
    return y + 14


def rows_striped(paper: Paper, y: float, rows: Sequence[Row]) -> float:
    sheet = paper.sheet
    for number, (label, parts) in enumerate(rows):
        if number % 2 == 0:
            sheet.box(LEFT, y - 12, paper.right, y + 6, fill=0.93)
        sheet.line(LEFT + 6, y, label, size=9)
        sheet.line(paper.right - 6, y, *parts, size=9, align="right")
        y += 18
    return y + 12


def rows_pairs(paper: Paper, y: float, rows: Sequence[Row]) -> float:
    """Two pairs a line, the label over its value."""
    sheet = paper.sheet
    half = (paper.right - LEFT) / 2
    for number in range(0, len(rows), 2):
        y = paper.room(y, 40)
        for column, (label, parts) in enumerate(rows[number : number + 2]):
            sheet.line(LEFT + half * column, y, label, size=7.5, grey=0.4)
            sheet.line(LEFT + half * column, y + 13, *parts)
        y += 34
    return y + 4


def rows_side_by_side(paper: Paper, y: float, rows: Sequence[Row]) -> float:
    """Two pairs a line, each value beside its label."""
    sheet = paper.sheet
    half = (paper.right - LEFT) / 2
    for number in range(0, len(rows), 2):
        y = paper.room(y, 30)
        for column, (label, parts) in enumerate(rows[number : number + 2]):
            sheet.line(LEFT + half * column, y, f"{label}:", size=8.5, bold=True)
            sheet.line(LEFT + half * column + 104, y, *parts, size=8.5)
        y += 18
    return y + 8


def rows_boxed(paper: Paper, y: float, rows: Sequence[Row]) -> float:
    """The label over a drawn box that holds the value."""
    sheet = paper.sheet
    half = (paper.right - LEFT + 14) / 2
    for number in range(0, len(rows), 2):
        y = paper.room(y, 50)
        for column, (label, parts) in enumerate(rows[number : number + 2]):
            x = LEFT + half * column
            sheet.line(x, y, label, size=8)
            sheet.box(x, y + 5, x + half - 14, y + 25)
            sheet.line(x + 6, y + 19, *parts, size=9.5)
        y += 42
    return y + 4


def rows_leaders(paper: Paper, y: float, rows: Sequence[Row]) -> float:
    sheet = paper.sheet
    for label, parts in rows:
        y = paper.room(y, 20)
        end = sheet.line(LEFT, y, label)
        start = sheet.line(paper.right, y, *parts, align="right")
        width = sum(sheet.width_of(part) for part in parts)
        sheet.line(end + 4, y, "." * max(int((start - width - end - 10) / 2.8), 4))
        y += 18
    return y + 8


def rows_on_lines(paper: Paper, y: float, rows: Sequence[Row]) -> float:
    sheet = paper.sheet
    for label, parts in rows:
        y = paper.room(y, 30)
        end = sheet.line(LEFT, y, f"{label} ")
        sheet.rule(end + 2, y + 2.5, paper.right, thick=0.6)
        sheet.line(end + 8, y, *parts)
        y += 24
    return y + 6


def rows_column_heads(paper: Paper, y: float, rows: Sequence[Row]) -> float:
    """A table with its labels as heads of three columns, values under them."""
    sheet = paper.sheet
    wide = (paper.right - LEFT) / 3
    for number in range(0, len(rows), 3):
        y = paper.room(y, 60)
        some = rows[number : number + 3]
        sheet.box(LEFT, y - 11, LEFT + wide * len(some), y + 6, fill=0.88)
        for column, (label, parts) in enumerate(some):
            sheet.line(LEFT + wide * column + 5, y, label, size=8.5, bold=True)
            sheet.line(LEFT + wide * column + 5, y + 19, *parts, size=9)
        sheet.grid([LEFT + wide * c for c in range(len(some) + 1)], (y - 11, y + 6, y + 25))
        y += 46
    return y + 4


ROWS = (rows_tabbed, rows_inline, rows_bold_inline, rows_ruled, rows_striped, rows_pairs, rows_side_by_side, rows_boxed)
"""Manners of working papers; ``rows_leaders``, ``rows_on_lines`` and ``rows_column_heads`` are kept back."""
ROWS_KEPT = (rows_leaders, rows_on_lines, rows_column_heads, rows_pairs, rows_tabbed)


def headed(paper: Paper, y: float, words: str) -> float:
    y = paper.room(y, 70)
    style = paper.facts.dice.randrange(3)
    if style == 0:
        paper.sheet.line(LEFT, y, words, bold=True, size=11.5)
    elif style == 1:
        paper.sheet.line(LEFT, y, words.upper(), bold=True, size=9.5)
        paper.sheet.rule(LEFT, y + 4, paper.right, thick=0.5)
    else:
        paper.sheet.box(LEFT, y - 11, paper.right, y + 5, fill=0.85)
        paper.sheet.line(LEFT + 5, y, words, bold=True, size=10)
    return y + 22


HEADINGS = {
    "couple": {"en": "Client details", "de": "Kundendaten", "fr": "Coordonnées des clients", "es": "Datos del cliente", "nl": "Klantgegevens", "it": "Dati dei clienti"},
    "day": {"en": "Event details", "de": "Veranstaltung", "fr": "L’événement", "es": "Datos del evento", "nl": "Het evenement", "it": "Dettagli dell’evento"},
    "money": {"en": "Payment details", "de": "Zahlung", "fr": "Règlement", "es": "Forma de pago", "nl": "Betaling", "it": "Pagamento"},
    "terms": {"en": "Terms and conditions", "de": "Allgemeine Bedingungen", "fr": "Conditions générales", "es": "Condiciones generales", "nl": "Voorwaarden", "it": "Condizioni generali"},
}  # fmt: skip

_TERMS = {
    "en": (
        "The supplier carries public liability insurance of {sum}. Meals must be provided for crew working more than five hours.",
        "Any additional hours are charged at {rate} per hour. Travel beyond 40 miles costs {travel} per journey.",
        "If the event is cancelled within 60 days of the date, the full amount becomes due. A late fee of {late} applies after 14 days.",
        "Images are delivered within eight weeks. This offer expires on {day}. A minimum of 30 guests applies to menu bookings.",
        "For questions about this paper contact {person} at {mail}. On the day our coordinator can be reached on {phone}.",
        "Neither party shall be liable for failure to perform where this is caused by events beyond its control.",
    ),
    "de": ("Zusatzstunden werden mit {rate} berechnet. Dieses Angebot gilt bis {day}.", "Bei Fragen: {person}, {mail}, {phone}.", "Die Haftung ist auf den Vertragswert beschränkt."),
    "fr": ("Toute heure supplémentaire est facturée {rate}. Offre valable jusqu’au {day}.", "Pour toute question : {person}, {mail}, {phone}.", "La responsabilité du prestataire est limitée."),
    "es": ("Cada hora adicional cuesta {rate}. Oferta válida hasta el {day}.", "Para cualquier duda: {person}, {mail}, {phone}.", "La responsabilidad queda limitada al precio del contrato."),
    "nl": ("Extra uren kosten {rate} per uur. Deze offerte is geldig tot {day}.", "Bij vragen: {person}, {mail}, {phone}.", "De aansprakelijkheid is beperkt tot de contractwaarde."),
    "it": ("Ogni ora aggiuntiva costa {rate}. Offerta valida fino al {day}.", "Per informazioni: {person}, {mail}, {phone}.", "La responsabilità è limitata al valore del contratto."),
}  # fmt: skip


def terms(paper: Paper, y: float, count: int = 3) -> float:
    facts = paper.facts
    y = headed(paper, y, HEADINGS["terms"][facts.language])
    some = list(_TERMS[facts.language])
    facts.dice.shuffle(some)
    numbered = facts.dice.random() < 0.5
    for number, text in enumerate(some[:count], 1):
        words = text.format(
            sum={"US": "$2,000,000", "GB": "£5,000,000", "AU": "$10,000,000"}.get(facts.country, "€5,000,000"),
            rate=facts.others[0], travel=facts.others[1], late=facts.others[2], day=facts.other_days[1],
            person=facts.vendor_person, mail=facts.vendor_email, phone=facts.vendor_phone,
        )  # fmt: skip
        y = paper.prose(y, f"{number}. {words}" if numbered else words, size=9)
    return y + 4


def long_terms(paper: Paper, y: float) -> float:
    """More than a page of small print, so that the signatures stand on the next one."""
    for _ in range(paper.facts.dice.choice((1, 2, 5))):
        y = terms(paper, y, 6)
    return y


def sign(paper: Paper, y: float) -> float:
    facts = paper.facts
    y = paper.room(y, 100)
    how = facts.dice.choice(SIGNED if facts.dice.random() < 0.5 else UNSIGNED)
    signature(paper.sheet, facts, LEFT, y + 50, how, width=facts.dice.choice((150, 180)))
    return y + 90


def sections(
    paper: Paper, y: float, groups: Sequence[tuple[str, list[Row]]], manners: Sequence[Callable[..., float]]
) -> float:
    """Groups of rows, each under a heading or not, all in one manner or each in its own."""
    facts = paper.facts
    one, titled = facts.dice.choice(list(manners)), facts.dice.random() < 0.7
    for key, rows in groups:
        if titled:
            y = headed(paper, y, HEADINGS[key][facts.language])
        manner = one if facts.dice.random() < 0.7 else facts.dice.choice(list(manners))
        y = paper.room(y, 20 * len(rows) + 10)
        y = manner(paper, y, rows)
    return y
