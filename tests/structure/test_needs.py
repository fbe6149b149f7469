"""A test that cannot run is told apart from one that passed."""

from __future__ import annotations

import pytest

from tests.support.needs import missing


@pytest.mark.parametrize("value", ["1", "true"])
def test_what_ci_lacks_is_a_failure(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CI", value)
    with pytest.raises(pytest.fail.Exception, match="Chromium"):
        missing("Chromium")


@pytest.mark.parametrize("value", ["", "false"])
def test_what_a_developer_lacks_is_a_skip(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CI", value)
    with pytest.raises(pytest.skip.Exception, match="Chromium"):
        missing("Chromium")
