"""Approved forms are known again: what is remembered when a review is finished, and offered when a page is read.

Everything here is of one tenant in one region: the lookup is made for a tenant and can ask for no other.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from procession.blobs.names import ObjectKind
from procession.domain.analysis import Analysis
from procession.domain.errors import NotFound
from procession.domain.form import DigitizedDocument, Form
from procession.domain.layout import PageLayout, Sketch
from procession.domain.principal import Principal
from procession.domain.template import CANDIDATES_MAX, Remembered
from procession.sandbox.recalling import Candidate, Lookup
from procession.services import intended
from procession.services.foundation import Foundation
from procession.services.views import TemplateView
from procession.store import erasure, forms, templates
from procession.store.templates import Source, TemplateRow

BAND_NUMBERS = 2
"""Numbers of a sketch in one band. Pages that share 3 words in 10 share one of the 16 bands four times in five, and a
form has several pages; pages that share 1 in 10 rarely do."""
BODY_BYTES_MAX = 2 * 1024 * 1024
"""A larger template is not kept: it is no form."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A template ready to be recorded; its body is stored already."""

    row: TemplateRow
    source: Source
    bands: frozenset[str]
    joins: str | None
    """The template the document was read by, when nothing about it had changed."""


class Templates:
    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation

    @property
    def enabled(self) -> bool:
        return self._on.settings.templates.enabled

    # --- remembering --------------------------------------------------------------------------------------------------

    async def prepare(
        self, analysis: Analysis, key_id: str, document: DigitizedDocument, approved: Form, form_id: str
    ) -> Prepared | None:
        """None when copies of the document cannot be known, or templates are switched off.

        The body is sealed under the document's key, so erasing the document erases it too.
        """
        if not self.enabled or not document.layouts:
            return None
        kept = await asyncio.to_thread(_remembered, document, approved)
        body = b"" if kept is None else kept.model_dump_json().encode()
        if kept is None or len(body) > BODY_BYTES_MAX:
            return None
        now = self._on.clock()
        digest = hashlib.sha256(form_id.encode() + body).hexdigest()  # one object per attempt, so dropping it is safe
        ref = await intended.put(self._on, analysis.tenant, ObjectKind.TEMPLATE, key_id, body, digest)
        known = document.known
        return Prepared(
            templates.fresh(
                analysis.tenant, analysis.region, self._hash(analysis.tenant, kept), len(kept.layouts), now
            ),
            Source("", analysis.id, form_id, ref, now),
            frozenset(band for one in kept.layouts for band in self._bands(analysis.tenant, one.sketch)),
            known.template_id if known is not None and not known.changed else None,
        )

    def record(self, conn: Connection, prepared: Prepared, principal: Principal) -> None:
        """In the transaction that makes the form."""
        made = templates.remember(
            conn,
            prepared.row,
            prepared.source,
            prepared.bands,
            joins=prepared.joins,
            templates_max=self._on.settings.templates.per_tenant_max,
            actor=principal.actor,
            trace_id=principal.trace_id,
        )
        erasure.note(conn, made.dropped_refs)  # the pruner deletes them

    def _hash(self, tenant: str, kept: Remembered) -> str:
        """Equal for copies whose printed words stand in the same places."""
        pages = [_outline(one) for one in kept.layouts]
        return self._on.vault.keys.fingerprint(tenant, f"template layout {pages}".encode())

    def _bands(self, tenant: str, sketch: Sketch) -> list[str]:
        """Keyed, so that the database does not tell which words a form holds, nor that two tenants have the same."""
        keys = self._on.vault.keys
        return [
            keys.fingerprint(tenant, f"template band {at} {sketch[at : at + BAND_NUMBERS]}".encode())[:32]
            for at in range(0, len(sketch), BAND_NUMBERS)
        ]

    # --- knowing again ------------------------------------------------------------------------------------------------

    def lookup(self, analysis: Analysis) -> Lookup:
        """What the sandbox asks while it reads ``analysis``' document."""
        tenant, region = analysis.tenant, analysis.region
        read: dict[str, bytes] = {}

        async def ask(sketch: Sketch) -> Sequence[Candidate]:
            bands = self._bands(tenant, sketch)
            sources = await self._on.store.read(
                lambda conn: templates.likely(conn, tenant, region, bands, CANDIDATES_MAX),
                tenant=analysis.tenant,
            )
            found = []
            for source in sources:
                try:
                    body = read.get(source.body_ref) or await self._on.vault.get(source.body_ref)
                except NotFound:  # erased since we looked
                    continue
                read[source.body_ref] = body
                found.append(Candidate(source.template_id, source.approved_at, body))
            return found

        return ask

    def wanted(self, conn: Connection, analysis: Analysis) -> bool:
        """Whether there is anything to know again. For the transaction that claims it."""
        return analysis.id in self.wanted_by(conn, [analysis])

    def wanted_by(self, conn: Connection, claimed: Sequence[Analysis]) -> set[str]:
        """``wanted`` of several: the ids of those for which there is."""
        asking = [one for one in claimed if self.enabled and one.options.templates]
        having = {
            region: templates.having(conn, {one.tenant for one in asking if one.region == region}, region)
            for region in {one.region for one in asking}
        }
        return {one.id for one in asking if one.tenant in having[one.region]}

    # --- for the owner ------------------------------------------------------------------------------------------------

    async def get(self, principal: Principal, form_id: str) -> TemplateView:
        """The template that a form speaks for, or whose copy it was. Raises NotFound."""

        def unit(conn: Connection) -> TemplateView:
            found = self._of_form(conn, principal, form_id)
            source = templates.newest_source(conn, found.id)
            assert source is not None, "a live template has one"
            return TemplateView(
                id=found.id,
                uploads=templates.read_by(conn, found.id),
                form_id=source.form_id,
                approved_at=source.approved_at,
            )

        return await self._on.store.read(unit, tenant=principal.tenant)

    def _of_form(self, conn: Connection, principal: Principal, form_id: str) -> TemplateRow:
        form = forms.get(conn, principal.tenant, form_id)
        if form is None:
            raise NotFound
        found = templates.of_analysis(conn, principal.tenant, self._on.settings.region, form.analysis_id)
        if found is None:
            raise NotFound("Copies of this form are not recognised.")
        return found

    async def forget(self, principal: Principal, form_id: str) -> None:
        """Copies of this form are read afresh from now on. Raises NotFound."""
        now = self._on.clock()

        def unit(conn: Connection) -> tuple[str, ...]:
            found = self._of_form(conn, principal, form_id)
            refs = templates.forget(conn, found.id, principal.actor, now, principal.trace_id)
            erasure.note(conn, refs)
            return refs

        refs = await self._on.store.write(unit, tenant=principal.tenant)
        for name in refs:
            await self._on.vault.delete(name)
        await self._on.store.write(lambda conn: erasure.deleted(conn, refs), tenant=principal.tenant)
        self._on.announce(principal.tenant)


def _remembered(document: DigitizedDocument, approved: Form) -> Remembered | None:
    from procession.digitize.remember import remembered  # loads numpy, which serving does not need

    return remembered(document, approved)


def _outline(layout: PageLayout) -> list[tuple[str, int, int]]:
    """Words and where they begin, to the nearest point or two: copies differ by less than that, editions by more."""
    return [(word, round(x0 / 20), round(y0 / 20)) for word, x0, y0, _, _ in layout.anchors]
