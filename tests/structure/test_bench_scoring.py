"""The figures of ``bench digitize`` on hand-made documents: what counts as found, right, sure, grouped and in order."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import pytest

from bench import degrade, fill
from bench.scoring import Tally, centre_in, iou, near, pairs, same_value, summary, tally
from bench.sets import SETS, Form, Sources, held_out
from procession.digitize.document import open_document
from procession.digitize.reader import read_page

NAME = [0.1, 0.1, 0.5, 0.12]
DATE = [0.6, 0.1, 0.9, 0.12]
YES, NO = [0.1, 0.3, 0.12, 0.32], [0.2, 0.3, 0.22, 0.32]


def _truth() -> dict[str, Any]:
    shared = {"page": 1, "required": False, "options": None, "group": None, "option": None}
    ticked = {"type": "radio", "semantic_type": "radio", "label": "Coming?", "group": "Coming?", "name": "coming"}
    return {
        "scored_pages": [1],
        "signature_present": False,
        "fields": [
            shared | {"type": "text", "semantic_type": "text", "label": "Full name", "box": NAME, "name": "a"},
            shared | {"type": "text", "semantic_type": "date", "label": "Wedding date", "box": DATE, "name": "b"},
            shared | ticked | {"box": YES, "option": "Yes"},
            shared | ticked | {"box": NO, "option": "No"},
        ],
    }


def _field(kind: str, label: str, box: list[float], **more: Any) -> dict[str, Any]:
    base = {"page": 1, "required": False, "options": [], "confidence": 0.95, "needs_review": False, "section": None}
    return base | {"type": kind, "label": label, "box": box} | more


def _result(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"form": {"sections": [], "fields": list(fields)}}


def _choice(*options: tuple[str, list[float]], **more: Any) -> dict[str, Any]:
    made = [{"label": label, "box": box} for label, box in options]
    return _field("radio", "Coming?", YES, options=made, **more)


def test_everything_right_scores_one() -> None:
    found = _result(
        _field("text", "Full name", NAME),
        _field("date", "The wedding date", DATE),
        _choice(("Yes", YES), ("No", NO)),
    )
    figures = summary(tally(_truth(), found))
    assert figures["centre"]["f1"] == figures["iou50"]["f1"] == 1.0
    for key in ("type_accuracy", "semantic_type", "label_near", "groups", "option_label", "group_question"):
        assert figures[key] == 1.0, key
    assert figures["order_accuracy"] == figures["unflagged_right"] == figures["sure_hit"] == 1.0
    assert figures["calibration_error"] == 0.05
    assert figures["flagged"] == 0.0


def test_a_low_box_is_found_loosely_and_not_strictly() -> None:
    thin = [0.1, 0.115, 0.5, 0.12]
    figures = summary(tally(_truth(), _result(_field("text", "Full name", thin))))
    assert figures["centre"] == {"precision": 1.0, "recall": 0.25, "f1": 0.4}
    assert figures["iou50"]["f1"] == 0.0


def test_what_is_found_twice_counts_once_and_what_is_invented_costs_precision() -> None:
    wrong = _field("text", "Nothing", [0.4, 0.8, 0.6, 0.82], needs_review=True, confidence=0.4)
    figures = summary(tally(_truth(), _result(_field("text", "Full name", NAME), _field("text", "x", NAME), wrong)))
    assert figures["centre"]["precision"] == 0.333
    assert figures["unflagged_hit"] == 0.5
    assert figures["flagged"] == 0.333
    assert figures["sure_share"] == 0.667


def test_the_wrong_family_is_a_hit_and_not_right() -> None:
    figures = summary(tally(_truth(), _result(_field("signature", "Full name", NAME))))
    assert figures["unflagged_hit"] == 1.0
    assert figures["unflagged_right"] == figures["type_accuracy"] == 0.0


def test_a_group_torn_in_two_is_wrong_and_so_are_fields_out_of_order() -> None:
    torn = _result(
        _choice(("No", NO)),
        _choice(("Yes", YES)),
        _field("date", "Date", DATE),
        _field("text", "Full name", NAME),
    )
    figures = summary(tally(_truth(), torn))
    assert figures["groups"] == 0.0
    assert figures["order_accuracy"] == 0.0
    assert summary(tally(_truth(), torn), ordered=False)["order_accuracy"] is None


def test_no_result_finds_nothing_and_tallies_add_up() -> None:
    total = Tally()
    total.add(tally(_truth(), {}))
    total.add(tally(_truth(), _result(_field("text", "Full name", NAME))))
    figures = summary(total)
    assert (figures["files"], figures["no_result"], figures["fields"], figures["predicted"]) == (2, 1, 8, 1)
    assert figures["centre"]["recall"] == 0.125


def test_values_need_the_right_subtype_and_evidence_the_right_place() -> None:
    truth = _truth() | {
        "signature_present": True,
        "values": [
            {"subtypes": ["total_amount"], "value": "1200.00", "boxes": [{"page": 1, "box": NAME}]},
            {"subtypes": ["couple_phone"], "value": "+12125550142", "boxes": [{"page": 1, "box": DATE}]},
        ],
    }
    found = _result(
        _field("currency", "Total", NAME, subtype="total_amount", value="1200", value_box=DATE),
        _field("phone", "Phone", DATE, subtype="couple_phone", value="212 555 0142", value_box=DATE),
    )
    figures = summary(tally(truth, found))
    assert figures["values_f1"]["f1"] == 1.0
    assert figures["evidence"] == 0.5
    assert figures["signature_presence"] == 0.0
    assert figures["recall_by_subtype"] == {"couple_phone": 1.0, "total_amount": 1.0}


@pytest.mark.parametrize(
    ("subtype", "mine", "theirs", "same"),
    [
        ("total_amount", "USD 2,650", "2650.00", True),
        ("total_amount", "2650.01", "2650.00", False),
        ("total_amount", "none", "2650.00", False),
        ("wedding_date", "2027-06-01", "2027-06-01", True),
        ("guest_count", 120, "120", True),
        ("guest_count", None, "120", False),
    ],
)
def test_values_are_compared_by_what_they_mean(subtype: str, mine: object, theirs: object, same: bool) -> None:
    assert same_value(subtype, mine, theirs) is same


def test_boxes_are_paired_best_first() -> None:
    wide, exact = {"box": [0.0, 0.0, 1.0, 1.0]}, {"box": NAME}
    assert pairs([wide, exact], [{"box": NAME}], iou) == [(1, 0)]
    assert iou(NAME, NAME) == 1.0
    assert iou(NAME, DATE) == 0.0
    assert centre_in([0, 0, 1, 1], NAME)
    assert not centre_in(NAME, DATE)
    assert near("Date of the wedding", "Wedding date")
    assert not near("Date", "Wedding date")


def test_held_out_files_are_never_measured_with_the_others(tmp_path: Path) -> None:
    names = [f"form-{number}" for number in range(40)]
    folder = tmp_path / "forms-dev" / "truth"
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"{name}.json").write_text("{}")
    shown = {f.name for f in SETS["real"](Sources(tmp_path, tmp_path)).forms}
    hidden = {f.name for f in SETS["real"](Sources(tmp_path, tmp_path, held_out=True)).forms}
    assert shown | hidden == set(names)
    assert shown & hidden == set()
    assert hidden == {name for name in names if hashlib.sha256(name.encode()).hexdigest()[0] in "012"}
    assert all(held_out(name) for name in hidden)


def test_a_filled_form_keeps_its_pages_and_gains_words_in_its_boxes() -> None:
    example = next(form for form in _examples() if form.name == "consultation-form")
    blank, truth = example.pdf.read_bytes(), example.read()
    filled = fill.filled(blank, truth, 7)
    before, after = _words(blank), _words(filled)
    assert len(after) > len(before) + 20
    assert before <= after
    assert fill.filled(blank, truth, 7) == filled


def test_a_scan_has_no_words_and_its_truth_turns_with_the_page() -> None:
    example = next(form for form in _examples() if form.name == "feedback-form")
    truth = example.read()
    data, moved = degrade.scanned(example.pdf.read_bytes(), truth, 2)
    assert _words(data) == set()
    assert len(moved["fields"]) == len(truth["fields"])
    left, right = degrade.turned([0.1, 0.5, 0.1, 0.5], 612, 792, 2.0), degrade.turned([0.9, 0.5, 0.9, 0.5], 612, 792, 2)
    assert (right[1] - left[1]) * 792 == pytest.approx(0.8 * 612 * math.sin(math.radians(2)), abs=0.1)


def _examples() -> tuple[Form, ...]:
    return SETS["examples"](Sources(None, Path())).forms


def _words(data: bytes) -> set[tuple[int, str, int, int]]:
    document = open_document(data)
    pages = [read_page(document, number) for number in range(1, len(document) + 1)]
    document.close()
    return {(page.number, w.text, round(w.box.x0), round(w.box.y0)) for page in pages for w in page.words}
