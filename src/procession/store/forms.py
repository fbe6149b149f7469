"""Live forms and the answers couples sent. Definitions and answers are encrypted objects named by reference."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Update, bindparam, delete, select, update
from sqlalchemy import insert as sql_insert

from procession.domain.errors import Conflict, NotFound
from procession.store import journal
from procession.store.dialects import in_index_order
from procession.store.tables import analyses, form_responses, forms


@dataclass(frozen=True, slots=True)
class FormRow:
    """One form. ``share_hash`` is the SHA-256 (hex) of the link's token; ``key_id`` is its document's key."""

    id: str
    tenant: str
    analysis_id: str
    key_id: str
    definition_ref: str
    title_sealed: bytes
    share_hash: str
    share_sealed: bytes
    fields_count: int
    created_at: datetime
    updated_at: datetime
    open: bool = True
    responses_count: int = 0
    version: int = 1
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResponseRow:
    id: str
    tenant: str
    form_id: str
    form_version: int
    response_ref: str
    submitted_at: datetime


_COLUMNS = tuple(forms.c[name] for name in FormRow.__slots__)
_RESPONSE_COLUMNS = tuple(form_responses.c[name] for name in ResponseRow.__slots__)
_PRIVATE = ("title_sealed", "share_sealed", "share_hash")
_LIVE = forms.c.erased_at.is_(None)
_OF_TENANT = forms.c.tenant == bindparam("tenant_")
_INSERT = sql_insert(forms)
_GET = select(*_COLUMNS).where(forms.c.id == bindparam("id_"), _OF_TENANT, _LIVE)
_BY_SHARE = select(*_COLUMNS).where(forms.c.share_hash == bindparam("hash_"), _LIVE)
_PAGE = (
    select(*_COLUMNS)
    .where(_OF_TENANT, forms.c.id < bindparam("before_"), _LIVE)
    .order_by(forms.c.id.desc())
    .limit(bindparam("limit_"))
)
_LAST = "~"  # greater than every id


def _change(*guards: Any) -> Update:
    return (
        update(forms)
        .where(_LIVE, *guards)
        .values(version=forms.c.version + 1, updated_at=bindparam("now_"))
        .returning(*_COLUMNS)
    )


_SET_OPEN = _change(forms.c.id == bindparam("id_"), _OF_TENANT).values(open=bindparam("open_"))
_ANSWERED = _change(
    forms.c.id == bindparam("id_"), forms.c.open.is_(True), forms.c.responses_count < bindparam("max_")
).values(responses_count=forms.c.responses_count + 1)
_ERASE = _change(forms.c.analysis_id == bindparam("analysis_")).values(
    erased_at=bindparam("now_"), open=False, title_sealed=b"", share_sealed=b""
)
_INSERT_RESPONSE = sql_insert(form_responses)
_RESPONSES = (
    select(*_RESPONSE_COLUMNS)
    .where(form_responses.c.form_id == bindparam("form_"), form_responses.c.id > bindparam("after_"))
    .order_by(form_responses.c.id)
    .limit(bindparam("limit_"))
)
_LATEST = (
    select(*_RESPONSE_COLUMNS)
    .where(form_responses.c.form_id == bindparam("form_"), form_responses.c.id < bindparam("before_"))
    .order_by(form_responses.c.id.desc())
    .limit(bindparam("limit_"))
)
_RESPONSE = select(*_RESPONSE_COLUMNS).where(
    form_responses.c.form_id == bindparam("form_"), form_responses.c.id == bindparam("id_")
)
_of_document = (
    select(forms.c.id, forms.c.definition_ref)
    .join(analyses, analyses.c.id == forms.c.analysis_id)
    .where(analyses.c.document_id == bindparam("document_"), _LIVE)
    .subquery("of_document")
)
_DEFINITIONS_OF_DOCUMENT = select(_of_document.c.definition_ref)
_ANSWERS_OF_DOCUMENT = select(form_responses.c.response_ref).join(
    _of_document, _of_document.c.id == form_responses.c.form_id
)
_REMOVE_RESPONSES = (
    delete(form_responses)
    .where(form_responses.c.form_id == bindparam("form_"))
    .returning(form_responses.c.response_ref)
)


def insert(conn: Connection, form: FormRow, region: str, actor: str, trace_id: str | None) -> FormRow:
    """Store a form and journal ``form.created``."""
    conn.execute(_INSERT, asdict(form))
    _journal(conn, form, "form.created", region, actor, trace_id, form.created_at)
    return form


def get(conn: Connection, tenant: str, form_id: str) -> FormRow | None:
    row = conn.execute(_GET, {"id_": form_id, "tenant_": tenant}).first()
    return None if row is None else _form(row)


def by_share(conn: Connection, share_hash: str) -> FormRow | None:
    """The form behind a share link, whatever its tenant; closed ones too."""
    row = conn.execute(_BY_SHARE, {"hash_": share_hash}).first()
    return None if row is None else _form(row)


def page(conn: Connection, tenant: str, *, before_id: str | None = None, limit: int = 50) -> list[FormRow]:
    """Newest first."""
    in_index_order(conn)
    found = conn.execute(_PAGE, {"tenant_": tenant, "before_": before_id or _LAST, "limit_": limit})
    return [_form(row) for row in found]


def set_open(
    conn: Connection,
    tenant: str,
    form_id: str,
    is_open: bool,
    region: str,
    actor: str,
    now: datetime,
    trace_id: str | None = None,
) -> FormRow:
    """Open or close the form for answers; unchanged when it is so already. Raises NotFound."""
    current = get(conn, tenant, form_id)
    if current is None:
        raise NotFound
    if current.open is is_open:
        return current
    row = conn.execute(_SET_OPEN, {"id_": form_id, "tenant_": tenant, "open_": is_open, "now_": now}).one()
    event_type = "form.opened" if is_open else "form.closed"
    return _journal(conn, _form(row), event_type, region, actor, trace_id, now)


def add_response(
    conn: Connection,
    response: ResponseRow,
    responses_max: int,
    region: str,
    actor: str,
    trace_id: str | None = None,
) -> FormRow:
    """Store an answer and journal ``form.answered``. Raises Conflict when the form is closed, erased or full."""
    row = conn.execute(
        _ANSWERED, {"id_": response.form_id, "max_": responses_max, "now_": response.submitted_at}
    ).first()
    if row is None:
        raise Conflict("This form takes no more answers.")
    conn.execute(_INSERT_RESPONSE, asdict(response))
    form = _form(row)
    answer = {"response_id": response.id, "response_ref": response.response_ref, "form_version": response.form_version}
    return _journal(conn, form, "form.answered", region, actor, trace_id, response.submitted_at, answer)


def responses(conn: Connection, form_id: str, *, after_id: str | None = None, limit: int = 50) -> list[ResponseRow]:
    """Oldest first."""
    found = conn.execute(_RESPONSES, {"form_": form_id, "after_": after_id or "", "limit_": limit})
    return [ResponseRow(**row._mapping) for row in found]


def latest_responses(
    conn: Connection, form_id: str, *, before_id: str | None = None, limit: int = 50
) -> list[ResponseRow]:
    """Newest first."""
    found = conn.execute(_LATEST, {"form_": form_id, "before_": before_id or _LAST, "limit_": limit})
    return [ResponseRow(**row._mapping) for row in found]


def response(conn: Connection, form_id: str, response_id: str) -> ResponseRow | None:
    row = conn.execute(_RESPONSE, {"form_": form_id, "id_": response_id}).first()
    return None if row is None else ResponseRow(**row._mapping)


def erase_of_analysis(
    conn: Connection, analysis_id: str, region: str, actor: str, now: datetime, trace_id: str | None = None
) -> list[str]:
    """Erase the analysis' form, if any, with its answers; returns the objects to delete."""
    row = conn.execute(_ERASE, {"analysis_": analysis_id, "now_": now}).first()
    if row is None:
        return []
    form = _journal(conn, _form(row), "form.erased", region, actor, trace_id, now)
    answers = [found.response_ref for found in conn.execute(_REMOVE_RESPONSES, {"form_": form.id})]
    return [form.definition_ref, *answers]


def refs_of_document(conn: Connection, document_id: str) -> set[str]:
    """Definitions and answers of all live forms made of the document: equal content shares one object."""
    found = conn.execute(_DEFINITIONS_OF_DOCUMENT, {"document_": document_id}).scalars().all()
    return {*found, *conn.execute(_ANSWERS_OF_DOCUMENT, {"document_": document_id}).scalars()}


def _form(row: Row[Any]) -> FormRow:
    return FormRow(**row._mapping)


def _journal(
    conn: Connection,
    form: FormRow,
    event_type: str,
    region: str,
    actor: str,
    trace_id: str | None,
    now: datetime,
    also: dict[str, Any] | None = None,
) -> FormRow:
    data = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(form).items()
        if name not in _PRIVATE
    }
    state = journal.Aggregate("form", form.id, form.tenant, region, form.version, data | (also or {}))
    journal.append(conn, event_type, state, actor, trace_id, now)
    return form
