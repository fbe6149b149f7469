"""Trains the field model: ``python -m bench.train``; see ``docs/reference/field-model.md``."""
