"""``procession cost replay``: stored documents are asked about again, with and without each optimisation.

Exit codes: 0 measured; 2 nothing is recorded, or something was refused; 3 the database or the objects cannot be used.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from procession.cli.serving import locked
from procession.domain.errors import InvalidRequest, ProcessionError
from procession.domain.usage import Money

DOCUMENTS = 20
DOCUMENTS_MAX = 500
SPEND_MAX = "1"
"""Dollars of one replay, unless said otherwise."""


def replay(
    documents: Annotated[
        int, typer.Option(min=1, max=DOCUMENTS_MAX, help="The last so many that a provider was asked about.")
    ] = DOCUMENTS,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Measure this one; may be given several times.")
    ] = None,
    provider: Annotated[str | None, typer.Option(help="As in `ai.providers`; default: the cheapest.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's documents.")] = None,
    spend_max: Annotated[str, typer.Option("--spend-max", metavar="USD", help="Make no call that could pass this.")] = (
        SPEND_MAX
    ),
    data: Annotated[Path | None, typer.Option("--data", help="Data folder, as the server's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, amounts as text.")] = False,
) -> None:
    """Ask again about stored documents, with each optimisation and without it: what it saves, as settled.

    Its calls cost money. Runs with the server's settings: beside it on PostgreSQL, on one machine while `procession up`
    is stopped.
    """
    screen = Console(stderr=True, highlight=False)
    try:
        most = Money.parse(spend_max)
        if most.amount <= 0:
            raise ValueError
    except ValueError:
        screen.print(f"--spend-max: dollars, such as 0.50, not {spend_max!r}.", style="red", markup=False)
        raise typer.Exit(InvalidRequest.exit_code) from None
    try:
        found = _run(data, {"count": documents, "only": only or (), "provider": provider, "tenant": tenant}, most)
    except ProcessionError as error:
        screen.print(error.message, style="red", markup=False, soft_wrap=True)
        raise typer.Exit(error.exit_code) from None
    if as_json:
        typer.echo(json.dumps(_told(found)))
        return
    Console(highlight=False).print(_table(found))
    stopped = f" It stopped early: {found.stopped}." if found.stopped else ""
    aside = f", {found.set_aside} dollars set aside for calls nobody knows the bill of" if found.set_aside else ""
    asked = f"{found.documents} documents, {found.calls} calls to {found.provider}"
    screen.print(
        f"{asked}, {found.spent} dollars spent{aside}.{stopped}",
        markup=False,
        soft_wrap=True,
    )


def _run(data: Path | None, options: dict[str, Any], most: Money) -> Any:
    # imported here: `procession --help` need not load the server
    from procession import settings as known
    from procession import wiring
    from procession.telemetry import logs

    settings = known.load(**({} if data is None else {"data": data}))
    logs.configure(settings.log_format, settings.log_level)

    async def measured() -> Any:
        process = wiring.Replaying(settings)
        try:
            await process.start()
            providers = wiring.ai_providers(settings)
            try:
                return await process.replays.run(providers, spend_max=most, **options)
            finally:
                for one in providers.values():
                    await one.close()
        finally:
            await process.stop()

    with locked(wiring.prepared(settings.data), alone=settings.database_url is None):
        return asyncio.run(measured())


def _told(found: Any) -> dict[str, Any]:
    rows = [{name: _plain(value) for name, value in asdict(row).items()} for row in found.rows]
    names = ("provider", "documents", "calls", "stopped")
    amounts = {"spent": str(found.spent), "set_aside": str(found.set_aside)}
    return {name: getattr(found, name) for name in names} | amounts | {"currency": "USD", "optimisations": rows}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):  # money
        return str(Money(**value))
    return f"{value:f}" if isinstance(value, Decimal) else value


def _table(found: Any) -> Table:
    heads = ("optimisation", "documents", "without", "with", "saving", "agreement", "verdict")
    table = Table(*(Column(head, overflow="fold") for head in heads), box=None, pad_edge=False)
    for row in found.rows:
        share = [("" if one is None else f"{100 * one:.1f}%") for one in (row.saving, row.agreement)]
        verdict = f"{row.verdict} ({row.reason})" if row.reason else row.verdict.value
        costs = [f"${one}" for one in (row.cost_without, row.cost_with)] if row.documents else ["", ""]
        table.add_row(row.optimisation, str(row.documents), *costs, *share, verdict)
    return table
