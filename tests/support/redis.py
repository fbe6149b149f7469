"""Redis servers of the tests' own: one with TLS and users, one watched by Sentinels, and a Cluster.

Each is made in a passing folder on free ports and is gone with the process.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from procession.dispatch.redis import RedisDispatcher
from procession.dispatch.redis_address import parse
from procession.dispatch.redis_connection import Options
from tests.support import certificates
from tests.support.needs import missing
from tests.support.processes import die_with_parent, free_ports

START_SECONDS_MAX = 90
USER, PASSWORD = "procession", "pass:word/with@signs"
"""An ordinary user, allowed what docs/how-to/use-redis.md says and nothing else."""
ADMIN_PASSWORD = "admin"
RULES = (
    "~{procession* +ping +eval +evalsha +xadd +xread +xreadgroup +xautoclaim +xack +xdel +xlen +xrange +xpending "
    "+xinfo|consumers +xgroup|create +xgroup|delconsumer +hget +hset +hdel +unlink"
)
CLUSTER_RULES = "+cluster|slots +command"
"""A Cluster's client also asks who serves what."""
MASTER = "mymaster"
_CALM = {"save": '""', "appendonly": "no", "daemonize": "no", "protected-mode": "no", "bind": "127.0.0.1"}


class Node:
    """One server process, with a configuration file that outlives it."""

    def __init__(
        self, folder: Path, name: str, port: int, settings: Mapping[str, Any], *, sentinel: bool = False
    ) -> None:
        self.port = port
        self._folder = folder / name
        self._folder.mkdir()
        self._file = self._folder / "redis.conf"
        lines = {**_CALM, "port": port, "dir": self._folder, **settings}
        if sentinel:
            lines = {name: value for name, value in lines.items() if name not in ("save", "appendonly")}
        repeated = (
            (name, one) for name, value in lines.items() for one in (value if isinstance(value, list) else [value])
        )
        self._file.write_text("".join(f"{name} {value}\n" for name, value in repeated))
        self._sentinel = sentinel
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("redis-server") or missing("redis-server (Debian: apt install redis-server)")
        command = [program, str(self._file), *(["--sentinel"] if self._sentinel else [])]
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self._folder, stdout=log, stderr=log, preexec_fn=die_with_parent
            )

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def signal(self, number: int) -> None:
        """To one that is gone nothing happens."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")


@dataclass
class RedisServer:
    """``url`` and ``options`` are an ordinary user's. ``master`` returns who serves the keys of a prefix now."""

    url: str
    options: Options
    nodes: list[Node]
    master: Callable[[str], Node]
    healthy: Callable[[], bool]
    tls: dict[str, Any] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def admin(self, node: Node) -> redis.Redis:
        """A client that may do everything, at once or not at all."""
        return redis.Redis(
            "127.0.0.1",
            node.port,
            username="admin",
            password=ADMIN_PASSWORD,
            decode_responses=True,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=5,
            **self.tls,
        )

    def prefix(self) -> str:
        """Keys that no other test uses."""
        return f"procession.test{next(self._numbers)}"

    def dispatcher(self, prefix: str | None = None, consumer: str = "one", **more: Any) -> RedisDispatcher:
        return RedisDispatcher(parse(self.url), self.options, prefix or self.prefix(), consumer, **more)

    def settings(self, prefix: str, **more: Any) -> dict[str, Any]:
        """``redis_url`` and the section of an application that uses this server."""
        options = {name: value for name, value in asdict(self.options).items() if value is not None}
        return {"redis_url": self.url, "redis": {**options, "key_prefix": prefix, **more}}

    def wait_healthy(self) -> None:
        wait_until(self.healthy, "\n".join(node.log()[-2000:] for node in self.nodes))


def wait_until(
    what: Callable[[], bool], otherwise: str = "it did not happen", seconds: float = START_SECONDS_MAX
) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(redis.RedisError, OSError):
            if what():
                return
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


