"""``python -m bench.formgen.generate FOLDER --count N --seed S``: forms as ``stripped/*.pdf`` and ``truth/*.json``."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from bench.formgen import answers, choices, decoys
from bench.formgen.sheet import Sheet, Style
from bench.formgen.wording import LANGUAGES, Wording

Block = Callable[[Sheet, Wording], None]

BLOCKS: tuple[tuple[Block, int], ...] = (
    (answers.row, 12),
    (answers.area, 3),
    (answers.table, 2),
    (answers.comb, 1),
    (answers.sentence, 1),
    (choices.choice, 4),
    (choices.questions, 2),
    (choices.scale, 1),
    (choices.consent, 1),
    (decoys.paragraph, 2),
    (decoys.prices, 1),
    (decoys.notice, 1),
    (decoys.bullets, 1),
)
"""What a form is made of, and how often."""


def form(seed: int) -> tuple[bytes, dict[str, Any]]:
    """The PDF of a seed and its truth, in the shape of the bundled examples' truth plus each field's ``section``."""
    chance = random.Random(seed)
    language = "en" if chance.random() < 0.5 else chance.choice(LANGUAGES[1:])
    words = Wording(language, chance, chance.choice((0.0, 0.15, 0.3)))
    sheet = Sheet(Style.draw(chance, words.words("required")), chance)
    decoys.letterhead(sheet, words)
    decoys.footer(sheet)
    pages_max = chance.choice((1, 1, 2, 2, 3))
    blocks, weights = zip(*BLOCKS, strict=True)
    for number in range(1, 40):
        _turned(sheet, partial(decoys.section, sheet, words, number))
        for _ in range(chance.randrange(2, 6)):
            block = chance.choices(blocks, weights)[0]
            _turned(sheet, partial(block, sheet, words))
        if sheet.page >= pages_max and sheet.y > 0.62 * sheet.style.size[1]:
            break
        if sheet.page > pages_max:
            break
    _turned(sheet, partial(answers.signatures, sheet, words))
    return sheet.finish(), {
        "id": name(seed),
        "licence": "Apache-2.0",
        "language": language,
        "pages": sheet.page,
        "scored_pages": list(range(1, sheet.page + 1)),
        "signature_present": False,
        "fields": sheet.fields,
        "values": [],
    }


def _turned(sheet: Sheet, draw: Callable[[], None]) -> None:
    """Draws, and gives each page that was begun its footer."""
    before = sheet.page
    draw()
    if sheet.page != before:
        decoys.footer(sheet)


def name(seed: int) -> str:
    return f"generated-{seed:05}"


def write(folder: Path, seeds: Iterable[int]) -> None:
    """A form's truth is written last: a file that has one is complete."""
    for part in ("stripped", "truth"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        data, truth = form(seed)
        (folder / "stripped" / f"{truth['id']}.pdf").write_bytes(data)
        (folder / "truth" / f"{truth['id']}.json").write_text(json.dumps(truth))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the first form; the next ones count on")
    chosen = parser.parse_args()
    write(chosen.folder, range(chosen.seed, chosen.seed + chosen.count))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
