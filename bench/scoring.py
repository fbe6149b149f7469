"""Compares what was found on forms with what is on them: detection, types, labels, groups, confidence, values.

A truth document is a dictionary as ``examples.make_examples`` and form corpora write it: ``fields`` with one entry for
each box (``page`` from 1, ``type``, ``box`` as fractions of the displayed page, ``label``, ``required`` …), ``values``
with ``subtypes``, ``value`` and evidence ``boxes``, and ``scored_pages``. A result is what ``analyze --json`` prints.

A choice counts one predicted box for each option that has one, because the truth holds one box for each widget. Boxes
are paired one to one, best first: *strictly* at IoU of at least 0.5, *loosely* where the centre of either box lies in
the other. Types, labels and flags are judged on loose pairs.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

BUTTONS = frozenset({"checkbox", "radio", "multiselect"})
SIGNATURES = frozenset({"signature", "initials"})
IOU_MIN = 0.5
BINS = 10
SURE = 0.9
"""Fields at this confidence or more are expected to be right."""
NEAR_MIN = 0.8
"""Share of common words from which two labels are nearly the same."""
_STOP_WORDS = frozenset(["the", "a", "an", "of", "or", "and", "to", "your", "if"])

Box = Sequence[float]
Json = dict[str, Any]


def family(kind: str) -> str:
    return "button" if kind in BUTTONS else "signature" if kind in SIGNATURES else "text"


def same_family(found: str, true: Json) -> bool:
    """Whether a type is of the truth's family: what its widget is, or what the truth says it is for.

    Forms often let people sign in a text widget; a signature is right there, and so is a place to write.
    """
    return family(found) in {family(true["type"]), family(true.get("semantic_type") or true["type"])}


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes; 0.0 when they do not overlap."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def centre_in(a: Box, b: Box) -> bool:
    """Whether the centre of either box lies in the other."""
    return _holds(a, b) or _holds(b, a)


def _holds(outer: Box, inner: Box) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def pairs(
    predicted: Sequence[Json], true: Sequence[Json], weight: Callable[[Box, Box], float]
) -> list[tuple[int, int]]:
    """Greedy one-to-one pairs (index of the prediction, index of the truth), best weight first; 0 pairs nothing."""
    ranked = sorted(
        (
            (w, i, j)
            for i, p in enumerate(predicted)
            for j, t in enumerate(true)
            if (w := weight(p["box"], t["box"])) > 0
        ),
        reverse=True,
    )
    used_predicted: set[int] = set()
    used_true: set[int] = set()
    found: list[tuple[int, int]] = []
    for _, i, j in ranked:
        if i not in used_predicted and j not in used_true:
            used_predicted.add(i)
            used_true.add(j)
            found.append((i, j))
    return found


def _strict(a: Box, b: Box) -> float:
    value = iou(a, b)
    return value if value >= IOU_MIN else 0.0


def _loose(a: Box, b: Box) -> float:
    return 1.0 + iou(a, b) if centre_in(a, b) else 0.0


def words(text: str | None) -> list[str]:
    return [w for w in re.sub(r"[^a-z0-9 ]", " ", (text or "").lower()).split() if w not in _STOP_WORDS]


def near(label: str | None, truth: str | None) -> bool:
    a, b = set(words(label)), set(words(truth))
    return bool(a and b) and len(a & b) / max(len(a), len(b)) >= NEAR_MIN


def same_label(label: str | None, truth: str | None) -> bool:
    """``near``, where the number of a table's row behind its head is no difference: truths name all rows alike."""
    return near(label, truth) or near(re.sub(r"\s\d{1,2}$", "", label or ""), truth)


def overlap(label: str | None, truth: str | None) -> float:
    a, b = set(words(label)), set(words(truth))
    return len(a & b) / len(a) if a and b else 0.0


