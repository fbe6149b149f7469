"""The whole service with its objects in a bucket: nothing personal in clear, nothing left behind, nothing listed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from procession.cli.main import app
from procession.client import errors
from procession.settings import S3, Settings
from tests.support import documents
from tests.support.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server
from tests.support.server import RunningServer, running


@pytest.fixture(scope="module")
def bucket(s3_server: S3Server) -> str:
    return s3_server.bucket()


@pytest.fixture(scope="module")
def server(s3_server: S3Server, bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    store = S3(
        endpoint=s3_server.tls_endpoint,
        region=REGION,
        access_key_id=ACCESS_KEY,
        secret_access_key=SECRET_KEY,  # type: ignore[arg-type] # pydantic wraps it
        ca_file=s3_server.ca_file,
    )
    with running(Settings(data=tmp_path_factory.mktemp("data"), blobs_url=f"s3://{bucket}/inner", s3=store)) as started:
        yield started


def test_a_document_becomes_a_form_and_is_erased_and_the_bucket_was_never_listed(
    server: RunningServer, s3_server: S3Server, bucket: str
) -> None:
    with server.client() as client:
        content = documents.form(mark="on-s3")
        done = client.wait(client.submit(content, name="one.pdf").id, 60)
        assert client.document(done.id) == content
        assert client.page_image(done.id, 1).startswith(b"\x89PNG")
        client.review(done, finish=True)
        kinds = {key.split("/")[1] for key in s3_server.keys(bucket)}
        assert kinds == {"documents", "results", "pages", "reviews", "forms"}
        client.erase(done.id)
        with pytest.raises(errors.NotFound):
            client.get(done.id)
    assert s3_server.keys(bucket) == []
    ours = [one for one in s3_server.requests(bucket) if "/inner/" in one]
    print(ours)
    assert len(ours) > 12
    assert [one for one in ours if "list-type" in one or "uploads" in one or "?delete" in one] == []


def test_the_doctor_probes_the_bucket(
    s3_server: S3Server, bucket: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = {
        "PROCESSION_BLOBS_URL": f"s3://{bucket}",
        "PROCESSION_S3__ENDPOINT": s3_server.endpoint,
        "PROCESSION_S3__ALLOW_HTTP": "true",
        "PROCESSION_DATA": str(tmp_path_factory.mktemp("doctor")),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    }
    told = CliRunner().invoke(app, ["doctor", "--json"], env=environment)
    assert '"check": "objects",\n      "verdict": "ok"' in told.stdout
    told = CliRunner().invoke(app, ["doctor", "--json"], env={**environment, "AWS_SECRET_ACCESS_KEY": "wrong"})
    assert "refuses the secret access key" in told.stdout
    assert told.exit_code == 1
