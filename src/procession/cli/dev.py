"""``procession dev fake-ai``: an AI provider on this machine that costs nothing and fails when told to."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from procession.cli.serving import listening, stop_signals, url_of
from procession.domain.errors import InvalidRequest, ProcessionError

if TYPE_CHECKING:
    from procession.ai.fake.provider import FakeProvider


def fake_ai(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8090,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    seed: Annotated[
        int | None, typer.Option(help="For faults and wrong answers; the same seed, the same ones.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file: models, prices, limits, faults.")] = None,
    truth: Annotated[Path | None, typer.Option(help="JSON file of right answers, by document and field.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Once ready, one JSON object on stdout: url, pid.")] = False,
) -> None:
    """Answer as an OpenAI-compatible provider, without a model: count, bill, and fail when told to.

    It reads the lines a prompt holds, or a truth file, and has a meter that is its own bill. Exit codes: 0 stopped; 1
    our side; 2 an option or a file was refused; 3 the port cannot be used.
    """
    screen = Console(stderr=True, highlight=False)
    try:
        provider = _provider(seed, config, truth)
        with listening(host, port) as listener:
            asyncio.run(_serve(provider, listener, url_of(host, listener), screen, as_json))
    except ProcessionError as error:
        screen.print(error.message, style="red", markup=False, soft_wrap=True)
        raise typer.Exit(error.exit_code) from None


def _provider(seed: int | None, config: Path | None, truth: Path | None) -> FakeProvider:
    from procession.ai.fake.config import load  # only here: it loads the web server
    from procession.ai.fake.provider import FakeProvider
    from procession.ai.fake.truth import Truth

    try:
        known = None if truth is None else Truth.load(truth)
    except OSError as error:
        raise InvalidRequest(f"{truth} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise InvalidRequest(f"{truth}: {error}.") from None
    return FakeProvider(load(config, seed=seed), known)


async def _serve(provider: FakeProvider, listener: socket.socket, url: str, screen: Console, as_json: bool) -> None:
    from procession.ai.fake.serve import Server

    stop = stop_signals()
    server = Server(provider)
    serving = asyncio.create_task(server.run_until_stopped([listener]))
    typer.echo(json.dumps({"url": url, "pid": os.getpid()}) if as_json else url)
    if not as_json:
        names = ", ".join(model.name for model in provider.catalogue.models)
        screen.print(f"Fake AI provider is ready: base URL {url}/v1, any key, models {names}.", markup=False)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    stopping.cancel()
    await serving


def register(app: typer.Typer) -> None:
    dev = typer.Typer(help="For trying out and testing Procession.", no_args_is_help=True)
    dev.command("fake-ai")(fake_ai)
    dev.callback()(_only)
    app.add_typer(dev, name="dev")


def _only() -> None:
    """For trying out and testing Procession."""
