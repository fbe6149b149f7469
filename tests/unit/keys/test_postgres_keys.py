"""Keys of several processes in PostgreSQL: one KEK, destruction that holds for all, servers that come and go."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, make_url

from procession import wiring
from procession.cli import doctor
from procession.domain.errors import Internal, InvalidRequest, NotFound, Unavailable
from procession.keys import master, postgres
from procession.keys.held import HeldKeys
from procession.keys.postgres import PostgresKeys
from procession.settings import Keys, Settings
from procession.store.postgres import PostgresStore
from procession.wiring import build
from tests.support.postgres import PostgresServer

KEK = bytes(range(32))


@pytest.fixture
def url(postgres_server: PostgresServer) -> URL:
    return postgres_server.empty()


@pytest.fixture
def opened(url: URL) -> Iterator[Callable[..., PostgresKeys]]:
    """Makes one process' store after another, over one database."""
    made: list[PostgresKeys] = []

    def make(kek: bytes = KEK, **options: float) -> PostgresKeys:
        keys = PostgresKeys(url, kek, **options)  # type: ignore[arg-type]
        made.append(keys)
        keys.start()
        return keys

    yield make
    for keys in made:
        keys.close()


def rows(url: URL, statement: str) -> list[tuple[bytes, ...]]:
    with psycopg.connect(url.render_as_string(), autocommit=True) as conn:
        return conn.execute(statement).fetchall()  # type: ignore[call-overload,no-any-return]


Opened = Callable[..., PostgresKeys]


def test_what_one_process_sealed_another_opens_and_fingerprints_alike(opened: Opened) -> None:
    one, other = opened(), opened()
    one.create_document_key("acme", "key_1")
    assert other.open("key_1", one.seal("key_1", b"secret", "a"), "a") == b"secret"
    assert other.fingerprint("acme", b"%PDF") == one.fingerprint("acme", b"%PDF")


def test_processes_that_start_on_an_empty_database_at_once_agree(opened: Opened) -> None:
    with ThreadPoolExecutor(6) as pool:
        started = list(pool.map(lambda _: opened(), range(6)))
        prints = list(pool.map(lambda keys: keys.fingerprint("acme", b"x"), started))
    assert len({*prints}) == 1


def test_a_process_with_another_master_key_does_not_start(opened: Opened) -> None:
    opened()
    with pytest.raises(Unavailable, match="not the one of the key store"):
        opened(bytes(32))


def test_no_key_stands_in_the_database_in_the_clear(opened: Opened, url: URL) -> None:
    keys = opened()
    for n in range(20):
        keys.create_document_key("acme", f"key_{n}")
    stored = [
        row[0]
        for table in ("tenant_keys", "document_keys")
        for row in rows(url, f"SELECT wrapped FROM {schema(table)}")
    ]
    assert len(stored) == len({*stored}) == 21
    tenant_key = keys._tenant_key("acme")
    assert not any(tenant_key in one or KEK in one for one in stored)


def schema(table: str) -> str:
    return f"procession_keys.{table}"


def test_no_query_finds_a_destroyed_key(opened: Opened, url: URL) -> None:
    keys = opened()
    keys.create_document_key("acme", "key_1")
    ((wrapped,),) = rows(url, f"SELECT wrapped FROM {schema('document_keys')}")
    keys.destroy("key_1")
    tables = rows(
        url, "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_type LIKE 'B%'"
    )
    assert (schema("document_keys"),) in tables
    for (table,) in tables:
        if str(table).startswith("procession_keys."):
            assert all(wrapped not in row for row in rows(url, f"SELECT wrapped FROM {table!s}"))


def test_a_key_another_process_destroyed_is_used_until_its_time_and_then_neither_used_nor_held(opened: Opened) -> None:
    mine, other = opened(), opened(held_seconds_max=0.3)
    mine.create_document_key("acme", "key_1")
    sealed = other.seal("key_1", b"secret", "a")
    mine.destroy("key_1")
    with pytest.raises(NotFound):
        mine.open("key_1", sealed, "a")
    deadline = time.monotonic() + 30
    while len(other._documents):  # nobody asks: it goes by itself
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(NotFound):
        other.open("key_1", sealed, "a")


def test_the_time_a_key_is_held_counts_from_before_it_was_read() -> None:
    now = [100.0]
    held = HeldKeys(10, 2.0, lambda: now[0])
    cipher = postgres.AESGCM(KEK)
    asking = held.asking()
    now[0] += 1.9  # the answer took long
    held.keep("key_1", cipher, asking)
    assert held.get("key_1") is cipher
    now[0] += 0.1
    assert held.get("key_1") is None
    assert len(held) == 0
    held.clear()


def test_a_key_that_was_destroyed_while_it_was_read_is_not_kept() -> None:
    held = HeldKeys(10)
    asking = held.asking()
    held.forget("key_1")
    held.keep("key_1", postgres.AESGCM(KEK), asking)
    assert held.get("key_1") is None


