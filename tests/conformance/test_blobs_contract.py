"""What every object store promises."""

from __future__ import annotations

import asyncio
import os

import pytest

from procession.blobs.protocol import BlobStore
from procession.domain.errors import InvalidRequest, NotFound

NAME = "documents/0123abcd@key_01"


async def test_what_was_put_is_got(blobs: BlobStore) -> None:
    for data in (b"", b"%PDF-1.7", os.urandom(3_000_000)):
        name = f"documents/{len(data)}@key_01"
        await blobs.put(name, data)
        assert await blobs.get(name) == data


async def test_putting_again_is_harmless(blobs: BlobStore) -> None:
    await blobs.put(NAME, b"same")
    await blobs.put(NAME, b"same")
    assert await blobs.get(NAME) == b"same"


async def test_create_writes_only_what_is_absent(blobs: BlobStore) -> None:
    assert await blobs.create(NAME, b"first")
    assert not await blobs.create(NAME, b"second")
    assert await blobs.get(NAME) == b"first"


async def test_of_many_creators_one_wins(blobs: BlobStore) -> None:
    won = await asyncio.gather(*(blobs.create(NAME, f"{n}".encode()) for n in range(16)))
    assert won.count(True) == 1
    assert await blobs.get(NAME) == f"{won.index(True)}".encode()


async def test_what_was_deleted_is_gone(blobs: BlobStore) -> None:
    await blobs.put(NAME, b"x")
    await blobs.delete(NAME)
    await blobs.delete(NAME)
    with pytest.raises(NotFound):
        await blobs.get(NAME)


@pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", "../a", "a/../b", "a/.", "A", "a b", "a\0", "é", "a" * 201])
async def test_a_name_that_is_none_is_refused(blobs: BlobStore, name: str) -> None:
    with pytest.raises(InvalidRequest):
        await blobs.put(name, b"x")


async def test_the_probe_accepts_a_good_store_and_leaves_nothing_behind(blobs: BlobStore) -> None:
    await blobs.probe()
    await blobs.probe()


async def test_tidying_takes_no_object(blobs: BlobStore) -> None:
    names = [f"documents/{number}@key_{number}" for number in range(30)]
    for name in names:
        await blobs.put(name, name.encode())
    assert await blobs.tidy() == 0
    assert [await blobs.get(name) for name in names] == [name.encode() for name in names]
