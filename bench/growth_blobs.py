"""Cost of growth for objects: put and get with a million objects present against a thousand, for each store.

Both stores of a kind stand side by side, and samples alternate between them, so that whatever else the machine does
strikes both. Objects are filled in by the shortest way (files unsynced); what is measured is the real one.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import obstore

from bench.report import NotMeasured, say
from procession.blobs.local import LocalBlobs
from procession.blobs.protocol import BlobStore
from procession.blobs.s3 import S3Blobs
from tests.support import s3

FEW = 1_000
MANY_LOCAL, MANY_LOCAL_QUICK = 1_000_000, 20_000
MANY_S3, MANY_S3_QUICK = 1_000_000, 5_000
SAMPLES, SAMPLES_QUICK = 500, 200
OBJECT_BYTES = 2_048
"""As many as a small form's sealed result."""
FILLING_AT_ONCE = 64
PREFIX = "objects"
SEED = 20_301


@dataclass(frozen=True, slots=True)
class Side:
    """A store and the names that are in it."""

    store: BlobStore
    present: int


def run_blobs(quick: bool) -> dict[str, Any]:
    """Ratios of medians, many objects over few, by store and verb. Raises NotMeasured.

    Keys: ``ratio`` (the worst of all), and for ``local`` and ``s3`` ``objects``, ``put_ratio``, ``get_ratio``,
    ``put_ms``, ``get_ms`` (medians with many).
    """
    measured: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="procession-growth-") as folder:
        measured["local"] = asyncio.run(_local(Path(folder), quick))
    if lacking := [name for name in s3.PROGRAMS if shutil.which(name) is None]:
        raise NotMeasured(f"no S3 server: {', '.join(lacking)} missing (Debian: apt install radosgw ceph-mon ceph-osd)")
    with s3.running() as server:
        measured["s3"] = asyncio.run(_s3(server, quick))
    ratios = [part[f"{verb}_ratio"] for part in measured.values() for verb in ("put", "get")]
    return {"ratio": max(ratios), **measured}


def name_of(number: int) -> str:
    """Names as results have them: what differs comes early and late."""
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return f"results/{digest[:26]}-1@key_{digest[26:52]}"


async def _local(folder: Path, quick: bool) -> dict[str, Any]:
    many = MANY_LOCAL_QUICK if quick else MANY_LOCAL
    sides = []
    for present in (FEW, many):
        store = LocalBlobs(folder / str(present))
        _fill_folder(store, range(present))
        say(f"growth: {present:,} files are there")
        sides.append(Side(store, present))
    return await _compare(sides, quick)


def _fill_folder(store: LocalBlobs, numbers: Iterable[int]) -> None:
    body = os.urandom(OBJECT_BYTES)
    for number in numbers:
        path = store._path(name_of(number))
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        except FileNotFoundError:
            path.parent.mkdir(parents=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(descriptor, body)
        os.close(descriptor)


async def _s3(server: s3.S3Server, quick: bool) -> dict[str, Any]:
    sides = []
    for present in (FEW, MANY_S3_QUICK if quick else MANY_S3):
        options = replace(server.options(), prefix=PREFIX, requests_at_once_max=FILLING_AT_ONCE)
        store = S3Blobs(options)
        await _fill_bucket(store, server.client(options.bucket), present)
        say(f"growth: {present:,} objects are in the bucket")
        sides.append(Side(store, present))
    return await _compare(sides, quick)


async def _fill_bucket(store: S3Blobs, client: obstore.store.S3Store, present: int) -> None:
    body, numbers = os.urandom(OBJECT_BYTES), iter(range(present))

    async def fill() -> None:
        for number in numbers:
            await obstore.put_async(client, f"{PREFIX}/{store.key(name_of(number))}", body, use_multipart=False)

    await asyncio.gather(*(fill() for _ in range(FILLING_AT_ONCE)))


async def _compare(sides: list[Side], quick: bool) -> dict[str, Any]:
    chance, body = random.Random(SEED), os.urandom(OBJECT_BYTES)
    samples = SAMPLES_QUICK if quick else SAMPLES
    spent: dict[tuple[str, int], list[float]] = {}
    for sample in range(-samples // 10, samples):  # the first tenth warms up
        for side in sides if sample % 2 else reversed(sides):
            new = name_of(side.present + samples + sample)
            known = name_of(chance.randrange(side.present))
            for verb, ask in (
                ("put", lambda side=side, new=new: side.store.put(new, body)),
                ("get", lambda side=side, known=known: side.store.get(known)),
            ):
                seconds = await _timed(ask)
                if sample >= 0:
                    spent.setdefault((verb, side.present), []).append(seconds)
    few, many = (side.present for side in sides)
    told: dict[str, Any] = {"objects": many}
    for verb in ("put", "get"):
        small, large = (statistics.median(spent[verb, present]) for present in (few, many))
        told |= {f"{verb}_ratio": round(large / small, 3), f"{verb}_ms": round(large * 1000, 3)}
    return told


async def _timed(ask: Callable[[], Any]) -> float:
    started = time.perf_counter()
    await ask()
    return time.perf_counter() - started
