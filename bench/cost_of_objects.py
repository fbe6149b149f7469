"""Computes the table of docs/explanation/cost-of-objects.md from list prices and assumptions, all of them below.

Prices: AWS list prices, US East (N. Virginia), June 2026, https://aws.amazon.com/s3/pricing
"""

from __future__ import annotations

from dataclasses import dataclass

PETABYTE_GB = 1_000_000
LISTED_AT_ONCE = 1_000
LIST_SECONDS = 0.1
"""Assumed time of one LIST, each of which needs the answer of the one before."""


@dataclass(frozen=True)
class Kind:
    """Objects of one document. Sizes sealed, in kB (1,000 bytes); all assumed."""

    name: str
    each_kb: float
    per_document: float
    reads: float
    """GETs of each in its life."""

    @property
    def cools(self) -> bool:
        return self.each_kb >= 128 and self.name in ("documents", "page pictures", "results")


KINDS = (
    Kind("documents", 700, 1, 3),
    Kind("results", 8, 1, 4),
    Kind("page pictures", 180, 4, 2),
    Kind("reviews, forms, templates", 6, 2, 4),
    Kind("answers", 2, 1, 2),
)
COOL_READ_SHARE = 0.05
"""Share of a cooled petabyte that is read in a month, by somebody who looks something up."""


@dataclass(frozen=True)
class Class:
    """Dollars: a GB and month (by GB from 0, 50,000 and 500,000), 1,000 writes, 1,000 reads, a GB read."""

    name: str
    gb_month: tuple[float, float, float]
    write_1000: float
    read_1000: float
    read_gb: float
    move_1000: float
    """1,000 transitions into it by a lifecycle rule."""

    def month(self, gigabytes: float) -> float:
        steps = ((50_000, self.gb_month[0]), (450_000, self.gb_month[1]), (float("inf"), self.gb_month[2]))
        paid = 0.0
        for size, price in steps:
            paid += min(gigabytes, size) * price
            gigabytes = max(0.0, gigabytes - size)
        return paid


STANDARD = Class("Standard", (0.023, 0.022, 0.021), 0.005, 0.0004, 0, 0)
INFREQUENT = Class("Standard-IA", (0.0125,) * 3, 0.01, 0.001, 0.01, 0.01)
INSTANT = Class("Glacier Instant Retrieval", (0.004,) * 3, 0.02, 0.01, 0.03, 0.02)


def documents() -> float:
    """How many documents, with all that is made of them, fill a petabyte."""
    return PETABYTE_GB * 1e6 / sum(kind.each_kb * kind.per_document for kind in KINDS)


def objects() -> float:
    return documents() * sum(kind.per_document for kind in KINDS)


def table() -> str:
    many, every = documents(), objects()
    cool_objects = many * sum(kind.per_document for kind in KINDS if kind.cools)
    cool_gb = many * sum(kind.each_kb * kind.per_document for kind in KINDS if kind.cools) / 1e6
    warm_gb = PETABYTE_GB - cool_gb
    lists = every / LISTED_AT_ONCE
    rows = [
        ("documents in a petabyte", f"{many / 1e6:,.0f} million"),
        ("objects", f"{every / 1e9:.1f} billion"),
        ("writing them all, once", _dollars(every / 1000 * STANDARD.write_1000)),
        (
            "reading them as assumed, once",
            _dollars(many * sum(k.reads * k.per_document for k in KINDS) / 1000 * STANDARD.read_1000),
        ),
        ("storage a month, all Standard", _dollars(STANDARD.month(PETABYTE_GB))),
    ]
    for cooler in (INFREQUENT, INSTANT):
        read_back = cool_gb * COOL_READ_SHARE * cooler.read_gb
        read_back += cool_objects * COOL_READ_SHARE / 1000 * cooler.read_1000
        month = STANDARD.month(warm_gb) + cooler.month(cool_gb) + read_back
        rows.append((f"storage a month, cooled to {cooler.name}, {COOL_READ_SHARE:.0%} of it read", _dollars(month)))
        rows.append((f"moving it to {cooler.name}, once", _dollars(cool_objects / 1000 * cooler.move_1000)))
    rows += [
        ("deleting all of it", _dollars(0)),
        ("*not done:* reading all names daily, a month", _dollars(lists * 30 / 1000 * STANDARD.write_1000)),
        ("*not done:* time of reading all names once", f"{lists * LIST_SECONDS / 86_400:.1f} days"),
    ]
    return "| | |\n|---|---:|\n" + "".join(f"| {what} | {costs} |\n" for what, costs in rows)


def assumptions() -> str:
    head = "| kind | kB each, sealed | of a document | read in its life |\n|---|---:|---:|---:|\n"
    return head + "".join(f"| {k.name} | {k.each_kb:g} | {k.per_document:g} | {k.reads:g} × |\n" for k in KINDS)


def _dollars(amount: float) -> str:
    return f"${amount:,.0f}"


if __name__ == "__main__":
    print(assumptions())
    print(table())
