"""Where somebody may write, tick or sign: fields from widgets, or from what is drawn."""

from procession.digitize.detect.candidate import ACCEPT, Candidate, Mark
from procession.digitize.detect.fields import Proposals, accepted, candidates, detect_fields

__all__ = ["ACCEPT", "Candidate", "Mark", "Proposals", "accepted", "candidates", "detect_fields"]
