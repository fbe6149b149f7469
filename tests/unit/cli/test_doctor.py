"""What the doctor finds, well and not."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest

from procession.cli import doctor
from procession.cli.doctor import Verdict
from procession.settings import Http, Settings
from tests.support.redis import PASSWORD, RedisServer


def test_an_old_python_is_a_failure() -> None:
    assert doctor.python((3, 10, 14)).verdict is Verdict.FAILED
    assert doctor.python((3, 11, 0)).verdict is Verdict.OK


def test_english_is_there_without_any_set_up() -> None:
    found = doctor.languages(Settings())
    assert found.verdict is Verdict.OK
    assert "eng" in found.detail


def test_a_data_folder_may_be_missing_but_must_be_writable(tmp_path: Path) -> None:
    assert doctor.folder(tmp_path / "new").verdict is Verdict.OK
    assert doctor.folder(tmp_path).verdict is Verdict.OK
    file = tmp_path / "file"
    file.write_text("")
    assert doctor.folder(file).verdict is Verdict.FAILED


def test_a_master_key_that_others_can_read_is_a_failure(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "master.key"
    key.parent.mkdir()
    key.touch(mode=0o600)
    assert doctor.folder(tmp_path).verdict is Verdict.OK
    key.chmod(0o640)
    assert doctor.folder(tmp_path).verdict is Verdict.FAILED


def test_too_little_disk_is_a_failure(tmp_path: Path) -> None:
    assert doctor.disk(Settings(data=tmp_path)).verdict is Verdict.OK
    assert doctor.disk(Settings(data=tmp_path, http=Http(disk_free_bytes_min=2**62))).verdict is Verdict.FAILED


def test_a_database_is_missing_or_of_a_known_version_or_a_failure(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert doctor.database(settings).verdict is Verdict.OK
    (revision, *_) = doctor.known_revisions()
    path = tmp_path / "procession.db"
    for found, verdict in ((revision, Verdict.OK), ("from-the-future", Verdict.FAILED)):
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT)")
            connection.execute("DELETE FROM alembic_version")
            connection.execute("INSERT INTO alembic_version VALUES (?)", (found,))
        connection.close()
        assert doctor.database(settings).verdict is verdict
    path.write_bytes(b"not a database at all" * 100)
    assert doctor.database(settings).verdict is Verdict.FAILED


def test_objects_are_probed_and_nothing_is_left_behind(tmp_path: Path) -> None:
    assert doctor.objects(Settings(data=tmp_path / "new")).verdict is Verdict.OK
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_a_warning_and_an_impossible_address_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert doctor.listening("127.0.0.1", port).verdict is Verdict.WARNING
    assert doctor.listening("127.0.0.1", port).verdict is Verdict.OK
    assert doctor.listening("192.0.2.1", port).verdict is Verdict.FAILED


def test_settings_that_cannot_be_read_are_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCESSION_WRONG", "1")
    *_, last = doctor.examine()
    assert (last.check, last.verdict) == ("settings", Verdict.FAILED)
    assert "PROCESSION_WRONG" in last.detail


def test_the_queue_is_tried_and_what_is_wrong_with_it_told(tmp_path: Path, redis_server: RedisServer) -> None:
    assert doctor.queue(Settings(data=tmp_path)).verdict is Verdict.OK
    given = redis_server.settings(redis_server.prefix())
    found = doctor.queue(Settings(data=tmp_path, **given))
    assert (found.verdict, PASSWORD in found.detail) == (Verdict.OK, False)
    wrong = Settings(data=tmp_path, **{**given, "redis_url": given["redis_url"].replace("pass%3A", "mistaken")})
    found = doctor.queue(wrong)
    assert (found.verdict, "mistaken" in found.detail) == (Verdict.FAILED, False)
    assert "refuses the user or the password" in found.detail
    assert doctor.queue(Settings(data=tmp_path, redis_url="http://one.test")).verdict is Verdict.FAILED
