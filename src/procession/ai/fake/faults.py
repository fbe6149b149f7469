"""Faults on purpose: which requests they meet is drawn from the seed, not from the order of requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from procession.ai.fake.chance import draw, stream
from procession.ai.fake.invent import Quoting
from procession.domain.usage import Tier


class Kind(StrEnum):
    LATENCY = "latency"
    """The answer takes longer: ``seconds`` drawn from ``distribution``."""
    RATE_LIMITED = "rate_limited"
    """429 with ``retry_after``."""
    SERVER_ERROR = "server_error"
    """``status`` 500 to 599."""
    TIMEOUT = "timeout"
    """Never answers. Charged, unless ``charged`` is false."""
    CONNECTION_RESET = "connection_reset"
    """Cut before the first byte of the answer. Not charged, unless ``charged`` is true."""
    CUT_STREAM = "cut_stream"
    """Cut in the middle of the answer. Charged, unless ``charged`` is false."""
    MALFORMED_JSON = "malformed_json"
    """The message's text is no JSON. Charged."""
    SCHEMA_BREAK = "schema_break"
    """JSON that breaks the schema. Charged."""
    WRONG_ANSWERS = "wrong_answers"
    """A share of ``fields`` is invented, with a quote as ``quoting`` says. Charged."""
    REFUSAL = "refusal"
    """The model declines. Charged."""
    DEAD = "dead"
    """503 to everything, without a time to come back."""
    UNAUTHORISED = "unauthorised"
    """401."""
    FLEX_UNAVAILABLE = "flex_unavailable"
    """429 ``resource_unavailable`` at the flex tier."""
    BATCH_STUCK = "batch_stuck"
    """A batch makes no progress; after its day it expires."""
    BATCH_EXPIRED = "batch_expired"
    """A batch expires when half of it is done."""


BATCH_KINDS = frozenset({Kind.BATCH_STUCK, Kind.BATCH_EXPIRED})
_CHARGED = {Kind.TIMEOUT: True, Kind.CONNECTION_RESET: False, Kind.CUT_STREAM: True}


class Fault(BaseModel):
    """One rule. Without ``model`` or ``tier`` it meets all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    model: str | None = None
    tier: Tier | None = None
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Of the requests it could meet."""
    count: Annotated[int, Field(gt=0)] | None = None
    """How many it meets at most."""
    after_seconds: Annotated[float, Field(ge=0)] = 0.0
    """Virtual seconds after the rules were set."""
    for_seconds: Annotated[float, Field(gt=0)] | None = None
    status: Annotated[int, Field(ge=500, le=599)] = 500
    retry_after: Annotated[int, Field(ge=0)] | None = 2
    """Seconds in ``Retry-After``; null: no such header."""
    charged: bool | None = None
    distribution: Literal["fixed", "uniform", "exponential", "lognormal"] = "fixed"
    seconds: Annotated[float, Field(ge=0)] = 1.0
    """Virtual: the fixed time, the largest of uniform, the mean of exponential, the median of lognormal."""
    sigma: Annotated[float, Field(ge=0)] = 0.5
    """Of lognormal."""
    fields: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share of a request's fields that are invented."""
    quoting: Quoting = "mixed"

    @property
    def charges(self) -> bool:
        return _CHARGED.get(self.kind, False) if self.charged is None else self.charged

    def latency(self, seed: int, *about: object) -> float:
        chance = stream(seed, "latency", *about)
        if self.distribution == "uniform":
            return chance.uniform(0, self.seconds)
        if self.distribution == "exponential":
            return chance.expovariate(1 / self.seconds) if self.seconds else 0.0
        if self.distribution == "lognormal":
            return self.seconds * chance.lognormvariate(0, self.sigma)
        return self.seconds


class FaultPlan(BaseModel):
    """Body of ``PUT /faults``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    faults: tuple[Fault, ...] = ()
    seed: int | None = None
    """Default: the server's."""


@dataclass(frozen=True, slots=True)
class Met:
    """The faults one request meets."""

    faults: tuple[Fault, ...] = ()
    latency_seconds: float = 0.0

    def get(self, *kinds: Kind) -> Fault | None:
        """The first of these kinds, in the rules' order."""
        return next((fault for fault in self.faults if fault.kind in kinds), None)


class Faults:
    """The rules in force. A repeat of the same request is drawn anew, so that a retry may succeed."""

    def __init__(self, seed: int, seconds: Callable[[], float]) -> None:
        self._server_seed = seed
        self._seconds = seconds
        self.put(FaultPlan())

    def put(self, plan: FaultPlan) -> None:
        self._plan = plan
        self._seed = self._server_seed if plan.seed is None else plan.seed
        self._since = self._seconds()
        self._met = [0] * len(plan.faults)
        self._seen: dict[str, int] = {}

    def meet(self, model: str, tier: Tier, subject: str, *, batch: bool = False) -> Met:
        """``subject``: a digest of the content. ``batch``: draw the faults of whole batches, and only them."""
        repeat = self._seen[subject] = self._seen.get(subject, 0) + 1
        found: list[Fault] = []
        latency = 0.0
        for place, fault in enumerate(self._plan.faults):
            if (fault.kind in BATCH_KINDS) is not batch or not self._applies(place, fault, model, tier):
                continue
            about = (place, fault.kind, subject, repeat)
            if draw(self._seed, *about) >= fault.share:
                continue
            self._met[place] += 1
            found.append(fault)
            if fault.kind is Kind.LATENCY:
                latency += fault.latency(self._seed, *about)
        return Met(tuple(found), latency)

    def _applies(self, place: int, fault: Fault, model: str, tier: Tier) -> bool:
        if fault.model not in (None, model) or fault.tier not in (None, tier):
            return False
        if fault.kind is Kind.FLEX_UNAVAILABLE and tier is not Tier.FLEX:
            return False
        if fault.count is not None and self._met[place] >= fault.count:
            return False
        passed = self._seconds() - self._since - fault.after_seconds
        return passed >= 0 and (fault.for_seconds is None or passed < fault.for_seconds)

    def told(self) -> dict[str, Any]:
        """The rules, each with how often it was met."""
        return {
            "seed": self._seed,
            "faults": [
                {**fault.model_dump(mode="json"), "met": met}
                for fault, met in zip(self._plan.faults, self._met, strict=True)
            ],
        }
