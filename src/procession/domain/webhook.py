"""Webhooks: which changes a receiver can be told of, and what it is told. Never personal data: ids, states, links."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from procession.domain.event import Event


class DeliveryState(StrEnum):
    """``waiting``: not tried yet; ``failed``: tried, and tried again later; ``given_up``: not tried again by itself."""

    WAITING = "waiting"
    FAILED = "failed"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


OPEN = (DeliveryState.WAITING, DeliveryState.FAILED)
"""States in which something is still to be sent."""

EVENT_TYPES: dict[str, str] = {
    "analysis.completed": "its result is there and needs nobody to look",
    "analysis.review_required": "its result is there and somebody should look",
    "analysis.approved": "its review was finished",
    "analysis.failed": "it failed for good",
    "analysis.cancelled": "it was cancelled",
    "form.created": "a review made a form",
    "form.opened": "a form takes responses again",
    "form.closed": "a form takes no more responses",
    "form.answered": "a form got a response",
}
"""Journal types a receiver can ask for, and what each says."""

TEST_TYPE = "webhook.test"
"""What `test` sends; nobody needs to ask for it."""

_ANALYSIS = (
    *("id", "priority", "batch_id", "form_id", "template_id", "pages_total", "fields_found", "fields_flagged"),
    *("confidence", "degraded", "reused_from", "created_at", "finished_at", "version"),
)
_FORM = ("id", "analysis_id", "open", "fields_count", "responses_count", "version", "response_id")


def body(event: Event) -> str:
    """What is sent of an event whose type is in ``EVENT_TYPES``: one line of JSON, the same at every attempt."""
    data, of = event.data, event.aggregate_id
    if event.aggregate_type == "analysis":
        links = {"analysis": f"/v1/analyses/{of}", "page": f"/analyses/{of}"}
        if data.get("result_ref"):
            links["result"] = f"/v1/analyses/{of}/result"
        error = {"code": data["error_code"], "message": data["error_message"]} if data.get("error_code") else None
        told = _some(data, _ANALYSIS) | {"status": data["state"], "error": error, "links": links}
    else:
        links = {"form": f"/v1/forms/{of}", "responses": f"/v1/forms/{of}/responses", "page": f"/forms/{of}"}
        told = _some(data, _FORM) | {"links": links}
    return written(event.type, event.occurred_at, told)


def trial_body(endpoint_id: str, now: datetime) -> str:
    return written(TEST_TYPE, now, {"id": endpoint_id, "links": {"webhook": f"/v1/webhooks/{endpoint_id}"}})


def written(event_type: str, moment: datetime, data: Mapping[str, Any]) -> str:
    """The frame every webhook has."""
    whole = {"type": event_type, "timestamp": moment.isoformat().replace("+00:00", "Z"), "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def _some(data: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}
