"""Commands over versions of models: list, show, register, evaluate, deploy, promote, rollback.."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from procession.cli.remote import ApiKey, AsJson, Screen, Server, age, asking
from procession.client.protocol import DEFAULT_SERVER
from procession.client.registry import Accuracy, EngineModel, ModelDeployment, Models, ModelVersion
from procession.domain.errors import EXIT_INPUT
from procession.domain.model import Purpose

VersionId = Annotated[str, typer.Argument(metavar="VERSION", help="As `model list` and `model register` show it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the journal.")]


def list_models(as_json: AsJson = False, server: Server = DEFAULT_SERVER, api_key: ApiKey = None) -> None:
    """Versions with accuracy, share of the work, cost and latency, their trials, and the engine's own models."""
    screen = Screen.make()
    with asking(server, api_key) as client:
        found = client.models()
    if as_json:
        screen.data(found)
        return
    if found.versions:
        screen.out.print(_versions(found))
    else:
        screen.out.print("No version is registered: AI providers are asked as the settings say.")
    for one in found.deployments:
        screen.out.print(_deployment(one), markup=False, soft_wrap=True)
    for engine in found.engine:
        screen.out.print(_engine(engine), markup=False, soft_wrap=True)


def _versions(found: Models) -> Table:
    heads = ("version", "id", "status", "share", "right (agreement)", "right (reviews)", "a document", "latency")
    table = Table(*heads, box=None, pad_edge=False)
    for one in found.versions:
        table.add_row(
            one.title,
            one.id,
            one.status.replace("_", " "),
            f"{one.share_percent:g} %" if one.share_percent else "",
            _accuracy(one.agreement),
            _accuracy(one.review),
            "" if one.cost_per_document is None else f"${one.cost_per_document}",
            "" if one.latency.typical is None else f"{one.latency.typical:.1f} s",
        )
    return table


def _accuracy(seen: Accuracy) -> str:
    if seen.share is None:
        return ""
    margin = "" if seen.margin is None else f" ± {100 * seen.margin:.1f}"
    return f"{100 * seen.share:.1f}{margin} % of {seen.fields}"


def _deployment(one: ModelDeployment) -> str:
    against = f" against {one.baseline_title}" if one.baseline_title else ""
    state = "on trial" if one.ended_at is None else one.state.replace("_", " ")
    ended = f", {age(one.ended_at)} ago by {one.ended_by}" if one.ended_at is not None else ""
    return f"{one.title} at {one.share_percent:g} %{against}: {state}{ended}. {one.reason or ''}".rstrip()


def _engine(one: EngineModel) -> str:
    whole = "file whole" if one.intact else "FILE IS NOT THE ONE ITS CARD SPEAKS OF"
    figures = "; ".join(
        f"{title} F1 {each['centre_f1']:.3f}" for title, each in one.figures.items() if "centre_f1" in each
    )
    return f"engine, {one.name} pages: {one.version or 'no card'}, {whole}{', ' if figures else ''}{figures}"


def show(version: VersionId, as_json: AsJson = False, server: Server = DEFAULT_SERVER, api_key: ApiKey = None) -> None:
    """One version."""
    with asking(server, api_key) as client:
        _told(client.model(version), as_json)


def _told(one: ModelVersion, as_json: bool) -> None:
    screen = Screen.make()
    if as_json:
        screen.data(one)
        return
    named = f"{one.model} of {one.provider}, prompt {one.prompt_version}"
    share = f", {one.share_percent:g} % of the work" if one.share_percent else ""
    lines = [f"{one.title} ({one.id}): {one.status.replace('_', ' ')}{share}", named]
    for what, seen in (("verified agreement", one.agreement), ("reviewers' corrections", one.review)):
        if seen.share is not None:
            lines.append(f"accuracy by {what}: {_accuracy(seen)} fields in {seen.documents} documents")
    if one.latency.typical is not None:
        lines.append(f"latency: {one.latency.typical:.2f} s typical, {one.latency.calls} calls, {one.failed} failed")
    if one.cost_per_document is not None:
        lines.append(f"cost: ${one.cost_per_document} a document, ${one.cost} in all")
    if one.evaluation is not None:
        passed = "passed" if one.evaluation.get("passed") else "did not pass"
        lines.append(f"golden set: {passed}: {'; '.join(one.evaluation.get('reasons', ()))}")
    screen.out.print("\n".join(lines), markup=False, soft_wrap=True)


def register_version(
    name: Annotated[str, typer.Argument(help="Your name for the model; the same again adds a version.")],
    provider: Annotated[str, typer.Option(help="As in `ai.providers`.")],
    model: Annotated[str, typer.Option(help="As the provider calls it.")],
    prompt: Annotated[str, typer.Option(help="Version of the prompt.")],
    purpose: Annotated[Purpose, typer.Option(help="What it is for.")] = Purpose.EXTRACTION,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Add a version of a provider's model. It gets no work until it is deployed."""
    with asking(server, api_key) as client:
        _told(client.register_model(name, provider, model, prompt, purpose.value), as_json)


def evaluate(
    version: VersionId, as_json: AsJson = False, server: Server = DEFAULT_SERVER, api_key: ApiKey = None
) -> None:
    """Let a version read the golden set, and the live one beside it. Exit code 2 when it does not pass."""
    screen = Screen.make()
    screen.err.print("Reading the golden set; this takes up to some minutes and costs what its calls cost.")
    with asking(server, api_key) as client:
        found = client.evaluate_model(version)
    _told(found, as_json)
    if not (found.evaluation or {}).get("passed"):
        raise typer.Exit(EXIT_INPUT)


def deploy(
    version: VersionId,
    share: Annotated[
        float, typer.Option(min=0.1, max=100, help="Percent of the work; 100 makes it live at once.")
    ] = 20.0,
    promotes: Annotated[
        bool, typer.Option("--promote", help="Let it become live on its own when it proves itself.")
    ] = False,
    force: Annotated[
        str | None, typer.Option(metavar="WHY", help="Without an evaluation that passed; say why.")
    ] = None,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Give a version a share of the work. One that is worse than the live version is rolled back on its own."""
    with asking(server, api_key) as client:
        made = client.deploy_model(version, share, promotes=promotes, force=force)
    screen = Screen.make()
    screen.data(made) if as_json else screen.out.print(_deployment(made), markup=False, soft_wrap=True)


def promote(
    version: VersionId,
    reason: Reason = "",
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Make a version on trial live."""
    with asking(server, api_key) as client:
        _told(client.promote_model(version, reason), as_json)


def rollback(
    version: VersionId,
    reason: Reason = "",
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Take a version's share away; of the live one: make the version before it live again."""
    with asking(server, api_key) as client:
        _told(client.roll_back_model(version, reason), as_json)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    model = typer.Typer(help="Versions of models: which reads what, on trial or live.", no_args_is_help=True)
    model.command("list", short_help="Versions, trials, and the engine's own models.")(list_models)
    model.command("show")(show)
    model.command("register")(register_version)
    model.command(short_help="Let a version read the golden set.")(evaluate)
    model.command(short_help="Give a version a share of the work.")(deploy)
    model.command("promote")(promote)
    model.command("rollback", short_help="Take a version's share away.")(rollback)
    app.add_typer(model, name="model")
