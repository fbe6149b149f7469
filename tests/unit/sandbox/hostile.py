"""Verbs of a child that was taken over: each tries something a document must never achieve, and tells what happened."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

from procession.domain.analysis import Progress, Stage
from procession.domain.errors import PasswordProtected
from procession.sandbox import confine
from procession.sandbox.child import Answer, Channel, Request, answer
from procession.sandbox.frames import encode_json


def attempt(what: Any) -> str:
    try:
        return f"did it: {what()!r}"[:200]
    except OSError as error:
        return type(error).__name__


def echo(request: Request, channel: Channel) -> Answer:
    return {"arguments": request.arguments, "bytes": [len(blob) for blob in request.blobs]}, None


def powers(request: Request, channel: Channel) -> Answer:
    """What each forbidden thing answered."""
    libc = ctypes.CDLL(None, use_errno=True)
    target = request.arguments["folder"]

    def ptrace() -> str:
        if libc.ptrace(16, os.getppid(), 0, 0) < 0:  # PTRACE_ATTACH
            raise OSError(ctypes.get_errno(), "refused")
        return "attached"

    tried = {
        "network": lambda: socket.create_connection(("127.0.0.1", request.arguments["port"]), timeout=1),
        "unix socket": lambda: socket.socket(socket.AF_UNIX),
        "write": lambda: Path(target, "written").write_text("x"),
        "append": lambda: os.open(Path(target, "there"), os.O_WRONLY | os.O_APPEND),
        "delete": lambda: Path(target, "there").unlink(),
        "rename": lambda: Path(target, "there").rename(Path(target, "moved")),
        "folder": lambda: Path(target, "new").mkdir(),
        "read a stranger's file": lambda: Path(target, "there").read_text(),
        "read the parent's environment": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
        "list processes": lambda: os.listdir("/proc"),
        "execute": lambda: os.execv("/bin/true", ["/bin/true"]),
        "fork": lambda: os.fork(),
        "kill the parent": lambda: os.kill(os.getppid(), signal.SIGKILL),
        "kill everybody": lambda: os.kill(-1, signal.SIGKILL),
        "limits of the parent": lambda: __import__("resource").prlimit(os.getppid(), 0),
        "ptrace": ptrace,
        "memfd": lambda: os.memfd_create("x"),
        "pidfd": lambda: os.pidfd_open(os.getppid()),
        "another user": lambda: os.setuid(12345),
    }
    return {name: attempt(one) for name, one in tried.items()}, None


def threads(request: Request, channel: Channel) -> Answer:
    """What starting a thread answered."""

    def start() -> None:
        one = threading.Thread(target=lambda: None)
        one.start()
        one.join()

    try:
        start()
    except (OSError, RuntimeError) as error:
        return type(error).__name__, None
    return "done", None


def belongings(request: Request, channel: Channel) -> Answer:
    """What a child finds of the service: environment, descriptors, threads."""
    fds = []
    for fd in range(64):
        with contextlib.suppress(OSError):
            os.fstat(fd)
            fds.append(fd)
    return {"environment": dict(os.environ), "descriptors": fds}, None


def late(request: Request, channel: Channel) -> Answer:
    """A library that loads one of its modules when it first needs it."""
    import importlib
    import sys

    name = "wave"
    assert name not in sys.modules
    return importlib.import_module(name).__name__, None


def spin(request: Request, channel: Channel) -> Answer:
    channel.progress(Progress(Stage.PARSING, 0, 1))
    while True:
        pass


def sleep(request: Request, channel: Channel) -> Answer:
    channel.progress(Progress(Stage.PARSING, 0, 1))
    while True:
        time.sleep(1)


def hoard(request: Request, channel: Channel) -> Answer:
    held = []
    while True:
        held.append(bytearray(8 * 1024 * 1024))


def hoard_in_c(request: Request, channel: Channel) -> Answer:
    """Memory that no Python notices, until a failed allocation is written to."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while True:
        at = libc.malloc(ctypes.c_size_t(8 * 1024 * 1024))
        ctypes.memset(at or 0, 1, 8 * 1024 * 1024)


def objects(request: Request, channel: Channel) -> Answer:
    held: list[Any] = []
    while True:
        held = [held, {len(held): held}]


def recurse(request: Request, channel: Channel) -> Answer:
    return recurse(request, channel)


def crash(request: Request, channel: Channel) -> Answer:
    ctypes.string_at(0)
    return {}, None


def abort(request: Request, channel: Channel) -> Answer:
    os.abort()


def leave(request: Request, channel: Channel) -> Answer:
    os._exit(3)


def flood(request: Request, channel: Channel) -> Answer:
    return "x" * 10_000_000, None


def chatter(request: Request, channel: Channel) -> Answer:
    while True:
        channel.progress(Progress(Stage.PARSING, 1, 1))


def raw(request: Request, channel: Channel) -> Answer:
    """Says exactly these bytes and ends."""
    channel._sock.sendall(bytes.fromhex(request.arguments["hex"]))
    os._exit(0)


def locked(request: Request, channel: Channel) -> Answer:
    raise PasswordProtected


def stumble(request: Request, channel: Channel) -> Answer:
    raise KeyError("a couple's secret")


def memory_with_ocr(request: Request, channel: Channel) -> Answer:
    """Whether so many bytes can be had before and after a scanned page was met."""
    size = request.arguments["bytes"]

    def has() -> bool:
        try:
            return len(bytearray(size)) == size
        except MemoryError:
            return False

    before = has()
    channel.progress(Progress(Stage.RECOGNITION, 0, 1))
    return {"before": before, "after": has()}, None


def curious(request: Request, channel: Channel) -> Answer:
    """Asks for approved forms as often as told."""
    found = [channel.lookup(request.arguments["sketch"]) for _ in range(request.arguments["times"])]
    return [[one.id for one in some] for some in found], None


def deaf(request: Request, channel: Channel) -> Answer:
    """Asks, and never listens."""
    channel._sock.sendall(encode_json({"type": "lookup", "sketch": [1] * 32}))
    while True:
        time.sleep(1)


def fill(request: Request, channel: Channel) -> Answer:
    """What a copy with answers must not be; which, the first field's label says."""
    match request.arguments["fields"][0]["label"]:
        case "no pdf":
            return {"notes": [], "pages_appended": 0}, b"<html>"
        case "too many notes":
            return {"notes": ["x"] * 51, "pages_appended": 0}, b"%PDF-1.7"
        case "no notes":
            return {"notes": None, "pages_appended": -1}, b"%PDF-1.7"
        case _:
            return {"notes": ["a\x1b[31m\u202eb"], "pages_appended": 0}, b"%PDF-1.7"


VERBS = {
    one.__name__: one
    for one in (
        *(echo, powers, belongings, spin, sleep, hoard, hoard_in_c, objects, recurse, crash, abort, leave, flood),
        *(late, chatter, raw, locked, stumble, memory_with_ocr, threads, curious, deaf, fill),
    )
}


def warm_up() -> None:
    """Nothing to load."""


def run(sock: socket.socket, confinement: confine.Confinement) -> None:
    answer(sock, confinement, VERBS)
