"""The stored result of an analysis, and the published one made of it: corrections applied, ids and status filled in."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from procession.domain.analysis import Analysis
from procession.domain.form import AnalysisResult, DigitizedDocument, ErrorDetail, Form, KnownForm
from procession.domain.template import CHANGED_FORM, KNOWN_FORM
from procession.services.added_fields import added, placed
from procession.services.field_changes import changed


@dataclass(frozen=True, slots=True)
class AiTrace:
    """Who read a document besides the engine. What it cost stands in the document's usage, under ``ai``."""

    provider: str
    model: str
    prompt_version: str


@dataclass(frozen=True, slots=True)
class StoredResult:
    """What a worker writes, sealed: the engine's document and the digest of the bytes it came from."""

    sha256: str
    document: DigitizedDocument
    engine: dict[str, float] = dataclasses.field(default_factory=dict)
    """Field id -> the engine's own confidence, where a calibration changed it."""
    ai: AiTrace | None = None
    """When an AI provider's answer went into it."""

    def encode(self) -> tuple[bytes, str]:
        """(JSON, its SHA-256 in hex)."""
        said = b',"engine":%s' % json.dumps(self.engine).encode() if self.engine else b""
        if self.ai is not None:
            said += b',"ai":%s' % json.dumps(dataclasses.asdict(self.ai)).encode()
        document = self.document.model_dump_json().encode()
        body = b'{"sha256":"%s"%s,"document":%s}' % (self.sha256.encode(), said, document)
        return body, hashlib.sha256(body).hexdigest()

    @classmethod
    def decode(cls, body: bytes) -> StoredResult:
        stored = json.loads(body)
        document = DigitizedDocument.model_validate(stored["document"])
        ai = AiTrace(**stored["ai"]) if stored.get("ai") else None
        return cls(stored["sha256"], document, stored.get("engine", {}), ai)


@dataclass(frozen=True, slots=True)
class Decision:
    """A reviewer's answer to one field. ``changes`` is empty unless the action is modify or add."""

    action: str
    changes: dict[str, Any]
    at: datetime


def encode_decisions(analysis_id: str, decisions: Mapping[str, Decision]) -> bytes:
    fields = {
        name: {"action": made.action, "changes": made.changes, "at": made.at.isoformat()}
        for name, made in decisions.items()
    }
    return json.dumps({"analysis_id": analysis_id, "fields": fields}, sort_keys=True).encode()


def decode_decisions(body: bytes) -> dict[str, Decision]:
    return {
        name: Decision(made["action"], made["changes"], datetime.fromisoformat(made["at"]))
        for name, made in json.loads(body)["fields"].items()
    }


def corrected(form: Form, decisions: Mapping[str, Decision]) -> Form:
    """The form as the reviewer left it: rejected fields gone, changes applied, drawn ones added, none flagged."""
    fields = []
    for field in form.fields:
        decision = decisions.get(field.id)
        if decision is None:
            fields.append(field)
        elif decision.action == "approve":
            fields.append(field.model_copy(update={"needs_review": False, "review_reason": None}))
        elif decision.action == "modify":
            fields.append(changed(field, decision.changes, form.sections))
    drawn = [added(name, made.changes, form.sections) for name, made in decisions.items() if made.action == "add"]
    return form.model_copy(update={"fields": tuple(placed(fields, drawn))})


def published(
    analysis: Analysis, file_name: str | None, stored: StoredResult, decisions: Mapping[str, Decision]
) -> AnalysisResult:
    """The result as the API gives it."""
    document = stored.document
    form = corrected(document.form, decisions) if decisions else document.form
    undecided = any(field.needs_review for field in form.fields)
    return AnalysisResult(
        id=analysis.id,
        file=file_name,
        sha256=stored.sha256,
        status=analysis.state.value,
        pages=document.pages,
        form=form,
        confidence=document.confidence,
        needs_review=undecided if decisions else document.needs_review,
        degraded=analysis.degraded,
        engine_version=analysis.engine_version,
        provider=stored.ai.provider if stored.ai else None,
        model=stored.ai.model if stored.ai else None,
        prompt_version=stored.ai.prompt_version if stored.ai else None,
        template_id=analysis.template_id,
        reused_from=analysis.reused_from,
        timings_ms=document.timings_ms,
        usage=document.usage,
        warnings=(*_recognised(document.known), *document.warnings),
    )


def _recognised(known: KnownForm | None) -> tuple[str, ...]:
    """Which approved definition was used, in words."""
    if known is None:
        return ()
    day = f"{known.approved_on.day} {known.approved_on:%B %Y}"
    if not known.changed:
        return (f"{KNOWN_FORM} your approved definition of {day} was used.",)
    said = f"{CHANGED_FORM} it differs from the one you approved on {day}. {_fields(known.kept)} as you approved them"
    if known.fresh:
        said += f"; {known.fresh} new or uncertain {'one is' if known.fresh == 1 else 'ones are'} flagged"
    if known.lost:
        said += f"; {known.lost} of the approved {'was' if known.lost == 1 else 'were'} not found again"
    return (f"{said}.",)


def _fields(count: int) -> str:
    return "1 field is" if count == 1 else f"{count} fields are"


def failed(analysis: Analysis, file_name: str | None, sha256: str | None) -> AnalysisResult:
    """The result of an analysis that failed: no form, and why."""
    return AnalysisResult(
        id=analysis.id,
        file=file_name,
        sha256=sha256,
        status=analysis.state.value,
        engine_version=analysis.engine_version,
        error=ErrorDetail(code=analysis.error_code or "internal", message=analysis.error_message or ""),
    )
