"""A stand-in for the digitising engine that the real sandbox loads: it reads how long to take from the document.

The faults are about everything around the engine, and 200 restarts must not spend minutes loading PDF libraries.
"""

from __future__ import annotations

import json
import re
import socket
import time
from typing import Any

from procession.domain.analysis import Progress, Stage
from procession.sandbox.child import Channel, Request, answer
from procession.sandbox.confine import Confinement

_SECONDS = re.compile(rb"take ([0-9.]+) s")


def a_pdf(name: str, seconds: float = 0.02, *, asks: bool = False) -> bytes:
    """Bytes that pass the upload's checks and keep this engine busy for ``seconds``.

    ``asks``: it is unsure of a date, which the lines of the document tell.
    """
    unsure = "% asks\n" if asks else ""
    return f"%PDF-1.7\n% {name}\n% take {seconds} s\n{unsure}%%EOF\n".encode()


def digitize(request: Request, channel: Channel) -> tuple[Any, bytes | None]:
    (data,) = request.blobs
    found = _SECONDS.search(data)
    channel.progress(Progress(Stage.PARSING, 0, 1))
    time.sleep(float(found[1]) if found else 0.0)
    field = {"id": "f1", "page": 1, "label": "Name", "name": "name", "type": "text", "source": "graphics"}
    lines = []
    if b"% asks\n" in data:
        field |= {"label": "Event date", "name": "event_date", "type": "date", "confidence": 0.3}
        field |= {"needs_review": True, "review_reason": "unsure", "value": "2027-06-14"}
        for number, text in enumerate(("Event date: 14 June 2027", data.split(b"\n")[1].decode()), 1):
            box = [0.1, 0.1 * number, 0.9, 0.1 * number + 0.02]
            words = [box] * len(text.split())
            lines.append({"id": f"p1l{number}", "page": 1, "box": box, "text": text, "words": words, "source": "text"})
    page = {"number": 1, "width": 612.0, "height": 792.0}
    form = {"title": "Stand-in", "fields": [{"confidence": 0.9, **field, "box": [0.1, 0.1, 0.5, 0.2]}]}
    return {}, json.dumps({"pages": [page], "form": form, "confidence": 0.9, "lines": lines}).encode()


def run(sock: socket.socket, confinement: Confinement) -> None:
    answer(sock, confinement, {"digitize": digitize})


def warm_up() -> None:
    """Nothing to load."""
