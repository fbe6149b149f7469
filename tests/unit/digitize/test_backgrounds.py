"""Fills nobody sees: white on white behind running text is no box, white on a colour or away from text still is."""

from __future__ import annotations

from procession.digitize.detect import candidates
from procession.digitize.detect.backgrounds import LIKES_MIN, unseen_backgrounds
from procession.digitize.page import Rect, Shape

from .drawn import Drawn

WHITE, BLUE = (255, 255, 255), (200, 220, 255)


def paragraph(drawn: Drawn, lines: int, *, empty: int | None = None) -> list[Rect]:
    """Lines of text, each on a white fill of its own; the ``empty`` one holds no words."""
    boxes = [Rect(54, 60 + 14 * place, 540, 74 + 14 * place) for place in range(lines)]
    for place, box in enumerate(boxes):
        drawn.page.shapes.append(Shape(box, "rect", stroked=False, filled=True, fill=WHITE))
        if place != empty:
            drawn.text(58, box.y0 + 1, "You agree that the deposit is not returned")
    return boxes


def test_the_empty_line_between_two_paragraphs_of_a_word_processor_is_no_field() -> None:
    drawn = Drawn()
    boxes = paragraph(drawn, 7, empty=3)
    assert unseen_backgrounds(drawn.page) == frozenset(range(7))
    assert not [one for one in candidates(drawn.page).found if one.box.y0 < boxes[-1].y1]


def test_the_same_fills_on_a_coloured_panel_are_boxes() -> None:
    drawn = Drawn()
    drawn.page.shapes.append(Shape(Rect(40, 40, 560, 300), "rect", stroked=False, filled=True, fill=BLUE))
    paragraph(drawn, 7, empty=3)
    assert unseen_backgrounds(drawn.page) == frozenset()
    assert "box" in {one.rule for one in candidates(drawn.page).found}


def test_a_colour_painted_later_does_not_lie_behind() -> None:
    drawn = Drawn()
    paragraph(drawn, 7, empty=3)
    drawn.page.shapes.append(Shape(Rect(40, 40, 560, 300), "rect", stroked=False, filled=True, fill=BLUE))
    assert unseen_backgrounds(drawn.page) == frozenset(range(7))


def test_white_fills_on_a_picture_are_boxes() -> None:
    drawn = Drawn()
    drawn.page.images.append(Rect(0, 0, 595, 842))
    paragraph(drawn, 7, empty=3)
    assert unseen_backgrounds(drawn.page) == frozenset()


def test_a_column_of_white_boxes_without_words_may_lie_on_a_gradient_and_stays() -> None:
    drawn = Drawn()
    for place in range(6):
        drawn.page.shapes.append(
            Shape(Rect(200, 60 + 20 * place, 500, 76 + 20 * place), "rect", stroked=False, filled=True, fill=WHITE)
        )
        drawn.text(54, 62 + 20 * place, "Guest")
    assert unseen_backgrounds(drawn.page) == frozenset()
    assert "box" in {one.rule for one in candidates(drawn.page).found}


def test_fewer_likes_than_make_a_text_stay() -> None:
    for lines, unseen in ((LIKES_MIN - 1, 0), (LIKES_MIN, LIKES_MIN)):
        drawn = Drawn()
        paragraph(drawn, lines)
        assert len(unseen_backgrounds(drawn.page)) == unseen


def test_outlined_boxes_are_seen() -> None:
    drawn = Drawn()
    for box in paragraph(drawn, 5, empty=2):
        drawn.page.shapes.append(Shape(box, "rect", stroked=True, filled=True, fill=WHITE))
    assert unseen_backgrounds(drawn.page) == frozenset(range(5))
    assert "box" in {one.rule for one in candidates(drawn.page).found}
