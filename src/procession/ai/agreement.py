"""How an answer fared against the page and the engine's own reading: what stands for a version's accuracy at once,
before any person looked."""

from __future__ import annotations

from procession.ai.ask import AiInput
from procession.ai.merge import Merged

RIGHT = frozenset({"agreed", "added", "label"})
"""Proved on the page, named there as this field's, and not refuted by the engine."""
UNANSWERED = "unanswered"


def agreement(given: AiInput, merged: Merged) -> tuple[int, int]:
    """(questions that can be judged, those answered right). Marks on pictures cannot be judged; silence counts as wrong
    only where the engine did read something, for else there may be nothing to read."""
    fields = {field.id: field for field in given.document.form.fields}
    judged = right = 0
    for question in given.ask.fields:
        outcome = merged.outcomes.get(question.id)
        if question.wants == "mark" or outcome is None:
            continue
        known = fields.get(question.field or "")
        if outcome == UNANSWERED and (known is None or known.value in (None, "", [])):
            continue
        judged += 1
        right += outcome in RIGHT
    return judged, right
