"""Where somebody may write, tick or sign: fields from widgets, or from what is drawn."""

from procession.digitize.detect.candidate import Candidate, Mark
from procession.digitize.detect.fields import detect_fields

__all__ = ["Candidate", "Mark", "detect_fields"]
