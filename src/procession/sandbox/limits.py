"""What a child may spend. One budget per child, worked out by the parent; the child never chooses its own."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """The names and defaults of ``settings.Sandbox``, which this package does not import (it may hold secrets)."""

    pages_max: int = 2000
    pages_per_child: int = 50
    page_points_max: float = 14_400.0
    page_pixels_max: int = 40_000_000
    address_space_bytes: int = 512 * MIB
    address_space_ocr_bytes: int = 1024 * MIB
    cpu_seconds_base: float = 20.0
    cpu_seconds_per_page: float = 2.0
    wall_seconds_base: float = 30.0
    wall_seconds_per_page: float = 4.0
    document_wall_seconds_max: float = 3600.0
    output_bytes_max: int = 64 * MIB
    open_files_max: int = 32

    @classmethod
    def of(cls, settings: Any) -> Self:
        """From anything with these attributes, such as ``settings.Sandbox``."""
        return cls(**{one.name: getattr(settings, one.name) for one in fields(cls)})

    def budget(self, pages: int) -> Budget:
        """For a child that reads at most ``pages`` pages."""
        return Budget(
            memory_bytes=self.address_space_bytes,
            memory_ocr_bytes=max(self.address_space_ocr_bytes, self.address_space_bytes),
            cpu_seconds=self.cpu_seconds_base,
            cpu_seconds_max=self.cpu_seconds_base + self.cpu_seconds_per_page * pages,
            open_files_max=self.open_files_max,
        )

    def wall_seconds(self, pages: int) -> float:
        return self.wall_seconds_base + self.wall_seconds_per_page * pages


@dataclass(frozen=True, slots=True)
class Budget:
    """One child's. It starts with the smaller amounts and may raise itself to the larger ones, which are hard limits,
    once it knows how many pages there are and that one is scanned."""

    memory_bytes: int
    memory_ocr_bytes: int
    cpu_seconds: float
    cpu_seconds_max: float
    open_files_max: int
