"""Whether a version of a model on trial is worse than the one it would replace: go on, roll back or promote.

The trial is decided document by document. Of each document only counts are kept (fields, and how many were right), so
the fields of one document may stand and fall together: the variance is taken between documents, never between fields.

Accuracy is compared by the signed root of the log-likelihood ratio of two shares, divided by the spread between
documents (quasi-likelihood; McCullagh and Nelder, Generalized Linear Models, 1989), against a boundary of O'Brien and
Fleming's shape (Biometrics 35, 1979): looking after every document costs nearly nothing, early looks ask for much, and
at ``DOCUMENTS`` the whole permitted error is spent. Latency and cost are compared as means of logarithms, less what is
tolerated. ``bench canary`` measures how often a worse version is caught and an equal one is not left alone.

Invariants: nothing is decided before ``DOCUMENTS_MIN`` documents of each version; what is rolled back is worse in the
figures themselves; a promotion never rests on fewer than ``DOCUMENTS``; the share a document falls into never changes
while the deployment lasts, so that an attempt made again keeps its version.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

DOCUMENTS = 50
"""Documents of the canary in which a version ten points worse is to be found."""
DOCUMENTS_MIN = 5
"""Documents of each version before anything is decided."""
DOCUMENTS_MAX = 400
"""Documents of the canary after which a trial that decided nothing is left to a person."""
AGREEMENT_BOUND = 1.97
"""Standard errors at ``DOCUMENTS`` by which verified agreement must be worse; earlier more, by sqrt(DOCUMENTS / n)."""
REVIEW_BOUND = 2.25
"""The same for reviewers' corrections: the two together permit 5 % of equal versions to be rolled back."""
MEASURED_BOUND = 2.6
"""The same for latency and for cost beyond what is tolerated."""
ANSWERED_BOUND = 3.0
"""The same for answers that could not be used."""
LATE_BOUND = 3.3
"""Standard errors asked for after ``DOCUMENTS``, when the permitted error is spent but for a remainder."""
LOSS_MAX = 0.05
"""A version is promoted when it is this much worse at most, with ``PROMOTE_SURE`` standard errors to spare."""
PROMOTE_SURE = 1.645
LATENCY_TOLERATED = 1.25
"""Times the baseline's latency that a version may take."""
COST_TOLERATED = 1.25
"""Times the baseline's cost of a document that a version may take."""
SHARE_PARTS = 1 << 32


class Action(StrEnum):
    CONTINUE = "continue"
    PROMOTE = "promote"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True)
class Counted:
    """Sums over documents of their fields and of those that were right; enough to know the spread between them."""

    documents: int = 0
    fields: int = 0
    right: int = 0
    fields_squared: int = 0
    right_squared: int = 0
    right_by_fields: int = 0

    def with_document(self, fields: int, right: int) -> Counted:
        return Counted(
            self.documents + 1,
            self.fields + fields,
            self.right + right,
            self.fields_squared + fields * fields,
            self.right_squared + right * right,
            self.right_by_fields + right * fields,
        )

    @property
    def share(self) -> float:
        """Of fields that were right; not a number without any."""
        return self.right / self.fields if self.fields else math.nan

    @property
    def deviation(self) -> float:
        """Sum over documents of (right - share * fields) squared."""
        share = self.share
        return self.right_squared - 2 * share * self.right_by_fields + share * share * self.fields_squared

    @property
    def margin(self) -> float:
        """Half the width of the share's 95 % interval, by the spread between documents; not a number below two."""
        if self.documents < 2 or not self.fields:
            return math.nan
        between = max(self.deviation, 0.0) * self.documents / (self.documents - 1)
        smoothed = (self.right + 1) / (self.fields + 2)  # all right so far does not mean surely right
        within = self.fields * smoothed * (1 - smoothed)
        return 1.96 * math.sqrt(max(between, within)) / self.fields


@dataclass(frozen=True, slots=True)
class Measured:
    """Sums over calls of the natural logarithm of what was measured, in any unit."""

    calls: int = 0
    logs: float = 0.0
    logs_squared: float = 0.0

    def with_call(self, value: float) -> Measured:
        log = math.log(value)
        return Measured(self.calls + 1, self.logs + log, self.logs_squared + log * log)

    @property
    def typical(self) -> float:
        """The geometric mean; not a number without any."""
        return math.exp(self.logs / self.calls) if self.calls else math.nan


