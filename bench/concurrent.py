"""Documents that all wait for an AI provider at once: do all complete, how much later than they could, in what memory.

The engine is a stand-in that is unsure of a date: what is measured is the waiting, not the reading. The ideal is the
same documents through the same service without AI, in the same run, and the provider's answer after them. The
questions are held until the last document was read, so that all of them are on their way at once however slow the
machine reads.
"""

from __future__ import annotations

import contextlib
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil

from bench.report import NotMeasured, say
from tests.faults.engine import a_pdf
from tests.faults.harness import Launcher, answers, free_port, kill, until, upload
from tests.support import fake_ai

LENGTH = "about 12 minutes"
QUICK, FULL, MORE = 150, 1000, (2000, 5000)
QUICK_ANSWER_SECONDS, ANSWER_SECONDS = 8.0, 20.0
WALL_RATIO_MAX = 2.0
RSS_MIB_MAX = 1536
CONNECTIONS = 4
READ_SECONDS = 0.005
"""What the stand-in takes for a document."""
LOOK_SECONDS = 0.25
IN_FLIGHT_SHARE_MIN = 0.99
"""Of the calls must be on their way at the same moment, or nothing was measured."""
HANG_SECONDS = 900.0
MIB = 1024 * 1024
CONFIG = """
[queue]
waiting_max = 100000
wait_objectives_max = 1000
[ai]
enabled = {enabled}
calls_at_once = {calls}
batching = {{ low_seconds = 1800, group_max = {documents} }}
optimisations = {{ prefix_caching = false }}
[[ai.providers]]
name = "fake"
base_url = "{url}/v1"
meter_url = "{url}/meter"
requests_per_minute = 1000000
tokens_per_minute = 10000000000
[[ai.providers.models]]
name = "fake-small"
prices.standard = {{ input = "0.25", output = "2", cached = "0.025" }}
"""


@dataclass(frozen=True)
class Seen:
    """One run over some documents. ``in_flight``: most calls on their way at once; ``rss_mib``: most of all processes
    of the service together."""

    completed: int
    seconds: float
    in_flight: int
    rss_mib: float


def run(quick: bool) -> dict[str, Any]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if soft != resource.RLIM_INFINITY else soft, hard))
    headline = _measure(QUICK if quick else FULL, QUICK_ANSWER_SECONDS if quick else ANSWER_SECONDS)
    more = [] if quick else [_measure(count, ANSWER_SECONDS) for count in MORE]
    return headline | {
        "within_limits": headline["wall_ratio"] <= WALL_RATIO_MAX and headline["rss_mib"] <= RSS_MIB_MAX,
        "more": more,
    }


def _measure(documents: int, answer_seconds: float) -> dict[str, Any]:
    options = ("--config", str(_fake_config()))
    with fake_ai.running(*options) as fake:
        local = _through(documents, fake.url, asks=False)
        say(f"{documents} documents without AI: {local.seconds:.1f} s, {local.rss_mib:.0f} MiB")
        fake.faults({"kind": "latency", "seconds": answer_seconds})
        asked = _through(documents, fake.url, asks=True)
        ideal = local.seconds + answer_seconds
        say(
            f"{documents} with answers after {answer_seconds:g} s: {asked.seconds:.1f} s, ideal {ideal:.1f} s, "
            f"{asked.in_flight} in flight at once, {asked.rss_mib:.0f} MiB"
        )
        charged = fake.meter(each="false")["total"]
    if asked.in_flight < documents * IN_FLIGHT_SHARE_MIN:
        raise NotMeasured(f"only {asked.in_flight} of {documents} calls were on their way at once")
    if charged["requests"] != documents:
        raise NotMeasured(f"{charged['requests']} calls were charged for {documents} documents")
    return {
        "documents": documents,
        "completed": asked.completed,
        "wall_ratio": round(asked.seconds / ideal, 3),
        "rss_mib": round(asked.rss_mib, 1),
        "seconds": round(asked.seconds, 2),
        "ideal_seconds": round(ideal, 2),
        "local_seconds": round(local.seconds, 2),
        "local_rss_mib": round(local.rss_mib, 1),
        "answer_seconds": answer_seconds,
        "in_flight_max": asked.in_flight,
        "meter_dollars": charged["money"],
    }


def _fake_config() -> Path:
    path = Path(tempfile.mkdtemp(prefix="procession-bench-")) / "fake.toml"
    path.write_text("requests_per_minute = 1000000\ntokens_per_minute = 10000000000\n")
    return path


def _through(documents: int, url: str, *, asks: bool) -> Seen:
    with tempfile.TemporaryDirectory(prefix="procession-bench-") as folder:
        at = Path(folder)
        config = at / "procession.toml"
        config.write_text(CONFIG.format(enabled=str(asks).lower(), calls=documents + 500, documents=documents, url=url))
        launcher = Launcher(at / "log", PROCESSION_CONFIG=str(config))
        port = free_port()
        pid = launcher.start(at / "data", port)
        try:
            until(lambda: answers(port), 60, "the service answers")
            return _watched(documents, port, pid, at / "data" / "procession.db", asks)
        except AssertionError as error:
            raise NotMeasured(str(error)) from None
        finally:
            kill(pid)
            launcher.close()


def _watched(documents: int, port: int, pid: int, database: Path, asks: bool) -> Seen:
    started = time.monotonic()
    in_flight, rss = 0, 0.0
    with ThreadPoolExecutor(CONNECTIONS) as senders, _reading(database) as conn:
        sent = [senders.submit(_send, port, number) for number in range(documents)]
        while True:
            ended, flying = _counts(conn)
            in_flight, rss = max(in_flight, flying), max(rss, _rss_mib(pid))
            if ended >= documents:
                break
            if time.monotonic() - started > HANG_SECONDS:
                raise NotMeasured(f"{ended} of {documents} had ended after {HANG_SECONDS:.0f} s")
            time.sleep(LOOK_SECONDS)
        seconds = time.monotonic() - started
        for one in sent:
            one.result()
        completed = _completed(conn, asks)
    return Seen(completed, seconds, in_flight, rss)


def _send(port: int, number: int) -> None:
    status, told = upload(port, a_pdf(f"concurrent-{number}", READ_SECONDS, asks=True), priority="low")
    if status != 202:
        raise NotMeasured(f"an upload was answered {status}: {told}")


@contextlib.contextmanager
def _reading(database: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as conn:
        yield conn


def _counts(conn: sqlite3.Connection) -> tuple[int, int]:
    """(analyses that have ended, calls on their way)."""
    (ended,) = conn.execute("SELECT count(*) FROM analyses WHERE state NOT IN ('pending', 'processing')").fetchone()
    (flying,) = conn.execute("SELECT count(*) FROM ai_requests WHERE state = 'sent'").fetchone()
    return int(ended), int(flying)


def _completed(conn: sqlite3.Connection, asks: bool) -> int:
    """Documents with the result they were to have: read with the provider's answer, or without AI."""
    if not asks:
        return _counts(conn)[0]
    (finished,) = conn.execute("SELECT count(*) FROM ai_requests WHERE state = 'finished'").fetchone()
    (spent,) = conn.execute("SELECT coalesce(sum(effective_pico), 0) FROM ai_calls WHERE status = 'settled'").fetchone()
    if not Decimal(spent):
        raise NotMeasured("nothing was settled")
    return int(finished)


def _rss_mib(pid: int) -> float:
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for one in (parent, *parent.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
    return total / MIB
