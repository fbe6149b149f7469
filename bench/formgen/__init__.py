"""Seeded wedding forms in many layouts and six languages, with the exact truth of every box: ``generate.form``."""
