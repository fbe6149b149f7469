"""Providers in settings: what is refused, what a key alone means, and what is loaded without any."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from procession.cli.config import described
from procession.domain.errors import InvalidRequest
from procession.domain.usage import Tier
from procession.settings import Settings, load
from procession.settings.ai import OPENAI_MODELS, Ai, AiModel, AiPrices, AiProvider

MODEL = AiModel(name="m")


def test_without_a_provider_there_is_no_ai(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load().ai.endpoints == ()


def test_openai_s_key_alone_configures_openai_and_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    settings = load()
    (provider,) = settings.ai.endpoints
    assert (provider.name, provider.key(), provider.models) == ("openai", "sk-secret", OPENAI_MODELS)
    shown = {name: (value, source) for name, value, source in described(settings, {"OPENAI_API_KEY": "sk-secret"})}
    assert shown["ai.openai_api_key"][1] == "environment (OPENAI_API_KEY)"
    assert "sk-secret" not in str(shown)


def test_configured_providers_go_before_the_key_and_ai_can_be_turned_off() -> None:
    own = AiProvider(name="own", base_url="http://localhost:8000/v1", models=(MODEL,))
    key = SecretStr("sk-secret")
    assert Ai(providers=(own,), openai_api_key=key).endpoints == (own,)
    assert Ai(enabled=False, providers=(own,), openai_api_key=key).endpoints == ()


def test_providers_are_read_from_toml_with_prices_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "procession.toml").write_text(
        '[[ai.providers]]\nname = "own"\nbase_url = "https://ai.test/v1/"\napi_key_env = "OWN_KEY"\nregion = "eu"\n'
        '[[ai.providers.models]]\nname = "m"\ncapability = ["text", "image"]\ntiers = ["standard", "flex"]\n'
        'prices.standard = { input = "0.1", output = "0.3" }\n'
    )
    monkeypatch.chdir(tmp_path)
    (provider,) = load().ai.endpoints
    assert provider.base_url == "https://ai.test/v1"
    assert provider.models[0].prices[Tier.STANDARD].output == "0.3"
    with pytest.raises(ValueError, match="OWN_KEY"):
        provider.key({})
    assert provider.key({"OWN_KEY": "k"}) == "k"


def test_a_price_that_is_a_number_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "procession.toml").write_text(
        '[[ai.providers]]\nname = "own"\nbase_url = "https://ai.test/v1"\n'
        '[[ai.providers.models]]\nname = "m"\nprices.standard = { input = 0.1, output = "0.3" }\n'
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidRequest, match=r"prices\.standard\.input"):
        load()


@pytest.mark.parametrize("address", ["ftp://x.test", "https://user:secret@x.test/v1", "https://", "x.test/v1"])
def test_an_address_without_a_host_or_with_a_secret_is_refused(address: str) -> None:
    with pytest.raises(ValidationError) as caught:
        AiProvider(name="own", base_url=address, models=(MODEL,))
    assert "http" in str(caught.value) or "api_key" in str(caught.value)


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValidationError, match="standard"):
        AiModel(name="m", tiers=(Tier.FLEX,))
    with pytest.raises(ValidationError, match="standard"):
        AiModel(name="m", prices={Tier.FLEX: AiPrices(input="1", output="1")})
    with pytest.raises(ValidationError, match="negative"):
        AiPrices(input="-1", output="1")
    with pytest.raises(ValidationError, match="same name"):
        AiProvider(name="own", base_url="http://x.test", models=(MODEL, MODEL))
    provider = AiProvider(name="own", base_url="http://x.test", models=(MODEL,))
    with pytest.raises(ValidationError, match="same name"):
        Ai(providers=(provider, provider))


def test_nothing_of_a_provider_is_loaded_where_none_is_configured() -> None:
    """Importing the SDK takes longer than reading most documents."""
    check = (
        "import sys, procession.cli.analyze, procession.wiring, procession.http.app;"
        "print([m for m in ('openai', 'genai_prices', 'httpx2', 'procession.ai.openai') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, timeout=120)
    assert ran.stdout.strip() == "[]"


def test_the_default_models_read_pictures_and_have_every_tier() -> None:
    assert Settings(ai=Ai(openai_api_key=SecretStr("k"))).ai.endpoints[0].models[0].tiers == tuple(Tier)
