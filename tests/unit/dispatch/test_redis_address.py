"""What the URL of a Redis may say, and that its password is told to nobody."""

from __future__ import annotations

import pytest

from procession.dispatch.redis_address import Address, Topology, parse
from procession.domain.errors import InvalidRequest


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://one.test", Address(Topology.STANDALONE, (("one.test", 6379),))),
        ("redis://:p%40ss%2Fword@one.test:7000/3", Address(Topology.STANDALONE, (("one.test", 7000),), database=3)),
        ("rediss://us%3Aer:secret@[::1]:7000", Address(Topology.STANDALONE, (("::1", 7000),), True, "us:er")),
        ("redis+cluster://a.test,b.test:7001", Address(Topology.CLUSTER, (("a.test", 6379), ("b.test", 7001)))),
        ("rediss+cluster://user:secret@a.test", Address(Topology.CLUSTER, (("a.test", 6379),), True, "user")),
        (
            "redis+sentinel://a.test,b.test:7001/the-master/2",
            Address(Topology.SENTINEL, (("a.test", 26379), ("b.test", 7001)), database=2, service="the-master"),
        ),
        (
            "REDISS+SENTINEL://user:secret@a.test/m",
            Address(Topology.SENTINEL, (("a.test", 26379),), True, "user", service="m"),
        ),
    ],
)
def test_every_kind_is_understood(url: str, address: Address) -> None:
    found = parse(url)
    assert (found.topology, found.nodes, found.tls, found.username, found.database, found.service) == (
        *(address.topology, address.nodes, address.tls, address.username, address.database, address.service),
    )


def test_user_and_password_may_hold_any_sign() -> None:
    found = parse("redis://us%40er:p%40ss%2Fw%3Ford%23@one.test")
    assert (found.username, found.password) == ("us@er", "p@ss/w?ord#")


@pytest.mark.parametrize(
    "url",
    [
        "http://user:secret@one.test",
        "secret",
        "redis://user:secret@a.test,b.test",
        "redis://user:secret@one.test/zero",
        "redis://user:secret@one.test:port",
        "redis://user:secret@one.test/0?password=secret",
        "redis://user:sec#ret@one.test/0",
        "redis+cluster://user:secret@one.test/1",
        "redis+sentinel://user:secret@one.test",
        "redis+sentinel://user:secret@one.test/name/1/2",
    ],
)
def test_what_cannot_be_read_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse(url)
    assert "redis_url" in refused.value.message
    assert "secret" not in refused.value.message


@pytest.mark.parametrize("scheme", ["rediss", "redis+cluster", "redis+sentinel"])
def test_neither_user_nor_password_is_shown(scheme: str) -> None:
    address = parse(f"{scheme}://somebody:secret@one.test:7000" + ("/name" if "sentinel" in scheme else ""))
    assert "one.test:7000" in str(address)
    assert "secret" not in f"{address} {address!r}"
    assert "somebody" not in str(address)
