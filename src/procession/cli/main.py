"""The program. A command's module is loaded when it is asked for, so that ``procession --help`` answers at once.

Stdout is data, stderr is progress and errors. Exit codes: 0 done; 1 something went wrong on our side; 2 a file or an
argument was refused (the other files were still done); 3 the server could not be reached, or said "later"; 130 Ctrl-C.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from procession import __version__

HELP = "Wedding suppliers' PDF forms and contracts become reviewable digital forms and data."
EPILOG = (
    "Exit codes: 0 done, 1 something went wrong on our side, 2 a file or an argument was refused (the others were "
    "still done), 3 the server could not be reached or said later, 130 interrupted."
)

COMMANDS: dict[str, tuple[str, str]] = {
    "analyze": ("analyze", "Analyse PDFs on this machine: no server, no set-up."),
    "fill": ("fill", "Write answers into a PDF on this machine."),
    "up": ("up", "Run everything on this machine: upload pages, API, workers."),
    "api": ("roles", "Serve pages and API beside other processes, on PostgreSQL."),
    "worker": ("roles", "Claim and analyse beside other processes, on PostgreSQL."),
    "maintenance": ("roles", "Rescue, ring, prune, count and send webhooks, on PostgreSQL."),
    "costs": ("roles", "Tell Prometheus what AI cost, on PostgreSQL."),
    "submit": ("remote", "Send PDFs to a server."),
    "list": ("remote", "Analyses of a server, newest first."),
    "show": ("remote", "One analysis."),
    "cancel": ("remote", "Stop an analysis."),
    "retry": ("remote", "Try a failed analysis again."),
    "queue": ("queue", "Look at a server's queue and steer it."),
    "webhook": ("webhook", "Tell other systems of changes: addresses, secrets, what was sent."),
    "model": ("model", "Versions of models: which reads what, on trial or live."),
    "cost": ("cost", "What a server's work cost, and its limits."),
    "migrate": ("migrate", "Bring the database to this version's schema."),
    "dev": ("dev", "An AI provider to test with."),
    "doctor": ("doctor", "Is this machine ready to run Procession?"),
    "config": ("config", "Settings."),
    "objects": ("objects", "Lifecycle rules for the bucket that keeps the objects."),
}
"""Command -> module of this package whose ``register(app)`` adds it, and its line in the list of commands."""

ASK_DATABASE = ("doctor", "migrate")
"""Commands that open the database for one answer."""


def program(modules: Sequence[str]) -> typer.Typer:
    """The program with the commands of ``modules`` only."""
    app = typer.Typer(
        help=HELP,
        epilog=EPILOG,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_options)
    for module in dict.fromkeys(modules):
        importlib.import_module(f"procession.cli.{module}").register(app)
    return app


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"procession {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """Options before the command."""


def _overview() -> typer.Typer:
    """All commands by name and line, none of them loaded."""
    app = program([])
    for name, (_, line) in COMMANDS.items():
        app.command(name, help=line)(lambda: None)
    return app


def __getattr__(name: str) -> Any:
    """``app``: the whole program, for those who list its commands."""
    if name != "app":
        raise AttributeError(name)
    return program([module for module, _ in COMMANDS.values()])


def main() -> None:
    asked = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    if asked in ASK_DATABASE:
        # they say themselves what they met; what the store logs meanwhile would stand in the middle of the answer
        importlib.import_module("procession.telemetry.logs").configure("text", "error")
    app = program([COMMANDS[asked][0]]) if asked in COMMANDS else _overview()
    app()
