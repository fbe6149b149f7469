"""Where Redis is: one URL for a single server, a Cluster, or the master that Sentinels name."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from procession.domain.errors import InvalidRequest

REDIS_PORT = 6379
SENTINEL_PORT = 26379

_FORMS = (
    "Use redis://HOST:PORT/NUMBER, redis+cluster://HOST:PORT,HOST:PORT or redis+sentinel://HOST:PORT,HOST:PORT/NAME; "
    "with TLS rediss://…, rediss+cluster://…, rediss+sentinel://…."
)


class Topology(StrEnum):
    STANDALONE = "standalone"
    CLUSTER = "cluster"
    SENTINEL = "sentinel"


_SCHEMES = {
    "redis": (Topology.STANDALONE, False),
    "rediss": (Topology.STANDALONE, True),
    "redis+cluster": (Topology.CLUSTER, False),
    "rediss+cluster": (Topology.CLUSTER, True),
    "redis+sentinel": (Topology.SENTINEL, False),
    "rediss+sentinel": (Topology.SENTINEL, True),
}


@dataclass(frozen=True, slots=True)
class Address:
    """``nodes`` are servers, or Sentinels; ``service`` is the master's name among Sentinels."""

    topology: Topology
    nodes: tuple[tuple[str, int], ...]
    tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    database: int = 0
    service: str | None = None

    def __str__(self) -> str:
        """For people: no user, no password."""
        at = ", ".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.nodes)
        kind = {
            Topology.STANDALONE: f"Redis at {at}",
            Topology.CLUSTER: f"the Redis Cluster at {at}",
            Topology.SENTINEL: f"the Redis master {self.service!r} of the Sentinels at {at}",
        }[self.topology]
        return f"{kind}, with TLS" if self.tls else kind


def parse(url: str) -> Address:
    """Raises InvalidRequest, whose message holds nothing of the URL: a password may stand in it."""
    scheme, separator, rest = url.strip().partition("://")
    if not separator or scheme.lower() not in _SCHEMES:
        raise InvalidRequest(f"redis_url is not the URL of a Redis. {_FORMS}")
    topology, tls = _SCHEMES[scheme.lower()]
    if "?" in rest or "#" in rest:
        raise InvalidRequest(
            "redis_url takes no parameters after ? or #: certificates, names and limits are settings of the section "
            "[redis], and these characters in a password are written %3F and %23."
        )
    authority, _, path = rest.partition("/")
    login, _, hosts = authority.rpartition("@")
    username, _, password = login.partition(":")
    port = SENTINEL_PORT if topology is Topology.SENTINEL else REDIS_PORT
    nodes = tuple(_node(one, port) for one in hosts.split(","))
    if topology is Topology.STANDALONE and len(nodes) > 1:
        raise InvalidRequest(f"redis_url names several hosts, which only a Cluster or Sentinels have. {_FORMS}")
    service, database = _service_and_database(topology, path)
    return Address(
        topology, nodes, tls, unquote(username) or None, unquote(password) or None, database=database, service=service
    )


def _node(text: str, port: int) -> tuple[str, int]:
    try:
        found = urlsplit(f"//{text}")
        host, port = found.hostname or "localhost", found.port or port
    except ValueError:
        raise InvalidRequest(f"redis_url: a host and port in it cannot be read. {_FORMS}") from None
    return host, port


def _service_and_database(topology: Topology, path: str) -> tuple[str | None, int]:
    parts = [unquote(part) for part in path.strip("/").split("/") if part]
    service = None
    if topology is Topology.SENTINEL:
        if not parts:
            raise InvalidRequest("redis_url: the name of the master is missing: redis+sentinel://HOST:PORT/NAME.")
        service = parts.pop(0)
    if not parts:
        return service, 0
    if topology is Topology.CLUSTER or len(parts) > 1 or not parts[0].isdecimal():
        raise InvalidRequest(f"redis_url: what stands after the host cannot be read. {_FORMS}")
    return service, int(parts[0])
