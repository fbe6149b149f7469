"""Starts servers again and again by forking a process that has loaded them: a start costs milliseconds.

Each line on stdin is the JSON list of a start's command (``up``, ``api``, …) and arguments; the answer is its process
id. What runs in the fork is the command itself, with the stand-in engine behind the real sandbox.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path


def main() -> None:
    from procession.cli.main import program
    from procession.http import app, probes, serve  # noqa: F401 - loaded here so that no start has to
    from procession.sandbox.client import Sandbox
    from procession.sandbox.limits import SandboxLimits
    from procession.wiring import roles

    root = Path(__file__).parents[2]

    class StandIn(Sandbox):
        def __init__(self, limits: SandboxLimits) -> None:
            super().__init__(limits, verbs="tests.faults.engine", import_paths=[root])

    roles.Sandbox = StandIn  # type: ignore[misc] # the engine is what this test does not test
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    gc.freeze()
    print("ready", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(program(["up", "roles"]), json.loads(line))
        print(pid, flush=True)


def _become(commands: Callable[..., object], arguments: list[str]) -> None:
    """Run the command in this fork and never return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(2, 1)  # stdout is the launcher's protocol
    os.setsid()
    code = 1
    try:
        commands(args=arguments, standalone_mode=False)
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
