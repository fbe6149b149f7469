"""What people write by hand on a form is shown to a person, never guessed; what is typed or printed is none of it."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import cv2
import numpy as np
import pypdfium2
import pytest
from pikepdf import Pdf

from bench import degrade
from procession.digitize import pipeline, scan
from procession.digitize.ocr import Reading, Upright
from procession.digitize.page import PageContent, Rect, Shape, Word
from procession.digitize.raster_overdrawn import find_overdrawn
from procession.digitize.render import Picture
from procession.digitize.values import extract_values
from procession.digitize.values.handwriting import (
    HANDWRITING_REASON,
    HEIGHT_POINTS_MIN,
    READ_MIN,
    UNSURE_BELOW,
    UNSURE_REASON,
    handwritten,
)
from procession.domain.form import Category, DigitizedDocument, Field, FieldType, Source
from tests.support import copies

DPI = 200
PLACE = Rect(200, 100, 500, 116)
LINE = copies.HEIGHT - (copies.TOP - copies.PITCH * copies.LABELS.index("Ceremony venue"))
"""From the top, where "Ceremony venue" is to be answered."""


def _scribbled(at: float) -> bytes:
    """The form as a scan, with loops of a pen on the line at ``at`` points, and a tick that leaves its box "Buffet"."""
    document = pypdfium2.PdfDocument(copies.form())
    grey = document[0].render(scale=DPI / 72, grayscale=True).to_numpy()
    picture = grey.reshape(grey.shape[:2]).copy()
    document.close()
    turns = np.linspace(0, 14 * math.pi, 700)
    x, y = 230 + 3 * turns + 5 * np.sin(turns), at - 7 - 7 * np.cos(turns) * (1 + 0.4 * np.sin(turns / 5))
    _drawn(picture, x, y)
    row = copies.HEIGHT - (copies.TOP - copies.PITCH * len(copies.LABELS))
    box = 250 + 100 * copies.MEALS.index("Buffet")
    _drawn(picture, np.array([box - 1, box + 4, box + 12]), np.array([row - 5, row + 1, row - 16]))
    pdf = Pdf.new()
    worn = degrade.worn(picture, 1.0, np.random.default_rng(3))
    degrade.add_picture(pdf, *degrade.jpeg(worn), (copies.WIDTH, copies.HEIGHT))
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def _drawn(picture: Picture, x: np.ndarray, y: np.ndarray) -> None:
    points = np.stack([x, y], axis=1) * DPI / 72
    cv2.polylines(picture, [points.astype(np.int32).reshape(-1, 1, 2)], False, (40,), 3, cv2.LINE_AA)


@pytest.fixture(scope="module")
def found() -> DigitizedDocument:
    return pipeline.digitize(_scribbled(LINE))


def test_a_field_written_in_by_hand_has_no_guessed_value_and_goes_to_review(found: DigitizedDocument) -> None:
    (field,) = [field for field in found.form.fields if field.label == "Ceremony venue"]
    assert field.value is None
    assert (field.needs_review, field.review_reason) == (True, HANDWRITING_REASON)
    assert field.value_box is not None
    assert abs((field.value_box[1] + field.value_box[3]) / 2 * copies.HEIGHT - (LINE - 7)) < 8


def test_fields_left_empty_are_not_taken_for_handwriting(found: DigitizedDocument) -> None:
    written = [field.label for field in found.form.fields if field.review_reason == HANDWRITING_REASON]
    assert written == ["Ceremony venue"]


def test_a_tick_by_hand_that_leaves_its_box_ticks_it(found: DigitizedDocument) -> None:
    (field,) = [field for field in found.form.fields if field.options]
    chosen = field.value if isinstance(field.value, list) else [field.value]
    assert len(field.options) == len(copies.MEALS)
    assert chosen == [field.options[copies.MEALS.index("Buffet")].value]


def _page(*words: Word, ink: Rect | None = None, **more: object) -> PageContent:
    shapes = [Shape(ink, "other", stroked=True, filled=False)] if ink else []
    return PageContent(1, 595, 842, source="scanned", words=list(words), shapes=shapes)


INK = Rect(210, 98, 280, 114)


def test_ink_without_words_is_handwriting_on_a_scan_only() -> None:
    page = _page(ink=INK)
    assert handwritten(page, PLACE, []) == INK
    assert handwritten(replace(page, source="digital"), PLACE, []) is None


def test_ink_that_was_read_for_sure_is_none() -> None:
    page = _page(ink=INK)
    assert handwritten(page, PLACE, [Word("Barn", INK, confidence=READ_MIN)]) is None
    assert handwritten(page, PLACE, [Word("Bqrm", INK, confidence=READ_MIN - 0.01)]) == INK


def test_low_ink_and_ink_beside_the_place_are_none() -> None:
    lowest = Rect(210, 104, 280, 104 + HEIGHT_POINTS_MIN)
    assert handwritten(_page(ink=lowest), PLACE, []) == lowest
    assert handwritten(_page(ink=lowest._replace(y1=lowest.y1 - 0.1)), PLACE, []) is None
    assert handwritten(_page(ink=Rect(100, 98, 190, 114)), PLACE, []) is None
    assert handwritten(_page(ink=Rect(210, 84, 280, 100)), PLACE, []) is None


def _field() -> Field:
    box = (PLACE.x0 / 595, PLACE.y0 / 842, PLACE.x1 / 595, PLACE.y1 / 842)
    return Field(
        id="field-1",
        page=1,
        label="Favourite flowers",
        name="flowers",
        type=FieldType.TEXT,
        category=Category.OTHER,
        box=box,
        confidence=0.95,
        source=Source.OCR,
    )


@pytest.mark.parametrize(("sure", "reason"), [(UNSURE_BELOW, None), (UNSURE_BELOW - 0.01, UNSURE_REASON)])
def test_an_answer_of_unsure_letters_is_kept_and_sent_to_review(sure: float, reason: str | None) -> None:
    page = _page(Word("peonies", Rect(210, 102, 260, 114), confidence=sure))
    (field,) = extract_values([page], [_field()])
    assert (field.value, field.review_reason, field.needs_review) == ("peonies", reason, reason is not None)


@pytest.mark.parametrize(("sure", "kept"), [(scan.WRITTEN_BELOW, True), (scan.WRITTEN_BELOW - 0.01, False)])
def test_words_the_recogniser_makes_of_strokes_are_no_words(sure: float, kept: bool) -> None:
    picture = np.full((1000, 1000), 255, np.uint8)
    turns = np.linspace(0, 14 * math.pi, 700)
    _drawn(picture, 100 + 3 * turns + 5 * np.sin(turns), 100 - 7 * np.cos(turns))
    word = Word("Anw", Rect(140, 92, 200, 108), confidence=sure)
    content = scan.drawn_scan(PageContent(1, 360, 360), Reading(Upright(picture, DPI), [word], sure), DPI)
    assert (content.words == [word]) == kept


def _ticked_boxes(*words: Word) -> list[Shape]:
    """Two boxes of one size, a tick running far out of the second."""
    ink = np.zeros((300, 600), np.uint8)
    for x in (50, 250):
        cv2.rectangle(ink, (x, 100), (x + 32, 132), 1, 2)
    whole = [Shape(Rect(17.6, 35.6, 30, 48), "rect", stroked=True, filled=False)]
    cv2.line(ink, (255, 115), (268, 128), 1, 3)
    cv2.line(ink, (268, 128), (310, 70), 1, 3)
    return find_overdrawn(ink, 72 / DPI, whole, words)


def test_a_box_whose_tick_runs_far_out_of_it_is_found_by_the_size_of_its_likes() -> None:
    (box,) = _ticked_boxes()
    assert (box.kind, box.filled) == ("rect", True)
    assert box.box == pytest.approx((250 * 0.36, 100 * 0.36, 282 * 0.36, 132 * 0.36), abs=1.2)


def test_a_printed_word_holds_no_such_box() -> None:
    assert _ticked_boxes(Word("BOLD", Rect(80, 30, 130, 52), confidence=0.95)) == []
