"""What forms ask, in six languages: ``questions.tsv``, one line a question, variants parted by ``|``."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "de", "fr", "es", "nl", "it")
ANSWERED = frozenset({"text", "email", "phone", "address", "date", "time", "number", "currency"})
"""Kinds with an answer on one line."""


@dataclass(frozen=True, slots=True)
class Question:
    label: str
    type: str
    subtype: str | None = None
    options: tuple[str, ...] = ()
    required: bool = False


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with (Path(__file__).parent / "questions.tsv").open(encoding="utf-8", newline="") as source:
        return tuple(csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE))


class Wording:
    """Draws wordings of one language without giving the same one twice, as long as there are others."""

    def __init__(self, language: str, chance: random.Random, required_share: float) -> None:
        self.language, self.chance, self.required_share = language, chance, required_share
        self._waiting: dict[str, list[dict[str, str]]] = {}

    def _row(self, kind: str) -> dict[str, str]:
        waiting = self._waiting.setdefault(kind, [])
        if not waiting:
            fits = [row for row in _rows() if row["type"] == kind or (kind == "answer" and row["type"] in ANSWERED)]
            waiting.extend(self.chance.sample(fits, len(fits)))
        return waiting.pop()

    def words(self, kind: str) -> str:
        """One variant of a line of ``kind``."""
        return self.chance.choice(self._row(kind)[self.language].split("|"))

    def parts(self, kind: str) -> tuple[str, ...]:
        """A line of ``kind`` that lists things: column titles, rows."""
        return tuple(self.words(kind).split("/"))

    def question(self, kind: str) -> Question:
        """``kind``: "answer" for any kind on one line, or a kind of the file."""
        row = self._row(kind)
        label, _, options = self.chance.choice(row[self.language].split("|")).partition("=")
        given = {"single": "radio", "yesno": "radio", "choice": "multiselect", "rated": "radio", "consent": "checkbox"}
        return Question(
            label,
            given.get(row["type"], "date" if row["type"] == "signdate" else row["type"]),
            row["subtype"] or None,
            tuple(options.split("/")) if options else (),
            self.chance.random() < self.required_share,
        )
