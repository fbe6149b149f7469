"""What a detector proposes, before anybody knows what the field asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from procession.digitize.page import Rect, Widget

Kind = Literal["text", "textarea", "checkbox", "radio", "choice", "signature", "multiselect"]
Rule = Literal[
    "widget",
    "square",
    "circle",
    "glyph",
    "cell",
    "box",
    "underline",
    "blank",
    "comb",
    "oval",
    "sign",
    "slot",
    "small",
    "band",
    "free",
    "foot",
    "line",
    "stack",
    "gap",
]
"""From ``sign`` on these are guesses: places a rule alone would not trust, proposed to whoever can weigh them."""

PRIOR: dict[Rule, float] = {
    "widget": 0.99,
    "square": 0.97,
    "circle": 0.93,
    "glyph": 0.97,
    "cell": 0.90,
    "box": 0.94,
    "underline": 0.84,
    "blank": 0.91,
    "comb": 0.97,
    "oval": 0.90,
    "sign": 0.40,
    "slot": 0.15,
    "small": 0.30,
    "band": 0.30,
    "free": 0.15,
    "foot": 0.30,
    "line": 0.15,
    "stack": 0.30,
    "gap": 0.10,
}
"""How often a rule's proposals hold on real forms (rounded from the development corpus)."""
ACCEPT = 0.5
"""Proposals less sure than this are only fields when something that weighs them all says so."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One box to tick."""

    box: Rect
    round: bool
    ticked: bool = False
    brackets: bool = False
    """Two printed brackets, not a drawn outline."""


@dataclass(slots=True)
class Candidate:
    box: Rect
    kind: Kind
    rule: Rule
    confidence: float
    line: float | None = None
    """y of the line written on, when there is one; captions may stand below it."""
    cell: Rect | None = None
    """The whole cell, label included."""
    widget: Widget | None = None
    ticked: bool = False
    max_length: int | None = None
