"""Pictures of paper forms over the wire: one, several as one document, and what is refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import httpx
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.contract.test_uploads_over_http import code

HEIC = Path(__file__).parents[1] / "unit" / "digitize" / "data" / "form.heic"


def sheet(title: str, kind: str = "PNG") -> bytes:
    """A page of a form as a scanner's picture, 100 dots an inch."""
    image = Image.new("RGB", (850, 1100), (252, 252, 250))
    draw = ImageDraw.Draw(image)
    draw.text((90, 80), title, fill=0, font=ImageFont.load_default(size=36))
    for y, label in ((200, "Full name"), (280, "Email"), (360, "Wedding date")):
        draw.text((90, y), label, fill=0, font=ImageFont.load_default(size=24))
        draw.line((300, y + 28, 740, y + 28), fill=0, width=2)
    out = io.BytesIO()
    image.save(out, kind, dpi=(100, 100))
    return out.getvalue()


def labels(http: httpx.Client, analysis_id: str) -> list[tuple[int, str]]:
    fields = http.get(f"/v1/analyses/{analysis_id}/result").json()["form"]["fields"]
    return [(field["page"], field["label"]) for field in fields]


@pytest.mark.parametrize(
    ("content", "media"),
    [(sheet("Booking"), "image/png"), (sheet("Booking", "JPEG"), "image/jpeg"), (HEIC.read_bytes(), "image/heic")],
)
def test_a_picture_is_analysed_like_a_scan(http: httpx.Client, content: bytes, media: str) -> None:
    answer = http.post("/v1/analyses", content=content, headers={"content-type": media}, params={"wait": 60})
    assert answer.json()["status"] in {"completed", "requires_review"}, answer.text
    found = answer.json()["id"]
    assert {(1, "Full name"), (1, "Email")} <= set(labels(http, found))
    assert http.get(f"/v1/analyses/{found}/result").json()["pages"][0]["source"] == "scanned"
    document = http.get(f"/v1/analyses/{found}/document")
    assert (document.content, document.headers["content-type"]) == (content, media)
    page = http.get(f"/v1/analyses/{found}/pages/1.png")
    with Image.open(io.BytesIO(page.content)) as image:
        assert image.width < image.height


def test_several_pictures_are_the_pages_of_one_document_in_order(http: httpx.Client) -> None:
    pages = [sheet("Front"), sheet("Back", "JPEG")]
    files = [("file", (f"{number}.bin", page)) for number, page in enumerate(pages)]
    answer = http.post("/v1/analyses", files=files, params={"wait": 60})
    assert answer.status_code == 200, answer.text
    assert {page for page, _ in labels(http, answer.json()["id"])} == {1, 2}
    document = http.get(f"/v1/analyses/{answer.json()['id']}/document")
    assert document.headers["content-type"] == "application/zip"
    assert ".zip" in document.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(document.content)) as archive:
        assert [archive.read(name) for name in archive.namelist()] == pages
    again = http.post("/v1/analyses", files=files, params={"wait": 60})
    assert again.json()["reused_from"] == answer.json()["id"]


def test_a_picture_among_pdfs_is_no_document(http: httpx.Client) -> None:
    files = [("file", ("1.png", sheet("Front"), "image/png")), ("file", ("2.pdf", b"%PDF-1.4", "application/pdf"))]
    assert code(http.post("/v1/analyses", files=files)) == (422, "invalid_request")


def test_an_erased_picture_is_gone(http: httpx.Client) -> None:
    found = http.post("/v1/analyses", content=sheet("Gone"), headers={"content-type": "image/png"}, params={"wait": 60})
    address = f"/v1/analyses/{found.json()['id']}"
    assert http.delete(address).status_code == 204
    assert http.get(f"{address}/document").status_code == 404
    assert http.get(f"{address}/pages/1.png").status_code == 404


@pytest.mark.parametrize(
    ("content", "expected"),
    [(sheet("Cut")[:900], "damaged_pdf"), (b"\xff\xd8\xff" + b"\0" * 500, "damaged_pdf")],
)
def test_a_broken_picture_fails_with_its_code(http: httpx.Client, content: bytes, expected: str) -> None:
    answer = http.post("/v1/analyses", content=content, headers={"content-type": "image/jpeg"}, params={"wait": 60})
    assert answer.json()["status"] == "failed"
    assert answer.json()["error"]["code"] == expected
