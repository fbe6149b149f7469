"""One way to write JSON into SQL, so equal values are equal text and can be compared in a statement."""

from __future__ import annotations

import json
from typing import Any


def canonical_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
