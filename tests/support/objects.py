"""Looking at a folder of objects past the store, which lists nothing."""

from __future__ import annotations

from pathlib import Path


def names(folder: Path) -> set[str]:
    """Every object in a ``LocalBlobs`` folder, by name."""
    return {path.name.replace("~", "/") for path in folder.rglob("*") if path.is_file() and path.name[0] != "."}
