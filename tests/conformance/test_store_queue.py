"""Lists, the relay's view of what may run, and depth."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from procession.domain.analysis import Analysis, AnalysisOptions, Priority, State
from procession.policy import fairness
from procession.store import analyses, batches, claims, queue_depth
from procession.store.batches import Batch
from procession.store.claims import Outcome
from procession.store.protocol import Store
from procession.store.queue_depth import Backlog, Depth
from tests.records import START, at, submit


async def test_heads_are_the_oldest_of_each_tenant_and_class(store: Store) -> None:
    def fill(conn: Connection) -> None:
        for n in range(50):
            submit(conn, tenant="big", run_at=at(n), priority=Priority.STANDARD)
        submit(conn, tenant="big", run_at=at(60), priority=Priority.URGENT)
        submit(conn, tenant="small", run_at=at(55))
        submit(conn, tenant="small", run_at=at(500))  # deferred

    await store.write(fill)
    heads = await store.read(lambda conn: analyses.ready_heads(conn, at(100), 3, 100))
    assert [(head.tenant, head.priority.value, head.run_at) for head in heads] == [
        ("big", "standard", at(0)),
        ("big", "standard", at(1)),
        ("big", "standard", at(2)),
        ("small", "urgent", at(55)),
        ("big", "urgent", at(60)),
    ]
    assert len(await store.read(lambda conn: analyses.ready_heads(conn, at(100), 3, 2))) == 2


async def test_backlogs_of_many_tenants_hide_no_tenant_that_comes_late(store: Store) -> None:
    def fill(conn: Connection) -> None:
        for n in range(12):
            submit(conn, tenant=f"early-{n % 4}", run_at=at(n), priority=Priority.LOW)
        submit(conn, tenant="late", run_at=at(90), priority=Priority.URGENT)
        submit(conn, tenant="late", run_at=at(91), priority=Priority.LOW)

    await store.write(fill)
    heads = await store.read(lambda conn: analyses.ready_heads(conn, at(100), 3, 6))
    assert [(head.tenant, head.priority.value) for head in heads] == [
        *((f"early-{n}", "low") for n in range(4)),
        ("late", "urgent"),
        ("late", "low"),
    ]
    (first,) = await store.read(lambda conn: analyses.ready_heads(conn, at(100), 3, 1))
    assert first.tenant == "late"  # of all first turns the one that is due first


async def test_heads_tell_what_their_tenant_has_running(store: Store) -> None:
    def fill(conn: Connection) -> None:
        for _ in range(3):
            claims.claim(conn, submit(conn, tenant="busy").id, "worker-a", 15, at(0))
        submit(conn, tenant="busy")
        submit(conn, tenant="idle")

    await store.write(fill)
    heads = await store.read(lambda conn: analyses.ready_heads(conn, at(1), 4, 100))
    assert {head.tenant: head.in_flight for head in heads} == {"busy": 3, "idle": 0}
    offers = fairness.order(heads, at(1), ring_ahead=4, aging_seconds=600)
    assert [offer.id for offer in offers] == [next(h.id for h in heads if h.tenant == t) for t in ("idle", "busy")]


async def test_what_was_claimed_is_offered_no_more(store: Store) -> None:
    made = await store.write(submit)
    await store.write(lambda conn: analyses.mark_rung(conn, [made.id], at(1)))
    assert len(await store.read(lambda conn: analyses.ready_heads(conn, at(1), 4, 100))) == 1
    await store.write(lambda conn: claims.claim(conn, made.id, "worker-a", 15, at(1)))
    assert await store.read(lambda conn: analyses.ready_heads(conn, at(2), 4, 100)) == []


async def test_depth_counts_ready_deferred_and_running_by_class(store: Store) -> None:
    def fill(conn: Connection) -> None:
        for n in range(3):
            submit(conn, run_at=at(n))
        submit(conn, run_at=at(99))
        claims.claim(conn, submit(conn, priority=Priority.LOW).id, "worker-a", 15, at(0))
        submit(conn, tenant="other", run_at=at(99), priority=Priority.STANDARD)

    await store.write(fill)
    depths = await store.read(lambda conn: queue_depth.queue_depth(conn, at(10)))
    seen = {p: (d.ready, d.deferred, d.running, d.oldest_ready_at) for p, d in depths.items()}
    none: datetime | None = None
    assert seen == {
        Priority.URGENT: (3, 1, 0, START),
        Priority.STANDARD: (0, 1, 0, none),
        Priority.LOW: (0, 0, 1, none),
    }
    backlog = await store.read(lambda conn: queue_depth.backlog(conn, "acme"))
    assert backlog == Backlog({Priority.URGENT: 4, Priority.STANDARD: 0, Priority.LOW: 0}, None)
    assert backlog.waiting == 4
    by_tenant = await store.read(lambda conn: queue_depth.depth_by_tenant(conn, at(10)))
    assert by_tenant == {
        (Priority.URGENT, "acme"): Depth(3, 1, 0, START, at(120)),
        (Priority.STANDARD, "other"): Depth(0, 1, 0, None, None),
        (Priority.LOW, "acme"): Depth(0, 0, 1, None, None),
    }


async def test_pages_are_newest_first_and_filtered(store: Store) -> None:
    def fill(conn: Connection) -> list[Analysis]:
        batch = batches.insert(conn, Batch("batch_1", "acme", 2, START), "local", "key:test", None)
        made = [submit(conn, batch_id=batch.id if n < 2 else None) for n in range(6)]
        submit(conn, tenant="other")
        for analysis, flagged in zip(made[:2], (0, 3), strict=True):
            claimed = claims.claim(conn, analysis.id, "worker-a", 15, at(1))
            assert claimed is not None
            state = State.REQUIRES_REVIEW if flagged else State.COMPLETED
            claims.finish(conn, analysis.id, 1, Outcome(state, result_ref="r", fields_flagged=flagged), at(2))
        return made

    ids = [analysis.id for analysis in sorted(await store.write(fill), key=lambda made: made.id)]

    async def listed(**filters: object) -> set[str]:
        found = await store.read(lambda conn: analyses.page(conn, "acme", **filters))  # type: ignore[arg-type]
        assert [a.id for a in found] == sorted((a.id for a in found), reverse=True)
        return {a.id for a in found}

    assert await listed() == set(ids)
    assert await listed(limit=2) == set(ids[-2:])
    assert await listed(limit=2, before_id=ids[-2]) == set(ids[-4:-2])
    assert await listed(priority=Priority.LOW) == set()
    finished = await listed(states=[State.COMPLETED, State.REQUIRES_REVIEW])
    assert finished == await listed(batch_id="batch_1")
    assert len(finished) == 2
    assert len(await listed(flagged=True) | await listed(flagged=False)) == 2
    counted = await store.read(lambda conn: batches.counts(conn, "batch_1"))
    assert counted == {State.COMPLETED: 1, State.REQUIRES_REVIEW: 1}
    assert [batch.id for batch in await store.read(lambda conn: batches.page(conn, "acme"))] == ["batch_1"]
    assert await store.read(lambda conn: batches.get(conn, "other", "batch_1")) is None


async def test_the_same_bytes_again_find_the_finished_analysis(store: Store) -> None:
    def first(conn: Connection) -> Analysis:
        source = claims.claim(conn, submit(conn, "same").id, "worker-a", 15, at(1))
        assert source is not None
        return source

    source = await store.write(first)
    options = AnalysisOptions()

    async def reusable(engine: str = "1", options: AnalysisOptions = options) -> Analysis | None:
        return await store.read(lambda conn: analyses.reusable(conn, source.document_id, engine, options))

    assert await reusable() is None  # still running
    done = Outcome(State.REQUIRES_REVIEW, result_ref="r", fields_found=9, fields_flagged=2, pages_total=3)
    finished = await store.write(lambda conn: claims.finish(conn, source.id, 1, done, at(2)))
    assert await reusable() == finished
    assert await reusable(engine="2") is None
    assert await reusable(options=AnalysisOptions(languages=("deu", "eng"))) is None

    def again(conn: Connection) -> Analysis:
        made = submit(conn, "same")
        assert made.document_id == source.document_id
        return analyses.reuse(conn, made.id, finished, "key:test", None, at(3))

    reused = await store.write(again)
    assert (reused.state, reused.reused_from, reused.result_ref) == (State.REQUIRES_REVIEW, source.id, "r")
    assert (reused.fields_found, reused.fields_flagged, reused.pages_done) == (9, 2, 3)
