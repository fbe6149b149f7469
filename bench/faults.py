"""What happens to a fleet on PostgreSQL, Redis and S3 when its parts are killed, stopped, wiped and cut off.

An api, two workers and maintenance run as processes; four clients upload steadily, each document until it is
acknowledged, repeating it under the same key, and a receiver is told of every end by webhooks. Afterwards rows and
journal are read past the service: everything acknowledged is there, nothing has two results, everything ended and was
told under one id, no version is missing. The engine behind the real sandbox is a stand-in that takes 20 ms: what is
tested is everything around it.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from bench import servers
from bench.faulty import fleet as fleets
from bench.faulty.fleet import Fleet, Verdict, judge, until
from bench.faulty.proxy import Proxy, proxied
from bench.report import NotMeasured, say
from bench.servers import Server
from procession.store.postgres import PostgresStore
from tests.support import postgres as postgres_servers
from tests.support import redis as redis_servers
from tests.support import s3 as s3_servers

LENGTH = "about 15 minutes"
SEED = int(os.environ.get("FAULT_SEED", "2030"))
FULL_KILLS, QUICK_KILLS = 300, 12
ALIVE_SECONDS_MAX = 0.8
"""Between two kills, at random up to this."""
SERVING_SHARE = 0.7
"""Of the kills that wait until the api answers; the others hit whatever is starting too."""
CUT_SECONDS, QUICK_CUT_SECONDS = 20.0, 3.0
"""Longer than a lease (15 s), so that another worker takes over; in the quick run shorter."""
S3_AWAY_SECONDS, QUICK_S3_AWAY_SECONDS = 30.0, 3.0
DISK_BYTES = 24 * 1024 * 1024
KILLED = {"api": 0.3, "worker": 0.4, "maintenance": 0.05, "redis": 0.15, "postgres": 0.1}
"""Share of each in the random kills."""


@dataclass(frozen=True)
class Recovered:
    """``seconds``: from the fault (a kill) or its end (an outage) to the first document that went all the way."""

    fault: str
    seconds: float


def run(quick: bool) -> dict[str, Any]:
    kills = QUICK_KILLS if quick else FULL_KILLS
    verdicts: dict[str, Verdict] = {}
    recovered: list[Recovered] = []
    with tempfile.TemporaryDirectory(prefix="procession-bench-") as name, servers.durable_postgres() as postgres:
        folder = Path(name)
        os.chmod(folder, 0o755)
        _kills(folder / "kills", postgres, kills, verdicts, recovered)
        _outages(folder / "outages", postgres, quick, verdicts, recovered)
        if not quick:
            _cluster(folder / "cluster", postgres, verdicts, recovered)
            _disk(folder / "disk", postgres, verdicts, recovered)
        _objects(folder / "objects", postgres, quick, verdicts, recovered)
    for one in recovered:
        say(f"{one.fault:32s} {one.seconds:6.2f} s")
    total = {one.name: sum(getattr(verdict, one.name) for verdict in verdicts.values()) for one in fields(Verdict)}
    say(f"{kills} kills, {total}")
    return {
        "kills": kills,
        "lost": total["lost"],
        "doubled": total["doubled"],
        "recovery_seconds_max": round(max(one.seconds for one in recovered), 2),
        **{name: total[name] for name in ("acknowledged", "unended", "failed", "gaps", "refused")},
        **{name: total[name] for name in ("untold", "webhooks", "webhooks_repeated")},
        "recovery_seconds": {
            fault: round(max(one.seconds for one in recovered if one.fault == fault), 2)
            for fault in dict.fromkeys(one.fault for one in recovered)
        },
        "seed": SEED,
    }


# --- the fleet and its servers ----------------------------------------------------------------------------------------


@dataclass
class Place:
    """A fleet, its servers, and the wires of its first worker."""

    fleet: Fleet
    database: str
    postgres: postgres_servers.PostgresServer
    wires: dict[str, Proxy]
    recovered: list[Recovered]

    def judged(self) -> Verdict:
        self.fleet.settle()
        with self.postgres.superuser(self.database) as conn:
            return judge(conn, self.fleet)

    def outage(self, name: str, seconds: float, begin: Callable[[], None], end: Callable[[], None]) -> None:
        begin()
        time.sleep(seconds)  # the fault's length, not a wait for anything
        end()
        ended = time.monotonic()
        self.recovered.append(Recovered(name, max(0.0, self.fleet.probe(f"after {name}") - ended)))

    def struck(self, name: str, strike: Callable[[], None]) -> None:
        at = time.monotonic()
        strike()
        self.recovered.append(Recovered(name, self.fleet.probe(f"after {name} {len(self.recovered)}") - at))


@contextlib.contextmanager
def _placed(
    folder: Path,
    postgres: postgres_servers.PostgresServer,
    redis_url: str,
    recovered: list[Recovered],
    more: dict[str, str] | None = None,
    wires: dict[str, int] | None = None,
    of_first_worker: Callable[[dict[str, Proxy]], dict[str, str]] = lambda _: {},
) -> Iterator[Place]:
    database, keys = postgres.empty(), postgres.empty()
    PostgresStore(database).migrate()
    common = {
        "PROCESSION_DATABASE_URL": database.render_as_string(hide_password=False),
        "PROCESSION_KEYS_URL": keys.render_as_string(hide_password=False),
        "PROCESSION_KEYS__MASTER": "ab" * 32,
        "PROCESSION_REDIS_URL": redis_url,
        "PROCESSION_LOG_FORMAT": "json",
        "NO_COLOR": "1",
        **(more or {}),
    }
    with contextlib.ExitStack() as held:
        through = {
            name: held.enter_context(proxied(port))
            for name, port in {"postgres": postgres.port, **(wires or {})}.items()
        }
        first = {
            "PROCESSION_DATABASE_URL": database.set(port=through["postgres"].port).render_as_string(
                hide_password=False
            ),
            **of_first_worker(through),
        }
        fleet = held.enter_context(fleets.running(folder, common, first))
        assert database.database is not None
        yield Place(fleet, database.database, postgres, through, recovered)


def _kills(
    folder: Path,
    postgres: postgres_servers.PostgresServer,
    kills: int,
    verdicts: dict[str, Verdict],
    recovered: list[Recovered],
) -> None:
    """Random kills, without a pause for recovery; then one of each on the settled fleet, timed."""
    chance = random.Random(SEED)
    with servers.redis_server() as (redis_url, redis), _placed(folder, postgres, redis_url, recovered) as place:
        fleet = place.fleet
        database = Server(postgres.process.pid)
        roles = {"api": [fleet.api], "worker": [fleet.first, fleet.second], "maintenance": [fleet.maintenance]}

        def strike(kind: str) -> None:
            if kind in roles:
                role = chance.choice(roles[kind])
                role.kill()
                role.start()
            else:
                server = {"redis": redis, "postgres": database}[kind]
                server.kill()
                server.start()

        try:
            fleet.probe("before")
            for number in range(kills):
                _supervise(fleet)
                if chance.random() < SERVING_SHARE:
                    _revived(fleet.api)
                time.sleep(chance.uniform(0.0, ALIVE_SECONDS_MAX))
                strike(chance.choices(list(KILLED), list(KILLED.values()))[0])
                if (number + 1) % 50 == 0:
                    say(f"{number + 1} kills, {len(fleet.acknowledged())} acknowledged")
            for role in fleet.roles:
                _revived(role)
            fleet.probe("after all kills")
            for kind in KILLED:
                place.struck(f"{kind} killed", partial(strike, kind))
            verdicts["kills"] = place.judged()
        finally:
            postgres.process = database.running


def _supervise(fleet: Fleet) -> None:
    """A start that met a server being down ended by itself: started again, as a supervisor does."""
    for role in fleet.roles:
        if not psutil.pid_exists(role.pid):
            role.start()


def _revived(role: fleets.Role) -> None:
    """Returns when it answers; see ``_supervise``."""
    for _ in range(20):
        try:
            until(lambda: role.ready() or not psutil.pid_exists(role.pid), f"{role.command} answers", 10)
            if not role.ready():
                raise NotMeasured(f"{role.command} ended")
        except NotMeasured:
            role.kill()
            role.start()
        else:
            return
    raise NotMeasured(f"{role.command} does not come back")


def _outages(
    folder: Path,
    postgres: postgres_servers.PostgresServer,
    quick: bool,
    verdicts: dict[str, Verdict],
    recovered: list[Recovered],
) -> None:
    cut = QUICK_CUT_SECONDS if quick else CUT_SECONDS
    with (
        servers.redis_server() as (redis_url, redis),
        _placed(
            folder,
            postgres,
            redis_url,
            recovered,
            wires={"redis": urlsplit(redis_url).port or 0},
            of_first_worker=lambda wires: {"PROCESSION_REDIS_URL": f"redis://127.0.0.1:{wires['redis'].port}"},
        ) as place,
    ):
        fleet, database = place.fleet, Server(postgres.process.pid)
        try:
            fleet.probe("before")
            place.struck("redis wiped", lambda: servers.wipe(redis_url))
            place.outage("redis away", 5.0, redis.kill, redis.start)
            place.outage("postgres restarted", 0.0, lambda: database.kill(signal.SIGINT), database.start)
            for name, wire in place.wires.items():
                place.outage(f"worker cut off from {name}", cut, wire.cut, wire.heal)
            worker = fleet.first
            place.outage(
                "worker stopped and back",
                cut,
                lambda: os.kill(worker.pid, signal.SIGSTOP),
                lambda: os.kill(worker.pid, signal.SIGCONT),
            )
            verdicts["outages"] = place.judged()
        finally:
            postgres.process = database.running


def _cluster(
    folder: Path, postgres: postgres_servers.PostgresServer, verdicts: dict[str, Verdict], recovered: list[Recovered]
) -> None:
    with redis_servers.cluster() as cluster:
        told = cluster.settings("procession")
        more = {f"PROCESSION_REDIS__{name.upper()}": str(value) for name, value in told["redis"].items()}
        with _placed(folder, postgres, told["redis_url"], recovered, more) as place:
            place.fleet.probe("before")
            place.struck("redis cluster master lost", lambda: cluster.master("procession").kill())
            verdicts["cluster"] = place.judged()


def _disk(
    folder: Path, postgres: postgres_servers.PostgresServer, verdicts: dict[str, Verdict], recovered: list[Recovered]
) -> None:
    """The objects' file system fills up, and is freed."""
    small = folder / "small"
    small.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(small)]
    if os.getuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        raise NotMeasured("a full disk needs a small file system of its own: run as root")
    try:
        more = {"PROCESSION_BLOBS_URL": f"file://{small}/blobs", "PROCESSION_HTTP__DISK_FREE_BYTES_MIN": "0"}
        with servers.redis() as redis_url, _placed(folder / "fleet", postgres, redis_url, recovered, more) as place:
            place.fleet.probe("before")
            filler = small / "filler"

            def fill() -> None:
                with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                    while True:
                        file.write(bytes(65_536))

            place.outage("disk full", 10.0, fill, filler.unlink)
            verdicts["disk"] = place.judged()
    finally:
        subprocess.run(["umount", "-l", str(small)], check=False)


