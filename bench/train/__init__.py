"""Trains the field model: ``python -m bench.train``; ADR 0011 says why."""
