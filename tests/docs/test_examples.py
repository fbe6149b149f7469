"""The example documents are what the script draws, byte for byte, and their truth fits them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from examples.make_examples import EXAMPLES, generate
from procession.domain.form import FieldType, Subtype

FOLDER = Path(__file__).parents[2] / "examples"
NAMES = [name for name, *_ in EXAMPLES]


def truth(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / "truth" / f"{name}.json").read_text())
    return loaded


def test_drawing_again_gives_the_committed_bytes() -> None:
    drawn = generate()
    assert drawn == generate()
    assert [n for n, data in drawn.items() if (FOLDER / n).read_bytes() != data] == []


def test_there_are_ten_small_examples() -> None:
    files = sorted(FOLDER.glob("*.pdf"))
    assert sorted(NAMES) == [f.stem for f in files]
    assert len(files) == 10
    assert sum(f.stat().st_size for f in files) < 2_000_000


def test_the_consultation_form_asks_47_questions_on_4_pages() -> None:
    form = truth("consultation-form")
    assert (form["fields_count"], form["pages"]) == (47, 4)


@pytest.mark.parametrize("name", NAMES)
def test_truth_speaks_the_contract_and_stays_on_the_page(name: str) -> None:
    entry = truth(name)
    with pikepdf.open(FOLDER / f"{name}.pdf") as pdf:
        assert len(pdf.pages) == entry["pages"]
    assert {f["type"] for f in entry["fields"]} <= {t.value for t in FieldType}
    subtypes = {f["subtype"] for f in entry["fields"] if f["subtype"]} | {
        s for v in entry["values"] for s in v["subtypes"]
    }
    assert subtypes <= {s.value for s in Subtype}
    boxes = [f["box"] for f in entry["fields"]] + [b["box"] for v in entry["values"] for b in v["boxes"]]
    assert boxes
    assert all(0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1 for x0, y0, x1, y1 in boxes)


def test_the_acroform_has_every_kind_of_widget() -> None:
    with pikepdf.open(FOLDER / "acroform-booking.pdf") as pdf:
        fields = list(pdf.Root.AcroForm.Fields)
        kinds = {str(f.FT) for f in fields}
        assert kinds == {"/Tx", "/Btn", "/Ch", "/Sig"}
        assert any(len(f.get("/Kids", [])) == 3 for f in fields)
        assert any("/MaxLen" in f for f in fields)
        assert any("/AA" in f for f in fields)
        assert len(fields) == truth("acroform-booking")["fields_count"]


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith("scanned")])
def test_every_contact_in_an_example_is_reserved_for_fiction(name: str) -> None:
    content = (FOLDER / f"{name}.pdf").read_bytes().decode("latin-1")
    assert all(domain.endswith("example.com") for domain in re.findall(r"[\w.]+@([\w.]+)", content))
    numbers = re.findall(r"555[ -](\d{4})", content)
    assert all(number.startswith("01") for number in numbers)
