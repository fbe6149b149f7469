"""Inside a child: take the request, give up every power, read the document, answer in frames, end.

Verbs: ``digitize`` (a short document whole, or the first range of a long one), ``analyze`` (a further range),
``assemble`` (the ranges' parts), ``render`` (a page as PNG, with fields' boxes when given), ``fill`` (a copy with
answers).
"""

from __future__ import annotations

import json
import socket
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from procession.domain.analysis import Progress, Stage
from procession.domain.errors import DocumentError, InvalidRequest, ProcessionError, TooComplex
from procession.domain.media import Media, media_of
from procession.sandbox import confine
from procession.sandbox.frames import Kind, decode_json, encode, encode_json, receive
from procession.sandbox.limits import Budget, SandboxLimits


@dataclass(frozen=True, slots=True)
class Request:
    verb: str
    arguments: dict[str, Any]
    blobs: tuple[bytes, ...]
    limits: SandboxLimits


class Channel:
    """Where a verb tells how far it is. Progress also releases what the budget holds back for pages and for OCR."""

    def __init__(self, sock: socket.socket, limits: confine.Limits, pages_max: int) -> None:
        self._sock = sock
        self._limits = limits
        self._pages_max = pages_max
        self._known = False

    def pages(self, count: int | None = None) -> None:
        """How many pages this child reads; all it may when not given."""
        self._known = True
        self._limits.allow_pages(1.0 if count is None else count / self._pages_max)

    def scanned(self) -> None:
        self._limits.allow_ocr()

    def lookup(self, sketch: Sequence[int]) -> list[Any]:
        """The approved forms (``Template``) with a page like this one: the parent knows them, and sends a few."""
        from procession.domain.template import Remembered, Template

        self._sock.sendall(encode_json({"type": "lookup", "sketch": list(sketch)}))
        named = decode_json(receive(self._sock).payload)["templates"]
        found = []
        for one in named:
            kept = Remembered.model_validate_json(receive(self._sock).payload)
            found.append(Template(id=one["id"], approved_at=one["approved_at"], form=kept.form, layouts=kept.layouts))
        return found

    def progress(self, progress: Progress) -> None:
        if progress.pages_total and not self._known:
            self.pages(progress.pages_total)
        if progress.stage is Stage.RECOGNITION:
            self.scanned()
        told = {"pages_done": progress.pages_done, "pages_total": progress.pages_total, "stage": progress.stage.value}
        self._sock.sendall(encode_json({"type": "progress", **told}))


Answer = tuple[Any, bytes | None]
Verb = Callable[[Request, Channel], Answer]

_OUT_OF_MEMORY = encode_json({"type": "error", "code": TooComplex.code, "message": TooComplex.title})
"""Made beforehand: when it is needed there is no memory to make it in."""


def answer(sock: socket.socket, confinement: confine.Confinement, verbs: Mapping[str, Verb]) -> None:
    """One request, one answer. What a document provokes becomes an error message; what kills us the parent sees."""
    try:
        out = _answered(sock, confinement, verbs)
    except Exception as error:
        out = _explained(error)
    sock.sendall(out)


def _answered(sock: socket.socket, confinement: confine.Confinement, verbs: Mapping[str, Verb]) -> bytes:
    header = decode_json(receive(sock).payload)
    limits = confine.Limits(Budget(**header["budget"]), confinement.absent_bytes)
    confine.no_new_privileges()
    for path in header["readable"]:
        confinement.landlock.allow(path)
    confinement.landlock.restrict()
    limits.apply(threads=header["threads"])
    confinement.system_calls.restrict(threads=header["threads"])
    blobs = tuple(receive(sock).payload for _ in range(header["blobs"]))
    request = Request(header["verb"], header["arguments"], blobs, SandboxLimits(**header["limits"]))
    body, attachment = verbs[request.verb](request, Channel(sock, limits, header["pages"]))
    out = encode_json({"type": "result", "body": body, "attachments": int(attachment is not None)})
    return out + encode(Kind.BINARY, attachment) if attachment is not None else out


def _explained(error: Exception) -> bytes:
    if _ran_out(error):
        return _OUT_OF_MEMORY
    if isinstance(error, DocumentError | InvalidRequest):
        return encode_json({"type": "error", "code": error.code, "message": error.message[:1000]})
    if isinstance(error, ProcessionError):
        return encode_json({"type": "error", "code": "internal", "message": error.message[:1000]})
    # where, never what: the text of an exception may quote the document
    at = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} at {Path(at.filename).name}:{at.lineno}"
    return encode_json({"type": "error", "code": "internal", "message": f"The engine failed: {where}."})


def _ran_out(error: BaseException) -> bool:
    """Memory or stack; OpenCV says it in words."""
    if isinstance(error, MemoryError | RecursionError):
        return True
    if type(error).__name__ == "error" and type(error).__module__.startswith("cv2"):
        return getattr(error, "code", 0) == -4  # cv::Error::StsNoMem
    return error.__cause__ is not None and _ran_out(error.__cause__)


# --- the verbs --------------------------------------------------------------------------------------------------------


def _engine(request: Request) -> tuple[Any, Any]:
    """(EngineOptions, Limits) of the engine."""
    from procession.digitize import pipeline

    given = request.arguments.get("options", {})
    options = pipeline.EngineOptions(**{**given, "languages": tuple(given["languages"])}) if given else None
    known = {one.name for one in fields(pipeline.Limits)}
    limits = pipeline.Limits(**{name: value for name, value in asdict(request.limits).items() if name in known})
    return options, limits


