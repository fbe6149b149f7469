"""Scripts, styles and the example: read once, served under an address that changes with any of them.

``/static/DIGEST/NAME`` may be kept by browsers for ever; the modules' relative imports stay inside one digest.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from procession.domain.errors import NotFound

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".pdf": "application/pdf",
    ".svg": "image/svg+xml",
}
FOREVER = "public, max-age=31536000, immutable"


def _read() -> dict[str, bytes]:
    found = (path for path in sorted(FOLDER.rglob("*")) if path.suffix in MEDIA_TYPES)
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in found}


def _digest(files: dict[str, bytes]) -> str:
    total = hashlib.sha256()
    for name, content in files.items():
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()[:16]


FILES = _read()
DIGEST = _digest(FILES)


def address(name: str) -> str:
    """Where a page links to ``name``. Raises KeyError for a file that is not there, when a template is rendered."""
    FILES[name]
    return f"/static/{DIGEST}/{name}"


def read(digest: str, name: str) -> tuple[bytes, str, str]:
    """Content, media type and ``Cache-Control``. Raises NotFound.

    A page opened before an upgrade asks with the old digest: it gets today's file, unkept.
    """
    if name not in FILES:
        raise NotFound("There is nothing at this address.")
    kept = FOREVER if digest == DIGEST else "no-cache"
    return FILES[name], MEDIA_TYPES[Path(name).suffix], kept
