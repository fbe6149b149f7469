"""Objects in a bucket: where they lie, and what is told when the store is away, wrong or careless."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from procession.blobs.s3 import S3Blobs, S3Options
from procession.domain.errors import InvalidRequest, NotFound, Unavailable
from procession.settings import S3, Settings
from procession.telemetry import metrics
from procession.wiring import objects
from tests.support import careless_s3
from tests.support.careless_s3 import Careless
from tests.support.s3 import S3Server

NAME = "documents/0123abcd@key_01"
MIB = 1024 * 1024


@pytest.fixture
def careless() -> Iterator[Careless]:
    with careless_s3.running() as store:
        yield store


def blobs_at(store: Careless, **changes: Any) -> S3Blobs:
    known: dict[str, Any] = {
        "access_key_id": "id",
        "secret_access_key": "secret",
        "allow_http": True,
        "retry_base_seconds": 0.0,
        **changes,
    }
    return S3Blobs(S3Options(bucket="bucket", endpoint=store.endpoint, **known), random.Random(1))


def counted(verb: str, outcome: str) -> float:
    found = metrics.BLOB_SECONDS.labels(verb=verb, outcome=outcome)
    return float(next(sample.value for sample in found._child_samples() if sample.name == "_count"))


# --- a real store -----------------------------------------------------------------------------------------------------


async def test_kinds_come_first_and_then_two_digits_that_spread_the_load(s3_server: S3Server) -> None:
    options = s3_server.options(prefix="wedding/objects")
    blobs = S3Blobs(options)
    await asyncio.gather(*(blobs.put(f"results/an_{n}-1@key_{n}", b"x") for n in range(100)))
    await blobs.put("alone", b"x")
    keys = s3_server.keys(options.bucket)
    assert len(keys) == 101
    parts = [key.split("/") for key in keys if "results" in key]
    assert {tuple(one[:3]) for one in parts} == {("wedding", "objects", "results")}
    assert {len(one) for one in parts} == {5}
    assert {len(one[3]) for one in parts} == {2}
    assert len({one[3] for one in parts}) > 50


@pytest.mark.parametrize(("less", "in_parts"), [(1, False), (0, True), (-6 * MIB, True)], ids=["below", "at", "past"])
async def test_from_the_threshold_on_an_object_is_written_in_parts(
    s3_server: S3Server, less: int, in_parts: bool
) -> None:
    options = s3_server.options(multipart_bytes_min=5 * MIB, multipart_part_bytes=5 * MIB)
    blobs = S3Blobs(options)
    data = os.urandom(5 * MIB - less)
    await blobs.put(NAME, data)
    assert await blobs.get(NAME) == data
    assert any("uploadId" in one for one in s3_server.requests(options.bucket)) == in_parts
    await blobs.put(NAME, data[::-1])
    assert await blobs.get(NAME) == data[::-1]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"secret_access_key": "wrong"}, "refuses the secret access key"),
        ({"access_key_id": "nobody"}, "does not know the access key id"),
        ({"bucket": "never-made"}, "has no such bucket"),
    ],
)
async def test_a_wrong_setting_is_named_at_once(s3_server: S3Server, changes: dict[str, Any], told: str) -> None:
    blobs = S3Blobs(s3_server.options(**changes))
    for ask in (blobs.probe(), blobs.put(NAME, b"x"), blobs.get(NAME)):
        with pytest.raises(Unavailable, match=told) as refused:
            await ask
        assert "wrong" not in refused.value.message
    assert blobs.budget.left == 20, "what a person must mend is not repeated"


async def test_a_store_with_its_own_authority_is_trusted_when_told_to(s3_server: S3Server) -> None:
    options: dict[str, Any] = {"endpoint": s3_server.tls_endpoint, "allow_http": False}
    known = S3Blobs(s3_server.options(ca_file=s3_server.ca_file, **options))
    await known.probe()
    stranger = S3Blobs(s3_server.options(attempts_max=1, **options))
    with pytest.raises(Unavailable, match="not trusted"):
        await stranger.probe()


# --- a store that is away, or careless --------------------------------------------------------------------------------


async def test_a_store_that_overwrites_is_refused_with_what_to_do(careless: Careless) -> None:
    with pytest.raises(Unavailable, match="use a store that keeps this promise"):
        await blobs_at(careless).probe()
    assert careless.objects == {}, "the probe leaves nothing behind"


async def test_a_store_that_cannot_be_reached_is_unavailable(careless: Careless) -> None:
    gone = S3Options(
        bucket="bucket",
        endpoint="http://127.0.0.1:1",
        access_key_id="id",
        secret_access_key="secret",
        allow_http=True,
        retry_base_seconds=0,
    )
    with pytest.raises(Unavailable, match="cannot be reached") as told:
        await S3Blobs(gone).get(NAME)
    assert told.value.retry_after >= 1
    assert "secret" not in told.value.message


async def test_a_passing_failure_is_tried_again(careless: Careless) -> None:
    careless.failing = 2
    before = counted("put", "unavailable"), counted("put", "ok")
    await blobs_at(careless).put(NAME, b"x")
    assert len(careless.requests) == 3
    assert (counted("put", "unavailable"), counted("put", "ok")) == (before[0] + 2, before[1] + 1)


async def test_after_the_last_attempt_it_is_unavailable(careless: Careless) -> None:
    careless.failing = 3
    with pytest.raises(Unavailable, match="answers with errors"):
        await blobs_at(careless).put(NAME, b"x")
    assert len(careless.requests) == 3


async def test_a_store_that_is_away_gets_few_repeats_however_much_is_asked_of_it(careless: Careless) -> None:
    careless.failing = 1000
    blobs = blobs_at(careless, retries_reserve=5)
    for _ in range(20):
        with pytest.raises(Unavailable):
            await blobs.get(NAME)
    assert len(careless.requests) == 20 + 5
    careless.failing = 0
    for _ in range(11):
        await blobs.put(NAME, b"x")
    assert blobs.budget.take(), "success earns repeats back"


async def test_a_store_that_does_not_answer_is_given_up_in_time(careless: Careless) -> None:
    careless.silent.set()
    started = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        await blobs_at(careless, request_seconds_max=0.2, attempts_max=2).get(NAME)
    assert time.monotonic() - started < 20
    assert len(careless.requests) == 2


async def test_a_slot_whose_answer_was_lost_is_known_to_be_ours_or_not(careless: Careless) -> None:
    careless.conditional, careless.lossy = True, True
    blobs = blobs_at(careless)
    careless.failing = 1
    assert await blobs.create(NAME, b"ours")
    assert not await blobs.create(NAME, b"ours"), "the answer came, and it was no"
    careless.failing = 1
    assert not await blobs.create(NAME, b"another's")
    assert await blobs.get(NAME) == b"ours"


async def test_no_more_requests_than_allowed_are_on_their_way(careless: Careless) -> None:
    careless.silent.set()
    blobs = blobs_at(careless, requests_at_once_max=2, request_seconds_max=0.3, attempts_max=1)
    asked = [asyncio.create_task(blobs.get(NAME)) for _ in range(5)]
    while not asked[0].done():
        await asyncio.sleep(0.01)
        assert len(careless.requests) <= 2 or any(one.done() for one in asked)
    failed = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(one, Unavailable) for one in failed)
    assert len(careless.requests) == 5


async def test_a_missing_object_is_not_found_and_is_not_asked_for_twice(careless: Careless) -> None:
    with pytest.raises(NotFound):
        await blobs_at(careless).get(NAME)
    assert len(careless.requests) == 1


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://", "bucket"),
        ("s3://id:secret@bucket", "bucket"),
        ("gs://bucket", "bucket"),
        ("s3://bucket?region=x", "bucket"),
    ],
)
def test_a_url_that_names_no_bucket_is_refused(tmp_path: Path, url: str, told: str) -> None:
    with pytest.raises(InvalidRequest, match=told) as refused:
        objects(Settings(data=tmp_path, blobs_url=url))
    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({"access_key_id": "id"}, "go together"),
        ({"endpoint": "http://store.example"}, "not encrypted"),
        ({"ca_file": Path("/nowhere/ca.pem")}, "cannot be read"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(tmp_path: Path, known: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequest, match=told):
        objects(Settings(data=tmp_path, blobs_url="s3://bucket/inner", s3=S3(**known)))


async def test_keys_are_found_where_aws_tools_look(
    careless: Careless, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ACCESS_KEY_ID", "id"), ("SECRET_ACCESS_KEY", "secret"), ("ENDPOINT_URL", careless.endpoint)):
        monkeypatch.setenv(f"AWS_{name}", value)
    blobs = objects(Settings(data=tmp_path, blobs_url="s3://bucket/inner", s3=S3(allow_http=True)))
    await blobs.put(NAME, b"x")
    (key,) = careless.objects
    assert key.startswith("/bucket/inner/documents/")
