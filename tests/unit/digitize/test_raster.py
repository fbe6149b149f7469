"""Rules, boxes and ink of a picture, found where they were drawn."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from procession.digitize.page import Rect, Word
from procession.digitize.raster import trace
from procession.digitize.render import Picture

DPI = 144.0
"""Two pixels a point, so that pixels and points are easy to tell."""


class Sheet:
    def __init__(self, width: int = 600, height: int = 400) -> None:
        self.image = Image.new("L", (width * 2, height * 2), 255)
        self.draw = ImageDraw.Draw(self.image)

    @property
    def picture(self) -> Picture:
        return np.asarray(self.image, dtype=np.uint8)

    def line(self, x0: float, y0: float, x1: float, y1: float, width: int = 2) -> None:
        self.draw.line((x0 * 2, y0 * 2, x1 * 2, y1 * 2), fill=0, width=width)

    def box(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.draw.rectangle((x0 * 2, y0 * 2, x1 * 2, y1 * 2), outline=0, width=2)


def test_an_underline_becomes_one_horizontal_segment() -> None:
    sheet = Sheet()
    sheet.line(100, 200, 300, 200)
    (segment,) = trace(sheet.picture, DPI).segments
    assert segment.horizontal
    assert segment.box == pytest.approx((100, 199.5, 300.5, 201), abs=1.5)


def test_breaks_of_a_scanned_rule_are_closed() -> None:
    sheet = Sheet()
    for x in range(100, 300, 40):
        sheet.line(x, 200, x + 38, 200)
    assert len(trace(sheet.picture, DPI).segments) == 1


def test_a_table_gives_its_lines_both_ways() -> None:
    sheet = Sheet()
    for y in (100, 130, 160):
        sheet.line(50, y, 350, y)
    for x in (50, 200, 350):
        sheet.line(x, 100, x, 160)
    segments = trace(sheet.picture, DPI).segments
    assert sum(s.horizontal for s in segments) == 3
    assert sum(not s.horizontal for s in segments) == 3


def test_checkbox_squares_are_found_and_a_tick_marks_one() -> None:
    sheet = Sheet()
    sheet.box(50, 50, 62, 62)
    sheet.box(50, 90, 62, 102)
    sheet.line(52, 92, 60, 100)
    sheet.line(60, 92, 52, 100)
    shapes = sorted(trace(sheet.picture, DPI).shapes, key=lambda s: s.box.y0)
    assert [s.kind for s in shapes] == ["rect", "rect"]
    assert [s.filled for s in shapes] == [False, True]
    assert shapes[0].box == pytest.approx((50, 50, 62, 62), abs=1.5)


def test_a_circle_is_an_ellipse() -> None:
    sheet = Sheet()
    sheet.draw.ellipse((100, 100, 124, 124), outline=0, width=2)
    (shape,) = trace(sheet.picture, DPI).shapes
    assert shape.kind == "ellipse"


def test_letters_are_neither_lines_nor_boxes() -> None:
    sheet = Sheet()
    font = ImageFont.load_default(size=28)
    text = "OBDQ 0808 Hill lllll HHH the quick brown fox"
    for y in range(60, 700, 60):
        sheet.draw.text((60, y), text, fill=0, font=font)
    words = [Word(text, Rect(28, y / 2 - 2, 560, y / 2 + 20), confidence=0.95) for y in range(60, 700, 60)]
    traced = trace(sheet.picture, DPI, words)
    assert traced.segments == []
    assert traced.shapes == []


def test_pen_strokes_outside_the_words_are_ink() -> None:
    sheet = Sheet()
    points = [(100 + t, 150 + 14 * np.sin(t / 6)) for t in range(0, 90, 2)]
    for (x0, y0), (x1, y1) in pairwise(points):
        sheet.line(x0, y0, x1, y1, 3)
    sheet.line(90, 180, 260, 180)
    traced = trace(sheet.picture, DPI)
    (ink,) = [s for s in traced.shapes if s.kind == "other"]
    assert ink.box.x0 == pytest.approx(100, abs=3)
    assert ink.box.x1 == pytest.approx(188, abs=4)


def test_an_empty_page_holds_nothing() -> None:
    traced = trace(Sheet().picture, DPI)
    assert traced.segments == []
    assert traced.shapes == []


@pytest.mark.parametrize("misread", ["[1]", "LJ", "C]", "O"])
def test_a_box_the_recogniser_took_for_letters_is_still_a_box(misread: str) -> None:
    sheet = Sheet()
    sheet.box(50, 50, 62, 62)
    word = Word(misread, Rect(49, 49, 63, 63))
    assert [shape.kind for shape in trace(sheet.picture, DPI, [word]).shapes] == ["rect"]


def test_a_box_within_a_printed_word_is_no_box() -> None:
    sheet = Sheet()
    sheet.box(50, 50, 62, 62)
    assert trace(sheet.picture, DPI, [Word("Dining", Rect(40, 49, 90, 63))]).shapes == []


def _noisy(sheet: Sheet, spread: float) -> Picture:
    grain = np.random.default_rng(7).normal(0, spread, sheet.picture.shape)
    return np.clip(sheet.picture + grain, 0, 255).astype(np.uint8)


def test_a_light_grey_rule_is_found_in_grain() -> None:
    sheet = Sheet()
    sheet.draw.line((200, 400, 800, 400), fill=225, width=3)
    (segment,) = trace(_noisy(sheet, 5), DPI).segments
    assert segment.box == pytest.approx((100, 199.5, 400, 201), abs=2)


def test_grain_alone_is_no_rule_and_no_box() -> None:
    traced = trace(_noisy(Sheet(), 12), DPI)
    assert traced.segments == []
    assert traced.shapes == []


def test_a_dotted_rule_is_one_segment() -> None:
    sheet = Sheet()
    for x in range(200, 800, 6):
        sheet.draw.rectangle((x, 400, x + 1, 401), fill=0)
    (segment,) = trace(sheet.picture, DPI).segments
    assert segment.dashed
    assert segment.box == pytest.approx((100, 200, 400, 201), abs=3)


def test_the_sides_of_checkboxes_in_a_column_are_no_rules() -> None:
    sheet = Sheet()
    for y in range(50, 200, 15):
        sheet.box(50, y, 62, y + 12)
    traced = trace(sheet.picture, DPI)
    assert traced.segments == []
    assert len(traced.shapes) == 10


def test_the_letter_boxes_of_a_light_comb_have_their_dividers() -> None:
    sheet = Sheet()
    sheet.draw.rectangle((100, 100, 500, 130), outline=200, width=3)
    for x in range(140, 500, 40):
        sheet.draw.line((x, 100, x, 130), fill=200, width=3)
    upright = [segment for segment in trace(_noisy(sheet, 4), DPI).segments if not segment.horizontal]
    assert sorted(segment.box.centre[0] for segment in upright) == pytest.approx(range(50, 251, 20), abs=1.5)


def test_a_box_that_touches_a_rule_is_still_a_box() -> None:
    sheet = Sheet()
    sheet.line(20, 62, 300, 62)
    sheet.box(50, 50, 62, 62)
    (box,) = [shape for shape in trace(sheet.picture, DPI).shapes if shape.box.width < 20]
    assert box.box == pytest.approx((50, 50, 62, 62), abs=1.5)


def test_cells_of_a_grid_are_no_checkboxes() -> None:
    sheet = Sheet()
    for y in (50, 64, 78, 92):
        sheet.line(50, y, 106, y)
    for x in (50, 64, 78, 92, 106):
        sheet.line(x, 50, x, 92)
    assert [shape for shape in trace(sheet.picture, DPI).shapes if shape.box.width < 20] == []


def test_the_o_of_an_unread_word_is_no_circle() -> None:
    sheet = Sheet()
    sheet.draw.ellipse((100, 100, 124, 124), outline=0, width=2)
    sheet.line(64.5, 50, 64.5, 62)
    assert [shape for shape in trace(sheet.picture, DPI).shapes if shape.kind == "ellipse"] == []


def grain(picture: Picture, spread: float = 6.0) -> Picture:
    noise = np.random.default_rng(7).normal(0, spread, picture.shape)
    return np.clip(picture * (240 / 255) + 6 + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("shade", [225, 243])
def test_shaded_places_without_a_border_are_panels_and_their_labels_are_not(shade: int) -> None:
    sheet = Sheet()
    font = ImageFont.load_default(22)
    for y in (80, 140, 200):
        sheet.draw.text((100 * 2, (y - 13) * 2), "Address of the venue", fill=0, font=font)
        sheet.draw.rectangle((100 * 2, y * 2, 340 * 2, (y + 18) * 2), fill=shade)
    found = [shape for shape in trace(grain(sheet.picture), DPI).shapes if shape.filled and not shape.stroked]
    assert [shape.box for shape in found] == [pytest.approx((100, y, 340, y + 18), abs=2.5) for y in (80, 140, 200)]


def test_text_and_bare_paper_are_no_panels() -> None:
    sheet = Sheet()
    for line in range(8):
        sheet.draw.text(
            (100, 80 + 30 * line), "Heavy words fill this line from end to end", fill=0, font=ImageFont.load_default(26)
        )
    assert not [shape for shape in trace(grain(sheet.picture), DPI).shapes if shape.filled and not shape.stroked]


def test_ovals_to_fill_in_are_ellipses() -> None:
    sheet = Sheet()
    for y in (60, 80, 100):
        sheet.draw.rounded_rectangle((100 * 2, y * 2, 116 * 2, (y + 8) * 2), 8, outline=0, width=2)
    shapes = trace(sheet.picture, DPI).shapes
    assert [shape.kind for shape in shapes] == ["ellipse"] * 3
    assert shapes[0].box == pytest.approx((100, 60, 116, 68), abs=1.5)


def test_boxes_that_stand_on_one_another_are_boxes_each() -> None:
    sheet = Sheet()
    for y in (60, 74, 88, 102):
        sheet.box(50, y, 62, y + 14)
    boxes = [shape.box for shape in trace(sheet.picture, DPI).shapes if shape.kind == "rect"]
    assert [box.y0 for box in boxes] == pytest.approx([60, 74, 88, 102], abs=1.5)


def test_a_box_under_a_watermark_is_still_a_box() -> None:
    sheet = Sheet()
    sheet.draw.line((60, 60, 260, 260), fill=226, width=30)
    sheet.box(70, 70, 83, 82)
    boxes = [shape.box for shape in trace(sheet.picture, DPI).shapes if shape.kind == "rect" and shape.stroked]
    assert boxes == [pytest.approx((70, 70, 83, 82), abs=1.5)]


def test_a_short_rule_that_stands_alone_is_one_and_a_dash_between_words_is_none() -> None:
    sheet = Sheet()
    sheet.line(100, 100, 112, 100)
    sheet.line(100, 150, 112, 150)
    beside = [Word("Deposit", Rect(60, 145, 97, 155)), Word("Balance", Rect(116, 145, 150, 155))]
    (rule,) = trace(sheet.picture, DPI, beside).segments
    assert rule.box == pytest.approx((100, 99.5, 112.5, 101), abs=1.5)


def test_a_circle_the_recogniser_read_as_the_first_letter_is_still_one() -> None:
    sheet = Sheet()
    sheet.draw.ellipse((100, 100, 118, 118), outline=0, width=2)
    (shape,) = trace(sheet.picture, DPI, [Word("ONo", Rect(50, 50, 76, 59))]).shapes
    assert shape.kind == "ellipse"