@dataclass(frozen=True, slots=True)
class Arm:
    """What one version did since the trial began. ``agreement``: fields whose answer was verified against the page and
    the engine's own reading; ``review``: fields a person judged; ``failed``: answers that could not be used at all."""

    agreement: Counted = Counted()
    review: Counted = Counted()
    latency: Measured = Measured()
    cost: Measured = Measured()
    failed: int = 0

    @property
    def documents(self) -> int:
        return max(self.agreement.documents, self.review.documents, self.answers.documents)

    @property
    def answers(self) -> Counted:
        """Of all answers, those that could be used: each is one field of a document of its own."""
        asked, used = self.latency.calls + self.failed, self.latency.calls
        return Counted(asked, asked, used, asked, used, used)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Both versions over the same hours. ``since``: when the trial began."""

    canary: Arm
    baseline: Arm
    since: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison. ``worse``: standard errors by which the canary is worse (beyond what is tolerated); it is rolled
    back at ``bound``."""

    what: str
    documents: int
    worse: float
    bound: float
    words: str

    @property
    def crossed(self) -> bool:
        return self.worse >= self.bound


@dataclass(frozen=True, slots=True)
class Decision:
    action: Action
    reason: str
    findings: tuple[Finding, ...] = ()


def assigned(deployment_id: str, analysis_id: str, share_percent: float) -> bool:
    """Whether this analysis is the canary's: always the same answer for the same deployment and analysis."""
    digest = hashlib.sha256(f"{deployment_id}:{analysis_id}".encode()).digest()
    return int.from_bytes(digest[:4]) < share_percent / 100 * SHARE_PARTS


def bound(documents: int, at_end: float) -> float:
    """Standard errors asked for when the canary has had so many documents; infinite before ``DOCUMENTS_MIN``."""
    if documents < DOCUMENTS_MIN:
        return math.inf
    return at_end * math.sqrt(DOCUMENTS / documents) if documents <= DOCUMENTS else LATE_BOUND


def decide(outcomes: Outcomes, now: datetime) -> Decision:
    """What to do with the canary, and why, in words and figures. Look as often as you like: the boundary allows it."""
    canary, baseline = outcomes.canary, outcomes.baseline
    found = (
        _accuracy("verified agreement", canary.agreement, baseline.agreement, AGREEMENT_BOUND),
        _accuracy("reviewers' corrections", canary.review, baseline.review, REVIEW_BOUND),
        _answered(canary.answers, baseline.answers),
        _measured("latency", canary.latency, baseline.latency, LATENCY_TOLERATED),
        _measured("cost", canary.cost, baseline.cost, COST_TOLERATED),
    )
    findings = tuple(one for one in found if one is not None)
    documents = canary.documents
    crossed = [one for one in findings if one.crossed]
    if crossed:
        return Decision(
            Action.ROLL_BACK, f"After {documents} documents: {'; '.join(o.words for o in crossed)}.", findings
        )
    if documents < DOCUMENTS:
        left = f"{documents} of {DOCUMENTS} documents in {_took(outcomes.since, now)}, and no figure is worse for sure"
        return Decision(Action.CONTINUE, f"{left}.", findings)
    doubts = _doubts(canary, baseline)
    if not doubts:
        told = "; ".join(one.words for one in findings)
        return Decision(Action.PROMOTE, f"After {documents} documents nothing is worse: {told}.", findings)
    left = "a person decides" if documents >= DOCUMENTS_MAX else "it goes on"
    return Decision(
        Action.CONTINUE,
        f"After {documents} documents it is neither worse for sure nor as good for sure: "
        f"{'; '.join(doubts)}. Of these, {left}.",
        findings,
    )


def _accuracy(what: str, canary: Counted, baseline: Counted, at_end: float) -> Finding | None:
    if not canary.fields or not baseline.fields:
        return None
    enough = baseline.documents >= DOCUMENTS_MIN
    asked = bound(canary.documents, at_end) if enough else math.inf
    words = (
        f"accuracy by {what} {_percent(canary.share)} of {canary.fields:,} fields against "
        f"{_percent(baseline.share)} of {baseline.fields:,}"
    )
    return Finding(what, canary.documents, worse(canary, baseline), asked, words)


