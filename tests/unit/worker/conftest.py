"""The services' whole application, whose worker the tests drive."""

from __future__ import annotations

from tests.unit.services.conftest import house

__all__ = ["house"]
