"""How webhooks are sent, and where they may go."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from procession.settings.section import Section


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"{error}; use for example 10.20.0.0/16") from None
    return text


class Webhooks(Section):
    """How webhooks are sent, by `procession up` and `procession maintenance`."""

    per_tenant_max: Annotated[int, Field(gt=0)] = 20
    """Webhooks one tenant may have; past it 409."""
    poll_seconds: Annotated[float, Field(gt=0)] = 1.0
    """How often the journal is looked into for what a webhook is to be told of."""
    at_once_max: Annotated[int, Field(gt=0)] = 64
    """Webhooks this process has on their way at once; the others wait."""
    at_once_each_max: Annotated[int, Field(gt=0)] = 4
    """Of these to one receiver, all processes together; one that failed last gets one at a time."""
    connect_seconds_max: Annotated[float, Field(gt=0)] = 5.0
    """Finding a receiver's address and opening a connection."""
    answer_seconds_max: Annotated[float, Field(gt=0)] = 15.0
    """One attempt, from its start to the end of the answer."""
    answer_bytes_max: Annotated[int, Field(gt=0)] = 16 * 1024
    """Of a receiver's answer that is read, and thrown away; the connection is closed past it."""
    kept_days: Annotated[float, Field(gt=0)] = 30.0
    """How long deliveries that ended can be looked up."""
    private_networks: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    """Networks, for example `["10.20.0.0/16"]`, that webhooks may go to beside the public internet."""
    loopback_http: bool = False
    """Whether webhooks may go to this machine itself, and there by `http://`."""
    ca_file: Path | None = None
    """PEM file of certificate authorities to trust beside the system's, for receivers within."""
