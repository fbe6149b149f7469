"""Budgets: the settings' own names, and what a number of pages adds."""

from __future__ import annotations

from dataclasses import asdict

from procession.sandbox.limits import SandboxLimits
from procession.settings import Sandbox as SandboxSettings


def test_limits_are_the_settings_with_the_same_defaults() -> None:
    assert asdict(SandboxLimits()) == SandboxSettings().model_dump()
    assert SandboxLimits.of(SandboxSettings(pages_per_child=7)).pages_per_child == 7


def test_each_page_adds_its_share_of_time() -> None:
    limits = SandboxLimits()
    none, ten = limits.budget(0), limits.budget(10)
    assert none.cpu_seconds == none.cpu_seconds_max == limits.cpu_seconds_base
    assert ten.cpu_seconds_max - none.cpu_seconds_max == 10 * limits.cpu_seconds_per_page
    assert limits.wall_seconds(10) - limits.wall_seconds(0) == 10 * limits.wall_seconds_per_page


def test_the_budget_for_scans_is_never_the_smaller() -> None:
    budget = SandboxLimits(address_space_bytes=10, address_space_ocr_bytes=5).budget(1)
    assert budget.memory_ocr_bytes == 10
