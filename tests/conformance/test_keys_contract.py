"""What every key store promises."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from procession.domain.errors import Internal, NotFound
from procession.keys.protocol import KeyStore


@pytest.mark.parametrize("plain", [b"", b"x", b"name,date\n" * 10_000, os.urandom(100_000)], ids=len)
def test_what_was_sealed_opens_and_does_not_show(keys: KeyStore, plain: bytes) -> None:
    keys.create_document_key("acme", "key_1")
    sealed = keys.seal("key_1", plain, "results/a")
    assert keys.open("key_1", sealed, "results/a") == plain
    assert len(plain) < 16 or plain[:16] not in sealed
    assert keys.seal("key_1", plain, "results/a") != sealed


def test_repetitive_content_is_compressed(keys: KeyStore) -> None:
    keys.create_document_key("acme", "key_1")
    assert len(keys.seal("key_1", b'{"label": "Guest count"}' * 1000, "results/a")) < 1000


def test_altered_bytes_another_context_or_another_key_do_not_open(keys: KeyStore) -> None:
    for key_id in ("key_1", "key_2"):
        keys.create_document_key("acme", key_id)
    sealed = keys.seal("key_1", b"the couple's names", "results/a")
    for place in range(len(sealed)):
        altered = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(Internal):
            keys.open("key_1", altered, "results/a")
    for key_id, bytes_, context in (
        ("key_1", sealed, "results/b"),
        ("key_2", sealed, "results/a"),
        ("key_1", sealed[:-1], "results/a"),
        ("key_1", b"", "results/a"),
        ("key_1", sealed[:7], "results/a"),
    ):
        with pytest.raises(Internal):
            keys.open(key_id, bytes_, context)


def test_a_destroyed_key_opens_nothing(keys: KeyStore) -> None:
    for key_id in ("key_1", "key_2"):
        keys.create_document_key("acme", key_id)
    sealed, other = (keys.seal(key_id, b"secret", "a") for key_id in ("key_1", "key_2"))
    keys.destroy("key_1")
    keys.destroy("key_1")
    with pytest.raises(NotFound):
        keys.open("key_1", sealed, "a")
    with pytest.raises(NotFound):
        keys.seal("key_1", b"more", "a")
    assert keys.open("key_2", other, "a") == b"secret"


def test_creating_a_key_twice_keeps_the_first(keys: KeyStore) -> None:
    keys.create_document_key("acme", "key_1")
    sealed = keys.seal("key_1", b"secret", "a")
    keys.create_document_key("acme", "key_1")
    assert keys.open("key_1", sealed, "a") == b"secret"


def test_keys_that_were_not_confirmed_are_told_oldest_first(keys: KeyStore) -> None:
    for key_id, tenant in (("key_3", "acme"), ("key_1", "acme"), ("key_2", "other"), ("key_4", "acme")):
        keys.create_document_key(tenant, key_id)
    assert keys.made("key_4", 10) == [("key_1", "acme"), ("key_2", "other"), ("key_3", "acme")]
    assert keys.made("key_4", 2) == [("key_1", "acme"), ("key_2", "other")]
    keys.confirm("key_1")
    keys.destroy("key_2")
    assert keys.made("key_9", 10) == [("key_3", "acme"), ("key_4", "acme")]
    keys.confirm("key_4")
    assert keys.made("key_9", 10) == []
    keys.create_document_key("acme", "key_5")
    assert keys.made("key_9", 10) == [("key_5", "acme")]


def test_an_unknown_key_is_not_found(keys: KeyStore) -> None:
    with pytest.raises(NotFound):
        keys.seal("key_never", b"x", "a")


def test_fingerprints_are_equal_for_equal_bytes_of_one_tenant_only(keys: KeyStore) -> None:
    one = keys.fingerprint("acme", b"%PDF")
    assert one == keys.fingerprint("acme", b"%PDF")
    assert len({one, keys.fingerprint("acme", b"%PDF-"), keys.fingerprint("other", b"%PDF")}) == 3
    assert len(one) == 64


def test_many_threads_make_and_use_keys_at_once(keys: KeyStore) -> None:
    def use(n: int) -> bytes:
        keys.create_document_key(f"tenant-{n % 3}", f"key_{n}")
        return keys.open(f"key_{n}", keys.seal(f"key_{n}", b"%d" % n, "a"), "a")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(200))) == [b"%d" % n for n in range(200)]


def test_a_key_that_was_made_or_fetched_is_at_hand_and_a_destroyed_one_only_where_asking_costs_nothing(
    keys: KeyStore,
) -> None:
    ids = [f"key_{n}" for n in range(5)]
    for key_id in ids:
        keys.create_document_key("acme", key_id)
    assert keys.at_hand(ids)
    keys.destroy("key_3")
    keys.fetch([*ids, "key_never"])
    assert keys.at_hand([key_id for key_id in ids if key_id != "key_3"])
    with pytest.raises(NotFound):
        keys.seal("key_3", b"x", "a")
