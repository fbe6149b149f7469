"""A field's box on a leaning, turned scan as displayed, and back to the upright page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.digitize.lying import upright
from procession.digitize.page import Rect
from procession.digitize.parts import Turned


@given(
    turn=st.sampled_from((0, 90, 180, 270)),
    skew=st.floats(-5, 5),
    x=st.floats(60, 400),
    y=st.floats(60, 700),
    width=st.floats(8, 180),
    height=st.floats(8, 40),
)
def test_a_box_goes_to_the_displayed_page_and_back(
    turn: int, skew: float, x: float, y: float, width: float, height: float
) -> None:
    shown = (842.0, 595.0) if turn in (90, 270) else (595.0, 842.0)
    turned = Turned(turn, skew, (595.0, 842.0), shown)  # type: ignore[arg-type]
    box = Rect(x, y, x + width, y + height)
    assert upright(turned.on_page(box), turned.lie, 595.0, 842.0) == pytest.approx(box, abs=1.2)


def test_a_box_a_person_drew_level_on_a_leaning_page_keeps_its_size() -> None:
    turned = Turned(0, 4.0, (595.0, 842.0), (595.0, 842.0))
    back = upright(Rect(100, 100, 400, 112), turned.lie, 595.0, 842.0)
    assert (back.width, back.height) == pytest.approx((300, 12))
