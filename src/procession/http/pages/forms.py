"""The supplier's side of finished forms: the list, the link to send, the responses."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Query, Request
from starlette.responses import RedirectResponse, Response

from procession.domain.errors import NotFound
from procession.http.api.forms import FormId
from procession.http.context import App, Asker
from procession.http.pages import words
from procession.http.pages.jobs import ROWS, Cursor
from procession.http.pages.render import page

Made = Annotated[str, Query(max_length=5)]


def share_url(request: Request, public_url: str | None, share_path: str) -> str:
    """The whole link for couples: under the configured public address, else under the one the page was asked at."""
    base = public_url or str(request.base_url)
    return base.rstrip("/") + share_path


def cell(value: Any) -> str:
    """One answer in the responses' table."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)


async def index(request: Request, application: App, asker: Asker, cursor: Cursor = "") -> Response:
    found = await application.forms.list(asker, cursor=cursor or None, limit=ROWS, fresh=True)
    return page(request, "forms.html", forms=found.items, next_cursor=found.next_cursor, cursor=cursor)


async def show(
    request: Request, application: App, asker: Asker, form_id: FormId, made: Made = "", cursor: Cursor = ""
) -> Response:
    form = await application.forms.get(asker, form_id)
    link = share_url(request, application.settings.http.public_url, form.share_path)
    answered = await _answered(application, asker, form_id, cursor)
    try:
        copies = await application.templates.get(asker, form_id)
    except NotFound:
        copies = None
    return page(
        request,
        "form.html",
        form=form,
        link=link,
        made=bool(made),
        copies=copies,
        type_words=words.TYPES,
        **answered,
    )


async def responses(request: Request, application: App, asker: Asker, form_id: FormId, cursor: Cursor = "") -> Response:
    """The responses' table alone, for the page's live updates."""
    form = await application.forms.get(asker, form_id)
    return page(request, "_responses.html", form=form, **(await _answered(application, asker, form_id, cursor)))


async def _answered(application: App, asker: Asker, form_id: str, cursor: str) -> dict[str, Any]:
    found = await application.forms.responses(asker, form_id, cursor=cursor or None, limit=ROWS)
    return {"responses": found.items, "next_cursor": found.next_cursor, "cursor": cursor, "cell": cell}


async def set_open(
    application: App,
    asker: Asker,
    form_id: FormId,
    opened: Annotated[bool, Form(alias="open")],
    version: Annotated[int, Form()],
) -> Response:
    await application.forms.set_open(asker, form_id, opened, expected_version=version)
    return RedirectResponse(f"/forms/{form_id}", 303)


async def forget(application: App, asker: Asker, form_id: FormId) -> Response:
    await application.templates.forget(asker, form_id)
    return RedirectResponse(f"/forms/{form_id}", 303)
