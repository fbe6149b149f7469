"""A trial of a version of a model on a running server, as the dispatcher would let it be."""

from __future__ import annotations

import random

from procession.domain.model import Evidence, Observation
from procession.store import models
from procession.store.controls import By
from tests.support.server import RunningServer


def passed(server: RunningServer, version_id: str, *reasons: str) -> None:
    """As an evaluation leaves a version: passed, unless there are ``reasons`` against it."""
    on = server.application.foundation
    by = By("key:op", "ops", None, "local", on.clock())
    report = {"passed": not reasons, "reasons": list(reasons or ("95.0% of the fields are right",))}
    server.call(lambda: on.store.write(lambda conn: models.evaluated(conn, version_id, report, by)))


def documents(server: RunningServer, version_id: str, number: int, accuracy: float, seed: int = 1) -> None:
    """So many documents of fourteen fields; stops being counted for the trial when that ends."""
    chance = random.Random(seed)

    async def observe() -> None:
        for n in range(number):
            right = sum(chance.random() < accuracy for _ in range(14))
            cost = round(chance.lognormvariate(21, 0.4))
            seen = Observation(Evidence.AGREEMENT, 14, right, chance.lognormvariate(0.6, 0.4), cost)
            await server.application.models.observe(version_id, seen, f"an_{seed}_{n}")

    server.call(observe)
