"""Commands over a server's queue: show, dead, pause, resume, drain, cap, prioritize, revive, bury.

What changes work needs an operator's key. Changes in bulk ask first, unless ``--yes``; each request changes a bounded
number, so that one which was interrupted goes on where it stopped when the command is given again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer
from rich.table import Table

from procession.cli.remote import ApiKey, AsJson, Screen, Server, age, asking
from procession.client import BulkChange, ClassControls, Client, DeadLetter, Queue, TenantControls
from procession.client.models import QueueClass, QueueTenant
from procession.client.protocol import DEFAULT_SERVER
from procession.domain.analysis import Priority
from procession.domain.errors import EXIT_INPUT, EXIT_INTERRUPTED

Class = Annotated[Priority | None, typer.Option("--priority", help="The class.")]
Tenant = Annotated[str | None, typer.Option("--tenant", help="The tenant.")]
Code = Annotated[str | None, typer.Option("--code", help="Only those that failed with this problem code.")]
OnlyClass = Annotated[Priority | None, typer.Option("--priority", help="Only this class.")]
OnlyTenant = Annotated[str | None, typer.Option("--tenant", help="Only this tenant.")]
Older = Annotated[float | None, typer.Option("--older-than", min=0, help="Only those that failed so many hours ago.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="As `queue dead` and `list` show them.")]
All = Annotated[bool, typer.Option("--all", help="All dead letters that the options match.")]
HOUR = 3600
ASKED_AT_ONCE = 500
"""Ids of one request."""


def show_queue(as_json: AsJson = False, server: Server = DEFAULT_SERVER, api_key: ApiKey = None) -> None:
    """What is waiting and running by priority, to operators also by tenant, and how busy the workers are."""
    screen = Screen.make()
    with asking(server, api_key) as client:
        queue = client.queue()
    if as_json:
        screen.data(queue)
        return
    asks = any(one.awaiting_ai for one in queue.classes)
    table = _table("priority", *_counted(asks), "oldest", "objective", "")
    for one in queue.classes:
        objective = "" if one.objective_seconds is None else _seconds(one.objective_seconds)
        counts = _counts(one, asks)
        table.add_row(
            one.priority, *counts, _seconds(one.oldest_ready_seconds), objective, _marks(one.paused, one.late_seconds)
        )
    screen.out.print(table)
    slots = f"{queue.workers.busy} of {queue.workers.total} slots busy"
    if queue.workers.total == 0:
        slots = "No worker runs: uploads are taken and wait until one is started"
    screen.out.print(f"{slots}, {queue.waiting} waiting")
    if queue.tenants:
        screen.out.print()
        screen.out.print(_tenants(queue, asks))
    if queue.processes:
        screen.out.print()
    for worker in queue.processes:
        state = "stopping" if worker.stopping else "drains, claims nothing more" if worker.drain_requested else "works"
        busy = f"{worker.busy} of {worker.slots} slots busy"
        screen.out.print(f"{worker.role} {worker.id} on {worker.host}: {busy}, {state}", markup=False)
    if queue.dead_letters:
        told = ", ".join(f"{one.count} {one.code}" for one in queue.dead_letters)
        screen.out.print(f"\nFailed for good: {told}. `procession queue dead` lists them.", markup=False)


def _counted(asks: bool) -> tuple[str, ...]:
    """Heads of the counts; waiting for AI only where there is any."""
    return ("ready", "deferred", "running", *(("waiting for AI",) if asks else ()))


def _counts(one: QueueClass | QueueTenant, asks: bool) -> tuple[str, ...]:
    return tuple(map(str, (one.ready, one.deferred, one.running, *((one.awaiting_ai,) if asks else ()))))


def _tenants(queue: Queue, asks: bool) -> Table:
    table = _table("tenant", *_counted(asks), "oldest", "runs at most", "waits at most", "")
    for one in queue.tenants:
        oldest = max((part.oldest_ready_seconds or 0.0 for part in one.classes), default=0.0)
        late = max((part.late_seconds or 0.0 for part in one.classes), default=0.0)
        caps = (one.controls.running_max, one.controls.waiting_max)
        table.add_row(
            one.controls.tenant,
            *_counts(one, asks),
            _seconds(oldest) if one.ready else "",
            *("" if cap is None else str(cap) for cap in caps),
            _marks(one.controls.paused, late or None),
        )
    if queue.tenants_count > len(queue.tenants):
        table.caption = f"and {queue.tenants_count - len(queue.tenants)} more tenants with less waiting"
    return table


def _table(*heads: str) -> Table:
    return Table(*heads, box=None, pad_edge=False)


def _marks(paused: bool, late: float | None) -> str:
    return ", ".join([*(["paused"] if paused else []), *([] if late is None else [f"late by {_seconds(late)}"])])


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.0f} s"


def show_dead(
    code: Code = None,
    priority: OnlyClass = None,
    tenant: OnlyTenant = None,
    older: Older = None,
    buried: Annotated[bool, typer.Option("--buried", help="Those that were buried, instead.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Dead letters: analyses that failed for good, newest first."""
    screen = Screen.make()
    table = _table("id", "tenant", "priority", "code", "attempts", "failed")
    with asking(server, api_key) as client:
        seconds = None if older is None else older * HOUR
        found = client.dead_letters(code=code, priority=priority, tenant=tenant, older_seconds=seconds, buried=buried)
        for _, one in zip(range(limit), found, strict=False):
            if as_json:
                screen.data(one)
            else:
                table.add_row(*_dead_row(one))
    if not as_json:
        screen.out.print(table if table.row_count else "No dead letters.")


