"""Large files past the API: put into the bucket by a signed link, named to the server, taken and deleted by it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from procession.blobs.names import staged_name
from procession.client import AsyncClient, errors, protocol
from procession.settings import S3, ApiKey, Settings, Upload
from tests.support import documents
from tests.support.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server
from tests.support.server import RunningServer, running
from tests.unit.services.acting import later

BYTES_MAX = 100_000
KEYS = {"flora": "key-of-flora", "venue": "key-of-venue"}


@pytest.fixture(scope="module")
def bucket(s3_server: S3Server) -> str:
    return s3_server.bucket()


@pytest.fixture(scope="module")
def server(s3_server: S3Server, bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        blobs_url=f"s3://{bucket}/inner",
        s3=S3(
            endpoint=s3_server.tls_endpoint,
            public_endpoint=s3_server.endpoint,
            region=REGION,
            access_key_id=ACCESS_KEY,
            secret_access_key=SECRET_KEY,  # type: ignore[arg-type] # pydantic wraps it
            ca_file=s3_server.ca_file,
            allow_http=True,
        ),
        upload=Upload(direct=True, upload_bytes_max=BYTES_MAX),
        api_keys=tuple(
            ApiKey(sha256=hashlib.sha256(key.encode()).hexdigest(), tenant=tenant) for tenant, key in KEYS.items()
        ),
    )
    with running(settings, working=False) as started:
        yield started


@pytest.fixture
def http(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.base_url, headers=bearer("flora"), timeout=60) as made:
        yield made


def bearer(tenant: str) -> dict[str, str]:
    return {"authorization": f"Bearer {KEYS[tenant]}"}


def staged(http: httpx.Client, content: bytes, size: int | None = None) -> str:
    """Put the file where the server says; the upload's id."""
    opened = http.post("/v1/uploads", json={"size_bytes": size or len(content) or 1})
    assert opened.status_code == 201
    view: dict[str, Any] = opened.json()
    httpx.request(view["method"], view["url"], content=content, trust_env=False).raise_for_status()
    return str(view["id"])


def test_a_staged_file_becomes_an_analysis_and_is_gone_from_the_bucket(
    http: httpx.Client, s3_server: S3Server, bucket: str
) -> None:
    content = documents.form(mark="direct-one")
    upload_id = staged(http, content)
    (key,) = [key for key in s3_server.keys(bucket) if "/staging/" in key]
    assert key.startswith("inner/staging/")
    answer = http.post("/v1/analyses", json={"upload_id": upload_id, "file_name": "one.pdf", "priority": "low"})
    assert answer.status_code == 202
    assert (answer.json()["file"], answer.json()["priority"]) == ("one.pdf", "low")
    assert http.get(f"/v1/analyses/{answer.json()['id']}/document").content == content
    assert [key for key in s3_server.keys(bucket) if "/staging/" in key] == []


def test_naming_it_twice_gives_the_same_analysis_though_the_file_is_gone(http: httpx.Client) -> None:
    body = {"upload_id": staged(http, documents.form(mark="direct-twice"))}
    first, second = http.post("/v1/analyses", json=body), http.post("/v1/analyses", json=body)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    assert second.headers["idempotency-replayed"] == "true"


def test_another_tenant_finds_nothing_under_the_id(http: httpx.Client) -> None:
    body = {"upload_id": staged(http, documents.form(mark="direct-mine"))}
    assert http.post("/v1/analyses", json=body, headers=bearer("venue")).status_code == 404
    assert http.post("/v1/analyses", json=body).status_code == 202
    assert http.post("/v1/analyses", json=body, headers=bearer("venue")).status_code == 404


def test_a_file_that_is_none_is_refused_like_any_other_and_not_kept(
    http: httpx.Client, s3_server: S3Server, bucket: str
) -> None:
    for content, status, code in (
        (b"hello", 422, "not_a_pdf"),
        (b"", 422, "empty_file"),
    ):
        answer = http.post("/v1/analyses", json={"upload_id": staged(http, content)})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [key for key in s3_server.keys(bucket) if "/staging/" in key] == []


