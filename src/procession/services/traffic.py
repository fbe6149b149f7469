"""What this process answered since it was last written down: requests and bytes, of all tenants together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Traffic:
    """For one event loop."""

    requests: int = 0
    bytes_sent: int = 0

    def take(self) -> tuple[int, int]:
        """(requests, bytes), counted from nothing again."""
        found = self.requests, self.bytes_sent
        self.requests = self.bytes_sent = 0
        return found

    def give_back(self, requests: int, bytes_sent: int) -> None:
        """What could not be written down."""
        self.requests += requests
        self.bytes_sent += bytes_sent
