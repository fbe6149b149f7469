"""What browsers' sessions are signed with."""

from __future__ import annotations

import os
from pathlib import Path

from procession.domain.errors import InvalidRequest
from procession.keys import wrapping
from procession.settings import Settings
from procession.wiring import backends

SECRET_BYTES = 32


def secret(settings: Settings) -> bytes:
    """With keys in common one secret of every process that serves pages, else one of this data folder.

    Raises InvalidRequest, Unavailable.
    """
    if settings.keys_url is not None:
        return wrapping.session_secret(backends.key_encryption_key(settings))
    return of_folder(settings.data)


def of_folder(folder: Path) -> bytes:
    """32 random bytes in ``folder/session.key`` (mode 0600), made at first use: sessions outlive a restart."""
    path = folder / "session.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        known = path.read_bytes()
        if len(known) != SECRET_BYTES:
            raise InvalidRequest(
                f"{path} is not a session key. Delete it; people will have to sign in again."
            ) from None
        return known
    made = os.urandom(SECRET_BYTES)
    with os.fdopen(descriptor, "wb") as file:
        file.write(made)
    return made
