"""What the whole engine makes of forms with a given model: the figures ``bench.scoring`` counts, reading aside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench.scoring import Tally, summary, tally
from bench.sets import PROCESSES, Form, FormSet
from bench.train.samples import cached_pages
from procession.digitize.draft import draft_page
from procession.digitize.learned import FieldModel, judge, load_model
from procession.digitize.parts import PagePart, PagesPart, kept
from procession.digitize.pipeline import assemble

Json = dict[str, Any]
Row = tuple[str, str, Tally]
"""Set, file, counts."""

KEPT = (
    *("files", "fields", "predicted", "centre", "iou50", "recall", "type_accuracy"),
    *("calibration_error", "sure_hit", "flagged", "unflagged_right"),
)


def measured(sets: Sequence[FormSet], model_for: Callable[[FormSet, Form], FieldModel], cache: Path) -> list[Row]:
    """One row a form, judged by the model it is given."""
    known: dict[int, bytes] = {}

    def data(model: FieldModel) -> bytes:
        return known.setdefault(id(model), model.to_bytes())

    jobs = [(form, data(model_for(of, form)), cache) for of in sets for form in of.forms]
    names = [of.name for of in sets for _ in of.forms]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        counted = list(pool.map(_counted, jobs, chunksize=4))
    return [(name, job[0].name, one) for name, job, one in zip(names, jobs, counted, strict=True)]


def _counted(job: tuple[Form, bytes, Path]) -> Tally:
    form, data, cache = job
    model = load_model(data)
    setattr(judge, "shipped_model", lambda _: model)  # noqa: B010 - the engine asks for the model by this name
    pages = cached_pages(form, cache)
    part = PagesPart(len(pages))
    for content, turned in pages:
        part.pages.append(PagePart(kept(content), draft_page(content), turned))
    return tally(form.read(), assemble([part]).model_dump(mode="json"))


def figures(rows: Sequence[Row]) -> dict[str, Json]:
    """By set."""
    out: dict[str, Json] = {}
    for name in dict.fromkeys(row[0] for row in rows):
        total = Tally()
        for _, _, one in (row for row in rows if row[0] == name):
            total.add(one)
        whole = summary(total)
        out[name] = {key: whole[key] for key in KEPT}
    return out
