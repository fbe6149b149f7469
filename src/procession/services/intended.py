"""Storing what a person made: the record names the object first, so that a crash in between leaves nothing unknown.

One more transaction for each, which is little beside a person's review or a couple's answers. Documents and results,
of which there are many, need none: their names follow from the key and from the claim.
"""

from __future__ import annotations

from datetime import timedelta

from procession.blobs.names import ObjectKind, object_name
from procession.services.foundation import Foundation
from procession.store import intents

INTENT_MINUTES = 60
"""Time for writing an object and recording it; past it the object is deleted, and recording it is refused."""


async def put(on: Foundation, tenant: str, kind: ObjectKind, key_id: str, plaintext: bytes, digest: str) -> str:
    """Durable when it returns; gives the name, which the recording transaction passes to ``intents.fulfil``.

    ``digest``: hex, of this write alone. Raises what ``Vault.put`` raises.
    """
    name, due_at = object_name(kind, digest, key_id), on.clock() + timedelta(minutes=INTENT_MINUTES)
    await on.store.write(lambda conn: intents.intend(conn, name, due_at), tenant=tenant)
    return await on.vault.put(kind, key_id, plaintext, digest)
