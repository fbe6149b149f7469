"""What rules cannot weigh: tree ensembles that rate the detectors' candidates and move their edges."""

from procession.digitize.learned.judge import judged, weigh
from procession.digitize.learned.model import FieldModel, ModelError, load_model, shipped_model

__all__ = ["FieldModel", "ModelError", "judged", "load_model", "shipped_model", "weigh"]