@contextlib.contextmanager
def standalone() -> Iterator[RedisServer]:
    """TLS only, with certificates on both sides; users and passwords."""
    with _folder() as folder:
        made = certificates.make(folder)
        (port,) = free_ports(1)
        tls = {
            "port": 0,
            "tls-port": port,
            **_tls(made),
            "tls-auth-clients": "yes",
        }
        node = Node(folder, "one", port, {**tls, "user": _users(RULES)})
        files = {
            "ca_file": str(made.authority),
            "certificate_file": str(made.client),
            "key_file": str(made.client_key),
        }
        server = RedisServer(
            f"rediss://{USER}:{_quoted(PASSWORD)}@127.0.0.1:{port}/0",
            Options(**files),
            [node],
            master=lambda _: node,
            healthy=lambda: bool(server.admin(node).ping()),
            tls={
                "ssl": True,
                **{
                    f"ssl_{name}": value
                    for name, value in zip(("ca_certs", "certfile", "keyfile"), files.values(), strict=True)
                },
            },
        )
        with _started(server):
            yield server


@contextlib.contextmanager
def plain() -> Iterator[RedisServer]:
    """Neither TLS nor passwords."""
    with _folder() as folder:
        (port,) = free_ports(1)
        node = Node(folder, "one", port, {"user": f"admin on >{ADMIN_PASSWORD} ~* &* +@all"})
        server = RedisServer(
            f"redis://127.0.0.1:{port}",
            Options(),
            [node],
            master=lambda _: node,
            healthy=lambda: bool(server.admin(node).ping()),
        )
        with _started(server):
            yield server


@contextlib.contextmanager
def sentinel() -> Iterator[RedisServer]:
    """A master, its replica and three Sentinels, which have a password of their own; TLS between all."""
    with _folder() as folder:
        made = certificates.make(folder)
        tls = {**_tls(made), "port": 0, "tls-auth-clients": "optional", "tls-replication": "yes"}
        master, replica, *watching = free_ports(5)
        common = {**tls, "user": _users(RULES), "masteruser": "admin", "masterauth": ADMIN_PASSWORD}
        following = {"replicaof": f"127.0.0.1 {master}", "repl-diskless-sync-delay": 0}
        servers = [
            Node(folder, "a", master, {**common, "tls-port": master}),
            Node(folder, "b", replica, {**common, **following, "tls-port": replica}),
        ]
        watch = {
            **tls,
            "sentinel": [
                f"monitor {MASTER} 127.0.0.1 {master} 2",
                f"auth-user {MASTER} admin",
                f"auth-pass {MASTER} {ADMIN_PASSWORD}",
                f"down-after-milliseconds {MASTER} 2000",
                f"failover-timeout {MASTER} 5000",
                "sentinel-pass watcher",
            ],
            "requirepass": "watcher",
        }
        watchers = [
            Node(folder, f"s{number}", port, {**watch, "tls-port": port}, sentinel=True)
            for number, port in enumerate(watching)
        ]

        def asked(watcher: Node) -> redis.Redis:
            return redis.Redis(
                "127.0.0.1", watcher.port, password="watcher", decode_responses=True, protocol=2, **server.tls
            )

        def current(_: str) -> Node:
            for watcher in watchers:
                with contextlib.suppress(redis.RedisError):
                    _, port = asked(watcher).execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER)
                    return next(node for node in servers if node.port == int(port))
            raise AssertionError("no Sentinel answers")

        def healthy() -> bool:
            told = [asked(watcher).sentinel_masters()[MASTER] for watcher in watchers]
            replicas = asked(watchers[0]).sentinel_slaves(MASTER)
            linked = [one for one in replicas if one["master-link-status"] == "ok" and not one["is_sdown"]]
            return all(one["num-other-sentinels"] == 2 for one in told) and bool(linked)

        at = ",".join(f"127.0.0.1:{watcher.port}" for watcher in watchers)
        server = RedisServer(
            f"rediss+sentinel://{USER}:{_quoted(PASSWORD)}@{at}/{MASTER}",
            Options(ca_file=str(made.authority), sentinel_password="watcher"),
            [*servers, *watchers],
            master=current,
            healthy=healthy,
            tls={"ssl": True, "ssl_ca_certs": str(made.authority)},
        )
        with _started(server):
            yield server


