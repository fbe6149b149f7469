"""What a recogniser makes of boxes to tick beside words, taken apart again."""

from __future__ import annotations

import pytest

from procession.digitize.page import Rect, Word
from procession.digitize.scan import is_drawing, without_box

CIRCLE = Rect(100, 100, 109, 109)


@pytest.mark.parametrize(("read", "parts"), [("ONo", ["No"]), ("©Yes", ["Yes"]), ("Other", ["ther"])])
def test_a_word_is_read_without_the_circle_before_it(read: str, parts: list[str]) -> None:
    words = without_box(Word(read, Rect(100, 100, 124, 109)), [CIRCLE])
    assert [word.text for word in words] == parts
    assert words[0].box.x0 == CIRCLE.x1


def test_a_round_letter_without_a_circle_stays() -> None:
    (word,) = without_box(Word("Other", Rect(200, 100, 224, 109)), [CIRCLE])
    assert word.text == "Other"


def test_a_closing_bracket_is_parted_from_the_word_after_it() -> None:
    bracket, word = without_box(Word("]No", Rect(100, 100, 124, 109)), [])
    assert (bracket.text, word.text) == ("]", "No")
    assert bracket.box.x1 <= word.box.x0


SQUARE = Rect(100, 100, 112, 112)
FRAME = Rect(100, 200, 124, 212)
DIVIDER = Rect(111.6, 200, 112.4, 212)


def _read(text: str, box: Rect, confidence: float) -> bool:
    return is_drawing(Word(text, box, confidence=confidence), [SQUARE], [FRAME], [DIVIDER])


@pytest.mark.parametrize("text", ["[sa]", "(es", "fal"])
def test_what_is_read_doubtfully_where_a_box_to_tick_is_drawn_is_the_box(text: str) -> None:
    assert _read(text, Rect(99, 99, 113, 113), 0.59)
    assert not _read(text, Rect(99, 99, 113, 113), 0.6)


def test_what_is_read_doubtfully_as_high_as_a_box_to_write_in_is_the_box() -> None:
    assert _read("ca", Rect(100, 199, 124, 212), 0.4)
    assert not _read("ca", Rect(102, 203, 120, 210), 0.4), "print leaves air above and below"
    assert not _read("NY", Rect(100, 199, 124, 212), 0.95)


@pytest.mark.parametrize("text", ["I", "LL]", "[|"])
def test_bars_read_where_an_upright_rule_stands_are_the_rule_however_sure(text: str) -> None:
    assert _read(text, Rect(110, 201, 114, 211), 0.92)
    assert not _read(text, Rect(140, 201, 144, 211), 0.92)


def test_letters_beside_an_upright_rule_are_letters() -> None:
    assert not _read("Ten", Rect(108, 203, 123, 210), 0.92)


def test_doubtful_words_flatter_than_any_print_are_pieces_of_a_rule() -> None:
    assert _read("ena", Rect(300, 300, 372, 302.4), 0.4)
    assert not _read("ena", Rect(300, 300, 372, 302.5), 0.4)
