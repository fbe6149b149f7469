"""The engine's version, apart from the engine: whoever records it need not load the libraries."""

from __future__ import annotations

ENGINE_VERSION = "4"
"""Raised when the same bytes would give another result. Part of the duplicate check."""
