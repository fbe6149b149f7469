"""Templates: forms somebody approved, to know their copies again. Bodies are sealed objects named by reference.

A template stands as long as one source does: an approved form of the same layout. The newest source speaks for it. All
statements are bound to a tenant and a region; nothing here looks across either.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from procession.domain.clock import new_id
from procession.store import journal
from procession.store.dialects import is_postgresql, one_at_a_time, recordset
from procession.store.tables import analyses, template_bands, template_sources, templates

SOURCES_MAX = 3
"""Approved forms kept for one template; an older one's body is deleted when another is approved."""


CHANGES = "templates"
"""What ``dialects.one_at_a_time`` is asked for: a tenant's templates are changed by one transaction at a time."""


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """``layout_hash``: keyed hash of the blank pages."""

    id: str
    tenant: str
    region: str
    layout_hash: str
    pages: int
    created_at: datetime
    updated_at: datetime
    version: int = 1
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """An approved form that speaks for a template."""

    template_id: str
    analysis_id: str
    form_id: str
    body_ref: str
    approved_at: datetime


@dataclass(frozen=True, slots=True)
class Made:
    template_id: str
    dropped_refs: tuple[str, ...]
    """Objects nothing names any more."""


_COLUMNS = tuple(templates.c[name] for name in TemplateRow.__slots__)
_SOURCE_COLUMNS = tuple(template_sources.c[name] for name in Source.__slots__)
_LIVE = templates.c.erased_at.is_(None)
_HERE = (templates.c.tenant == bindparam("tenant_"), templates.c.region == bindparam("region_"))
_OF_TEMPLATE = template_sources.c.template_id == bindparam("template_")
_INSERT = insert(templates)
_INSERT_SOURCE = insert(template_sources)
_INSERT_BAND = insert(template_bands)
_BY_ID = select(*_COLUMNS).where(templates.c.id == bindparam("id_"), *_HERE, _LIVE)
_BY_HASH = select(*_COLUMNS).where(*_HERE, templates.c.layout_hash == bindparam("hash_"), _LIVE)
_CHANGE = (
    update(templates)
    .where(templates.c.id == bindparam("id_"), _LIVE)
    .values(version=templates.c.version + 1, updated_at=bindparam("now_"))
    .returning(*_COLUMNS)
)
_ERASE = _CHANGE.values(erased_at=bindparam("now_"))
_ANY = select(templates.c.id).where(*_HERE, _LIVE).limit(1)
_ASKED = recordset("asked", templates.c.tenant)
_HAVING = select(_ASKED.c.tenant).where(
    select(templates.c.id)
    .where(templates.c.tenant == _ASKED.c.tenant, templates.c.region == bindparam("region_"), _LIVE)
    .correlate(_ASKED)
    .exists()
)
_CHANGED_AT = select(func.max(templates.c.updated_at)).where(*_HERE)
_PAST = (
    select(templates.c.id)
    .where(*_HERE, _LIVE)
    .order_by(templates.c.updated_at.desc(), templates.c.id.desc())
    .offset(bindparam("kept_"))
)
_hits = func.count(template_bands.c.band.distinct()).label("hits")
_LIKELY = (
    select(template_sources.c.template_id)
    .join(template_sources, template_sources.c.analysis_id == template_bands.c.analysis_id)
    .where(
        template_bands.c.tenant == bindparam("tenant_"),
        template_bands.c.region == bindparam("region_"),
        template_bands.c.band.in_(bindparam("bands_", expanding=True)),
    )
    .group_by(template_sources.c.template_id)
    .order_by(_hits.desc(), template_sources.c.template_id.desc())
    .limit(bindparam("limit_"))
)
_SOURCES = select(*_SOURCE_COLUMNS).where(_OF_TEMPLATE).order_by(template_sources.c.approved_at.desc())
_SOURCE = select(*_SOURCE_COLUMNS).where(template_sources.c.analysis_id == bindparam("analysis_"))
_DROP = delete(template_sources).where(template_sources.c.analysis_id.in_(bindparam("analyses_", expanding=True)))
_DROP_BANDS = delete(template_bands).where(template_bands.c.analysis_id.in_(bindparam("analyses_", expanding=True)))
_READ_BY = (
    select(func.count())
    .select_from(analyses)
    .where(analyses.c.template_id == bindparam("id_"), analyses.c.erased_at.is_(None))
)
_NAMED = select(analyses.c.template_id).where(analyses.c.id == bindparam("analysis_"))


def remember(
    conn: Connection,
    made: TemplateRow,
    source: Source,
    bands: Collection[str],
    *,
    joins: str | None,
    templates_max: int,
    actor: str,
    trace_id: str | None = None,
) -> Made:
    """Let ``source`` speak for the template ``joins``, for the live one with the same layout, or for ``made``.

    Past ``templates_max`` live ones of the tenant and region, the longest unchanged is forgotten.
    """
    one_at_a_time(conn, CHANGES, made.tenant)
    here = {"tenant_": made.tenant, "region_": made.region}
    row = conn.execute(_BY_ID, here | {"id_": joins}).first() if joins is not None else None
    row = row or conn.execute(_BY_HASH, here | {"hash_": made.layout_hash}).first()
    dropped: list[str] = []
    if row is None:
        conn.execute(_INSERT, asdict(made))
        template, event_type = made, "template.made"
    else:
        template = _template(conn.execute(_CHANGE, {"id_": row.id, "now_": source.approved_at}).one())
        event_type = "template.renewed"
    standing = [Source(**one._mapping) for one in conn.execute(_SOURCES, {"template_": template.id})]
    dropped += _remove(conn, standing[SOURCES_MAX - 1 :])
    conn.execute(_INSERT_SOURCE, asdict(source) | {"template_id": template.id})
    if bands:
        place = {"tenant": made.tenant, "region": made.region, "analysis_id": source.analysis_id}
        conn.execute(_INSERT_BAND, [place | {"band": band} for band in sorted(set(bands))])
    _journal(conn, template, event_type, actor, trace_id, source.approved_at, source)
    for past in conn.execute(_PAST, here | {"kept_": templates_max}).scalars().all():
        dropped += _forget(conn, past, "template.displaced", actor, source.approved_at, trace_id)
    return Made(template.id, tuple(dropped))


