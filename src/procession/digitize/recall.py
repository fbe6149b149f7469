"""Whether a page is one of a template's: the same, the same with changes, or another; and where its fields then are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from procession.digitize.fingerprint import token
from procession.digitize.page import Rect, Word
from procession.digitize.register import Registration, register
from procession.domain.form import Box, Field
from procession.domain.layout import PageLayout, Place, Sketch
from procession.domain.template import CANDIDATES_MAX, LOOKUPS_MAX, Template

COMMON_MIN = 0.5
"""Share of a layout's words that stand anywhere on a page before one is laid over the other."""
SHARE_MIN = 0.6
"""Share of a layout's words in their places from which a page is the layout's, perhaps changed."""
SHARE_SAME_MIN = 0.8
"""The same for a page without changes; what is missing then is the recogniser's."""
SURE_MATCHED_MIN = 15
"""Words in their places below which a page alone proves nothing: sheets with two lines to sign look alike everywhere.
Such a page is only known beside a surer one of the same template, and only when it is the same."""
MISSING_SHARE_MAX = 0.02
"""Share of a scanned page's printed words that its recogniser may have passed over."""
ZONE_MARGIN_POINTS = (6.0, 5.0)
"""To the sides of, and above and below, a place to write: answers stick out a little."""
VALUE_REACH_POINTS = 160.0
"""How far right of a value of the text a longer one may reach, up to the next printed word."""

Lookup = Callable[[Sketch], Sequence[Template]]
"""Templates whose pages may look like a page's sketch, likeliest first, at most ``CANDIDATES_MAX``."""
Inked = Callable[[Rect], bool]
"""Whether something is printed in a box of a scanned page, read or not."""
Answers = Callable[[Sequence[tuple[Rect, str]]], Collection[int]]
"""Of a digital page: ``id`` of its words that were typed into it afterwards, if they answer the fields (box, label)."""
Verdict = Literal["same", "changed"]


@dataclass(frozen=True, slots=True)
class Placed:
    """A template's field on the page read; boxes are points of its upright page. ``field`` is None when a reviewer
    removed what was found there."""

    id: str
    field: Field | None
    box: Rect | None
    options: tuple[Rect | None, ...]


@dataclass(frozen=True, slots=True)
class Match:
    template: Template
    layout: PageLayout
    registration: Registration
    placed: tuple[Placed, ...]
    verdict: Verdict


@dataclass(slots=True)
class Recall:
    """Knows pages of one document again. One template is chosen for the whole document, by its first known page."""

    lookup: Lookup
    chosen: Template | None = None
    taken: set[int] = field(default_factory=set)
    """Layouts of the chosen template that a page was known by."""
    lookups_left: int = LOOKUPS_MAX

    def match(
        self, sketch: Sketch, words: Sequence[Word], inked: Inked | None = None, answers: Answers | None = None
    ) -> Match | None:
        """``inked`` of a scanned page, ``answers`` of a digital one."""
        candidates = self._candidates(sketch)
        said = {token(word.text) for word in words if word.visible}
        best: Match | None = None
        for template in candidates:
            for layout in template.layouts:
                if layout.number in self.taken:
                    continue
                found = _matched(template, layout, said, words, inked, answers, template is self.chosen)
                if found is not None and (best is None or _rank(found) > _rank(best)):
                    best = found
        if best is not None:
            self.chosen = best.template
            self.taken.add(best.layout.number)
        return best

    def _candidates(self, sketch: Sketch) -> Sequence[Template]:
        if self.chosen is not None:
            return (self.chosen,)
        if not sketch or not self.lookups_left:
            return ()
        self.lookups_left -= 1
        return self.lookup(sketch)[:CANDIDATES_MAX]


def _rank(match: Match) -> tuple[bool, float, datetime]:
    """Of two that fit alike, the one approved last."""
    return match.verdict == "same", round(match.registration.share, 1), match.template.approved_at


def _matched(
    template: Template,
    layout: PageLayout,
    said: set[str],
    words: Sequence[Word],
    inked: Inked | None,
    answers: Answers | None,
    is_chosen: bool,
) -> Match | None:
    named = {anchor[0] for anchor in layout.anchors}
    if not named or len(named & said) < COMMON_MIN * len(named):
        return None
    found = register(layout, words)
    if found is None or found.share < SHARE_MIN:
        return None
    placed = tuple(_placed(place, template, layout, found) for place in layout.places)
    verdict: Verdict = "same" if _is_same(found, placed, inked, answers) else "changed"
    if found.matched < SURE_MATCHED_MIN and (verdict == "changed" or not is_chosen):
        return None
    return Match(template, layout, found, placed, verdict)


def _is_same(found: Registration, placed: Sequence[Placed], inked: Inked | None, answers: Answers | None) -> bool:
    """No printed word went, none came: then nothing was moved, added or taken away either, for fields are named."""
    gone = [place for place in found.missing if inked is None or not inked(place)]
    allowed = 0 if inked is None else round(MISSING_SHARE_MAX * found.anchors)
    if found.share < SHARE_SAME_MIN or len(gone) > allowed:
        return False
    zones = [zone for one in placed for zone in _zones(one)]
    outside = [word for word in found.foreign if not _holds(zones, word.box)]
    if not outside or answers is None or gone:
        return not outside
    fields = [(one.box, one.field.label) for one in placed if one.box is not None and one.field is not None]
    typed = answers(fields)  # an answer may be longer than its place
    return all(id(word) in typed for word in outside)


def _placed(place: Place, template: Template, layout: PageLayout, found: Registration) -> Placed:
    known = next((one for one in template.form.fields if one.id == place.field), None)
    box = _points(place.box, layout)
    if known is not None and known.box is None and box is not None and not known.options:
        box = _reaching(box, layout)
    options = (_points(option, layout) for option in place.options)
    return Placed(
        place.field,
        known,
        None if box is None else found.place(box),
        tuple(None if option is None else found.place(option) for option in options),
    )


def _points(box: Box | None, layout: PageLayout) -> Rect | None:
    if box is None:
        return None
    return Rect(box[0] * layout.width, box[1] * layout.height, box[2] * layout.width, box[3] * layout.height)


def _reaching(box: Rect, layout: PageLayout) -> Rect:
    """A value's place, on to the next printed word of its line: the next copy's value may be longer."""
    on_line = (x0 / 10 for _, x0, y0, _, y1 in layout.anchors if y0 / 10 < box.y1 and y1 / 10 > box.y0)
    end = min((x0 - 1 for x0 in on_line if x0 >= box.x1 - 1), default=layout.width)
    return Rect(box.x0, box.y0, max(min(end, box.x1 + VALUE_REACH_POINTS), box.x1), box.y1)


def _zones(placed: Placed) -> list[Rect]:
    across, down = ZONE_MARGIN_POINTS
    boxes = [box for box in (placed.box, *placed.options) if box is not None]
    return [Rect(box.x0 - across, box.y0 - down, box.x1 + across, box.y1 + down) for box in boxes]


def _holds(zones: Sequence[Rect], box: Rect) -> bool:
    x, y = box.centre
    return any(zone.x0 <= x <= zone.x1 and zone.y0 <= y <= zone.y1 for zone in zones)
