"""The services' whole application, whose loops the tests drive pass by pass."""

from __future__ import annotations

from tests.unit.services.conftest import house

__all__ = ["house"]
