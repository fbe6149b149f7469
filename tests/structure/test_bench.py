"""The benchmarks' door: known names, clear refusal, no figure without a measurement."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading

from bench import material, service
from bench.__main__ import BENCHMARKS
from bench.report import percentile
from tests.structure.test_modules import ROOT


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bench", "speed", "--quick"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert all(name in ran.stderr for name in BENCHMARKS)


def test_every_benchmark_is_documented() -> None:
    text = (ROOT / "docs" / "how-to" / "measure.md").read_text()
    assert [name for name in BENCHMARKS if f"| `{name}` |" not in text] == []


def test_copies_of_a_file_differ_so_no_result_is_reused() -> None:
    copies = material.copies(material.digital(), 3, "salt")
    assert len({data for _, data in copies}) == len(copies) == 27


def test_percentiles_are_nearest_rank() -> None:
    assert percentile([float(n) for n in range(100)], 0.99) == 99.0
    assert percentile([1.0], 0.5) == 1.0


class _Impatient(http.server.BaseHTTPRequestHandler):
    """Says that the connection stays open and closes it all the same, as servers do with idle ones."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_connection_closed_while_idle_is_opened_again() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Impatient) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = service.Client(server.server_address[1])
        assert [client.call("GET", "/") for _ in range(3)] == [{}, {}, {}]
        client.close()
        server.shutdown()
