"""A copy nobody can change by typing: widgets become page content, and nothing in it acts any more."""

from __future__ import annotations

from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

from procession.digitize.widgets import FORM_ERRORS

HARMLESS = frozenset({"/GoTo", "/URI", "/Named"})
"""Actions that only lead somewhere: links and tables of contents keep them."""
DEPTH_MAX = 64
_ACTION_KEYS = ("/A", "/OpenAction", "/Next", "/PA")


def flatten(pdf: pikepdf.Pdf) -> None:
    """Draw what widgets and other annotations show onto their pages, which are settled; keep links only."""
    pdf.flatten_annotations("all")
    for page in pdf.pages:
        annotations = page.obj.get("/Annots")
        if not isinstance(annotations, Array):
            continue
        kept = [one for one in annotations if isinstance(one, Dictionary) and one.get("/Subtype") == Name.Link]
        if kept:
            page.obj["/Annots"] = Array(kept)
        else:
            del page.obj["/Annots"]
    for key in ("/AcroForm", "/NeedsRendering", "/Perms", "/Collection"):
        if key in pdf.Root:
            del pdf.Root[key]
    quiet(pdf)


def quiet(pdf: pikepdf.Pdf) -> None:
    """Take out scripts and every action that does more than lead somewhere."""
    names = pdf.Root.get("/Names")
    if isinstance(names, Dictionary) and "/JavaScript" in names:
        del names["/JavaScript"]
    for one in pdf.objects:
        _quiet(one, 0)
    _quiet(pdf.Root, 0)


def _quiet(node: Any, depth: int) -> None:
    """Objects of their own are met by the loop over all objects; those within this one are met here."""
    if depth > DEPTH_MAX:
        return
    try:
        if isinstance(node, Array):
            for one in node:
                if isinstance(one, Array | Dictionary) and not one.is_indirect:
                    _quiet(one, depth + 1)
        elif isinstance(node, Dictionary | pikepdf.Stream):
            _quiet_keys(node, depth)
    except FORM_ERRORS:
        return


def _quiet_keys(node: Any, depth: int) -> None:
    for key in list(node.keys()):
        value = node[key]
        if key in ("/AA", "/JS") or (key in _ACTION_KEYS and _acts(value)):
            del node[key]
        elif isinstance(value, Array | Dictionary) and not value.is_indirect:
            _quiet(value, depth + 1)


def _acts(value: Any) -> bool:
    if isinstance(value, Array):  # a destination, or a chain of actions
        return any(isinstance(one, Dictionary) and "/S" in one and _acts(one) for one in value)
    return isinstance(value, Dictionary) and "/S" in value and str(value.get("/S")) not in HARMLESS
