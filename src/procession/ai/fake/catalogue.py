"""The models the server has and what it charges for them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from procession.ai.fake.tokens import ImageFormula, Patches, Tiles
from procession.domain.usage import Rates, Tier, decimal

PRICE_VERSION = "fake-2026-11"
"""Changes whenever a price below does."""
HALF = Decimal("0.5")


class ModelConfig(BaseModel):
    """One model, as the configuration file writes it. Prices are dollars per million tokens, as text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    snapshot: str = ""
    """What answers call themselves; default: the name."""
    context_tokens: Annotated[int, Field(gt=0)] = 400_000
    output_tokens: Annotated[int, Field(gt=0)] = 128_000
    """Longest answer."""
    accuracy: Annotated[str, Field(pattern=r"^(0(\.\d+)?|1(\.0+)?)$")] = "1"
    """Share of fields answered as the truth file says."""
    input: str
    output: str
    cached: str | None = None
    written: str | None = None
    """Prompt tokens that are kept for later; default: they cost what input costs and are not told apart."""
    image: str | None = None
    flex: str | None = "0.5"
    """Share of the price at the flex tier; null: the model has none."""
    batch: str | None = "0.5"
    images: Literal["tiles", "patches", "none"] = "none"
    image_base: int = 85
    image_tile: int = 170
    patch_cap: int = 1536
    patch_factor: str = "1"

    @field_validator("input", "output", "cached", "written", "image", "flex", "batch", "patch_factor")
    @classmethod
    def _is_decimal(cls, text: str | None) -> str | None:
        if text is not None and decimal(text) < 0:
            raise ValueError("is negative")
        return text

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.get("snapshot"):
            return {**given, "snapshot": given.get("name", "")}
        return given

    def formula(self) -> ImageFormula | None:
        if self.images == "tiles":
            return Tiles(self.image_base, self.image_tile)
        if self.images == "patches":
            return Patches(self.patch_cap, Fraction(self.patch_factor))
        return None

    def tiers(self) -> dict[Tier, Decimal]:
        """Tier to its share of the standard price."""
        given = {Tier.STANDARD: "1", Tier.FLEX: self.flex, Tier.BATCH: self.batch}
        return {tier: decimal(share) for tier, share in given.items() if share is not None}

    def rates(self, tier: Tier) -> Rates:
        standard = Rates.parse(self.input, self.output, self.cached, self.image, self.written)
        return standard.times(self.tiers()[tier])


LARGE = ModelConfig(
    name="fake-large",
    snapshot="fake-large-2026-10-01",
    accuracy="0.97",
    input="1.25",
    cached="0.125",
    output="10",
    images="tiles",
    image_base=70,
    image_tile=140,
)
SMALL = ModelConfig(
    name="fake-small",
    snapshot="fake-small-2026-10-01",
    accuracy="0.93",
    input="0.25",
    cached="0.025",
    output="2",
    images="patches",
    patch_factor="1.62",
)
MINI = ModelConfig(
    name="fake-mini",
    snapshot="fake-mini-2026-10-01",
    context_tokens=128_000,
    output_tokens=16_384,
    accuracy="0.85",
    input="0.05",
    cached="0.005",
    output="0.4",
)
MODELS = (
    LARGE,
    SMALL,
    MINI,
    LARGE.model_copy(update={"name": "fake-large-next", "snapshot": "fake-large-next-2026-11-15"}),
    LARGE.model_copy(
        update={"name": "fake-large-worse", "snapshot": "fake-large-worse-2026-11-15", "accuracy": "0.87"}
    ),
    SMALL.model_copy(
        update={"name": "fake-small-worse", "snapshot": "fake-small-worse-2026-11-15", "accuracy": "0.83"}
    ),
)
"""Large, small and text-only mini; a next version that is as good, and versions ten points worse at the same price."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    models: tuple[ModelConfig, ...] = MODELS
    price_version: str = PRICE_VERSION

    def find(self, name: str) -> ModelConfig | None:
        return next((model for model in self.models if name in (model.name, model.snapshot)), None)

    def prices(self) -> dict[str, Any]:
        """As an operator would write them into settings: text per million tokens."""
        return {
            model.name: {
                tier.value: {kind: str(getattr(model.rates(tier), kind)) for kind in Rates.__dataclass_fields__}
                for tier in model.tiers()
            }
            for model in self.models
        }
