"""A quote counts when it stands, letter for letter, in the lines it is said to come from."""

from __future__ import annotations

import pytest

from procession.ai.quotes import LETTERS_PER_SLIP, places
from tests.unit.ai.lines import lines_of

LINES = lines_of(
    "The balance of £1,500.00 is due on 1 May 2027",
    "“Golden Hour” – Photography",
    "The ceremony takes place at the Old Gran-",
    "ary Barn in the woods",
    "far below",
)


@pytest.mark.parametrize(
    ("named", "quote"),
    [
        (["p1l1"], "£1,500.00"),
        (["p1l1"], "  due   on 1\u00a0May 2027 "),
        (["p1l2"], '"Golden Hour" - Photography'),
        (["p1l3", "p1l4"], "Old Granary Barn"),
        (["p1l4", "p1l3"], "Old Gran- ary Barn"),
        (["p1l1", "p1l5"], "1 May 2027"),
    ],
)
def test_a_quote_is_found_whatever_its_white_space_hyphens_and_quotation_marks(named: list[str], quote: str) -> None:
    (place,) = places(LINES, named, quote)
    assert place.exact


@pytest.mark.parametrize(
    ("named", "quote", "why"),
    [
        (["p1l1"], "£1,600.00", "another figure"),
        (["p1l1"], "500.00", "part of a number"),
        (["p1l1"], "£1,500", "part of a number"),
        (["p1l1"], "ay 2027", "part of a word"),
        (["p1l2"], "due on 1 May 2027", "in another line"),
        (["p1l9"], "1 May 2027", "no such line"),
        (["p1l1", "p9l9"], "1 May 2027", "one of the lines does not exist"),
        (["p1l1"], "", "nothing"),
        (["p1l1"], " \u200b ", "nothing that leaves ink"),
        (["p1l2", "p1l5"], "Photography far below", "lines that do not follow one another"),
        (["p1l2"], "Golden hour", "another case"),
        ([], "1 May 2027", "no line"),
    ],
)
def test_what_is_not_verbatim_is_nowhere(named: list[str], quote: str, why: str) -> None:
    assert places(LINES, named, quote) == [], why


def test_the_box_is_that_of_the_quoted_words_alone() -> None:
    (place,) = places(LINES, ["p1l1"], "1 May 2027")
    box = place.box_of(place.start, place.end)
    assert box is not None
    assert box[0] == LINES[0].words[7][0]
    assert box[2] == LINES[0].words[-1][2]


def test_a_quote_that_stands_twice_has_two_places() -> None:
    lines = lines_of("10:00 arrival, 10:00 coffee")
    assert len(places(lines, ["p1l1"], "10:00")) == 2


def test_recognised_letters_may_be_confused_or_differ_a_little_but_never_a_figure() -> None:
    scan = lines_of("Anna Be11 and Thomas Featherstonehaugh agree on 1,500", source="ocr", sure=0.7)
    (confused,) = places(scan, ["p1l1"], "Anna Bell and")
    (slip,) = places(scan, ["p1l1"], "Thomas Featherstonehough")
    assert not confused.exact
    assert not slip.exact
    assert slip.confidence == 0.7
    assert places(scan, ["p1l1"], "agree on 1,600") == []
    assert places(scan, ["p1l1"], "Thomxs") == [], f"a slip is allowed for {LETTERS_PER_SLIP} letters"
    digital = lines_of("Anna Be11 and Thomas Featherstonehaugh agree on 1,500")
    assert places(digital, ["p1l1"], "Anna Bell and") == []
