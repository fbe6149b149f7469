"""The first page: upload and list. And what can be done with one analysis as a whole."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from starlette.responses import RedirectResponse, Response

from procession.domain.analysis import Priority, State
from procession.http.api.analyses import AnalysisId
from procession.http.context import App, Asker
from procession.http.pages import words
from procession.http.pages.render import page

ROWS = 25
"""Analyses on one page of the list."""

SHOWN: dict[str, tuple[str, tuple[State, ...]]] = {
    "all": ("All", ()),
    "active": ("In progress", (State.PENDING, State.PROCESSING)),
    "review": ("To review", (State.REQUIRES_REVIEW,)),
    "done": ("Done", (State.COMPLETED,)),
    "failed": ("Could not be read", (State.FAILED,)),
    "cancelled": ("Cancelled", (State.CANCELLED,)),
}

Show = Annotated[str, Query(max_length=20)]
Class = Annotated[str, Query(max_length=20)]
Cursor = Annotated[str, Query(max_length=512)]


async def _listed(application: App, asker: Asker, show: str, priority: str, cursor: str) -> dict[str, Any]:
    """The list's context. Unknown filters mean "all": an old bookmark still opens."""
    show = show if show in SHOWN else "all"
    priority = priority if priority in set(Priority) else ""
    found = await application.analyses.list(
        asker,
        states=SHOWN[show][1],
        priority=Priority(priority) if priority else None,
        cursor=cursor or None,
        limit=ROWS,
        fresh=True,  # a page is told of each change and asks at once
    )
    chosen = {"show": "" if show == "all" else show, "priority": priority}

    def address(base: str = "/", **changed: str) -> str:
        query = urlencode({name: value for name, value in {**chosen, **changed}.items() if value})
        return f"{base}?{query}" if query else base

    return {
        "jobs": found.items,
        "next_address": address(cursor=found.next_cursor) if found.next_cursor else None,
        "first_address": address() if cursor else None,
        "fragment_address": address("/fragments/jobs", cursor=cursor),
        "filters": [(name, title, address(show="" if name == "all" else name)) for name, (title, _) in SHOWN.items()],
        "classes": [("", "Any priority", address(priority=""))]
        + [(name.value, words.PRIORITIES[name], address(priority=name.value)) for name in Priority],
        "show": show,
        "priority": priority,
        "filtered": show != "all" or bool(priority),
        "active": any(job.status in words.ACTIVE for job in found.items),
    }


async def home(
    request: Request, application: App, asker: Asker, show: Show = "all", priority: Class = "", cursor: Cursor = ""
) -> Response:
    context = await _listed(application, asker, show, priority, cursor)
    upload, sandbox = application.settings.upload, application.settings.sandbox
    return page(request, "home.html", bytes_max=upload.upload_bytes_max, pages_max=sandbox.pages_max, **context)


async def rows(
    request: Request, application: App, asker: Asker, show: Show = "all", priority: Class = "", cursor: Cursor = ""
) -> Response:
    """The list alone, for the page's live updates."""
    return page(request, "_jobs.html", **await _listed(application, asker, show, priority, cursor))


async def cancel(application: App, asker: Asker, analysis_id: AnalysisId) -> Response:
    await application.analyses.cancel(asker, analysis_id)
    return RedirectResponse(f"/analyses/{analysis_id}", 303)


async def retry(application: App, asker: Asker, analysis_id: AnalysisId) -> Response:
    await application.analyses.retry(asker, analysis_id)
    return RedirectResponse(f"/analyses/{analysis_id}", 303)


async def ask_delete(request: Request, application: App, asker: Asker, analysis_id: AnalysisId) -> Response:
    """The question before deleting, for browsers without scripts; with them it is a dialog."""
    job = await application.analyses.get(asker, analysis_id)
    return page(request, "delete.html", job=job)


async def delete(application: App, asker: Asker, analysis_id: AnalysisId) -> Response:
    await application.analyses.erase(asker, analysis_id)
    return RedirectResponse("/", 303)
