"""The ``Idempotency-Key`` header. The services keep it with the row; here it is only read and checked."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header

from procession.domain.errors import InvalidRequest

KEY_CHARACTERS_MAX = 255


async def idempotency_key(
    key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", description="The same key and body again return the first answer's analysis."),
    ] = None,
) -> str | None:
    """Raises InvalidRequest for a key that is empty, longer than 255 characters or not printable ASCII."""
    if key is None:
        return None
    if not 0 < len(key) <= KEY_CHARACTERS_MAX or not key.isascii() or not key.isprintable():
        raise InvalidRequest(f"Idempotency-Key: 1 to {KEY_CHARACTERS_MAX} printable ASCII characters.")
    return key


IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
