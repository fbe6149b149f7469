"""Answers back on paper, as a supplier downloads them."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
import pikepdf
import pytest
from playwright.sync_api import Download, Page, expect

from tests.e2e.conftest import Watched
from tests.support import documents
from tests.support.server import RunningServer
from tests.unit.digitize.papers import pages_of

pytestmark = pytest.mark.e2e


def answered_form(server: RunningServer) -> tuple[str, str]:
    """Ids of an analysis and of its form, which a couple has answered."""
    with server.client() as client, httpx.Client(base_url=server.base_url, timeout=120) as http:
        analysis = client.wait(client.submit(documents.acroform(), name="menu.pdf").id, 120)
        finished = client.review(analysis, finish=True)
        assert finished.form_id is not None
        form = http.get(f"/v1/forms/{finished.form_id}").raise_for_status().json()
        answers = {"f.couple_s_e_mail": "ana@example.com", "f.vegetarian_menu": "on"}
        assert http.post(form["share_path"], data=answers).status_code == 303
        return analysis.id, form["id"]


def content(download: Download, folder: Path) -> bytes:
    path = folder / download.suggested_filename
    download.save_as(path)
    return path.read_bytes()


def test_a_response_is_downloaded_filled_and_flattened(
    watched_page: tuple[Page, Watched], server: RunningServer, tmp_path: Path
) -> None:
    page, _ = watched_page
    _, form = answered_form(server)
    page.goto(f"/forms/{form}")
    row = page.locator("#responses tbody tr")
    with page.expect_download() as filled:
        row.get_by_role("link", name="Filled PDF").click()
    with page.expect_download() as flattened:
        row.get_by_role("link", name="Flattened").click()
    with pikepdf.open(io.BytesIO(content(filled.value, tmp_path))) as pdf:
        assert "ana@example.com" in {str(one.get("/V", "")) for one in pdf.Root.AcroForm.Fields}
    flat = content(flattened.value, tmp_path)
    assert "ana@example.com" in {word.text for word in pages_of(flat)[0].words}
    assert filled.value.suggested_filename.startswith("menu-filled-")
    assert flattened.value.suggested_filename.startswith("menu-flattened-")


def test_the_review_offers_its_values_on_paper(
    watched_page: tuple[Page, Watched], server: RunningServer, tmp_path: Path
) -> None:
    page, _ = watched_page
    analysis, _ = answered_form(server)
    page.goto(f"/analyses/{analysis}")
    page.get_by_text("Download", exact=True).click()
    expect(page.get_by_role("link", name="Flattened PDF")).to_be_visible()
    with page.expect_download() as filled:
        page.get_by_role("link", name="Filled PDF").click()
    assert content(filled.value, tmp_path).startswith(b"%PDF-")
