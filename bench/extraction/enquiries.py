"""A supplier's enquiry form in a few layouts, blank and typed into by couples: approved once, it comes back often."""

from __future__ import annotations

import io
import random
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from bench.filled.facts import invent
from bench.filled.sheet import Value

WIDTH, HEIGHT = A4
LEFT = 56.0
_LABELS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("first", ("Partner 1 name", "Your name", "First partner")),
    ("second", ("Partner 2 name", "Your partner's name", "Second partner")),
    ("email", ("E-mail", "Email address", "Your e-mail")),
    ("phone", ("Phone", "Mobile", "Telephone")),
    ("wedding", ("Wedding date", "Date of the wedding", "Date of your wedding")),
    ("time", ("Ceremony time", "Time of the ceremony", "Ceremony starts at")),
    ("venue", ("Venue", "Ceremony venue", "Name of the venue")),
    ("street", ("Venue address", "Address of the venue", "Where the venue is")),
    ("guests", ("Number of guests", "Guest count", "How many guests")),
)
_HEADINGS = {0: "The two of you", 4: "Your day", 9: "Anything else"}
_OTHERS = (
    "How did you find us?",
    "Favourite flowers",
    "Colours of the day",
    "Music you love",
    "Anything we should know",
)
_SMALL = (
    "We answer within two working days. What you tell us here is kept for this enquiry alone.",
    "Prices are those of the season; travel beyond thirty miles is charged at cost.",
)


def enquiry(layout: int, couple: str | None) -> tuple[bytes, list[dict[str, Any]]]:
    """Layout ``layout``, blank or as ``couple`` filled it in; with what it then says, as a truth file has it."""
    look = random.Random(f"enquiry {layout}")
    facts = None if couple is None else invent(f"enquiry {layout} {couple}", "GB")
    answers = random.Random(f"answers {layout} {couple}")
    rows: list[tuple[str, str | None]] = [(key, look.choice(labels)) for key, labels in _LABELS]
    rows[4:] = look.sample(rows[4:], len(rows) - 4)
    gap, size, column = look.choice((30, 34, 38)), look.choice((9.5, 10.0)), look.choice((120.0, 130.0, 140.0))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(LEFT, HEIGHT - 64, look.choice(("Wedding enquiry", "Tell us about your day", "Enquiry form")))
    canvas.setFont("Helvetica", 9)
    canvas.drawString(LEFT, 60, look.choice(_SMALL))
    values: list[dict[str, Any]] = []
    y = HEIGHT - 130.0
    for number, (key, label) in enumerate([*rows, *(("", other) for other in look.sample(_OTHERS, 3))]):
        if number in _HEADINGS:
            canvas.setFont("Helvetica-Bold", 12)
            canvas.drawString(LEFT, y - 4, _HEADINGS[number])
            y -= gap
        canvas.setFont("Helvetica", size)
        canvas.drawRightString(LEFT + column - 8, y, str(label))
        canvas.rect(LEFT + column, y - 6, look.choice((200.0, 230.0, 260.0)), size + 9)
        value: Value | None = getattr(facts, key) if facts is not None and key else None
        text = value.text if value is not None else _aside(facts is not None, answers)
        if text:
            canvas.setFont("Courier", size)
            canvas.drawString(LEFT + column + 4, y, text)
        if value is not None:
            values.append(_told(value, LEFT + column + 4, y, len(text) * size * 0.6, size))
        y -= gap
    canvas.showPage()
    canvas.save()
    return out.getvalue(), values


def _aside(filled: bool, answers: random.Random) -> str:
    if not filled:
        return ""
    return answers.choice(("", "a friend told us", "peonies", "sage green", "jazz, later soul", "step-free access"))


def _told(value: Value, x: float, y: float, width: float, size: float) -> dict[str, Any]:
    box = [x / WIDTH, (HEIGHT - y - 0.8 * size) / HEIGHT, (x + width) / WIDTH, (HEIGHT - y + 0.2 * size) / HEIGHT]
    return {
        "subtypes": list(value.subtypes),
        "value": value.value,
        "text": value.text,
        "ambiguous": value.ambiguous,
        "boxes": [{"page": 1, "box": box}],
    }


def truth(layout: int, couple: str) -> dict[str, Any]:
    _, values = enquiry(layout, couple)
    return {"id": f"enquiry-{layout}-{couple}", "values": values, "traps": [], "signature_present": False, "fields": []}