def test_a_file_may_be_as_large_as_any_other_and_no_larger(http: httpx.Client) -> None:
    content = documents.form(mark="direct-large")
    fits = content + b" " * (BYTES_MAX - len(content))
    assert http.post("/v1/analyses", json={"upload_id": staged(http, fits)}).status_code == 202
    assert http.post("/v1/uploads", json={"size_bytes": BYTES_MAX + 1}).status_code == 413
    told_less = staged(http, fits + b" ", size=10)
    answer = http.post("/v1/analyses", json={"upload_id": told_less})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "body",
    [{}, {"upload_id": "up_short"}, {"upload_id": "../" + "a" * 26}, {"upload_id": "up_" + "a" * 26, "x": 1}, []],
)
def test_a_body_that_names_no_upload_is_told_so(http: httpx.Client, body: Any) -> None:
    answer = http.post("/v1/analyses", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_options_stand_in_one_place(http: httpx.Client) -> None:
    answer = http.post("/v1/analyses?priority=low", json={"upload_id": "up_" + "a" * 26})
    assert answer.status_code == 422


def test_an_id_under_which_nothing_was_put_is_not_found(http: httpx.Client) -> None:
    opened = http.post("/v1/uploads", json={"size_bytes": 100}).json()
    assert http.post("/v1/analyses", json={"upload_id": opened["id"]}).status_code == 404


def test_a_file_that_nobody_names_is_deleted_when_its_time_is_up(
    http: httpx.Client, server: RunningServer, s3_server: S3Server, bucket: str
) -> None:
    from procession.maintenance.pruner import Pruner

    upload_id = staged(http, documents.form(mark="direct-left"))
    on = server.application.foundation
    server.call(lambda: Pruner(on).once())
    mine = staged_name("flora", upload_id).partition("/")[2]
    assert any(mine in key for key in s3_server.keys(bucket))
    server.call(lambda: Pruner(later(on, 80)).once())
    assert not any(mine in key for key in s3_server.keys(bucket))


def test_the_link_is_for_one_object_and_for_writing(http: httpx.Client) -> None:
    url = http.post("/v1/uploads", json={"size_bytes": 100}).json()["url"]
    assert httpx.get(url, trust_env=False).status_code == 403
    assert httpx.put(url.replace("/staging/", "/documents/"), content=b"x", trust_env=False).status_code == 403


@pytest.fixture
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "DIRECT_BYTES_MIN", 1_000)


@pytest.mark.usefixtures("small_is_large")
async def test_the_clients_go_this_way_with_large_files(
    server: RunningServer, s3_server: S3Server, bucket: str
) -> None:
    before = len(_put_to_staging(s3_server, bucket))
    one, two = documents.form(mark="direct-client"), documents.form(mark="direct-async-client")
    with server.client(KEYS["flora"]) as client:
        made = client.submit(one, name="one.pdf", ocr=False)
        assert client.document(made.id) == one
    async with AsyncClient(server.base_url, KEYS["flora"]) as client:
        made = await client.submit(two, name="two.pdf")
        assert await client.document(made.id) == two
    assert len(_put_to_staging(s3_server, bucket)) == before + 2


@pytest.mark.usefixtures("small_is_large")
def test_where_it_is_not_offered_files_go_to_the_server(resting: RunningServer) -> None:
    with httpx.Client(base_url=resting.base_url, timeout=60) as http:
        answer = http.post("/v1/uploads", json={"size_bytes": 100})
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert http.post("/v1/analyses", json={"upload_id": "up_" + "a" * 26}).status_code == 409
    content = documents.form(mark="direct-not-offered")
    with resting.client() as client:
        assert client.document(client.submit(content).id) == content


@pytest.mark.usefixtures("small_is_large")
def test_a_store_that_the_client_cannot_reach_sends_the_file_to_the_server(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.application.blobs, "link", lambda *_: "http://127.0.0.1:1/nowhere")
    content = documents.form(mark="direct-unreachable")
    with server.client(KEYS["flora"]) as client:
        assert client.document(client.submit(content).id) == content
        with pytest.raises(errors.TooLarge):
            client.submit(b"%PDF-1.7" + b" " * BYTES_MAX)


def _put_to_staging(s3_server: S3Server, bucket: str) -> list[str]:
    return [one for one in s3_server.requests(bucket) if one.startswith("PUT") and "/staging/" in one]
