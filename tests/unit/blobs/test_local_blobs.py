"""Objects as files: folders, modes, and the disk that fails."""

from __future__ import annotations

import os
import resource
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from procession.blobs.local import UNFINISHED_SECONDS, LocalBlobs
from procession.domain.errors import Unavailable
from tests.support.objects import names


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """Writing past ``size`` bytes of any file fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_objects_are_spread_over_folders_and_only_the_owner_can_read_them(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    for n in range(40):
        await blobs.put(f"documents/{n}@key_1", b"x")
    found = files(tmp_path)
    assert len(found) == 40
    assert {len(path.relative_to(tmp_path / "blobs").parts) for path in found} == {2}
    assert len({path.parent for path in found}) > 20
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}


async def test_a_full_disk_is_unavailable_and_leaves_nothing_behind(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    await blobs.put("documents/kept@key_1", b"x" * 1000)
    with files_no_longer_than(100_000):
        for write in (blobs.put, blobs.create):
            with pytest.raises(Unavailable, match="full") as refused:
                await write("documents/big@key_1", b"x" * 200_000)
            assert refused.value.retry_after >= 1
        assert [path.name for path in files(tmp_path)] == ["documents~kept@key_1"]
    await blobs.put("documents/big@key_1", b"x" * 200_000)
    assert len(await blobs.get("documents/big@key_1")) == 200_000


async def test_a_failed_overwrite_keeps_what_was_there(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    await blobs.put("documents/a@key_1", b"old")
    with files_no_longer_than(1000), pytest.raises(Unavailable):
        await blobs.put("documents/a@key_1", b"x" * 2000)
    assert await blobs.get("documents/a@key_1") == b"old"


async def test_a_folder_that_cannot_be_one_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file where the folder should be")
    with pytest.raises(Unavailable):
        await LocalBlobs(tmp_path / "blobs").probe()


async def test_names_that_differ_never_share_a_file(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    names = ["a/b", "a_b", "a-b", "a.b", "a@b", "ab", "a/b/c", "a/b_c"]
    for name in names:
        assert await blobs.create(name, name.encode())
    assert [await blobs.get(name) for name in names] == [name.encode() for name in names]


async def test_what_interrupted_writes_left_is_tidied_and_what_is_being_written_stays(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    await blobs.put("documents/a@key_1", b"kept")
    (kept,) = files(tmp_path)
    abandoned, fresh = kept.parent / ".0123456789abcdef.tmp", kept.parent / ".fedcba9876543210.tmp"
    for one in (abandoned, fresh):
        one.write_bytes(b"half a docu")
    os.utime(abandoned, (time.time() - 2 * UNFINISHED_SECONDS,) * 2)
    assert await blobs.tidy() == 1
    assert set(files(tmp_path)) == {kept, fresh}
    assert names(tmp_path / "blobs") == {"documents/a@key_1"}


async def test_a_folder_that_was_never_written_is_tidy(tmp_path: Path) -> None:
    assert await LocalBlobs(tmp_path / "none").tidy() == 0
