"""Which printed words name which place of a page, decided for all of its places together.

A page keeps to one manner: labels stand left of their places, above them, or as captions below. What cannot be told
at one place (a line of text between two lines to write on) is told by the manner that suits the whole page best, and
by one rule: the same words rarely name two places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from procession.digitize.columns import Columns
from procession.digitize.detect import Candidate
from procession.digitize.layout import Layout, Run, union
from procession.digitize.nearby import Nearby
from procession.digitize.page import Rect, Word
from procession.digitize.proposal import Proposal, Relation
from procession.digitize.wording import Labelled, cleaned, finished, is_mark_noise, without_mark_noise

MANNER_BONUS = 0.2
"""What a relation gains where the page's other places follow it."""
SHARED_MAX = 0.5
"""Share of a label's words that another place may have taken."""
INHERITED_SURE = 0.75
SHARED_SURE = 0.6
SAME_EDGE_POINTS = 6.0
LINES_GAP_POINTS = 34.0
"""Lines of one answer lie this close below each other."""
PARTS_GAP_POINTS = 16.0
"""Parts of one answer (day, month, year) lie this close beside each other."""
ASKED_POINTS = 160.0
ACROSS_POINTS = 420.0
"""How far left of its boxes a question may end; of those for yes and no."""
_MANNERS = (None, Relation.ABOVE, Relation.BELOW, Relation.LEFT)


