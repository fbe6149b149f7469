"""Every transaction of a use case says whose it is, so that row-level security can hold it to that."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "src" / "procession" / "services"


def transactions(source: str) -> Iterator[tuple[int, bool]]:
    """(line, says its tenant) of every ``….store.read(…)`` and ``….store.write(…)``."""
    for call in ast.walk(ast.parse(source)):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in ("read", "write")
            and isinstance(call.func.value, ast.Attribute)
            and call.func.value.attr == "store"
        ):
            yield call.lineno, any(keyword.arg == "tenant" for keyword in call.keywords)


@pytest.mark.parametrize("module", sorted(SERVICES.glob("*.py")), ids=lambda path: path.stem)
def test_each_transaction_of_a_service_names_its_tenant_or_the_system(module: Path) -> None:
    assert [line for line, says in transactions(module.read_text()) if not says] == []


def test_one_that_forgets_is_found() -> None:
    source = "async def f(self):\n    await self._on.store.read(unit)\n    await self.store.write(unit, tenant=None)\n"
    assert sorted(transactions(source)) == [(2, False), (3, True)]
