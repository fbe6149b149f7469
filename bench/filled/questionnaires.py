"""Layout families of questionnaires and booking forms with typed answers in the labels' own face of type."""

# ruff: noqa: E501 - questions read better in one line

from __future__ import annotations

from bench.filled.facts import Facts
from bench.filled.sheet import Part, Sheet
from bench.filled.words import label

Row = tuple[str, tuple[Part, ...]]


def _title(sheet: Sheet, facts: Facts) -> None:
    name = {
        "en": facts.pick("Wedding Questionnaire", "Client Questionnaire", "Getting to know you", "Booking Form"),
        "de": "Fragebogen zur Hochzeit",
        "fr": "Questionnaire mariage",
        "es": "Cuestionario de boda",
        "nl": "Vragenlijst bruiloft",
        "it": "Questionario matrimonio",
    }[facts.language]
    sheet.line(56, 66, name, size=17, bold=True)


def _heading(facts: Facts) -> str:
    return {
        "en": facts.pick("The ceremony", "About your day", "Type of ceremony"),
        "de": "Die Trauung",
        "fr": "La cérémonie",
        "es": "La ceremonia",
        "nl": "De ceremonie",
        "it": "La cerimonia",
    }[facts.language]


def _extra(facts: Facts) -> list[Row]:
    """Questions whose answers are no core values, but look like some."""
    rows: dict[str, list[Row]] = {
        "en": [("Type of ceremony", ("Civil",)), ("Rehearsal date", (facts.other_days[0],)), ("Emergency contact", (facts.vendor_person,)), ("Mother of the bride", (facts.vendor_person,)), ("Dress code", ("Black tie",)), ("Meal for children", ("12",))],
        "de": [("Art der Trauung", ("Standesamtlich",)), ("Probetermin", (facts.other_days[0],)), ("Trauzeugin", (facts.vendor_person,)), ("Kinder", ("12",))],
        "fr": [("Type de cérémonie", ("Civile",)), ("Date de la répétition", (facts.other_days[0],)), ("Témoin", (facts.vendor_person,)), ("Enfants", ("12",))],
        "es": [("Tipo de ceremonia", ("Civil",)), ("Fecha del ensayo", (facts.other_days[0],)), ("Testigo", (facts.vendor_person,)), ("Niños", ("12",))],
        "nl": [("Soort ceremonie", ("Burgerlijk",)), ("Datum repetitie", (facts.other_days[0],)), ("Getuige", (facts.vendor_person,)), ("Kinderen", ("12",))],
        "it": [("Tipo di cerimonia", ("Civile",)), ("Data delle prove", (facts.other_days[0],)), ("Testimone", (facts.vendor_person,)), ("Bambini", ("12",))],
    }  # fmt: skip
    return facts.dice.sample(rows[facts.language], 3)


def _couple_rows(facts: Facts) -> list[Row]:
    rows: list[Row]
    if facts.dice.random() < 0.5:
        rows = [(label(facts, "couple"), facts.couple())]
    else:
        rows = [(label(facts, "first"), (facts.first,)), (label(facts, "second"), (facts.second,))]
    return [*rows, (label(facts, "email"), (facts.email,)), (label(facts, "phone"), (facts.phone,))]


def _day_rows(facts: Facts) -> list[Row]:
    rows: list[Row] = [
        (label(facts, "wedding"), (facts.wedding,)),
        (label(facts, "time"), (facts.time,)),
        (label(facts, "venue"), (facts.venue,)),
        (label(facts, "street"), (facts.street,)),
        (label(facts, "guests"), (facts.guests,)),
        (label(facts, "package"), (facts.package,)),
    ]
    return rows


def on_lines(sheet: Sheet, facts: Facts) -> None:
    """A label, then the answer on a ruled line; some lines stay empty."""
    _title(sheet, facts)
    y = 104.0
    colon = facts.pick(":", "", "?") if facts.english else ":"
    rows = [*_couple_rows(facts), *_extra(facts), *_day_rows(facts)]
    for name, words in rows:
        end = sheet.line(56, y, name if name.endswith("?") else f"{name}{colon}") + 8
        start = max(end, 190.0)
        sheet.rule(start, y + 2, sheet.width - 56, thick=0.5)
        sheet.line(start + 3, y, *words)
        y += 25
    for name in ("Notes", "Instagram"):
        sheet.line(56, y, name)
        sheet.rule(190, y + 2, sheet.width - 56, thick=0.5)
        y += 25


def in_boxes(sheet: Sheet, facts: Facts) -> None:
    """Two columns of boxes, each under its label, the answer inside; headings between groups."""
    _title(sheet, facts)
    half = (sheet.width - 112 - 16) / 2
    y = 92.0
    for heading, rows in (("", _couple_rows(facts)), (_heading(facts), [*_extra(facts), *_day_rows(facts)])):
        if heading:
            sheet.line(56, y + 8, heading, bold=True, size=12)
            y += 20
        for number, (name, words) in enumerate(rows):
            x = 56 + (number % 2) * (half + 16)
            sheet.line(x, y + 8, name, size=8.5)
            sheet.box(x, y + 12, x + half, y + 34)
            sheet.line(x + 5, y + 27, *words)
            if number % 2 or number == len(rows) - 1:
                y += 46


