"""``procession config show``: every setting, its value and where it came from."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Column, Table

from procession.domain.errors import InvalidRequest
from procession.settings import PLAIN_NAMES, Settings, config_file, load

SECRET_PARTS = ("api_keys", "database_url", "database.replica_url", "keys_url", "redis_url", "blobs_url")
"""Never printed whole: digests of keys, and URLs that may carry passwords."""


def show(as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False) -> None:
    """All settings with their values and sources. Exit code 2 when they are not valid."""
    try:
        settings = load()
    except InvalidRequest as error:
        Console(stderr=True, highlight=False).print(error.message, style="red", markup=False)
        raise typer.Exit(error.exit_code) from None
    rows = list(described(settings, os.environ))
    if as_json:
        told = {name: {"value": value, "source": source} for name, value, source in rows}
        typer.echo(json.dumps(told, indent=2))
        return
    table = Table("setting", Column("value", overflow="fold"), "from", box=None, pad_edge=False)
    for name, value, source in rows:
        table.add_row(name, json.dumps(value), source)
    Console(highlight=False).print(table)


def described(settings: Settings, environ: Mapping[str, str]) -> Iterator[tuple[str, Any, str]]:
    """(dotted name, JSON-ready value, source) of every setting; source is ``environment``, the file or ``default``."""
    path = config_file(environ)
    in_file = tomllib.loads(path.read_text()) if path.is_file() else {}
    given = {name.upper() for name, value in environ.items() if value}
    for name, value in _flat(settings):
        variable = "PROCESSION_" + name.replace(".", "__").upper()
        parents = {variable.rsplit("__", depth)[0] for depth in range(variable.count("__") + 1)}
        if parents & given:
            source = "environment"
        elif _has(in_file, name.split(".")):
            source = str(path)
        elif PLAIN_NAMES.get(name) in given:
            source = f"environment ({PLAIN_NAMES[name]})"
        else:
            source = "default"
        yield name, _shown(name, value), source


def _flat(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _has(table: Any, parts: list[str]) -> bool:
    for part in parts:
        if not isinstance(table, Mapping) or part not in table:
            return False
        table = table[part]
    return True


def _shown(name: str, value: Any) -> Any:
    if name == "api_keys":
        return [f"{key.name} ({key.tenant})" for key in value]
    if name in SECRET_PARTS and isinstance(value, str) and "@" in value:
        scheme, _, rest = value.partition("://")
        return f"{scheme}://***@{rest.rpartition('@')[2]}"
    if isinstance(value, Mapping):
        return {str(key): one for key, one in value.items()}
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def register(app: typer.Typer) -> None:
    config = typer.Typer(help="Settings.", no_args_is_help=True)
    config.command("show")(show)
    app.add_typer(config, name="config")
