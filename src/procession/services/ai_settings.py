"""From the settings to what policies take."""

from __future__ import annotations

from procession.domain.ai import Optimisations
from procession.policy.batching import Windows
from procession.policy.routing import Rules
from procession.settings.ai import Ai


def optimisations(ai: Ai) -> Optimisations:
    return Optimisations(**ai.optimisations.model_dump())


def windows(ai: Ai) -> Windows:
    return Windows(0.0, ai.batching.standard_seconds, ai.batching.low_seconds)


def rules(ai: Ai) -> Rules:
    chosen = ai.optimisations
    return Rules(
        zones=frozenset(ai.zones),
        small_first=chosen.small_model_first,
        flex=chosen.flex,
        timeout_seconds=ai.request_seconds_max,
        flex_seconds=ai.flex_seconds_max,
        patience=ai.patience,
        second_pass_seconds=ai.second_pass_seconds,
    )