def _dead_row(one: DeadLetter) -> tuple[str, ...]:
    return one.id, one.tenant, one.priority, one.code, str(one.attempts), f"{age(one.failed_at)} ago"


def pause(
    priority: Class = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Start nothing more of a class or a tenant. What runs goes on; uploads are taken and wait."""
    _check_one(priority, tenant)
    with asking(server, api_key) as client:
        _told(client.pause(priority=priority, tenant=tenant), as_json)


def resume(
    priority: Class = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Start work of a paused class or tenant again."""
    _check_one(priority, tenant)
    with asking(server, api_key) as client:
        _told(client.resume(priority=priority, tenant=tenant), as_json)


def _check_one(priority: Priority | None, tenant: str | None) -> None:
    if (priority is None) == (tenant is None):
        _refuse("Name either a class with --priority, or a tenant with --tenant.")


def drain(
    worker: Annotated[str, typer.Argument(help="As `queue show` tells it.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let it claim again.")] = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Let a worker claim no more from its next heartbeat on. What runs there is finished."""
    with asking(server, api_key) as client:
        now = client.drain(worker, not undo)
    screen = Screen.make()
    if as_json:
        screen.data(now)
    else:
        state = "drains, claims nothing more" if now.drain_requested else "works"
        screen.out.print(f"{now.id}: {state}, {now.busy} of {now.slots} slots busy", markup=False)


def cap(
    tenant: Annotated[str, typer.Argument(help="The tenant.")],
    running: Annotated[str | None, typer.Option(metavar="N|none", help="Analyses of it that may run at once.")] = None,
    waiting: Annotated[
        str | None,
        typer.Option(metavar="N|none", help="Analyses of it that may wait, in place of `queue.waiting_max`."),
    ] = None,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Limit how much of a tenant's work runs at once, and how much may wait. `none` lifts a limit."""
    given = {"running_max": running, "waiting_max": waiting}
    caps = {name: _cap(value) for name, value in given.items() if value is not None}
    if not caps:
        _refuse("Say what to limit with --running or --waiting.")
    with asking(server, api_key) as client:
        _told(client.cap(tenant, **caps), as_json)


def _cap(text: str) -> int | None:
    if text.lower() == "none":
        return None
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        _refuse(f"A cap is a whole number from 1, or `none`, not {text!r}. To stop a tenant's work, pause it.")
    return int(text)


def _told(now: ClassControls | TenantControls, as_json: bool) -> None:
    screen = Screen.make()
    if as_json:
        screen.data(now)
        return
    name = now.priority if isinstance(now, ClassControls) else now.tenant
    caps = [] if isinstance(now, ClassControls) else [("running", now.running_max), ("waiting", now.waiting_max)]
    told = [f"{what} at most {number}" for what, number in caps if number is not None]
    screen.out.print(", ".join([f"{name}: {'paused' if now.paused else 'not paused'}", *told]), markup=False)


def prioritize(
    to: Annotated[Priority, typer.Argument(metavar="PRIORITY", help="The class they move to.")],
    ids: Ids = None,
    batch: Annotated[str | None, typer.Option(help="All that waits of this batch.")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Move waiting analyses to another class; their deadlines move with them."""
    if bool(ids) == (batch is not None):
        _refuse("Name analyses by their ids, or a batch with --batch.")
    with asking(server, api_key) as client:
        if batch is not None:
            _confirm(yes, f"Move everything that waits of {batch} to {to.value}?")
            _bulk(client.prioritize_batch(to, batch), "moved", as_json)
        else:
            _bulk((client.prioritize(to, some) for some in _parts(ids or [])), "moved", as_json, ids or ())


def revive(
    ids: Ids = None,
    everything: All = False,
    code: Code = None,
    priority: OnlyClass = None,
    tenant: OnlyTenant = None,
    older: Older = None,
    buried: Annotated[bool, typer.Option("--buried", help="With --all: those that were buried.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Let dead letters wait again, attempts and deadlines counted from now: these, or with --all what matches."""
    with asking(server, api_key) as client:
        _change(client, "revive", ids, everything, code, priority, tenant, older, buried, yes, as_json)


def bury(
    ids: Ids = None,
    everything: All = False,
    code: Code = None,
    priority: OnlyClass = None,
    tenant: OnlyTenant = None,
    older: Older = None,
    yes: Yes = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Acknowledge that dead letters are not tried again: these, or with --all what matches. The record keeps them."""
    with asking(server, api_key) as client:
        _change(client, "bury", ids, everything, code, priority, tenant, older, False, yes, as_json)


def _change(
    client: Client,
    action: str,
    ids: list[str] | None,
    everything: bool,
    code: str | None,
    priority: Priority | None,
    tenant: str | None,
    older: float | None,
    buried: bool,
    yes: bool,
    as_json: bool,
) -> None:
    past = "revived" if action == "revive" else "buried"
    seconds = None if older is None else older * HOUR
    chosen = any(one is not None for one in (code, priority, tenant, older)) or buried
    if bool(ids) == everything or (ids and chosen):
        _refuse("Name dead letters by their ids, or say --all, with options that choose among them if you like.")
    if ids:
        call = client.revive if action == "revive" else client.bury
        _bulk((call(some) for some in _parts(ids)), past, as_json, ids)
        return
    named = {"code": code, "class": priority, "tenant": tenant, "hours ago, or more:": older}
    which = [f"{name} {value}" for name, value in named.items() if value is not None] + ["buried"] * buried
    _confirm(yes, f"{action.capitalize()} all dead letters" + (f" ({', '.join(which)})?" if which else "?"))
    found = client.change_all(action, code=code, priority=priority, tenant=tenant, older_seconds=seconds, buried=buried)
    _bulk(found, past, as_json)


def _parts(ids: list[str]) -> list[list[str]]:
    return [ids[start : start + ASKED_AT_ONCE] for start in range(0, len(ids), ASKED_AT_ONCE)]


def _bulk(changes: Iterable[BulkChange], past: str, as_json: bool, named: Sequence[str] = ()) -> None:
    """Tells each request's part as it is done, so that an interruption leaves no doubt; in the end what stayed."""
    screen, total, left = Screen.make(), 0, dict.fromkeys(named)
    for one in changes:
        total += one.changed
        for changed in one.ids:
            left.pop(changed, None)
        if as_json:
            screen.data(one)
        elif one.next_cursor is not None:
            screen.err.print(f"{total} {past} so far", markup=False)
    if not as_json:
        screen.out.print(f"{total} {past}", markup=False)
    if left:
        fitting = "waiting analysis of another class" if past == "moved" else "dead letter that could be " + past
        screen.complain(f"Not {past}, as there is no such {fitting}: {', '.join(left)}.")


def _confirm(yes: bool, question: str) -> None:
    if yes:
        return
    try:
        agreed, code = typer.confirm(question, err=True), EXIT_INPUT
    except typer.Abort as error:
        agreed, code = False, EXIT_INTERRUPTED if isinstance(error.__context__, KeyboardInterrupt) else EXIT_INPUT
        typer.echo(err=True)
    if not agreed:
        Screen.make().complain("Nothing was changed. Answer `y`, or say --yes where nobody can answer.")
        raise typer.Exit(code)


def _refuse(message: str) -> None:
    Screen.make().complain(message)
    raise typer.Exit(EXIT_INPUT)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    queue = typer.Typer(help="Look at a server's queue and steer it.", no_args_is_help=True)
    # shortened by hand: a list of commands has one line for each
    queue.command("show", short_help="What waits and runs, what is paused or late.")(show_queue)
    queue.command("dead", short_help="What failed for good, newest first.")(show_dead)
    queue.command(short_help="Start nothing more of a class or a tenant.")(pause)
    queue.command(short_help="Start it again.")(resume)
    queue.command(short_help="Let a worker claim no more.")(drain)
    queue.command(short_help="Limit what of a tenant runs and waits.")(cap)
    queue.command(short_help="Move waiting work to another class.")(prioritize)
    queue.command(short_help="Let what failed for good wait again.")(revive)
    queue.command(short_help="Take what failed for good off the list.")(bury)
    app.add_typer(queue, name="queue")
