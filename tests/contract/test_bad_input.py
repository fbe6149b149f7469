"""Documents made to hurt, handed to a really started server: each ends in its own code, within its limit, alone.

What can be told without parsing is refused at the upload with a problem document. Everything else is accepted, opened
in the real sandbox, and ends as a failed analysis that says why, while the worker goes on to the next document.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from procession.http.problems import MEDIA_TYPE
from procession.settings import Sandbox, Settings, Upload, Worker
from tests.support import documents
from tests.support.server import RunningServer, running
from tests.unit.cli import hostile_documents as hostile

UPLOAD_BYTES_MAX = 48_000_000
PAGES_MAX = 6
CPU_SECONDS = 3.0
"""Far more than an honest page needs, so that a document which only wastes time is found out soon."""
WALL_SECONDS = 40.0
HONEST = {"completed", "requires_review"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all of them: what one document breaks, the next ones would show."""
    settings = Settings(
        data=tmp_path_factory.mktemp("hostile"),
        upload=Upload(upload_bytes_max=UPLOAD_BYTES_MAX),
        sandbox=Sandbox(
            pages_max=PAGES_MAX,
            pages_per_child=4,
            cpu_seconds_base=CPU_SECONDS,
            cpu_seconds_per_page=0.5,
            wall_seconds_base=WALL_SECONDS,
            wall_seconds_per_page=0,
        ),
        worker=Worker(slots=1, retry_base_seconds=0.1, retry_max_seconds=0.2),
    )
    with running(settings) as started:
        yield started


@pytest.fixture
def http(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.base_url, timeout=90) as made:
        yield made


@pytest.fixture(autouse=True)
def the_next_document_is_read(http: httpx.Client) -> Iterator[None]:
    """After each test, whatever it sent, an honest document goes through the same worker."""
    yield
    assert analysed(http, documents.form())["status"] in HONEST


def analysed(http: httpx.Client, content: bytes) -> dict[str, object]:
    answer = http.post("/v1/analyses", files={"file": ("form.pdf", content, "application/pdf")}, params={"wait": 60})
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == MEDIA_TYPE, answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["detail"]
    return answer.status_code, body["code"]


def failed(http: httpx.Client, content: bytes) -> str:
    """The code of the failure, told alike by the analysis, its result and its event."""
    view = analysed(http, content)
    assert view["status"] == "failed", view
    error = view["error"]
    assert isinstance(error, dict)
    assert error["message"]
    assert "Traceback" not in error["message"]
    result = http.get(f"/v1/analyses/{view['id']}/result").json()
    assert (result["status"], result["error"]) == ("failed", error)
    with http.stream("GET", f"/v1/analyses/{view['id']}/events") as stream:
        told = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]
    assert error["code"] in {(one.get("error") or {}).get("code") for one in told}
    return str(error["code"])


# --- told at the upload -----------------------------------------------------------------------------------------------

PDF = {"content-type": "application/pdf"}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"content": b"", "headers": PDF}, (422, "empty_file")),
        ({"content": b"Dear couple, " * 100, "headers": PDF}, (422, "not_a_pdf")),
        ({"content": b"%PDF-1.7", "headers": {"content-type": "text/html"}}, (415, "unsupported_media_type")),
        ({"content": b"{}", "headers": {"content-type": "application/json"}}, (415, "unsupported_media_type")),
        ({"content": b"%PDF-1.7"}, (415, "unsupported_media_type")),
        ({"files": {"file": ("a.svg", b"<svg/>", "image/svg+xml")}}, (415, "unsupported_media_type")),
        ({"files": {"paper": ("a.pdf", b"%PDF-1.7", "application/pdf")}}, (422, "invalid_request")),
        ({"files": {"file": (None, b"%PDF-1.7")}}, (422, "invalid_request")),
        (
            {"content": b"no boundary here", "headers": {"content-type": "multipart/form-data; boundary=x"}},
            (422, "invalid_request"),
        ),
        (
            {
                "content": b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7',
                "headers": {"content-type": "multipart/form-data; boundary=x"},
            },
            (422, "invalid_request"),
        ),
        (
            {
                "content": b"--x\r\n\r\n%PDF-1.7\r\n--x--",
                "headers": {"content-type": "multipart/form-data; boundary=x"},
            },
            (422, "invalid_request"),
        ),
    ],
    ids=(
        "empty",
        "text",
        "html",
        "json",
        "untyped",
        "picture",
        "wrong part",
        "no file name",
        "no parts",
        "cut multipart",
        "nameless part",
    ),
)
def test_what_cannot_be_a_document_is_refused_at_the_upload(
    http: httpx.Client, request_: dict[str, object], expected: tuple[int, str]
) -> None:
    assert refused(http.post("/v1/analyses", **request_)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("multipart", [True, False])
def test_too_large_is_refused_with_and_without_a_declared_length(
    http: httpx.Client, declared: bool, multipart: bool
) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' if multipart else b""
    content = head + b"%PDF-1.7\n" + b"x" * (UPLOAD_BYTES_MAX + 100_000)
    kind = "multipart/form-data; boundary=x" if multipart else "application/pdf"

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(content), 65_536):
            yield content[start : start + 65_536]

    answer = http.post("/v1/analyses", content=content if declared else chunks(), headers={"content-type": kind})
    assert refused(answer) == (413, "too_large")


