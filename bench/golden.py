"""Makes the golden set of the package: ``python -m bench.golden``. Papers as the engine reads them, with their truth.

Only needed when the engine's lines or fields change shape; the set is data of the package, made once. Nothing in it
is anybody's: the papers are drawn from a seed.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import filled
from bench.report import say
from procession.ai import extraction, golden
from procession.digitize import pipeline

SEED = 20_271
OUT = Path(golden.__file__).parent / golden.FILE
ASKED_MIN = 4
"""Papers that leave fewer questions with a known answer tell nothing."""


def papers() -> Iterator[dict[str, Any]]:
    options = replace(pipeline.EngineOptions(), lines=True)
    for paper in filled.documents(per_family=1, seed=SEED):
        found = pipeline.digitize(paper.pdf, options)
        ask = extraction.plan(found, golden.EVERYTHING)
        known: dict[str, dict[str, str]] = {}
        for one in paper.truth["values"]:
            for subtype in one["subtypes"]:
                known.setdefault(subtype, {"value": str(one["value"]), "text": one["text"]})
        asked = [q for q in ask.fields if q.subtype is not None and q.subtype.value in known] if ask else []
        say(f"{paper.name}: {len(ask.fields) if ask else 0} asked, {len(asked)} with a known answer")
        if len(asked) >= ASKED_MIN:
            yield {"name": paper.name, "document": json.loads(found.model_dump_json()), "truth": known}


def main() -> int:
    body = json.dumps({"documents": list(papers())}, ensure_ascii=False, separators=(",", ":")).encode()
    OUT.write_bytes(gzip.compress(body, 9, mtime=0))
    say(f"{OUT.name}: {len(golden.golden_set())} papers, {OUT.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
