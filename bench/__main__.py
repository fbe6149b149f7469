"""``python -m bench NAME [--quick] [--json]``: progress on stderr, one JSON object last on stdout."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from bench import (
    ai_cost,
    canary,
    concurrent,
    digitize,
    faults,
    growth,
    latency,
    ocr,
    overhead,
    queue,
    surge,
    templates,
    text,
)
from bench.machine import machine_line
from bench.report import NotMeasured, say


class Benchmark(NamedTuple):
    run: Callable[[argparse.Namespace], dict[str, Any]]
    """The measured keys."""
    length: str
    """How long the full run takes."""
    arguments: Callable[[argparse.ArgumentParser], None] = lambda _: None
    """Adds the options that only this one has."""


BENCHMARKS: dict[str, Benchmark] = {
    "overhead": Benchmark(overhead.run, overhead.LENGTH, overhead.arguments),
    "latency": Benchmark(lambda chosen: latency.run(chosen.quick), latency.LENGTH),
    "digitize": Benchmark(digitize.run, digitize.LENGTH, digitize.arguments),
    "growth": Benchmark(lambda chosen: growth.run(chosen.quick), growth.LENGTH),
    "ocr": Benchmark(ocr.run, ocr.LENGTH, ocr.arguments),
    "templates": Benchmark(templates.run, templates.LENGTH, templates.arguments),
    "queue": Benchmark(lambda chosen: queue.run(chosen.quick), queue.LENGTH),
    "faults": Benchmark(lambda chosen: faults.run(chosen.quick), faults.LENGTH),
    "surge": Benchmark(lambda chosen: surge.run(chosen.quick), surge.LENGTH),
    "text": Benchmark(text.run, text.LENGTH, text.arguments),
    "concurrent": Benchmark(lambda chosen: concurrent.run(chosen.quick), concurrent.LENGTH),
    "canary": Benchmark(lambda chosen: canary.run(chosen.quick), canary.LENGTH),
    "ai_cost": Benchmark(ai_cost.run, ai_cost.LENGTH),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", help=f"one of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="fewer samples, at most 45 seconds on 2 cores")
    parser.add_argument("--json", action="store_true", help="the JSON object only, nothing on stderr")
    name = parser.parse_known_args()[0].name
    if name not in BENCHMARKS:
        print(f"There is no benchmark `{name}`. Known: {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    benchmark = BENCHMARKS[name]
    benchmark.arguments(parser)
    chosen = parser.parse_args()
    say.quiet = chosen.json
    say(machine_line())
    say(f"{name}: quick run, 45 s at most" if chosen.quick else f"{name}: full run, {benchmark.length}")
    try:
        measured = benchmark.run(chosen)
    except NotMeasured as error:
        print(f"{name} could not be measured: {error}", file=sys.stderr)
        return 1
    command = f"python -m bench {' '.join(sys.argv[1:])}"
    print(json.dumps({"name": name, **measured, "machine": machine_line(), "command": command}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
