"""``procession api``, ``worker``, ``maintenance``: one process each, any number of them on one PostgreSQL.

Exit codes: 0 stopped in order; 1 something went wrong on our side; 2 a setting was refused, such as SQLite, which one
process writes; 3 the database, the objects or the port cannot be used, or the database's schema does not fit.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from procession.cli.serving import listening, locked, reload_on_hangup, settle, stop_signals, until_stopped, url_of
from procession.cli.up import WORKERS_MAX
from procession.domain.errors import ProcessionError

COSTS_PORT = 8080
"""Where `procession costs` answers when nobody says otherwise."""
Data = Annotated[Path | None, typer.Option(help="Folder of the objects and keys, shared by the roles of a machine.")]
AsJson = Annotated[bool, typer.Option("--json", help="Once ready, one JSON object on stdout: role, url, pid, worker.")]


def api(
    data: Data = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. Other than loopback needs api_keys.")] = None,
    as_json: AsJson = False,
) -> None:
    """Serve pages and API beside other processes; workers analyse. Needs PostgreSQL.

    On SIGTERM requests are answered to their end. Exit codes: 0 stopped; 1 our side; 2 a setting was refused; 3 the
    database, objects or port cannot be used.
    """
    _start("api", {"data": data, "http": {"port": port, "host": host}}, as_json)


def worker(
    slots: Annotated[
        int | None, typer.Option(min=1, max=WORKERS_MAX, help="Documents analysed at once; default: one per core.")
    ] = None,
    data: Data = None,
    port: Annotated[int | None, typer.Option(help="Port of /livez, /readyz, /metrics; 0 takes a free one.")] = None,
    host: Annotated[str | None, typer.Option(help="Address of that port.")] = None,
    as_json: AsJson = False,
) -> None:
    """Claim and analyse beside other processes. Needs PostgreSQL.

    On SIGTERM running analyses may finish for worker.drain_seconds; the rest is given back and costs no attempt. Exit
    codes: 0 stopped; 1 our side; 2 a setting was refused; 3 the database, objects or port cannot be used.
    """
    _start("worker", {"data": data, "worker": {"slots": slots}, "probes": {"port": port, "host": host}}, as_json)


def maintenance(
    data: Data = None,
    port: Annotated[int | None, typer.Option(help="Port of /livez, /readyz, /metrics; 0 takes a free one.")] = None,
    host: Annotated[str | None, typer.Option(help="Address of that port.")] = None,
    as_json: AsJson = False,
) -> None:
    """Rescue what killed workers left, ring, prune, count. Needs PostgreSQL; run two, so that one may fail.

    Exit codes: 0 stopped; 1 our side; 2 a setting was refused; 3 the database, objects or port cannot be used.
    """
    _start("maintenance", {"data": data, "probes": {"port": port, "host": host}}, as_json)


def costs(
    data: Data = None,
    port: Annotated[
        int | None, typer.Option(help="Port of /metrics, /livez, /readyz; default 8080, 0 takes a free one.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address of that port.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell Prometheus what AI cost, from the ledger, and end stale reservations. Needs PostgreSQL.

    Exit codes: 0 stopped; 1 our side; 2 a setting was refused; 3 the database, objects or port cannot be used.
    """
    _start("costs", {"data": data, "probes": {"port": port, "host": host}}, as_json)


def _start(role: str, options: dict[str, Any], as_json: bool) -> None:
    screen = Console(stderr=True, highlight=False)
    try:
        _run(role, _given(options), as_json, screen)
    except ProcessionError as error:
        screen.print(error.message, style="red", markup=False, soft_wrap=True)
        raise typer.Exit(error.exit_code) from None


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Only what was given: the rest comes from environment and file."""
    found = {name: _given(value) if isinstance(value, dict) else value for name, value in options.items()}
    return {name: value for name, value in found.items() if value is not None and value != {}}


def _run(role: str, overrides: dict[str, Any], as_json: bool, screen: Console) -> None:
    # imported here: `procession --help` need not load the server
    from procession import settings as known
    from procession import wiring
    from procession.http.auth import require_safe_address
    from procession.telemetry import logs

    settings = known.load(**overrides)
    if role == wiring.Role.API:
        require_safe_address(settings)
    at = settings.http if role == wiring.Role.API else settings.probes
    port = COSTS_PORT if role == wiring.Role.COSTS and "port" not in at.model_fields_set else at.port
    wiring.require_shared(settings, role)
    logs.configure(settings.log_format, settings.log_level)
    with locked(wiring.prepared(settings.data), alone=False), listening(at.host, port) as listener:
        asyncio.run(
            _serve(wiring.Role(role), settings, lambda: known.load(**overrides), at.host, listener, as_json, screen)
        )


async def _serve(
    role: Any,
    settings: Any,
    load: Callable[[], Any],
    host: str,
    listener: socket.socket,
    as_json: bool,
    screen: Console,
) -> None:
    from procession import wiring
    from procession.http.app import create_app
    from procession.http.probes import create_probes
    from procession.http.serve import Server
    from procession.telemetry import metrics

    if role is not wiring.Role.MAINTENANCE:
        metrics.leave_out(metrics.OF_ALL)
    if role is not wiring.Role.COSTS:
        metrics.leave_out(metrics.OF_LEDGER)
    stop = stop_signals()
    process = wiring.build_role(settings, role)
    try:
        await process.start()
        reload_on_hangup(process, load)
        settle()
        app = create_app(process) if isinstance(process, wiring.Api) else create_probes(process)
        url = url_of(host, listener)
        told = {"role": role.value, "url": url, "pid": os.getpid(), "worker": process.fleet.id}
        typer.echo(json.dumps(told) if as_json else url)
        screen.print(f"Procession's {role} is ready: {process.fleet.id}.", markup=False)
        if isinstance(process, wiring.Worker | wiring.Api) and (missing := process.sandbox.missing()):
            screen.print(f"This system lacks sandbox protections: {', '.join(missing)}.", style="yellow", markup=False)
        await until_stopped(process, Server(app, settings), listener, stop, screen)
    finally:
        await process.stop()


def register(app: typer.Typer) -> None:
    for command in (api, worker, maintenance, costs):
        app.command()(command)
