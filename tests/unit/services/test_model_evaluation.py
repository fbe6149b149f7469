"""Two models over real HTTP, one ten points worse: the golden set tells them apart, and so does a trial."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from procession import wiring
from procession.ai import extraction, golden
from procession.ai.agreement import agreement
from procession.ai.ask import AiInput
from procession.domain.billing import CallStatus
from procession.domain.errors import Conflict, Forbidden, InvalidRequest
from procession.domain.model import Evidence, Kind, Observation, Purpose, VersionStatus
from procession.domain.principal import Principal
from procession.domain.provider import Capability
from procession.domain.usage import to_pico
from procession.services.model_evaluation import PURPOSE
from procession.settings import Settings
from procession.settings.ai import Ai, AiModel, AiPrices, AiProvider
from procession.store.cost_tables import ai_calls
from procession.store.models import NewVersion
from procession.wiring.ai import ai_prices, ai_providers
from tests.support.fake_ai import RunningFake, running
from tests.unit.services.acting import House

OPERATOR = Principal("ops", "key:op", "trace-9", operator=True)
GOOD, WORSE = "reads-95", "reads-85"
PRICES = {"input": "0.4", "output": "1.6"}
NEW = NewVersion(Purpose.EXTRACTION, Kind.REMOTE, "good", "fake", GOOD, extraction.PROMPT_VERSION)


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningFake]:
    folder = tmp_path_factory.mktemp("fake")
    documents: dict[str, dict[str, Any]] = {}
    for paper in golden.golden_set():
        ask = paper.asked()
        assert ask is not None
        answers = paper.answers(ask)
        documents[ask.tag] = {name: {"value": one["value"], "quote": one["text"]} for name, one in answers.items()}
    (folder / "truth.json").write_text(json.dumps({"documents": documents}))
    rows = [
        f'[[models]]\nname = "{name}"\naccuracy = "{share}"\ninput = "0.4"\noutput = "1.6"\n'
        for name, share in ((GOOD, "0.95"), (WORSE, "0.85"))
    ]
    (folder / "fake.toml").write_text("\n".join(rows))
    options = ("--seed", "4", "--config", str(folder / "fake.toml"), "--truth", str(folder / "truth.json"))
    with running(*options) as server:
        yield server


@pytest.fixture
async def house(tmp_path: Path, fake: RunningFake) -> AsyncIterator[House]:
    models = tuple(AiModel(name=name, prices={"standard": AiPrices(**PRICES)}) for name in (GOOD, WORSE))
    provider = AiProvider(name="fake", base_url=f"{fake.url}/v1", models=models)
    application = wiring.build(Settings(data=tmp_path / "data", ai=Ai(providers=(provider,))), working=False)
    await application.store.start()
    try:
        yield House(application, Principal("acme", "key:test", "trace-1"))
    finally:
        await application.store.stop()
        application.keys.close()


async def test_the_golden_set_asks_of_every_paper_and_is_small() -> None:
    papers = golden.golden_set()
    asks = [paper.asked() for paper in papers]
    assert len(papers) >= 30
    assert sum(len(paper.answers(ask)) for paper, ask in zip(papers, asks, strict=True) if ask) >= 300
    assert len({ask.tag for ask in asks if ask}) == len(papers)


async def test_a_worse_model_does_not_pass_beside_a_better_one_and_every_call_is_paid_for(house: House) -> None:
    registry, evaluations = house.app.models, house.app.evaluations
    good = await registry.register(OPERATOR, NEW)
    first = await evaluations.evaluate(OPERATOR, good.id)
    assert first.status is VersionStatus.EVALUATED
    assert first.evaluation is not None
    assert first.evaluation["passed"], first.evaluation
    assert first.evaluation["compared_with"] is None
    await registry.deploy(OPERATOR, good.id, 100)
    worse = await registry.register(OPERATOR, replace(NEW, name="worse", model=WORSE))
    second = (await evaluations.evaluate(OPERATOR, worse.id)).evaluation
    assert second is not None
    assert second["compared_with"] == good.id
    figures = second["figures"]
    assert 0.04 < figures["live_accuracy"] - figures["accuracy"] < 0.2
    assert not second["passed"]
    with pytest.raises(Conflict, match="did not pass"):
        await registry.deploy(OPERATOR, worse.id, 20)
    rows = await house.app.store.read(lambda conn: conn.execute(select(ai_calls)).all())
    assert len(rows) == 3 * len(golden.golden_set())
    assert {(row.status, row.purpose, row.tenant) for row in rows} == {(CallStatus.SETTLED.value, PURPOSE, "ops")}
    assert sum(row.effective_pico for row in rows if row.model_version == worse.id) == round(figures["cost"])


async def test_a_trial_over_http_takes_the_worse_model_back(house: House) -> None:
    """Each document goes the whole way: prompt, provider, proof on the page, agreement, the registry."""
    registry, app = house.app.models, house.app
    good = await registry.register(OPERATOR, NEW)
    worse = await registry.register(OPERATOR, replace(NEW, name="worse", model=WORSE))
    await registry.deploy(OPERATOR, good.id, 100, force="first of its kind")
    deployment = await registry.deploy(OPERATOR, worse.id, 50, force="a trial of the trial")
    providers, prices = ai_providers(app.settings), ai_prices(app.settings)
    assert prices is not None
    papers = golden.golden_set()
    ended = None
    for number in range(200):
        name, paper = f"an_{number}", papers[number % len(papers)]
        version = await registry.pick(Purpose.EXTRACTION, name)
        ask = paper.asked()
        assert version is not None
        assert ask is not None
        given = AiInput(document=paper.document, ask=ask)
        request = extraction.request(ask, {}).completion(f"{name}-1", version.model or "")
        done = await providers["fake"].complete(request)
        cost = prices.cost("fake", request.model, done.charge.tier, done.charge.tokens, app.foundation.clock())
        fields, right = agreement(given, extraction.merge(given, done.answer))
        seen = Observation(Evidence.AGREEMENT, fields, right, 1.0, to_pico(cost.effective))
        await registry.observe(version.id, seen, name)
        ended = next(one for one in (await registry.view(OPERATOR)).deployments if one.id == deployment.id)
        if ended.ended_at is not None:
            break
    for provider in providers.values():
        await provider.close()
    assert ended is not None
    assert (ended.state.value, ended.ended_by) == ("rolled_back", "system:canary")
    assert "accuracy by verified agreement" in str(ended.reason)
    assert (await registry.show(OPERATOR, worse.id)).agreement.documents <= 50


async def test_what_cannot_be_evaluated_is_refused_in_words(house: House) -> None:
    registry, evaluations = house.app.models, house.app.evaluations
    elsewhere = await registry.register(OPERATOR, replace(NEW, name="elsewhere", provider="nobody"))
    with pytest.raises(InvalidRequest, match="No provider nobody"):
        await evaluations.evaluate(OPERATOR, elsewhere.id)
    other = await registry.register(OPERATOR, replace(NEW, prompt_version="999"))
    with pytest.raises(InvalidRequest, match="not 999"):
        await evaluations.evaluate(OPERATOR, other.id)
    with pytest.raises(Forbidden):
        await evaluations.evaluate(house.owner, other.id)


async def test_a_model_that_answers_nothing_usable_does_not_pass(house: House) -> None:
    """The endpoint knows no such model: every paper fails, and the report says so."""
    registry, evaluations = house.app.models, house.app.evaluations
    odd = AiModel(name="unheard-of", capability=(Capability.TEXT,), prices={"standard": AiPrices(**PRICES)})
    provider = house.app.settings.ai.providers[0]
    more = provider.model_copy(update={"models": (*provider.models, odd)})
    settings = house.app.settings.model_copy(update={"ai": Ai(providers=(more,))})
    house.app.foundation.settings = settings
    made = await registry.register(OPERATOR, replace(NEW, name="odd", model="unheard-of"))
    report = (await evaluations.evaluate(OPERATOR, made.id)).evaluation
    assert report is not None
    assert not report["passed"]
    assert "no usable answer" in report["reasons"][0]
    rows = await house.app.store.read(lambda conn: conn.execute(select(ai_calls.c.status)).scalars().all())
    assert set(rows) == {CallStatus.RELEASED.value}
