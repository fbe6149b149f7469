"""A document of known pages: the approved fields, and beside them, flagged, what its changed or new pages hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from procession.digitize.page import Rect
from procession.digitize.parts import Chosen, PagePart, PagesPart
from procession.domain.form import Box, Field, KnownForm, Section, Source

SAME_PLACE_MIN = 0.3
"""Share of the smaller of two boxes that both cover, from which they are one place."""
MOVED_REASON = "something at this place differs from the form you approved"
NEW_REASON = "this is not on the form you approved, or it was changed there"


def chosen_of(parts: Sequence[PagesPart]) -> Chosen | None:
    """The template the document's pages are known by; its ranges all ask for the same one."""
    found = [part.chosen for part in parts if part.chosen is not None]
    if not found:
        return None
    return replace(found[0], taken=frozenset[int]().union(*(one.taken for one in found)))


def with_known(
    chosen: Chosen, pages: Sequence[PagePart], sections: Sequence[Section], fields: Sequence[Field]
) -> tuple[list[Section], list[Field], KnownForm]:
    """``sections`` and ``fields``: of the pages that were drafted, boxes still of the upright page."""
    known = [field for page in pages if page.known is not None for field in page.known.fields]
    changed = {page.content.number: page for page in pages if page.known is not None and page.known.verdict != "same"}
    fresh = [one for one in fields if not _is_known(one, known, changed.get(one.page))]
    moved = _moved(chosen, known, [one for one in fresh if one.page in changed])
    fresh = [_flagged(one) if one.page in changed else one for one in fresh if one.id not in moved]
    known = [*known, *moved.values()]
    merged_sections, renamed = _merged(chosen.form.sections, sections)
    fresh = [one.model_copy(update={"section": renamed.get(one.section or "")}) for one in fresh]
    fresh = _apart(fresh, known, chosen)
    lost = len({one.id for one in chosen.asked} - {one.id for one in known})
    summary = KnownForm(
        template_id=chosen.template_id,
        approved_on=chosen.approved_on,
        changed=bool(changed or fresh or lost),
        kept=len(known),
        fresh=len(fresh),
        lost=lost,
    )
    return merged_sections, _in_order([*known, *fresh], set(changed)) if changed or fresh else known, summary


def _moved(chosen: Chosen, known: Sequence[Field], fresh: Sequence[Field]) -> dict[str, Field]:
    """Found id -> the approved field whose label, and no other's, it bears: a row that was put in moved it."""
    found = {one.id for one in known}
    lost = [one for one in chosen.asked if one.id not in found and one.label and not one.options]
    often = Counter(one.label.casefold() for one in (*known, *lost))
    by_label = {one.label.casefold(): one for one in lost if often[one.label.casefold()] == 1}
    here = Counter(one.label.casefold() for one in fresh)
    moved: dict[str, Field] = {}
    for field in fresh:
        approved = by_label.get(field.label.casefold())
        if approved is None or here[field.label.casefold()] > 1 or field.options or field.box is None:
            continue
        own = ("page", "box", "value", "value_text", "value_box", "currency", "confidence", "source")
        update = {name: getattr(field, name) for name in own}
        moved[field.id] = approved.model_copy(update=update | {"needs_review": True, "review_reason": MOVED_REASON})
    return moved


def _is_known(field: Field, known: Sequence[Field], page: PagePart | None) -> bool:
    """Whether an approved field, or one a reviewer left out, stands where ``field`` was found."""
    at = field.box or field.value_box
    if at is None:
        return False
    here = [box for one in known if one.page == field.page for box in _boxes(one)]
    if page is not None and page.known is not None:
        content = page.content
        here += [
            (box.x0 / content.width, box.y0 / content.height, box.x1 / content.width, box.y1 / content.height)
            for box in page.known.removed
        ]
    if any(_is_same_place(at, box) for box in here):
        return True
    told = {one.subtype for one in known if one.subtype is not None and one.value is not None}
    return field.source in (Source.TEXT, Source.OCR) and field.box is None and field.subtype in told


def _boxes(field: Field) -> list[Box]:
    return [box for box in (field.box, field.value_box, *(one.box for one in field.options)) if box is not None]


def _is_same_place(one: Box, other: Box) -> bool:
    a, b = Rect(*one), Rect(*other)
    width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    if width <= 0 or height <= 0:
        return False
    return width * height >= SAME_PLACE_MIN * min(a.width * a.height, b.width * b.height)


def _flagged(field: Field) -> Field:
    return field.model_copy(update={"needs_review": True, "review_reason": NEW_REASON})


def _merged(approved: Sequence[Section], found: Sequence[Section]) -> tuple[list[Section], dict[str, str]]:
    """Approved sections, then found ones of other titles under ids of their own; found id -> id."""
    by_title = {one.title.casefold(): one.id for one in approved}
    taken = {one.id for one in approved}
    merged, renamed = list(approved), {}
    for section in found:
        standing = by_title.get(section.title.casefold())
        if standing is None:
            standing = _free("section", taken)
            merged.append(section.model_copy(update={"id": standing}))
        renamed[section.id] = standing
    return merged, renamed


def _apart(fresh: Sequence[Field], known: Sequence[Field], chosen: Chosen) -> list[Field]:
    """``fresh`` with ids and names that no approved field has."""
    ids, names = set(chosen.reserved), {one.name for one in known}
    apart = []
    for field in fresh:
        name, number = field.name, 2
        while name in names:
            name, number = f"{field.name}_{number}", number + 1
        names.add(name)
        kind = "value" if field.id.startswith("value-") else "field"
        apart.append(field.model_copy(update={"id": _free(kind, ids), "name": name}))
    return apart


def _free(kind: str, taken: set[str]) -> str:
    number = 1
    while f"{kind}-{number}" in taken:
        number += 1
    taken.add(f"{kind}-{number}")
    return f"{kind}-{number}"


def _in_order(fields: Sequence[Field], changed: set[int]) -> list[Field]:
    """By page; on changed pages by rows, elsewhere as they were approved or found."""

    def key(field: Field) -> tuple[int, int, float]:
        at = field.box or field.value_box
        if field.page not in changed or at is None:
            return field.page, 0, 0.0
        return field.page, round((at[1] + at[3]) / 2 * 120), at[0]

    return sorted(fields, key=key)
