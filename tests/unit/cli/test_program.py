"""The program: its list of commands is true, and asking for it loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

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
