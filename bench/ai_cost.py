"""What AI costs with everything done to spend less, beside plain ways of asking, and what each thing done is worth.

One hour of documents made by code (``extraction.mix``), the fake provider over HTTP at its pinned prices, every call
set aside and settled in the ledger. References: ``naive``, every page's picture to the large model at the standard
tier; ``text``, the whole text likewise. Both ask for values only, in one call, with instructions shorter
than ours.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.extraction import mix as mixes
from bench.extraction import naive, truth_of
from bench.extraction.mix import Document
from bench.extraction.paying import NAMES, Paid, Payer, but, planned
from bench.report import NotMeasured, say
from bench.scoring import Tally, summary, tally
from procession.ai.fake.catalogue import PRICE_VERSION
from procession.ai.fake.config import FakeConfig
from procession.domain.ai import ALL, NONE
from procession.domain.usage import NOTHING, Money
from procession.store.sqlite import SqliteStore
from tests.support.fake_ai import RunningFake, running

LENGTH = "about 3 minutes"
SEED = 5

Json = dict[str, Any]


def run(chosen: argparse.Namespace) -> Json:
    mix = mixes.documents(mixes.QUICK if chosen.quick else mixes.FULL)
    say(f"{len(mix)} documents, {sum(len(one.found.pages) for one in mix)} pages: {_counted(mix)}")
    with tempfile.TemporaryDirectory() as folder:
        truth = Path(folder) / "truth.json"
        truth.write_text(json.dumps({"documents": _truth(mix)}))
        with running("--truth", str(truth), "--seed", str(SEED)) as fake:
            return asyncio.run(_measure(mix, fake, Path(folder), each_alone=not chosen.quick))


async def _measure(mix: Sequence[Document], fake: RunningFake, folder: Path, *, each_alone: bool) -> Json:
    store = SqliteStore(folder / "ledger.db")
    await store.start()
    try:
        payer = Payer(fake, store, FakeConfig().catalogue())
        plain = await payer.plain(mix, pictures=True)
        text = await payer.plain(mix, pictures=False)
        ours = await payer.product(mix, ALL)
        without = {name: await payer.product(mix, but(ALL, name)) for name in NAMES}
        nothing = await payer.product(mix, NONE)
        names = NAMES if each_alone else ()
        alone = {name: await payer.product(mix, but(NONE, name)) for name in names}
    finally:
        await store.stop()
    every = [plain, text, ours, nothing, *without.values(), *alone.values()]
    if any(one.invalid for one in every):
        raise NotMeasured("an answer did not fit its schema")
    scores = {name: _scored(mix, one) for name, one in (("naive", plain), ("text", text), ("ours", ours))}
    told = {
        "ratio_vs_naive": _ratio(ours.settled, plain.settled),
        "ratio_vs_text_naive": _ratio(ours.settled, text.settled),
        "ratio_on_templates": _ratio(_of(ours, "approved form"), _of(plain, "approved form")),
        "meter_difference": float(sum((abs(one.settled.amount - one.metered.amount) for one in every), Decimal(0))),
        "f1_difference": round(_f1(scores["ours"]) - _f1(scores["naive"]), 4),
        "f1": {name: _f1(score) for name, score in scores.items()},
        "f1_by_stratum": _f1_by_stratum(mix, {"naive": plain, "text": text, "ours": ours}),
        "cost": {"naive": str(plain.settled), "text": str(text.settled), "ours": str(ours.settled)},
        "calls": {"naive": plain.calls, "text": text.calls, "ours": ours.calls},
        "cost_by_stratum": _by_stratum(plain, text, ours),
        "without": {name: _ratio(one.settled, ours.settled) for name, one in without.items()},
        "alone": {name: _ratio(one.settled, nothing.settled) for name, one in alone.items()},
        "f1_without": {name: _f1(_scored(mix, one)) for name, one in without.items()},
        "everything_off": _ratio(nothing.settled, plain.settled),
        "documents": len(mix),
        "price_version": PRICE_VERSION,
    }
    _say(told)
    return told


def _truth(mix: Iterable[Document]) -> Json:
    """By the tag of our prompts and by that of the plain ones."""
    found: Json = {}
    for one in mix:
        found[f"plain-{one.copy_of or one.name}"] = naive.truth_of(one)
        for how in (ALL, NONE):
            ask = planned(one, how)
            if ask is not None and one.truth is not None:
                found.setdefault(ask.tag, {}).update(truth_of(ask, one.truth["values"]))
    return found


def _scored(mix: Iterable[Document], paid: Paid) -> Json:
    total = Tally()
    for one in mix:
        if one.truth is not None:
            total.add(tally(one.truth, paid.results.get(one.name, {})))
    return summary(total)


def _f1(score: Mapping[str, Any]) -> float:
    return float(score["values_f1"]["f1"])


def _f1_by_stratum(mix: Sequence[Document], paid: Mapping[str, Paid]) -> Json:
    strata = sorted({one.stratum for one in mix if one.truth is not None})
    return {
        stratum: {name: _f1(_scored([m for m in mix if m.stratum == stratum], one)) for name, one in paid.items()}
        for stratum in strata
    }


def _by_stratum(plain: Paid, text: Paid, ours: Paid) -> Json:
    return {
        stratum: {
            "naive": str(cost),
            "vs_naive": _ratio(_of(ours, stratum), cost),
            "vs_text": _ratio(_of(ours, stratum), _of(text, stratum)),
        }
        for stratum, cost in sorted(plain.by_stratum.items())
    }


def _of(paid: Paid, stratum: str) -> Money:
    return paid.by_stratum.get(stratum, NOTHING)


def _ratio(one: Money, other: Money) -> float:
    if not other:
        raise NotMeasured("the reference cost nothing")
    return round(float(one.amount / other.amount), 4)


def _counted(mix: Iterable[Document]) -> str:
    counts: dict[str, int] = {}
    for one in mix:
        counts[one.stratum] = counts.get(one.stratum, 0) + 1
    return ", ".join(f"{count} {stratum}" for stratum, count in sorted(counts.items()))


def _say(told: Mapping[str, Any]) -> None:
    say(f"cost: ours {told['cost']['ours']} $, text {told['cost']['text']} $, naive {told['cost']['naive']} $")
    say("                    without it    it alone   (cost beside all of them; beside none, in the full run)")
    for name, without in told["without"].items():
        say(f"  {name:18} {without:10.3f} {told['alone'].get(name, float('nan')):11.3f}")
