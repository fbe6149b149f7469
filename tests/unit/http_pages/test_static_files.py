"""What the pages load: pinned, of our own origin, and nothing inline."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from procession.domain.errors import NotFound
from procession.http.pages import static_files

TEMPLATES = sorted((static_files.FOLDER.parent / "templates").glob("*.html"))
SCRIPTS = sorted(static_files.FOLDER.glob("*.js"))


def test_vendored_files_are_the_pinned_releases() -> None:
    vendor = static_files.FOLDER / "vendor"
    pinned = json.loads((vendor / "vendor.json").read_text())
    assert {path.name for path in vendor.glob("*.js")} == set(pinned)
    for name, release in pinned.items():
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == release["sha256"], name
        assert (vendor / release["licence_file"]).read_text().strip()


def test_a_current_address_is_kept_for_ever_and_an_old_one_is_not() -> None:
    content, media_type, kept = static_files.read(static_files.DIGEST, "app.css")
    assert content
    assert media_type == "text/css; charset=utf-8"
    assert "immutable" in kept
    assert static_files.read("0" * 16, "app.css") == (content, media_type, "no-cache")


@pytest.mark.parametrize("name", ["../routes.py", "vendor/vendor.json", "nothing.js", ""])
def test_only_listed_files_are_served(name: str) -> None:
    with pytest.raises(NotFound):
        static_files.read(static_files.DIGEST, name)


def test_a_template_cannot_link_to_a_file_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        static_files.address("nothing.js")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_inline_script_style_or_foreign_address(path: Path) -> None:
    text = path.read_text()
    for tag in re.findall(r"<script[^>]*>", text):
        assert "src=" in tag or 'type="application/json"' in tag, tag
    assert "<style" not in text
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert "://" not in text


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_build_no_html_from_text_and_reach_no_other_origin(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    assert "://" not in text
    for module in re.findall(r'from "(.+?)"|import "(.+?)"', text):
        assert (static_files.FOLDER / "".join(module)).resolve().is_file()
