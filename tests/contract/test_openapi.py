"""The published description: a golden file, every problem ours, every route documented."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from procession.domain.errors import PROBLEM_CODES
from procession.http.app import ROUTES

GOLDEN = Path(__file__).parent / "openapi.json"
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"


@pytest.fixture(scope="module")
def published(server: Any) -> dict[str, Any]:
    schema: dict[str, Any] = httpx.get(f"{server.base_url}/v1/openapi.json").json()
    return schema


def test_the_description_is_the_golden_one(published: dict[str, Any]) -> None:
    """After an intended change: `python -m tests.contract.golden`, and say so in the changelog."""
    assert published == json.loads(GOLDEN.read_text())


def test_every_operation_describes_its_problems_as_ours(published: dict[str, Any]) -> None:
    for path, methods in published["paths"].items():
        for method, operation in methods.items():
            (media_type,) = operation["responses"]["default"]["content"]
            assert media_type == "application/problem+json", (method, path)
            assert "422" not in operation["responses"], (method, path)
    assert "HTTPValidationError" not in published["components"]["schemas"]


def test_the_description_lists_every_route_and_no_other(published: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, methods in published["paths"].items() for method in methods}
    assert described == {(route.method, route.path) for route in ROUTES}


def test_every_route_and_every_problem_code_is_in_the_reference() -> None:
    text = REFERENCE.read_text()
    assert [f"{one.method} {one.path}" for one in ROUTES if f"`{one.method} {one.path}`" not in text] == []
    assert [code for code in PROBLEM_CODES if f"`{code}`" not in text] == []


def test_every_handler_says_what_it_does() -> None:
    assert [route.path for route in ROUTES if not route.handler.__doc__] == []
