"""Values of filled fields and of running text, each with the box that proves it; what is ambiguous says so."""

from procession.digitize.values.extract import extract_values
from procession.digitize.values.normal import Normalised, normalise

__all__ = ["Normalised", "extract_values", "normalise"]
