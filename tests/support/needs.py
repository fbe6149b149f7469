"""What a test needs and a machine may lack: skipped where somebody develops, a failure where it was to be provided."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """``what`` is not here. With ``CI`` set nobody would notice a skip, so there the test fails."""
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        pytest.fail(f"CI is set, so this must run, but there is no {what}")
    pytest.skip(f"no {what}")