def test_many_keys_come_in_one_question(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = opened(), opened()
    ids = [f"key_{n}" for n in range(100)]
    for key_id in ids:
        mine.create_document_key("acme", key_id)
    other.fingerprint("acme", b"x")
    asked: list[str] = []
    ask = other._ask
    monkeypatch.setattr(
        other, "_ask", lambda statement, *values, **how: asked.append(statement) or ask(statement, *values, **how)
    )
    assert not other.at_hand(ids)
    other.fetch([*ids, "key_never"])
    assert other.at_hand(ids)
    other.fetch(ids)
    assert len(asked) == 1


def test_a_wrapped_key_moved_to_another_id_opens_nothing(opened: Opened, url: URL) -> None:
    keys = opened()
    keys.create_document_key("acme", "key_1")
    with psycopg.connect(url.render_as_string(), autocommit=True) as conn:
        conn.execute(f"UPDATE {schema('document_keys')} SET key_id = 'key_2'")  # type: ignore[call-overload]
    with pytest.raises(Internal):
        keys.seal("key_2", b"x", "a")


def test_connections_the_server_ended_cost_nothing_but_time(opened: Opened, postgres_server: PostgresServer) -> None:
    keys = opened()
    keys.create_document_key("acme", "key_1")
    with postgres_server.superuser() as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'procession-keys'"
        )
    keys.create_document_key("acme", "key_2")
    with postgres_server.superuser() as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'procession-keys'"
        )
    keys.destroy("key_1")
    assert keys.seal("key_2", b"x", "a")


def test_a_server_that_is_away_is_unavailable_in_words() -> None:
    keys = PostgresKeys(make_url("postgresql://me:secret@127.0.0.1:1/none"), KEK)
    with pytest.raises(Unavailable, match=r"key store's database.*refused") as refused:
        keys.start()
    assert "secret" not in refused.value.message
    keys.close()


def test_concurrent_creation_and_destruction_end_with_every_destroyed_key_gone(opened: Opened) -> None:
    one, other = opened(held_max=8), opened(held_seconds_max=0.05)
    ids = [f"key_{n}" for n in range(24)]
    for key_id in ids:
        one.create_document_key("acme", key_id)
    sealed = {key_id: one.seal(key_id, b"secret", "a") for key_id in ids}
    destroyed: set[str] = set()
    lock = threading.Lock()

    def read_all(_: int) -> None:
        for key_id in ids:
            with lock:
                gone = key_id in destroyed
            try:
                one.open(key_id, sealed[key_id], "a")
            except NotFound:
                continue
            assert not gone

    def destroy(key_id: str) -> None:
        one.destroy(key_id)
        with lock:
            destroyed.add(key_id)

    with ThreadPoolExecutor(6) as pool:
        for future in [pool.submit(read_all, n) for n in range(8)] + [pool.submit(destroy, k) for k in ids[::2]]:
            future.result()
    for key_id in ids[::2]:
        with pytest.raises(NotFound):
            other.open(key_id, sealed[key_id], "a")


# --- the master key and the wiring ------------------------------------------------------------------------------------


def test_the_master_key_comes_from_a_file_or_as_digits(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(KEK)
    path.chmod(0o600)
    assert master.given(path, None) == master.given(None, KEK.hex()) == KEK


@pytest.mark.parametrize(
    ("path", "digits", "words"),
    [
        (False, None, "set one of"),
        (True, KEK.hex(), "set one of"),
        (False, "z" * 64, "hexadecimal"),
        (False, "ab", "64 hexadecimal"),
    ],
)
def test_a_master_key_given_wrongly_is_refused_in_words(
    tmp_path: Path, path: bool, digits: str | None, words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words):
        master.given(tmp_path if path else None, digits)


def test_a_missing_master_key_is_not_made_but_told_how(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="urandom"):
        master.given(tmp_path / "none", None)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to make a file of root's and read it as another")
@pytest.mark.parametrize(
    ("mode", "group", "good"), [(0o440, 65534, True), (0o440, 1, False), (0o444, 65534, False), (0o460, 65534, False)]
)
def test_a_mounted_secret_of_root_s_is_read_through_this_user_s_group_only(
    tmp_path: Path, mode: int, group: int, good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(KEK)
    os.chown(path, 0, group)
    path.chmod(mode)
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    monkeypatch.setattr(os, "getegid", lambda: 65534)
    monkeypatch.setattr(os, "getgroups", lambda: [65534])
    if good:
        assert master.load(path) == KEK
    else:
        with pytest.raises(Unavailable, match="chmod 600"):
            master.load(path)


def test_processes_are_refused_while_their_keys_are_on_one_machine() -> None:
    with pytest.raises(InvalidRequest, match="PROCESSION_KEYS_URL"):
        wiring.require_shared_keys(Settings())
    wiring.require_shared_keys(Settings(keys_url="postgresql://keys.test/keys"))


@pytest.mark.parametrize("url", ["sqlite:///keys.db", "mysql://keys.test/keys", "nonsense"])
def test_keys_are_shared_in_postgresql_only(url: str) -> None:
    with pytest.raises(InvalidRequest, match="postgresql://"):
        wiring.key_store(Settings(keys_url=url))


def test_a_master_key_without_a_key_store_to_go_with_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="keys_url"):
        wiring.key_store(Settings(data=tmp_path, keys=Keys(master_file=tmp_path / "master.key")))


async def test_keys_in_the_records_database_are_refused_and_beside_it_are_warned_of(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, keys = postgres_server.empty(), postgres_server.empty()
    PostgresStore(records).migrate()

    def settings(url: URL) -> Settings:
        return Settings.model_validate(
            {
                "data": tmp_path,
                "database_url": records.render_as_string(),
                "keys_url": url.render_as_string(),
                "keys": {"master": KEK.hex()},
            }
        )

    same = build(settings(records), working=False)
    with pytest.raises(Unavailable, match="same database"):
        await same.start()
    await same.stop()
    assert doctor.keys(settings(records)).verdict is doctor.Verdict.FAILED
    assert doctor.keys(settings(keys)).verdict is doctor.Verdict.WARNING
    warned: list[str] = []
    beside = build(settings(keys), working=False)
    monkeypatch.setattr("procession.wiring.process.log.warning", lambda event, **_: warned.append(event))
    await beside.start()
    await beside.stop()
    assert warned == ["keys.beside_records"]
