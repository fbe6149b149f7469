"""Commands over a server's webhooks: create, list, change, delete, rotate, test, deliveries, retry."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.table import Table

from procession.cli.remote import ApiKey, AsJson, Screen, Server, age, asking
from procession.client import Webhook, WebhookDelivery
from procession.client.protocol import DEFAULT_SERVER
from procession.domain.errors import EXIT_INPUT, EXIT_OK
from procession.domain.webhook import DeliveryState

Id = Annotated[str, typer.Argument(metavar="ID", help="As `webhook list` shows it.")]
Events = Annotated[
    list[str] | None, typer.Option("--event", help="A type it is told of, such as analysis.completed; repeatable.")
]
LOOK_SECONDS = 0.3
"""Between two looks whether a test has ended."""


def create(
    url: Annotated[str, typer.Argument(metavar="URL", help="https://HOST/PATH that is told.")],
    event: Events = None,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Let an address be told of what happens from now on. Its secret is shown this once."""
    screen = Screen.make()
    with asking(server, api_key) as client:
        made = client.create_webhook(url, event or ())
    _tell(screen, made, as_json)


def list_webhooks(as_json: AsJson = False, server: Server = DEFAULT_SERVER, api_key: ApiKey = None) -> None:
    """Webhooks and how each fares, newest first."""
    screen = Screen.make()
    table = Table("id", "address", "events", "state", box=None, pad_edge=False)
    with asking(server, api_key) as client:
        for one in client.webhooks():
            if as_json:
                screen.data(one)
            else:
                table.add_row(one.id, one.url, str(len(one.events)), _state(one))
    if not as_json:
        screen.out.print(table if table.row_count else "No webhooks. Make one with `procession webhook create URL`.")


def change(
    webhook_id: Id,
    url: Annotated[str | None, typer.Option("--url", help="Another address.")] = None,
    event: Events = None,
    enable: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether anything is sent to it.", show_default=False)
    ] = None,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Another address, other events, disabled or enabled. What is not said stays."""
    screen = Screen.make()
    named = {"url": url, "events": event or None, "enabled": enable}
    changes = {name: value for name, value in named.items() if value is not None}
    if not changes:
        screen.complain("Say what to change: --url, --event, --enable or --disable.")
        raise typer.Exit(EXIT_INPUT)
    with asking(server, api_key) as client:
        changed = client.change_webhook(client.webhook(webhook_id), **changes)
    _tell(screen, changed, as_json)


def delete(webhook_id: Id, server: Server = DEFAULT_SERVER, api_key: ApiKey = None) -> None:
    """Delete a webhook, its secret and the list of what was sent to it."""
    with asking(server, api_key) as client:
        client.delete_webhook(webhook_id)
    Screen.make().err.print(f"{webhook_id} is deleted.", markup=False)


def rotate(
    webhook_id: Id,
    overlap: Annotated[
        float | None, typer.Option("--overlap-hours", min=0, help="How long the old secret signs too; default 24.")
    ] = None,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """A new secret, shown this once."""
    screen = Screen.make()
    with asking(server, api_key) as client:
        made = client.rotate_webhook_secret(webhook_id, overlap)
    _tell(screen, made, as_json)


def send_test(
    webhook_id: Id,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for the answer.")] = 30.0,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Send it a webhook.test and say what came back; exit code 2 when it was not delivered."""
    screen = Screen.make()
    with asking(server, api_key) as client:
        found = client.test_webhook(webhook_id)
        ends = time.monotonic() + timeout
        while found.status == DeliveryState.WAITING and time.monotonic() < ends:
            time.sleep(LOOK_SECONDS)
            found = client.webhook_delivery(webhook_id, found.id)
    _tell_delivery(screen, found, as_json)
    raise typer.Exit(EXIT_OK if found.status == DeliveryState.DELIVERED else EXIT_INPUT)


def deliveries(
    webhook_id: Id,
    status: Annotated[list[DeliveryState] | None, typer.Option(help="Only these; repeatable.")] = None,
    event: Annotated[str | None, typer.Option("--event", help="Only this type.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """What was sent to a webhook, newest first, and why it failed."""
    screen = Screen.make()
    table = Table("id", "event", "of", "status", "attempts", "answer", "age", box=None, pad_edge=False)
    with asking(server, api_key) as client:
        states = [one.value for one in status or ()]
        found = client.webhook_deliveries(webhook_id, status=states, event_type=event)
        for _, one in zip(range(limit), found, strict=False):
            if as_json:
                screen.data(one)
            else:
                cells = (one.id, one.event_type, one.resource_id, one.status.replace("_", " "), str(one.attempts))
                table.add_row(*cells, _answer(one), age(one.created_at))
    if not as_json:
        screen.out.print(table if table.row_count else "Nothing was sent.")


def retry(
    webhook_id: Id,
    delivery_id: Annotated[str, typer.Argument(metavar="DELIVERY", help="As `webhook deliveries` shows it.")],
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Send one again now, with the same id; attempts are counted anew."""
    screen = Screen.make()
    with asking(server, api_key) as client:
        found = client.retry_webhook_delivery(webhook_id, delivery_id)
    _tell_delivery(screen, found, as_json)


def _state(one: Webhook) -> str:
    if not one.enabled:
        return f"disabled: {(one.disabled_reason or '').replace('_', ' ')}"
    return f"fails, {one.failures} in a row" if one.failures else "enabled"


def _answer(one: WebhookDelivery) -> str:
    told = [*([] if one.response_code is None else [str(one.response_code)]), *([one.error] if one.error else [])]
    return " ".join(told).replace("_", " ")


def _tell(screen: Screen, one: Webhook, as_json: bool) -> None:
    if as_json:
        screen.data(one)
        return
    screen.out.print(f"{one.id}  {one.url}  {_state(one)}", markup=False, soft_wrap=True)
    if one.secret is not None:
        screen.out.print(f"secret: {one.secret}", markup=False, soft_wrap=True)
        screen.err.print("Keep the secret now: it is not shown again.", markup=False)


def _tell_delivery(screen: Screen, one: WebhookDelivery, as_json: bool) -> None:
    if as_json:
        screen.data(one)
        return
    screen.out.print(
        f"{one.id}  {one.event_type}  {one.status.replace('_', ' ')}  {_answer(one)}".rstrip(),
        markup=False,
        soft_wrap=True,
    )


def register(app: typer.Typer) -> None:
    """Add `webhook …` to the program."""
    group = typer.Typer(
        help="Addresses that are told of changes.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
    )
    group.command()(create)
    group.command("list")(list_webhooks)
    group.command()(change)
    group.command()(delete)
    group.command()(rotate)
    group.command("test")(send_test)
    group.command()(deliveries)
    group.command()(retry)
    app.add_typer(group, name="webhook")
