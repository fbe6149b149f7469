"""The models inside the engine: which they are, whether their files are whole, and the figures of their card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

FIGURES = ("files", "fields", "type_accuracy", "calibration_error")
SETS = {
    "digital": {"held_out/real": "real forms, held out", "held_out/vendor": "suppliers' forms, held out"},
    "scanned": {
        "held_out/real_scanned": "real forms as scans, held out",
        "held_out/vendor_scanned": "suppliers' as scans, held out",
    },
}
"""Of the card's sets, those that tell of files nobody has seen; what they are called."""


@dataclass(frozen=True, slots=True)
class EngineModel:
    name: str
    file: str
    version: str | None
    digest: str | None
    size: int | None
    intact: bool
    figures: Mapping[str, Mapping[str, float]]


def engine_models(folder: Traversable | None = None) -> tuple[EngineModel, ...]:
    """``folder``: where the files and their card lie; default: the package's own."""
    from procession.digitize.learned.model import CARD_FILE, MODEL_FILES  # only here: numpy takes a while to load

    place = folder or resources.files("procession.digitize.learned")
    card = _card(place / CARD_FILE)
    return tuple(_model(place, card, name, file) for name, file in MODEL_FILES.items())


def _card(file: Traversable) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _model(place: Traversable, card: Mapping[str, Any], name: str, file: str) -> EngineModel:
    about = card.get(name, {})
    try:
        content: bytes | None = (place / file).read_bytes()
    except OSError:
        content = None
    digest = None if content is None else hashlib.sha256(content).hexdigest()
    return EngineModel(
        name=name,
        file=file,
        version=about.get("version"),
        digest=digest,
        size=None if content is None else len(content),
        intact=digest is not None and digest == about.get("sha256"),
        figures={title: _figures(card, path) for path, title in SETS[name].items() if _figures(card, path)},
    )


def _figures(card: Mapping[str, Any], path: str) -> dict[str, float]:
    part, name = path.split("/")
    found = card.get(part, {}).get(name, {})
    told = {one: float(found[one]) for one in FIGURES if isinstance(found.get(one), int | float)}
    for measure in ("centre", "iou50"):
        if isinstance(found.get(measure), Mapping):
            told[f"{measure}_f1"] = float(found[measure]["f1"])
    return told
