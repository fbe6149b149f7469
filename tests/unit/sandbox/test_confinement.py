"""A child that was taken over reaches nothing, keeps nothing, and hurts nobody."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from procession.domain.analysis import Progress, Stage
from procession.domain.errors import AnalysisTimeout, Internal, PasswordProtected, TooComplex
from procession.sandbox.client import Sandbox
from procession.sandbox.frames import Kind, encode, encode_json

linux = pytest.mark.skipif(sys.platform != "linux", reason="seccomp and Landlock are Linux's")


async def ask(sandbox: Sandbox, verb: str, **arguments: Any) -> Any:
    return (await sandbox.call(verb, arguments, [b"%PDF-"], 1)).body


async def test_what_is_sent_arrives_and_is_answered(taken_over: Sandbox) -> None:
    answer = await taken_over.call("echo", {"a": [1]}, [b"x" * 3_000_000, b""], 1)
    assert answer.body == {"arguments": {"a": [1]}, "bytes": [3_000_000, 0]}


@linux
async def test_nothing_outside_can_be_reached(taken_over: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("a contract")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        tried = await ask(taken_over, "powers", folder=str(tmp_path), port=port)
    assert {name: said for name, said in tried.items() if said != "PermissionError"} == {}
    assert len(tried) >= 19
    assert os.listdir(tmp_path) == ["there"]


async def test_a_library_may_load_a_module_of_its_own_late(taken_over: Sandbox) -> None:
    assert await ask(taken_over, "late") == "wave"


@linux
@pytest.mark.parametrize(("blob", "may"), [(b"%PDF-1.7", False), (b"\0\0\0\x18ftypheic\0\0\0\0", True)])
async def test_only_a_child_that_decodes_heic_starts_threads_and_none_starts_processes(
    taken_over: Sandbox, tmp_path: Path, blob: bytes, may: bool
) -> None:
    (tmp_path / "there").write_text("a contract")
    tried = (await taken_over.call("powers", {"folder": str(tmp_path), "port": 9}, [blob], 1)).body
    assert {name: said for name, said in tried.items() if said != "PermissionError"} == {}
    threads = (await taken_over.call("threads", {}, [blob], 1)).body
    assert (threads == "done") is may


async def test_secrets_of_the_service_are_not_inherited(monkeypatch: pytest.MonkeyPatch, taken_over: Sandbox) -> None:
    monkeypatch.setenv("PROCESSION_API_KEYS", "a secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    belongings = await ask(taken_over, "belongings")
    assert "a secret" not in belongings["environment"].values()
    assert not [name for name in belongings["environment"] if "PROCESSION" in name or "AWS" in name]
    assert len(belongings["descriptors"]) == 4, "the standard streams, which lead nowhere, and its own socket"


@pytest.mark.parametrize(
    ("verb", "error"),
    [
        ("spin", AnalysisTimeout),
        ("sleep", AnalysisTimeout),
        ("hoard", TooComplex),
        ("hoard_in_c", TooComplex),
        ("recurse", TooComplex),
        ("crash", TooComplex),
        ("abort", TooComplex),
        ("flood", TooComplex),
        ("chatter", TooComplex),
        ("leave", Internal),
        ("stumble", Internal),
        ("locked", PasswordProtected),
    ],
)
async def test_every_way_to_end_has_its_error(taken_over: Sandbox, verb: str, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        await ask(taken_over, verb)
    assert "secret" not in str(raised.value)
    assert (await ask(taken_over, "echo", still="alive"))["arguments"] == {"still": "alive"}


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\x00",
        encode(Kind.JSON, b"not json"),
        encode(Kind.JSON, b'{"type":"result","body":NaN,"attachments":0}'),
        encode(Kind.JSON, b"[" * 50_000),
        encode_json({"type": "result", "body": {}, "attachments": 7}),
        encode_json({"type": "error", "code": "../../etc", "message": ""}),
        encode_json({"type": "progress", "stage": "conquest", "pages_done": 0, "pages_total": 0}),
        encode(Kind.BINARY, b"nobody asked"),
        b"\x00\x00\x00\x01\x09x",
    ],
    ids=lambda said: said[:40].hex()[:40] or "nothing",
)
async def test_what_is_no_message_is_refused(taken_over: Sandbox, said: bytes) -> None:
    with pytest.raises(Internal):
        await ask(taken_over, "raw", hex=said.hex())


async def test_a_result_that_does_not_fit_its_schema_is_refused(taken_over: Sandbox) -> None:
    bad = {"pages": [{"number": 0, "width": "wide", "height": 1}], "form": {"fields": [{}]}}
    said = encode_json({"type": "result", "body": {}, "attachments": 1}) + encode(Kind.BINARY, json.dumps(bad).encode())
    answer = await taken_over.call("raw", {"hex": said.hex()}, [b""], 1)
    with pytest.raises(Internal, match=r"schema: pages\.0\.number"):
        taken_over.checked(answer.attachment)
    with pytest.raises(Internal, match="schema"):
        taken_over.checked(None)


async def test_the_larger_memory_opens_with_the_first_scanned_page(taken_over: Sandbox) -> None:
    assert await ask(taken_over, "memory_with_ocr", bytes=200 * 2**20) == {"before": False, "after": True}


async def test_cancelling_the_call_kills_the_child(taken_over: Sandbox) -> None:
    began = asyncio.Event()
    told: list[Progress] = []

    def on_progress(progress: Progress) -> None:
        told.append(progress)
        began.set()

    call = asyncio.create_task(taken_over.call("sleep", {}, [b""], 1, on_progress))
    await began.wait()
    assert told == [Progress(Stage.PARSING, 0, 1)]
    (child,) = children(taken_over)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.to_thread(child.wait, 5)


async def test_a_killed_server_takes_its_children_along_and_is_started_again(taken_over: Sandbox) -> None:
    began = asyncio.Event()
    call = asyncio.create_task(taken_over.call("sleep", {}, [b""], 1, lambda _: began.set()))
    await began.wait()
    (child,) = children(taken_over)
    os.kill(taken_over.server_pid or 0, signal.SIGKILL)
    with pytest.raises(Internal):
        await call
    await asyncio.to_thread(child.wait, 5)
    assert (await ask(taken_over, "echo", again=1))["arguments"] == {"again": 1}


async def test_a_stopped_sandbox_leaves_no_process(taken_over: Sandbox) -> None:
    await taken_over.start()
    server = psutil.Process(taken_over.server_pid)
    began = asyncio.Event()
    call = asyncio.create_task(taken_over.call("sleep", {}, [b""], 1, lambda _: began.set()))
    await began.wait()
    (child,) = children(taken_over)
    await taken_over.stop()
    with pytest.raises(Internal):
        await call
    await asyncio.to_thread(child.wait, 5)
    assert not server.is_running()


async def test_many_children_work_side_by_side(taken_over: Sandbox) -> None:
    answers = await asyncio.gather(*(ask(taken_over, "echo", number=number) for number in range(40)))
    assert [answer["arguments"]["number"] for answer in answers] == list(range(40))


@linux
def test_this_machine_has_every_protection() -> None:
    assert Sandbox().missing() == ()


def children(sandbox: Sandbox) -> list[psutil.Process]:
    return psutil.Process(sandbox.server_pid).children()
