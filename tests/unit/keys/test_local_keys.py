"""Keys on one machine: the master key's file, what is on disk, destruction for good."""

from __future__ import annotations

import itertools
import resource
import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from procession.domain.errors import Internal, NotFound, Unavailable
from procession.keys.local import LocalKeys


@contextmanager
def opened(folder: Path, **options: int) -> Iterator[LocalKeys]:
    keys = LocalKeys(folder, **options)  # type: ignore[arg-type]
    try:
        yield keys
    finally:
        keys.close()


def test_the_first_start_makes_a_master_key_only_its_owner_can_read(tmp_path: Path) -> None:
    with opened(tmp_path / "keys"):
        path = tmp_path / "keys" / "master.key"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(path.read_bytes()) == 32
        assert stat.S_IMODE((tmp_path / "keys" / "keys.db").stat().st_mode) == 0o600
        names = {found.name for found in (tmp_path / "keys").iterdir()}
        assert {name for name in names if not name.startswith("keys.db")} == {"master.key"}


def test_sealed_bytes_open_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as keys:
        keys.create_document_key("acme", "key_1")
        sealed, print_ = keys.seal("key_1", b"secret", "a"), keys.fingerprint("acme", b"x")
    with opened(tmp_path) as keys:
        assert keys.open("key_1", sealed, "a") == b"secret"
        assert keys.fingerprint("acme", b"x") == print_


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o777])
def test_a_master_key_others_may_read_is_refused_in_words(tmp_path: Path, mode: int) -> None:
    with opened(tmp_path):
        pass
    (tmp_path / "master.key").chmod(mode)
    with pytest.raises(Unavailable, match="chmod 600"):
        LocalKeys(tmp_path)


def test_a_master_key_that_is_missing_is_not_made_anew(tmp_path: Path) -> None:
    with opened(tmp_path) as keys:
        keys.create_document_key("acme", "key_1")
    (tmp_path / "master.key").unlink()
    with pytest.raises(Unavailable, match="missing"):
        LocalKeys(tmp_path)
    assert not (tmp_path / "master.key").exists()


@pytest.mark.parametrize(("content", "words"), [(b"short", "damaged"), (b"\x5a" * 32, "is not the key of")])
def test_a_wrong_master_key_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    with opened(tmp_path):
        pass
    (tmp_path / "master.key").write_bytes(content)
    with pytest.raises(Unavailable, match=words):
        LocalKeys(tmp_path)


def test_no_key_lies_on_disk_in_the_clear(tmp_path: Path) -> None:
    with opened(tmp_path) as keys:
        for n in range(50):
            keys.create_document_key("acme", f"key_{n}")
        wrapped = _wrapped(tmp_path)
        assert len(wrapped) == len({*wrapped}) == 50
        tenant_key = keys._tenant_key("acme")
        for path in tmp_path.iterdir():
            assert path.name == "master.key" or tenant_key not in path.read_bytes()


def test_a_destroyed_key_is_on_disk_no_more_and_stays_destroyed(tmp_path: Path) -> None:
    with opened(tmp_path) as keys:
        for n in range(20):
            keys.create_document_key("acme", f"key_{n}")
        before = _wrapped(tmp_path)
        keys.destroy("key_7")
        (gone,) = set(before) - set(_wrapped(tmp_path))
        for path in tmp_path.iterdir():
            assert gone not in path.read_bytes()
    with opened(tmp_path) as keys, pytest.raises(NotFound):
        keys.seal("key_7", b"x", "a")


def test_a_small_cache_only_costs_time(tmp_path: Path) -> None:
    with opened(tmp_path, cached_max=2) as keys:
        for n in range(6):
            keys.create_document_key("acme", f"key_{n}")
        sealed = {n: keys.seal(f"key_{n}", b"%d" % n, "a") for n in range(6)}
        for n in itertools.chain(range(6), reversed(range(6))):
            assert keys.open(f"key_{n}", sealed[n], "a") == b"%d" % n
        assert len(keys._documents) == 2


def test_a_wrapped_key_moved_to_another_id_opens_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as keys:
        keys.create_document_key("acme", "key_1")
        keys.create_document_key("acme", "key_2")
        keys._writer.execute(
            "UPDATE document_keys SET wrapped = (SELECT wrapped FROM document_keys WHERE key_id = 'key_1')"
        )
        with pytest.raises(Internal):
            keys.seal("key_2", b"x", "a")


def test_a_folder_that_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where the folder should be")
    with pytest.raises(Unavailable, match="key store"):
        LocalKeys(tmp_path / "keys")


def test_a_full_disk_is_unavailable_and_the_store_recovers(tmp_path: Path) -> None:
    with opened(tmp_path) as keys:
        keys.create_document_key("acme", "key_1")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "keys.db-wal").stat().st_size, hard))
        try:
            for call in (lambda: keys.create_document_key("acme", "key_2"), lambda: keys.destroy("key_1")):
                with pytest.raises(Unavailable, match="cannot be written"):
                    call()
            assert keys.open("key_1", keys.seal("key_1", b"secret", "a"), "a") == b"secret"
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        keys.create_document_key("acme", "key_2")
        assert keys.open("key_2", keys.seal("key_2", b"secret", "a"), "a") == b"secret"


def test_concurrent_creation_and_destruction_end_with_every_destroyed_key_gone(tmp_path: Path) -> None:
    with opened(tmp_path, cached_max=8) as keys:
        ids = [f"key_{n}" for n in range(40)]
        for key_id in ids:
            keys.create_document_key("acme", key_id)
        sealed = {key_id: keys.seal(key_id, b"secret", "a") for key_id in ids}
        destroyed: set[str] = set()

        def read_all(_: int) -> None:
            for key_id in ids:
                gone = key_id in destroyed
                try:
                    keys.open(key_id, sealed[key_id], "a")
                except NotFound:
                    continue
                assert not gone

        def destroy(key_id: str) -> None:
            keys.destroy(key_id)
            destroyed.add(key_id)

        with ThreadPoolExecutor(8) as pool:
            reading = [pool.submit(read_all, n) for n in range(24)]
            destroying = [pool.submit(destroy, key_id) for key_id in ids[::2]]
            for future in [*reading, *destroying]:
                future.result()
        for key_id in ids[::2]:
            with pytest.raises(NotFound):
                keys.open(key_id, sealed[key_id], "a")


def test_a_key_read_just_before_its_destruction_is_not_kept_in_memory(tmp_path: Path) -> None:
    with opened(tmp_path) as keys:
        keys.create_document_key("acme", "key_1")
        sealed = keys.seal("key_1", b"secret", "a")
    with opened(tmp_path) as keys, ThreadPoolExecutor(1) as pool:
        reading = threading.Event()
        keys._reader.set_trace_callback(lambda _: reading.set())
        with keys._tenant_lock:  # holds the reader between reading the wrapped key and keeping it
            early = pool.submit(keys.open, "key_1", sealed, "a")
            assert reading.wait(30)
            with keys._read_lock:  # it has read
                pass
            keys.destroy("key_1")
        assert early.result() == b"secret"  # it began before
        with pytest.raises(NotFound):
            keys.open("key_1", sealed, "a")


def _wrapped(folder: Path) -> list[bytes]:
    """Wrapped document keys as another connection sees them."""
    conn = sqlite3.connect(folder / "keys.db")
    try:
        return [row[0] for row in conn.execute("SELECT wrapped FROM document_keys")]
    finally:
        conn.close()
