"""The review page: the paper on the left, what was found on the right, and the corrections between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from fastapi import Form as Posted
from fastapi import Query, Request
from starlette.responses import RedirectResponse, Response

from procession.domain.form import AnalysisResult, Form
from procession.http.api.analyses import AnalysisId
from procession.http.context import App, Asker
from procession.http.pages import words
from procession.http.pages.render import page
from procession.services.added_fields import added, placed
from procession.services.views import AnalysisView

DECISIONS = {"approve": "approved", "modify": "changed", "reject": "left_out", "add": "added"}
STATUS_WORDS = {
    "approved": ("Approved", "good"),
    "changed": ("Changed by you", "good"),
    "added": ("Added by you", "good"),
    "left_out": ("Left out", "quiet"),
    "look": ("Needs a look", "look"),
    "open": ("Not looked at", "open"),
}

Order = Annotated[str, Query(max_length=20)]
Only = Annotated[str, Query(max_length=20)]


def field_status(field: Mapping[str, Any], decisions: Mapping[str, Mapping[str, Any]]) -> str:
    decision = decisions.get(field["id"])
    if decision and decision["action"] in DECISIONS:
        return DECISIONS[decision["action"]]
    return "look" if field["needs_review"] else "open"


def shown_fields(form: Form | None, decisions: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every field as the reviewer left it: found or added, overlaid with the corrections; left-out ones too."""
    if form is None:
        return []
    drawn = [added(name, one["changes"], form.sections) for name, one in decisions.items() if one["action"] == "add"]
    shown = []
    for field in placed(form.fields, drawn):
        found = field.model_dump(mode="json")
        decision = decisions.get(field.id) or {}
        merged = {**found, **_plain(decision.get("changes") or {})}
        if merged["value"] != found["value"]:
            merged["value_text"] = None  # what is printed is no longer what it says
        merged["status"] = field_status(found, decisions)
        shown.append(merged)
    return shown


def _plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes with options as the result has them, whichever way they were sent."""
    plain = dict(changes)
    if "options" in plain:
        plain["options"] = [
            {"label": one, "value": None, "box": None} if isinstance(one, str) else dict(one)
            for one in plain["options"] or ()
        ]
    return plain


def arranged(
    fields: list[dict[str, Any]], titles: Mapping[str, str], order: str
) -> list[tuple[str | None, list[dict[str, Any]]]]:
    """Groups to list: by section in reading order, or one group with the least sure first (decided ones last)."""
    if order == "unsure":
        undecided = {"look": 0, "open": 1}
        return [(None, sorted(fields, key=lambda one: (undecided.get(one["status"], 2), one["confidence"])))]
    groups: list[tuple[str | None, list[dict[str, Any]]]] = []
    for field in fields:
        title = titles.get(field["section"] or "", field["section"])
        if not groups or groups[-1][0] != title:
            groups.append((title, []))
        groups[-1][1].append(field)
    return groups


def tally(fields: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    counts = dict.fromkeys(STATUS_WORDS, 0)
    for field in fields:
        counts[field["status"]] += 1
    return counts


async def show(
    request: Request, application: App, asker: Asker, analysis_id: AnalysisId, order: Order = "", only: Only = ""
) -> Response:
    job = await application.analyses.get(asker, analysis_id)
    if job.status not in words.READABLE:
        return page(request, "progress.html", job=job)
    result = await application.analyses.result(asker, analysis_id, original=True)
    decisions = await application.reviews.state(asker, analysis_id)
    return page(request, "review.html", **review_context(job, result, decisions, order, only))


async def live(request: Request, application: App, asker: Asker, analysis_id: AnalysisId) -> Response:
    """The progress of one running analysis, for its page's live updates."""
    return page(request, "_progress.html", job=await application.analyses.get(asker, analysis_id))


def review_context(
    job: AnalysisView,
    result: AnalysisResult,
    decisions: Mapping[str, Mapping[str, Any]],
    order: str,
    only: str,
) -> dict[str, Any]:
    form = result.form
    fields = shown_fields(form, decisions)
    sections = [(one.id, one.title) for one in form.sections] if form else []
    listed = [one for one in fields if one["status"] == "look"] if only == "look" else fields
    order = "unsure" if order == "unsure" else ""
    return {
        "job": job,
        "result": result,
        "title": (form.title if form else None) or words.file(job),
        "kind": words.KINDS.get(form.kind if form else "other", "Document"),
        "fields": fields,
        "groups": arranged(listed, dict(sections), order),
        "sections": sections,
        "counts": tally(fields),
        "status_words": STATUS_WORDS,
        "order": order,
        "only": "look" if only == "look" else "",
        "locked": job.form_id is not None,
        "known": [(one, words.known_tone(one)) for one in result.warnings if words.known_tone(one)],
        "warnings": [one for one in result.warnings if not words.known_tone(one)],
        "has_values": any(one["value"] is not None for one in fields),
        "data": {
            "id": job.id,
            "version": job.version,
            "locked": job.form_id is not None,
            "fields": [field.model_dump(mode="json") for field in form.fields] if form else [],
            "decisions": {name: dict(decision) for name, decision in decisions.items()},
            "types": words.TYPES,
            "withOptions": sorted(words.WITH_OPTIONS),
            "statuses": {name: {"text": text, "tone": tone} for name, (text, tone) in STATUS_WORDS.items()},
        },
    }


async def finish(
    application: App, asker: Asker, analysis_id: AnalysisId, version: Annotated[int, Posted()]
) -> Response:
    """Finish without scripts: approve what is left and make the form."""
    view = await application.reviews.apply(asker, analysis_id, [], finish=True, expected_version=version)
    return RedirectResponse(f"/forms/{view.form_id}?made=1", 303)


async def afresh(application: App, asker: Asker, analysis_id: AnalysisId) -> Response:
    """Analyse the same document without the known form; the analysis it was read by stays."""
    submitted = await application.submissions.afresh(asker, analysis_id)
    return RedirectResponse(f"/analyses/{submitted.analysis.id}", 303)
