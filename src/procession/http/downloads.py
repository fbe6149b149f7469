"""Headers of a file that is handed out: always a download, always typed by us, never a page of ours."""

from __future__ import annotations

import re
from urllib.parse import quote


def download_headers(name: str) -> dict[str, str]:
    """``name``: the file's, in any script; what was uploaded must not run as a page of ours."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
