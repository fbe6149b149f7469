"""A trial on a whole server: uploads, the engine, two models over HTTP of which one is worse, and the way back.

Everything is asked about (no cascade), so that thirty small papers are evidence enough.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bench import filled
from procession.ai import extraction
from procession.ai.golden import EVERYTHING
from procession.digitize import pipeline
from procession.domain.provider import Capability
from procession.settings import Settings
from procession.settings.ai import Ai, AiModel, AiOptimisations, AiPrices, AiProvider
from tests.support import fake_ai
from tests.support.fake_ai import RunningFake
from tests.support.server import RunningServer, running

GOOD, WORSE = "reads-98", "reads-78"
PAPERS = 24
WAIT_SECONDS = 120
ROUNDS_MAX = 3


def papers() -> list[filled.Filled]:
    drawn = [one for one in filled.documents(per_family=1, seed=4_711) if one.family.kind != "questionnaire"]
    return [*drawn, *(one for one in filled.documents(per_family=2, seed=4_712) if one.family.name == "key-facts")][
        :PAPERS
    ]


def truth(paper: filled.Filled) -> tuple[str, dict[str, Any]]:
    """(the prompt's tag, its right answers), as the server will ask."""
    found = pipeline.digitize(paper.pdf, replace(pipeline.EngineOptions(), lines=True))
    ask = extraction.plan(found, EVERYTHING)
    assert ask is not None
    known = {subtype: one for one in paper.truth["values"] for subtype in one["subtypes"]}
    rows = [(q.id, known[q.subtype.value]) for q in ask.fields if q.subtype is not None and q.subtype.value in known]
    return ask.tag, {name: {"value": str(one["value"]), "quote": one["text"]} for name, one in rows}


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningFake]:
    folder = tmp_path_factory.mktemp("fake")
    (folder / "truth.json").write_text(json.dumps({"documents": dict(truth(one) for one in papers())}))
    rows = [
        f'[[models]]\nname = "{name}"\naccuracy = "{share}"\ninput = "0.4"\noutput = "1.6"\nimages = "tiles"\n'
        for name, share in ((GOOD, "0.98"), (WORSE, "0.78"))
    ]
    (folder / "fake.toml").write_text("\n".join(rows))
    options = ("--seed", "4", "--config", str(folder / "fake.toml"), "--truth", str(folder / "truth.json"))
    with fake_ai.running(*options) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, fake: RunningFake) -> Iterator[RunningServer]:
    prices = AiPrices(input="0.4", output="1.6")
    models = tuple(
        AiModel(name=name, capability=(Capability.TEXT, Capability.IMAGE), prices={"standard": prices})
        for name in (GOOD, WORSE)
    )
    provider = AiProvider(name="fake", base_url=f"{fake.url}/v1", models=models, meter_url=f"{fake.url}/meter")
    ai = Ai(providers=(provider,), optimisations=AiOptimisations(cascade=False))
    with running(Settings(data=tmp_path_factory.mktemp("trial"), ai=ai)) as started:
        yield started


def test_uploads_take_a_worse_model_back_through_the_whole_service(server: RunningServer) -> None:
    with server.client() as client:
        good = client.register_model("good", "fake", GOOD, extraction.PROMPT_VERSION)
        client.deploy_model(good.id, 100, force="the first")
        worse = client.register_model("worse", "fake", WORSE, extraction.PROMPT_VERSION)
        client.deploy_model(worse.id, 50, force="a trial of the trial")
        ids: list[str] = []
        for number in range(ROUNDS_MAX):  # who gets which is drawn: a round may give the worse one too few
            copies = [(paper.name, paper.pdf + b"\n%% copy %d\n" % number) for paper in papers()]
            ids += [client.submit(content, name=f"{name}-{number}.pdf").id for name, content in copies]
            for one in ids:
                client.wait(one, timeout_seconds=WAIT_SECONDS)
            found = client.models()
            if client.model(worse.id).status == "rolled_back":
                break
        results = [client.result(one) for one in ids]
    ended = next(one for one in found.deployments if one.version_id == worse.id)
    assert (ended.state, ended.ended_by) == ("rolled_back", "system:canary"), ended
    assert "accuracy by verified agreement" in str(ended.reason)
    by_title = {one.title: one for one in found.versions}
    assert by_title["worse v1"].status == "rolled_back"
    assert (by_title["good v1"].status, by_title["good v1"].share_percent) == ("live", 100.0)
    asked = [one for one in results if one.get("model")]
    assert {one["model"] for one in asked} == {GOOD, WORSE}
    assert sum(one.latency.calls for one in found.versions) == len(asked)