def predicted_boxes(result: Json) -> list[Json]:
    """One entry for each box of a result; ``field`` is its field's place in it, ``option`` the option's label."""
    titles = {s["id"]: s["title"] for s in _form(result).get("sections") or []}
    found: list[Json] = []
    for number, entry in enumerate(_fields(result)):
        shared = {key: entry.get(key) for key in ("label", "subtype", "confidence", "required", "needs_review")}
        shared |= {"field": number, "question": entry.get("label"), "section": titles.get(entry.get("section") or "")}
        options = [o for o in (entry.get("options") or []) if isinstance(o, dict) and o.get("box")]
        kind = entry["type"] if entry["type"] in BUTTONS else "radio"
        for option in options:
            at = {"page": option.get("page", entry["page"]), "box": option["box"], "type": kind}
            found.append(shared | at | {"label": option.get("label"), "option": option.get("label")})
        if not options and entry.get("box"):
            found.append(shared | {"page": entry["page"], "box": entry["box"], "type": entry["type"], "option": None})
    return found


def _form(result: Json) -> Json:
    return result.get("form") or {}


def _fields(result: Json) -> list[Json]:
    return _form(result).get("fields") or []


@dataclass(slots=True)
class Tally:
    """Counts of one file or, added up, of many."""

    counts: Counter[str] = field(default_factory=Counter)
    bins: list[list[float]] = field(default_factory=lambda: [[0.0, 0.0, 0.0] for _ in range(BINS)])
    """Predictions, their confidence added up, and hits, by tenth of confidence."""
    value_bins: list[list[float]] = field(default_factory=lambda: [[0.0, 0.0, 0.0] for _ in range(BINS)])
    """Likewise of values."""
    label_overlap: float = 0.0
    by_subtype: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, other: Tally) -> None:
        self.counts.update(other.counts)
        self.label_overlap += other.label_overlap
        for ours, others in ((self.bins, other.bins), (self.value_bins, other.value_bins)):
            for mine, theirs in zip(ours, others, strict=True):
                for index, value in enumerate(theirs):
                    mine[index] += value
        for key, counts in other.by_subtype.items():
            self.by_subtype[key].update(counts)


def tally(truth: Json, result: Json) -> Tally:
    """Everything counted on one document. An empty result counts as nothing found."""
    found = Tally()
    found.counts["files"] = 1
    found.counts["no_result"] = not result.get("form")
    found.counts["flagged"] = sum(bool(f.get("needs_review")) for f in _fields(result))
    _count_fields(found, truth, result)
    if truth.get("values"):
        _count_values(found, truth, result)
    return found


def _count_fields(found: Tally, truth: Json, result: Json) -> None:
    pages = set(truth.get("scored_pages") or [])
    everything = [p for p in predicted_boxes(result) if p["page"] in pages]
    on_scored = {p["field"]: bool(p["needs_review"]) for p in everything}
    found.counts.update(scored_fields=len(on_scored), scored_flagged=sum(on_scored.values()))
    for page in sorted(pages):
        predicted = [p for p in everything if p["page"] == page]
        true = [t for t in truth["fields"] if t["page"] == page]
        matched = pairs(predicted, true, _loose)
        found.counts.update(
            pages=1,
            predicted=len(predicted),
            truth=len(true),
            strict=len(pairs(predicted, true, _strict)),
            loose=len(matched),
        )
        _count_confidence(found, predicted, true, dict(matched))
        for entry in true:
            found.counts["truth_" + family(entry["type"])] += 1
        for i, j in matched:
            _count_pair(found, predicted[i], true[j])
        _count_groups(found.counts, predicted, true, {j: i for i, j in matched})
        _count_order(found.counts, predicted, {j: i for i, j in matched}, len(true))


def _count_confidence(found: Tally, predicted: Sequence[Json], true: Sequence[Json], hits: dict[int, int]) -> None:
    for i, entry in enumerate(predicted):
        hit = i in hits
        right = hit and same_family(entry["type"], true[hits[i]])
        if not entry["needs_review"]:
            found.counts.update(unflagged=1, unflagged_hit=hit, unflagged_right=right)
        if entry["confidence"] is None:
            continue
        confidence = float(entry["confidence"])
        held = found.bins[min(BINS - 1, int(confidence * BINS))]
        held[0] += 1
        held[1] += confidence
        held[2] += hit
        if confidence >= SURE:
            found.counts.update(sure=1, sure_hit=hit, sure_right=right)


