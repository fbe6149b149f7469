"""A person's decisions about what was found, and the form that comes of them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from procession.blobs.names import ObjectKind
from procession.domain.analysis import Analysis, State
from procession.domain.clock import new_id
from procession.domain.errors import Conflict, InvalidRequest, NotFound, Permanent, PreconditionFailed
from procession.domain.form import DigitizedDocument, Form
from procession.domain.principal import Principal
from procession.services import field_changes, form_definition, intended, model_reviews, results
from procession.services.added_fields import ADDED_MAX, added
from procession.services.calibrating import outcomes
from procession.services.foundation import Foundation
from procession.services.results import Decision, StoredResult
from procession.services.showing import analysis_view
from procession.services.templates import Prepared, Templates
from procession.services.vault import form_title_context, share_context
from procession.services.views import AnalysisView
from procession.store import analyses, documents, forms, intents, review_outcomes
from procession.store.forms import FormRow
from procession.store.reviews import ReviewCounts, apply_review

ACTIONS = frozenset({"approve", "modify", "reject", "reset", "add"})
TOKEN_BYTES = 24
"""192 random bits: a link cannot be guessed."""


@dataclass(frozen=True, slots=True)
class FieldAction:
    """``action``: approve, modify (with ``changes``), reject, reset to undecided, or add (what the engine missed)."""

    id: str
    action: str
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Reviewed:
    """An analysis with everything a decision about it needs."""

    analysis: Analysis
    key_id: str
    document: DigitizedDocument
    decisions: dict[str, Decision]
    engine: dict[str, float]
    """Field id -> the engine's own confidence, where another one is shown."""

    @property
    def found(self) -> Form:
        return self.document.form

    @property
    def pages(self) -> int:
        return len(self.document.pages)