# --- told by the analysis ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (hostile.cut_short, {"damaged_pdf"}),
        (documents.truncated, {"damaged_pdf"}),
        (hostile.no_objects, {"damaged_pdf"}),
        (documents.locked, {"password_protected"}),
        (hostile.no_pages, {"no_pages"}),
        (hostile.too_wide, {"page_too_large"}),
        (lambda: documents.form(pages=PAGES_MAX + 1), {"too_many_pages"}),
        (hostile.endless_pages, {"no_pages", "damaged_pdf", "too_complex"}),
        (lambda: hostile.bomb(6_000), {"too_complex", "timeout"}),
        (hostile.drawn_without_end, {"timeout", "too_complex"}),
        (hostile.slow, {"timeout"}),
    ],
    ids=(
        "forty bytes",
        "truncated",
        "no objects",
        "locked",
        "no pages",
        "too wide",
        "too many pages",
        "endless pages",
        "bomb",
        "drawn without end",
        "slow",
    ),
)
def test_a_document_that_cannot_be_read_fails_with_its_own_code(
    http: httpx.Client, make: Callable[[], bytes], expected: set[str]
) -> None:
    assert failed(http, make()) in expected


@pytest.mark.parametrize(
    "make",
    [hostile.many_objects, hostile.nested_arrays, hostile.endless_form, hostile.picture_bomb],
    ids=lambda make: make.__name__,
)
def test_a_document_made_to_exhaust_is_read_or_says_that_it_is_too_much(
    http: httpx.Client, make: Callable[[], bytes]
) -> None:
    view = analysed(http, make())
    if view["status"] not in HONEST:
        error = view["error"]
        assert isinstance(error, dict)
        assert error["code"] in {"too_complex", "timeout", "damaged_pdf"}


@pytest.mark.parametrize("name", sorted(hostile.READ))
def test_scripts_attachments_and_wrong_offsets_do_no_harm(http: httpx.Client, name: str) -> None:
    assert analysed(http, hostile.READ[name])["status"] in HONEST


def test_a_document_of_as_many_pages_as_allowed_is_read(http: httpx.Client) -> None:
    view = analysed(http, documents.form(pages=PAGES_MAX))
    assert view["status"] in HONEST
    assert view["progress"] == {"pages_done": PAGES_MAX, "pages_total": PAGES_MAX, "fraction": 1.0}


def test_the_pages_of_a_repaired_document_can_be_looked_at(http: httpx.Client) -> None:
    view = analysed(http, hostile.without_trailer())
    assert view["status"] in HONEST
    result = http.get(f"/v1/analyses/{view['id']}/result").json()
    assert any("repaired" in warning for warning in result["warnings"])
    picture = http.get(f"/v1/analyses/{view['id']}/pages/1.png")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")


def test_a_failure_of_the_document_is_not_tried_again(http: httpx.Client) -> None:
    view = analysed(http, documents.locked())
    assert (view["status"], view["attempts"]) == ("failed", 1)


def test_no_hostile_document_is_left_waiting_and_no_child_lives_on(server: RunningServer, http: httpx.Client) -> None:
    running_now = {one["priority"]: one["running"] + one["ready"] for one in http.get("/v1/queue").json()["classes"]}
    assert set(running_now.values()) == {0}
    assert http.get("/readyz").status_code == 200
