"""How sure a field is, and when a person should look at it: one policy for everything drawn, printed or recognised.

``confidence`` answers one question: is this a field, of this kind of type, at this place? Whether its words were found
and read rightly is another; it sends a field to review, and says why, without blurring that figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from procession.domain.form import Field

PLACE_REVIEW_BELOW: Mapping[str, float] = {"widget": 0.5, "graphics": 0.9, "ocr": 0.75}
"""Confidence under which a person is asked to look, by where the field comes from."""
LABEL_REVIEW_BELOW = 0.4
"""Likewise of its label: this far away, or shared with another field."""
READ_REVIEW_BELOW = 0.6
"""Likewise of the recogniser's letters, as a mean over the label's words."""


@dataclass(frozen=True, slots=True)
class Evidence:
    source: str
    """"widget", "graphics" or "ocr"."""
    place: float
    """Measured share of such places that are fields of this kind of type."""
    label: float = 1.0
    """1.0 for words right beside the place, less the farther they were looked for, 0.0 for none."""
    read: float = 1.0
    """Mean confidence of the label's letters; 1.0 for printed text."""
    missing: str | None = None
    """What was not found at all, in words."""


NOT_CERTAIN = "it is not certain that this is a place to fill in"


def confidence_of(evidence: Evidence) -> float:
    return round(min(max(evidence.place, 0.0), 1.0), 3)


def review_reason(evidence: Evidence, confidence: float) -> str | None:
    """Why a person should look, the weightiest first; None when nobody need."""
    if confidence < PLACE_REVIEW_BELOW[evidence.source]:
        return NOT_CERTAIN
    if evidence.missing is not None:
        return evidence.missing
    if evidence.label < LABEL_REVIEW_BELOW:
        return "its label stands far away or names another field too"
    if evidence.read < READ_REVIEW_BELOW:
        return "the letters of its label were hard to read"
    return None


def with_confidence(field: Field, confidence: float) -> Field:
    """``field`` at another confidence, flagged or no longer flagged for it; other reasons to look stay."""
    update: dict[str, object] = {"confidence": confidence}
    low = confidence < PLACE_REVIEW_BELOW.get(field.source.value, 0.0)
    if low and not field.needs_review:
        update |= {"needs_review": True, "review_reason": NOT_CERTAIN}
    elif not low and field.review_reason == NOT_CERTAIN:
        update |= {"needs_review": False, "review_reason": None}
    return field.model_copy(update=update)
