"""What a fake provider is started with: a TOML file, with command line options before it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from procession.ai.fake.catalogue import MODELS, PRICE_VERSION, Catalogue, ModelConfig
from procession.ai.fake.faults import Fault
from procession.ai.fake.prefixes import TTL_SECONDS
from procession.domain.errors import InvalidRequest


class FakeConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 0
    api_key: str | None = None
    """Other keys are refused with 401; null takes any."""
    models: tuple[ModelConfig, ...] = ()
    """Added to the built-in ones; one of the same name replaces it."""
    price_version: str = PRICE_VERSION
    requests_per_minute: Annotated[int, Field(gt=0)] = 10_000
    """For each model; past it 429."""
    tokens_per_minute: Annotated[int, Field(gt=0)] = 20_000_000
    cache_ttl_seconds: Annotated[float, Field(gt=0)] = TTL_SECONDS
    batch_seconds: Annotated[float, Field(ge=0)] = 3600.0
    """Virtual seconds a batch takes; its requests are done one by one over that time."""
    clock_speed: Annotated[float, Field(gt=0)] = 1.0
    """Virtual seconds in a second."""
    seconds_per_thousand_tokens: Annotated[float, Field(ge=0)] = 0.0
    """Virtual seconds an answer takes for every thousand of its own tokens, before any fault."""
    obedient: bool = True
    """Whether instructions that stand in a document's lines are obeyed."""
    faults: tuple[Fault, ...] = ()

    def catalogue(self) -> Catalogue:
        known = {model.name: model for model in (*MODELS, *self.models)}
        return Catalogue(tuple(known.values()), self.price_version)


def load(path: Path | None, **options: Any) -> FakeConfig:
    """Options that are None are as not given. Raises InvalidRequest."""
    try:
        given = {} if path is None else tomllib.loads(path.read_text())
        return FakeConfig.model_validate({**given, **{k: v for k, v in options.items() if v is not None}})
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise InvalidRequest(f"{path or 'The options'}: {'; '.join(lines)}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{path} is not valid TOML: {error}.") from None
