"""What a recogniser makes of boxes to tick beside words, taken apart again."""

from __future__ import annotations

import pytest

from procession.digitize.page import Rect, Word
from procession.digitize.scan import without_box

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
