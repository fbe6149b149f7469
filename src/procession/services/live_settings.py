"""Settings that may change while a process runs, and what becomes of a new set of them: all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from procession.settings import Settings

LIVE = frozenset(
    {
        *("upload.upload_bytes_max", "upload.files_per_batch_max", "upload.batch_bytes_max"),
        *("upload.file_name_characters_max", "upload.idle_seconds_max"),
        *("worker.progress_seconds", "worker.drain_seconds", "worker.attempts_max"),
        *("worker.retry_base_seconds", "worker.retry_max_seconds"),
        *("worker.memory_per_analysis_bytes", "worker.memory_reserve_bytes"),
        *("queue.waiting_max", "queue.ring_ahead_per_tenant", "queue.rescue_seconds", "queue.aging_seconds"),
        *("templates.enabled", "templates.per_tenant_max"),
        *("http.wait_seconds_max", "http.page_size_max", "http.event_poll_seconds", "http.responses_per_form_max"),
        *("http.response_bytes_max", "http.disk_free_bytes_min"),
        *("webhooks.per_tenant_max", "webhooks.poll_seconds", "webhooks.at_once_max", "webhooks.at_once_each_max"),
        "webhooks.kept_days",
    }
)
"""Read anew at each use, and safe to differ between processes for a while. Everything else is built into something."""


@dataclass(frozen=True, slots=True)
class Reload:
    """``settings``: what holds from now on. ``changed``: (name, before, after) of what was taken over.

    ``waiting``: names whose new value needs a restart.
    """

    settings: Settings
    changed: tuple[tuple[str, Any, Any], ...]
    waiting: tuple[str, ...]


def merged(current: Settings, new: Settings) -> Reload:
    """``current`` with the live settings of ``new``. Both are valid, so the result is, for none depends on another."""
    before, after = dict(_flat(current)), dict(_flat(new))
    different = [name for name in after if before[name] != after[name]]
    live = [name for name in different if name in LIVE]
    sections: dict[str, dict[str, Any]] = {}
    for name in live:
        section, _, field = name.partition(".")
        sections.setdefault(section, {})[field] = after[name]
    update = {section: getattr(current, section).model_copy(update=values) for section, values in sections.items()}
    return Reload(
        settings=current.model_copy(update=update),
        changed=tuple((name, before[name], after[name]) for name in live),
        waiting=tuple(name for name in different if name not in LIVE),
    )


def _flat(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
