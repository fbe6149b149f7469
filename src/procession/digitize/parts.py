"""What one child read of a range of pages, as plain JSON: never pickle, and nothing a reader of it must trust."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, Self

import numpy as np

from procession.digitize.draft import Draft, DraftOption, PageDraft
from procession.digitize.known import KnownPage
from procession.digitize.ocr import Turn, Upright
from procession.digitize.page import PageContent, Rect, Segment, Shape, Word
from procession.digitize.section import Heading
from procession.domain.form import Field, Form
from procession.domain.layout import Lie
from procession.domain.template import Template

SHAPES_KEPT_MAX = 400
"""Drawn shapes of a page that the finders of signatures still look at."""
SEGMENTS_KEPT_MAX = 800
"""Rules of a page that the finders of columns and signature lines still look at."""


@dataclass(frozen=True, slots=True)
class Turned:
    """How an upright scan lies on the page as displayed."""

    turn: Turn
    skew_degrees: float
    upright: tuple[float, float]
    displayed: tuple[float, float]
    """Width and height in points, of both."""

    @classmethod
    def of(cls, upright: Upright, width: float, height: float) -> Self:
        return cls(upright.turn, upright.skew_degrees, (upright.width, upright.height), (width, height))

    @property
    def lie(self) -> Lie:
        return Lie(turn=self.turn, skew_degrees=self.skew_degrees, displayed=self.displayed)

    def on_page(self, box: Rect) -> Rect:
        width, height = self.upright
        blank = np.broadcast_to(np.uint8(0), (max(1, round(height)), max(1, round(width))))
        return Upright(blank, 72.0, self.turn, self.skew_degrees).displayed(box)


@dataclass(frozen=True, slots=True)
class PagePart:
    content: PageContent
    draft: PageDraft
    turned: Turned | None = None
    known: KnownPage | None = None
    """When the page is one of a template's; unless it was changed, nothing of it is drafted."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the document needs of the template its pages are known by."""

    template_id: str
    approved_on: date
    form: Form
    """Without its fields: title, kind, sections."""
    asked: tuple[Field, ...]
    """The approved ones."""
    reserved: frozenset[str]
    """Ids that no other field may take: these, and those of fields a reviewer left out."""
    taken: frozenset[int]
    """Numbers of its pages that were found."""

    @classmethod
    def of(cls, template: Template, taken: Iterable[int]) -> Self:
        asked = template.form.fields
        ids = {place.field for layout in template.layouts for place in layout.places}.union(one.id for one in asked)
        form = template.form.model_copy(update={"fields": ()})
        return cls(template.id, template.approved_at.date(), form, asked, frozenset(ids), frozenset(taken))


@dataclass(slots=True)
class PagesPart:
    """Pages ``first`` to ``last`` of a document with ``pages_total`` pages."""

    pages_total: int
    pages: list[PagePart] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    timings_ms: dict[str, float] = field(default_factory=dict)
    usage: dict[str, float] = field(default_factory=dict)
    chosen: Chosen | None = None
    remember: bool = False
    """Whether the document's layouts are wanted."""
    lines: bool = False
    """Whether its text is, line by line."""

    def to_json(self) -> dict[str, Any]:
        return {
            "pages_total": self.pages_total,
            "pages": [_page_json(page) for page in self.pages],
            "warnings": self.warnings,
            "timings_ms": self.timings_ms,
            "usage": self.usage,
            "chosen": None if self.chosen is None else _chosen_json(self.chosen),
            "remember": self.remember,
            "lines": self.lines,
        }

    @classmethod
    def from_json(cls, given: Any) -> Self:
        """Raises KeyError, TypeError or ValueError for anything else than ``to_json`` made."""
        return cls(
            pages_total=int(given["pages_total"]),
            pages=[_page_from(one) for one in given["pages"]],
            warnings=[str(one) for one in given["warnings"]],
            timings_ms={str(k): float(v) for k, v in given["timings_ms"].items()},
            usage={str(k): float(v) for k, v in given["usage"].items()},
            chosen=None if given["chosen"] is None else _chosen_from(given["chosen"]),
            remember=bool(given["remember"]),
            lines=bool(given["lines"]),
        )


def kept(content: PageContent) -> PageContent:
    """Without what only the detectors needed: widgets, and most of a drawing."""
    return PageContent(
        number=content.number,
        width=content.width,
        height=content.height,
        rotation=content.rotation,
        source=content.source,
        words=content.words,
        segments=content.segments[:SEGMENTS_KEPT_MAX],
        shapes=[s for s in content.shapes if s.kind == "other" or s.stroked][:SHAPES_KEPT_MAX],
        images=content.images,
    )