def _count_pair(total: Tally, found: Json, true: Json) -> None:
    counts = total.counts
    kind = family(true["type"])
    counts["found_" + kind] += 1
    counts["type_ok"] += same_family(found["type"], true)
    if true.get("label") and kind != "button":
        counts["labels"] += 1
        counts["label_near"] += same_label(found["label"], true["label"])
        total.label_overlap += overlap(found["label"], true["label"])
    if true.get("semantic_type"):
        counts["required"] += 1
        counts["required_ok"] += bool(found.get("required")) == bool(true.get("required"))
    if true.get("semantic_type") in ("date", "signature"):
        counts["semantic"] += 1
        same = found["type"] == true["semantic_type"]
        counts["semantic_ok"] += same or (true["semantic_type"] == "signature" and found["type"] in SIGNATURES)
    if true.get("subtype"):
        counts["subtype"] += 1
        counts["subtype_ok"] += found.get("subtype") == true["subtype"]
    if true.get("section"):
        counts["section"] += 1
        counts["section_ok"] += near(found.get("section"), true["section"])
    if true.get("option") and kind == "button":
        counts["option"] += 1
        counts["option_ok"] += near(found.get("option") or found.get("label"), true["option"]) or (
            (found.get("option") or "").strip().lower() == str(true["option"]).strip().lower()
        )
    if true.get("group") and kind == "button":
        counts["question"] += 1
        counts["question_ok"] += near(found.get("question"), true["group"])


def _count_groups(counts: Counter[str], predicted: Sequence[Json], true: Sequence[Json], of: dict[int, int]) -> None:
    """A group is right when all its boxes were found in one field, and that field holds no other found box."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for j, entry in enumerate(true):
        if family(entry["type"]) == "button":
            groups[entry["name"]].append(j)
    members: Counter[int] = Counter(predicted[i]["field"] for i in of.values())
    for group in groups.values():
        if len(group) < 2:
            continue
        fields = {predicted[of[j]]["field"] for j in group if j in of}
        counts["groups"] += 1
        counts["groups_ok"] += all(j in of for j in group) and len(fields) == 1 and members[fields.pop()] == len(group)


def _count_order(counts: Counter[str], predicted: Sequence[Json], of: dict[int, int], total: int) -> None:
    """Neighbours of the truth whose predictions come in the same order."""
    for j in range(total - 1):
        if j in of and j + 1 in of:
            counts["neighbours"] += 1
            counts["neighbours_ok"] += predicted[of[j]]["field"] <= predicted[of[j + 1]]["field"]


def _count_values(found: Tally, truth: Json, result: Json) -> None:
    known = {s for v in truth["values"] for s in v["subtypes"]}
    got = [f for f in _fields(result) if f.get("subtype") in known and f.get("value") not in (None, "")]
    found.counts["values_predicted"] += len({f["subtype"] for f in got})
    proved: set[int] = set()
    for value in truth["values"]:
        key = value["subtypes"][0]
        found.by_subtype[key]["truth"] += 1
        found.counts["values"] += 1
        right = [f for f in got if f["subtype"] in value["subtypes"] and same_value(key, f["value"], value["value"])]
        proved.update(id(f) for f in right)
        if value.get("ambiguous"):
            named = [f for f in got if f["subtype"] in value["subtypes"]]
            found.counts["ambiguous"] += 1
            found.counts["ambiguous_flagged"] += all(f.get("needs_review") for f in named)
        if right:
            found.by_subtype[key]["ok"] += 1
            found.counts["values_ok"] += 1
            found.counts["evidence"] += any(
                f.get("value_box") and b["page"] == f["page"] and centre_in(f["value_box"], b["box"])
                for f in right
                for b in value["boxes"]
            )
    for entry in got:
        _count_trust(found, entry, id(entry) in proved)
    unseen = set(truth.get("traps") or [])
    found.counts["traps_read"] += sum(str(f.get("value")) in unseen for f in _fields(result))
    signed = any(bool(f.get("value")) for f in _fields(result) if f["type"] in SIGNATURES)
    found.counts["value_files"] += 1
    found.counts["signed_ok"] += signed == bool(truth["signature_present"])


def _count_trust(found: Tally, entry: Json, right: bool) -> None:
    """How far a value's confidence and its flag can be trusted."""
    flagged = bool(entry.get("needs_review"))
    found.counts.update(values_flagged=flagged, values_unflagged=not flagged, values_unflagged_right=right > flagged)
    confidence = float(entry.get("confidence") or 0.0)
    held = found.value_bins[min(BINS - 1, int(confidence * BINS))]
    held[0] += 1
    held[1] += confidence
    held[2] += right


