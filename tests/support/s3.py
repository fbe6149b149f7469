"""A real S3 server of the tests' own: Debian's radosgw over one monitor and one storage daemon in a passing folder.

About 200 MB of memory and a second to start. The storage daemon keeps objects in memory: nothing here is to last.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import obstore
from obstore.store import S3Store

from procession.blobs.s3 import S3Options
from tests.support.certificates import Certificates, make
from tests.support.needs import missing

PROGRAMS = ("ceph-authtool", "ceph-mon", "ceph-osd", "ceph", "monmaptool", "radosgw", "radosgw-admin")
START_SECONDS_MAX = 60
ACCESS_KEY, SECRET_KEY = "procession-test", "procession-secret"
REGION = "us-east-1"
_PR_SET_PDEATHSIG = 1


@dataclass
class S3Server:
    """``endpoint`` speaks S3 under ``ACCESS_KEY``, and so does ``tls_endpoint``, by a certificate of ``ca_file``."""

    endpoint: str
    tls_endpoint: str
    ca_file: Path
    folder: Path
    processes: list[subprocess.Popen[bytes]]
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def bucket(self) -> str:
        """The name of a new, empty bucket."""
        name = f"test-{next(self._numbers)}"
        url = obstore.sign(self.client(name), "PUT", "", timedelta(seconds=60))
        httpx.put(url, trust_env=False).raise_for_status()
        return name

    def options(self, **changes: object) -> S3Options:
        """How to reach a new bucket of it."""
        known: dict[str, object] = {
            "endpoint": self.endpoint,
            "region": REGION,
            "access_key_id": ACCESS_KEY,
            "secret_access_key": SECRET_KEY,
            "allow_http": True,
            **changes,
        }
        return S3Options(bucket=str(known.pop("bucket", None) or self.bucket()), **known)  # type: ignore[arg-type]

    def client(self, bucket: str) -> S3Store:
        """Past our own code, for looking at what it wrote."""
        return S3Store(
            bucket,
            endpoint=self.endpoint,
            region=REGION,
            access_key_id=ACCESS_KEY,
            secret_access_key=SECRET_KEY,
            client_options={"allow_http": True},
        )

    def requests(self, bucket: str) -> list[str]:
        """The request lines that asked for anything in, or of, the bucket."""
        lines = (self.folder / "client.admin.log").read_text(errors="replace").splitlines()
        said = [line.split('"')[1] for line in lines if " beast: " in line and '"' in line]
        return [one for one in said if f" /{bucket}" in one]

    def keys(self, bucket: str) -> list[str]:
        """What is in the bucket."""
        return sorted(one["path"] for page in obstore.list(self.client(bucket)) for one in page)


@contextlib.contextmanager
def running() -> Iterator[S3Server]:
    """A started server."""
    if lacking := [name for name in PROGRAMS if shutil.which(name) is None]:
        missing(f"{', '.join(lacking)} (Debian: apt install radosgw ceph-mon ceph-osd)")
    folder = Path(tempfile.mkdtemp(prefix="procession-s3-"))
    processes: list[subprocess.Popen[bytes]] = []
    try:
        certificates = make(folder)
        port, tls_port = _configure(folder, certificates)
        server = S3Server(
            f"http://127.0.0.1:{port}", f"https://127.0.0.1:{tls_port}", certificates.authority, folder, processes
        )
        _start(folder, processes)
        _wait(server)
        yield server
    finally:
        for process in reversed(processes):
            process.kill()  # at once: nobody needs these objects again
        for process in processes:
            process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _configure(folder: Path, certificates: Certificates) -> tuple[int, int]:
    """Write ``ceph.conf``; returns the gateway's ports, without and with TLS."""
    monitor, port, tls_port = _free_ports(3)
    listening = (
        f"endpoint=127.0.0.1:{port} ssl_endpoint=127.0.0.1:{tls_port} tcp_nodelay=1 "
        f"ssl_certificate={certificates.server} ssl_private_key={certificates.server_key}"
    )
    options = {
        "fsid": uuid.uuid4(),
        "mon host": f"v2:127.0.0.1:{monitor}",
        "mon initial members": "a",
        "public network": "127.0.0.0/8",
        "ms bind msgr1": "false",
        "auth cluster required": "cephx",
        "auth service required": "cephx",
        "auth client required": "cephx",
        "keyring": folder / "keyring",
        "run dir": folder,
        "admin socket": "",
        "pid file": "",
        "log file": folder / "$name.log",
        "mon cluster log file": folder / "cluster.log",
        "mon data": folder / "mon",
        "mon data avail crit": 0,
        "mon data avail warn": 0,
        "mon allow pool size one": "true",
        "mon max pg per osd": 1000,
        "paxos propose interval": 0.02,
        "paxos min wait": 0.005,
        "osd data": folder / "osd",
        "osd objectstore": "memstore",
        "memstore device bytes": 64 * 2**30,
        "osd pool default size": 1,
        "osd pool default min size": 1,
        "osd pool default pg num": 4,
        "osd pool default pgp num": 4,
        "osd pool default pg autoscale mode": "off",
        "osd crush chooseleaf type": 0,
        "rgw frontends": f"beast {listening}",
        "rgw thread pool size": 32,
        "rgw override bucket index max shards": 16,
        "rgw dynamic resharding": "false",
        "rgw enable usage log": "false",
        "debug rgw": "1/1",  # one line for each request
        **{f"debug {part}": "0/0" for part in ("mon", "osd", "ms", "paxos", "memdb", "rocksdb")},
    }
    (folder / "ceph.conf").write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in options.items()))
    for name in ("mon", "osd"):
        (folder / name).mkdir()
    _run(folder, "monmaptool", "--create", "--fsid", str(options["fsid"]), "--addv", "a", f"[{options['mon host']}]")
    return port, tls_port


