"""The same through a started service: forms are uploaded blank, approved over HTTP, and their copies uploaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from bench import service
from bench.report import NotMeasured, say

Json = dict[str, Any]


def through_the_service(
    forms: Sequence[tuple[bytes, Json]], copy: Callable[[bytes, Json], tuple[bytes, bytes]]
) -> Json:
    """Scanned, filled copies with and without the templates: CPU seconds as their results say, recognition apart.

    Raises NotMeasured when an analysis fails.
    """
    spent = {"true": 0.0, "false": 0.0}
    known = 0
    with service.running(1) as client:
        approved = [_approved(client, f"form-{number}.pdf", *form) for number, form in enumerate(forms)]
        for number, (data, truth) in enumerate(forms):
            _, scan = copy(data, truth)
            for wanted in ("false", "true"):
                path = f"/v1/analyses?file_name=copy-{number}.pdf&templates={wanted}"
                view = client.wait(client.call("POST", path, scan)["id"])
                result = client.call("GET", f"/v1/analyses/{view['id']}/result")
                usage = result["usage"]
                spent[wanted] += usage["cpu_seconds"] - usage["recognition_cpu_seconds"]
                if wanted == "true" and result["template_id"] is not None:
                    known += 1
                    if not approved[number]:
                        raise NotMeasured("a copy was known by a form nobody approved")
    say(f"service: {spent['false']:.3f} s without, {spent['true']:.3f} s with templates, {known} copies known")
    return {
        "service_ratio": round(spent["false"] / max(spent["true"], 1e-9), 2),
        "service_known": known,
        "service_copies": len(forms),
    }


def _approved(client: service.Client, name: str, data: bytes, truth: Json) -> bool:
    """Uploads a blank form, draws what was missed, and finishes the review."""
    view = client.wait(client.upload(name, data)["id"])
    found = client.call("GET", f"/v1/analyses/{view['id']}/result")["form"]["fields"]
    drawn = [
        {
            "id": f"added-{number}",
            "action": "add",
            "changes": {"label": f"Added {number}", "page": entry["page"], "box": entry["box"]},
        }
        for number, entry in enumerate(truth["fields"])
        if not any(_covers(field, entry) for field in found)
    ]
    if not found and not drawn:
        return False
    finished = client.call(
        "POST",
        f"/v1/analyses/{view['id']}/review",
        json.dumps({"fields": drawn, "finish": True}).encode(),
        {"Content-Type": "application/json", "If-Match": f'"{view["version"]}"'},
    )
    return finished["form_id"] is not None


def _covers(field: Json, entry: Json) -> bool:
    x, y = (entry["box"][0] + entry["box"][2]) / 2, (entry["box"][1] + entry["box"][3]) / 2
    boxes = [field["box"], *(option["box"] for option in field["options"])]
    return field["page"] == entry["page"] and any(b and b[0] <= x <= b[2] and b[1] <= y <= b[3] for b in boxes)
