"""A made-up form's page for the tests of templates, and copies of it as a scanner or a new edition would give them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from procession.digitize.fingerprint import layout_of
from procession.digitize.page import PageContent, Rect, Word
from procession.domain.form import Box, Field, FieldType, Form, Source
from procession.domain.template import Template

WIDTH, HEIGHT = 595.0, 842.0
LABELS = (
    "Name of partner one",
    "Name of partner two",
    "Electronic mail",
    "Telephone during office hours",
    "Wedding date",
    "Ceremony venue",
    "Reception venue",
    "Number of guests",
    "Colour scheme",
    "Favourite flowers",
    "Dietary requirements",
    "Arrival of suppliers",
    "Music during dinner",
    "Anything else we should know",
)
TOP, PITCH = 120.0, 40.0
BOX_LEFT, BOX_RIGHT = 260.0, 520.0


def words_of(text: str, x: float, y: float, confidence: float = 1.0) -> list[Word]:
    """``text`` set in letters five points wide, its first baseline box at ``x``, ``y``."""
    found = []
    for part in text.split():
        found.append(Word(part, Rect(x, y, x + 5 * len(part), y + 10), size=10.0, confidence=confidence))
        x += 5 * len(part) + 4
    return found


def row_of(index: int) -> float:
    return TOP + PITCH * index


def page(labels: Sequence[str] = LABELS, answers: Sequence[str] = ()) -> PageContent:
    """Each label at the left, its answer, if any, in the box at the right of it."""
    words = words_of("Consultation questionnaire of Rosewood Flowers", 60, 60)
    for index, label in enumerate(labels):
        words += words_of(label, 60, row_of(index))
    for index, answer in enumerate(answers):
        words += words_of(answer, BOX_LEFT + 4, row_of(index))
    return PageContent(1, WIDTH, HEIGHT, words=words)


def field(index: int, label: str, kind: FieldType = FieldType.TEXT) -> Field:
    return Field(
        id=f"field-{index + 1}",
        page=1,
        label=label,
        name=label.lower().replace(" ", "_"),
        type=kind,
        box=fractions(Rect(BOX_LEFT, row_of(index) - 2, BOX_RIGHT, row_of(index) + 12)),
        confidence=0.8,
        source=Source.GRAPHICS,
    )


def fractions(box: Rect) -> Box:
    return box.x0 / WIDTH, box.y0 / HEIGHT, box.x1 / WIDTH, box.y1 / HEIGHT


def template(labels: Sequence[str] = LABELS, name: str = "template-1") -> Template:
    fields = tuple(field(index, label) for index, label in enumerate(labels))
    return Template(
        id=name,
        approved_at=datetime(2030, 6, 12, tzinfo=UTC),
        form=Form(title="Questionnaire", fields=fields),
        layouts=(layout_of(page(labels), fields),),
    )


def moved(box: Rect, dx: float, dy: float, scale: float, lean_degrees: float) -> Rect:
    """``box`` on a copy that is scaled, leans, and lies shifted; its sides stay level."""
    angle = math.radians(lean_degrees)
    x, y = box.centre
    cx = scale * (x * math.cos(angle) - y * math.sin(angle)) + dx
    cy = scale * (x * math.sin(angle) + y * math.cos(angle)) + dy
    half_w, half_h = scale * box.width / 2, scale * box.height / 2
    return Rect(cx - half_w, cy - half_h, cx + half_w, cy + half_h)
