"""Objects as files: written beside, fsynced, linked or renamed into place, the folder fsynced.

Each object is one file in one of 256 folders by the hash of its name: a million objects are 4,000 a folder, and a
folder that was synced once costs no more syncs of its own name.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import secrets
import time
from pathlib import Path

from procession.blobs.names import validated
from procession.domain.errors import NotFound, Unavailable

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
UNFINISHED_SECONDS = 3600.0
"""A temporary file this old belongs to nobody: writing one object takes seconds."""


class LocalBlobs:
    """``blobs.protocol.BlobStore`` over a folder. Processes may share it; the file system must know hard links."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._durable: set[Path] = set()  # folders whose own names this process has synced; at most 257

    async def put(self, name: str, data: bytes) -> None:
        """See ``BlobStore.put``."""
        await asyncio.to_thread(self._write, self._path(name), data, True)

    async def create(self, name: str, data: bytes) -> bool:
        """See ``BlobStore.create``."""
        return await asyncio.to_thread(self._write, self._path(name), data, False)

    async def get(self, name: str) -> bytes:
        """See ``BlobStore.get``."""
        return await asyncio.to_thread(self._read, self._path(name))

    async def delete(self, name: str) -> None:
        """See ``BlobStore.delete``. Durable when it returns."""
        await asyncio.to_thread(self._delete, self._path(name))

    async def tidy(self) -> int:
        """See ``BlobStore.tidy``. Files of writes that may still go on stay."""
        return await asyncio.to_thread(self._tidy, time.time() - UNFINISHED_SECONDS)

    async def probe(self) -> None:
        """See ``BlobStore.probe``."""
        name = f"probe/{secrets.token_hex(8)}"
        try:
            if not await self.create(name, b"first") or await self.create(name, b"second"):
                raise Unavailable(f"{self._folder} does not create files atomically; choose another folder.")
            if await self.get(name) != b"first":
                raise Unavailable(f"{self._folder} does not return what was written; choose another folder.")
        finally:
            await self.delete(name)

    def _path(self, name: str) -> Path:
        digest = hashlib.sha256(validated(name).encode()).hexdigest()
        return self._folder / digest[:2] / name.replace("/", "~")  # "~" is in no name

    def _tidy(self, before: float) -> int:
        removed = 0
        for folder, _, names in os.walk(self._folder):
            for path in [f"{folder}/{name}" for name in names if _is_temporary(name)]:
                with contextlib.suppress(FileNotFoundError):  # its writer was quicker
                    if os.stat(path).st_mtime < before:
                        os.unlink(path)
                        removed += 1
        return removed

    def _write(self, path: Path, data: bytes, replace: bool) -> bool:
        try:
            if path.parent not in self._durable:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            placed = _write_and_place(path, data, replace)
            self._sync(path.parent)
        except OSError as error:
            if error.errno in _FULL:
                raise Unavailable("The disk that holds the documents is full. Try again later.", 60) from error
            raise Unavailable(f"The documents' folder cannot be written: {error.strerror}.", 30) from error
        return placed

    def _sync(self, folder: Path) -> None:
        """Make the names in ``folder`` durable, and its own, which another thread or a killed process may have made."""
        _sync_folder(folder)
        at = folder
        while at not in self._durable and at != self._folder.parent:
            _sync_folder(at.parent)
            self._durable.add(at)
            at = at.parent

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise NotFound("This object does not exist (any more).") from None
        except OSError as error:
            raise Unavailable(f"The documents' folder cannot be read: {error.strerror}.", 30) from error

    def _delete(self, path: Path) -> None:
        try:
            path.unlink()
            _sync_folder(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unavailable(f"The documents' folder cannot be changed: {error.strerror}.", 30) from error


def _write_and_place(path: Path, data: bytes, replace: bool) -> bool:
    """Write beside ``path``, then rename or link. False when it exists and may not be replaced. Leaves nothing else."""
    temporary = f"{path.parent}/.{secrets.token_hex(8)}.tmp"
    try:
        _write_synced(temporary, data)
        if replace:
            os.replace(temporary, path)
            return True
        os.link(temporary, path)
    except FileExistsError:
        _remove(temporary)
        return False
    except OSError:
        _remove(temporary)
        raise
    _remove(temporary)
    return True


def _is_temporary(name: str) -> bool:
    return name.startswith(".") and name.endswith(".tmp")


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _write_synced(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
