"""Write the golden OpenAPI description anew: ``python -m tests.contract.golden``."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from procession import wiring
from procession.http.app import create_app
from procession.settings import Settings
from tests.contract.test_openapi import GOLDEN


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        described = create_app(wiring.build(Settings(data=Path(folder)))).openapi()
    GOLDEN.write_text(json.dumps(described, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
