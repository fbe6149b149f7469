"""From the first byte of an upload to the moment a worker starts on it, on a service with nothing else to do."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from bench import material, service
from bench.report import NotMeasured, percentile, say

LENGTH = "about 2 minutes"
QUICK_SECONDS, FULL_SECONDS = 25.0, 110.0
SAMPLES_MIN = 30
PAUSE_SECONDS = 0.05
"""Between a result and the next upload, so that every upload meets an idle service."""


def run(quick: bool) -> dict[str, Any]:
    samples: list[float] = []
    files = material.digital()
    with service.running(workers=2) as client:
        for name, data in material.copies(files, 1, "warm"):
            client.wait(client.upload(name, data)["id"])
        end = time.monotonic() + (QUICK_SECONDS if quick else FULL_SECONDS)
        for name, data in material.copies(files, 1000, "sample"):
            if time.monotonic() > end:
                break
            samples.append(_sample(client, name, data))
            time.sleep(PAUSE_SECONDS)
    if len(samples) < SAMPLES_MIN:
        raise NotMeasured(f"{len(samples)} uploads were seen, {SAMPLES_MIN} are needed for a p99 worth printing")
    say(f"{len(samples)} uploads, {min(samples):.1f} to {max(samples):.1f} ms")
    return {
        "p50_ms": round(percentile(samples, 0.50), 2),
        "p99_ms": round(percentile(samples, 0.99), 2),
        "max_ms": round(max(samples), 2),
        "samples": len(samples),
    }


def _sample(client: service.Client, name: str, data: bytes) -> float:
    """Milliseconds. ``started_at`` is the database's clock on this same machine."""
    asked = time.time()
    view = client.wait(client.upload(name, data)["id"])
    if view["started_at"] is None or view["reused_from"]:
        raise NotMeasured("an upload was answered from an earlier result: no worker started")
    return (datetime.fromisoformat(view["started_at"]).timestamp() - asked) * 1000
