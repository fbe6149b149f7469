"""The ``procession`` command."""
