"""Pictures are decoded in the child, whatever its confinement."""

from __future__ import annotations

from pathlib import Path

import pytest

from procession.domain.errors import DamagedPdf
from procession.domain.media import bundle
from procession.sandbox.client import Sandbox
from tests.contract.test_photos_over_http import sheet

HEIC = (Path(__file__).parents[1] / "digitize" / "data" / "form.heic").read_bytes()


@pytest.mark.parametrize("data", [sheet("Form"), sheet("Form", "JPEG"), HEIC, bundle([sheet("Form"), HEIC])])
async def test_pictures_of_every_kind_are_read_in_a_child(data: bytes) -> None:
    sandbox = Sandbox()
    try:
        document = await sandbox.analyze(data)
        png = await sandbox.render(data, len(document.pages), 200)
    finally:
        await sandbox.stop()
    assert {page.source for page in document.pages} == {"scanned"}
    assert document.form.fields
    assert png.startswith(b"\x89PNG")


async def test_a_cut_heic_picture_is_damaged() -> None:
    sandbox = Sandbox()
    try:
        with pytest.raises(DamagedPdf):
            await sandbox.analyze(HEIC[: len(HEIC) * 3 // 4])
    finally:
        await sandbox.stop()
