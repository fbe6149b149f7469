"""The seen text as lines: names, places, reading order, and nothing that nobody sees."""

from __future__ import annotations

import json

import pytest
from reportlab.pdfgen.canvas import Canvas

from bench.filled import as_scan
from procession.digitize import pipeline, text_lines
from procession.digitize.draft import NOTHING_DRAFTED
from procession.digitize.page import PageContent, Rect, Word
from procession.digitize.parts import PagePart
from procession.domain.form import DigitizedDocument
from tests.unit.digitize.made import HEIGHT, WIDTH, changed, drawn

ASKED = pipeline.EngineOptions(lines=True)


def letter(canvas: Canvas) -> None:
    canvas.drawString(60, 740, "Wedding date:")
    canvas.drawString(200, 740, "12 June 2027")
    canvas.drawString(60, 720, "Venue: The Old Barn")


def two_columns(canvas: Canvas) -> None:
    for x, side in ((60, "left"), (330, "right")):
        for row in range(4):
            canvas.drawString(x, 700 - 12 * row, f"{side} {row} of a paragraph whose lines are full")


def hidden(canvas: Canvas) -> None:
    letter(canvas)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.drawString(60, 600, "white words")
    canvas.setFillColorRGB(0, 0, 0)
    text = canvas.beginText(60, 580)
    text.setTextRenderMode(3)
    text.textLine("unpainted words")
    canvas.drawText(text)
    canvas.setFont("Helvetica", 0.5)
    canvas.drawString(60, 560, "tiny words")


def lines_of(data: bytes) -> DigitizedDocument:
    return pipeline.digitize(data, ASKED)


def test_lines_are_named_by_page_and_place_and_stand_where_they_are_printed() -> None:
    found = lines_of(drawn(letter, pages=2)).lines
    assert [(line.id, line.page, line.text) for line in found[:3]] == [
        ("p1l1", 1, "Wedding date:"),
        ("p1l2", 1, "12 June 2027"),
        ("p1l3", 1, "Venue: The Old Barn"),
    ]
    assert found[3].id == "p2l1"
    x0, y0, x1, y1 = found[1].box
    assert x0 == pytest.approx(200 / WIDTH, abs=0.005)
    assert y0 < 1 - 742 / HEIGHT < y1
    assert x1 < 0.5
    assert [len(line.words) for line in found[:3]] == [2, 3, 4]
    assert all(line.source == "text" and line.confidence == 1.0 for line in found)


def test_nothing_is_given_when_not_asked() -> None:
    quiet = pipeline.digitize(drawn(letter))
    asked = lines_of(drawn(letter))
    assert quiet.lines == ()
    assert asked.form == quiet.form


def test_paragraphs_of_columns_are_read_one_after_the_other() -> None:
    sides = [line.text.split()[0] for line in lines_of(drawn(two_columns)).lines]
    assert sides == ["left"] * 4 + ["right"] * 4


def test_words_nobody_sees_are_in_no_line() -> None:
    said = " ".join(line.text for line in lines_of(drawn(hidden)).lines)
    assert "Old Barn" in said
    assert "words" not in said


def test_characters_without_ink_are_left_out_and_words_hold_no_space() -> None:
    zero_width, tag, space = "\u200b", "\U000e0041", "\u00a0"
    words = [Word(f"Ol{zero_width}d{tag}", Rect(10, 10, 30, 20)), Word(f"a{space}b", Rect(32, 10, 44, 20))]
    page = PagePart(PageContent(1, 100, 100, words=[*words, Word(zero_width, Rect(46, 10, 47, 20))]), NOTHING_DRAFTED)
    (line,) = text_lines.text_lines([page])
    assert line.text == "Old ab"
    assert len(line.words) == 2


def test_a_scan_gives_recognised_lines_on_the_page_as_displayed() -> None:
    upright, turned = (
        as_scan(drawn(letter)),
        changed(as_scan(drawn(letter)), lambda pdf: pdf.pages[0].rotate(90, relative=True)),
    )
    for data in (upright, turned):
        found = lines_of(data)
        date = next(line for line in found.lines if "12 June 2027" in line.text)
        assert date.source == "ocr"
        assert 0.5 < date.confidence <= 1.0
        width, height = date.box[2] - date.box[0], date.box[3] - date.box[1]
        assert (width > height) is (data is upright)


def test_ranges_of_pages_give_the_lines_of_the_whole() -> None:
    data = drawn(letter, pages=3)
    parts = [pipeline.analyze_pages(data, first, last, ASKED) for first, last in ((1, 2), (3, 3))]
    again = [pipeline.PagesPart.from_json(json.loads(json.dumps(part.to_json()))) for part in parts]
    assert [(one.id, one.text) for one in pipeline.assemble(again, ASKED).lines] == [
        (one.id, one.text) for one in lines_of(data).lines
    ]


def test_lines_past_a_limit_are_left_out_and_long_ones_are_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lines, "LINES_PER_PAGE_MAX", 2)
    monkeypatch.setattr(text_lines, "WORDS_PER_LINE_MAX", 3)
    monkeypatch.setattr(text_lines, "WORD_CHARACTERS_MAX", 6)
    assert [line.text for line in lines_of(drawn(letter)).lines] == ["Weddin date:", "12 June 2027"]
    words = [Word(text, Rect(10 + 12 * n, 10, 20 + 12 * n, 20)) for n, text in enumerate("abcd")]
    page = PagePart(PageContent(1, 100, 100, words=words), NOTHING_DRAFTED)
    assert [line.text for line in text_lines.text_lines([page])] == ["a b c", "d"]
