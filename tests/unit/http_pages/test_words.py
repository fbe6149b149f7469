"""How the pages speak."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from procession.domain.analysis import Priority, Stage, State
from procession.domain.form import FieldType
from procession.http.pages import words

NOW = datetime(2030, 5, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "just now"),
        (42, "42 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (7200, "2 h ago"),
        (200_000, "2 days ago"),
    ],
)
def test_an_age_is_said_in_its_largest_sensible_unit(seconds: int, said: str) -> None:
    assert words.ago(NOW - timedelta(seconds=seconds), NOW) == said


def test_sizes_are_said_in_megabytes() -> None:
    assert [words.size(number) for number in (50 * 1024 * 1024, 1_572_864, 300_000)] == ["50 MB", "1.5 MB", "0.3 MB"]


def test_numbers_have_separators_and_their_noun_follows_them() -> None:
    assert words.thousands(1234567) == "1,234,567"
    assert [words.count(number, "page") for number in (1, 2, None)] == ["1 page", "2 pages", "– pages"]


def test_what_an_operator_holds_back_is_not_said_to_wait_for_its_turn() -> None:
    assert words.state("pending", paused=True).text == "Paused by the operator"
    assert words.state("pending").text == "Waiting for its turn"


@pytest.mark.parametrize("status", list(State))
def test_every_state_has_words_and_a_tone(status: State) -> None:
    saying = words.state(status.value, Stage.PARSING.value)
    assert saying.text
    assert saying.tone in {"good", "look", "wrong", "busy", "quiet"}


def test_every_stage_type_and_priority_has_words() -> None:
    assert set(words.STAGES) == set(Stage)
    assert set(words.TYPES) == set(FieldType)
    assert set(words.PRIORITIES) == set(Priority)
    assert [words.objective(name) for name in Priority] == ["within 2 minutes", "within 10 minutes", "within an hour"]


def test_a_running_cancellation_is_said_before_the_stage() -> None:
    assert words.state("processing", "parsing", cancelling=True).text == "Cancelling"
    assert words.state("completed", cancelling=True).text != "Cancelling"
