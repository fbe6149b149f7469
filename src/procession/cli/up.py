"""``procession up``: everything on one machine, in one process and its sandbox's children."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from procession.domain.errors import InvalidRequest, ProcessionError, Unavailable

LOCK_FILE = "procession.lock"
WORKERS_MAX = 256


def register(app: typer.Typer) -> None:
    app.command()(up)


def up(
    data: Annotated[Path | None, typer.Option(help="Folder of the database, objects and keys.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. Other than loopback needs api_keys.")] = None,
    workers: Annotated[str, typer.Option(help="Documents analysed at once, or `auto`: one per core.")] = "auto",
) -> None:
    """Start everything on this machine. Stops cleanly on Ctrl-C or SIGTERM; `kill -9` loses nothing acknowledged."""
    screen = Console(stderr=True, highlight=False)
    try:
        _run(_overrides(data, port, host, workers), screen)
    except ProcessionError as error:
        screen.print(error.message, style="red", markup=False, soft_wrap=True)
        raise typer.Exit(error.exit_code) from None


def _overrides(data: Path | None, port: int | None, host: str | None, workers: str) -> dict[str, Any]:
    """Only what was given: the rest comes from environment and file. Raises InvalidRequest."""
    given: dict[str, Any] = {}
    if data is not None:
        given["data"] = data
    listen = {name: value for name, value in (("port", port), ("host", host)) if value is not None}
    if listen:
        given["http"] = listen
    if workers != "auto":
        if not workers.isdecimal() or not 1 <= int(workers) <= WORKERS_MAX:
            raise InvalidRequest(f"--workers: `auto` or a number from 1 to {WORKERS_MAX}.")
        given["worker"] = {"slots": int(workers)}
    return given


def _run(overrides: dict[str, Any], screen: Console) -> None:
    # imported here: `procession --help` need not load the server
    from procession import settings as known
    from procession import wiring
    from procession.http.auth import require_safe_address
    from procession.telemetry import logs

    settings = known.load(**overrides)
    logs.configure(settings.log_format, settings.log_level)
    require_safe_address(settings)
    with locked(wiring.prepared(settings.data)), _listening(settings.http.host, settings.http.port) as listener:
        asyncio.run(_serve(settings, listener, screen))


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder is this process' alone until it ends, however it ends. Raises Unavailable when it is another's."""
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unavailable(
                f"Another `procession up` runs on {folder}. Stop it, or give another folder with --data."
            ) from None
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Bound before anything starts: a taken port is said at once, and early requests wait instead of failing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise Unavailable(f"Cannot listen on {host}:{port}: {why}. Give another one with --port.") from None
    with listener:
        yield listener


async def _serve(settings: Any, listener: socket.socket, screen: Console) -> None:
    from procession import wiring
    from procession.http.app import create_app
    from procession.http.serve import Server

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    application = wiring.build(settings)
    try:
        await application.start()
        gc.collect()
        gc.freeze()  # what is loaded now stays: the collector need not look at it again and again
        server = Server(create_app(application), settings)
        serving = asyncio.create_task(server.run_until_stopped([listener]))
        _say_ready(screen, settings, listener, application)
        await asyncio.wait({serving, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
        screen.print("Stopping: running analyses may finish.", style="dim")
        server.should_exit = True
        await asyncio.gather(serving, application.worker.stop())
    finally:
        await application.stop()


def _say_ready(screen: Console, settings: Any, listener: socket.socket, application: Any) -> None:
    host, port = settings.http.host, listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"http://{shown}:{port}")
    screen.print(f"Procession is ready: {application.capacity.slots} at once, data in {settings.data}.", markup=False)
    if missing := application.sandbox.missing():
        screen.print(f"This system lacks sandbox protections: {', '.join(missing)}.", style="yellow", markup=False)