def likely(conn: Connection, tenant: str, region: str, bands: Collection[str], limit: int) -> list[Source]:
    """What speaks for the templates that share most of ``bands``, these first."""
    if not bands:
        return []
    asked = {"tenant_": tenant, "region_": region, "bands_": sorted(set(bands)), "limit_": limit}
    found = [conn.execute(_SOURCES, {"template_": name}).first() for name in conn.execute(_LIKELY, asked).scalars()]
    return [Source(**one._mapping) for one in found if one is not None]


def has_any(conn: Connection, tenant: str, region: str) -> bool:
    return conn.execute(_ANY, {"tenant_": tenant, "region_": region}).first() is not None


def having(conn: Connection, tenants: Collection[str], region: str) -> set[str]:
    """Those of ``tenants`` that have any; on PostgreSQL in one statement, whatever their number."""
    if not is_postgresql(conn) or len(tenants) == 1:
        return {tenant for tenant in tenants if has_any(conn, tenant, region)}
    asked = [{"tenant": tenant} for tenant in sorted(tenants)]
    return set(conn.execute(_HAVING, {"asked_": asked, "region_": region}).scalars())


def changed_at(conn: Connection, tenant: str, region: str) -> datetime | None:
    """When a template was last made, renewed, forgotten or erased."""
    found: datetime | None = conn.execute(_CHANGED_AT, {"tenant_": tenant, "region_": region}).scalar()
    return found


def of_analysis(conn: Connection, tenant: str, region: str, analysis_id: str) -> TemplateRow | None:
    """The live template an analysis speaks for, or was read by."""
    asked = {"analysis_": analysis_id}
    source = conn.execute(_SOURCE, asked).first()
    name = source.template_id if source is not None else conn.execute(_NAMED, asked).scalar()
    row = conn.execute(_BY_ID, {"id_": name, "tenant_": tenant, "region_": region}).first() if name else None
    return None if row is None else _template(row)


def newest_source(conn: Connection, template_id: str) -> Source | None:
    row = conn.execute(_SOURCES, {"template_": template_id}).first()
    return None if row is None else Source(**row._mapping)


def read_by(conn: Connection, template_id: str) -> int:
    """How many analyses were read by it."""
    return int(conn.execute(_READ_BY, {"id_": template_id}).scalar_one())


def forget(
    conn: Connection, template_id: str, actor: str, now: datetime, trace_id: str | None = None
) -> tuple[str, ...]:
    """A person wants its copies read afresh. Returns the objects to delete; the caller knows it is its tenant's."""
    return tuple(_forget(conn, template_id, "template.forgotten", actor, now, trace_id))


def erase_source(
    conn: Connection, analysis_id: str, actor: str, now: datetime, trace_id: str | None = None
) -> list[str]:
    """The analysis is erased: it speaks for no template any more, and one nobody speaks for is erased too."""
    row = conn.execute(_SOURCE, {"analysis_": analysis_id}).first()
    if row is None:
        return []
    source = Source(**row._mapping)
    if conn.execute(_SOURCES, {"template_": source.template_id}).all()[1:]:
        refs = _remove(conn, [source])
        changed = _template(conn.execute(_CHANGE, {"id_": source.template_id, "now_": now}).one())
        _journal(conn, changed, "template.source_erased", actor, trace_id, now, source)
        return refs
    return _forget(conn, source.template_id, "template.erased", actor, now, trace_id)


def _forget(
    conn: Connection, template_id: str, event_type: str, actor: str, now: datetime, trace_id: str | None
) -> list[str]:
    refs = _remove(conn, [Source(**one._mapping) for one in conn.execute(_SOURCES, {"template_": template_id})])
    row = conn.execute(_ERASE, {"id_": template_id, "now_": now}).first()
    if row is not None:
        _journal(conn, _template(row), event_type, actor, trace_id, now)
    return refs


def _remove(conn: Connection, sources: Sequence[Source]) -> list[str]:
    if sources:
        names = {"analyses_": [one.analysis_id for one in sources]}
        conn.execute(_DROP_BANDS, names)
        conn.execute(_DROP, names)
    return [one.body_ref for one in sources]


def _template(row: Row[Any]) -> TemplateRow:
    return TemplateRow(**row._mapping)


def fresh(tenant: str, region: str, layout_hash: str, pages: int, now: datetime) -> TemplateRow:
    return TemplateRow(new_id("tpl"), tenant, region, layout_hash, pages, now, now)


def _journal(
    conn: Connection,
    template: TemplateRow,
    event_type: str,
    actor: str,
    trace_id: str | None,
    now: datetime,
    source: Source | None = None,
) -> None:
    whole = asdict(template) | ({"source": asdict(source)} if source is not None else {})
    if source is not None:
        whole["source"]["template_id"] = template.id
    data = {
        name: {key: _plain(one) for key, one in value.items()} if isinstance(value, dict) else _plain(value)
        for name, value in whole.items()
    }
    state = journal.Aggregate("template", template.id, template.tenant, template.region, template.version, data)
    journal.append(conn, event_type, state, actor, trace_id, now)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