def same_value(subtype: str, value: object, truth: object) -> bool:
    """Amounts to half a cent, phones by their last nine digits, everything else by its letters and digits."""
    if value is None:
        return False
    mine, theirs = str(value).strip(), str(truth).strip()
    if subtype.endswith("_amount") or subtype == "balance_due":
        try:
            return abs(float(re.sub(r"[^0-9.]", "", mine)) - float(re.sub(r"[^0-9.]", "", theirs))) < 0.005
        except ValueError:
            return False
    if subtype == "couple_phone":
        return re.sub(r"\D", "", mine)[-9:] == re.sub(r"\D", "", theirs)[-9:]
    return re.sub(r"[^\w]", "", mine).lower() == re.sub(r"[^\w]", "", theirs).lower()


def summary(found: Tally, *, ordered: bool = True) -> Json:
    """The figures of a tally, rounded to a thousandth; what had nothing to be judged on is null.

    ``ordered`` says whether the truth lists its fields in reading order, so that the order can be judged.
    """
    n = found.counts
    return {
        "files": n["files"],
        "no_result": n["no_result"],
        "fields": n["truth"],
        "predicted": n["predicted"],
        "centre": _prf(n["loose"], n["predicted"], n["truth"]),
        "iou50": _prf(n["strict"], n["predicted"], n["truth"]),
        "recall": {k: _share(n["found_" + k], n["truth_" + k]) for k in ("text", "button", "signature")},
        "type_accuracy": _share(n["type_ok"], n["loose"]),
        "semantic_type": _share(n["semantic_ok"], n["semantic"]),
        "subtype_accuracy": _share(n["subtype_ok"], n["subtype"]),
        "label_near": _share(n["label_near"], n["labels"]),
        "label_overlap": _share(found.label_overlap, n["labels"]),
        "required_accuracy": _share(n["required_ok"], n["required"]),
        "section_accuracy": _share(n["section_ok"], n["section"]),
        "order_accuracy": _share(n["neighbours_ok"], n["neighbours"]) if ordered else None,
        "groups": _share(n["groups_ok"], n["groups"]),
        "group_question": _share(n["question_ok"], n["question"]),
        "option_label": _share(n["option_ok"], n["option"]),
        "calibration_error": _error(found.bins),
        "flagged": _share(n["scored_flagged"], n["scored_fields"]),
        "unflagged_hit": _share(n["unflagged_hit"], n["unflagged"]),
        "unflagged_right": _share(n["unflagged_right"], n["unflagged"]),
        "sure_hit": _share(n["sure_hit"], n["sure"]),
        "sure_share": _share(n["sure"], n["predicted"]),
        "values": n["values"],
        "values_f1": _prf(n["values_ok"], n["values_predicted"], n["values"]) if n["values"] else None,
        "evidence": _share(n["evidence"], n["values_ok"]),
        "values_calibration_error": _error(found.value_bins),
        "values_flagged": _share(n["values_flagged"], n["values_flagged"] + n["values_unflagged"]),
        "values_unflagged_right": _share(n["values_unflagged_right"], n["values_unflagged"]),
        "ambiguous_flagged": _share(n["ambiguous_flagged"], n["ambiguous"]),
        "traps_read": n["traps_read"],
        "signature_presence": _share(n["signed_ok"], n["value_files"]),
        "recall_by_subtype": {k: _share(c["ok"], c["truth"]) for k, c in sorted(found.by_subtype.items())},
    }


def _error(bins: Sequence[Sequence[float]]) -> float | None:
    total = sum(held[0] for held in bins)
    return round(sum(abs(held[1] - held[2]) for held in bins) / total, 3) if total else None


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 3) if whole else None


def _prf(hits: int, predicted: int, truth: int) -> Json:
    precision, recall = hits / max(1, predicted), hits / max(1, truth)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return {"precision": round(precision, 3), "recall": round(recall, 3), "f1": round(f1, 3)}
