"""``procession up``: everything on one machine, in one process and its sandbox's children."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from procession.cli.serving import listening, locked, reload_on_hangup, settle, stop_signals, until_stopped, url_of
from procession.domain.errors import InvalidRequest, ProcessionError

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
    with (
        locked(wiring.prepared(settings.data), alone=True),
        listening(settings.http.host, settings.http.port) as listener,
    ):
        asyncio.run(_serve(settings, lambda: known.load(**overrides), listener, screen))


async def _serve(settings: Any, load: Callable[[], Any], listener: socket.socket, screen: Console) -> None:
    from procession import wiring
    from procession.http.app import create_app
    from procession.http.serve import Server

    stop = stop_signals()
    application = wiring.build(settings)
    try:
        await application.start()
        reload_on_hangup(application, load)
        settle()
        server = Server(create_app(application), settings)
        _say_ready(screen, settings, listener, application)
        await until_stopped(application, server, listener, stop, screen)
    finally:
        await application.stop()


def _say_ready(screen: Console, settings: Any, listener: socket.socket, application: Any) -> None:
    typer.echo(url_of(settings.http.host, listener))
    screen.print(f"Procession is ready: {application.capacity.slots} at once, data in {settings.data}.", markup=False)
    if missing := application.sandbox.missing():
        screen.print(f"This system lacks sandbox protections: {', '.join(missing)}.", style="yellow", markup=False)
