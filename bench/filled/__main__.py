"""``python -m bench.filled FOLDER``: writes the set, for the scorer or for a look at it."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.filled import write

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.filled", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--per-family", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kept-back", action="store_true")
    parser.add_argument("--scanned", action="store_true")
    given = parser.parse_args()
    write(given.folder, per_family=given.per_family, kept_back=given.kept_back, seed=given.seed, scanned=given.scanned)
