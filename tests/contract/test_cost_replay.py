"""`procession cost replay` over a stopped server's folder and a provider over HTTP: it tells what was charged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from procession.cli import cost
from procession.policy.replay import DOCUMENTS_MIN
from procession.services.replay import MEASURABLE
from procession.settings import load
from tests.support import fake_ai
from tests.support.fake_ai import RunningFake
from tests.support.server import running

EXAMPLE = Path(__file__).parents[2] / "examples" / "venue-contract.pdf"
WAIT_SECONDS = 90
MODEL = """
[[ai.providers.models]]
name = "{name}"
capability = ["text", "image"]
tiers = ["standard", "flex"]
prices.standard = {{ input = "{input}", cached = "{cached}", output = "{output}" }}
"""

program = typer.Typer()
cost.register(program)


@pytest.fixture(scope="module")
def fake() -> Iterator[RunningFake]:
    with fake_ai.running("--seed", "5") as server:
        yield server


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, fake: RunningFake) -> Path:
    """The settings of a server whose documents a provider was asked about, and which has stopped."""
    folder = tmp_path_factory.mktemp("replay")
    file = folder / "procession.toml"
    prices = [MODEL.format(**one) for one in _models(fake)]
    provider = f'[[ai.providers]]\nname = "fake"\nbase_url = "{fake.url}/v1"\nmeter_url = "{fake.url}/meter"\n'
    file.write_text(f'data = "{folder / "data"}"\n{provider}{"".join(prices)}')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROCESSION_CONFIG", str(file))
        settings = load()
    with running(settings) as server, server.client() as client:
        marks = (b"\n%% copy %d\n" % number for number in range(DOCUMENTS_MIN))
        made = [client.submit(EXAMPLE.read_bytes() + mark, name="replayed.pdf", priority="urgent") for mark in marks]
        for one in made:
            client.wait(one.id, timeout_seconds=WAIT_SECONDS)
    return file


def _models(fake: RunningFake) -> list[dict[str, str]]:
    from procession.ai.fake.config import FakeConfig
    from procession.domain.usage import Tier

    known = {one.name: one.rates(Tier.STANDARD) for one in FakeConfig().catalogue().models}
    return [
        {"name": name, "input": str(rates.input), "cached": str(rates.cached), "output": str(rates.output)}
        for name in ("fake-large", "fake-small")
        for rates in (known[name],)
    ]


def run(config: Path, *arguments: str) -> Result:
    environment = {"PROCESSION_CONFIG": str(config), "NO_COLOR": "1", "COLUMNS": "200"}
    return CliRunner(env=environment).invoke(program, ["cost", "replay", *arguments])


def test_each_optimisation_is_measured_and_every_cent_is_the_providers(config: Path, fake: RunningFake) -> None:
    fake.reset()
    done = run(config, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["documents"], told["stopped"], told["set_aside"]) == (DOCUMENTS_MIN, "", "0")
    meter = fake.meter(each="false")
    assert Decimal(told["spent"]) == Decimal(meter["total"]["money"]) > 0
    rows = {row["optimisation"]: row for row in told["optimisations"]}
    assert tuple(rows) == MEASURABLE
    assert {row["documents"] for row in rows.values()} == {DOCUMENTS_MIN}
    assert Decimal(rows["small_model_first"]["saving"]) > 0
    assert rows["small_model_first"]["agreement"] == "1.0000"
    assert rows["small_model_first"]["verdict"] == "recommended"
    assert rows["downscale"]["cost_with"] == rows["text_first"]["cost_with"]  # one way is asked once


def test_no_call_is_made_that_could_pass_the_most_it_may_spend(config: Path, fake: RunningFake) -> None:
    fake.reset()
    done = run(config, "--spend-max", "0.000001", "--only", "small_model_first")
    assert done.exit_code == 0, done.output
    assert "not measured" in done.stdout
    assert "could pass --spend-max" in done.stderr
    assert Decimal(fake.meter(each="false")["total"]["money"]) == 0


def test_a_table_tells_people(config: Path) -> None:
    done = run(config, "--only", "small_model_first", "--documents", "2")
    assert done.exit_code == 0, done.output
    assert "too few documents" in done.stdout
    assert "2 documents, 4 calls to fake" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--only", "batching"), "cannot measure batching"),
        (("--only", "flex"), "cannot measure flex"),
        (("--provider", "other"), "No provider other"),
        (("--spend-max", "much"), "dollars"),
        (("--spend-max", "0"), "dollars"),
        (("--tenant", "nobody"), "Nothing to replay"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(config: Path, arguments: tuple[str, ...], words: str) -> None:
    refused = run(config, *arguments)
    assert refused.exit_code == 2
    assert words in refused.stderr


def test_without_a_provider_there_is_nothing_to_replay(tmp_path: Path) -> None:
    file = tmp_path / "procession.toml"
    file.write_text(f'data = "{tmp_path / "data"}"\n')
    refused = run(file)
    assert (refused.exit_code, "No AI provider is configured" in refused.stderr) == (2, True)