class Labels:
    """Finds labels on one page; ``candidates`` are its fields, which labels never reach across, nor from one column
    of the page to the other."""

    def __init__(self, layout: Layout, candidates: Sequence[Candidate], columns: Columns | None = None) -> None:
        self.layout = layout
        self.nearby = Nearby(layout, candidates, columns)

    def of_all(self, places: Sequence[Candidate], taken: Collection[Rect] = ()) -> dict[int, Labelled]:
        """Labels of all places to write, by the candidates' ``id``; ``taken`` are words that name boxes to tick."""
        proposed = {id(place): self.nearby.around(place) for place in places}
        by_marks = {id(word) for box in taken for word in self.layout.words_in(box)}
        former = {id(place): self._line_above(place, places) for place in places}
        best: tuple[float, dict[int, Proposal]] | None = None
        manners = _MANNERS if any(len(found) > 1 for found in proposed.values()) else _MANNERS[:1]
        for manner in manners:
            going_on = {key for key, other in former.items() if other is not None}
            chosen = _matched(places, proposed, by_marks, going_on, manner)
            worth = _worth(proposed, chosen, going_on)
            if best is None or worth > best[0] + 1e-9:
                best = (worth, chosen)
        chosen = best[1] if best is not None else {}
        found = {key: proposal.labelled for key, proposal in chosen.items()}
        self._fill_gaps(places, proposed, former, found)
        return {id(place): self._with_surroundings(place, found[id(place)], chosen) for place in places}

    def _fill_gaps(
        self,
        places: Sequence[Candidate],
        proposed: Mapping[int, list[Proposal]],
        former: Mapping[int, Candidate | None],
        found: dict[int, Labelled],
    ) -> None:
        """Places without words of their own: the next line or part of an answer, a head far away, or shared words."""
        for place in sorted(places, key=lambda one: (round(one.box.y1), one.box.x0)):
            if id(place) in found:
                continue
            before = former[id(place)] or self._part_before(place, places)
            inherited = found.get(id(before)) if before is not None else None
            if inherited is not None and inherited.label:
                found[id(place)] = replace(inherited, sure=min(inherited.sure, INHERITED_SURE), help=None)
                continue
            shared = max(proposed[id(place)], key=lambda one: one.labelled.sure, default=None)
            if shared is not None:
                found[id(place)] = replace(shared.labelled, sure=shared.labelled.sure * SHARED_SURE)
                continue
            found[id(place)] = self._far(place.box)

    def _far(self, box: Rect) -> Labelled:
        row, column = self.nearby.row(box), self.nearby.column(box)
        if row is not None and column is not None and row.box != column.box:
            return finished(f"{cleaned(row.text)} {column.text}", 0.5, row.box)
        only = row or column
        return finished(only.text, 0.45, only.box) if only is not None else Labelled("", sure=0.0)

    def _line_above(self, place: Candidate, places: Sequence[Candidate]) -> Candidate | None:
        """The place whose answer goes on in ``place``: right above, as wide, nothing printed between."""
        box = place.box
        for other in places:
            upper = other.box
            if other is place or not 0 < box.y1 - upper.y1 <= LINES_GAP_POINTS + min(box.height, 12.0):
                continue
            starts = abs(upper.x0 - box.x0) < SAME_EDGE_POINTS and min(upper.width, box.width) > 0.6 * upper.width
            ends = abs(upper.x1 - box.x1) < SAME_EDGE_POINTS and box.width > upper.width > 0.3 * box.width
            if not (starts or ends):  # the first line often starts behind its label
                continue
            between = Rect(box.x0 - 2, upper.y1 + 1, box.x1, box.y1 - 1)
            if not any(c.isalnum() for word in self.layout.words_in(between) for c in word.text):
                return other
        return None

    def _part_before(self, place: Candidate, places: Sequence[Candidate]) -> Candidate | None:
        """The place left of ``place`` that takes the part of the answer before it."""
        box = place.box
        for other in places:
            if other is place or not -1 <= box.x0 - other.box.x1 <= PARTS_GAP_POINTS:
                continue
            if abs(other.box.y1 - box.y1) > 3:
                continue
            between = Rect(other.box.x1, box.y0, box.x0, box.y1)
            if not any(c.isalpha() for word in self.layout.words_in(between) for c in word.text):
                return other
        return None

    def _with_surroundings(self, place: Candidate, found: Labelled, chosen: Mapping[int, Proposal]) -> Labelled:
        """``found`` with the unit behind its place and the small print under it, where nothing else uses them."""
        unit = found.unit or self.nearby.unit(place.box)
        help_text = found.help
        if help_text is None and id(place) in chosen and place.kind not in ("checkbox", "radio"):
            hint = self.nearby.small_print(place.box)
            used = {word for one in chosen.values() for word in one.words}
            if hint is not None and not any(id(word) in used for word in hint.words):
                help_text = hint.text.strip("() ") or None
        help_text = help_text or unit or self.nearby.mask(place)
        if unit == found.unit and help_text == found.help:
            return found
        label = found.label or (unit or "")
        return replace(found, label=label, unit=unit, help=help_text)

    def of_mark(self, box: Rect) -> Labelled:
        """The words a box to tick stands for: right of it, or left when nothing follows."""
        right = self._beside(box, to_right=True)
        if right:
            text = " ".join(w.text for w in right)
            text = without_mark_noise(text) if self.layout.recognised else text
            return finished(text, 1.0, union(w.box for w in right))
        left = self._beside(box, to_right=False)
        if left:
            return finished(" ".join(w.text for w in left), 0.8, union(w.box for w in left))
        return Labelled("", sure=0.0)

    def of_row(self, boxes: Sequence[Rect]) -> list[Labelled]:
        """Likewise for boxes side by side: left of all of them where nothing follows the last one."""
        if len(boxes) > 1 and not self._beside(boxes[-1], to_right=True):
            left = [self._beside(box, to_right=False) for box in boxes]
            if all(any(c.isalpha() for word in words for c in word.text) for words in left):
                return [finished(" ".join(w.text for w in words), 1.0, union(w.box for w in words)) for words in left]
        return [self.of_mark(box) for box in boxes]

    def _beside(self, box: Rect, *, to_right: bool) -> list[Word]:
        middle = box.centre[1]
        reach = max(box.height, 9.0) * 0.7
        start, end = self.nearby.side(box)
        x0, x1 = (box.x1 - 1, min(end, box.x1 + 330)) if to_right else (max(start, box.x0 - 330), box.x0 + 1)
        words = sorted(self.layout.words_in(Rect(x0, middle - reach, x1, middle + reach)), key=lambda w: w.box.x0)
        if not to_right:
            words.reverse()
        taken: list[Word] = []
        edge = box.x1 if to_right else box.x0
        for word in words:
            gap = word.box.x0 - edge if to_right else edge - word.box.x1
            limit = 16.0 if not taken else 1.4 * max(word.box.height, 8.0)
            low, high = (edge, word.box.x0) if to_right else (word.box.x1, edge)
            if gap > limit or self.nearby.crosses(low, high, word.box.centre[1], box):
                break
            if self.layout.recognised and is_mark_noise(word.text):
                if taken:
                    break  # the next box to tick, though nothing saw it as one
                continue
            if taken and abs(word.box.centre[1] - taken[0].box.centre[1]) > 5:
                continue
            taken.append(word)
            edge = word.box.x1 if to_right else word.box.x0
        return taken if to_right else taken[::-1]

    def question(self, box: Rect, *, far: bool = False) -> Run | None:
        """The words that ask what the boxes at ``box`` answer: left on the line, or just above.

        ``far``: boxes that only a question gives a sense ("yes", "no") stand at the line's end, however far.
        """
        middle = box.centre[1] if box.height < 30 else box.y0 + 6
        beside = Rect(self.nearby.side(box)[0], middle - 4, box.x0, middle + 4)
        left = [_before(run, box.x0 + 2) for run in self.layout.runs_in(beside)]
        left = [run for run in left if any(c.isalpha() for c in run.text)]
        left = [r for r in left if not self.nearby.crosses(r.box.x1, box.x0, middle, box)]
        nearest = max(left, key=lambda run: run.box.x1, default=None)
        if far and self.layout.recognised:  # leader dots are read as letters
            nearest = max(left, key=lambda run: sum(c.isalpha() for c in run.text), default=None)
        reach = ACROSS_POINTS if far else ASKED_POINTS
        if nearest is not None and box.height < 30 and box.x0 - nearest.box.x1 < reach:
            return nearest
        zone = Rect(max(0.0, box.x0 - 30), box.y0 - 22, box.x1 + 60, box.y0)
        above = [r for r in self.layout.runs_in(zone) if r.box.centre[1] < box.y0 and any(c.isalpha() for c in r.text)]
        return max(above, key=lambda run: (run.box.y1, -run.box.x0)) if above else None