def _objects(
    folder: Path,
    postgres: postgres_servers.PostgresServer,
    quick: bool,
    verdicts: dict[str, Verdict],
    recovered: list[Recovered],
) -> None:
    """Everybody reaches the objects through a wire; the first worker also has one of its own."""
    with s3_servers.running() as s3, servers.redis() as redis_url:
        port = urlsplit(s3.endpoint).port
        assert port is not None
        with proxied(port) as shared:
            more = {
                "PROCESSION_BLOBS_URL": f"s3://{s3.bucket()}",
                "PROCESSION_S3__ENDPOINT": f"http://127.0.0.1:{shared.port}",
                "PROCESSION_S3__ALLOW_HTTP": "true",
                "PROCESSION_S3__REGION": s3_servers.REGION,
                "PROCESSION_S3__ACCESS_KEY_ID": s3_servers.ACCESS_KEY,
                "PROCESSION_S3__SECRET_ACCESS_KEY": s3_servers.SECRET_KEY,
            }
            with _placed(
                folder,
                postgres,
                redis_url,
                recovered,
                more,
                wires={"s3": shared.port},
                of_first_worker=lambda wires: {"PROCESSION_S3__ENDPOINT": f"http://127.0.0.1:{wires['s3'].port}"},
            ) as place:
                place.fleet.probe("before")
                away = QUICK_S3_AWAY_SECONDS if quick else S3_AWAY_SECONDS
                place.outage("s3 unreachable", away, shared.cut, shared.heal)
                cut = QUICK_CUT_SECONDS if quick else CUT_SECONDS
                place.outage("worker cut off from s3", cut, place.wires["s3"].cut, place.wires["s3"].heal)
                verdicts["objects"] = place.judged()


__all__ = ["LENGTH", "run"]
