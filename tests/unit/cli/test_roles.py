"""The roles' commands refuse, before they start, what cannot work."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from procession.cli.main import COMMANDS, program
from procession.cli.serving import farewell, locked
from procession.domain.errors import Unavailable

ROLES = ("api", "worker", "maintenance", "costs")
RUNNER = CliRunner()


@pytest.mark.parametrize("role", ROLES)
def test_sqlite_is_refused_with_the_way_out(role: str, tmp_path: Path) -> None:
    ran = RUNNER.invoke(program([COMMANDS[role][0]]), [role, "--data", str(tmp_path)])
    assert ran.exit_code == 2
    told = " ".join(ran.output.split())
    assert "PROCESSION_DATABASE_URL" in told
    assert "procession up" in told


def test_keys_of_one_machine_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCESSION_DATABASE_URL", "postgresql://nobody@database.test/records")
    ran = RUNNER.invoke(program(["roles"]), ["worker", "--data", str(tmp_path)])
    assert ran.exit_code == 2
    assert "PROCESSION_KEYS_URL" in ran.output


@pytest.mark.parametrize("slots", ["0", "257", "many"])
def test_slots_have_a_range(slots: str) -> None:
    assert RUNNER.invoke(program(["roles"]), ["worker", "--slots", slots]).exit_code == 2


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (True, True)])
def test_a_folder_is_one_up_s_or_shared_by_roles(tmp_path: Path, first: bool, second: bool) -> None:
    with locked(tmp_path, alone=first), pytest.raises(Unavailable, match="--data"), locked(tmp_path, alone=second):
        raise AssertionError("it was let in")


def test_roles_share_a_folder(tmp_path: Path) -> None:
    with locked(tmp_path, alone=False), locked(tmp_path, alone=False):
        pass


@pytest.mark.parametrize(
    ("busy", "told"),
    [(0, "Stopping."), (1, "1 running analysis may finish for 20 s"), (2, "2 running analyses may finish for 20 s")],
)
def test_stopping_says_what_still_runs_and_how_long_it_may(busy: int, told: str) -> None:
    assert told in farewell(busy, 20.0)
