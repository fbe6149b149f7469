"""How much an approved form saves when a copy of it comes back, what is carried over, and whether a stranger is known.

Each form is analysed blank and approved with corrections: labels, types, required marks, fields left out, missed ones
drawn.
Its copy (filled in, printed, scanned shifted by 3 mm and leaning) is analysed without the template and with it, by
the same engine in the same process; CPU time, with the time inside the recogniser and the renderer apart. Then every
form's pages are laid over every other form's.
"""

from __future__ import annotations

import argparse
import io
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench import degrade, fill
from bench.formgen import generate
from bench.overhead import one_thread
from bench.report import NotMeasured, say
from bench.scoring import BUTTONS
from bench.sets import CORPUS_VARIABLE, PROCESSES, Sources
from bench.templates_service import through_the_service
from procession.domain.form import DigitizedDocument, Field, FieldType, Form, Source
from procession.domain.template import Template

LENGTH = "5 minutes without a corpus, about 25 with one"
QUICK_FORMS, QUICK_SERVICE_FORMS = 5, 2
SEEDS = range(40)
SHIFT_MM = 3.0
LEAN_DEGREES = 0.7
SAME_BOX = 0.004
"""Two pages' fields lie alike when their boxes differ by at most so much of the page."""
APPROVED_AT = datetime(2030, 6, 12, tzinfo=UTC)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Blank:
    name: str
    data: bytes
    truth: Json


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds: all of it, and what the recogniser and the renderer took of it."""

    whole: float
    apart: float

    @property
    def rest(self) -> float:
        return self.whole - self.apart


@dataclass(frozen=True, slots=True)
class Compared:
    """One form's copies without and with its template."""

    name: str
    pages: int
    scan: tuple[Spent, Spent] | None
    digital: tuple[Spent, Spent]
    same: tuple[bool, ...]
    """Digital copy and scan: read as the same form."""
    ids: tuple[int, int]
    """Approved ids found in the copies, of how many."""
    carried: tuple[int, int]
    values: tuple[int, int]
    """Fields of the last copy with a value, without and with the template."""
    template: Template | None


def arguments(parser: argparse.ArgumentParser) -> None:
    corpus = os.environ.get(CORPUS_VARIABLE)
    parser.add_argument("--corpus", type=Path, default=Path(corpus) if corpus else None, help="folder with form sets")
    parser.add_argument("--held-out", action="store_true", help="of the corpus, the held-out files only")
    parser.add_argument(
        "--scans", type=int, default=10_000, help="forms whose copies are scanned too, not only typed in"
    )


def run(chosen: argparse.Namespace) -> Json:
    blanks = _generated(QUICK_FORMS if chosen.quick else len(SEEDS))
    if chosen.corpus is not None and not chosen.quick:
        blanks += _of_corpus(chosen.corpus, chosen.held_out)
    one_thread()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        rows = []
        for row in pool.map(compared, blanks, [number < chosen.scans for number in range(len(blanks))]):
            rows.append(row)
            if not chosen.held_out:
                say(_line(row))
        known = [row.template for row in rows if row.template is not None]
        asked = [(one.name, one.data, one.truth, [t for t in known if t.id != one.name]) for one in blanks]
        strangers = [found for some in pool.map(_strangers, asked) for found in some]
    truths = {one.name: one.truth for one in blanks}
    wrong = [
        one for one in strangers if one[3] == "same" and not _alike(truths[one[0]], one[1], truths[one[2]], one[4])
    ]
    for name, page, other, _, number in () if chosen.held_out else wrong:
        say(f"FALSE MATCH: page {page} of {name} was taken for page {number} of {other}")
    short = [(one.data, one.truth) for one in blanks if one.truth["pages"] == 1]
    service = through_the_service(short[: QUICK_SERVICE_FORMS if chosen.quick else 12], copy)
    return {**_figures(rows), **service, "false_matches": len(wrong), "pairs": len(blanks) * (len(blanks) - 1)} | {
        "changed_matches": sum(one[3] == "changed" for one in strangers),
        "held_out": chosen.held_out,
    }