def _start(folder: Path, processes: list[subprocess.Popen[bytes]]) -> None:
    osd = str(uuid.uuid4())
    _run(folder, "ceph-mon", "--mkfs", "-i", "a", "--monmap", str(folder / "monmap"), "--keyring", _keyring(folder))
    processes.append(_daemon(folder, "ceph-mon", "-f", "-i", "a"))
    _run(folder, "ceph", "osd", "new", osd)
    _run(folder, "ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", osd)
    processes.append(_daemon(folder, "ceph-osd", "-f", "-i", "0"))
    keys = (f"--access-key={ACCESS_KEY}", f"--secret-key={SECRET_KEY}")
    _run(folder, "radosgw-admin", "user", "create", "--uid=procession", "--display-name=Procession", *keys)
    processes.append(_daemon(folder, "radosgw", "-f", "-n", "client.admin"))


def _keyring(folder: Path) -> str:
    """Keys of the three daemons in one file."""
    path = folder / "keyring"
    path.touch(mode=0o600)
    everything, as_osd = ("--cap", "mon", "allow *"), ("--cap", "mon", "allow profile osd")
    storage = ("--cap", "osd", "allow *")
    for name, rights in (
        ("mon.", everything),
        ("client.admin", (*everything, *storage)),
        ("osd.0", (*as_osd, *storage)),
    ):
        _run(folder, "ceph-authtool", str(path), "--gen-key", "-n", name, *rights)
    return str(path)


def _run(folder: Path, program: str, *arguments: str) -> None:
    config = [] if program in ("monmaptool", "ceph-authtool") else ["-c", str(folder / "ceph.conf")]
    more = [str(folder / "monmap")] if program == "monmaptool" else []
    done = subprocess.run(
        [program, *config, *arguments, *more], capture_output=True, text=True, timeout=START_SECONDS_MAX, cwd=folder
    )
    assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"


def _daemon(folder: Path, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    with (folder / f"{program}.out").open("wb") as out:
        return subprocess.Popen(
            [program, "-c", str(folder / "ceph.conf"), *arguments],
            cwd=folder,
            stdout=out,
            stderr=out,
            preexec_fn=_die_with_parent,
        )


def _wait(server: S3Server) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            httpx.get(server.endpoint, trust_env=False)
        except httpx.TransportError:
            if any(process.poll() is not None for process in server.processes) or time.monotonic() > deadline:
                logs = [path.read_text(errors="replace")[-2000:] for path in server.folder.glob("*.out")]
                raise RuntimeError("\n".join(logs)) from None
            time.sleep(0.05)
        else:
            return


def _die_with_parent() -> None:
    """A killed test run leaves no server behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]
