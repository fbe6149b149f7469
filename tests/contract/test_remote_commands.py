"""Commands that ask a server: what stdout holds, and the exit codes."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from procession.cli import queue, remote
from procession.client import Client
from tests.contract.conftest import KEYS
from tests.support import documents
from tests.support.server import RunningServer

program = typer.Typer()
remote.register(program)
queue.register(program)


def run(server: str, *arguments: str, key: str | None = None) -> Result:
    environment = {"PROCESSION_SERVER": server, "PROCESSION_API_KEY": key, "NO_COLOR": "1", "COLUMNS": "200"}
    return CliRunner(env=environment).invoke(program, list(arguments))


def lines(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def form(tmp_path: Path) -> Path:
    path = tmp_path / "form.pdf"
    path.write_bytes(documents.form())
    return path


def test_submit_tells_the_id_and_does_not_wait(server: RunningServer, form: Path) -> None:
    result = run(server.base_url, "submit", str(form), "--json")
    assert result.exit_code == 0, result.output
    (told,) = lines(result)
    assert told["file"] == "form.pdf"
    assert str(told["id"]).startswith("an_")


def test_submit_and_wait_tells_each_outcome_and_fails_for_a_bad_one(
    server: RunningServer, form: Path, tmp_path: Path
) -> None:
    locked, text = tmp_path / "locked.pdf", tmp_path / "text.pdf"
    locked.write_bytes(documents.locked())
    text.write_bytes(b"no pdf")
    result = run(server.base_url, "submit", str(text), str(locked), str(form), "--wait", "--json")
    assert result.exit_code == 2
    told = {one["file"]: one for one in lines(result)}
    assert told["text.pdf"]["error"]["code"] == "not_a_pdf"  # type: ignore[index]
    assert told["locked.pdf"]["error"]["code"] == "password_protected"  # type: ignore[index]
    assert told["form.pdf"]["status"] in {"completed", "requires_review"}
    assert "text.pdf" in result.stderr


def test_show_tells_a_failure_by_its_exit_code(server: RunningServer, client: Client) -> None:
    good = client.wait(client.submit(documents.form()).id, 60)
    bad = client.wait(client.submit(documents.locked()).id, 60)
    assert run(server.base_url, "show", good.id).exit_code == 0
    shown = run(server.base_url, "show", bad.id, "--json")
    assert shown.exit_code == 2
    assert lines(shown)[0]["status"] == "failed"


def test_list_is_filtered_and_cut(server: RunningServer, client: Client) -> None:
    client.wait(client.submit(documents.locked()).id, 60)
    listed = run(server.base_url, "list", "--status", "failed", "--limit", "1", "--json")
    assert [one["status"] for one in lines(listed)] == ["failed"]
    assert "failed" in run(server.base_url, "list", "--status", "failed").stdout


def test_cancel_retry_and_queue(resting: RunningServer) -> None:
    with resting.client() as client:
        analysis = client.submit(documents.form())
    cancelled = run(resting.base_url, "cancel", analysis.id, "--json")
    assert lines(cancelled)[0]["status"] == "cancelled"
    refused = run(resting.base_url, "retry", analysis.id)
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert "slots busy" in run(resting.base_url, "queue", "show").stdout
    assert lines(run(resting.base_url, "queue", "show", "--json"))[0]["waiting"] == 0


def test_a_wait_that_runs_out_says_later(resting: RunningServer, form: Path) -> None:
    result = run(resting.base_url, "submit", str(form), "--wait", "--timeout", "1")
    assert result.exit_code == 3
    assert "not finished" in result.stderr


def test_no_server_is_exit_code_3_and_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    result = run(address, "show", "an_none")
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 1


def test_what_is_not_there_is_exit_code_2(server: RunningServer) -> None:
    result = run(server.base_url, "show", "an_none")
    assert result.exit_code == 2
    assert result.stdout == ""


def test_a_key_is_shown_when_configured(keyed: RunningServer) -> None:
    assert run(keyed.base_url, "list").exit_code == 2
    assert run(keyed.base_url, "list", "--json", key=KEYS["flora"]).exit_code == 0
