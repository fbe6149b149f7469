"""Links lead somewhere, and the commands people are told to run exist and do what is printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.docs.generate import ROOT, first_screen, steady

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
BLOCK = re.compile(r"^```(\w+)?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", BLOCK.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(BLOCK.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_that_are_named_exist(page: Path) -> None:
    text = page.read_text()
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)(?=`|$|\s)", text, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text()
    assert [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_that_are_shown_parse(page: Path) -> None:
    """Every `procession …` line of a shell block names a command that exists and options it has."""
    from tests.docs.generate import commands

    known = dict(commands())
    wrong = []
    for kind, body in BLOCK.findall(page.read_text()):
        if kind not in ("sh", "console"):
            continue
        for line in body.splitlines():
            words = (
                shlex.split(line.removeprefix("$ ").replace("…", ""), comments=True) if "procession " in line else []
            )
            if not words or not words[0].endswith("procession"):
                continue
            full = next((k for n in (3, 2) if (k := " ".join(["procession", *words[1:n]])) in known), None)
            if full is None:
                wrong.append(line)
                continue
            options = {o for p in known[full].params for o in (*p.opts, *p.secondary_opts)}
            wrong += [f"{full} {w}" for w in words if w.startswith("--") and w.split("=")[0] not in options]
    assert wrong == []


def test_the_readme_shows_what_really_comes_back() -> None:
    """`make docs` writes it anew."""
    _, shown, now = first_screen((ROOT / "README.md").read_text())
    assert steady(shown) == steady(now)


def test_the_readme_sets_everything_up_in_two_commands() -> None:
    text = (ROOT / "README.md").read_text()
    assert "make demo" in text
    assert "make test" in text
    assert "make --no-print-directory test" in (ROOT / ".ci" / "run").read_text()
