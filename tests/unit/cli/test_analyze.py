"""``procession analyze`` as somebody runs it: no server, no set-up, every file answered."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from procession.domain.errors import PROBLEM_CODES
from procession.domain.form import AnalysisResult
from tests.support.documents import acroform, form
from tests.unit.cli.hostile_documents import READ, REFUSED, bomb, endless_form, many_objects, nested_arrays

COMMAND = [sys.executable, "-c", "from procession.cli.main import main; main()", "analyze"]


def run(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert "Traceback" not in ran.stderr
    return ran


def lines(ran: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.pdf").write_bytes(form(pages=3))
    (tmp_path / "b.pdf").write_bytes(acroform())
    return tmp_path


def test_each_file_is_one_line_of_json_in_the_order_named(folder: Path) -> None:
    ran = run("a.pdf", "b.pdf", "./a.pdf", "--json", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    results = lines(ran)
    assert [result["file"] for result in results] == ["a.pdf", "b.pdf", "a.pdf"]
    for result in results:
        AnalysisResult.model_validate(result)
        assert result["status"] in {"completed", "requires_review"}
        assert result["error"] is None
    assert len(results[0]["pages"]) == 3
    first = results[1]["form"]["fields"][0]
    assert (first["label"], first["type"], first["source"]) == ("Couple's e-mail", "email", "widget")
    assert ran.stderr == "", "no progress where nobody looks"


def test_a_table_for_people(folder: Path) -> None:
    ran = run("a.pdf", "b.pdf", cwd=folder)
    assert ran.returncode == 0
    assert ran.stdout.splitlines()[0].split() == [
        "file",
        "pages",
        "kind",
        "fields",
        "needs",
        "a",
        "look",
        "seconds",
        "error",
    ]
    assert [row.split()[:2] for row in ran.stdout.splitlines()[1:]] == [["a.pdf", "3"], ["b.pdf", "1"]]


def test_every_broken_file_gets_its_line_and_the_others_are_done(folder: Path) -> None:
    for name, (data, _) in REFUSED.items():
        (folder / f"{name}.pdf").write_bytes(data)
    names = [f"{name}.pdf" for name in REFUSED]
    ran = run("--json", "a.pdf", *names, "missing.pdf", ".", "b.pdf", cwd=folder)
    assert ran.returncode == 2
    results = lines(ran)
    assert [result["file"] for result in results] == ["a.pdf", *names, "missing.pdf", ".", "b.pdf"]
    assert results[0]["error"] is results[-1]["error"] is None
    broken = results[1:-1]
    for result in broken:
        assert result["status"] == "failed"
        assert result["error"]["code"] in PROBLEM_CODES
        assert {key for key, value in result.items() if value is not None} == {"file", "status", "error"}
    codes = [result["error"]["code"] for result in broken]
    assert codes[-2:] == ["not_found", "invalid_request"]
    wrong = [(name, code) for name, code in zip(REFUSED, codes, strict=False) if code not in REFUSED[name][1]]
    assert wrong == []
    assert [line.split(": ")[0] for line in ran.stderr.splitlines()] == [result["file"] for result in broken]


def test_odd_documents_are_read(tmp_path: Path) -> None:
    for name, data in READ.items():
        (tmp_path / f"{name}.pdf").write_bytes(data)
    ran = run("--json", *sorted(f"{name}.pdf" for name in READ), cwd=tmp_path)
    assert [(line["file"], line["error"]) for line in lines(ran) if line["error"]] == []
    assert ran.returncode == 0


@pytest.mark.parametrize("make", [bomb, many_objects, nested_arrays, endless_form])
def test_bombs_end_within_their_limits(tmp_path: Path, make: Any) -> None:
    (tmp_path / "bomb.pdf").write_bytes(make())
    limits = {"PROCESSION_SANDBOX__CPU_SECONDS_BASE": "10", "PROCESSION_SANDBOX__WALL_SECONDS_BASE": "60"}
    ran = run("--json", "bomb.pdf", cwd=tmp_path, **limits)
    (result,) = lines(ran)
    if result["error"] is not None:
        assert result["error"]["code"] in {"too_complex", "timeout", "damaged_pdf"}
        assert ran.returncode == 2


def test_a_document_longer_than_one_child_reads_comes_out_whole(tmp_path: Path) -> None:
    (tmp_path / "long.pdf").write_bytes(form(pages=7))
    short = lines(run("--json", "long.pdf", cwd=tmp_path))[0]
    ranges = lines(run("--json", "long.pdf", cwd=tmp_path, PROCESSION_SANDBOX__PAGES_PER_CHILD="3"))[0]
    assert [page["number"] for page in ranges["pages"]] == list(range(1, 8))
    assert len(ranges["form"]["fields"]) == 21
    for mine, its in zip(ranges["form"]["fields"], short["form"]["fields"], strict=True):
        # positions are rounded on the way from child to child
        assert mine.pop("box") == pytest.approx(its.pop("box"), abs=1e-4)
        assert mine == its


def test_outputs_of_files_with_one_name_do_not_overwrite_each_other(folder: Path) -> None:
    (folder / "other").mkdir()
    (folder / "other" / "A.pdf").write_bytes(acroform())
    ran = run("a.pdf", "other/A.pdf", "--out", "results/new", "--overlay", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    written = sorted(path.name for path in (folder / "results" / "new").iterdir())
    assert written == ["A-2-p1.png", "A-2.json", "a-p1.png", "a-p2.png", "a-p3.png", "a.json"]
    assert json.loads((folder / "results" / "new" / "A-2.json").read_text())["file"] == "other/A.pdf"
    assert (folder / "results" / "new" / "a-p3.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.pdf", "--overlay"], "--out"),
        (["a.pdf", "--out", "a.pdf"], "a.pdf"),
        (["a.pdf", "--languages", "tlh"], "tesseract-ocr-tlh"),
    ],
)
def test_wrong_arguments_are_one_clear_line(folder: Path, arguments: list[str], said: str) -> None:
    ran = run(*arguments, cwd=folder)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert said in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_one_may_not_read_says_so(folder: Path) -> None:
    (folder / "b.pdf").chmod(0)
    ran = run("--json", "b.pdf", cwd=folder)
    assert lines(ran)[0]["error"]["code"] == "forbidden"
    assert ran.returncode == 2


def test_the_interrupt_key_ends_it_and_leaves_no_process(folder: Path) -> None:
    # a long document, so that there is something to interrupt
    (folder / "long.pdf").write_bytes(form(labels=tuple(f"Label {number}" for number in range(18)), pages=120))
    with subprocess.Popen(
        [*COMMAND, "long.pdf"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore the key
    ) as running:
        process = psutil.Process(running.pid)
        child = _a_grandchild(process)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.strip() == "Interrupted."
    psutil.wait_procs([child], timeout=10)
    assert not child.is_running()


def _a_grandchild(process: psutil.Process) -> psutil.Process:
    """The child that reads the document, as soon as there is one."""
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        for server in process.children():
            for child in server.children():
                return child
    raise AssertionError("it ended before a document was opened")
