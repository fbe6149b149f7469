"""Browsers stay signed in across restarts, and across processes that have the same master key."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from procession.domain.errors import InvalidRequest
from procession.http import auth
from procession.settings import ApiKey, Keys, Settings
from procession.wiring import browser_sessions

KEY = ApiKey(sha256=hashlib.sha256(b"secret").hexdigest(), tenant="flora", name="laptop")


def in_common(folder: Path, master: str) -> Settings:
    return Settings(data=folder, keys_url="postgresql://keys.test/keys", keys=Keys(master=master))


def test_the_secret_of_a_folder_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first = browser_sessions.secret(Settings(data=tmp_path))
    assert browser_sessions.secret(Settings(data=tmp_path)) == first
    assert (tmp_path / "session.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "session.key").write_bytes(b"short")
    with pytest.raises(InvalidRequest, match="sign in again"):
        browser_sessions.secret(Settings(data=tmp_path))


def test_a_session_opened_on_one_machine_holds_on_another_with_the_same_master_key(tmp_path: Path) -> None:
    here, there, stranger = (
        auth.Sessions((KEY,), browser_sessions.secret(in_common(tmp_path / name, master)), 60)
        for name, master in (("here", "ab" * 32), ("there", "ab" * 32), ("stranger", "cd" * 32))
    )
    session = here.open(KEY)
    assert there.key_of(session) == KEY
    assert stranger.key_of(session) is None


def test_the_secret_is_not_the_master_key_itself(tmp_path: Path) -> None:
    assert browser_sessions.secret(in_common(tmp_path, "ab" * 32)) != bytes.fromhex("ab" * 32)
