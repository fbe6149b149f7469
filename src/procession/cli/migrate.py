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
    screen.print(_said(len(waiting), check, at), markup=False, soft_wrap=True)
    if check and waiting:
        raise typer.Exit(EXIT_INTERNAL)


def _said(count: int, check: bool, at: str | None) -> str:
    if count == 0:
        return f"Nothing to migrate: the schema is at {at}."
    number = "1 migration" if count == 1 else f"{count} migrations"
    if not check:
        return f"{number} run; the schema is at {at}."
    place = f"the schema is at {at}" if at else "there is no schema yet"
    return f"{number} waiting; {place}. `procession migrate` runs {'it' if count == 1 else 'them'}."


def register(app: typer.Typer) -> None:
    app.command()(migrate)
