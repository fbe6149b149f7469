"""What the tests of filled paper share: fields of a truth, answers for them, and what is then printed in a box."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from procession.digitize import paper
from procession.digitize.document import Limits, open_document
from procession.digitize.page import PageContent, Rect
from procession.digitize.reader import read_page
from procession.digitize.render import render_page
from procession.domain.form import Box, Field, FieldType, Option
from procession.domain.paper import FilledPdf, PaperAnswers

LONG = "We would like the ceremony outdoors, weather allowing; two guests need step-free access."
ANSWERS: dict[FieldType, Any] = {
    FieldType.TEXT: "Zoë Łuk",
    FieldType.TEXTAREA: LONG,
    FieldType.EMAIL: "zoe@example.com",
    FieldType.PHONE: "+442079460123",
    FieldType.DATE: "2030-05-14",
    FieldType.TIME: "14:30",
    FieldType.NUMBER: 85,
    FieldType.CURRENCY: "2450.00",
    FieldType.ADDRESS: "12 Orchard Lane",
    FieldType.SIGNATURE: "Zoë Łuk",
    FieldType.INITIALS: "ZŁ",
    FieldType.CHECKBOX: True,
}


def a_field(kind: FieldType = FieldType.TEXT, **changes: Any) -> Field:
    given = {
        "id": "field-1",
        "page": 1,
        "label": "Question",
        "name": "question",
        "type": kind,
        "box": (0.2, 0.2, 0.6, 0.23),
        "confidence": 1.0,
        "source": "graphics",
        "value": ANSWERS.get(kind),
    }
    return Field.model_validate({**given, **changes})


def fields_of(truth: Mapping[str, Any]) -> list[Field]:
    """A truth's blanks as fields with answers; options of one group are one field whose first option is chosen."""
    found: list[Field] = []
    groups: dict[Any, list[Mapping[str, Any]]] = {}
    for number, one in enumerate(truth["fields"]):
        if one["option"] and one["type"] in ("radio", "multiselect"):
            groups.setdefault((one["page"], one["group"] or one["label"]), []).append(one)
            continue
        kind = FieldType(one["type"])
        value = ANSWERS.get(kind, "Zoë Łuk")
        length = one.get("max_length") or (8 if one["comb"] else None)
        found.append(
            a_field(
                kind, id=f"field-{number}", page=one["page"], label=one["label"], box=one["box"], value=value,
                max_length=length if kind not in (FieldType.TEXTAREA, FieldType.CHECKBOX) else None,
            )
        )  # fmt: skip
    for number, (_, options) in enumerate(groups.items()):
        named = tuple(Option(label=f"{o['option']} {at}", box=o["box"]) for at, o in enumerate(options))
        kind = FieldType(options[0]["type"])
        value = named[0].label if kind is FieldType.RADIO else [named[0].label]
        found.append(
            a_field(kind, id=f"group-{number}", page=options[0]["page"], options=named, value=value,
                    label=options[0]["label"], box=options[0]["box"])
        )  # fmt: skip
    return found


def fill(data: bytes, fields: Sequence[Field], *, flatten: bool = False, **more: Any) -> FilledPdf:
    return paper.fill(data, PaperAnswers(tuple(fields), **more), flatten=flatten)


def pages_of(data: bytes) -> list[PageContent]:
    document = open_document(data)
    try:
        return [read_page(document, number) for number in range(1, len(document) + 1)]
    finally:
        document.close()


def within(page: PageContent, box: Box | Rect, margin: float = 2.0) -> list[str]:
    """Words whose middle lies in a box (fractions) of the page, in reading order."""
    x0, y0, x1, y1 = box[0] * page.width, box[1] * page.height, box[2] * page.width, box[3] * page.height
    found = [
        word
        for word in page.words
        if word.visible
        and x0 - margin <= word.box.centre[0] <= x1 + margin
        and y0 - margin <= word.box.centre[1] <= y1 + margin
    ]
    return [word.text for word in sorted(found, key=lambda word: (round(word.box.centre[1] / 4), word.box.x0))]


def picture(data: bytes, number: int = 1, width: int = 900) -> NDArray[np.int16]:
    """Grey levels of a page as PDFium shows it, widgets included."""
    png = render_page(data, number, width, Limits())
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"), dtype=np.int16)


def ink(pixels: NDArray[np.int16], box: Box, before: NDArray[np.int16] | None = None, inset: float = 0.15) -> float:
    """How much darker the inside of a box (fractions) is than paper, or than it was: 0 to 255."""
    height, width = pixels.shape
    x0, y0, x1, y1 = box
    dx, dy = inset * (x1 - x0), inset * (y1 - y0)
    part = (
        slice(round((y0 + dy) * height), max(round((y1 - dy) * height), round((y0 + dy) * height) + 1)),
        slice(round((x0 + dx) * width), max(round((x1 - dx) * width), round((x0 + dx) * width) + 1)),
    )
    was = before[part] if before is not None else np.full_like(pixels[part], 255)
    return float((was - pixels[part]).clip(0).mean())
