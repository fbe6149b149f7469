"""The key-encryption key (KEK): 32 bytes in a file only its owner can read, or in a secret's value."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from procession.domain.errors import InvalidRequest, Unavailable

KEY_BYTES = 32


def load(path: Path) -> bytes:
    """The KEK. Raises FileNotFoundError; Unavailable when others may read the file or it is damaged."""
    info = path.stat()
    if stat.S_IMODE(info.st_mode) & 0o077 and not _root_s_for_our_group(info):
        raise Unavailable(
            f"The master key {path} may be read by others (mode {stat.S_IMODE(info.st_mode):04o}). "
            f"Run `chmod 600 {path}`, and consider it known to whoever could read it."
        )
    if not stat.S_ISREG(info.st_mode) or info.st_uid not in (os.geteuid(), 0):
        raise Unavailable(f"The master key {path} belongs to another user. It must be a file of the server's own user.")
    try:
        key = path.read_bytes()
    except OSError as error:
        raise Unavailable(f"The master key {path} cannot be read: {error.strerror}.") from error
    if len(key) != KEY_BYTES:
        raise Unavailable(f"The master key {path} is damaged: it must be {KEY_BYTES} bytes. Restore it from backup.")
    return key


def given(path: Path | None, digits: str | None) -> bytes:
    """The KEK that an operator provides, one way or the other. Raises InvalidRequest, Unavailable."""
    if (path is None) == (digits is None):
        raise InvalidRequest("keys_url needs the master key: set one of keys.master_file and keys.master.")
    if path is not None:
        try:
            return load(path)
        except FileNotFoundError:
            raise Unavailable(
                f"The master key {path} is missing. Restore it from its backup; for a new key store make one with "
                f"`(umask 077; head -c {KEY_BYTES} /dev/urandom > {path})` and keep a copy apart."
            ) from None
        except OSError as error:
            raise Unavailable(f"The master key {path} cannot be read: {error.strerror}.") from error
    try:
        key = bytes.fromhex(digits or "")
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise InvalidRequest(f"keys.master: give {2 * KEY_BYTES} hexadecimal digits.")
    return key


def _root_s_for_our_group(info: os.stat_result) -> bool:
    """A mounted secret: root's, read-only, and readable through the one group this user was given for it."""
    groups = {os.getegid(), *os.getgroups()}
    return os.geteuid() != 0 and info.st_uid == 0 and info.st_gid in groups and not stat.S_IMODE(info.st_mode) & 0o037


def create(path: Path) -> bytes:
    """Make the file, mode 0600, whole and durable or not at all; returns the key that stands there afterwards.

    Two processes starting at once end up with the same key.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            os.write(descriptor, secrets.token_bytes(KEY_BYTES))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink()
    for folder in (path.parent, path.parent.parent):  # the folder may be new, too
        _sync(folder)
    return load(path)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
