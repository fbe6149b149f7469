"""What is remembered of a blank page: its printed words, where fields stand, and nothing anybody filled in."""

from __future__ import annotations

import pytest

from procession.digitize.fingerprint import layout_of, likeness, sketch_of, token
from tests.unit.digitize.remembered import LABELS, field, page, words_of


@pytest.mark.parametrize(
    ("printed", "remembered"),
    [
        ("Name:", "name"),
        ("E-Mail*", "email"),
        ("Prénom", "prenom"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("____", ""),
        ("12.", ""),
        ("a", ""),
        ("電話番号", "電話番号"),
    ],
)
def test_a_word_is_remembered_by_its_letters(printed: str, remembered: str) -> None:
    assert token(printed) == remembered


def test_what_was_filled_in_is_not_remembered() -> None:
    fields = [field(index, label) for index, label in enumerate(LABELS)]
    filled = page(answers=("Anna Lindqvist", "Benedikt Moreau", "anna@example.com"))
    remembered = {anchor[0] for anchor in layout_of(filled, fields).anchors}
    assert {"partner", "electronic", "flowers"} <= remembered
    assert not {"anna", "lindqvist", "benedikt", "moreau", "annaexamplecom"} & remembered


def test_a_value_found_in_the_text_is_not_remembered() -> None:
    written = page()
    written.words += words_of("Lindqvist", 300, 60)
    value = field(0, "Name").model_copy(
        update={"box": None, "value": "Lindqvist", "value_box": (0.5, 0.06, 0.62, 0.09)}
    )
    assert "lindqvist" not in {anchor[0] for anchor in layout_of(written, [value]).anchors}


def test_a_label_printed_inside_its_box_is_remembered() -> None:
    boxed = page(labels=())
    boxed.words += words_of("Dietary requirements", 264, row := 120)
    boxed.words += words_of("vegetarian", 264 + 110, row)
    found = layout_of(boxed, [field(0, "Dietary requirements")])
    assert [anchor[0] for anchor in found.anchors][-2:] == ["dietary", "requirements"]


def test_words_nobody_sees_are_not_remembered() -> None:
    shown = page()
    hidden = page()
    hidden.words += [
        type(word)(word.text, word.box, visible=False) for word in words_of("hidden instructions follow", 60, 800)
    ]
    assert layout_of(hidden, []) == layout_of(shown, [])


def test_a_filled_page_is_like_its_blank_and_unlike_another_form() -> None:
    blank = sketch_of(page().words)
    filled = sketch_of(page(answers=("Anna Lindqvist", "Benedikt Moreau", "anna@example.com")).words)
    other = sketch_of(page(labels=("Invoice number", "Amount payable", "Bank account", "Reference")).words)
    assert likeness(blank, filled) > 0.6
    assert likeness(blank, other) < 0.4


def test_a_page_without_words_has_no_sketch() -> None:
    assert sketch_of([]) == ()
    assert likeness((), sketch_of(page().words)) == 0


def test_a_sketch_means_the_same_in_every_version() -> None:
    """Stored templates are looked up by it: changing how it is made makes every one of them unknown."""
    assert sketch_of(words_of("the quick brown fox", 0, 0))[:4] == GOLDEN


GOLDEN = (441189802, 139132190, 239516024, 1483296756)
