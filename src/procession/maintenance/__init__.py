"""Loops that keep the house in order, one per file, all with the same start/stop contract."""
