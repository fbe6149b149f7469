"""``procession cost …``: what a server's work cost, its limits, and what they decided.

Exit codes: 0 done, 2 refused, 3 the server could not be reached or said "later".
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.table import Column, Table

from procession.cli import cost_replay
from procession.cli.remote import ApiKey, AsJson, Screen, Server, asking
from procession.client.costs import AiCall, Budget, CostReport
from procession.client.protocol import DEFAULT_SERVER
from procession.domain.billing import EVERYONE, Period
from procession.domain.errors import EXIT_INPUT
from procession.domain.usage import TokenKind

CENTS = Decimal("0.0001")
Moment = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], help="UTC, down to the hour."),
]
OnlyTenant = Annotated[str | None, typer.Option("--tenant", help="Only this tenant's; needs an operator's key.")]
OnlyRegion = Annotated[str | None, typer.Option("--region", help="Only this region's.")]


class Group(StrEnum):
    DAY = "day"
    HOUR = "hour"
    TENANT = "tenant"
    REGION = "region"
    PROVIDER = "provider"
    MODEL = "model"
    TIER = "tier"
    PURPOSE = "purpose"


def report(
    since: Moment = None,
    until: Moment = None,
    by: Annotated[list[Group] | None, typer.Option("--by", help="Group by this; may be given several times.")] = None,
    tenant: OnlyTenant = None,
    region: OnlyRegion = None,
    analysis: Annotated[
        str | None, typer.Option(metavar="ID", help="The full cost of this analysis instead, line by line.")
    ] = None,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """What AI cost, from the ledger, and what else was used; the last 30 days unless said otherwise."""
    if analysis is not None:
        _analysis(analysis, as_json, server, api_key)
        return
    screen = Screen.make()
    groups = [one.value for one in by or [Group.DAY, Group.MODEL]]
    with asking(server, api_key) as client:
        found = client.costs(since=_utc(since), until=_utc(until), group_by=groups, tenant=tenant, region=region)
    if as_json:
        screen.data(found)
        return
    table = _table(*groups, "calls", "tokens in", "cached", "out", "list", "cost")
    for row in found.rows:
        keys = [str(getattr(row, name)) for name in groups]
        tokens = row.tokens
        counts = (row.calls, tokens.input + tokens.image + tokens.written, tokens.cached, tokens.output)
        table.add_row(*keys, *(f"{count:,}" for count in counts), dollars(row.list_cost), dollars(row.cost))
    screen.out.print(table if found.rows else "No call to an AI provider was settled in this time.")
    _rest(screen, found)


def _rest(screen: Screen, found: CostReport) -> None:
    told = [f"AI {dollars(found.total.cost)}, {dollars(found.total.list_cost)} by list price"]
    told += [f"{line.what} {dollars(line.cost)}" for line in found.resources]
    if found.idle is not None:
        told.append(f"apart from these, {found.idle.what} {dollars(found.idle.cost)}")
    screen.out.print("; ".join(told), markup=False)
    if found.in_flight.calls:
        screen.out.print(f"Set aside for {found.in_flight.calls} calls: {dollars(found.in_flight.set_aside)}")
    if found.unknown.calls:
        aside = dollars(found.unknown.set_aside)
        screen.out.print(f"Nobody knows what became of {found.unknown.calls} calls, up to {aside}: cost reconcile")


def _analysis(analysis_id: str, as_json: bool, server: str, api_key: str | None) -> None:
    screen = Screen.make()
    with asking(server, api_key) as client:
        found = client.analysis_costs(analysis_id)
    if as_json:
        screen.data(found)
        return
    table = _table("", "quantity", "unit", "price", "cost")
    for line in found.lines:
        table.add_row(line.what, line.quantity, line.unit, line.unit_price or "", f"${line.cost}")
    screen.out.print(table if found.lines else "Nothing that has a price was used for it.")
    aside = f", {dollars(found.set_aside)} set aside" if Decimal(found.set_aside) else ""
    screen.out.print(f"total ${found.total}{aside}", markup=False)


def budget(
    tenant: Annotated[str | None, typer.Argument(help="Whose: a tenant, or `all` for all together.")] = None,
    period: Annotated[Period, typer.Option(help="The time it is for (UTC).")] = Period.MONTH,
    limit: Annotated[str | None, typer.Option(metavar="DOLLARS", help="Set it: such as 25 or 12.50.")] = None,
    warn: Annotated[str, typer.Option(metavar="PERCENT|never", help="Past this part it is told.")] = "80",
    degrade: Annotated[
        str, typer.Option(metavar="PERCENT|never", help="Past this part only the cheapest route is taken.")
    ] = "never",
    stop: Annotated[str, typer.Option(metavar="PERCENT|never", help="Past this part no call is made.")] = "100",
    remove: Annotated[bool, typer.Option("--remove", help="Take it away; the settings' holds again.")] = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Show budgets with what was spent, or set one or take it away with an operator's key."""
    if (limit is not None or remove) and tenant is None:
        _refuse("Say whose budget: a tenant, or `all` for all together.")
    if limit is not None and remove:
        _refuse("Either --limit or --remove.")
    whose = EVERYONE if tenant == "all" else tenant
    screen = Screen.make()
    with asking(server, api_key) as client:
        if remove:
            assert whose is not None
            client.remove_budget(whose, period)
            if not as_json:
                screen.out.print("Removed.")
            return
        if limit is not None:
            assert whose is not None
            parts = {f"{name}_percent": _percent(value) for name, value in _parts(warn, degrade, stop)}
            found = [client.set_budget(whose, period, limit, **parts)]
        else:
            found = [one for one in client.budgets() if whose in (None, one.tenant)]
    if as_json:
        for one in found:
            screen.data(one)
        return
    screen.out.print(_budgets(found) if found else "No budget is set: nothing limits what AI costs.")


