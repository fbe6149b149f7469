"""Connections by process: the whole space of small clusters fits the server, or says that it does not."""

from __future__ import annotations

import itertools

import pytest

from procession.policy import pools
from procession.policy.pools import LEAST, Snapshot

ROLES = ("api", "worker", "maintenance")
CLUSTERS = [dict(zip(ROLES, counts, strict=True)) for counts in itertools.product((0, 1, 2, 5, 11), repeat=3)]


@pytest.mark.parametrize("server_max", [0, 1, 5, 20, 97, 1000])
@pytest.mark.parametrize("reserved", [0, 10])
def test_all_processes_together_fit_the_server_or_none_is_told_so(server_max: int, reserved: int) -> None:
    for cluster in CLUSTERS:
        given = {role: pools.size(Snapshot(server_max, reserved, 16, role, cluster)) for role in ROLES if cluster[role]}
        for pool in given.values():
            assert LEAST <= pool.connections <= 16
        total = sum(pool.connections * cluster[role] for role, pool in given.items())
        room = max(0, server_max - reserved)
        fits = room >= LEAST * sum(cluster.values())
        assert {pool.fits for pool in given.values()} <= {fits}
        assert not fits or total <= room


def test_an_api_process_gets_more_than_a_worker() -> None:
    cluster = {"api": 2, "worker": 8}
    api, worker = (pools.size(Snapshot(60, 10, 16, role, cluster)) for role in ("api", "worker"))
    assert (api.connections, worker.connections) == (7, 4)
    assert worker.reason == "50 of the server's 60 connections for 10 processes; 4 is the share of this one"


def test_one_process_alone_opens_what_it_may_at_most() -> None:
    pool = pools.size(Snapshot(97, 10, 8))
    assert (pool.connections, pool.fits) == (8, True)
    assert pool.reason == "87 of the server's 97 connections for 1 process; 8 is what one may open at most"


def test_too_many_processes_are_told_what_to_do() -> None:
    pool = pools.size(Snapshot(20, 10, 8, "worker", {"worker": 6}))
    assert (pool.connections, pool.fits) == (LEAST, False)
    assert "fewer than 2 each" in pool.reason
    assert pools.size(Snapshot(20, 10, 8, "worker", {"worker": 5})).fits  # the edge


def test_a_process_that_is_not_counted_counts_itself() -> None:
    assert pools.size(Snapshot(20, 10, 20, "api", {})).connections == 10
    assert pools.size(Snapshot(20, 10, 20, "api", {"worker": 0})).connections == 10
