"""The queue's page: what waits against what was promised, what is paused, and what failed for good."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Form, Query, Request
from starlette.responses import RedirectResponse, Response

from procession.domain.analysis import Priority
from procession.domain.errors import InvalidRequest, NotFound
from procession.domain.principal import Principal
from procession.http.api.queue import Tenant
from procession.http.context import App, Asker
from procession.http.pages import words
from procession.http.pages.jobs import ROWS, Cursor
from procession.http.pages.render import page
from procession.services.dead_letters import CHANGES_MAX, Action, Wanted

OLDER: dict[str, tuple[str, float | None]] = {
    "": ("any time", None),
    "hour": ("more than an hour ago", 3600.0),
    "day": ("more than a day ago", 86_400.0),
    "week": ("more than a week ago", 7 * 86_400.0),
}
CHANGED = {"revive": "waiting again", "bury": "buried"}
Word = Annotated[str, Query(max_length=64)]
Part = Annotated[str, Form(max_length=64)]
Ids = Annotated[list[Annotated[str, Form(max_length=64)]], Form(max_length=CHANGES_MAX)]


def _wanted(code: str, priority: str, tenant: str, older: str, buried: str) -> Wanted:
    """Unknown words mean "any": an old bookmark still opens."""
    return Wanted(
        code=code or None,
        priority=Priority(priority) if priority in set(Priority) else None,
        tenant=tenant or None,
        older_seconds=OLDER[older][1] if older in OLDER else None,
        buried=bool(buried),
    )


async def show(
    request: Request,
    application: App,
    asker: Asker,
    code: Word = "",
    priority: Word = "",
    tenant: Word = "",
    older: Word = "",
    buried: Word = "",
    cursor: Cursor = "",
    changed: Annotated[int, Query(ge=0)] = 0,
    did: Word = "",
) -> Response:
    view = await application.queue.view(asker)
    chosen = {"code": code, "priority": priority, "tenant": tenant, "older": older, "buried": buried}
    letters = await _letters(application, asker, chosen, cursor) if asker.operator else {}
    said = f"{words.count(changed, 'dead letter')} {CHANGED[did]}." if did in CHANGED else ""
    return page(request, "queue.html", view=view, said=said, **letters)


async def _letters(application: App, asker: Principal, chosen: dict[str, str], cursor: str) -> dict[str, Any]:
    wanted = _wanted(**chosen)
    found = await application.dead_letters.list(asker, wanted, cursor=cursor or None, limit=ROWS)
    query = {name: value for name, value in chosen.items() if value}

    def address(base: str = "/queue", **more: str | None) -> str:
        asked = urlencode({name: value for name, value in {**query, **more}.items() if value})
        return f"{base}?{asked}" if asked else base

    return {
        "letters": found.items,
        "matching": await application.dead_letters.count(asker, wanted),
        "chosen": chosen,
        "filtered": bool(query.keys() - {"buried"}),
        "older_words": [(name, title) for name, (title, _) in OLDER.items()],
        "next_address": address(cursor=found.next_cursor) if found.next_cursor else None,
        "first_address": address() if cursor else None,
        "revive_address": address("/queue/dead-letters/revive"),
        "bury_address": address("/queue/dead-letters/bury"),
        "query": address("")[1:],
    }


async def figures(request: Request, application: App, asker: Asker) -> Response:
    """The figures alone, for the page's live updates."""
    return page(request, "_queue.html", view=await application.queue.view(asker))


async def pause(application: App, asker: Asker, priority: Part = "", tenant: Part = "") -> Response:
    return await _pause(application, asker, priority, tenant, True)


async def resume(application: App, asker: Asker, priority: Part = "", tenant: Part = "") -> Response:
    return await _pause(application, asker, priority, tenant, False)


async def _pause(application: App, asker: Principal, priority: str, tenant: str, paused: bool) -> Response:
    if tenant:
        await application.queue.pause_tenant(asker, tenant, paused)
    elif priority in set(Priority):
        await application.queue.pause_class(asker, Priority(priority), paused)
    else:
        raise InvalidRequest("Name a priority or a tenant.")
    return RedirectResponse("/queue", 303)


async def drain(application: App, asker: Asker, worker: Part, wanted: Annotated[bool, Form()] = True) -> Response:
    await application.queue.drain(asker, worker, wanted)
    return RedirectResponse("/queue", 303)


async def cap(
    application: App, asker: Asker, tenant: Annotated[Tenant, Form()], running: Part = "", waiting: Part = ""
) -> Response:
    """Both limits of a tenant; an empty one is none."""
    caps = [_cap(text) for text in (running, waiting)]
    await application.queue.cap(asker, tenant, running_max=caps[0], waiting_max=caps[1])
    return RedirectResponse("/queue", 303)


def _cap(text: str) -> int | None:
    text = text.strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidRequest("A limit is a whole number, or nothing for none.")
    return int(text) if text else None


def _action(name: str) -> Action:
    if name == "revive":
        return "revive"
    if name == "bury":
        return "bury"
    raise NotFound("There is nothing at this address.")


async def change(
    application: App, asker: Asker, action: str, ids: Ids, query: Annotated[str, Form(max_length=512)] = ""
) -> Response:
    """The chosen ones, then back to the list as it was filtered."""
    done = await application.dead_letters.change(asker, _action(action), ids)
    return _back(query, done.changed, action)


def _back(query: str, changed: int, action: str) -> Response:
    told = urlencode({"changed": changed, "did": action})
    return RedirectResponse(f"/queue?{query}&{told}" if query else f"/queue?{told}", 303)


async def ask_change_all(
    request: Request,
    application: App,
    asker: Asker,
    action: str,
    code: Word = "",
    priority: Word = "",
    tenant: Word = "",
    older: Word = "",
    buried: Word = "",
    cursor: Cursor = "",
    changed: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """The question before changing all that match, and before the next part of them."""
    wanted = _wanted(code, priority, tenant, older, buried)
    chosen = {"code": code, "priority": priority, "tenant": tenant, "older": older, "buried": buried}
    return page(
        request,
        "dead_letters.html",
        action=_action(action),
        matching=await application.dead_letters.count(asker, wanted),
        at_once=CHANGES_MAX,
        chosen=chosen,
        chosen_older=OLDER.get(older, OLDER[""])[0],
        query=urlencode({name: value for name, value in chosen.items() if value}),
        cursor=cursor,
        changed=changed,
    )


async def change_all(
    application: App,
    asker: Asker,
    action: str,
    code: Part = "",
    priority: Part = "",
    tenant: Part = "",
    older: Part = "",
    buried: Part = "",
    cursor: Annotated[str, Form(max_length=512)] = "",
    changed: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """At most 500; while there are more, the page asks again and goes on there."""
    wanted = _wanted(code, priority, tenant, older, buried)
    done = await application.dead_letters.change_all(asker, _action(action), wanted, cursor or None)
    total = changed + done.changed
    chosen = {"code": code, "priority": priority, "tenant": tenant, "older": older, "buried": buried}
    query = urlencode({name: value for name, value in chosen.items() if value})
    if done.next_cursor is None:
        return _back(query, total, action)
    going_on = urlencode({"cursor": done.next_cursor, "changed": total})
    return RedirectResponse(f"/queue/dead-letters/{action}?{query}&{going_on}", 303)