def in_cells(sheet: Sheet, facts: Facts) -> None:
    """A table: the question left, the answer right, in the same face; the first row names the columns."""
    _title(sheet, facts)
    rows = [*_couple_rows(facts), *_day_rows(facts), *_extra(facts)]
    head = facts.dice.random() < 0.5
    top, height = 88.0, 24.0
    count = len(rows) + head
    sheet.grid((56, 236, sheet.width - 56), [top + height * n for n in range(count + 1)])
    if head:
        names = {"en": ("Question", "Answer"), "de": ("Frage", "Antwort"), "fr": ("Question", "Réponse")}
        for x, word in zip((62, 242), names.get(facts.language, ("", "")), strict=True):
            sheet.line(x, top + 16, word, bold=True)
    for number, (name, words) in enumerate(rows, int(head)):
        sheet.line(62, top + 16 + height * number, name)
        sheet.line(242, top + 16 + height * number, *words)


def questions_then_answers(sheet: Sheet, facts: Facts) -> None:
    """Full questions with the answer on the next line, indented, no lines drawn."""
    _title(sheet, facts)
    asked: dict[str, list[Row]] = {
        "en": [
            ("What are your names?", facts.couple()),
            ("What is your email address?", (facts.email,)),
            ("What is the best phone number to reach you?", (facts.phone,)),
            ("When is your wedding?", (facts.wedding,)),
            ("What time is the ceremony?", (facts.time,)),
            ("Where is the ceremony taking place?", (facts.venue,)),
            ("How many guests are you expecting?", (facts.guests,)),
            ("Which package did you choose?", (facts.package,)),
            ("What colours are you thinking of?", ("Sage green and cream",)),
        ],
        "de": [
            ("Wie heißt ihr?", facts.couple()),
            ("Wie lautet eure E-Mail-Adresse?", (facts.email,)),
            ("Unter welcher Telefonnummer erreichen wir euch?", (facts.phone,)),
            ("Wann ist eure Hochzeit?", (facts.wedding,)),
            ("Wo findet die Trauung statt?", (facts.venue,)),
            ("Wie viele Gäste erwartet ihr?", (facts.guests,)),
        ],
        "fr": [
            ("Quels sont vos noms ?", facts.couple()),
            ("Quelle est votre adresse e-mail ?", (facts.email,)),
            ("Votre numéro de téléphone ?", (facts.phone,)),
            ("Quelle est la date du mariage ?", (facts.wedding,)),
            ("Combien d’invités attendez-vous ?", (facts.guests,)),
        ],
        "es": [
            ("¿Cuáles son vuestros nombres?", facts.couple()),
            ("¿Cuál es vuestro correo electrónico?", (facts.email,)),
            ("¿Teléfono de contacto?", (facts.phone,)),
            ("¿Cuándo es la boda?", (facts.wedding,)),
            ("¿Cuántos invitados esperáis?", (facts.guests,)),
        ],
        "nl": [
            ("Wat zijn jullie namen?", facts.couple()),
            ("Wat is jullie e-mailadres?", (facts.email,)),
            ("Op welk telefoonnummer zijn jullie bereikbaar?", (facts.phone,)),
            ("Wanneer is de bruiloft?", (facts.wedding,)),
            ("Hoeveel gasten verwachten jullie?", (facts.guests,)),
        ],
        "it": [
            ("Come vi chiamate?", facts.couple()),
            ("Qual è il vostro indirizzo e-mail?", (facts.email,)),
            ("Numero di telefono?", (facts.phone,)),
            ("Quando è il matrimonio?", (facts.wedding,)),
            ("Quanti invitati prevedete?", (facts.guests,)),
        ],
    }
    y = 102.0
    numbered = facts.dice.random() < 0.5
    bold = facts.dice.random() < 0.6
    for number, (question, words) in enumerate(asked[facts.language], 1):
        sheet.line(56, y, f"{number}. {question}" if numbered else question, bold=bold)
        sheet.line(70 if numbered else 56, y + 15, *words)
        y += 40


def dotted(sheet: Sheet, facts: Facts) -> None:
    """Leader dots with the answer typed over their beginning, two short fields on some lines."""
    _title(sheet, facts)
    y = 106.0
    rows = [*_couple_rows(facts), *_day_rows(facts)]
    for name, words in rows:
        start = sheet.line(56, y, f"{name} ") + 4
        dots = "." * int((sheet.width - 56 - start) / 2.9)
        raised = facts.dice.random() < 0.5
        if raised:
            sheet.line(start, y, dots)
            sheet.line(start + 8, y - 2.5, *words)
        else:
            end = sheet.line(start, y, *words)
            sheet.line(end + 2, y, "." * int((sheet.width - 60 - end) / 2.9))
        y += 26
