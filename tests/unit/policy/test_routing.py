"""Where a question goes: every combination of what providers can be, and what each may never lead to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest

from procession.domain.ai import Try
from procession.domain.analysis import OBJECTIVE_SECONDS, Priority
from procession.domain.usage import Money, Tier
from procession.policy.breaker import Verdict
from procession.policy.routing import (
    ANSWER_SECONDS,
    FLEX_SECONDS_MIN,
    TRIES_EACH_MAX,
    TRIES_MAX,
    Candidate,
    Degrade,
    Question,
    Rules,
    Send,
    Wait,
    backoff,
    decide,
)
from tests.records import START, at

EVERY_TIER = frozenset(Tier)
RULES = Rules()


def cost(dollars: str) -> dict[Tier, Money]:
    whole = Decimal(dollars)
    return {Tier.STANDARD: Money(whole), Tier.FLEX: Money(whole / 2), Tier.BATCH: Money(whole / 2)}


LARGE = Candidate("first", "large", "eu", True, 128_000, 16_000, EVERY_TIER, cost("0.04"))
SMALL = replace(LARGE, model="small", cost=cost("0.004"))
BACKUP = replace(LARGE, provider="second", model="backup", cost=cost("0.05"))
ABROAD = replace(SMALL, provider="abroad", zone="us", cost=cost("0.0001"))
ALL = [LARGE, SMALL, BACKUP, ABROAD]


def asked(priority: Priority = Priority.URGENT, spent: float = 0, **changes: object) -> Question:
    made = Question(
        priority=priority,
        pictures=False,
        tokens_in=2000,
        output_tokens_max=500,
        created_at=START - timedelta(seconds=spent),
        due_at=START + timedelta(seconds=OBJECTIVE_SECONDS[priority] - spent),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def sent(question: Question, candidates: list[Candidate] = ALL, rules: Rules = RULES) -> Send:
    decision = decide(question, candidates, rules, START)
    assert isinstance(decision, Send)
    return decision


def test_the_cheapest_that_qualifies_is_asked() -> None:
    assert sent(asked()).route.provider == "abroad"
    assert sent(asked(), [LARGE, SMALL, BACKUP]).route.model == "small"


def test_without_small_models_first_the_settings_order_holds() -> None:
    assert sent(asked(), rules=replace(RULES, small_first=False)).route.model == "large"
    assert sent(asked(economy=True), rules=replace(RULES, small_first=False)).route.provider == "abroad"


def test_the_registrys_version_goes_first_while_it_is_there() -> None:
    question = asked(wanted=("second", "backup"), version_id="mv_1")
    assert (sent(question).route.provider, sent(question).route.version_id) == ("second", "mv_1")
    away = [LARGE, SMALL, replace(BACKUP, health=Verdict.OPEN, healthy_at=at(9))]
    assert sent(question, away).route.version_id is None
    assert sent(replace(question, economy=True)).route.provider == "abroad"


@pytest.mark.parametrize("pictures", [True, False])
def test_what_a_model_cannot_read_it_is_not_asked(pictures: bool) -> None:
    blind = replace(SMALL, pictures=False)
    assert sent(asked(pictures=pictures), [LARGE, blind]).route.model == ("large" if pictures else "small")
    tight = replace(SMALL, context_tokens=2499)
    assert sent(asked(), [LARGE, tight]).route.model == "large"
    assert sent(asked(), [LARGE, replace(SMALL, context_tokens=2500)]).route.model == "small"
    assert sent(asked(), [LARGE, replace(SMALL, output_tokens=499)]).route.model == "large"


def test_nothing_that_can_read_it_means_the_local_result_for_good() -> None:
    decision = decide(asked(tokens_in=10**7), ALL, RULES, START)
    assert isinstance(decision, Degrade)
    assert decision.again_at is None


FAR = at(10_000)
_HEALTH = (Verdict.CLOSED, Verdict.PROBE, Verdict.OPEN)
_ROOM = (None, at(10))
_TRIED = (0, 1, TRIES_EACH_MAX)


@pytest.mark.parametrize(
    ("priority", "second", "spent"), list(product(Priority, (False, True), (0.0, 0.4, 0.6, 0.95, 1.5)))
)
def test_every_state_of_two_providers_keeps_the_rules(priority: Priority, second: bool, spent: float) -> None:
    """324 states of the providers for each class, pass and moment."""
    rules = replace(RULES, zones=frozenset({"eu"}))
    objective = OBJECTIVE_SECONDS[priority]
    for one, two, room_one, room_two, tried_one, tried_two in product(_HEALTH, _HEALTH, _ROOM, _ROOM, _TRIED, _TRIED):
        first = replace(SMALL, health=one, healthy_at=FAR if one is Verdict.OPEN else None, room_at=room_one)
        other = replace(BACKUP, health=two, healthy_at=FAR if two is Verdict.OPEN else None, room_at=room_two)
        tried = tuple(
            Try(where.provider, where.model, "unavailable")
            for where, times in ((first, tried_one), (other, tried_two))
            for _ in range(times)
        )
        question = asked(priority, spent * objective, second_pass=second, tried=tried)
        decision = decide(question, [ABROAD, first, other], rules, START)
        usable = [c for c, t in ((first, tried_one), (other, tried_two)) if t < TRIES_EACH_MAX]
        healthy = [c for c in usable if c.health is not Verdict.OPEN]
        if isinstance(decision, Send):
            chosen = next(c for c in usable if c.provider == decision.route.provider)
            assert chosen.health is not Verdict.OPEN
            assert chosen.room_at is None
            assert decision.route.tier is Tier.STANDARD or (not tried and priority is not Priority.URGENT)
            assert decision.timeout_seconds > 0
            if decision.route.tier is Tier.FLEX and not second:
                left = (question.due_at - START).total_seconds()
                assert FLEX_SECONDS_MIN <= decision.timeout_seconds <= left - ANSWER_SECONDS
            assert decision.route.tier is not Tier.BATCH  # no objective allows a day
            if tried_one > tried_two and other in healthy and other.room_at is None:
                assert decision.route.provider == "second"
        elif isinstance(decision, Wait):
            assert decision.until > START
            assert healthy or second
        else:
            assert not healthy
            assert second is False or not usable
        if [c for c in healthy if c.room_at is None]:
            assert isinstance(decision, Send)


def test_what_is_outside_the_allowed_zones_is_never_chosen_whatever_else_fails() -> None:
    rules = replace(RULES, zones=frozenset({"eu"}))
    for health, tries in product(_HEALTH, range(TRIES_MAX + 1)):
        dead = replace(LARGE, health=health, healthy_at=at(5))
        question = asked(tried=tuple(Try("first", "large", "unavailable") for _ in range(tries)))
        decision = decide(question, [ABROAD, dead], rules, START)
        assert not isinstance(decision, Send) or decision.route.provider == "first"
    unsaid = replace(ABROAD, zone="")
    decision = decide(asked(), [unsaid], rules, START)
    assert decision == Degrade(None, "no provider is in a zone where this document may be processed")


def test_while_nobody_is_there_a_question_waits_for_half_its_time_and_no_longer() -> None:
    patience = OBJECTIVE_SECONDS[Priority.URGENT] * RULES.patience
    gone = [replace(SMALL, health=Verdict.OPEN, healthy_at=at(patience))]
    assert isinstance(decide(asked(), gone, RULES, START), Wait)
    gone = [replace(SMALL, health=Verdict.OPEN, healthy_at=at(patience + 1))]
    decision = decide(asked(), gone, RULES, START)
    assert isinstance(decision, Degrade)
    assert decision.again_at is not None
    assert isinstance(decide(asked(second_pass=True), gone, RULES, START), Wait)


def test_too_many_calls_without_an_answer_end_it() -> None:
    tried = tuple(Try("first", f"m{number}", "overloaded") for number in range(TRIES_MAX))
    assert isinstance(decide(asked(tried=tried[:-1]), ALL, RULES, START), Send)
    first = decide(asked(tried=tried), ALL, RULES, START)
    assert isinstance(first, Degrade)
    assert first.again_at is not None
    second = decide(asked(tried=tried, second_pass=True), ALL, RULES, START)
    assert isinstance(second, Degrade)
    assert second.again_at is None


def test_flex_is_taken_where_time_is_left_to_ask_again_and_standard_follows_it() -> None:
    assert sent(asked(Priority.URGENT)).route.tier is Tier.STANDARD
    assert sent(asked(Priority.STANDARD)).route.tier is Tier.FLEX
    late = OBJECTIVE_SECONDS[Priority.STANDARD] - ANSWER_SECONDS - FLEX_SECONDS_MIN
    assert sent(asked(Priority.STANDARD, late)).route.tier is Tier.FLEX
    assert sent(asked(Priority.STANDARD, late + 1)).route.tier is Tier.STANDARD
    tried = (Try("first", "small", "timeout_unknown"),)
    assert sent(asked(Priority.LOW, tried=tried)).route.tier is Tier.STANDARD
    assert sent(asked(Priority.LOW), rules=replace(RULES, flex=False)).route.tier is Tier.STANDARD
    assert sent(asked(Priority.LOW), [replace(SMALL, tiers=frozenset({Tier.STANDARD}))]).route.tier is Tier.STANDARD


def test_a_first_call_leaves_an_urgent_question_time_for_the_backup() -> None:
    first = sent(asked())
    assert first.timeout_seconds <= OBJECTIVE_SECONDS[Priority.URGENT] / 2


@pytest.mark.parametrize(
    ("tries", "retry_after", "jitter", "left"),
    list(product(range(10), (None, 1.0, 400.0), (0.0, 0.99), (0.0, 10.0, 600.0))),
)
def test_the_wait_before_a_retry_grows_honours_the_provider_and_keeps_time(
    tries: int, retry_after: float | None, jitter: float, left: float
) -> None:
    seconds = backoff(tries, retry_after, jitter, left)
    own = backoff(tries, None, jitter, left)
    assert 0 <= own <= 8.0
    assert own <= seconds or retry_after is None
    if retry_after is not None and retry_after <= left / 2:
        assert seconds >= retry_after
