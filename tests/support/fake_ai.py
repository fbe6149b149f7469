"""The fake provider as a real process, and prompts that follow the contract."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from procession.ai.protocol import CompletionRequest
from tests.support.processes import die_with_parent

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 20

ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "answers": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "value": {"type": ["string", "null"]},
                    "lines": {"type": "array", "items": {"type": "string"}},
                    "quote": {"type": ["string", "null"]},
                },
                "required": ["field", "value", "lines", "quote"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["answers"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class RunningFake:
    """``url`` is the server's root; clients of the API add ``/v1``."""

    url: str

    def meter(self, **query: str) -> dict[str, Any]:
        return self._json(httpx.get(f"{self.url}/meter", params=query))

    def faults(self, *faults: dict[str, Any], seed: int | None = None) -> None:
        self._json(httpx.put(f"{self.url}/faults", json={"faults": faults, "seed": seed}))

    def advance(self, seconds: float) -> None:
        self._json(httpx.post(f"{self.url}/clock", json={"advance_seconds": seconds}))

    def reset(self) -> None:
        self._json(httpx.post(f"{self.url}/reset"))

    def _json(self, response: httpx.Response) -> dict[str, Any]:
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found


@contextlib.contextmanager
def running(*options: str) -> Iterator[RunningFake]:
    """``procession dev fake-ai`` on a free port, until the context ends."""
    program = str(Path(sys.executable).parent / "procession")
    command = [program, "dev", "fake-ai", "--port", "0", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent) as process:
        assert process.stdout is not None
        watchdog = threading.Timer(START_SECONDS_MAX, process.kill)
        watchdog.start()
        first = process.stdout.readline()
        watchdog.cancel()
        try:
            yield RunningFake(json.loads(first)["url"])
        finally:
            process.terminate()
            process.wait(STOP_SECONDS_MAX)


def document(lines: Sequence[str], fields: Sequence[tuple[str, str, str]], tag: str = "document-1") -> dict[str, Any]:
    """The prompt's JSON: lines get ids p1l1, p1l2 …; ``fields`` are (id, label, type)."""
    return {
        "document": {"tag": tag},
        "lines": [
            {"id": f"p1l{number}", "page": 1, "box": [0.1, 0.1, 0.9, 0.12], "text": text}
            for number, text in enumerate(lines, 1)
        ],
        "fields": [{"id": one, "label": label, "type": kind} for one, label, kind in fields],
    }


def chat(
    asked: dict[str, Any], *, model: str = "fake-large", system: str = "Read the form.", **more: Any
) -> dict[str, Any]:
    """Body of a chat completion in the contract's shape."""
    response_format = {
        "type": "json_schema",
        "json_schema": {"name": "answers", "strict": True, "schema": ANSWER_SCHEMA},
    }
    messages = [
        {"role": "system", "content": system},
        {"role": "user", "content": [{"type": "text", "text": json.dumps(asked)}]},
    ]
    return {"model": model, "messages": messages, "response_format": response_format, **more}


def answers(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Field to its answer, of a chat completion."""
    told = json.loads(body["choices"][0]["message"]["content"])
    return {answer["field"]: answer for answer in told["answers"]}


def contract_request(request_id: str, *, tag: str = "document-1", **more: Any) -> CompletionRequest:
    """A question about one date, in the contract's shape."""
    asked = document(["Event date: 14 June 2027", "Client Anna Berg"], [("f1", "Event date", "date")], tag)
    given = {"model": "fake-large", "system": "Read the form.", "timeout_seconds": 20.0, **more}
    return CompletionRequest(request_id=request_id, user=(json.dumps(asked),), schema=ANSWER_SCHEMA, **given)
