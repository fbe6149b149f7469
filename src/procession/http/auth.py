"""Who asks: bearer keys, the browser's session, or the local user of a machine without keys.

Without keys the server trusts loopback only, and a browser on this machine only for pages that came from this server:
the Host header must be a loopback name (against DNS rebinding) and unsafe requests must be same-origin (against CSRF).
With keys, a browser signs in with a key once and holds a signed session in a cookie that scripts cannot read and other
sites cannot send.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import time
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from fastapi import Request

from procession.domain.errors import Forbidden, InvalidRequest, Unauthenticated
from procession.domain.principal import LOCAL_TENANT, Principal
from procession.settings import ApiKey, Settings

COOKIE = "procession_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_HOST_PATHS = ("/f/", "/static/")
"""What a public host name (``http.public_url``) may reach without keys: the couples' forms, nothing else."""
PROBE_PATHS = frozenset({"/health", "/livez", "/readyz"})


def key_of(keys: Sequence[ApiKey], presented: str) -> ApiKey | None:
    """The configured key that ``presented`` is. Every key is compared, in constant time."""
    digest = hashlib.sha256(presented.encode()).hexdigest()
    found = None
    for key in keys:
        if hmac.compare_digest(key.sha256, digest):
            found = key
    return found


class Sessions:
    """Signed sessions: ``base64(payload).base64(hmac)``. Dies with its time or with its key's configuration."""

    def __init__(self, keys: Sequence[ApiKey], secret: bytes, seconds: int) -> None:
        self._keys = {key.sha256: key for key in keys}
        self._secret = secret
        self.seconds = seconds

    def open(self, key: ApiKey, now: float | None = None) -> str:
        ends = int((time.time() if now is None else now) + self.seconds)
        payload = json.dumps({"key": key.sha256, "ends": ends}).encode()
        return f"{_encode(payload)}.{_encode(self._sign(payload))}"

    def key_of(self, session: str, now: float | None = None) -> ApiKey | None:
        """The key the session was opened with, or None when it is forged, over, or its key is gone."""
        try:
            payload, signature = (_decode(part) for part in session.split("."))
        except ValueError:
            return None
        if not hmac.compare_digest(signature, self._sign(payload)):
            return None
        stated = json.loads(payload)
        if stated["ends"] < (time.time() if now is None else now):
            return None
        return self._keys.get(stated["key"])

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._secret, payload, "sha256")


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def require_safe_address(settings: Settings) -> None:
    """Raises InvalidRequest when a server without keys would listen to more than this machine."""
    if not settings.api_keys and not is_loopback(settings.http.host):
        raise InvalidRequest(
            f"Without keys the server listens on this machine only, not on {settings.http.host}. "
            "Configure api_keys, or leave http.host at 127.0.0.1."
        )


def is_loopback(host: str) -> bool:
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def check_host(request: Request, settings: Settings) -> None:
    """Without keys: raises Forbidden for callers and host names that are not this machine's."""
    if settings.api_keys or request.scope["path"] in PROBE_PATHS:
        return
    host = _split(f"//{request.headers.get('host', '')}").hostname or ""
    if not is_loopback(host):
        public = _split(settings.http.public_url or "").hostname
        if host == public and request.url.path.startswith(OPEN_HOST_PATHS):
            return
        raise Forbidden("This server has no keys and answers only to names of its own machine, such as localhost.")
    if request.client is None or not is_loopback(request.client.host):
        raise Forbidden("This server has no keys and answers only callers on its own machine.")


def check_origin(request: Request, settings: Settings) -> None:
    """Raises Forbidden for an unsafe request that another site's page made a browser send.

    Requests with a bearer key pass: browsers never add one by themselves. Programs send neither header.
    """
    if request.method in SAFE_METHODS or bearer(request) is not None:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise Forbidden("Another site's page sent this request.")
        return
    origin = request.headers.get("origin")
    if origin is None:
        return
    allowed = {request.headers.get("host", ""), _split(settings.http.public_url or "").netloc}
    if _split(origin).netloc not in allowed - {""}:
        raise Forbidden("Another site's page sent this request.")


def _split(url: str) -> SplitResult:
    """An empty one for what is no address at all, such as an unclosed bracket."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def bearer(request: Request) -> str | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" and value.strip() else None


def principal(request: Request) -> Principal:
    """Who asks. Raises Unauthenticated when keys are configured and none was shown."""
    settings: Settings = request.app.state.application.settings
    trace_id: str | None = getattr(request.state, "trace_id", None)
    if not settings.api_keys:
        return Principal(LOCAL_TENANT, "local", trace_id, operator=True)
    presented = bearer(request)
    if presented is not None:
        key = key_of(settings.api_keys, presented)
    else:
        sessions: Sessions = request.app.state.sessions
        key = sessions.key_of(request.cookies.get(COOKIE, ""))
    if key is None:
        raise Unauthenticated()
    return Principal(key.tenant, f"key:{key.name}", trace_id, operator=key.operator)
