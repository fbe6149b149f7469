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
    """Scanned, filled copies with and without the templates. Time is what their results say, recognition apart.

    Raises NotMeasured when an analysis fails.
    """
    spent = {"true": 0.0, "false": 0.0}
    known = 0
    with service.running(1) as client:
        approved = [_approved(client, f"form-{number}.pdf", data) for number, (data, _) in enumerate(forms)]
        for number, (data, truth) in enumerate(forms):
            _, scan = copy(data, truth)
            for wanted in ("false", "true"):
                path = f"/v1/analyses?file_name=copy-{number}.pdf&templates={wanted}"
                view = client.wait(client.call("POST", path, scan)["id"])
                result = client.call("GET", f"/v1/analyses/{view['id']}/result")
                spent[wanted] += sum(ms for name, ms in result["timings_ms"].items() if name != "recognition")
                if wanted == "true" and result["template_id"] is not None:
                    known += 1
                    if not approved[number]:
                        raise NotMeasured("a copy was known by a form nobody approved")
    say(f"service: {spent['false']:.0f} ms without, {spent['true']:.0f} ms with templates, {known} copies known")
    return {
        "service_ratio": round(spent["false"] / max(spent["true"], 1e-9), 2),
        "service_known": known,
        "service_copies": len(forms),
    }


def _approved(client: service.Client, name: str, data: bytes) -> bool:
    view = client.wait(client.upload(name, data)["id"])
    if not view["fields_found"]:
        return False
    body = json.dumps({"finish": True}).encode()
    finished = client.call(
        "POST",
        f"/v1/analyses/{view['id']}/review",
        body,
        {"Content-Type": "application/json", "If-Match": f'"{view["version"]}"'},
    )
    return finished["form_id"] is not None
