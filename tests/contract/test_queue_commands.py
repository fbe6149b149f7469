"""`procession queue …` and the clients against a really started server without keys: whoever sits there operates it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from procession.cli import queue, remote
from procession.client import AsyncClient
from procession.settings import Settings
from procession.store import journal
from tests.contract.test_queue_over_http import fail
from tests.support import documents
from tests.support.server import RunningServer, running

program = typer.Typer()
queue.register(program)
remote.register(program)


@pytest.fixture(scope="module")
def resting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Uploads stay pending."""
    with running(Settings(data=tmp_path_factory.mktemp("commanded")), working=False) as started:
        yield started


def invoke(server: RunningServer, *arguments: str, answer: str | None = None) -> Result:
    environment = {"PROCESSION_SERVER": server.base_url, "NO_COLOR": "1", "COLUMNS": "200"}
    return CliRunner(env=environment).invoke(program, arguments, input=answer)


def run(server: RunningServer, *arguments: str, answer: str | None = None) -> Result:
    return invoke(server, "queue", *arguments, answer=answer)


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def dead(server: RunningServer, *codes: str) -> list[str]:
    with server.client() as client:
        made = [client.submit(documents.form() + f"{codes} {n}".encode()).id for n in range(len(codes))]
    for one, code in zip(made, codes, strict=True):
        fail(server, one, code)
    return made


def test_whoever_uploaded_reads_that_work_is_paused(resting: RunningServer) -> None:
    with resting.client() as client:
        made = client.submit(documents.form() + b"held back", priority="low").id
        run(resting, "pause", "--priority", "low")
        assert "paused by the operator" in invoke(resting, "list").stdout
        run(resting, "resume", "--priority", "low")
        assert not client.get(made).paused


def test_pausing_capping_and_resuming_are_told_by_show(resting: RunningServer) -> None:
    assert "low: paused" in run(resting, "pause", "--priority", "low").stdout
    assert lines(run(resting, "pause", "--tenant", "local", "--json"))[0]["paused"] is True
    assert "running at most 2" in run(resting, "cap", "local", "--running", "2").stdout
    shown = run(resting, "show").stdout
    assert shown.count("paused") == 2
    assert lines(run(resting, "show", "--json"))[0]["tenants"][0]["controls"]["running_max"] == 2
    assert lines(run(resting, "cap", "local", "--running", "none", "--json"))[0]["running_max"] is None
    assert "not paused" in run(resting, "resume", "--tenant", "local").stdout
    run(resting, "resume", "--priority", "low")
    assert "paused" not in run(resting, "show").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("pause",),
        ("resume", "--priority", "low", "--tenant", "local"),
        ("cap", "local"),
        ("cap", "local", "--running", "two"),
        ("cap", "local", "--running", "0"),
        ("revive",),
        ("revive", "an_none", "--all"),
        ("bury", "an_none", "--code", "timeout"),
        ("prioritize", "urgent"),
        ("prioritize", "urgent", "an_none", "--batch", "batch_none"),
    ],
)
def test_what_is_not_said_clearly_is_refused_and_changes_nothing(
    resting: RunningServer, arguments: tuple[str, ...]
) -> None:
    refused = run(resting, *arguments)
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert refused.stderr


def test_dead_letters_are_listed_and_changed_by_id_and_by_filter_after_a_question(resting: RunningServer) -> None:
    first, second = dead(resting, "timeout", "too_complex")
    assert {one["id"] for one in lines(run(resting, "dead", "--json"))} == {first, second}
    assert "timeout" in run(resting, "dead", "--code", "timeout").stdout
    assert "1 timeout" in run(resting, "show").stdout
    left = run(resting, "bury", "--all", "--code", "timeout", answer="n\n")
    assert left.exit_code == 2
    assert "buried" not in left.stdout
    assert "code timeout" in left.stderr
    assert "1 buried" in run(resting, "bury", "--all", "--code", "timeout", answer="y\n").stdout
    assert lines(run(resting, "dead", "--buried", "--json"))[0]["id"] == first
    (told,) = lines(run(resting, "revive", second, "--json"))
    assert (told["changed"], told["next_cursor"]) == (1, None)
    assert "No dead letters." in run(resting, "dead").stdout
    assert "0 revived" in run(resting, "revive", "--all", "--buried", "--older-than", "1.5", answer="y\n").stdout
    assert "1 revived" in run(resting, "revive", "--all", "--buried", "--yes").stdout


