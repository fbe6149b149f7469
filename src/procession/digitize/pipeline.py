"""From bytes to a digital form, in named steps: open, read, recognise, draft for a range of pages; then assemble."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from procession.digitize.assemble import assemble_parts
from procession.digitize.document import Document, Frame, Limits, OpenPage, open_document
from procession.digitize.draft import NOTHING_DRAFTED, draft_page
from procession.digitize.fingerprint import sketch_of
from procession.digitize.known import KnownPage, fits_widgets, known_page, zones
from procession.digitize.notes import add_notes
from procession.digitize.ocr import Recogniser
from procession.digitize.page import PageContent, Rect, Word
from procession.digitize.parts import Chosen, PagePart, PagesPart, Turned, kept
from procession.digitize.reader import read_open
from procession.digitize.recall import Answers, Inked, Match, Recall
from procession.digitize.render import picture
from procession.digitize.scan import drawn_scan, known_scan
from procession.digitize.ticks import is_inked
from procession.digitize.typed import are_answers, typed_parts
from procession.digitize.version import ENGINE_VERSION
from procession.digitize.widgets import read_widgets
from procession.domain.analysis import Progress, Stage
from procession.domain.errors import DamagedPdf
from procession.domain.form import DigitizedDocument
from procession.domain.template import TEMPLATE_PAGES_MAX

SCAN_WORDS_MAX = 8
"""A page with more visible printed words than this is not taken for a scan."""
SCAN_SHARE_MIN = 0.5
"""Part of the page that pictures cover on a scanned page."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    languages: tuple[str, ...] = ("eng",)
    """Tesseract's codes."""
    ocr: bool = True
    tessdata: str | None = None
    """A folder of language data to look into first."""
    ocr_dpi: int = 200
    remember: bool = False
    """Give the pages' layouts too: what a template is made of."""
    lines: bool = False
    """Give the seen text as lines too: what an AI provider reads and quotes."""


OnProgress = Callable[[Progress], None]


@dataclass(slots=True)
class _Run:
    """One range of pages on its way."""

    document: Document
    options: EngineOptions
    on_progress: OnProgress
    part: PagesPart
    recall: Recall | None = None
    recogniser: Recogniser | None = None
    started: float = field(default_factory=time.perf_counter)
    cpu: float = field(default_factory=time.process_time)

    def tell(self, stage: Stage, pages_done: int) -> None:
        self.on_progress(Progress(stage, pages_done, self.part.pages_total))

    def count(self, name: str, amount: float = 1) -> None:
        self.part.usage[name] = self.part.usage.get(name, 0) + amount

    def timed(self, name: str, since: float) -> None:
        self.part.timings_ms[name] = self.part.timings_ms.get(name, 0.0) + (time.perf_counter() - since) * 1000


def analyze_pages(
    data: bytes,
    first: int,
    last: int,
    options: EngineOptions | None = None,
    limits: Limits | None = None,
    on_progress: OnProgress | None = None,
    recall: Recall | None = None,
) -> PagesPart:
    """Pages ``first`` to ``last`` (from 1, inclusive; clipped to the document). ``recall`` knows approved forms again.

    Raises the DocumentErrors of ``open_document``, PageTooLarge, and tessdata.MissingLanguage. A page that cannot be
    loaded is left out with a warning, unless none can.
    """
    document = open_document(data, limits or Limits(), range(max(1, first), last + 1))
    options = options or EngineOptions()
    short = len(document) <= TEMPLATE_PAGES_MAX
    part = PagesPart(len(document), remember=options.remember and short, lines=options.lines)
    run = _Run(document, options, on_progress or (lambda _: None), part, recall if short else None)
    try:
        _read_range(run, range(max(1, first), min(last, len(document)) + 1))
    finally:
        if run.recogniser is not None:
            run.recogniser.close()
        document.close()
    if run.recall is not None and run.recall.chosen is not None:
        run.part.chosen = Chosen.of(run.recall.chosen, run.recall.taken)
    run.part.usage["cpu_seconds"] = round(time.process_time() - run.cpu, 4)
    return run.part


def read_pages(
    data: bytes, options: EngineOptions | None = None, limits: Limits | None = None
) -> list[tuple[PageContent, Turned | None]]:
    """What the detectors look at, widgets aside: each page read or recognised, and how a scan lies on its page.

    Raises the DocumentErrors of ``open_document``, PageTooLarge, and tessdata.MissingLanguage.
    """
    document = open_document(data, limits or Limits())
    run = _Run(document, options or EngineOptions(), lambda _: None, PagesPart(len(document)))
    try:
        found = (_read(run, number) for number in range(1, len(document) + 1))
        return [(one.content, one.turned) for one in found]
    finally:
        if run.recogniser is not None:
            run.recogniser.close()
        document.close()


def assemble(parts: Sequence[PagesPart], options: EngineOptions | None = None) -> DigitizedDocument:
    """All ranges as one document: title, kind, sections across pages, unique names, values, confidence."""
    return assemble_parts(parts)


def digitize(
    data: bytes,
    options: EngineOptions | None = None,
    limits: Limits | None = None,
    on_progress: OnProgress | None = None,
    recall: Recall | None = None,
) -> DigitizedDocument:
    """The whole document in one go; for short ones. Raises what ``analyze_pages`` raises."""
    limits = limits or Limits()
    part = analyze_pages(data, 1, limits.pages_max, options, limits, on_progress, recall)
    if on_progress is not None:
        on_progress(Progress(Stage.EXTRACTION, part.pages_total, part.pages_total))
    return assemble([part], options)


