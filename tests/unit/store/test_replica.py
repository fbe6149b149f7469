"""Lists from a streaming replica while it is there and fresh enough, connections by share, records over TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, make_url
from structlog.testing import capture_logs

from procession.domain.errors import Unavailable
from procession.policy import pools
from procession.store import analyses
from procession.store.postgres import Limits, Neighbours, PostgresStore
from procession.store.replica import REST_SECONDS, TENANTS_MAX, ReplicaLag
from tests.records import submit
from tests.support.postgres import PostgresServer
from tests.support.postgres_around import Cluster


def where(conn: Connection) -> tuple[bool, int]:
    """(whether a replica answers, analyses of the tenant it knows)."""
    on_replica = bool(conn.exec_driver_sql("SELECT pg_is_in_recovery()").scalar())
    return on_replica, len(analyses.page(conn, "acme"))


@pytest.fixture
async def store(postgres_cluster: Cluster) -> AsyncIterator[PostgresStore]:
    url = postgres_cluster.primary.migrated()
    made = PostgresStore(url, replica=url.set(port=postgres_cluster.replica.port), replica_lag_seconds_max=600)
    await made.start()
    postgres_cluster.caught_up()
    yield made
    await made.stop()
    postgres_cluster.resume()


async def listed(store: PostgresStore, tenant: str = "acme") -> tuple[bool, int]:
    await store.read(lambda conn: None, tenant=tenant)  # the primary says where it is
    return await store.read(where, tenant=tenant, fresh=False)


async def test_a_list_comes_from_the_replica_and_everything_else_from_the_primary(
    store: PostgresStore, postgres_cluster: Cluster
) -> None:
    await store.write(submit)  # the system's scope: as another process would
    postgres_cluster.caught_up()
    assert await listed(store) == (True, 1)
    assert await store.read(where, tenant="acme") == (False, 1)
    assert await store.read(where, fresh=False) == (False, 1)


async def test_what_a_tenant_wrote_here_its_lists_show_at_once(store: PostgresStore, postgres_cluster: Cluster) -> None:
    assert await listed(store) == (True, 0)
    postgres_cluster.pause()
    await store.write(submit, tenant="acme")
    assert await listed(store) == (False, 1)
    assert (await listed(store, "other"))[0] is True


async def test_a_replica_too_far_behind_is_left_out(postgres_cluster: Cluster) -> None:
    url = postgres_cluster.primary.migrated()
    replica = url.set(port=postgres_cluster.replica.port)
    store = PostgresStore(url, replica=replica, replica_lag_seconds_max=1e-9)
    await store.start()
    assert await listed(store) == (False, 0)
    await store.stop()


@pytest.mark.parametrize("port", ["primary", "none"])
async def test_a_replica_that_is_away_or_is_none_is_left_out(postgres_cluster: Cluster, port: str) -> None:
    url = postgres_cluster.primary.migrated()
    store = PostgresStore(
        url,
        replica=url if port == "primary" else make_url("postgresql://procession@127.0.0.1:1/migrated"),
        replica_lag_seconds_max=600,
    )
    await store.start()
    await store.write(submit)
    assert await listed(store) == (False, 1)
    assert await listed(store) == (False, 1)
    await store.stop()


async def test_the_replica_s_lists_are_the_tenant_s_own(store: PostgresStore, postgres_cluster: Cluster) -> None:
    await store.write(lambda conn: submit(conn, tenant="other"))
    postgres_cluster.caught_up()
    assert await listed(store) == (True, 0)


# --- how far it is behind ---------------------------------------------------------------------------------------------


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_replica_is_as_new_as_the_newest_place_of_the_primary_it_reached() -> None:
    time = Time()
    lag = ReplicaLag(5.0, time)
    assert lag.behind(10, time.now) == float("inf")  # nothing is known of the primary
    lag.hear_primary(1000.0, 10)
    lag.hear_primary(1002.0, 20)
    lag.hear_primary(1002.01, 30)  # too soon after the last one to be noted
    assert lag.behind(9, 1003.0) == float("inf")
    assert lag.behind(10, 1003.0) == 3.0
    assert lag.behind(19, 1003.0) == 3.0
    assert lag.behind(20, 1003.0) == 1.0
    assert lag.behind(None, 1003.0) == float("inf")
    assert lag.fresh_enough(10, 1005.0)  # the edge
    assert not lag.fresh_enough(10, 1005.01)


def test_it_is_asked_only_while_the_primary_s_place_is_known_and_nothing_speaks_against_it() -> None:
    time = Time()
    lag = ReplicaLag(5.0, time)
    assert not lag.may_serve("acme")
    lag.hear_primary(1000.0, 10)
    assert lag.may_serve("acme")
    lag.wrote("acme")
    assert not lag.may_serve("acme")
    assert lag.may_serve("other")
    time.now = 1004.9
    assert not lag.may_serve("acme")
    time.now = 1005.0
    assert not lag.may_serve("other")  # the primary was silent for too long: ask it first
    lag.hear_primary(1005.0, 10)
    assert lag.may_serve("acme")
    lag.rest("it failed")
    assert not lag.may_serve("other")
    time.now = 1005.0 + REST_SECONDS - 0.1
    lag.hear_primary(time.now, 10)
    assert not lag.may_serve("other")
    time.now += 0.1
    assert lag.may_serve("other")


def test_a_primary_that_is_itself_a_replica_tells_no_place() -> None:
    lag = ReplicaLag(5.0, Time())
    lag.hear_primary(1000.0, None)
    assert not lag.may_serve("acme")


def test_the_tenants_that_wrote_are_remembered_up_to_a_number() -> None:
    lag = ReplicaLag(5.0, Time())
    lag.hear_primary(1000.0, 10)
    for number in range(TENANTS_MAX + 1):
        lag.wrote(str(number))
    assert lag.may_serve("0")
    assert not lag.may_serve("1")


# --- connections ------------------------------------------------------------------------------------------------------


async def test_a_process_opens_its_share_of_what_the_server_accepts(postgres_server: PostgresServer) -> None:
    known = Neighbours("worker", {"api": 2, "worker": 20})
    store = PostgresStore(postgres_server.migrated(), Limits(connections_max=50, reserved=7), neighbours=known)
    await store.start()
    pool = store.pool()  # 200, of which PostgreSQL keeps 3 for superusers
    assert pool == pools.size(pools.Snapshot(197, 7, 50, "worker", known.processes))
    assert store._engine.pool.size() == pool.connections == 8  # type: ignore[attr-defined]
    assert await store.write(submit)
    await store.stop()


async def test_more_processes_than_the_server_has_room_for_are_told(postgres_server: PostgresServer) -> None:
    known = Neighbours("worker", {"worker": 99})
    store = PostgresStore(postgres_server.migrated(), neighbours=known)
    with capture_logs() as told:
        await store.start()
        await store.stop()
    (one,) = [entry for entry in told if entry["event"] == "store.connections_do_not_fit"]
    assert "fewer than 2 each" in one["reason"]


# --- TLS --------------------------------------------------------------------------------------------------------------


async def test_records_go_over_tls_with_an_authority_of_one_s_own(postgres_cluster: Cluster) -> None:
    url = postgres_cluster.primary.migrated()
    authority = str(postgres_cluster.certificates.authority)
    store = PostgresStore(url.set(query={"sslmode": "verify-full", "sslrootcert": authority}))
    await store.start()
    assert await store.write(
        lambda conn: conn.exec_driver_sql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").scalar()
    )
    await store.stop()


@pytest.mark.parametrize(
    ("host", "trusted", "words"),
    [("127.0.0.1", "client", "certificate verify failed"), ("localhost", "authority", "does not match host name")],
)
async def test_a_server_that_cannot_be_trusted_is_refused_in_words(
    postgres_cluster: Cluster, host: str, trusted: str, words: str
) -> None:
    url = postgres_cluster.primary.migrated().set(host=host)
    root = str(getattr(postgres_cluster.certificates, trusted))
    store = PostgresStore(url.set(query={"sslmode": "verify-full", "sslrootcert": root}))
    with pytest.raises(Unavailable, match=words):
        await store.start()
    await store.stop()