def _before(run: Run, x: float) -> Run:
    """The words of ``run`` that end before ``x``."""
    if run.box.x1 <= x:
        return run
    words = tuple(word for word in run.words if word.box.x1 <= x)
    return Run(words, union(word.box for word in words) if words else run.box)


def _matched(
    places: Sequence[Candidate],
    proposed: Mapping[int, list[Proposal]],
    by_marks: Collection[int],
    going_on: Collection[int],
    manner: Relation | None,
) -> dict[int, Proposal]:
    """One proposal a place, the surest first; words another place has taken are no longer to be had."""
    ranked: list[tuple[float, int, int, Proposal]] = []
    for number, place in enumerate(places):
        for proposal in proposed[id(place)]:
            if proposal.words and not proposal.close and _share(proposal.words, by_marks) > SHARED_MAX:
                continue
            below = proposal.relation is Relation.BELOW is not manner and not proposal.close
            if below and id(place) in going_on:
                continue  # the next line of an answer, rather than a line with a caption
            bonus = MANNER_BONUS if _manner(proposal) is manner else 0.0
            ranked.append((proposal.labelled.sure + bonus, -number, id(place), proposal))
    ranked.sort(key=lambda one: one[:2], reverse=True)
    chosen: dict[int, Proposal] = {}
    used: set[int] = set()
    for _, _, key, proposal in ranked:
        if key in chosen or (proposal.words and _share(proposal.words, used) > SHARED_MAX):
            continue
        chosen[key] = proposal
        used |= proposal.words
    return chosen


def _manner(proposal: Proposal) -> Relation:
    return Relation.ABOVE if proposal.relation is Relation.FAR else proposal.relation


def _worth(proposed: Mapping[int, list[Proposal]], chosen: Mapping[int, Proposal], going_on: Collection[int]) -> float:
    """How well a choice explains the page: sure labels, one manner, few words near a place that stay unused."""
    used = {word for proposal in chosen.values() for word in proposal.words}
    unused = {
        proposal.words
        for found in proposed.values()
        for proposal in found
        if proposal.words and proposal.relation is not Relation.FAR and not proposal.words & used
    }
    manners = Counter(_manner(proposal) for proposal in chosen.values() if proposal.words)
    mixed = sum(manners.values()) - max(manners.values(), default=0)
    sure = sum(proposal.labelled.sure for proposal in chosen.values())
    inherited = sum(key not in chosen for key in going_on)
    return sure + 0.5 * inherited - 0.25 * len(unused) - 0.05 * mixed


def _share(words: Collection[int], used: Collection[int]) -> float:
    return sum(word in used for word in words) / len(words)
