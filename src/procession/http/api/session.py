"""Signing in with a browser, when keys are configured. The page with the form belongs to the pages."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from procession.domain.errors import Unauthenticated
from procession.http import auth
from procession.http.context import App
from procession.http.problems import SIGN_IN_PATH
from procession.settings import Settings

KEY_CHARACTERS_MAX = 512


async def sign_in(
    request: Request,
    application: App,
    key: Annotated[str, Form(min_length=1, max_length=KEY_CHARACTERS_MAX)],
    to: Annotated[str, Form(alias="next", max_length=512)] = "/",
) -> Response:
    """Exchange a key for a session cookie (HttpOnly, SameSite=Strict) and go to `next`."""
    found = auth.key_of(application.settings.api_keys, key.strip())
    if found is None and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"{SIGN_IN_PATH}?wrong=true&next={quote(to)}", 303)
    if found is None:
        raise Unauthenticated("This key is not known here. Check it and sign in again.")
    sessions: auth.Sessions = request.app.state.sessions
    answer = RedirectResponse(to if _is_own_path(to) else "/", 303)
    answer.set_cookie(
        auth.COOKIE,
        sessions.open(found),
        max_age=sessions.seconds,
        httponly=True,
        samesite="strict",
        secure=_is_https(request, application.settings),
    )
    return answer


async def sign_out() -> Response:
    """Forget the session."""
    answer = RedirectResponse(SIGN_IN_PATH, 303)
    answer.delete_cookie(auth.COOKIE, httponly=True, samesite="strict")
    return answer


def _is_https(request: Request, settings: Settings) -> bool:
    """Behind a proxy that ends TLS, the request itself came by http; the public address tells."""
    return request.url.scheme == "https" or (settings.http.public_url or "").startswith("https://")


def _is_own_path(to: str) -> bool:
    # `//host` and `/\host` leave this site
    return to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable()
