"""The figures of ``bench ocr`` and ``bench text`` on hand-made readings, and the pictures they are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bench import material, ocr, scans, text
from bench.ocr import Read, calibration_error, folded, in_order, word_f1
from procession.digitize.skew import lies_sideways

CONTRACT = scans.Original("contract", material.every()["venue-contract.pdf"], 1)


def _read(words: Sequence[tuple[str, float]], truth: Sequence[str]) -> Read:
    return Read("worn", 0.5, tuple(words), tuple(truth))


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert [folded(word) for word in ("Name:", "“Fern”", "___", "★", "2,500.00")] == ["name", "fern", "", "", "250000"]


def test_word_f1_counts_every_word_as_often_as_it_stands_there() -> None:
    reads = [_read([("the", 1.0), ("the", 1.0), ("cake", 1.0)], ["The", "cake.", "list", "___"])]
    assert word_f1(reads) == pytest.approx(2 * 2 / (3 + 3))
    assert word_f1([_read([], [])]) == 1.0
    assert word_f1([_read([], ["lost"])]) == 0.0


def test_words_across_two_columns_are_out_of_order() -> None:
    truth = ["one", "two", "three", "four"]
    assert in_order([_read([(word, 1.0) for word in truth], truth)]) == 1.0
    assert in_order([_read([(word, 1.0) for word in ("one", "three", "two", "four")], truth)]) == 0.75


def test_confidence_is_compared_with_the_share_of_right_words() -> None:
    half = _read([("right", 0.9), ("wrong", 0.9)], ["right"])
    assert calibration_error([half]) == pytest.approx(0.4)
    assert calibration_error([_read([], [])]) == 0.0


def test_the_original_knows_the_words_that_are_seen() -> None:
    assert "Larkspur" in CONTRACT.words()


@pytest.mark.parametrize("kind", list(scans.KINDS))
def test_every_kind_of_scan_is_a_picture_of_the_page(kind: str) -> None:
    picture, dpi = scans.KINDS[kind](CONTRACT, 1)
    assert picture.dtype == np.uint8
    assert picture.ndim == 2
    assert sorted(side * 72 / dpi for side in picture.shape) == pytest.approx([595, 842], abs=3)
    assert lies_sideways(picture) == (kind == "turned_90")


def test_a_scan_keeps_its_pixels_and_words_on_the_way_to_another_process(tmp_path: Path) -> None:
    made = scans.Scan("worn", "a", np.arange(6, dtype=np.uint8).reshape(2, 3), 200.0, ("Name:", "été"))
    (path,) = scans.write(tmp_path, iter([made]))
    back = scans.read(path)
    assert (back.kind, back.name, back.dpi, back.words) == ("worn", "a", 200.0, ("Name:", "été"))
    assert back.picture.tolist() == made.picture.tolist()


def test_two_columns_hold_the_contracts_words() -> None:
    words = scans.in_columns().words()
    assert len(words) > 250
    assert set(words) & set(CONTRACT.words())


def test_all_readers_of_text_count_the_same_pages() -> None:
    path = material.FOLDER / "venue-contract.pdf"
    assert {name: read(path) for name, read in text.READERS.items()} == dict.fromkeys(text.READERS, 1)


def test_the_keys_the_contract_names_are_measured_beside_tesseract() -> None:
    good, bad = _read([("a", 1.0)], ["a"]), _read([("b", 1.0)], ["a"])
    figures = ocr.figures(ocr.Side((good,), 200.0), ocr.Side((bad,), 150.0))
    assert {"seconds_per_page", "word_f1", "rss_mib"} <= set(figures)
    assert (figures["word_f1"], figures["tesseract_word_f1"], figures["seconds_ratio"]) == (1.0, 0.0, 1.0)
