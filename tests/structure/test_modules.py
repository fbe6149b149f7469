"""The shape of the house: module size, names, and what may stand in it."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES_MAX = 500
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
MODULES = sorted(path for folder in ("src", "tests", "bench", "examples") for path in (ROOT / folder).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_at_most_500_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LINES_MAX


def test_modules_are_named_for_what_they_hold() -> None:
    assert [name(p) for p in MODULES if p.stem in FORBIDDEN_NAMES or p.parent.name in FORBIDDEN_NAMES] == []


def test_every_source_module_says_what_it_is() -> None:
    silent = [
        name(p)
        for p in MODULES
        if p.is_relative_to(ROOT / "src") and p.read_text().strip() and not ast.get_docstring(ast.parse(p.read_text()))
    ]
    assert silent == []


def test_nothing_is_left_for_later() -> None:
    mark = re.compile(r"#\s*(TODO|FIXME|XXX|HACK)\b")
    assert [name(p) for p in MODULES if mark.search(p.read_text())] == []


def test_every_silenced_warning_names_its_rule() -> None:
    bare = re.compile(r"#\s*(noqa|type:\s*ignore)\s*(?![:\[])")
    assert [name(p) for p in MODULES if p != Path(__file__) and bare.search(p.read_text())] == []


def test_domain_and_policy_read_neither_clock_nor_chance() -> None:
    """``clock.py`` is the one place that may; the import rules of pyproject.toml hold back I/O."""
    reading = re.compile(r"\b(datetime\.now|time\.time|time\.monotonic|random\.|os\.environ|open\()")
    found = [
        name(p)
        for p in MODULES
        if p.parent.name in ("domain", "policy")
        and p.is_relative_to(ROOT / "src")
        and p.stem != "clock"
        and reading.search(p.read_text())
    ]
    assert found == []


def test_lint_checks_the_import_rules() -> None:
    lint = subprocess.run(["make", "-n", "lint"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert all(tool in lint for tool in ("ruff check", "ruff format", "mypy", "lint-imports"))


def test_what_is_committed_names_no_machine() -> None:
    """Paths of somebody's home or workplace do not belong in the repository."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not tracked:
        pytest.skip("not a git checkout")
    texts = [ROOT / f for f in tracked if Path(f).suffix in {".py", ".md", ".toml", ".sh", ".yaml", ".json", ".html"}]
    machine = re.compile(r"(?<![\w.])/(work|root|home/\w+|Users/\w+)/\w")
    found = [
        name(p) for p in texts if p.exists() and p != Path(__file__) and machine.search(p.read_text(errors="replace"))
    ]
    assert found == []
