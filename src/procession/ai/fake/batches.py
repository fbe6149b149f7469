"""Uploaded files and batches of requests, done one by one over virtual time."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from procession.ai.fake.faults import Kind, Met
from procession.ai.fake.generate import Prompt
from procession.ai.fake.provider import FakeProvider, completion_body
from procession.ai.fake.wire import BatchLine, BatchRequest, WireError
from procession.domain.usage import Tier

WINDOW_SECONDS = 24 * 3600
BATCH_LINES_MAX = 50_000
"""Requests of one batch; past it the batch fails."""
FILE_BYTES_MAX = 200 * 1024 * 1024
"""One uploaded file; past it 413."""

ENDED = frozenset({"failed", "completed", "expired", "cancelled"})


@dataclass(frozen=True, slots=True)
class File:
    id: str
    name: str
    purpose: str
    content: bytes
    created: int

    def told(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": self.created,
            "expires_at": None,
            "filename": self.name,
            "purpose": self.purpose,
            "status": "processed",
            "status_details": None,
        }


@dataclass(slots=True)
class Batch:
    id: str
    request: BatchRequest
    created: float
    stamps: dict[str, int]
    status: str = "in_progress"
    lines: list[tuple[str, Prompt]] = field(default_factory=list)
    met: Met = field(default_factory=Met)
    done: int = 0
    answered: list[dict[str, Any]] = field(default_factory=list)
    broken: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    output_file_id: str | None = None
    error_file_id: str | None = None

    def told(self) -> dict[str, Any]:
        stamps = {f"{name}_at": self.stamps.get(name) for name in _STAMPS}
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.request.endpoint,
            "completion_window": self.request.completion_window,
            "input_file_id": self.request.input_file_id,
            "metadata": self.request.metadata,
            "status": self.status,
            "errors": {"object": "list", "data": self.errors} if self.errors else None,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "request_counts": {
                "total": len(self.lines),
                "completed": len(self.answered),
                "failed": len(self.broken),
            },
            **stamps,
        }


_STAMPS = (
    *("created", "in_progress", "expires", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled"),
)


class Batches:
    """Work is done when somebody looks: ``settle`` does what is due by the clock."""

    def __init__(self, provider: FakeProvider) -> None:
        self._provider = provider
        self.files: dict[str, File] = {}
        self._batches: dict[str, Batch] = {}

    def clear(self) -> None:
        self.files.clear()
        self._batches.clear()

    def upload(self, name: str, purpose: str, content: bytes) -> File:
        if len(content) > FILE_BYTES_MAX:
            raise WireError(413, f"File is larger than {FILE_BYTES_MAX} bytes.")
        file = File(f"file-{secrets.token_hex(12)}", name, purpose, content, self._provider.clock.stamp())
        self.files[file.id] = file
        return file

    def file(self, file_id: str) -> File:
        """Raises WireError 404."""
        if (found := self.files.get(file_id)) is None:
            raise WireError(404, f"No such File object: {file_id}", param="id")
        return found

    def create(self, request: BatchRequest) -> Batch:
        clock = self._provider.clock
        content = self.file(request.input_file_id).content
        stamp = clock.stamp()
        batch = Batch(f"batch_{secrets.token_hex(12)}", request, clock.seconds(), {"created": stamp})
        batch.stamps["expires"] = stamp + WINDOW_SECONDS
        self._batches[batch.id] = batch
        self._read(batch, content)
        if batch.errors:
            batch.lines = []
            batch.status = "failed"
            batch.stamps["failed"] = stamp
            return batch
        batch.stamps["in_progress"] = stamp
        subject = hashlib.sha256(content).hexdigest()
        batch.met = self._provider.faults.meet(batch.lines[0][1].model.name, Tier.BATCH, subject, batch=True)
        return batch

    def _read(self, batch: Batch, content: bytes) -> None:
        rows = [row for row in content.split(b"\n") if row.strip()]
        if not 0 < len(rows) <= BATCH_LINES_MAX:
            batch.errors.append(_error(None, "invalid_line_count", f"1 to {BATCH_LINES_MAX} requests are taken."))
            return
        seen: set[str] = set()
        for number, row in enumerate(rows, 1):
            try:
                line = BatchLine.model_validate_json(row)
                request = self._provider.parse(line.body)
                if request.stream:
                    raise WireError(400, "A batch does not stream.")
                prompt = self._provider.prepare(request, Tier.BATCH)
            except ValidationError as error:
                batch.errors.append(_error(number, "invalid_json_line", str(error.errors()[0]["msg"])))
                continue
            except WireError as error:
                batch.errors.append(_error(number, "invalid_request", str(error)))
                continue
            if line.custom_id in seen:
                batch.errors.append(_error(number, "duplicate_custom_id", "custom_id was used before."))
            seen.add(line.custom_id)
            batch.lines.append((line.custom_id, prompt))
        if len({prompt.model.name for _, prompt in batch.lines}) > 1:
            batch.errors.append(_error(None, "mismatched_model", "A batch has one model."))

    def get(self, batch_id: str) -> Batch:
        """As it stands now. Raises WireError 404."""
        self.settle()
        if (found := self._batches.get(batch_id)) is None:
            raise WireError(404, f"No batch found with id '{batch_id}'.", param="id")
        return found

    def listed(self, after: str | None, limit: int) -> tuple[list[Batch], bool]:
        """Newest first, those after one; and whether there are more."""
        self.settle()
        newest = list(reversed(self._batches.values()))
        start = next((n + 1 for n, batch in enumerate(newest) if batch.id == after), 0)
        return newest[start : start + limit], len(newest) > start + limit

    def cancel(self, batch_id: str) -> Batch:
        """What was done stays, and is charged. Raises WireError 409 when it has ended."""
        batch = self.get(batch_id)
        if batch.status in ENDED:
            raise WireError(409, f"Cannot cancel a batch with status '{batch.status}'.")
        batch.stamps["cancelling"] = self._provider.clock.stamp()
        self._end(batch, "cancelled")
        return batch

    def settle(self) -> None:
        for batch in self._batches.values():
            if batch.status not in ENDED:
                self._advance(batch, self._provider.clock.seconds() - batch.created)

    def _advance(self, batch: Batch, passed: float) -> None:
        lasting, total = self._provider.config.batch_seconds, len(batch.lines)
        due = total if passed >= lasting else int(total * passed / lasting)
        expires = passed >= WINDOW_SECONDS
        if batch.met.get(Kind.BATCH_STUCK):
            due = 0
        elif batch.met.get(Kind.BATCH_EXPIRED):
            expires = expires or due > total // 2 or due == total
            due = min(due, total // 2)
        while batch.done < due:
            self._do(batch, *batch.lines[batch.done])
            batch.done += 1
        if batch.done == total:
            self._end(batch, "completed")
        elif expires:
            self._end(batch, "expired")

    def _do(self, batch: Batch, custom_id: str, prompt: Prompt) -> None:
        row = {"id": f"batch_req_{secrets.token_hex(12)}", "custom_id": custom_id}
        try:
            request_id, generated = self._provider.answer_in_batch(prompt, custom_id, batch.id)
        except WireError as error:
            response = {"status_code": error.status, "request_id": "", "body": error.body}
            batch.broken.append({**row, "response": response, "error": None})
            return
        body = completion_body(request_id, prompt, Tier.BATCH, generated, self._provider.clock.stamp())
        response = {"status_code": 200, "request_id": request_id, "body": body}
        batch.answered.append({**row, "response": response, "error": None})

    def _end(self, batch: Batch, status: str) -> None:
        batch.status = status
        batch.stamps[status] = self._provider.clock.stamp()
        if status != "completed":
            for custom_id, _ in batch.lines[batch.done :]:
                error = {"code": f"batch_{status}", "message": f"The batch was {status} before this request was done."}
                row = {"id": f"batch_req_{secrets.token_hex(12)}", "custom_id": custom_id, "response": None}
                batch.broken.append({**row, "error": error})
        batch.output_file_id = self._written(batch.answered, f"{batch.id}_output.jsonl")
        batch.error_file_id = self._written(batch.broken, f"{batch.id}_error.jsonl")

    def _written(self, rows: list[dict[str, Any]], name: str) -> str | None:
        if not rows:
            return None
        content = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
        file = File(f"file-{secrets.token_hex(12)}", name, "batch_output", content, self._provider.clock.stamp())
        self.files[file.id] = file
        return file.id


def _error(line: int | None, code: str, message: str) -> dict[str, Any]:
    return {"code": code, "line": line, "message": message, "param": None}