def _read_range(run: _Run, numbers: range) -> None:
    if run.document.repaired:
        run.part.warnings.append("This PDF was damaged and had to be repaired; something may be missing.")
    frames: dict[int, Frame] = {}
    found: list[_PageRead] = []
    damaged: DamagedPdf | None = None
    for number in numbers:
        run.tell(Stage.PARSING, number - 1)
        try:
            read = _read(run, number)
        except DamagedPdf as error:
            damaged = error
            run.part.warnings.append(f"Page {number} is damaged and was left out.")
            continue
        frames[number] = read.frame
        found.append(read)
    if not found and damaged is not None:
        raise damaged
    since = time.perf_counter()
    widgets = read_widgets(run.document.data, frames)
    run.part.warnings += widgets.warnings
    run.timed("widgets", since)
    for read in found:
        content = read.content
        content.widgets = widgets.by_page.get(content.number, []) if read.turned is None else []
        part = _drafted(run, read)
        run.part.warnings += content.warnings
        run.part.pages.append(part)
        run.tell(Stage.FIELD_DETECTION, content.number)


def _drafted(run: _Run, read: _PageRead) -> PagePart:
    since = time.perf_counter()
    content, match = read.content, read.match
    known: KnownPage | None = None
    if match is not None:
        if not fits_widgets(match, content.widgets):
            match = replace(match, verdict="changed")
        known = known_page(match, content)
        run.timed("known", since)
        since = time.perf_counter()
    draft = NOTHING_DRAFTED if known is not None and known.verdict == "same" else draft_page(content)
    part = PagePart(kept(content), draft, read.turned, known)
    run.timed("fields", since)
    return part


@dataclass(frozen=True, slots=True)
class _PageRead:
    content: PageContent
    turned: Turned | None
    frame: Frame
    match: Match | None = None


def _read(run: _Run, number: int) -> _PageRead:
    since = time.perf_counter()
    page = run.document.page(number)
    try:
        content = read_open(page)
        run.timed("read", since)
        run.count("words", len(content.words))
        scanned = is_scan(content)
        if not scanned:
            add_notes(content, page)
        if not scanned or not run.options.ocr:
            run.count("pages_digital")
            if scanned:
                content.warnings.append(
                    f"Page {number} is a picture and was not read: text recognition is switched off."
                )
            return _PageRead(content, None, page.frame, _recalled(run, content.words, answers=_answers(content)))
        run.tell(Stage.RECOGNITION, number - 1)
        return _recognised(run, page, content)
    finally:
        page.raw.close()


def _recognised(run: _Run, page: OpenPage, content: PageContent) -> _PageRead:
    since, spent = time.perf_counter(), time.process_time()
    if run.recogniser is None:
        run.recogniser = Recogniser.ready(run.options.languages, run.options.tessdata)
    dpi = float(run.options.ocr_dpi)
    grey = picture(page.raw, dpi, run.document.limits)
    dpi *= grey.shape[1] / max(1.0, page.frame.width * dpi / 72)  # less where the pixel limit demanded it
    reading = run.recogniser.recognise(grey, dpi)
    run.timed("recognition", since)
    run.count("recognition_cpu_seconds", time.process_time() - spent)
    since = time.perf_counter()
    upright = reading.upright
    match = _recalled(run, reading.words, lambda box: is_inked(upright.picture, dpi, box))
    if match is not None and match.verdict == "same":
        read = known_scan(content, reading, dpi, *zones(match))
    else:
        read = drawn_scan(content, reading, dpi)
    run.timed("drawing", since)
    run.count("pages_scanned")
    return _PageRead(read, Turned.of(upright, page.frame.width, page.frame.height), page.frame, match)


def _answers(content: PageContent) -> Answers:
    def typed(fields: Sequence[tuple[Rect, str]]) -> frozenset[int]:
        found = (one for one in typed_parts(content) if one.own and are_answers(one, fields))
        return next((frozenset(map(id, one.words)) for one in found), frozenset())

    return typed


def _recalled(
    run: _Run, words: Sequence[Word], inked: Inked | None = None, answers: Answers | None = None
) -> Match | None:
    if run.recall is None:
        return None
    since = time.perf_counter()
    match = run.recall.match(sketch_of(words), words, inked, answers)
    run.timed("recall", since)
    if match is not None:
        run.count("pages_known" if match.verdict == "same" else "pages_changed")
    return match


def is_scan(content: PageContent) -> bool:
    """(Almost) no visible printed words, and pictures over most of the page."""
    words = sum(1 for word in content.words if word.visible and any(c.isalnum() for c in word.text))
    if words > SCAN_WORDS_MAX:
        return False
    area = max(content.width * content.height, 1.0)
    return sum(box.width * box.height for box in content.images) / area >= SCAN_SHARE_MIN


__all__ = [
    "ENGINE_VERSION",
    "Document",
    "EngineOptions",
    "Limits",
    "PagesPart",
    "analyze_pages",
    "assemble",
    "digitize",
    "open_document",
    "read_pages",
]
