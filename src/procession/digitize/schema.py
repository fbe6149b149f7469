"""The published JSON Schema of a result: what ``analyze --json`` prints and ``/result`` serves."""

from __future__ import annotations

import json
from typing import Any

from procession.domain.form import AnalysisResult


def result_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of one result."""
    schema = AnalysisResult.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def published() -> str:
    """The text of ``docs/reference/result.schema.json``."""
    return json.dumps(result_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(published())
