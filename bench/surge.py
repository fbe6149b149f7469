"""Ten times the usual load: what the API answers, how fast, and which urgent documents are done in time.

Two nodes' worth of processes (an api and a worker with one slot each, and maintenance) on PostgreSQL and Redis, with
the real engine. Arrivals are open: they come when they are due, whether or not earlier ones were answered. Clients are
250 ms of round trip away. What the machine can do is measured first; the base load is a share of it, so that ten times
the base is more than it can do.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from bench import material, roles
from bench.faulty.proxy import proxied
from bench.report import NotMeasured, percentile, say
from procession.domain.analysis import OBJECTIVE_SECONDS, Priority

LENGTH = "about 20 minutes"
NODES = 2
DELAY_SECONDS = 0.125
"""Each way: 250 ms of round trip."""
TIMES = 10
SHARE = 0.15
"""Of what the machine can do; ten times that is half more than it can."""
CLASSES = {Priority.URGENT: 0.3, Priority.STANDARD: 0.4, Priority.LOW: 0.3}
FULL_SECONDS, QUICK_SECONDS = (60.0, 600.0), (4.0, 10.0)
"""Of the base load and of the surge."""
CALIBRATION_FILES, QUICK_CALIBRATION_FILES = 120, 24
SEED = 2030
ENDED = {"completed", "requires_review", "failed", "cancelled"}


@dataclass
class Seen:
    """What clients saw. ``answers``: seconds of each API answer; ``taken``: analysis id -> class."""

    answers: list[float] = field(default_factory=list)
    taken: dict[str, Priority] = field(default_factory=dict)
    refused: Counter[Priority] = field(default_factory=Counter)
    retry_after: list[int] = field(default_factory=list)
    errors: Counter[int] = field(default_factory=Counter)


def run(quick: bool) -> dict[str, Any]:
    base_seconds, surge_seconds = QUICK_SECONDS if quick else FULL_SECONDS
    files = material.digital()
    with tempfile.TemporaryDirectory(prefix="procession-bench-") as name:
        folder = Path(name)
        commands = [["api"]] * NODES + [["worker", "--slots", "1"]] * NODES + [["maintenance"]]
        with roles.environment(folder) as settings, roles.running(folder, settings, commands) as started:
            ports = [one.port for one in started if one.role == "api"]
            return asyncio.run(_measure(ports, files, base_seconds, surge_seconds, quick))


async def _measure(
    ports: list[int], files: dict[str, bytes], base_seconds: float, surge_seconds: float, quick: bool
) -> dict[str, Any]:
    near = httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports[0]}", timeout=90, trust_env=False)
    with contextlib.ExitStack() as held:
        wires = [held.enter_context(proxied(port, DELAY_SECONDS)) for port in ports]
        far = [
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{wire.port}",
                timeout=90,
                trust_env=False,
                limits=httpx.Limits(max_connections=200, max_keepalive_connections=200),
            )
            for wire in wires
        ]
        try:
            capacity = await _capacity(near, files, QUICK_CALIBRATION_FILES if quick else CALIBRATION_FILES)
            base = SHARE * capacity
            say(f"{capacity:.1f} files/s can be done; base {base:.2f}/s, surge {TIMES * base:.1f}/s")
            calm, storm = Seen(), Seen()
            await _load(far, files, base, base_seconds, "calm", calm)
            await _load(far, files, TIMES * base, surge_seconds, "storm", storm)
            calm_done, storm_done = await _in_time(near, calm.taken), await _in_time(near, storm.taken)
        finally:
            for client in (near, *far):
                await client.aclose()
    urgent_done = calm_done[Priority.URGENT] + storm_done[Priority.URGENT]
    urgent_all = sum(
        sum(one is Priority.URGENT for one in seen.taken.values()) + seen.refused[Priority.URGENT]
        for seen in (calm, storm)
    )
    if not urgent_all or sum(storm.errors.values()) > len(storm.answers) / 10:
        raise NotMeasured(f"the load did not come through: {storm.errors}")
    say(f"storm: {len(storm.taken)} taken, {dict(storm.refused)} refused, errors {dict(storm.errors)}")
    return {
        "api_p99_ms": round(percentile([*calm.answers, *storm.answers], 0.99) * 1000, 1),
        "urgent_on_time": round(urgent_done / urgent_all, 4),
        "rejected_urgent": calm.refused[Priority.URGENT] + storm.refused[Priority.URGENT],
        "api_p50_ms": round(percentile(storm.answers, 0.5) * 1000, 1),
        "api_calm_p99_ms": round(percentile(calm.answers, 0.99) * 1000, 1),
        "capacity_files_per_second": round(capacity, 2),
        "base_files_per_second": round(base, 3),
        "surge_seconds": surge_seconds,
        "nodes": f"{NODES} of one api and one worker with one slot",
        "urgent": urgent_all,
        "taken": len(calm.taken) + len(storm.taken),
        "refused": {one.value: storm.refused[one] for one in Priority},
        "retry_after_seconds_max": max(storm.retry_after, default=0),
        "errors": sum(calm.errors.values()) + sum(storm.errors.values()),
    }


async def _capacity(client: httpx.AsyncClient, files: dict[str, bytes], count: int) -> float:
    """Files a second when there is always work."""
    documents = material.copies(files, count // len(files) + 1, "capacity")[:count]
    seen = Seen()
    started = time.monotonic()
    for name, data in documents:
        await _upload(client, name, data, Priority.STANDARD, seen)
    await _all_ended(client, set(seen.taken))
    return count / (time.monotonic() - started)


async def _load(
    clients: list[httpx.AsyncClient],
    files: dict[str, bytes],
    rate: float,
    seconds: float,
    salt: str,
    seen: Seen,
) -> None:
    """Arrivals at random moments (a Poisson process), each a task of its own."""
    chance = random.Random(f"{SEED} {salt}")
    names = list(files)
    asked: set[asyncio.Task[None]] = set()
    started = due = time.monotonic()
    number = 0
    while (due := due + chance.expovariate(rate)) < started + seconds:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        number += 1
        name = chance.choice(names)
        data = files[name] + f"\n% {salt} {number}\n".encode()
        priority = chance.choices(list(CLASSES), list(CLASSES.values()))[0]
        task = asyncio.create_task(_upload(clients[number % len(clients)], name, data, priority, seen))
        asked.add(task)
        task.add_done_callback(asked.discard)
    if asked:
        await asyncio.wait(asked)


async def _upload(client: httpx.AsyncClient, name: str, data: bytes, priority: Priority, seen: Seen) -> None:
    asked = time.monotonic()
    try:
        answer = await client.post(
            "/v1/analyses",
            params={"file_name": name, "priority": priority.value},
            content=data,
            headers={"Content-Type": "application/pdf"},
        )
    except httpx.HTTPError:
        seen.errors[0] += 1
        seen.answers.append(time.monotonic() - asked)
        return
    seen.answers.append(time.monotonic() - asked)
    if answer.status_code in (200, 202):
        seen.taken[answer.json()["id"]] = priority
    elif answer.status_code == 429:
        seen.refused[priority] += 1
        seen.retry_after.append(int(answer.headers["Retry-After"]))
    else:
        seen.errors[answer.status_code] += 1


async def _all_ended(client: httpx.AsyncClient, ids: set[str]) -> None:
    for one in ids:
        while (await client.get(f"/v1/analyses/{one}", params={"wait": 30})).json()["status"] not in ENDED:
            pass


async def _in_time(client: httpx.AsyncClient, taken: dict[str, Priority]) -> Counter[Priority]:
    """Per class, how many were done within their objective, by the record. Urgent ones are waited for."""
    done: Counter[Priority] = Counter()
    for one, priority in taken.items():
        if priority is not Priority.URGENT:
            continue
        deadline = time.monotonic() + OBJECTIVE_SECONDS[priority]
        view = (await client.get(f"/v1/analyses/{one}")).json()
        while view["status"] not in ENDED and time.monotonic() < deadline:
            view = (await client.get(f"/v1/analyses/{one}", params={"wait": 30})).json()
        if view["status"] not in ENDED or view["status"] == "failed":
            continue
        took = datetime.fromisoformat(view["finished_at"]) - datetime.fromisoformat(view["created_at"])
        done[priority] += took.total_seconds() <= OBJECTIVE_SECONDS[priority]
    return done