def _parts(warn: str, degrade: str, stop: str) -> list[tuple[str, str]]:
    return [("warn", warn), ("degrade", degrade), ("stop", stop)]


def _percent(text: str) -> int | None:
    if text.lower() == "never":
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 1000):
        _refuse(f"A percentage is a whole number from 1 to 1000, or `never`, not {text!r}.")
    return int(text)


def _budgets(found: list[Budget]) -> Table:
    table = _table("budget", "period", "limit", "spent", "set aside", "left", "now", "set by")
    for one in found:
        whose = "all tenants" if one.tenant == EVERYONE else one.tenant
        amounts = [dollars(amount) for amount in (one.limit, one.spent, one.set_aside, one.left)]
        table.add_row(whose, one.period, *amounts, one.state, one.changed_by or "settings")
    return table


def decisions(
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """What budgets and spikes did, newest first, with the reason."""
    screen = Screen.make()
    told = 0
    with asking(server, api_key) as client:
        for _, one in zip(range(limit), client.cost_decisions(), strict=False):
            told += 1
            if as_json:
                screen.data(one)
                continue
            until = "" if one.until is None else f", until {one.until:%Y-%m-%d %H:%M}"
            calls = f", {one.calls} calls" if one.cause == "budget" else ""
            screen.out.print(f"{one.decided_at:%Y-%m-%d %H:%M}  {one.action}{until}{calls}: {one.reason}", markup=False)
    if not told and not as_json:
        screen.out.print("Nothing was decided in the last 90 days.")


def export(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the table; `-` is stdout.")],
    since: Moment = None,
    until: Moment = None,
    tenant: OnlyTenant = None,
    region: OnlyRegion = None,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Write the costs as a CSV in the columns of FOCUS 1.2, one line for each hour and kind of work."""
    screen = Screen.make()
    with asking(server, api_key) as client:
        content = client.costs_csv(since=_utc(since), until=_utc(until), tenant=tenant, region=region)
    if str(out) == "-":
        typer.echo(content, nl=False)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        _refuse(f"{out} cannot be written: {error.strerror or error}.")
    lines = content.count(b"\r\n") - 1
    screen.err.print(f"{lines} lines in {out}", markup=False)


def reconcile(
    call: Annotated[str | None, typer.Argument(metavar="CALL", help="Its id; none: show all unknown calls.")] = None,
    not_billed: Annotated[bool, typer.Option("--not-billed", help="The provider did not bill it.")] = False,
    tokens: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=N", help="Tokens billed: input, cached, written, image, output."),
    ] = None,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Calls that may have been billed, nobody knows: show them, ask the provider about one, or say it yourself."""
    screen = Screen.make()
    billed = dict(_kind(one) for one in tokens or [])
    if (billed or not_billed) and call is None:
        _refuse("Name the call.")
    if billed and not_billed:
        _refuse("Either --tokens or --not-billed.")
    with asking(server, api_key) as client:
        if call is not None:
            found = [client.reconcile(call, billed or None, ask=not (billed or not_billed))]
        else:
            found = list(client.unknown_calls().items)
    for one in found:
        if as_json:
            screen.data(one)
    if not as_json:
        screen.out.print(_calls(found) if found else "No call is unknown.")


def _kind(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if name not in set(TokenKind) or not (number.isascii() and number.isdigit()):
        _refuse(f"--tokens: one of {', '.join(TokenKind)} and a number, such as input=1200, not {text!r}.")
    return name, int(number)


def _calls(found: list[AiCall]) -> Table:
    table = _table("call", "status", "provider", "model", "tier", "since", "set aside", "cost", "why")
    for one in found:
        table.add_row(
            *(one.id, one.status, one.provider, one.model, one.tier, f"{one.reserved_at:%Y-%m-%d %H:%M}"),
            *(dollars(one.set_aside), dollars(one.cost), one.reason or ""),
        )
    return table


def dollars(text: str) -> str:
    """To a hundredth of a cent; ``--json`` has it exactly."""
    amount = f"{Decimal(text).quantize(CENTS):f}"
    return "$" + (amount[:-2] if amount.endswith("00") else amount)


def _table(*heads: str) -> Table:
    return Table(*(Column(head, overflow="fold") for head in heads), box=None, pad_edge=False)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _refuse(message: str) -> NoReturn:
    Screen.make().complain(message)
    raise typer.Exit(EXIT_INPUT)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    cost = typer.Typer(help="What a server's work cost, and its limits.", no_args_is_help=True)
    cost.command(short_help="What AI cost, and what else was used.")(report)
    cost.command(short_help="Show, set or remove limits.")(budget)
    cost.command(short_help="What budgets and spikes did, and why.")(decisions)
    cost.command(short_help="Write a table that tools for bills read.")(export)
    cost.command(short_help="Calls that may have been billed.")(reconcile)
    cost.command(short_help="Measure what each optimisation saves.")(cost_replay.replay)
    app.add_typer(cost, name="cost")
