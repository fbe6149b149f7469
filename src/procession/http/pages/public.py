"""The couple's form: works without scripts, keeps every answer when something is missing, says what and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Path, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from procession.domain.clock import new_id
from procession.domain.errors import IdempotencyMismatch, TooLarge
from procession.domain.form import Field, FieldType, Form
from procession.http.context import App
from procession.http.pages.render import page
from procession.services.form_schema import answer_of
from procession.services.forms import FormInvalid
from procession.services.views import PublicForm

PREFIX = "f."
"""Before every question's name, so no question can take the name of one of our own inputs."""
FIELDS_MAX = 20_000
ONCE_CHARACTERS_MAX = 64

PRIVATE = {"X-Robots-Tag": "noindex, nofollow"}
"""``Referrer-Policy: same-origin`` comes with every answer: no other site learns the link. It is not ``no-referrer``,
which makes browsers send ``Origin: null`` with the form and so look like another site's page."""

Token = Annotated[str, Path(max_length=128)]


def grouped(definition: Form) -> list[tuple[str | None, list[Field]]]:
    """Questions by section, in the order of the paper."""
    titles = {section.id: section.title for section in definition.sections}
    groups: list[tuple[str | None, list[Field]]] = []
    for field in definition.fields:
        title = titles.get(field.section or "")
        if not groups or groups[-1][0] != title:
            groups.append((title, []))
        groups[-1][1].append(field)
    return groups


def answers(definition: Form, sent: FormData) -> dict[str, Any]:
    """What was answered, by the field's name: text as typed, lists for several ticks, true for a ticked box.

    Unanswered questions are left out. Numbers stay text: the service that validates them also reads them.
    """
    given: dict[str, Any] = {}
    for field in definition.fields:
        texts = [one.strip() for one in sent.getlist(PREFIX + field.name) if isinstance(one, str) and one.strip()]
        if not texts:
            continue
        if field.type is FieldType.CHECKBOX:
            given[field.name] = True
        elif field.type is FieldType.MULTISELECT:
            given[field.name] = texts
        else:
            given[field.name] = texts[0].replace("\r\n", "\n")
    return given


def listed_errors(definition: Form, errors: Sequence[Mapping[str, str]]) -> list[dict[str, str | None]]:
    """The service's errors with the question's label and a place to jump to, in the order of the questions."""
    places = {field.name: (position, field) for position, field in enumerate(definition.fields)}
    found = []
    for error in errors:
        position, field = places.get(error["field"], (len(places), None))
        entry = {
            "name": error["field"],
            "label": (field.label or "Unnamed question") if field else None,
            "anchor": f"in-{field.id}" if field else None,
            "message": error["message"],
        }
        found.append((position, entry))
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


async def show(request: Request, application: App, token: Token) -> Response:
    form = await application.forms.public(token)
    if not form.open:
        return page(request, "thanks.html", state="closed", title=form.title, headers=PRIVATE, status=410)
    return _asked(request, form, {}, [])


async def submit(request: Request, application: App, token: Token) -> Response:
    most = application.settings.http.response_bytes_max
    if len(await request.body()) > most:
        raise TooLarge("These answers are longer than this form takes. Shorten the longest ones and send them again.")
    form = await application.forms.public(token)
    async with request.form(max_files=0, max_fields=FIELDS_MAX) as sent:
        given = answers(form.definition, sent)
        once = sent.get("once")
    key = once[:ONCE_CHARACTERS_MAX] if isinstance(once, str) and once.isascii() and once.isprintable() else None
    try:
        await _respond(application, token, given, key or None)
    except FormInvalid as error:
        return _asked(request, form, given, listed_errors(form.definition, error.errors), status=422)
    return RedirectResponse(f"/f/{token}/thanks", 303, headers=PRIVATE)


async def _respond(application: App, token: str, given: dict[str, Any], key: str | None) -> None:
    """``key`` makes a double click one response. Going back and changing an answer makes another: both are kept."""
    try:
        await application.forms.respond(token, given, idempotency_key=key)
    except IdempotencyMismatch:
        await application.forms.respond(token, given)


async def thanks(request: Request, application: App, token: Token) -> Response:
    form = await application.forms.public(token)
    return page(request, "thanks.html", state="sent", title=form.title, headers=PRIVATE)


def _asked(
    request: Request, form: PublicForm, given: dict[str, Any], errors: list[dict[str, str | None]], *, status: int = 200
) -> Response:
    return page(
        request,
        "public.html",
        status=status,
        headers=PRIVATE,
        form=form,
        groups=grouped(form.definition),
        given=given,
        errors=errors,
        messages={error["name"]: error["message"] for error in errors},
        any_required=any(field.required for field in form.definition.fields),
        once=new_id("once"),
        answer_of=answer_of,
    )
