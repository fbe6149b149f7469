"""Values written into the document they belong to: fields where it has them, drawn text and ticks where it has none."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary

from procession.digitize.document import Document, Frame, Limits, open_document
from procession.digitize.ocr import TURNS, Turn
from procession.digitize.paper import answers
from procession.digitize.paper.canvas import ANSWER_COLOUR, Canvas
from procession.digitize.paper.drawn import Desk, draw
from procession.digitize.paper.flat import flatten as flattened
from procession.digitize.paper.font import MISSING, EmbeddedFont, drawable
from procession.digitize.paper.interactive import Interactive
from procession.digitize.paper.leftovers import Leftovers, Why
from procession.digitize.paper.sheet import put_on, settle
from procession.digitize.paper.surroundings import Surroundings, look
from procession.digitize.widgets import FORM_ERRORS, text_of
from procession.domain.errors import DamagedPdf
from procession.domain.form import Field, FieldType
from procession.domain.paper import NOTE_CHARACTERS_MAX, NOTES_MAX, FilledPdf, PaperAnswers

LOST_SHOWN_MAX = 12


def fill(data: bytes, given: PaperAnswers, *, flatten: bool = False, limits: Limits | None = None) -> FilledPdf:
    """``data`` with the answers of ``given``; ``flatten``: as page content that no viewer edits.

    Answers that do not fit, or have no place, stand whole on pages appended at the end. Raises the DocumentErrors of
    ``open_document``, and TooComplex past ``leftovers.PAGES_MAX`` of those pages.
    """
    document = open_document(data, limits or Limits())
    try:
        frames, around = _read(document, given.fields, given.turns)
        pdf = _opened(document)
    finally:
        document.close()
    with pdf:
        job = _Job(pdf, frames, around)
        job.note_what_is_lost()
        job.answer(given.fields, given.taken)
        try:
            return job.finished(flatten)
        except pikepdf.PdfError:  # pages that PDFium shows and qpdf cannot write
            raise DamagedPdf from None


def _read(
    document: Document, fields: Sequence[Field], turns: Mapping[int, int]
) -> tuple[dict[int, Frame], dict[int, Surroundings]]:
    """Frames of all pages, and what is printed on those with answers. Damaged pages are in neither."""
    wanted = {one.page for one in fields if one.value not in (None, False, "", [])}
    frames: dict[int, Frame] = {}
    around: dict[int, Surroundings] = {}
    for number in range(1, len(document) + 1):
        try:
            page = document.page(number)
        except DamagedPdf:
            continue
        try:
            frames[number] = page.frame
            if number in wanted:
                around[number] = look(page, document.limits, _quarter(turns.get(number, 0)))
        finally:
            page.raw.close()
    return frames, around


def _quarter(degrees: int) -> Turn:
    return TURNS[degrees // 90 % 4]


def _opened(document: Document) -> pikepdf.Pdf:
    """What PDFium reads and qpdf refuses, PDFium writes anew."""
    try:
        return pikepdf.open(io.BytesIO(document.data))
    except FORM_ERRORS:
        pass
    try:
        out = io.BytesIO()
        document.raw.save(out)
        return pikepdf.open(io.BytesIO(out.getvalue()))
    except (*FORM_ERRORS, pypdfium2.PdfiumError):
        raise DamagedPdf from None


@dataclass
class _Job:
    pdf: pikepdf.Pdf
    frames: dict[int, Frame]
    around: dict[int, Surroundings]
    leftovers: Leftovers = field(default_factory=Leftovers)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.font = EmbeddedFont(self.pdf)
        self.interactive = Interactive(self.pdf, self.frames, self.font, self.leftovers)
        self.canvases: dict[int, Canvas] = {}
        self.lost: dict[str, str] = {}

    def note_what_is_lost(self) -> None:
        form = self.pdf.Root.get("/AcroForm")
        if self.pdf.is_encrypted:
            self.notes.append("The original is protected against changes; this copy is not.")
        if isinstance(form, Dictionary) and _is_signed(form):
            self.notes.append("The original is digitally signed. The signature does not cover this copy.")
        if isinstance(form, Dictionary) and "/XFA" in form:
            self.notes.append("The original holds a second, XFA form beside its fields; this copy does not.")

    def answer(self, fields: Sequence[Field], taken: Collection[str]) -> None:
        try:
            self.interactive.read()
        except FORM_ERRORS:
            self.notes.append("The form fields of the original are damaged; answers were drawn on the page.")
        for one in fields:
            if one.id in taken:
                self._keep(one, Why.TAKEN)
            elif not self._entered(one):
                self._draw(one)

    def _entered(self, one: Field) -> bool:
        frame = self.frames.get(one.page)
        if frame is None:
            return False
        box = answers.points(one.box, frame.width, frame.height) if one.box else None
        options = [answers.points(o.box, frame.width, frame.height) if o.box else None for o in one.options]
        try:
            return self.interactive.write(one, box, options)
        except FORM_ERRORS:
            return False  # a damaged widget: the answer is drawn where it stands

    def _draw(self, one: Field) -> None:
        if one.value in (None, False, "", []):
            return
        page = self.around.get(one.page)
        if page is None or one.page > len(self.pdf.pages):
            self._keep(one, Why.NO_PLACE)
            return
        canvas = self.canvases.setdefault(one.page, Canvas(self.font, page.frame.height))
        if lost := draw(Desk(page, canvas, self.leftovers), one):
            self.lost[one.label] = lost

    def _keep(self, one: Field, why: Why) -> None:
        text = answers.written(one) or ("No" if one.value is False else "(left empty)")
        if one.type is FieldType.SIGNATURE and text == answers.SIGNED:
            return
        self.leftovers.add(one.page, one.label, text, why)
        if lost := drawable(text)[1]:
            self.lost[one.label] = lost

    def finished(self, flatten: bool) -> FilledPdf:
        self.interactive.show_the_rest()
        self.interactive.adopt()
        drawn = {number: canvas for number, canvas in self.canvases.items() if canvas.parts}
        pages = len(self.pdf.pages)
        for number in range(1, pages + 1):
            page = self.pdf.pages[number - 1]
            if number in drawn or (flatten and "/Annots" in page.obj):
                settle(self.pdf, page)
            if number in drawn:
                around = self.around[number]
                put_on(self.pdf, page, drawn[number], around.frame, ANSWER_COLOUR, around.skew_degrees)
        first = self.frames.get(1)
        appended = self.leftovers.append_to(self.pdf, self.font, (first.width, first.height) if first else (0, 0))
        if self.font.used:
            self.font.finish()
        self._open_for_changes()
        if flatten:
            flattened(self.pdf)
        self._tell(appended)
        out = io.BytesIO()
        # the metadata stays as it is: broken in some files, and nothing of ours
        self.pdf.save(out, deterministic_id=True, fix_metadata_version=False, preserve_pdfa=False)
        notes = tuple(note[:NOTE_CHARACTERS_MAX] for note in self.notes[:NOTES_MAX])
        return FilledPdf(out.getvalue(), notes, appended)

    def _open_for_changes(self) -> None:
        """Every field shows its value now, so no viewer need draw them; what forbids changes would be untrue."""
        for key in ("/NeedsRendering", "/Perms"):
            if key in self.pdf.Root:
                del self.pdf.Root[key]
        form = self.pdf.Root.get("/AcroForm")
        if not isinstance(form, Dictionary):
            return
        for key in ("/XFA", "/NeedAppearances", "/SigFlags"):
            if key in form:
                del form[key]

    def _tell(self, appended: int) -> None:
        count = len(self.leftovers.entries)
        if count:
            where = "the last page" if appended == 1 else f"the last {appended} pages"
            what = "1 answer stands" if count == 1 else f"{count} answers stand"
            self.notes.append(f"{what} whole on {where}: too long for the place on the form, or without one.")
        for label, lost in (self.lost | self.interactive.lost).items():
            shown = " ".join(lost[:LOST_SHOWN_MAX])
            self.notes.append(
                f"The answer to “{label[:100]}” holds characters this copy cannot show ({shown}); "
                f"{MISSING} stands for each."
            )


def _is_signed(form: Dictionary) -> bool:
    """Whether a field at the form's first levels holds a signature."""
    fields = form.get("/Fields")
    stack = list(fields) if isinstance(fields, Array) else []
    for _ in range(20_000):
        if not stack:
            return False
        node = stack.pop()
        if not isinstance(node, Dictionary):
            continue
        if text_of(node.get("/FT")) == "/Sig" and isinstance(node.get("/V"), Dictionary):
            return True
        kids = node.get("/Kids")
        if isinstance(kids, Array):
            stack += list(kids)
    return False
