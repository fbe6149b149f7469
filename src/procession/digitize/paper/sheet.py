"""A page made ready to be drawn on, and what is drawn put onto it, whatever state its own description leaves behind."""

from __future__ import annotations

import warnings
from itertools import count
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

from procession.digitize.document import Frame
from procession.digitize.paper.canvas import Canvas, leaning
from procession.digitize.widgets import FORM_ERRORS, PARENTS_MAX

ENCLOSED = "/Page"


def settle(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    """From here on the page's description ends in the state in which it began.

    Saved states that are never restored are restored; a description that restores more than it saved, leaves a text
    open or cannot be parsed is moved into a form XObject, which keeps its state to itself.
    """
    own_resources(page)
    content = _content(page)
    unrestored = _unrestored(pdf, content)
    if unrestored is None:
        _enclose(pdf, page, content)
    else:
        page.contents_add(b"q\n", prepend=True)
        page.contents_add(b"\n" + b"Q " * (unrestored + 1))


def _content(page: pikepdf.Page) -> bytes:
    page.contents_coalesce()
    whole = page.obj.get("/Contents")
    return whole.read_bytes() if isinstance(whole, pikepdf.Stream) else b""


def _unrestored(pdf: pikepdf.Pdf, content: bytes) -> int | None:
    """How many saved states a page's description leaves; None when it is not in order."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of an unclosed string or array, which would swallow what we add
            parsed = pikepdf.parse_content_stream(pdf.make_stream(content), operators="q Q BT ET")
    except (*FORM_ERRORS, UserWarning):
        return None
    depth, in_text = 0, False
    for instruction in parsed:
        match str(instruction.operator):
            case "q":
                depth += 1
            case "Q":
                depth -= 1
                if depth < 0:
                    return None
            case "BT":
                in_text = True
            case "ET":
                in_text = False
    return None if in_text else depth


def _enclose(pdf: pikepdf.Pdf, page: pikepdf.Page, described: bytes) -> None:
    content = pdf.make_stream(described)
    content["/Type"], content["/Subtype"] = Name.XObject, Name.Form
    content["/BBox"] = Array([float(side) for side in page.mediabox])
    content["/Resources"] = page.obj["/Resources"]
    if "/Group" in page.obj:
        content["/Group"] = page.obj["/Group"]
    page.obj["/Resources"] = Dictionary(XObject=Dictionary({ENCLOSED: content}))
    page.obj["/Contents"] = pdf.make_stream(b"q %s Do Q" % ENCLOSED.encode())


def own_resources(page: pikepdf.Page) -> None:
    """Resources a page inherits or shares become its own: what is added to them belongs to this page only."""
    node: Any = page.obj
    for _ in range(PARENTS_MAX):
        if not isinstance(node, Dictionary):
            break
        found = node.get("/Resources")
        if isinstance(found, Dictionary):
            page.obj["/Resources"] = Dictionary({key: _copied(found[key]) for key in found.keys()})  # noqa: SIM118
            return
        node = node.get("/Parent")
    page.obj["/Resources"] = Dictionary()


def _copied(value: Any) -> Any:
    if isinstance(value, Dictionary) and not isinstance(value, pikepdf.Stream):
        return Dictionary({key: value[key] for key in value.keys()})  # noqa: SIM118 - it iterates its keys only so
    return value


def put_on(
    pdf: pikepdf.Pdf, page: pikepdf.Page, canvas: Canvas, frame: Frame, colour: bytes, skew_degrees: float = 0.0
) -> None:
    """Draw ``canvas`` over a settled page. ``frame``: the page as the canvas sees it, its text upright."""
    drawn = pdf.make_stream(colour + b"\n" + canvas.content)
    drawn["/Type"], drawn["/Subtype"] = Name.XObject, Name.Form
    drawn["/BBox"] = Array([0, 0, round(frame.width, 3), round(frame.height, 3)])
    drawn["/Matrix"] = Array([_plain(value) for value in leaning(frame, skew_degrees)])
    drawn["/Resources"] = canvas.resources
    resources = page.obj["/Resources"]
    if not isinstance(resources.get("/XObject"), Dictionary):
        resources["/XObject"] = Dictionary()
    name = next(one for one in map("/Answers{}".format, count(1)) if one not in resources["/XObject"])
    resources["/XObject"][name] = drawn
    page.contents_add(b"\nq %s Do Q\n" % name.encode())


def _plain(value: float) -> float:
    return round(value, 6)
