"""The program: its list of commands is true, and asking for it loads nothing heavy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import typer.main

from procession.cli import main


def test_the_list_of_commands_is_the_commands_there_are() -> None:
    loaded = typer.main.get_command(main.app)
    assert set(main.COMMANDS) == set(loaded.commands)  # type: ignore[attr-defined]  # a group


def test_help_names_every_command_and_the_exit_codes() -> None:
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "from procession.cli.main import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [name for name in main.COMMANDS if f"  {name} " not in ran.stdout] == []
    assert "Exit codes" in ran.stdout
    heavy = ("sqlalchemy", "fastapi", "cv2", "numpy", "httpx", "pydantic", "tesserocr")
    assert [name for name in heavy if f"| {name}\n" in ran.stderr.replace("   ", "")] == []


def test_the_version_is_printed() -> None:
    command = [sys.executable, "-c", "from procession.cli.main import main; main()", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("procession ")


def test_the_json_of_doctor_stands_alone_on_stdout_though_the_database_is_away(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from procession.cli.main import main; main()"]
    away = {**os.environ, "PROCESSION_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    told = subprocess.run(
        [*command, "doctor", "--json", "--data", str(tmp_path)], capture_output=True, env=away, timeout=60
    )
    assert told.returncode == 1
    assert {one["check"]: one["verdict"] for one in json.loads(told.stdout)["checks"]}["database"] == "failed"
