"""Handwriting is not read but shown to a person: ink in a place to write that the recogniser made no sure words of."""

from __future__ import annotations

from collections.abc import Sequence

from procession.digitize.page import PageContent, Rect, Word
from procession.digitize.values.passages import union

HANDWRITING_REASON = "handwriting: please read it from the page"
UNSURE_REASON = "the recogniser was not sure of these letters"
READ_MIN = 0.6
"""A word less sure than this is not taken for what is written there."""
UNSURE_BELOW = 0.75
"""On scanned forms three in four words between the two are right: a person is asked to compare."""
HEIGHT_POINTS_MIN = 8.0
"""People write larger than forms print; lower ink is what is left of a label that could not be read."""
RISE_POINTS = 4.0
"""Writing may rise out of its place."""
INSIDE_SHARE_MIN = 0.6
"""Of the ink's height that lies in its place, the rise included."""


def handwritten(page: PageContent, place: Rect, words: Sequence[Word]) -> Rect | None:
    """Box of the writing in ``place`` (points) of a scan, None when there is none or ``words``, read there, tell it."""
    if page.source != "scanned" or (words and mean_sure(words) >= READ_MIN):
        return None
    low, high = place.y0 - RISE_POINTS, place.y1 + 1.0
    strokes = [
        shape.box
        for shape in page.shapes
        if shape.kind == "other"
        and shape.box.height >= HEIGHT_POINTS_MIN
        and place.x0 - 2 <= shape.box.centre[0] <= place.x1 + 2
        and min(shape.box.y1, high) - max(shape.box.y0, low) >= INSIDE_SHARE_MIN * shape.box.height
    ]
    return union(strokes) if strokes else None


def mean_sure(words: Sequence[Word]) -> float:
    """The recogniser's confidence in ``words``, each as long as it is."""
    return sum(word.confidence * len(word.text) for word in words) / max(sum(len(word.text) for word in words), 1)
