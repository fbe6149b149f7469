"""Templates to answers. Everything a template may call is named here."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.responses import HTMLResponse

from procession.domain.clock import system_clock
from procession.domain.errors import ProcessionError, RetryLater
from procession.http.pages import static_files, words

HTMX_CONFIG = json.dumps({"noSwap": [204, 304, "4xx", "5xx"], "history": False, "includeIndicatorCSS": False})
"""A refused fragment leaves the page as it was; nothing is styled or stored behind the page's back."""


def data_block(value: Any) -> Markup:
    """JSON for a ``<script type="application/json">`` block: no ``<`` that could end the block."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def time_element(moment: datetime, now: datetime) -> Markup:
    """A relative time with the exact one on hover."""
    pattern = '<time datetime="{}" title="{}">{}</time>'
    return Markup(pattern).format(moment.isoformat(), words.exact(moment), words.ago(moment, now))  # noqa: S704  constant


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(static_files.FOLDER.parent / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        thousands=words.thousands,
        count=words.count,
        size=words.size,
        file=words.file,
        sentence=words.sentence,
        duration=words.duration,
        data_block=data_block,
        dollars=words.dollars,
        used_percent=words.used_percent,
    )
    made.globals.update(
        static=static_files.address, words=words, say=words.state, objective=words.objective, htmx_config=HTMX_CONFIG
    )
    return made


TEMPLATES = _environment()


def page(
    request: Request, template: str, *, status: int = 200, headers: dict[str, str] | None = None, **context: Any
) -> HTMLResponse:
    """``template`` rendered. Every template may use ``path``, ``signed_in`` and ``when(moment)``."""
    settings = request.app.state.application.settings
    text = TEMPLATES.get_template(template).render(
        path=request.url.path,
        signed_in=bool(settings.api_keys),
        when=partial(time_element, now=system_clock()),
        **context,
    )
    return HTMLResponse(text, status, headers=headers)


def error_page(request: Request, error: ProcessionError, *, status: int | None = None) -> HTMLResponse:
    """What went wrong, in plain words, with a way on."""
    number = status or error.status
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, RetryLater) else {}
    context = {
        "heading": HEADINGS.get(number, "That did not work"),
        "message": error.message,
        "number": number,
        "trace_id": getattr(request.state, "trace_id", None) if number >= 500 else None,
        "public": request.url.path.startswith("/f/"),
    }
    return page(request, "error.html", status=number, headers=headers, **context)


HEADINGS = {
    401: "Please sign in",
    403: "You may not do that here",
    404: "There is nothing here",
    409: "That is not possible right now",
    412: "Somebody was faster",
    413: "That is too large",
    429: "Too busy for a moment",
    500: "Something went wrong on our side",
    503: "A part of the service is not available",
}
