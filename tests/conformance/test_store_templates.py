"""Templates in the store: one per layout, spoken for by the newest source, of one tenant and region, journaled."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import Connection, select

from procession.domain.analysis import Analysis
from procession.store import erasure, journal, tables, templates
from procession.store.protocol import Store
from procession.store.templates import SOURCES_MAX, Made, Source
from tests.conformance.test_store_records import finished
from tests.records import at, give_form

BANDS = ("b1", "b2", "b3")


def approve(
    conn: Connection,
    layout: str = "layout",
    when: datetime | None = None,
    *,
    tenant: str = "acme",
    region: str = "local",
    bands: tuple[str, ...] = BANDS,
    joins: str | None = None,
    most: int = 100,
) -> tuple[Analysis, Made]:
    analysis = finished(conn)
    form = give_form(conn, analysis)
    now = when or at(10)
    source = Source("", analysis.id, form.id, f"templates/{analysis.id.lower()}@k", now)
    row = templates.fresh(tenant, region, layout, 1, now)
    made = templates.remember(conn, row, source, bands, joins=joins, templates_max=most, actor="key:test")
    return analysis, made


async def named(store: Store, *bands: str, tenant: str = "acme", region: str = "local") -> list[str]:
    found = await store.read(lambda conn: templates.likely(conn, tenant, region, bands, 3))
    return [one.template_id for one in found]


async def events(store: Store, template_id: str) -> list[tuple[int, str]]:
    found = await store.read(lambda conn: journal.of_aggregate(conn, template_id, 0, 100, "template"))
    return [(event.version, event.type) for event in found]


async def test_a_template_is_found_by_the_bands_it_shares_most_first(store: Store) -> None:
    _, one = await store.write(lambda conn: approve(conn, "one", bands=("b1", "b2", "b3")))
    _, two = await store.write(lambda conn: approve(conn, "two", bands=("b3", "b4")))
    assert await named(store, "b1", "b2", "b3") == [one.template_id, two.template_id]
    assert await named(store, "b3", "b4") == [two.template_id, one.template_id]
    assert await named(store, "b9") == []
    assert await named(store) == []


async def test_no_other_tenant_and_no_other_region_sees_it(store: Store) -> None:
    _, made = await store.write(approve)
    assert await named(store, *BANDS) == [made.template_id]
    assert await named(store, *BANDS, tenant="other") == []
    assert await named(store, *BANDS, region="elsewhere") == []
    for tenant, region in (("other", "local"), ("acme", "elsewhere")):
        assert not await store.read(lambda conn, t=tenant, r=region: templates.has_any(conn, t, r))  # type: ignore[misc]
        assert await store.read(lambda conn, t=tenant, r=region: templates.changed_at(conn, t, r)) is None  # type: ignore[misc]
    assert await store.read(lambda conn: templates.has_any(conn, "acme", "local"))
    asked = {"acme", "nobody", "someone"}
    assert await store.read(lambda conn: templates.having(conn, asked, "local")) == {"acme"}
    assert await store.read(lambda conn: templates.having(conn, asked, "elsewhere")) == set()


async def test_another_tenant_cannot_join_it_and_equal_layouts_of_two_tenants_are_two(store: Store) -> None:
    _, ours = await store.write(approve)
    _, theirs = await store.write(lambda conn: approve(conn, tenant="other", joins=ours.template_id))
    assert theirs.template_id != ours.template_id
    assert await named(store, *BANDS) == [ours.template_id]
    assert await named(store, *BANDS, tenant="other") == [theirs.template_id]


async def test_the_same_layout_approved_twice_is_one_template_and_the_newest_speaks(store: Store) -> None:
    _, first = await store.write(approve)
    later, second = await store.write(lambda conn: approve(conn, when=at(20)))
    assert first.template_id == second.template_id
    (speaks,) = await store.read(lambda conn: templates.likely(conn, "acme", "local", BANDS, 3))
    assert (speaks.analysis_id, speaks.approved_at) == (later.id, at(20))
    assert await events(store, first.template_id) == [(1, "template.made"), (2, "template.renewed")]
    assert await store.read(lambda conn: templates.changed_at(conn, "acme", "local")) == at(20)


async def test_a_copy_of_another_layout_joins_the_template_it_was_read_by(store: Store) -> None:
    _, first = await store.write(approve)
    _, joined = await store.write(lambda conn: approve(conn, "scanned", at(20), bands=("s1",), joins=first.template_id))
    assert joined.template_id == first.template_id
    assert await named(store, "s1") == await named(store, "b1") == [first.template_id]


async def test_so_many_sources_are_kept_and_the_oldest_one_s_object_is_given_up(store: Store) -> None:
    def unit(conn: Connection, number: int) -> tuple[Analysis, Made]:
        return approve(conn, when=at(10 + number), bands=(f"n{number}",))

    made = [await store.write(partial(unit, number=number)) for number in range(SOURCES_MAX + 1)]
    assert [one.dropped_refs for _, one in made[:-1]] == [()] * SOURCES_MAX
    oldest, (_, last) = made[0][0], made[-1]
    assert last.dropped_refs == (f"templates/{oldest.id.lower()}@k",)
    assert await named(store, "n0") == []
    assert await named(store, "n1") == [last.template_id]


async def test_past_the_limit_the_longest_unchanged_is_forgotten(store: Store) -> None:
    _, one = await store.write(lambda conn: approve(conn, "one", at(10), bands=("one",), most=2))
    _, two = await store.write(lambda conn: approve(conn, "two", at(11), bands=("two",), most=2))
    await store.write(lambda conn: approve(conn, "one", at(12), bands=("one",), most=2))
    assert await named(store, "two") == [two.template_id]
    _, three = await store.write(lambda conn: approve(conn, "three", at(13), bands=("three",), most=2))
    assert len(three.dropped_refs) == 1
    assert await named(store, "two") == []
    assert await named(store, "one") == [one.template_id]
    assert (await events(store, two.template_id))[-1] == (2, "template.displaced")


async def test_erasing_one_source_leaves_the_template_to_the_other(store: Store) -> None:
    first, made = await store.write(approve)
    second, _ = await store.write(lambda conn: approve(conn, when=at(20)))
    gone = await store.write(lambda conn: erasure.erase(conn, "acme", second.id, "key:test", at(30)))
    assert f"templates/{second.id.lower()}@k" in gone.blob_refs
    (speaks,) = await store.read(lambda conn: templates.likely(conn, "acme", "local", BANDS, 3))
    assert speaks.analysis_id == first.id
    assert (await events(store, made.template_id))[-1][1] == "template.source_erased"


async def test_erasing_the_last_source_erases_the_template_and_every_trace_of_its_pages(store: Store) -> None:
    analysis, made = await store.write(approve)
    gone = await store.write(lambda conn: erasure.erase(conn, "acme", analysis.id, "key:test", at(30)))
    assert f"templates/{analysis.id.lower()}@k" in gone.blob_refs
    assert await named(store, *BANDS) == []
    assert await store.read(lambda conn: conn.execute(select(tables.template_bands)).all()) == []
    assert await store.read(lambda conn: conn.execute(select(tables.template_sources)).all()) == []
    assert not await store.read(lambda conn: templates.has_any(conn, "acme", "local"))
    assert (await events(store, made.template_id))[-1] == (2, "template.erased")
    assert await store.read(lambda conn: templates.changed_at(conn, "acme", "local")) == at(30)
    _, again = await store.write(lambda conn: approve(conn, when=at(40)))
    assert again.template_id != made.template_id


async def test_a_forgotten_template_is_found_no_more_and_its_objects_are_given_up(store: Store) -> None:
    analysis, made = await store.write(approve)
    refs = await store.write(lambda conn: templates.forget(conn, made.template_id, "key:test", at(30)))
    assert refs == (f"templates/{analysis.id.lower()}@k",)
    assert await named(store, *BANDS) == []
    assert await store.write(lambda conn: templates.forget(conn, made.template_id, "key:test", at(31))) == ()
    assert await events(store, made.template_id) == [(1, "template.made"), (2, "template.forgotten")]


async def test_the_journal_tells_the_whole_state_and_what_spoke(store: Store) -> None:
    analysis, made = await store.write(approve)
    (event,) = await store.read(lambda conn: journal.of_aggregate(conn, made.template_id, 0, 10, "template"))
    assert (event.tenant, event.region, event.actor) == ("acme", "local", "key:test")
    assert set(event.data) == {column.name for column in tables.templates.c} | {"source"}
    assert event.data["source"]["analysis_id"] == analysis.id
    assert event.data["source"]["template_id"] == made.template_id


async def test_a_failed_transaction_leaves_nothing_of_a_template(store: Store) -> None:
    class _StopError(Exception):
        pass

    def unit(conn: Connection) -> None:
        approve(conn)
        raise _StopError

    with pytest.raises(_StopError):
        await store.write(unit)
    assert await named(store, *BANDS) == []
    assert not await store.read(lambda conn: templates.has_any(conn, "acme", "local"))
