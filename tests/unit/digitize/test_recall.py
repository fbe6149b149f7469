"""A copy of a known form is known whatever a scanner did to it; a changed edition is never taken for the old one."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.digitize.fingerprint import sketch_of
from procession.digitize.page import Rect, Word
from procession.digitize.recall import SURE_MATCHED_MIN, Match, Recall
from procession.digitize.register import register
from procession.domain.template import Template
from tests.unit.digitize.remembered import (
    BOX_LEFT,
    BOX_RIGHT,
    LABELS,
    moved,
    page,
    row_of,
    template,
    words_of,
)

ANSWERS = ("Anna Lindqvist", "Benedikt Moreau", "anna@example.com", "", "12 June 2027", "Old Chapel", "Great Barn")
POINTS_PER_MM = 72 / 25.4


def known(words: list[Word], *templates: Template, scanned: bool = False) -> Match | None:
    recall = Recall(lambda _: templates or (template(),))
    return recall.match(sketch_of(words), words, (lambda _: False) if scanned else None)


def scanned(words: list[Word], seed: int, dx: float, dy: float, scale: float, lean: float) -> list[Word]:
    """Moved, each box a little off, one word in twelve misread."""
    chance = random.Random(seed)
    found = []
    for word in words:
        box = moved(word.box, dx + chance.uniform(-0.8, 0.8), dy + chance.uniform(-0.8, 0.8), scale, lean)
        text, sure = word.text, 0.93
        if chance.random() < 1 / 12 and len(text) > 3:
            at = chance.randrange(1, len(text) - 1)
            text, sure = text[:at] + chance.choice("lic0e") + text[at + 1 :], 0.5
        found.append(Word(text, box, size=10.0, confidence=sure))
    return found


def test_the_same_page_is_known_with_its_fields_in_their_places() -> None:
    match = known(page().words)
    assert match is not None
    assert match.verdict == "same"
    assert [one.id for one in match.placed] == [f"field-{index + 1}" for index in range(len(LABELS))]
    assert match.placed[3].box == pytest.approx((BOX_LEFT, row_of(3) - 2, BOX_RIGHT, row_of(3) + 12), abs=0.1)


def test_answers_in_the_boxes_change_nothing() -> None:
    match = known(page(answers=ANSWERS).words)
    assert match is not None
    assert match.verdict == "same"
    assert {word.text for word in match.registration.answers} >= {"Anna", "Lindqvist", "2027", "Barn"}


@given(
    seed=st.integers(0, 10_000),
    dx=st.floats(-6, 6).map(lambda mm: mm * POINTS_PER_MM),
    dy=st.floats(-6, 6).map(lambda mm: mm * POINTS_PER_MM),
    scale=st.floats(0.9, 1.1),
    lean=st.floats(-0.8, 0.8),
)
def test_shift_scale_lean_and_noise_are_undone(seed: int, dx: float, dy: float, scale: float, lean: float) -> None:
    copy = scanned(page(answers=ANSWERS).words, seed, dx, dy, scale, lean)
    match = known(copy, scanned=True)
    if match is None or match.verdict != "same":
        return  # misread words can look like changed ones: that costs time; a wrong place would cost an answer
    for index, placed in enumerate(match.placed):
        true = moved(Rect(BOX_LEFT, row_of(index) - 2, BOX_RIGHT, row_of(index) + 12), dx, dy, scale, lean)
        assert placed.box == pytest.approx(true, abs=3.0)


def test_nearly_every_scan_of_a_known_page_is_known() -> None:
    matches = [
        known(scanned(page(answers=ANSWERS).words, seed, 8.5, -8.5, 1.02, 0.5), scanned=True) for seed in range(60)
    ]
    same = sum(match is not None and match.verdict == "same" for match in matches)
    assert same >= 54


@given(index=st.integers(0, len(LABELS) - 1))
def test_a_field_taken_out_is_noticed(index: int) -> None:
    words = page().words
    gone = {id(word) for word in words if abs(word.box.y0 - row_of(index)) < 1}
    match = known([word for word in words if id(word) not in gone])
    assert match is None or match.verdict == "changed"


@pytest.mark.parametrize("is_scan", [False, True])
def test_a_field_put_in_is_noticed(is_scan: bool) -> None:
    words = page().words + words_of("Allergies", 60, 700)
    match = known(words, scanned=is_scan)
    assert match is not None
    assert match.verdict == "changed"


@pytest.mark.parametrize("is_scan", [False, True])
def test_a_field_that_moved_is_noticed(is_scan: bool) -> None:
    """Two rows change places: every word is still there, and every row is one where fields are."""
    labels = list(LABELS)
    labels[2], labels[9] = labels[9], labels[2]
    match = known(page(labels).words, scanned=is_scan)
    assert match is not None
    assert match.verdict == "changed"


@pytest.mark.parametrize("is_scan", [False, True])
def test_a_row_put_in_above_shifts_the_rest_and_is_noticed(is_scan: bool) -> None:
    labels = [*LABELS[:5], "Rehearsal evening", *LABELS[5:]]
    match = known(page(labels).words, scanned=is_scan)
    assert match is None or match.verdict == "changed"


def test_a_passed_over_word_is_no_change_where_ink_shows_it_is_printed() -> None:
    words = [word for word in page().words if word.text != "Telephone"]
    inked = Recall(lambda _: (template(),)).match(sketch_of(words), words, lambda _: True)
    assert inked is not None
    assert inked.verdict == "same"
    assert Recall(lambda _: (template(),)).match(sketch_of(words), words, None).verdict == "changed"  # type: ignore[union-attr]


def test_another_form_is_not_known() -> None:
    other = page(("Invoice number", "Amount payable", "Bank account", "Reference", "Payment terms", "Due"))
    assert known(other.words) is None


def test_the_same_words_in_another_arrangement_are_not_known() -> None:
    words = page().words
    chance = random.Random(5)
    spots = [word.box for word in words]
    chance.shuffle(spots)
    assert known([replace(word, box=box) for word, box in zip(words, spots, strict=True)]) is None


def test_the_better_of_two_templates_is_chosen() -> None:
    nearly = template((*LABELS[:-2], "Preferred language", "Parking for suppliers"), "template-2")
    for ordered in ((nearly, template()), (template(), nearly)):
        match = known(page().words, *ordered)
        assert match is not None
        assert match.template.id == "template-1"


def test_a_document_is_matched_with_one_template_and_each_of_its_pages_once() -> None:
    recall = Recall(lambda _: (template(),))
    words = page().words
    assert recall.match(sketch_of(words), words) is not None
    assert recall.match(sketch_of(words), words) is None


def test_a_field_a_reviewer_removed_keeps_its_place_without_a_field() -> None:
    whole = template()
    fewer = whole.model_copy(update={"form": whole.form.model_copy(update={"fields": whole.form.fields[1:]})})
    match = known(page().words, fewer)
    assert match is not None
    assert match.placed[0].field is None
    assert match.placed[1].field is not None


def test_a_page_of_too_few_words_is_never_known() -> None:
    few = template(("Name",))
    bare = few.model_copy(
        update={"layouts": (few.layouts[0].model_copy(update={"anchors": few.layouts[0].anchors[-3:]}),)}
    )
    assert register(bare.layouts[0], page(("Name",)).words) is None


SIGN = ("Name", "Town")


def test_a_sheet_of_few_words_is_known_beside_a_surer_page_and_never_alone() -> None:
    whole, few = template(), template(SIGN)
    sheet = few.layouts[0].model_copy(update={"number": 2})
    assert len(sheet.anchors) < SURE_MATCHED_MIN
    two = whole.model_copy(update={"layouts": (*whole.layouts, sheet)})
    last = page(SIGN).words
    alone = Recall(lambda _: (two,))
    assert alone.match(sketch_of(last), last) is None
    both = Recall(lambda _: (two,))
    assert both.match(sketch_of(page().words), page().words) is not None
    found = both.match(sketch_of(last), last)
    assert found is not None
    assert (found.verdict, found.layout.number) == ("same", 2)


def test_a_sheet_of_few_words_that_differs_is_another() -> None:
    whole = template()
    sheet = template(SIGN).layouts[0].model_copy(update={"number": 2})
    recall = Recall(lambda _: (whole.model_copy(update={"layouts": (*whole.layouts, sheet)}),))
    assert recall.match(sketch_of(page().words), page().words) is not None
    changed = page(SIGN).words + words_of("Allergies", 60, 700)
    assert recall.match(sketch_of(changed), changed) is None