def _numbers(box: Rect | None) -> list[float] | None:
    return [round(value, 2) for value in box] if box is not None else None


def _rect(given: Any) -> Rect:
    x0, y0, x1, y1 = (float(value) for value in given)
    return Rect(x0, y0, x1, y1)


def _page_json(page: PagePart) -> dict[str, Any]:
    content = page.content
    return {
        "number": content.number,
        "size": [content.width, content.height],
        "rotation": content.rotation,
        "source": content.source,
        "words": [
            [w.text, _numbers(w.box), w.font, w.size, w.bold, list(w.colour), w.visible, round(w.confidence, 3), w.rtl]
            for w in content.words
        ],
        "segments": [[_numbers(s.box), s.horizontal, round(s.width, 2)] for s in content.segments],
        "shapes": [[_numbers(s.box), s.kind, s.stroked, s.filled, s.fill] for s in content.shapes],
        "images": [_numbers(box) for box in content.images],
        "drafts": [_draft_json(draft) for draft in page.draft.drafts],
        "typed": page.draft.typed,
        "headings": [[h.title, h.page, _numbers(h.box)] for h in page.draft.headings],
        "turned": asdict(page.turned) if page.turned else None,
        "known": _known_json(page.known) if page.known else None,
    }


def _known_json(known: KnownPage) -> dict[str, Any]:
    return {
        "verdict": known.verdict,
        "fields": [one.model_dump(mode="json") for one in known.fields],
        "removed": [_numbers(box) for box in known.removed],
    }


def _known_from(given: Any) -> KnownPage:
    return KnownPage(
        "same" if given["verdict"] == "same" else "changed",
        tuple(Field.model_validate(one) for one in given["fields"]),
        tuple(_rect(box) for box in given["removed"]),
    )


def _chosen_json(chosen: Chosen) -> dict[str, Any]:
    return {
        "template_id": chosen.template_id,
        "approved_on": chosen.approved_on.isoformat(),
        "form": chosen.form.model_dump(mode="json"),
        "asked": [one.model_dump(mode="json") for one in chosen.asked],
        "reserved": sorted(chosen.reserved),
        "taken": sorted(chosen.taken),
    }


def _chosen_from(given: Any) -> Chosen:
    return Chosen(
        str(given["template_id"]),
        date.fromisoformat(given["approved_on"]),
        Form.model_validate(given["form"]),
        tuple(Field.model_validate(one) for one in given["asked"]),
        frozenset(map(str, given["reserved"])),
        frozenset(map(int, given["taken"])),
    )


def _draft_json(draft: Draft) -> dict[str, Any]:
    out = {one.name: getattr(draft, one.name) for one in fields(Draft)}
    out["box"] = _numbers(draft.box)
    out["options"] = [[o.label, _numbers(o.box), o.value, o.selected] for o in draft.options]
    return out


def _page_from(given: Any) -> PagePart:
    content = PageContent(
        number=given["number"],
        width=given["size"][0],
        height=given["size"][1],
        rotation=given["rotation"],
        source=given["source"],
        words=[
            Word(text, _rect(box), font, size, bold, (colour[0], colour[1], colour[2]), visible, confidence, rtl)
            for text, box, font, size, bold, colour, visible, confidence, rtl in given["words"]
        ],
        segments=[Segment(_rect(box), horizontal, width) for box, horizontal, width in given["segments"]],
        shapes=[
            Shape(_rect(box), kind, stroked, filled, tuple(fill) if fill else None)
            for box, kind, stroked, filled, fill in given["shapes"]
        ],
        images=[_rect(box) for box in given["images"]],
    )
    drafts = tuple(_draft_from(one) for one in given["drafts"])
    headings = tuple(Heading(title, page, _rect(box)) for title, page, box in given["headings"])
    turned = given["turned"]
    return PagePart(
        content,
        PageDraft(drafts, headings, tuple(map(int, given["typed"]))),
        Turned(turned["turn"], turned["skew_degrees"], tuple(turned["upright"]), tuple(turned["displayed"]))
        if turned
        else None,
        _known_from(given["known"]) if given["known"] else None,
    )


def _draft_from(given: dict[str, Any]) -> Draft:
    options = tuple(
        DraftOption(label, _rect(box) if box else None, value, selected)
        for label, box, value, selected in given["options"]
    )
    return Draft(**{**given, "box": _rect(given["box"]), "options": options})
