"""The journal's event envelope. Columns are final: replication, audit and webhooks read exactly this."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one aggregate, with the full post-state of its non-personal columns.

    ``sequence`` is given by the store on append and orders events of one database; ``version`` orders events of one
    aggregate and has no gaps. ``data`` holds references, digests and non-personal columns only.
    """

    id: str
    tenant: str
    region: str
    aggregate_type: str
    aggregate_id: str
    version: int
    type: str
    occurred_at: datetime
    actor: str
    data: dict[str, Any]
    trace_id: str | None = None
    schema_version: int = SCHEMA_VERSION
    sequence: int | None = None

    def canonical(self) -> str:
        """The envelope without ``sequence`` as JSON: equal events are equal text."""
        body = {
            "id": self.id,
            "tenant": self.tenant,
            "region": self.region,
            "aggregate_type": self.aggregate_type,
            "aggregate_id": self.aggregate_id,
            "version": self.version,
            "type": self.type,
            "occurred_at": self.occurred_at.isoformat(),
            "actor": self.actor,
            "data": self.data,
            "trace_id": self.trace_id,
            "schema_version": self.schema_version,
        }
        return _ENCODER.encode(body)

    def digest(self) -> str:
        """SHA-256 (hex) of the canonical envelope; the later hash chain links these."""
        return digest_of(self.canonical())


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def digest_of(canonical: str) -> str:
    return hashlib.sha256(canonical.encode()).hexdigest()
