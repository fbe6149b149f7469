"""``procession migrate``: bring the database's schema to this version's.

Exit codes: 0 the schema is this version's (or a newer one it works with), 1 migrations wait (``--check`` only) or
something went wrong, 2 a setting was refused, 3 the database cannot be reached or was written by a newer version.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from procession.domain.errors import EXIT_INTERNAL, ProcessionError


def migrate(
    data: Annotated[Path | None, typer.Option("--data", help="Folder of the database, for SQLite.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit code 1 when migrations wait.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """List the migrations the database has not seen, and run them, all or none. Safe to repeat."""
    from procession import settings as known
    from procession import wiring
    from procession.store import schema

    screen = Console(stderr=True, highlight=False)
    try:
        settings = known.load(**({} if data is None else {"data": data}))
        store = wiring.database(settings)
        waiting = store.inspect(schema.pending)
        if waiting and not check:
            store.migrate()
        at = store.inspect(schema.current)
    except ProcessionError as error:
        screen.print(error.message, style="red", markup=False, soft_wrap=True)
        raise typer.Exit(error.exit_code) from None
    if as_json:
        pending = [{"revision": one.revision, "description": one.description} for one in waiting]
        typer.echo(json.dumps({"schema": at, "applied": not check, "migrations": pending}))
    else:
        for one in waiting:
            typer.echo(f"{one.revision}  {one.description}")
    done = "waiting" if check else "run"
    screen.print(f"{len(waiting)} migrations {done}; the schema is at {at or 'nothing yet'}.", markup=False)
    if check and waiting:
        raise typer.Exit(EXIT_INTERNAL)


def register(app: typer.Typer) -> None:
    app.command()(migrate)
