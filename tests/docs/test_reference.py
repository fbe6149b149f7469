"""Every setting, command, route, metric, problem and limit is documented, in the words of the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from procession.domain.errors import PROBLEM_CODES
from tests.docs import generate

REFERENCE = generate.ROOT / "docs" / "reference"


@pytest.mark.parametrize("page", generate.pages(), ids=lambda p: p.relative_to(generate.ROOT).as_posix())
def test_generated_parts_are_what_the_code_says(page: Path) -> None:
    """`make docs` rewrites them."""
    text = page.read_text()
    assert generate.fill(text) == text


def test_every_generated_part_stands_somewhere() -> None:
    used = {m[2] for page in generate.pages() for m in generate.PART.finditer(page.read_text())}
    assert used == set(generate.PARTS)


def test_every_setting_says_what_it_means() -> None:
    assert [dotted for dotted, _, _, text in generate.settings_rows() if not text] == []


def test_every_key_of_an_ai_provider_says_what_it_means() -> None:
    rows = [line for line in generate.ai_tables().splitlines() if line.startswith("| `")]
    assert rows
    assert [row for row in rows if row.endswith("|  |")] == []


def test_every_setting_is_in_the_reference() -> None:
    text = (REFERENCE / "settings.md").read_text()
    assert [v for _, v, _, _ in generate.settings_rows() if f"`{v}`" not in text] == []


def test_every_limit_says_what_happens_past_it() -> None:
    text = (REFERENCE / "limits.md").read_text()
    limits = [d for d, _, _, _ in generate.settings_rows() if re.search(r"(_max|_min|_bytes|_base|_per_child)$", d)]
    assert [name for name in limits if f"`{name}`" not in text] == []


def test_every_command_and_option_has_help() -> None:
    silent = [name for name, command in generate.commands() if not (command.help or "").strip()]
    silent += [
        f"{name} {parameter.opts[0]}"
        for name, command in generate.commands()
        for parameter in command.params
        if parameter.param_type_name == "option" and not parameter.help
    ]
    assert silent == []


def test_every_command_is_in_the_reference() -> None:
    text = (REFERENCE / "cli.md").read_text()
    assert [name for name, _ in generate.commands() if f"`{name} " not in text] == []


def test_every_route_of_the_api_is_in_the_reference() -> None:
    from procession.http.app import ROUTES

    text = re.sub(r"\{\w+\}", "{}", (REFERENCE / "api.md").read_text())
    missing = [f"{r.method} {r.path}" for r in ROUTES if re.sub(r"\{\w+\}", "{}", r.path) not in text]
    assert missing == []


def test_every_metric_has_help_and_is_in_the_reference() -> None:
    text = (REFERENCE / "metrics.md").read_text()
    metrics = generate.metrics()
    assert metrics
    assert [m._name for m in metrics if not m._documentation or m._name not in text] == []


def test_every_problem_code_is_in_the_reference() -> None:
    text = (REFERENCE / "problem-codes.md").read_text()
    assert [code for code in PROBLEM_CODES if f"`{code}`" not in text] == []


def test_the_published_schema_is_the_one_results_are_made_of() -> None:
    from procession.digitize.schema import result_schema

    assert json.loads((REFERENCE / "result.schema.json").read_text()) == result_schema()
