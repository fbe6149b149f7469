"""``python -m bench NAME [--quick] [--json]``: progress on stderr, one JSON object last on stdout."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from bench import latency, overhead
from bench.machine import machine_line
from bench.report import NotMeasured, say

BENCHMARKS: dict[str, tuple[Callable[[bool], dict[str, Any]], str]] = {
    "overhead": (overhead.run, overhead.LENGTH),
    "latency": (latency.run, latency.LENGTH),
}
"""Name -> what runs it (``quick`` -> measured keys), how long the full run takes."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", help=f"one of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="fewer samples, at most 45 seconds on 2 cores")
    parser.add_argument("--json", action="store_true", help="the JSON object only, nothing on stderr")
    chosen = parser.parse_args()
    if chosen.name not in BENCHMARKS:
        print(f"There is no benchmark `{chosen.name}`. Known: {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    run, length = BENCHMARKS[chosen.name]
    say.quiet = chosen.json
    say(machine_line())
    say(f"{chosen.name}: quick run, 45 s at most" if chosen.quick else f"{chosen.name}: full run, {length}")
    try:
        measured = run(chosen.quick)
    except NotMeasured as error:
        print(f"{chosen.name} could not be measured: {error}", file=sys.stderr)
        return 1
    command = f"python -m bench {chosen.name}{' --quick' if chosen.quick else ''}"
    print(json.dumps({"name": chosen.name, **measured, "machine": machine_line(), "command": command}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