@contextlib.contextmanager
def cluster() -> Iterator[RedisServer]:
    """Three masters, each with a replica; TLS between all."""
    with _folder() as folder:
        made = certificates.make(folder)
        ports = free_ports(12)
        common = {
            "user": _users(f"{RULES} {CLUSTER_RULES}"),
            "masteruser": "admin",
            "masterauth": ADMIN_PASSWORD,
            "cluster-enabled": "yes",
            "cluster-node-timeout": 15_000,
            "cluster-replica-validity-factor": 0,
            "repl-diskless-sync-delay": 0,
            **_tls(made),
            "tls-auth-clients": "optional",
            "tls-cluster": "yes",
            "tls-replication": "yes",
        }
        nodes = [
            Node(folder, f"n{number}", port, {**common, "port": 0, "tls-port": port, "cluster-port": bus})
            for number, (port, bus) in enumerate(zip(ports[:6], ports[6:], strict=True))
        ]

        def lines() -> list[list[str]]:
            """Of ``CLUSTER NODES``: id, address, flags, master, …, link, slots."""
            for node in nodes:
                with contextlib.suppress(redis.RedisError):
                    told: str = server.admin(node).execute_command("CLUSTER", "NODES")
                    return [line.split() for line in told.splitlines()]
            raise AssertionError("no node answers")

        def serving(prefix: str) -> Node:
            alive = next(node for node in nodes if node.process is not None and node.process.poll() is None)
            slot = int(server.admin(alive).execute_command("CLUSTER", "KEYSLOT", f"{{{prefix}}}"))
            for _, address, flags, *_, in_state, slots in (
                (*line[:8], [_range(one) for one in line[8:]]) for line in lines()
            ):
                if "fail" not in flags and in_state == "connected" and any(slot in one for one in slots):
                    port = int(address.partition("@")[0].rpartition(":")[2])
                    return next(node for node in nodes if node.port == port)
            raise redis.ConnectionError("nobody serves it")

        def healthy() -> bool:
            told = [server.admin(node).execute_command("CLUSTER", "INFO") for node in nodes]
            roles = [server.admin(node).info("replication") for node in nodes]
            following = [one for one in roles if one["role"] == "slave" and one["master_link_status"] == "up"]
            agreed = all("cluster_state:ok" in one and "cluster_known_nodes:6" in one for one in told)
            return agreed and len(following) == 3

        server = RedisServer(
            f"rediss+cluster://{USER}:{_quoted(PASSWORD)}@127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}",
            Options(ca_file=str(made.authority)),
            nodes,
            master=serving,
            healthy=healthy,
            tls={"ssl": True, "ssl_ca_certs": str(made.authority)},
        )
        with _started(server, lambda: _join(ports[:6], server, made)):
            yield server


def _join(ports: list[int], server: RedisServer, made: certificates.Certificates) -> None:
    wait_until(lambda: all(server.admin(node).ping() for node in server.nodes))
    program = shutil.which("redis-cli") or missing("redis-cli (Debian: apt install redis-tools)")
    command = [program, "--user", "admin", "--pass", ADMIN_PASSWORD, "--no-auth-warning"]
    command += ["--tls", "--cacert", str(made.authority), "--cluster", "create"]
    command += [*(f"127.0.0.1:{port}" for port in ports), "--cluster-replicas", "1", "--cluster-yes"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS_MAX, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    server.wait_healthy()
    for node in server.nodes:  # only now: on a busy machine joining takes longer than a dead master may
        server.admin(node).config_set("cluster-node-timeout", 2000)


def _range(slots: str) -> range:
    first, _, last = slots.partition("-")
    return range(int(first), int(last or first) + 1)


@contextlib.contextmanager
def _started(server: RedisServer, join: Callable[[], None] = lambda: None) -> Iterator[None]:
    try:
        for node in server.nodes:
            node.start()
        join()
        server.wait_healthy()
        yield
    finally:
        for node in server.nodes:
            if node.process is not None:
                node.signal(signal.SIGCONT)
                node.kill()


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="procession-redis-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tls(made: certificates.Certificates) -> dict[str, Any]:
    return {"tls-cert-file": made.server, "tls-key-file": made.server_key, "tls-ca-cert-file": made.authority}


def _users(rules: str) -> list[str]:
    return ["default off", f"admin on >{ADMIN_PASSWORD} ~* &* +@all", f"{USER} on >{PASSWORD} {rules}"]


def _quoted(text: str) -> str:
    return quote(text, safe="")