def _figures(rows: Sequence[Compared]) -> Json:
    kept = [row for row in rows if row.template is not None]
    scans = [row.scan for row in kept if row.scan is not None]
    if not scans:
        raise NotMeasured("no form could be remembered")
    digital = [row.digital for row in kept]
    each = sorted(without.rest / max(known.rest, 1e-9) for without, known in scans)

    def share(pairs: Sequence[tuple[int, int]]) -> float:
        return round(sum(one for one, _ in pairs) / max(sum(all_ for _, all_ in pairs), 1), 4)

    return {
        "forms": len(rows),
        "remembered": len(kept),
        "scanned": len(scans),
        "ratio": _ratio([(without.rest, known.rest) for without, known in scans]),
        "ratio_median": round(each[len(each) // 2], 2),
        "ratio_with_ocr": _ratio([(without.whole, known.whole) for without, known in scans]),
        "ratio_digital": _ratio([(without.whole, known.whole) for without, known in digital]),
        "same_scanned": share([(int(row.same[1]), 1) for row in kept if row.scan is not None]),
        "same_digital": share([(int(row.same[0]), 1) for row in kept]),
        "identical_ids": share([row.ids for row in kept]),
        "carried_over": share([row.carried for row in kept]),
        "values_ratio": _ratio([(row.values[1], row.values[0]) for row in kept if row.scan is not None]),
    }


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    return round(sum(one for one, _ in pairs) / max(sum(other for _, other in pairs), 1e-9), 2)


def _line(row: Compared) -> str:
    if row.template is None:
        return f"{row.name[:40]:40} is not remembered"
    spent = "".join(
        f"  {name} {pair[0].rest:6.3f} → {pair[1].rest:6.3f} s"
        for name, pair in (("typed", row.digital), ("scan", row.scan))
        if pair is not None
    )
    verdicts = ", ".join("same" if one else "changed or unknown" for one in row.same)
    return (
        f"{row.name[:40]:40} {row.pages} p{spent}  ids {row.ids[0]}/{row.ids[1]}"
        f"  carried {row.carried[0]}/{row.carried[1]}  {verdicts}"
    )


# --- one form ---------------------------------------------------------------------------------------------------------


def compared(blank: Blank, with_scan: bool) -> Compared:
    from procession.digitize import pipeline
    from procession.digitize.remember import remembered

    found = pipeline.digitize(blank.data, pipeline.EngineOptions(remember=True))
    approved, corrections = corrected(found.form, blank.truth)
    kept = remembered(found, approved)
    template: Template | None = None
    if kept is not None:
        template = Template(id=blank.name, approved_at=APPROVED_AT, form=kept.form, layouts=kept.layouts)
    copies = copy(blank.data, blank.truth) if with_scan else (fill.filled(blank.data, blank.truth, 3),)
    plain, known = [_read(one, None) for one in copies], [_read(one, template) for one in copies]
    costs = [(one[1], other[1]) for one, other in zip(plain, known, strict=True)]
    read = [one for one, _ in known]
    ids = {field.id for field in approved.fields}
    return Compared(
        blank.name,
        len(found.pages),
        costs[1] if with_scan else None,
        costs[0],
        tuple(map(_is_same, read)),
        (sum(len(ids & {field.id for field in one.form.fields}) for one in read), len(read) * len(ids)),
        (sum(check(one.form) for one in read for check in corrections), len(read) * len(corrections)),
        (_answered(plain[-1][0]), _answered(read[-1])),
        template,
    )


def copy(data: bytes, truth: Json) -> tuple[bytes, bytes]:
    """(filled in, the same printed and scanned)."""
    filled = fill.filled(data, truth, 3)
    return filled, shifted(filled)


def shifted(data: bytes) -> bytes:
    """Every page printed and scanned: 3 mm right and up, leaning, noise, JPEG at quality 40."""
    import cv2
    import numpy as np
    import pypdfium2
    from pikepdf import Pdf

    chance = np.random.default_rng(7)
    source = pypdfium2.PdfDocument(data)
    pdf = Pdf.new()
    away = SHIFT_MM / 25.4 * degrade.DPI
    for page in source:
        grey = page.render(scale=degrade.DPI / 72, grayscale=True).to_numpy().squeeze()
        matrix = np.array([[1.0, 0.0, away], [0.0, 1.0, -away]])
        moved = cv2.warpAffine(grey, matrix, (grey.shape[1], grey.shape[0]), borderValue=(255,))
        worn = degrade.worn(np.asarray(moved, dtype=np.uint8), LEAN_DEGREES, chance)
        degrade.add_picture(pdf, *degrade.jpeg(worn), page.get_size())
    source.close()
    out = io.BytesIO()
    pdf.save(out, static_id=True)
    return out.getvalue()


Check = Callable[[Form], bool]


def corrected(form: Form, truth: Json) -> tuple[Form, list[Check]]:
    """The form as a reviewer leaves it, every missed field drawn; and one check a correction: a later form has it."""
    fields: list[Field] = []
    checks: list[Check] = []
    for number, field in enumerate(form.fields):
        if number % 7 == 3:
            checks.append(partial(_lacks, left_out=field))
            continue
        if number % 3 == 0:
            kind = FieldType.TEXTAREA if field.type is FieldType.TEXT else field.type
            changes = {"label": f"Corrected question {number}", "required": not field.required, "type": kind}
            field = field.model_copy(update=changes)
            checks.append(partial(_has, wanted=field))
        fields.append(field)
    missed = [one for one in truth["fields"] if not any(_covers(field, one) for field in form.fields)]
    for number, entry in enumerate(missed):
        drawn = Field(
            id=f"added-{number}",
            page=entry["page"],
            label=f"Added question {number}",
            name=f"added_{number}",
            type=FieldType.CHECKBOX if entry["type"] in BUTTONS else FieldType.TEXT,
            box=tuple(entry["box"]),
            confidence=1.0,
            source=Source.GRAPHICS,
        )
        fields.append(drawn)
        checks.append(partial(_has, wanted=drawn))
    return form.model_copy(update={"fields": tuple(fields)}), checks


def _covers(field: Field, entry: Json) -> bool:
    """Whether the middle of a true field lies in one that was found."""
    x, y = (entry["box"][0] + entry["box"][2]) / 2, (entry["box"][1] + entry["box"][3]) / 2
    boxes = (field.box, *(option.box for option in field.options))
    return field.page == entry["page"] and any(b and b[0] <= x <= b[2] and b[1] <= y <= b[3] for b in boxes)


def _has(later: Form, wanted: Field) -> bool:
    return any(_equal(one, wanted) for one in later.fields)


def _lacks(later: Form, left_out: Field) -> bool:
    return not _stands(later, left_out.page, left_out.box)


def _equal(one: Field, other: Field) -> bool:
    return (one.id, one.label, one.type, one.required) == (other.id, other.label, other.type, other.required)


def _stands(form: Form, page: int, box: Sequence[float] | None) -> bool:
    """Whether a field stands where one was left out; the scan is shifted by about a hundredth of the page."""
    if box is None:
        return False
    return any(
        one.page == page and one.box is not None and max(abs(a - b) for a, b in zip(one.box, box, strict=True)) < 0.008
        for one in form.fields
    )


def _is_same(found: DigitizedDocument) -> bool:
    return found.known is not None and not found.known.changed


def _answered(found: DigitizedDocument) -> int:
    return sum(field.value is not None for field in found.form.fields)


def _read(data: bytes, template: Template | None) -> tuple[DigitizedDocument, Spent]:
    from procession.digitize import pipeline
    from procession.digitize.recall import Recall

    recall = None if template is None else Recall(lambda _: (template,))
    with _clocked() as apart:
        started = time.process_time()
        found = pipeline.digitize(data, recall=recall)
        whole = time.process_time() - started
    if any(page.source == "scanned" for page in found.pages) and not apart:
        raise NotMeasured("the recogniser's time was not seen")
    return found, Spent(whole, sum(apart))


@contextmanager
def _clocked() -> Iterator[list[float]]:
    """CPU seconds inside the recogniser and the renderer, call by call."""
    from procession.digitize import ocr, pipeline

    spent: list[float] = []

    def clocked(what: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            started = time.process_time()
            try:
                return what(*given, **named)
            finally:
                spent.append(time.process_time() - started)

        return timed

    # loading Tesseract and letting go of it is recognition too
    places = (
        (ocr.Recogniser, "recognise"),
        (ocr.Recogniser, "ready"),
        (ocr.Recogniser, "close"),
        (pipeline, "picture"),
    )
    before = [getattr(where, name) for where, name in places]
    for (where, name), what in zip(places, before, strict=True):
        setattr(where, name, clocked(what))
    try:
        yield spent
    finally:
        for (where, name), what in zip(places, before, strict=True):
            setattr(where, name, what)


# --- strangers --------------------------------------------------------------------------------------------------------

Stranger = tuple[str, int, str, str, int]
"""(form, its page, template, verdict, the template's page)."""


def _strangers(asked: tuple[str, bytes, Json, Sequence[Template]]) -> list[Stranger]:
    """The form's pages laid over every page of every other form, blank as both are."""
    from procession.digitize.fingerprint import sketch_of
    from procession.digitize.pipeline import read_pages
    from procession.digitize.recall import Recall

    name, data, _, templates = asked
    found: list[Stranger] = []
    for content, _ in read_pages(data):
        sketch = sketch_of(content.words)
        for template in templates:
            match = Recall(lambda _, one=template: (one,)).match(sketch, content.words)  # type: ignore[misc]
            if match is not None:
                found.append((name, content.number, template.id, match.verdict, match.layout.number))
    return found


def _alike(one: Json, page: int, other: Json, number: int) -> bool:
    """Whether two pages' true fields lie in the same places: then they are the same form in two files."""
    here = sorted(entry["box"] for entry in one["fields"] if entry["page"] == page)
    there = sorted(entry["box"] for entry in other["fields"] if entry["page"] == number)
    if len(here) != len(there):
        return False
    return all(max(abs(a - b) for a, b in zip(x, y, strict=True)) <= SAME_BOX for x, y in zip(here, there, strict=True))


# --- forms ------------------------------------------------------------------------------------------------------------


def _generated(count: int) -> list[Blank]:
    return [Blank(generate.name(seed), *generate.form(seed)) for seed in SEEDS[:count]]


def _of_corpus(corpus: Path, held_out: bool) -> list[Blank]:
    sources = Sources(corpus, corpus, held_out)
    forms = [*sources.corpus_forms("vendor-blank-dev", "stripped"), *sources.corpus_forms("forms-dev", "stripped")]
    return [Blank(form.name, form.pdf.read_bytes(), form.read()) for form in forms]
