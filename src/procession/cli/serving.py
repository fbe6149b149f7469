"""What every server command does: hold the data folder, listen, say it is ready, stop on a signal."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog
from rich.console import Console

from procession.domain.errors import ProcessionError, Unavailable

if TYPE_CHECKING:
    from procession.settings import Settings
    from procession.wiring import Process

LOCK_FILE = "procession.lock"

log = structlog.get_logger(__name__)


class Serving(Protocol):
    """``http.serve.Server`` or what is like it."""

    should_exit: bool

    async def run_until_stopped(self, sockets: list[socket.socket]) -> None: ...


@contextlib.contextmanager
def locked(folder: Path, *, alone: bool) -> Iterator[None]:
    """The folder is this process' until it ends, however it ends: ``alone``, or beside others that share it.

    Raises Unavailable when somebody holds it otherwise.
    """
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError:
            raise Unavailable(_taken(folder, alone)) from None
        yield
    finally:
        os.close(descriptor)


def _taken(folder: Path, alone: bool) -> str:
    if alone:
        return (
            f"Another `procession up` runs on {folder}, or a role such as `procession worker`. "
            "Stop it, or give another folder with --data."
        )
    return f"`procession up` runs on {folder} and shares it with nobody. Stop it, or give another folder with --data."


@contextlib.contextmanager
def listening(host: str, port: int, option: str = "--port") -> Iterator[socket.socket]:
    """Bound before anything starts: a taken port is said at once, and early requests wait instead of failing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise Unavailable(f"Cannot listen on {host}:{port}: {why}. Give another one with {option}.") from None
    with listener:
        yield listener


def url_of(host: str, listener: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"


def stop_signals() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    return stop


def reload_on_hangup(process: Process, load: Callable[[], Settings]) -> None:
    """SIGHUP reads the settings anew and takes over what may change meanwhile; refused ones change nothing."""

    def reload() -> None:
        try:
            done = process.reconfigure(load())
        except ProcessionError as error:
            log.error("settings.refused", reason=error.message, what="nothing was changed")
            return
        for name, before, after in done.changed:
            log.info("settings.changed", setting=name, before=before, after=after)
        if done.waiting:
            log.warning("settings.need_restart", settings=list(done.waiting))
        if not done.changed and not done.waiting:
            log.info("settings.unchanged")

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)


def settle() -> None:
    """What is loaded now stays: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


def farewell(busy: int, seconds: float) -> str:
    """What a process that stops says: how many analyses still run and how long they may, in seconds."""
    if busy == 0:
        return "Stopping."
    running = "1 running analysis" if busy == 1 else f"{busy} running analyses"
    return f"Stopping: {running} may finish for {seconds:g} s; the rest is given back and costs no attempt."


async def until_stopped(
    process: Process, server: Serving, listener: socket.socket, stop: asyncio.Event, screen: Console
) -> None:
    """Serve until a signal, or until the server ends by itself; then drain. The caller stops the process."""
    serving = asyncio.create_task(server.run_until_stopped([listener]))
    await asyncio.wait({serving, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    screen.print(farewell(process.capacity.busy, process.foundation.settings.worker.drain_seconds), style="dim")
    server.should_exit = True
    await asyncio.gather(serving, process.stop_working())
