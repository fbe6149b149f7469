"""The stored result of an analysis, and the published one made of it: corrections applied, ids and status filled in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from procession.domain.analysis import Analysis
from procession.domain.errors import InvalidRequest
from procession.domain.form import AnalysisResult, DigitizedDocument, ErrorDetail, Field, Form, Option, Section

CHANGEABLE = frozenset({"label", "type", "options", "required", "section", "value", "subtype", "category", "help"})
LABEL_CHARACTERS_MAX = 500
HELP_CHARACTERS_MAX = 2000
VALUE_CHARACTERS_MAX = 10_000
OPTIONS_MAX = 500
_OPTIONS = TypeAdapter(tuple[Option, ...])


@dataclass(frozen=True, slots=True)
class StoredResult:
    """What a worker writes, sealed: the engine's document and the digest of the bytes it came from."""

    sha256: str
    document: DigitizedDocument

    def encode(self) -> tuple[bytes, str]:
        """(JSON, its SHA-256 in hex)."""
        body = b'{"sha256":"%s","document":%s}' % (self.sha256.encode(), self.document.model_dump_json().encode())
        return body, hashlib.sha256(body).hexdigest()

    @classmethod
    def decode(cls, body: bytes) -> StoredResult:
        stored = json.loads(body)
        return cls(stored["sha256"], DigitizedDocument.model_validate(stored["document"]))


@dataclass(frozen=True, slots=True)
class Decision:
    """A reviewer's answer to one field. ``changes`` is empty unless the action is modify."""

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


def changed(field: Field, changes: Mapping[str, Any], sections: Iterable[Section]) -> Field:
    """``field`` with a reviewer's changes, nothing left to review. Raises InvalidRequest in plain words."""
    if unknown := changes.keys() - CHANGEABLE:
        raise InvalidRequest(f"Field {field.id}: {', '.join(sorted(unknown))[:200]} cannot be changed.")
    values = dict(changes)
    if "options" in values:
        values["options"] = _options(field.id, values["options"])
    if values.get("section") is not None and values["section"] not in {one.id for one in sections}:
        raise InvalidRequest(f"Field {field.id}: there is no section with this id.")
    _check_lengths(field.id, values)
    if "value" in values and values["value"] != field.value:
        values["value_text"] = None  # what is printed is no longer what it says
    whole = {**field.model_dump(), **values, "needs_review": False, "review_reason": None}
    try:
        return Field.model_validate(whole)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidRequest(f"Field {field.id}: {first['loc'][0]}: {first['msg']}") from None


def _options(field_id: str, given: Any) -> tuple[Option, ...]:
    """Options as labels or as objects. Labels are unique and not empty."""
    if not isinstance(given, list | tuple) or len(given) > OPTIONS_MAX:
        raise InvalidRequest(f"Field {field_id}: options: a list of at most {OPTIONS_MAX}.")
    try:
        found = _OPTIONS.validate_python([{"label": one} if isinstance(one, str) else one for one in given])
    except ValidationError as error:
        raise InvalidRequest(f"Field {field_id}: options: {error.errors()[0]['msg']}") from None
    labels = [one.label.strip() for one in found]
    if not all(labels) or len(set(labels)) != len(labels) or max(map(len, labels), default=0) > LABEL_CHARACTERS_MAX:
        raise InvalidRequest(f"Field {field_id}: options: each needs a text of its own.")
    return found


def _check_lengths(field_id: str, values: Mapping[str, Any]) -> None:
    label = values.get("label", "-")
    if not isinstance(label, str) or not label.strip() or len(label) > LABEL_CHARACTERS_MAX:
        raise InvalidRequest(f"Field {field_id}: label: 1 to {LABEL_CHARACTERS_MAX} characters.")
    if len(str(values.get("help") or "")) > HELP_CHARACTERS_MAX:
        raise InvalidRequest(f"Field {field_id}: help: at most {HELP_CHARACTERS_MAX} characters.")
    if len(str(values.get("value") or "")) > VALUE_CHARACTERS_MAX:
        raise InvalidRequest(f"Field {field_id}: value: at most {VALUE_CHARACTERS_MAX} characters.")


def corrected(form: Form, decisions: Mapping[str, Decision]) -> Form:
    """The form as the reviewer left it: rejected fields gone, changes applied, decided fields no longer flagged."""
    fields = []
    for field in form.fields:
        decision = decisions.get(field.id)
        if decision is None:
            fields.append(field)
        elif decision.action == "approve":
            fields.append(field.model_copy(update={"needs_review": False, "review_reason": None}))
        elif decision.action == "modify":
            fields.append(changed(field, decision.changes, form.sections))
    return form.model_copy(update={"fields": tuple(fields)})


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
        reused_from=analysis.reused_from,
        timings_ms=document.timings_ms,
        usage=document.usage,
        warnings=document.warnings,
    )


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