class Reviews:
    def __init__(self, foundation: Foundation, templates: Templates) -> None:
        self._on = foundation
        self._templates = templates

    async def state(self, principal: Principal, analysis_id: str) -> dict[str, dict[str, Any]]:
        """Field id -> {action, changes, at}. Raises NotFound, Conflict while there is nothing to review."""
        reviewed = await self._read(principal, analysis_id)
        return {
            name: {"action": made.action, "changes": made.changes, "at": made.at.isoformat()}
            for name, made in reviewed.decisions.items()
        }

    async def apply(
        self,
        principal: Principal,
        analysis_id: str,
        actions: Sequence[FieldAction],
        finish: bool = False,
        expected_version: int | None = None,
    ) -> AnalysisView:
        """Record decisions; ``finish`` approves what is left, completes the analysis and makes its form.

        Raises NotFound, PreconditionFailed, Conflict (nothing to review, or approved before), InvalidRequest.
        """
        reviewed = await self._read(principal, analysis_id)
        if expected_version is not None and reviewed.analysis.version != expected_version:
            raise PreconditionFailed
        if reviewed.analysis.form_id is not None:
            raise Conflict("This analysis was approved already and its form is live.")
        decisions = self._decide(reviewed, actions, finish)
        corrected = results.corrected(reviewed.found, decisions)
        body = results.encode_decisions(analysis_id, decisions)
        nonce = secrets.token_bytes(16)  # one object per request, so that deleting one never hits another's
        digest = hashlib.sha256(nonce + body).hexdigest()
        tenant = principal.tenant
        review_ref = await intended.put(self._on, tenant, ObjectKind.REVIEW, reviewed.key_id, body, digest)
        form = await self._form(reviewed, corrected) if finish else None
        template = None if form is None else await self._template(reviewed, corrected, form)
        counts = ReviewCounts(
            fields_found=len(corrected.fields), fields_flagged=sum(one.needs_review for one in corrected.fields)
        )
        try:
            after = await self._record(principal, reviewed, review_ref, counts, decisions, form, template)
        except Permanent:  # raised by the unit, so nothing names these
            for name in _written(review_ref, form, template):
                await self._on.vault.delete(name)
            raise
        previous = reviewed.analysis.review_ref
        if previous is not None:
            await self._on.vault.delete(previous)
        self._on.announce(after.tenant, after.id)
        return analysis_view(self._on.vault, after, reviewed.key_id, self._on.clock)

    async def _read(self, principal: Principal, analysis_id: str) -> _Reviewed:
        def unit(conn: Connection) -> tuple[Analysis, str]:
            analysis = analyses.require(conn, principal.tenant, analysis_id)
            document = documents.get(conn, analysis.document_id)
            assert document is not None, "a foreign key holds it"
            return analysis, document.key_id

        analysis, key_id = await self._on.store.read(unit, tenant=principal.tenant)
        if analysis.state not in (State.REQUIRES_REVIEW, State.COMPLETED) or analysis.result_ref is None:
            raise Conflict(f"This analysis is {analysis.state.value}: there is nothing to review.")
        vault = self._on.vault
        try:
            decisions = (
                {} if analysis.review_ref is None else results.decode_decisions(await vault.get(analysis.review_ref))
            )
        except NotFound:
            raise PreconditionFailed from None  # another review replaced it while we read
        stored = StoredResult.decode(await vault.get(analysis.result_ref))
        return _Reviewed(analysis, key_id, stored.document, decisions, stored.engine)

    def _decide(self, reviewed: _Reviewed, actions: Sequence[FieldAction], finish: bool) -> dict[str, Decision]:
        """The decisions after ``actions``, later ones of the same field winning. Raises InvalidRequest."""
        found = {one.id: one for one in reviewed.found.fields}
        decisions, now = dict(reviewed.decisions), self._on.clock()
        for action in actions:
            if action.action not in ACTIONS:
                raise InvalidRequest(f"Field {action.id}: action: one of {', '.join(sorted(ACTIONS))}.")
            if action.id not in found:
                self._drawn(reviewed, action, decisions)
                continue
            if action.action == "add":
                raise InvalidRequest(f"There is a field {action.id[:64]} already. Give the added one another id.")
            if action.action == "reset":
                decisions.pop(action.id, None)
                continue
            changes = dict(action.changes) if action.action == "modify" else {}
            if action.action == "modify":
                if not changes:
                    raise InvalidRequest(f"Field {action.id}: modify needs `changes`.")
                field_changes.changed(found[action.id], changes, reviewed.found.sections)
            decisions[action.id] = Decision(action.action, changes, now)
        if finish:
            for name in found.keys() - decisions.keys():
                decisions[name] = Decision("approve", {}, now)
        return decisions

    def _drawn(self, reviewed: _Reviewed, action: FieldAction, decisions: dict[str, Decision]) -> None:
        """An action on a field that the reviewer added: change it, or take it away again. Raises InvalidRequest."""
        before = decisions.get(action.id)
        if action.action in ("reject", "reset") and before is not None:
            del decisions[action.id]
        elif action.action == "add" or (action.action == "modify" and before is not None):
            changes = {**(before.changes if before else {}), **action.changes}
            added(action.id, changes, reviewed.found.sections, reviewed.pages)
            if before is None and sum(made.action == "add" for made in decisions.values()) >= ADDED_MAX:
                raise InvalidRequest(f"At most {ADDED_MAX} fields can be added to one document.")
            decisions[action.id] = Decision("add", changes, self._on.clock())
        elif before is None:
            raise InvalidRequest(f"There is no field {action.id[:64]} in this analysis.")

    async def _form(self, reviewed: _Reviewed, corrected: Form) -> FormRow:
        """The form's row; its definition is stored already. Raises Conflict when nothing is left to ask."""
        vault, key_id, now = self._on.vault, reviewed.key_id, self._on.clock()
        definition = form_definition.definition(corrected)
        if not definition.fields:
            raise Conflict("No field is left, so there is no form to make. Approve at least one field.")
        form_id, token = new_id("form"), secrets.token_urlsafe(TOKEN_BYTES)
        body = definition.model_dump_json().encode()
        digest = hashlib.sha256(form_id.encode() + body).hexdigest()  # one object per form, so erasing one is safe
        return FormRow(
            id=form_id,
            tenant=reviewed.analysis.tenant,
            analysis_id=reviewed.analysis.id,
            key_id=key_id,
            definition_ref=await intended.put(
                self._on, reviewed.analysis.tenant, ObjectKind.FORM, key_id, body, digest
            ),
            title_sealed=vault.seal_text(key_id, definition.title or "", form_title_context(form_id)),
            share_hash=hashlib.sha256(token.encode()).hexdigest(),
            share_sealed=vault.seal_text(key_id, token, share_context(form_id)),
            fields_count=len(definition.fields),
            created_at=now,
            updated_at=now,
        )

    async def _template(self, reviewed: _Reviewed, corrected: Form, form: FormRow) -> Prepared | None:
        return await self._templates.prepare(reviewed.analysis, reviewed.key_id, reviewed.document, corrected, form.id)

    async def _record(
        self,
        principal: Principal,
        reviewed: _Reviewed,
        review_ref: str,
        counts: ReviewCounts,
        decisions: Mapping[str, Decision],
        form: FormRow | None,
        template: Prepared | None,
    ) -> Analysis:
        before, now = reviewed.analysis, self._on.clock()
        judged = [] if form is None else outcomes(reviewed.found, decisions, reviewed.engine)

        def unit(conn: Connection) -> Analysis:
            after = apply_review(
                conn,
                principal.tenant,
                before.id,
                before.version,
                review_ref,
                counts,
                finish=form is not None,
                form_id=None if form is None else form.id,
                actor=principal.actor,
                now=now,
                trace_id=principal.trace_id,
            )
            if form is not None:
                forms.insert(conn, form, before.region, principal.actor, principal.trace_id)
                review_outcomes.record(conn, judged, before.engine_version, now)
                model_reviews.attribute(conn, before.id, reviewed.found, decisions)
            if template is not None:
                self._templates.record(conn, template, principal)
            intents.fulfil(conn, _written(review_ref, form, template))
            return after

        return await self._on.store.write(unit, tenant=principal.tenant)


def _written(review_ref: str, form: FormRow | None, template: Prepared | None) -> list[str]:
    """The objects of one request."""
    written = [review_ref]
    written += [] if form is None else [form.definition_ref]
    written += [] if template is None else [template.source.body_ref]
    return written
