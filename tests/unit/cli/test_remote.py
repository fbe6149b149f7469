"""Ages as people read them, and exit codes by what the server said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from procession.cli.remote import age, exit_code_of
from procession.client.errors import of_problem

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-3, "0 s"), (0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86_400, "1 d")],
)
def test_an_age_is_told_in_its_largest_unit(seconds: int, told: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == told


@pytest.mark.parametrize(("status", "code"), [(404, 2), (409, 2), (413, 2), (422, 2), (429, 3), (500, 3), (503, 3)])
def test_later_and_no_are_told_apart(status: int, code: int) -> None:
    assert exit_code_of(of_problem(status, None, None)) == code