def _answered(canary: Counted, baseline: Counted) -> Finding | None:
    if not canary.fields or not baseline.fields:
        return None
    asked = bound(canary.documents, ANSWERED_BOUND) if baseline.documents >= DOCUMENTS_MIN else math.inf
    words = (
        f"{_percent(canary.share)} of {canary.fields:,} answers could be used against "
        f"{_percent(baseline.share)} of {baseline.fields:,}"
    )
    return Finding("answers", canary.documents, worse(canary, baseline), asked, words)


def worse(canary: Counted, baseline: Counted) -> float:
    """Standard errors by which the canary's share of right fields is below the baseline's; negative: above."""
    pooled = Counted(fields=canary.fields + baseline.fields, right=canary.right + baseline.right)
    ratio = 2 * (
        _likelihood(canary, canary.share)
        + _likelihood(baseline, baseline.share)
        - _likelihood(canary, pooled.share)
        - _likelihood(baseline, pooled.share)
    )
    root = math.sqrt(max(ratio, 0.0) / spread(canary, baseline))
    return root if canary.share < baseline.share else -root


def spread(canary: Counted, baseline: Counted) -> float:
    """Variance between documents as a multiple of what independent fields would have; 1 at least."""
    documents = canary.documents + baseline.documents
    expected = sum(one.fields * one.share * (1 - one.share) for one in (canary, baseline))
    if documents <= 2 or expected <= 0:
        return 1.0
    seen = (canary.deviation + baseline.deviation) * documents / (documents - 2)
    return max(1.0, seen / expected)


def _likelihood(counted: Counted, share: float) -> float:
    wrong = counted.fields - counted.right
    return (counted.right * math.log(share) if counted.right else 0.0) + (wrong * math.log(1 - share) if wrong else 0.0)


def _measured(what: str, canary: Measured, baseline: Measured, tolerated: float) -> Finding | None:
    if not canary.calls or not baseline.calls:
        return None
    times = canary.typical / baseline.typical
    error = _error(canary, baseline)
    enough = baseline.calls >= DOCUMENTS_MIN and error is not None
    asked = bound(canary.calls, MEASURED_BOUND) if enough else math.inf
    beyond = math.log(times) - math.log(tolerated)
    standard = (
        0.0 if error is None else beyond / error if error > 0 else math.copysign(math.inf, beyond) if beyond else 0.0
    )
    words = f"{what} {times:.2f} times the baseline's (up to {tolerated:g} is tolerated)"
    return Finding(what, canary.calls, standard, asked, words)


def _error(canary: Measured, baseline: Measured) -> float | None:
    """Standard error of the difference of both means of logarithms (Welch); None below two calls of either."""
    total = 0.0
    for one in (canary, baseline):
        if one.calls < 2:
            return None
        squares = max(0.0, one.logs_squared - one.logs**2 / one.calls)
        total += squares / (one.calls - 1) / one.calls
    return math.sqrt(total)


def _doubts(canary: Arm, baseline: Arm) -> list[str]:
    """What still speaks against promoting."""
    found = []
    judged = False
    for what, one, other in (
        ("verified agreement", canary.agreement, baseline.agreement),
        ("reviewers' corrections", canary.review, baseline.review),
    ):
        if one.documents < DOCUMENTS or other.documents < DOCUMENTS:
            continue
        judged = True
        error = math.hypot(one.margin, other.margin) / 1.96
        most = other.share - one.share + PROMOTE_SURE * error
        if most > LOSS_MAX:
            found.append(f"by {what} it may be up to {100 * most:.1f} points worse, and {100 * LOSS_MAX:g} are allowed")
    if not judged:
        found.append(f"fewer than {DOCUMENTS} documents of both versions were judged by the same measure")
    for what, this, that, tolerated in (
        ("latency", canary.latency, baseline.latency, LATENCY_TOLERATED),
        ("cost", canary.cost, baseline.cost, COST_TOLERATED),
    ):
        if this.calls and that.calls and this.typical / that.typical > tolerated:
            times = this.typical / that.typical
            found.append(f"{what} is {times:.2f} times the baseline's, and {tolerated:g} is tolerated")
    return found


def _took(since: datetime, now: datetime) -> str:
    minutes = max(0, int((now - since).total_seconds() // 60))
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
