"""Live forms: their definition for the owner, questions for couples, answers in and out."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection

from procession.blobs.names import ObjectKind
from procession.domain.clock import new_id
from procession.domain.errors import InvalidRequest, NotFound, Permanent, PreconditionFailed, TooLarge
from procession.domain.form import Form
from procession.domain.principal import Principal
from procession.services import cursors, export, form_schema, intended
from procession.services.foundation import Foundation
from procession.services.vault import form_title_context, share_context
from procession.services.views import FormView, Page, PublicForm, ResponseView
from procession.store import forms, idempotency, intents
from procession.store.forms import FormRow, ResponseRow

PUBLIC_ACTOR = "public:form"
LOCK_SECONDS = 60.0
READS_AT_ONCE = 8
EXPORT_READ = 200
"""Responses read at a time for an export."""


class FormInvalid(InvalidRequest):
    """Answers that are missing or wrong. ``errors``: ``{"field", "message"}`` each, in plain words."""

    title = "Some answers are missing or cannot be used."

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__()
        self.errors = errors


_Responses = list[ResponseView]


class Forms:
    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation

    # --- for the owner ------------------------------------------------------------------------------------------------

    async def get(self, principal: Principal, form_id: str) -> FormView:
        """Raises NotFound."""
        return await self._view(await self._row(principal, form_id))

    async def list(
        self, principal: Principal, *, cursor: str | None = None, limit: int = 50, fresh: bool = False
    ) -> Page[FormView]:
        """Newest first. ``fresh``: never from a replica."""
        before = cursors.decode(cursor)
        rows = await self._on.store.read(
            lambda conn: forms.page(conn, principal.tenant, before_id=before, limit=limit + 1),
            tenant=principal.tenant,
            fresh=fresh,
        )
        await self._on.vault.bring([row.key_id for row in rows])
        views: list[FormView] = []
        for start in range(0, min(limit, len(rows)), READS_AT_ONCE):
            some = rows[start : min(start + READS_AT_ONCE, limit)]
            found = await asyncio.gather(*map(self._view, some), return_exceptions=True)
            for view in found:
                if isinstance(view, FormView):
                    views.append(view)
                elif not isinstance(view, NotFound):  # NotFound: erased while we read
                    raise view
        next_cursor = cursors.encode(rows[limit - 1].id) if len(rows) > limit else None
        return Page[FormView](items=tuple(views), next_cursor=next_cursor)

    async def set_open(
        self, principal: Principal, form_id: str, is_open: bool, expected_version: int | None = None
    ) -> FormView:
        """Open or close for answers. Raises NotFound, PreconditionFailed."""
        now, region = self._on.clock(), self._on.settings.region

        def unit(conn: Connection) -> FormRow:
            current = forms.get(conn, principal.tenant, form_id)
            if current is not None and expected_version is not None and current.version != expected_version:
                raise PreconditionFailed
            return forms.set_open(
                conn, principal.tenant, form_id, is_open, region, principal.actor, now, principal.trace_id
            )

        row = await self._on.store.write(unit, tenant=principal.tenant)
        self._on.announce(principal.tenant)
        return await self._view(row)

    async def definition_schema(self, principal: Principal, form_id: str) -> dict[str, Any]:
        """The JSON Schema of one answer. Raises NotFound."""
        return form_schema.json_schema(await self._definition(await self._row(principal, form_id)))

    async def responses(
        self, principal: Principal, form_id: str, *, cursor: str | None = None, limit: int = 50
    ) -> Page[ResponseView]:
        """Newest first. Raises NotFound."""
        before = cursors.decode(cursor)
        await self._row(principal, form_id)
        rows = await self._on.store.read(
            lambda conn: forms.latest_responses(conn, form_id, before_id=before, limit=limit + 1),
            tenant=principal.tenant,
        )
        items = tuple([await self._response(row) for row in rows[:limit]])
        return Page[ResponseView](
            items=items, next_cursor=cursors.encode(rows[limit - 1].id) if len(rows) > limit else None
        )

    async def answered(self, principal: Principal, form_id: str, response_id: str) -> tuple[str, Form, ResponseView]:
        """(id of the form's analysis, definition, one response). Raises NotFound."""
        row = await self._row(principal, form_id)
        found = await self._on.store.read(
            lambda conn: forms.response(conn, row.id, response_id), tenant=principal.tenant
        )
        if found is None:
            raise NotFound
        return row.analysis_id, await self._definition(row), await self._response(found)

    async def export_json(self, principal: Principal, form_id: str) -> str:
        """All responses, oldest first. Raises NotFound."""
        definition, found = await self._everything(principal, form_id)
        return await asyncio.to_thread(export.to_json, definition, found)

    async def export_csv(self, principal: Principal, form_id: str) -> str:
        """All responses, oldest first, safe to open in a spreadsheet. Raises NotFound."""
        definition, found = await self._everything(principal, form_id)
        return await asyncio.to_thread(export.to_csv, definition, found)

    async def _everything(self, principal: Principal, form_id: str) -> tuple[Form, _Responses]:
        definition = await self._definition(await self._row(principal, form_id))
        found: _Responses = []
        read = partial(forms.responses, form_id=form_id, limit=EXPORT_READ)
        rows = await self._on.store.read(read, tenant=principal.tenant)
        while rows:
            found += [await self._response(row) for row in rows]
            rows = await self._on.store.read(partial(read, after_id=rows[-1].id), tenant=principal.tenant)
        return definition, found

    # --- for couples --------------------------------------------------------------------------------------------------

    async def public(self, token: str) -> PublicForm:
        """What the link shows, also when the form is closed. Raises NotFound."""
        row = await self._shared(token)
        return PublicForm(
            title=self._title(row), version=row.version, open=row.open, definition=await self._definition(row)
        )

    async def respond(self, token: str, values: Mapping[str, Any], idempotency_key: str | None = None) -> ResponseView:
        """Store one couple's answers; durable when it returns.

        Raises NotFound, FormInvalid with an error per field, TooLarge, Conflict when closed or full.
        """
        row = await self._shared(token)
        definition = await self._definition(row)
        most = self._on.settings.http.response_bytes_max
        if len(json.dumps(dict(values), default=str)) > most:
            raise TooLarge(f"An answer may have {most} bytes at most.")
        answers = form_schema.read(definition, values)
        if errors := await asyncio.to_thread(form_schema.problems, definition, answers):
            raise FormInvalid(errors)
        payload = hashlib.sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()
        if idempotency_key is not None:
            earlier = await self._reserve(row, idempotency_key, payload)
            if earlier is not None:
                return earlier
        owner = self._on.process_id
        try:
            return await self._answer(row, answers, idempotency_key)
        except BaseException:
            if idempotency_key is not None:
                await self._on.store.write(
                    lambda conn: idempotency.release(conn, row.tenant, _route(row), idempotency_key, owner),
                    tenant=row.tenant,
                )
            raise

    async def _answer(self, row: FormRow, answers: dict[str, Any], key: str | None) -> ResponseView:
        view = ResponseView(id=new_id("resp"), submitted_at=self._on.clock(), form_version=row.version, values=answers)
        body = view.model_dump_json().encode()
        ref = await intended.put(
            self._on, row.tenant, ObjectKind.RESPONSE, row.key_id, body, hashlib.sha256(body).hexdigest()
        )
        response = ResponseRow(view.id, row.tenant, row.id, row.version, ref, view.submitted_at)
        most, region = self._on.settings.http.responses_per_form_max, self._on.settings.region

        def unit(conn: Connection) -> None:
            forms.add_response(conn, response, most, region, PUBLIC_ACTOR)
            intents.fulfil(conn, [ref])
            if key is not None:
                idempotency.complete(conn, row.tenant, _route(row), key, view.id)

        try:
            await self._on.store.write(unit, tenant=row.tenant)
        except Permanent:  # raised by the unit: closed, full or erased meanwhile, and no answers may stay behind
            await self._on.vault.delete(ref)
            raise
        self._on.announce(row.tenant)
        return view

    async def _reserve(self, row: FormRow, key: str, payload: str) -> ResponseView | None:
        now, holder = self._on.clock(), self._on.holder(LOCK_SECONDS)
        found = await self._on.store.write(
            lambda conn: idempotency.reserve(conn, row.tenant, _route(row), key, payload, now, holder),
            tenant=row.tenant,
        )
        if not isinstance(found, idempotency.Replay):
            return None
        earlier = await self._on.store.read(
            lambda conn: forms.response(conn, row.id, found.resource_id), tenant=row.tenant
        )
        if earlier is None:
            raise NotFound
        return await self._response(earlier)

    # --- reading ------------------------------------------------------------------------------------------------------

    async def _row(self, principal: Principal, form_id: str) -> FormRow:
        row = await self._on.store.read(
            lambda conn: forms.get(conn, principal.tenant, form_id), tenant=principal.tenant
        )
        if row is None:
            raise NotFound
        await self._on.vault.bring((row.key_id,))
        return row

    async def _shared(self, token: str) -> FormRow:
        share_hash = hashlib.sha256(token.encode()).hexdigest()
        row = await self._on.store.read(lambda conn: forms.by_share(conn, share_hash), tenant=None)
        if row is None:
            raise NotFound("This link does not lead to a form (any more).")
        await self._on.vault.bring((row.key_id,))
        return row

    async def _view(self, row: FormRow) -> FormView:
        definition = await self._definition(row)
        token = self._on.vault.open_text(row.key_id, row.share_sealed, share_context(row.id))
        return FormView(
            id=row.id,
            title=self._title(row),
            analysis_id=row.analysis_id,
            version=row.version,
            open=row.open,
            fields_count=row.fields_count,
            responses_count=row.responses_count,
            created_at=row.created_at,
            updated_at=row.updated_at,
            share_path=f"/f/{token}",
            definition=definition,
            json_schema=form_schema.json_schema(definition),
        )

    def _title(self, row: FormRow) -> str:
        return self._on.vault.open_text(row.key_id, row.title_sealed, form_title_context(row.id))

    async def _definition(self, row: FormRow) -> Form:
        return Form.model_validate_json(await self._on.vault.get(row.definition_ref))

    async def _response(self, row: ResponseRow) -> ResponseView:
        return ResponseView.model_validate_json(await self._on.vault.get(row.response_ref))


def _route(row: FormRow) -> str:
    return f"POST /f/{row.id}"
