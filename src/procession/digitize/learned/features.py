"""What the trees see of each candidate: its own shape, the words and rules around it, and its likes on the page.

Everything is told in points or in shares of the page, so that nothing but form is learned. Missing neighbours are FAR
away; there are no missing values.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from procession.digitize.detect.candidate import Candidate
from procession.digitize.detect.scene import Scene
from procession.digitize.learned.drawn import DRAWN_COLUMNS, drawn_table
from procession.digitize.learned.peers import PEER_COLUMNS, peer_table
from procession.digitize.learned.trees import Floats
from procession.digitize.learned.words import WORD_COLUMNS, word_table

FEATURES_VERSION = 1
"""Raised with every change of what a column means: a model knows the features it was made for."""
ROWS_AT_ONCE = 256
"""Candidates compared with all words of a page at a time; bounds memory on pages full of both."""

RULE_CODES = {
    name: code
    for code, name in enumerate(
        (
            *("square", "circle", "glyph", "oval", "picture", "small", "comb", "box", "cell", "band", "free"),
            *("foot", "underline", "line", "stack", "sign", "blank", "gap"),
        )
    )
}
"""Ordered so that likes stand side by side; a rule that is not here counts as the next number."""
KIND_CODES = {"checkbox": 0, "radio": 1, "text": 2, "textarea": 3, "signature": 4}

OWN_COLUMNS = (
    *("rule", "kind", "prior", "x0", "y0", "x1", "y1", "width", "height", "width_share", "height_lines", "aspect"),
    *("has_line", "line_below", "max_length", "ticked"),
    *("cell_left", "cell_top", "cell_right", "cell_bottom", "cell_width", "cell_height"),
    *("page_width", "page_height", "line_height", "scanned", "page_words", "page_runs", "page_rules"),
)
COLUMNS = (*OWN_COLUMNS, *WORD_COLUMNS, *DRAWN_COLUMNS, *PEER_COLUMNS)


def boxes_of(candidates: Sequence[Candidate]) -> Floats:
    """(candidates, 4) in points."""
    return np.asarray([one.box for one in candidates], dtype=np.float32).reshape(-1, 4)


def feature_table(candidates: Sequence[Candidate], scene: Scene) -> Floats:
    """(candidates, COLUMNS)."""
    if not candidates:
        return np.zeros((0, len(COLUMNS)), dtype=np.float32)
    boxes = boxes_of(candidates)
    parts = [
        _own(candidates, scene),
        word_table(boxes, scene.layout, ROWS_AT_ONCE),
        drawn_table(candidates, boxes, scene, ROWS_AT_ONCE),
        peer_table(candidates, boxes, ROWS_AT_ONCE),
    ]
    table = np.concatenate(parts, axis=1)
    return np.nan_to_num(table, nan=0.0, posinf=9999.0, neginf=-9999.0)


def _own(candidates: Sequence[Candidate], scene: Scene) -> Floats:
    page, layout, rules = scene.page, scene.layout, scene.rules
    width, height, line = max(page.width, 1.0), max(page.height, 1.0), max(layout.line_height, 4.0)
    whole = (
        *(page.width, page.height, line, float(page.source != "digital")),
        *(len(layout.words), len(layout.runs), len(rules.across) + len(rules.down)),
    )
    rows = []
    for one in candidates:
        box, cell = one.box, one.cell or one.box
        rows.append(
            (
                RULE_CODES.get(one.rule, len(RULE_CODES)),
                KIND_CODES.get(one.kind, len(KIND_CODES)),
                one.confidence,
                box.x0 / width,
                box.y0 / height,
                box.x1 / width,
                box.y1 / height,
                box.width,
                box.height,
                box.width / width,
                box.height / line,
                box.width / max(box.height, 0.5),
                one.line is not None,
                box.y1 - one.line if one.line is not None else 0.0,
                one.max_length or 0,
                one.ticked,
                *(box.x0 - cell.x0, box.y0 - cell.y0, cell.x1 - box.x1, cell.y1 - box.y1, cell.width, cell.height),
                *whole,
            )
        )
    return np.asarray(rows, dtype=np.float32)
