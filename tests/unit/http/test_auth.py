"""Who is let in, and who is not."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import pytest
from starlette.requests import Request

from procession.domain.errors import Forbidden, InvalidRequest, Unauthenticated
from procession.http import auth
from procession.settings import ApiKey, Http, Settings

KEY = ApiKey(sha256=hashlib.sha256(b"secret-1").hexdigest(), tenant="flora", name="laptop")
OTHER = ApiKey(sha256=hashlib.sha256(b"secret-2").hexdigest(), tenant="venue")
LOCAL = Settings()
KEYED = Settings(api_keys=(KEY, OTHER))


def request(
    settings: Settings, method: str = "POST", path: str = "/v1/analyses", client: str = "127.0.0.1", **headers: str
) -> Request:
    sessions = auth.Sessions(settings.api_keys, b"s" * 32, 60)
    state = SimpleNamespace(application=SimpleNamespace(settings=settings), sessions=sessions)
    named = {"host": "127.0.0.1:3000", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "scheme": "http",
        "server": ("127.0.0.1", 3000),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        "client": (client, 5000),
        "app": SimpleNamespace(state=state),
        "state": {"trace_id": "0" * 32},
    }
    return Request(scope)


def test_a_bearer_key_names_its_tenant_and_is_named_in_the_journal() -> None:
    asker = auth.principal(request(KEYED, authorization="Bearer secret-1"))
    assert (asker.tenant, asker.actor) == ("flora", "key:laptop")


@pytest.mark.parametrize("shown", ["Bearer secret-3", "Bearer ", "Basic secret-1", "secret-1"])
def test_anything_else_is_refused_when_keys_are_configured(shown: str) -> None:
    with pytest.raises(Unauthenticated):
        auth.principal(request(KEYED, authorization=shown))


def test_a_session_stands_for_its_key_until_it_ends_or_the_key_goes() -> None:
    sessions = auth.Sessions(KEYED.api_keys, b"s" * 32, 60)
    opened = sessions.open(KEY, now=1000.0)
    assert sessions.key_of(opened, now=1060.0) == KEY
    assert sessions.key_of(opened, now=1061.5) is None
    assert auth.Sessions((OTHER,), b"s" * 32, 60).key_of(opened, now=1000.0) is None


def test_a_forged_session_is_nobody_s() -> None:
    sessions = auth.Sessions(KEYED.api_keys, b"s" * 32, 60)
    payload, signature = sessions.open(KEY).split(".")
    for forged in ("", ".", payload, f"{payload}.", f"{payload}x.{signature}", f"{payload}.{signature[:-2]}", "é.é"):
        assert sessions.key_of(forged) is None
    assert auth.Sessions(KEYED.api_keys, b"t" * 32, 60).key_of(sessions.open(KEY)) is None


def test_a_cookie_opens_what_its_key_opens() -> None:
    asked = request(KEYED)
    session = asked.app.state.sessions.open(OTHER)
    assert auth.principal(request(KEYED, cookie=f"{auth.COOKIE}={session}")).tenant == "venue"


@pytest.mark.parametrize("host", ["localhost", "localhost:3000", "127.0.0.1:3000", "[::1]:3000", "app.localhost"])
def test_without_keys_names_of_this_machine_are_answered(host: str) -> None:
    auth.check_host(request(LOCAL, host=host), LOCAL)


@pytest.mark.parametrize("host", ["evil.test", "evil.test:3000", "192.168.1.9", "localhost.evil.test", ""])
def test_without_keys_other_host_names_are_refused_against_dns_rebinding(host: str) -> None:
    with pytest.raises(Forbidden):
        auth.check_host(request(LOCAL, host=host), LOCAL)


def test_without_keys_callers_from_elsewhere_are_refused() -> None:
    with pytest.raises(Forbidden):
        auth.check_host(request(LOCAL, client="10.0.0.7"), LOCAL)


def test_the_public_name_reaches_the_couples_forms_and_nothing_else() -> None:
    public = Settings(http=Http(public_url="https://forms.test"))
    auth.check_host(request(public, path="/f/token", host="forms.test"), public)
    with pytest.raises(Forbidden):
        auth.check_host(request(public, path="/v1/analyses", host="forms.test"), public)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site", "origin": "http://127.0.0.1:3000"},
        {"origin": "http://evil.test"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:4000"},
    ],
)
def test_another_site_s_page_cannot_make_a_browser_change_anything(headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        auth.check_origin(request(LOCAL, **headers), LOCAL)
    auth.check_origin(request(LOCAL, method="GET", **headers), LOCAL)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "same-origin"},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": "http://evil.test", "authorization": "Bearer secret-1"},
    ],
)
def test_own_pages_programs_and_bearers_of_keys_may(headers: dict[str, str]) -> None:
    auth.check_origin(request(LOCAL, **headers), LOCAL)


def test_a_server_without_keys_listens_on_loopback_only() -> None:
    auth.require_safe_address(LOCAL)
    auth.require_safe_address(Settings(http=Http(host="0.0.0.0"), api_keys=(KEY,)))
    with pytest.raises(InvalidRequest):
        auth.require_safe_address(Settings(http=Http(host="0.0.0.0")))


@pytest.mark.parametrize("nonsense", ["[::1", "[", "127.0.0.1:3000@[", ""])
def test_an_address_that_is_none_is_refused_like_a_foreign_one(nonsense: str) -> None:
    with pytest.raises(Forbidden):
        auth.check_host(request(LOCAL, host=nonsense), LOCAL)
    with pytest.raises(Forbidden):
        auth.check_origin(request(LOCAL, origin=f"http://{nonsense}"), LOCAL)
