"""The shipped field model: its ensembles, its calibration, and how it is read."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from procession.digitize.learned.features import COLUMNS, FEATURES_VERSION
from procession.digitize.learned.trees import Ensemble, Floats

MODEL_FILES = {"digital": "fields.npz", "scanned": "scans.npz"}
"""A scan's lines are a little off and its shades faint; what is learned from it blunts the trees for digital pages."""
CARD_FILE = "fields.json"
"""Beside the model: what it learned from, and its figures on forms it had not seen."""
EDGES = ("left", "top", "right", "bottom")


class ModelError(Exception):
    """The file is no field model, or one for other features than this engine computes."""


@dataclass(frozen=True, slots=True)
class FieldModel:
    field: Ensemble
    """Log-odds that a candidate is the right place of a field."""
    edges: tuple[Ensemble, Ensemble, Ensemble, Ensemble]
    """Points each edge of EDGES moves."""
    button: Ensemble
    """Log-odds that the place is ticked rather than written in."""
    calibration: Mapping[str, tuple[Floats, Floats]]
    """"text" and "button" -> ratings and the share of right fields measured there; linear in between."""
    accept: float
    """Rating from which a candidate is a field: where F1 was best on files the trees had not seen."""
    version: str

    def confidence(self, rating: npt.NDArray[np.float64], family: str) -> npt.NDArray[np.float64]:
        """``rating`` as measured shares of right fields."""
        x, y = self.calibration[family]
        return np.asarray(np.interp(rating, x, y))

    def to_bytes(self) -> bytes:
        """As a compressed .npz without pickles."""
        arrays: dict[str, npt.NDArray[np.generic]] = {}
        for name, ensemble in self._ensembles().items():
            arrays |= ensemble.to_arrays(name)
        for family, (x, y) in self.calibration.items():
            arrays[f"calibration.{family}"] = np.stack([x, y]).astype(np.float32)
        about = {
            "version": self.version,
            "features_version": FEATURES_VERSION,
            "columns": list(COLUMNS),
            "accept": self.accept,
        }
        arrays["about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
        out = io.BytesIO()
        np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
        return out.getvalue()

    def _ensembles(self) -> dict[str, Ensemble]:
        return {
            "field": self.field,
            "button": self.button,
            **dict(zip(EDGES, self.edges, strict=True)),
        }


def load_model(data: bytes) -> FieldModel:
    """Raises ModelError when ``data`` is no model or one for other features."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            about = json.loads(arrays["about"].tobytes())
            if about["features_version"] != FEATURES_VERSION or about["columns"] != list(COLUMNS):
                raise ModelError("The field model was made for other features; train it again.")
            left, top, right, bottom = (Ensemble.from_arrays(edge, arrays) for edge in EDGES)
            return FieldModel(
                field=Ensemble.from_arrays("field", arrays),
                edges=(left, top, right, bottom),
                button=Ensemble.from_arrays("button", arrays),
                calibration={
                    family: (arrays[f"calibration.{family}"][0], arrays[f"calibration.{family}"][1])
                    for family in ("text", "button")
                },
                accept=float(about["accept"]),
                version=str(about["version"]),
            )
    except ModelError:
        raise
    except Exception as error:
        # a broken archive fails in zipfile, zlib, json or numpy, each with errors of its own
        raise ModelError(f"The field model cannot be read: {error}") from error


@lru_cache(maxsize=2)
def shipped_model(of: str = "digital") -> FieldModel | None:
    """The model in the package for pages ``of`` MODEL_FILES; None when it is missing or cannot be read, and the rules
    decide alone."""
    file = resources.files("procession.digitize.learned") / MODEL_FILES[of]
    try:
        return load_model(file.read_bytes())
    except (OSError, ModelError):
        return None
