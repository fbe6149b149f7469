"""Settings are shown with where each came from, and without secrets."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from pydantic import SecretStr

from procession.cli.config import described
from procession.settings import ApiKey, Http, Redis, Settings, load, unknown_environment


def test_each_setting_names_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "procession.toml"
    file.write_text('region = "eu-west-1"\n[http]\nwait_seconds_max = 5\n')
    monkeypatch.setenv("PROCESSION_CONFIG", str(file))
    monkeypatch.setenv("PROCESSION_HTTP__PORT", "4000")
    environ = {"PROCESSION_CONFIG": str(file), "PROCESSION_HTTP__PORT": "4000"}
    rows = {name: (value, source) for name, value, source in described(load(), environ)}
    assert rows["region"] == ("eu-west-1", str(file))
    assert rows["http.wait_seconds_max"] == (5, str(file))
    assert rows["http.port"] == (4000, "environment")
    assert rows["http.host"] == ("127.0.0.1", "default")


def test_keys_and_passwords_are_not_shown() -> None:
    digest = hashlib.sha256(b"key").hexdigest()
    settings = Settings(
        api_keys=(ApiKey(sha256=digest, tenant="flora", name="laptop"),),
        database_url="postgresql://user:password@db.test/procession",
        redis_url="rediss+sentinel://user:password@a.test,b.test:7000/name",
        redis=Redis(sentinel_password=SecretStr("another")),
        http=Http(),
    )
    shown = {name: value for name, value, _ in described(settings, {})}
    assert shown["api_keys"] == ["laptop (flora)"]
    assert shown["database_url"] == "postgresql://***@db.test/procession"
    assert shown["redis_url"] == "rediss+sentinel://***@a.test,b.test:7000/name"
    assert not [secret for secret in (digest, "password@", "another") if secret in str(shown)]


def test_the_client_s_own_names_are_known_and_others_are_not() -> None:
    environ = {"PROCESSION_SERVER": "x", "PROCESSION_API_KEY": "y", "PROCESSION_HTTP__PORT": "1", "PROCESSION_X": "z"}
    assert unknown_environment(environ) == ["PROCESSION_X"]


def test_redis_may_be_named_as_other_programs_name_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"REDIS_URL": "redis://shared.test"}
    monkeypatch.setenv("REDIS_URL", environ["REDIS_URL"])
    shown = {name: (value, source) for name, value, source in described(load(), environ)}
    assert shown["redis_url"] == ("redis://shared.test", "environment (REDIS_URL)")
    (tmp_path / "procession.toml").write_text('redis_url = "redis://own.test"\n')
    assert load().redis_url == "redis://own.test"
    monkeypatch.setenv("PROCESSION_REDIS_URL", "redis://first.test")
    assert load().redis_url == "redis://first.test"
