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


def a_pdf(name: str, seconds: float = 0.02) -> bytes:
    """Bytes that pass the upload's checks and keep this engine busy for ``seconds``."""
    return f"%PDF-1.7\n% {name}\n% take {seconds} s\n%%EOF\n".encode()


def digitize(request: Request, channel: Channel) -> tuple[Any, bytes | None]:
    (data,) = request.blobs
    found = _SECONDS.search(data)
    channel.progress(Progress(Stage.PARSING, 0, 1))
    time.sleep(float(found[1]) if found else 0.0)
    field = {"id": "f1", "page": 1, "label": "Name", "name": "name", "type": "text", "source": "graphics"}
    page = {"number": 1, "width": 612.0, "height": 792.0}
    form = {"title": "Stand-in", "fields": [{**field, "box": [0.1, 0.1, 0.5, 0.2], "confidence": 0.9}]}
    return {}, json.dumps({"pages": [page], "form": form, "confidence": 0.9}).encode()


def run(sock: socket.socket, confinement: Confinement) -> None:
    answer(sock, confinement, {"digitize": digitize})


def warm_up() -> None:
    """Nothing to load."""
