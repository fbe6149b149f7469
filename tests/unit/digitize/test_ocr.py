"""Reading pictures of pages: words, turns, skew, and boxes mapped back to the page as displayed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from procession.digitize import ocr, scan
from procession.digitize.page import PageContent, Rect
from procession.digitize.render import Picture
from procession.digitize.skew import SKEW_DEGREES_MAX, lies_sideways, skew_degrees
from procession.digitize.tessdata import MissingLanguage
from procession.digitize.values import extract_values
from procession.domain.form import Source, Subtype

DPI = 200.0
LINES = (
    "Wedding Services Agreement",
    "Wedding date: 12 September 2026",
    "Venue: The Old Orangery",
    "Total: $4,500.00",
    "The supplier will provide photographs of the whole day",
    "and deliver an album within three months of the event.",
)


@pytest.fixture(scope="module")
def recogniser() -> Iterator[ocr.Recogniser]:
    with ocr.Recogniser() as one:
        yield one


def page_picture(lines: tuple[str, ...] = LINES) -> Picture:
    image = Image.new("L", (1200, 800), 255)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=34)
    for number, line in enumerate(lines):
        draw.text((100, 80 + number * 90), line, fill=0, font=font)
    return np.asarray(image, dtype=np.uint8)


def found(reading: ocr.Reading) -> str:
    return " ".join(word.text for word in reading.words)


def test_words_come_with_confidence_and_boxes_in_points(recogniser: ocr.Recogniser) -> None:
    reading = recogniser.recognise(page_picture(), DPI)
    assert found(reading).split()[:3] == ["Wedding", "Services", "Agreement"]
    first = reading.words[0]
    assert 0.7 < first.confidence <= 1.0
    assert first.box.x0 == pytest.approx(100 * 72 / DPI, abs=3)
    assert 80 * 72 / DPI - 3 <= first.box.y0 <= 100 * 72 / DPI
    assert reading.upright.turn == 0
    assert reading.confidence > 0.8


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_scan_is_read_and_its_boxes_lead_back(recogniser: ocr.Recogniser, turn: int) -> None:
    upright = page_picture()
    turned = np.ascontiguousarray(np.rot90(upright, -turn // 90))
    reading = recogniser.recognise(turned, DPI)
    assert reading.upright.turn == turn
    assert "Orangery" in found(reading)
    word = next(one for one in reading.words if one.text == "Orangery")
    box = reading.upright.displayed(word.box)
    x0, y0, x1, y1 = (round(v * DPI / 72) for v in box)
    inside = (turned[y0:y1, x0:x1] < 128).mean()
    assert inside > 0.1
    assert (box.width > box.height) == (turn == 180)


@pytest.mark.parametrize("degrees", [1.5, -2.5, 5.0, -8.0])
def test_a_crooked_scan_is_straightened_and_its_boxes_lead_back(recogniser: ocr.Recogniser, degrees: float) -> None:
    image = Image.fromarray(page_picture()).rotate(-degrees, fillcolor=255, resample=Image.Resampling.BILINEAR)
    crooked = np.asarray(image, dtype=np.uint8)
    assert skew_degrees(crooked) == pytest.approx(degrees, abs=0.3)
    reading = recogniser.recognise(crooked, DPI)
    assert "September" in found(reading)
    word = next(one for one in reading.words if one.text == "photographs")
    x0, y0, x1, y1 = (round(v * DPI / 72) for v in reading.upright.displayed(word.box))
    assert (crooked[y0:y1, x0:x1] < 128).mean() > 0.08


def test_a_straight_page_is_left_alone() -> None:
    assert skew_degrees(page_picture()) == 0.0


def test_more_than_the_largest_skew_is_left_alone() -> None:
    image = Image.fromarray(page_picture()).rotate(-SKEW_DEGREES_MAX - 4, fillcolor=255)
    assert skew_degrees(np.asarray(image, dtype=np.uint8)) == 0.0


def test_only_lines_that_run_up_the_page_make_it_lie_sideways() -> None:
    upright = page_picture()
    assert [lies_sideways(np.ascontiguousarray(np.rot90(upright, turn))) for turn in range(4)] == [
        False,
        True,
        False,
        True,
    ]
    assert not lies_sideways(np.full((400, 300), 255, dtype=np.uint8))


def test_an_empty_page_has_no_words(recogniser: ocr.Recogniser) -> None:
    reading = recogniser.recognise(np.full((800, 600), 255, dtype=np.uint8), DPI)
    assert reading.words == []
    assert reading.confidence == 0.0


def test_mapping_back_without_turn_or_skew_changes_nothing() -> None:
    upright = ocr.Upright(np.full((100, 200), 255, dtype=np.uint8), 72)
    assert upright.displayed(Rect(10, 20, 30, 40)) == pytest.approx((10, 20, 30, 40))


def test_a_missing_language_is_refused_before_anything_is_read() -> None:
    with pytest.raises(MissingLanguage):
        ocr.Recogniser(["zzz"])


def test_values_of_a_scan_say_they_come_from_ocr(recogniser: ocr.Recogniser) -> None:
    content, _ = scan.read_scan(PageContent(1, 432, 288), page_picture(), DPI, recogniser)
    assert content.source == "scanned"
    values = {field.subtype: field for field in extract_values([content], [], "contract")}
    assert values[Subtype.WEDDING_DATE].value == "2026-09-12"
    assert values[Subtype.TOTAL_AMOUNT].value == "4500.00"
    assert values[Subtype.TOTAL_AMOUNT].source is Source.OCR
    assert values[Subtype.TOTAL_AMOUNT].confidence < 1.0


def test_a_preloaded_recogniser_is_handed_out_once_and_only_for_its_languages() -> None:
    ocr.preload(("eng",))
    with pytest.raises(MissingLanguage, match="xyz"):
        ocr.Recogniser.ready(("xyz",))
    with ocr.Recogniser.ready(("eng",)) as first, ocr.Recogniser.ready(("eng",)) as second:
        assert first is not second
