from __future__ import annotations

from pathlib import Path

import pytest

from procession.digitize import tessdata
from procession.domain.errors import InvalidRequest


def test_english_travels_with_the_package() -> None:
    assert tessdata.find(["eng"]) == tessdata.SHIPPED
    assert (tessdata.SHIPPED / "LICENSE.txt").is_file()


def test_the_setting_comes_first(tmp_path: Path) -> None:
    (tmp_path / "eng.traineddata").touch()
    assert tessdata.find(["eng"], str(tmp_path)) == tmp_path


def test_a_missing_language_names_the_debian_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    with pytest.raises(tessdata.MissingLanguage, match="apt install tesseract-ocr-chi-zzz") as caught:
        tessdata.find(["eng", "chi_zzz"])
    assert isinstance(caught.value, InvalidRequest)
    assert "eng" not in caught.value.message.split("On Debian")[0]


def test_languages_in_different_folders_are_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "zzz.traineddata").touch()
    with pytest.raises(tessdata.MissingLanguage, match="different folders"):
        tessdata.find(["eng", "zzz"], str(tmp_path))


@pytest.mark.parametrize("code", ["../eng", "", "e/n", "eng+deu", "e" * 40])
def test_a_language_is_a_code_and_never_a_path(code: str) -> None:
    with pytest.raises(tessdata.MissingLanguage):
        tessdata.find([code])


def test_no_language_is_an_error() -> None:
    with pytest.raises(tessdata.MissingLanguage):
        tessdata.find([])