def _recall(request: Request, channel: Channel) -> Any:
    """``Recall``, when there are approved forms to know again; ``taken``: their pages that earlier ranges were."""
    taken = request.arguments.get("taken")
    if taken is None:
        return None
    from procession.digitize.recall import Recall

    return Recall(channel.lookup, taken=set(taken))


def _make_room(request: Request, channel: Channel) -> None:
    """A picture is decoded whole before anything is known of it: that needs the memory OCR needs."""
    if media_of(request.blobs[0]) is not Media.PDF:
        channel.scanned()


def digitize(request: Request, channel: Channel) -> Answer:
    from procession.digitize import pipeline

    options, limits = _engine(request)
    _make_room(request, channel)
    last, recall = request.limits.pages_per_child, _recall(request, channel)
    part = pipeline.analyze_pages(request.blobs[0], 1, last, options, limits, channel.progress, recall)
    if part.pages_total > last:
        return {"pages_total": part.pages_total, "part": part.to_json()}, None
    channel.progress(Progress(Stage.EXTRACTION, part.pages_total, part.pages_total))
    return {}, _assembled([part], options)


def analyze(request: Request, channel: Channel) -> Answer:
    from procession.digitize import pipeline

    options, limits = _engine(request)
    first, last = request.arguments["first"], request.arguments["last"]
    recall = _recall(request, channel)
    channel.pages()
    _make_room(request, channel)
    part = pipeline.analyze_pages(request.blobs[0], first, last, options, limits, channel.progress, recall)
    return {"part": part.to_json()}, None


def assemble(request: Request, channel: Channel) -> Answer:
    from procession.digitize import pipeline

    options, _ = _engine(request)
    channel.pages()
    parts = [pipeline.PagesPart.from_json(json.loads(blob)) for blob in request.blobs]
    return {}, _assembled(parts, options)


def _assembled(parts: list[Any], options: Any) -> bytes:
    """The document as JSON, sent as bytes: the parent checks it while it parses, in one go."""
    from procession.digitize import pipeline

    return pipeline.assemble(parts, options).model_dump_json().encode()


def render(request: Request, channel: Channel) -> Answer:
    from procession.digitize import render as drawing
    from procession.domain.form import Field

    _, limits = _engine(request)
    channel.pages()
    _make_room(request, channel)
    png = drawing.render_page(request.blobs[0], request.arguments["page"], request.arguments["width_px"], limits)
    if request.arguments.get("fields") is not None:
        png = drawing.overlay(png, [Field.model_validate(one) for one in request.arguments["fields"]])
    return {}, png


def fill(request: Request, channel: Channel) -> Answer:
    """The copy as bytes, the notes beside it."""
    from procession.digitize import paper
    from procession.domain.form import Field
    from procession.domain.paper import PaperAnswers

    _, limits = _engine(request)
    channel.pages()
    _make_room(request, channel)
    asked = request.arguments
    answers = PaperAnswers(
        tuple(Field.model_validate(one) for one in asked["fields"]),
        {int(page): degrees for page, degrees in asked["turns"].items()},
        frozenset(asked["taken"]),
    )
    filled = paper.fill(request.blobs[0], answers, flatten=asked["flatten"], limits=limits)
    return {"notes": list(filled.notes), "pages_appended": filled.pages_appended}, filled.pdf


VERBS: dict[str, Verb] = {
    "digitize": digitize,
    "analyze": analyze,
    "assemble": assemble,
    "render": render,
    "fill": fill,
}


def warm_up() -> None:
    """Load what every child needs, with one thread each, so that a fork finds it in memory."""
    import io

    import cv2
    import numpy.ma  # noqa: F401 - numpy loads it when the first scan is read
    import phonenumbers
    import pypdfium2

    from procession.digitize import ocr, paper, photo, pipeline
    from procession.digitize import render as drawing
    from procession.domain.paper import PaperAnswers

    cv2.setNumThreads(1)

    blank = pypdfium2.PdfDocument.new()
    blank.new_page(200, 200)
    out = io.BytesIO()
    blank.save(out)
    blank.close()
    data = out.getvalue()
    drawing.render_page(data, 1, 32, pipeline.Limits())
    photo.warm_up()
    # Documents of our own, so that what the engine loads or compiles at first use is there once, not in every child.
    for sample in sorted((Path(__file__).parent / "data").glob("*.pdf")):
        found = _learn_and_know(sample.read_bytes())
        answered = tuple(field.model_copy(update={"value": field.label}) for field in found.form.fields)
        paper.fill(sample.read_bytes(), PaperAnswers(answered), flatten=True)
    phonenumbers.PhoneMetadata.load_all()
    ocr.preload()


def _learn_and_know(sample: bytes) -> Any:
    """Read a document, and read it again as a copy of itself. Returns what was read first."""
    from procession.digitize import pipeline
    from procession.digitize.recall import Recall
    from procession.digitize.remember import remembered
    from procession.domain.template import Remembered, Template

    found = pipeline.digitize(sample, pipeline.EngineOptions(remember=True))
    kept = remembered(found, found.form)
    if kept is None:
        return found
    again = Remembered.model_validate_json(kept.model_dump_json())
    template = Template(id="-", approved_at=datetime.now(UTC), form=again.form, layouts=again.layouts)
    pipeline.digitize(sample, recall=Recall(lambda _: [template]))
    return found


def run(sock: socket.socket, confinement: confine.Confinement) -> None:
    answer(sock, confinement, VERBS)


__all__ = ["Answer", "Channel", "Request", "answer", "run", "warm_up"]
