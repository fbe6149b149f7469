"""Files per second through the whole durable service, divided by the same analysis in a bare process pool.

Service: upload over HTTP, encryption, durable commits, queue, sandboxed child, encrypted result. Pool: the engine's
``digitize`` on bytes already in memory, in as many processes. Both are warm, analyse the same files and share the
machine with nothing else of ours. The pool is measured before and after the service in every round, so that a machine
that slows down or speeds up in between does not move the ratio.
"""

from __future__ import annotations

import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from typing import Any

from bench import material, service
from bench.report import NotMeasured, say

LENGTH = "about 3 minutes"
PROCESSES = 2
QUICK_SECONDS, FULL_SECONDS = 5.0, 25.0
"""How long one side of one round is to run; sets how many copies of each file there are."""
WAIT_SECONDS_MAX = 300.0


def analyse(data: bytes) -> int:
    """What a pool process does; returns the size of the result, as JSON, that it would hand on."""
    from procession.digitize.pipeline import digitize

    return len(digitize(data).model_dump_json())


def run(quick: bool) -> dict[str, Any]:
    files = material.digital()
    rounds = 1 if quick else 3
    with ProcessPoolExecutor(PROCESSES) as pool, service.running(PROCESSES) as client:
        _warm(pool, client, files)
        copies = _copies_for(pool, files, QUICK_SECONDS if quick else FULL_SECONDS)
        say(f"{len(files)} example files x {copies} copies, {rounds} round(s), {PROCESSES} processes on each side")
        rates = [_round(pool, client, files, copies, number) for number in range(rounds)]
    ratios = [through / bare for through, bare in rates]
    return {
        "ratio": round(statistics.median(ratios), 3),
        "service_files_per_second": round(statistics.median(through for through, _ in rates), 2),
        "pool_files_per_second": round(statistics.median(bare for _, bare in rates), 2),
        "rounds": [round(ratio, 3) for ratio in ratios],
        "files_per_round": len(files) * copies,
        "cores": os.cpu_count(),
    }


def _warm(pool: ProcessPoolExecutor, client: service.Client, files: dict[str, bytes]) -> None:
    documents = [data for _, data in material.copies(files, 1, "warm")]
    list(pool.map(analyse, documents))
    for name, data in material.copies(files, 1, "warm"):
        client.wait(client.upload(name, data)["id"])


def _copies_for(pool: ProcessPoolExecutor, files: dict[str, bytes], seconds: float) -> int:
    return max(2, round(seconds * _pool_rate(pool, files, 2, "size") / len(files)))


def _round(
    pool: ProcessPoolExecutor, client: service.Client, files: dict[str, bytes], copies: int, number: int
) -> tuple[float, float]:
    """Files per second of (service, pool)."""
    before = _pool_rate(pool, files, copies, f"before {number}")
    through = _service_rate(client, files, copies, f"service {number}")
    after = _pool_rate(pool, files, copies, f"after {number}")
    bare = 2 / (1 / before + 1 / after)
    say(f"round {number + 1}: service {through:.2f}/s, pool {before:.2f}/s before and {after:.2f}/s after")
    return through, bare


def _pool_rate(pool: ProcessPoolExecutor, files: dict[str, bytes], copies: int, salt: str) -> float:
    documents = [data for _, data in material.copies(files, copies, salt)]
    started = time.perf_counter()
    sizes = list(pool.map(analyse, documents))
    spent = time.perf_counter() - started
    if not all(sizes):
        raise NotMeasured("the pool returned an empty result")
    return len(documents) / spent


def _service_rate(client: service.Client, files: dict[str, bytes], copies: int, salt: str) -> float:
    """From the first upload's first byte to the last analysis' end, by the rows' own times."""
    documents = material.copies(files, copies, salt)
    started = time.time()
    ids = {client.upload(name, data)["id"] for name, data in documents}
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while client.waiting():
        if time.monotonic() > deadline:
            raise NotMeasured(f"{client.waiting()} analyses were still unfinished after {WAIT_SECONDS_MAX:.0f} s")
        time.sleep(0.25)
    done = [view for view in client.views() if view["id"] in ids]
    bad = [view for view in done if view["status"] not in service.FINISHED or view["reused_from"]]
    if bad or len(done) != len(documents):
        raise NotMeasured(f"{len(done)} of {len(documents)} analyses ended, {len(bad)} of them not as analysed files")
    ended = max(datetime.fromisoformat(view["finished_at"]).timestamp() for view in done)
    return len(documents) / (ended - started)