def test_waiting_work_moves_by_id_and_by_batch(resting: RunningServer) -> None:
    with resting.client() as client:
        batch, (made,) = client.submit_many([documents.form()])
        assert not isinstance(made, Exception)
        assert "1 moved" in run(resting, "prioritize", "low", made.id).stdout
        assert client.get(made.id).priority == "low"
        assert "1 moved" in run(resting, "prioritize", "urgent", "--batch", batch.id, "--yes").stdout
        assert client.get(made.id).priority == "urgent"


async def test_the_asynchronous_client_operates_likewise(resting: RunningServer) -> None:
    made = dead(resting, "timeout", "internal")
    async with AsyncClient(resting.base_url) as client:
        assert (await client.pause(priority="low")).paused
        assert not (await client.resume(priority="low")).paused
        assert (await client.cap("local", running_max=4)).running_max == 4
        assert {one.id async for one in client.dead_letters(page_size=1)} == set(made)
        assert (await client.bury(made[:1])).changed == 1
        assert [one.changed async for one in client.change_all("revive", code="internal")] == [1]
        assert (await client.revive(made[:1])).changed == 1
        assert (await client.prioritize("low", made)).changed == 2
        assert [one.changed async for one in client.prioritize_batch("low", "batch_none")] == [0]


def test_what_stays_as_it_was_is_named_with_the_reason(resting: RunningServer) -> None:
    for action in ("revive", "bury"):
        result = run(resting, action, "an_none")
        assert "an_none" in result.stderr
        assert "no such dead letter" in result.stderr
    (first,) = dead(resting, "timeout")
    assert run(resting, "bury", first).stderr == ""
    assert "no such waiting analysis of another class" in run(resting, "prioritize", "low", first).stderr
    assert [one["changed"] for one in lines(run(resting, "bury", "an_none", "--json"))] == [0]


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_a_question_without_a_yes_changes_nothing_and_says_so(resting: RunningServer, answer: str) -> None:
    result = run(resting, "revive", "--all", answer=answer)
    assert result.exit_code == 2
    assert "Nothing was changed" in result.stderr
    assert "--yes" in result.stderr


def test_a_cap_of_nothing_is_refused_with_what_to_do_instead(resting: RunningServer) -> None:
    result = run(resting, "cap", "local", "--running", "0")
    assert result.exit_code == 2
    assert "pause it" in result.stderr


def test_a_worker_is_drained_and_works_again_journaled_with_who_asked(server: RunningServer) -> None:
    capacity = server.application.capacity
    (worker,) = lines(run(server, "show", "--json"))[0]["processes"]
    assert "drains" in run(server, "drain", worker["id"]).stdout
    server.call(server.application.fleet.beat)
    assert not capacity.claiming
    assert "drains" in run(server, "show").stdout
    assert lines(run(server, "drain", worker["id"], "--undo", "--json"))[0]["drain_requested"] is False
    server.call(server.application.fleet.beat)
    assert capacity.claiming
    store = server.application.store
    events = server.call(lambda: store.read(lambda conn: journal.of_aggregate(conn, worker["id"], 0, 9, "worker")))
    assert [(one.type, one.actor) for one in events] == [
        ("worker.drain_requested", "local"),
        ("worker.drain_withdrawn", "local"),
    ]
    assert run(server, "drain", "nobody").exit_code == 2
