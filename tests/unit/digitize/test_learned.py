"""The field model: trees as numbers, the file and its faults, and what becomes of proposals with and without it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from procession.digitize.detect import accepted, candidates, detect_fields
from procession.digitize.learned import FieldModel, ModelError, judged, load_model, shipped_model, trees, weigh
from procession.digitize.learned import judge as judging
from procession.digitize.learned.alike import levelled
from procession.digitize.learned.features import COLUMNS, FEATURES_VERSION, feature_table
from procession.digitize.learned.judge import choose, moved
from procession.digitize.learned.model import CARD_FILE, MODEL_FILES
from procession.digitize.learned.trees import Ensemble, Floats
from procession.digitize.page import Rect, Shape

from .drawn import Drawn


def constant(value: float) -> Ensemble:
    """One tree that is a single leaf."""
    zero = np.zeros(1, dtype=np.int32)
    infinite = np.full(1, np.inf, dtype=np.float32)
    return Ensemble(zero, infinite, zero, zero, np.full(1, value, dtype=np.float32), zero, 0)


def model(*, rating: float = 3.0, button: float = -3.0, top: float = 0.0, accept: float = 0.5) -> FieldModel:
    line = np.asarray([0.0, 1.0], dtype=np.float32)
    edges = (constant(0.0), constant(top), constant(0.0), constant(0.0))
    calibration = {"text": (line, line * 0.5), "button": (line, line)}
    return FieldModel(constant(rating), edges, constant(button), calibration, accept, "made")


def asked() -> Drawn:
    drawn = Drawn()
    drawn.rule(drawn.text(60, 100, "Name:") + 4, 112, 300)
    return drawn


def test_trees_add_up_what_their_leaves_say() -> None:
    # the first tree asks for column 1 at 0.5, then for column 0 at 2; the second is a leaf of 10
    ensemble = Ensemble(
        feature=np.asarray([1, 0, 0, 0, 0, 0], dtype=np.int32),
        threshold=np.asarray([0.5, np.inf, 2.0, np.inf, np.inf, np.inf], dtype=np.float32),
        left=np.asarray([1, 1, 3, 3, 4, 5], dtype=np.int32),
        right=np.asarray([2, 1, 4, 3, 4, 5], dtype=np.int32),
        value=np.asarray([0, 1, 0, 2, 3, 10], dtype=np.float32),
        roots=np.asarray([0, 5], dtype=np.int32),
        depth=2,
    )
    rows: Floats = np.asarray([[9, 0.5], [2, 0.6], [2.1, 0.6]], dtype=np.float32)
    assert ensemble.raw(rows).tolist() == [11, 12, 13]
    assert ensemble.raw(rows[:0]).tolist() == []


def chain(length: int) -> Ensemble:
    """One tree: a value over 0 leaves at once, over -1 one step later, and so on; leaves say after how many steps."""
    inner = np.arange(length)
    leaves = np.arange(length + 1) + length
    left, right = np.append(inner[1:], 2 * length), leaves[:-1]
    return Ensemble(
        feature=np.zeros(2 * length + 1, dtype=np.int32),
        threshold=np.concatenate([-inner, np.full(length + 1, np.inf)]).astype(np.float32),
        left=np.concatenate([left, leaves]).astype(np.int32),
        right=np.concatenate([right, leaves]).astype(np.int32),
        value=np.concatenate([np.zeros(length), np.arange(length + 1) + 1]).astype(np.float32),
        roots=np.zeros(1, dtype=np.int32),
        depth=length,
    )


@pytest.mark.parametrize("length", [1, 2, 3, 4, 9])
def test_trees_are_walked_to_their_ends_whatever_their_depth(length: int) -> None:
    rows: Floats = (0.5 - np.arange(length + 1, dtype=np.float32))[:, None]
    assert chain(length).raw(rows).tolist() == [float(steps) for steps in range(1, length + 2)]


def test_many_rows_are_rated_as_each_alone() -> None:
    rows: Floats = np.linspace(-10, 2, 3 * trees.ROWS_AT_ONCE + 1, dtype=np.float32)[:, None]
    ensemble = chain(9)
    assert ensemble.raw(rows).tolist() == [ensemble.raw(row[None, :])[0] for row in rows]


def test_trees_whose_branches_meet_again_are_refused() -> None:
    looped = chain(2)
    looped.left[0] = 0
    with pytest.raises(ModelError, match="meet again"):
        load_model(replace(model(), field=replace(looped, right=np.zeros_like(looped.right))).to_bytes())


def test_a_model_survives_its_file() -> None:
    made = replace(model(), field=constant(1.25))
    read = load_model(made.to_bytes())
    row = np.zeros((1, len(COLUMNS)), dtype=np.float32)
    assert read.field.raw(row).tolist() == [1.25]
    assert (read.accept, read.version) == (0.5, "made")
    assert read.confidence(np.asarray([0.5]), "text").tolist() == [0.25]


def test_a_file_that_is_no_model_is_refused() -> None:
    with pytest.raises(ModelError):
        load_model(b"not a model")
    with pytest.raises(ModelError):
        load_model(model().to_bytes()[:200])


def test_a_model_for_other_features_is_refused() -> None:
    with np.load(io.BytesIO(model().to_bytes())) as arrays:
        changed = dict(arrays)
    about = json.loads(changed["about"].tobytes()) | {"features_version": FEATURES_VERSION + 1}
    changed["about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    out = io.BytesIO()
    np.savez(out, **changed)
    with pytest.raises(ModelError, match="other features"):
        load_model(out.getvalue())


def test_trees_that_point_outside_themselves_are_refused() -> None:
    broken = replace(constant(0.0), left=np.asarray([7], dtype=np.int32))
    with pytest.raises(ModelError):
        load_model(replace(model(), field=broken).to_bytes())


@pytest.mark.parametrize("of", MODEL_FILES)
def test_the_shipped_models_are_there_and_fit_the_features(of: str) -> None:
    assert shipped_model(of) is not None


def test_every_candidate_gets_a_number_in_every_column() -> None:
    drawn = asked()
    proposals = candidates(drawn.page)
    table = feature_table(proposals.found, proposals.scene)
    assert table.shape == (len(proposals.found), len(COLUMNS))
    assert np.isfinite(table).all()
    assert feature_table([], proposals.scene).shape == (0, len(COLUMNS))


def test_what_is_rated_low_is_no_field() -> None:
    drawn = asked()
    assert judged(candidates(drawn.page), drawn.page, model(rating=-3.0)) == []


def test_a_field_is_moved_and_as_sure_as_was_measured() -> None:
    drawn = asked()
    proposals = candidates(drawn.page)
    (plain,) = judged(proposals, drawn.page, model())
    (higher,) = judged(proposals, drawn.page, model(top=-5.0))
    assert plain.box.y0 - higher.box.y0 == pytest.approx(5.0, abs=0.01)
    assert plain.confidence == pytest.approx(0.5 / (1 + np.exp(-3.0)), abs=1e-3)


def test_a_moved_box_stays_on_the_page() -> None:
    drawn = asked()
    (found,) = judged(candidates(drawn.page), drawn.page, model(top=-500.0))
    assert found.box.y0 == 0.0


def test_an_edge_that_would_cross_the_other_stays() -> None:
    boxes: Floats = np.asarray([[0, 0, 10, 10]], dtype=np.float32)
    assert moved(boxes, np.asarray([[9.0, 0, 0, 0]])).tolist() == boxes.tolist()


def test_of_two_in_one_place_the_surer_stays() -> None:
    boxes: Floats = np.asarray([[0, 0, 10, 10], [1, 1, 10, 10], [50, 0, 60, 10]], dtype=np.float32)
    assert choose(boxes, np.asarray([0.6, 0.9, 0.3]), 0.2) == [1, 2]
    assert choose(boxes, np.asarray([0.6, 0.9, 0.3]), 0.4) == [1]


def test_without_a_model_the_rules_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = asked()
    monkeypatch.setattr(judging, "shipped_model", lambda _: None)
    proposals = candidates(drawn.page)
    assert weigh(proposals, drawn.page) == accepted(proposals, drawn.page) == detect_fields(drawn.page)


def test_the_shipped_model_finds_a_line_to_write_on_and_no_rule_under_a_heading() -> None:
    drawn = asked()
    drawn.text(60, 40, "Wedding enquiry", size=18, bold=True)
    drawn.rule(60, 64, 535)
    (found,) = detect_fields(drawn.page, weigh)
    assert found.box.x1 == pytest.approx(300, abs=6)
    assert Rect(*found.box).y0 > 70


def test_candidates_of_one_column_are_rated_together() -> None:
    raw = np.asarray([2.0, -2.0, 2.0, -4.0])
    boxes: Floats = np.asarray(
        [[50, y, 200, y + 20] for y in (100, 120, 140)] + [[300, 100, 320, 120]], dtype=np.float32
    )
    together = levelled(raw, boxes, ["box", "box", "box", "box"], shared=1.0)
    assert together.tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, -4.0])


@pytest.mark.parametrize(("rule", "width", "height"), [("cell", 150, 20), ("box", 140, 20), ("box", 150, 30)])
def test_candidates_of_another_rule_width_or_height_are_rated_apart(rule: str, width: float, height: float) -> None:
    raw = np.asarray([2.0, -2.0])
    boxes: Floats = np.asarray([[50, 100, 200, 120], [50, 200, 50 + width, 200 + height]], dtype=np.float32)
    assert levelled(raw, boxes, ["box", rule], shared=1.0).tolist() == raw.tolist()


def test_boxes_to_tick_stay_in_their_row() -> None:
    drawn = Drawn()
    for place in range(3):
        drawn.text(60 + 100 * place, 100, "☐ Yes")
    glyphs = [word for word in drawn.page.words if word.text == "☐"]
    found = judged(candidates(drawn.page), drawn.page, model(button=3.0, top=-2.0))
    marks = sorted(one.box for one in found if one.kind == "checkbox")
    assert [box.x0 for box in marks] == pytest.approx([word.box.x0 for word in glyphs], abs=0.01)
    assert len({round(box.y0, 3) for box in marks}) == 1


def test_a_drawn_box_to_tick_is_where_it_is_drawn_unless_the_way_is_long() -> None:
    drawn = Drawn()
    square = Rect(60, 100, 70, 110)
    drawn.page.shapes.append(Shape(square, "rect", stroked=True, filled=False))
    drawn.text(76, 100, "Yes")
    (found,) = judged(candidates(drawn.page), drawn.page, model(button=3.0, top=-2.0))
    assert found.box == square
    (found,) = judged(candidates(drawn.page), drawn.page, model(button=3.0, top=-4.0))
    assert found.box == Rect(60, 96, 70, 110)


@pytest.mark.parametrize("of", MODEL_FILES)
def test_the_card_beside_the_shipped_models_is_theirs(of: str) -> None:
    card = json.loads((resources.files("procession.digitize.learned") / CARD_FILE).read_text())
    shipped = shipped_model(of)
    assert shipped is not None
    assert card[of]["version"] == shipped.version
    assert card[of]["accept"] == pytest.approx(shipped.accept)
    assert set(card["cross_validated"]) == set(card["held_out"])
