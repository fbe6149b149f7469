"""Files per second through the whole durable service, divided by the same analysis in a bare process pool.

Service: upload over HTTP, encryption, durable commits, queue, sandboxed child, encrypted result. Pool: the engine's
``digitize`` on bytes already in memory, in as many processes. Both are warm, analyse the same files and share the
machine with nothing else of ours. The pool is measured before and after the service in every round, so that a machine
that slows down or speeds up in between does not move the ratio.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from bench import material, roles, service
from bench.report import NotMeasured, say
from tests.support import s3 as s3_servers

LENGTH = "about 5 minutes"
PROCESSES = 2
QUICK_SECONDS, FULL_SECONDS = 3.0, 15.0
"""How long the pool is to run in one round; sets how many copies of each file there are."""
WAIT_SECONDS_MAX = 300.0


@dataclass(frozen=True)
class Side:
    files_per_second: float
    cpu_seconds_per_file: float
    """All processes of the side together: tells more than the clock when the machine has other work."""


def one_thread() -> None:
    """As in the sandbox, before the engine is loaded: both sides have as many threads at work as processes."""
    for name in ("OMP_THREAD_LIMIT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    import cv2

    cv2.setNumThreads(1)


def analyse(data: bytes) -> float:
    """What a pool process does: the result as JSON, in memory. Returns the CPU seconds it took."""
    from procession.digitize.pipeline import digitize

    started = time.process_time()
    assert digitize(data).model_dump_json()
    return time.process_time() - started


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fleet", action="store_true", help="an api, a worker and maintenance on PostgreSQL, Redis and S3"
    )


@contextmanager
def fleet() -> Iterator[service.Client]:
    """The same service as roles, with every server it can have on this machine too."""
    with tempfile.TemporaryDirectory(prefix="procession-bench-") as name, s3_servers.running() as s3:
        objects = {
            "PROCESSION_BLOBS_URL": f"s3://{s3.bucket()}",
            "PROCESSION_S3__ENDPOINT": s3.endpoint,
            "PROCESSION_S3__ALLOW_HTTP": "true",
            "PROCESSION_S3__REGION": s3_servers.REGION,
            "PROCESSION_S3__ACCESS_KEY_ID": s3_servers.ACCESS_KEY,
            "PROCESSION_S3__SECRET_ACCESS_KEY": s3_servers.SECRET_KEY,
        }
        folder, commands = Path(name), [["api"], ["worker", "--slots", str(PROCESSES)], ["maintenance"]]
        with (
            roles.environment(folder, objects=objects) as settings,
            roles.running(folder, settings, commands) as started,
        ):
            yield service.Client(started[0].port, *(one.pid for one in started))


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """``ratio``: documents as long as real ones (``material.packets``). ``ratio_single``: the ten examples one by one.

    ``ratio_digital``: those without the scan. What the service adds to a file is about the same for every file, so the
    shorter an analysis is, the more it weighs: each figure is harder than the one before.
    """
    quick, running = chosen.quick, fleet if chosen.fleet else partial(service.running, PROCESSES)
    seconds, rounds = (QUICK_SECONDS, 1) if quick else (FULL_SECONDS, 3)
    sets = {"packets": material.packets(), "single": material.every()}
    if not quick:
        sets["digital"] = material.digital()
    with ProcessPoolExecutor(PROCESSES, initializer=one_thread) as pool, running() as client:
        measured = {name: _measure(pool, client, files, seconds, rounds, name) for name, files in sets.items()}
    ratios = {f"ratio_{name}": figures.pop("ratio") for name, figures in measured.items()}
    return {"ratio": ratios.pop("ratio_packets"), **ratios, **measured}


def _measure(
    pool: ProcessPoolExecutor, client: service.Client, files: dict[str, bytes], seconds: float, rounds: int, salt: str
) -> dict[str, Any]:
    _warm(pool, client, files, salt)
    copies = max(2, round(seconds * _pool(pool, files, 1, f"{salt} size").files_per_second / len(files)))
    say(f"{salt}: {len(files)} files x {copies} copies, {rounds} round(s), {PROCESSES} processes on each side")
    sides = [_round(pool, client, files, copies, f"{salt} {number}") for number in range(rounds)]
    ratios = [through.files_per_second / bare.files_per_second for through, bare in sides]
    return {
        "ratio": round(statistics.median(ratios), 3),
        "cpu_ratio": round(statistics.median(b.cpu_seconds_per_file / t.cpu_seconds_per_file for t, b in sides), 3),
        "service_files_per_second": round(statistics.median(through.files_per_second for through, _ in sides), 2),
        "pool_files_per_second": round(statistics.median(bare.files_per_second for _, bare in sides), 2),
        "rounds": [round(ratio, 3) for ratio in ratios],
        "files_per_round": len(files) * copies,
    }


def _warm(pool: ProcessPoolExecutor, client: service.Client, files: dict[str, bytes], salt: str) -> None:
    documents = [data for _, data in material.copies(files, 1, f"{salt} warm")]
    list(pool.map(analyse, documents))
    for name, data in material.copies(files, 1, f"{salt} warm"):
        client.wait(client.upload(name, data)["id"])


def _round(
    pool: ProcessPoolExecutor, client: service.Client, files: dict[str, bytes], copies: int, salt: str
) -> tuple[Side, Side]:
    """(Service, pool)."""
    before = _pool(pool, files, copies, f"{salt} before")
    through = _service(client, files, copies, f"{salt} service")
    after = _pool(pool, files, copies, f"{salt} after")
    bare = Side(
        2 / (1 / before.files_per_second + 1 / after.files_per_second),
        (before.cpu_seconds_per_file + after.cpu_seconds_per_file) / 2,
    )
    say(
        f"{salt}: service {through.files_per_second:.2f}/s, {through.cpu_seconds_per_file * 1000:.1f} ms CPU a file; "
        f"pool {before.files_per_second:.2f}/s before, {after.files_per_second:.2f}/s after, "
        f"{bare.cpu_seconds_per_file * 1000:.1f} ms"
    )
    return through, bare


def _pool(pool: ProcessPoolExecutor, files: dict[str, bytes], copies: int, salt: str) -> Side:
    documents = [data for _, data in material.copies(files, copies, salt)]
    started = time.perf_counter()
    used = list(pool.map(analyse, documents))
    return Side(len(documents) / (time.perf_counter() - started), sum(used) / len(documents))


def _service(client: service.Client, files: dict[str, bytes], copies: int, salt: str) -> Side:
    """From the first upload's first byte to the last analysis' end, by the rows' own times."""
    documents = material.copies(files, copies, salt)
    started, used = time.time(), client.cpu_seconds()
    ids = client.upload_all(documents)
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while client.waiting():
        if time.monotonic() > deadline:
            raise NotMeasured(f"{client.waiting()} analyses were still unfinished after {WAIT_SECONDS_MAX:.0f} s")
        time.sleep(0.25)
    used = client.cpu_seconds() - used
    done = [view for view in client.views() if view["id"] in ids]
    bad = [view for view in done if view["status"] not in service.FINISHED or view["reused_from"]]
    if bad or len(done) != len(documents):
        raise NotMeasured(f"{len(done)} of {len(documents)} analyses ended, {len(bad)} of them not as analysed files")
    ended = max(datetime.fromisoformat(view["finished_at"]).timestamp() for view in done)
    return Side(len(documents) / (ended - started), used / len(documents))
