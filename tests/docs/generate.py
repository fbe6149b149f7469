"""Writes the generated parts of the documentation from the code: ``python -m tests.docs.generate``.

A generated part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``. The tests compare; this rewrites.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import os
import re
import shlex
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import annotated_types
from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from bench import cost_of_objects
from procession import settings
from procession.domain import analysis, errors
from procession.settings import ai

ROOT = Path(__file__).parents[2]
PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


# --- the state machine ---


def states() -> str:
    rows = [
        [f"`{before}`", f"`analysis.{trigger}`", f"`{after}`"]
        for (before, trigger), after in analysis.TRANSITIONS.items()
    ]
    return table(["state", "event", "becomes"], rows)


# --- settings ---


def settings_rows() -> Iterator[tuple[str, str, FieldInfo, str]]:
    """(dotted name, environment name, field, description), depth first."""
    yield from _section("", settings.Settings)


def _section(prefix: str, model: type[BaseModel]) -> Iterator[tuple[str, str, FieldInfo, str]]:
    described = _attribute_docstrings(model)
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _section(f"{prefix}{name}.", kind)
        else:
            dotted = f"{prefix}{name}"
            yield dotted, "PROCESSION_" + dotted.upper().replace(".", "__"), info, described.get(name, "")


def _attribute_docstrings(model: type[BaseModel]) -> dict[str, str]:
    tree = ast.parse(inspect.getsource(model))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found = {}
    for before, after in itertools.pairwise(body):
        if (
            isinstance(before, ast.AnnAssign)
            and isinstance(before.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            found[before.target.id] = " ".join(str(after.value.value).split()).replace("``", "`")
    return found


_KINDS: dict[Any, str] = {
    bool: "`true`, `false`",
    int: "whole number",
    float: "number",
    str: "text",
    SecretStr: "text",
    Path: "folder",
}


def _allowed(info: FieldInfo) -> str:
    kind: Any = info.annotation
    if get_origin(kind) in (types.UnionType,):
        kind = next(a for a in get_args(kind) if a is not type(None))
    if hasattr(kind, "__args__") and all(isinstance(a, str) for a in get_args(kind)):
        return ", ".join(f"`{a}`" for a in get_args(kind))
    words = [
        {
            bool: "`true`, `false`",
            int: "whole number",
            float: "number",
            str: "text",
            SecretStr: "text",
            Path: "path",
            tuple: "list",
        }.get(kind, "list")
    ]
    for limit in info.metadata:
        for sign, attribute in ((">", annotated_types.Gt), ("≥", annotated_types.Ge), ("≤", annotated_types.Le)):
            if isinstance(limit, attribute):
                words.append(f"{sign} {getattr(limit, attribute.__name__.lower())}")
    return ", ".join(words)


def _default(info: FieldInfo) -> str:
    value = info.default
    if value is None or value == ():
        return "none"
    if isinstance(value, int) and not isinstance(value, bool) and value and value % settings.MIB == 0:
        return f"{value} ({value // settings.MIB} MiB)"
    return f"`{value}`"


def settings_table() -> str:
    rows = [
        [f"`{dotted}`<br>`{variable}`", _default(info), _allowed(info), text]
        for dotted, variable, info, text in settings_rows()
    ]
    return table(["setting, environment", "default", "values", "meaning"], rows)


def _as_text(info: FieldInfo) -> str:
    if info.is_required():
        return "needed"
    value = to_jsonable_python(info.default)
    return "none" if value in (None, "") else f"`{json.dumps(value)}`"


def ai_tables() -> str:
    """What a provider's row, a model's and its prices may say."""
    parts = []
    for name, model in (
        ("ai.providers", ai.AiProvider),
        ("ai.providers.models", ai.AiModel),
        ("ai.providers.models.prices.TIER", ai.AiPrices),
    ):
        described = _attribute_docstrings(model)
        rows = [[f"`{field}`", _as_text(info), described.get(field, "")] for field, info in model.model_fields.items()]
        parts.append(f"### `{name}`\n\n{table(['key', 'default', 'meaning'], rows)}")
    return "\n".join(parts)


# --- commands ---


def commands() -> Iterator[tuple[str, Any]]:
    """(full name, click command) of everything `procession` can do."""
    import typer.main

    from procession.cli.main import app

    def walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
        if hasattr(command, "commands"):
            for child, sub in command.commands.items():
                yield from walk(f"{name} {child}", sub)
        elif not command.hidden:
            yield name, command

    yield from walk("procession", typer.main.get_command(app))


def cli_reference() -> str:
    parts = []
    for name, command in commands():
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        usage = " ".join([name, *(_argument(p) for p in arguments), "[OPTIONS]"])
        parts.append(f"### `{usage}`\n\n{_help(command.help or '')}\n")
        rows = [
            [", ".join(f"`{o}`" for o in (*p.opts, *p.secondary_opts)), _help(p.help or ""), _option_default(p)]
            for p in command.params
            if p.param_type_name == "option" and p.name != "help"
        ]
        if rows:
            parts.append(table(["option", "meaning", "default"], rows))
    return "\n".join(parts)


def _argument(parameter: Any) -> str:
    word = (parameter.metavar or parameter.name).upper().rstrip("…") + ("…" if parameter.nargs == -1 else "")
    return word if parameter.required else f"[{word}]"


def _option_default(parameter: Any) -> str:
    value = parameter.default
    if value is None or value is False or value == () or callable(value):
        return ""
    return f"`{value}`"


def _help(text: str) -> str:
    return inspect.cleandoc(text.split("\f")[0]).replace("``", "`")


# --- metrics and problems ---


def metrics() -> list[MetricWrapperBase]:
    from procession.telemetry import metrics as declared

    found: dict[str, MetricWrapperBase] = {}
    for value in vars(declared).values():
        if isinstance(value, MetricWrapperBase):
            found[value._name] = value
    return [found[name] for name in sorted(found)]


def metrics_table() -> str:
    rows = []
    for metric in metrics():
        name = str(metric._name) + ("_total" if metric._type == "counter" else "")
        labels = ", ".join(f"`{label}`" for label in metric._labelnames)
        rows.append([f"`{name}`", str(metric._type), labels, metric._documentation or ""])
    return table(["metric", "kind", "labels", "meaning"], rows)


def problems() -> dict[str, tuple[int, str]]:
    """Code -> (HTTP status, title), for every code an error class carries."""
    return {
        kind.code: (kind.status, kind.title)
        for kind in errors._every(errors.ProcessionError)
        if kind is not errors.LostClaim and ("code" in vars(kind) or kind is errors.ProcessionError)
    }


def problems_table() -> str:
    known = problems()
    rows = [
        [f"`{code}`", str(known[code][0]), known[code][1]]
        if code in known
        else [f"`{code}`", "", "Reserved: this version never sends it."]
        for code in errors.PROBLEM_CODES
    ]
    return table(["code", "status", "what it says"], rows)


PARTS: dict[str, Callable[[], str]] = {
    "states": states,
    "settings": settings_table,
    "ai_providers": ai_tables,
    "cli": cli_reference,
    "metrics": metrics_table,
    "problems": problems_table,
    "object_sizes": cost_of_objects.assumptions,
    "object_costs": cost_of_objects.table,
}


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def fill(text: str) -> str:
    """``text`` with every generated part written anew. Raises KeyError for a part nobody writes."""
    return PART.sub(lambda m: f"{m[1]}{PARTS[m[2]]()}{m[3]}", text)


# --- the first screen of the README ---

FIRST_SCREEN = re.compile(r"^```console\n\$ (procession [^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def first_screen(text: str) -> tuple[str, str, str]:
    """(command, what the README shows, what comes back now). Raises CalledProcessError when the command fails."""
    found = FIRST_SCREEN.search(text)
    assert found, "the README opens with a command and its output"
    words = shlex.split(found[1])
    words[0] = str(Path(sys.executable).parent / "procession")
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=240, env=environment)
    return found[1], found[2], "".join(f"{line.rstrip()}\n" for line in ran.stdout.splitlines())


def steady(output: str) -> list[list[str]]:
    """Its words, line by line, without how long things took."""
    return [re.sub(r"\b\d+\.\d+\b", "TIME", line).split() for line in output.strip().splitlines()]


def refresh_first_screen(text: str) -> str:
    command, shown, now = first_screen(text)
    if steady(shown) == steady(now):
        return text
    return FIRST_SCREEN.sub(lambda _: f"```console\n$ {command}\n{now}```", text, count=1)


def main() -> int:
    for page in pages():
        before = page.read_text()
        after = fill(before)
        if page.name == "README.md" and page.parent == ROOT:
            after = refresh_first_screen(after)
        if after != before:
            page.write_text(after)
            print(f"rewrote {page.relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
