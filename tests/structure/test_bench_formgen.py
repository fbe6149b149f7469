"""The form generator: the same form from the same seed, and a truth that is true."""

from __future__ import annotations

import pytest

from bench.formgen import generate
from bench.formgen.wording import LANGUAGES, Wording, _rows
from procession.digitize.document import open_document
from procession.digitize.reader import read_page

SEEDS = range(500, 530)


def test_a_seed_gives_the_same_form_every_time() -> None:
    assert generate.form(501) == generate.form(501)
    assert generate.form(501)[0] != generate.form(502)[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_box_is_on_its_page_and_none_lies_on_another(seed: int) -> None:
    _, truth = generate.form(seed)
    assert truth["fields"]
    for one in truth["fields"]:
        x0, y0, x1, y1 = one["box"]
        assert 0 <= x0 < x1 <= 1
        assert 0 <= y0 < y1 <= 1
        assert one["page"] in truth["scored_pages"]
    for one, two in zip(truth["fields"], truth["fields"][1:], strict=False):
        a, b = one["box"], two["box"]
        width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        assert one["page"] != two["page"] or width <= 0.002 or height <= 0.002, (one, two)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_truth_calls_a_label_is_printed_on_the_page(seed: int) -> None:
    data, truth = generate.form(seed)
    document = open_document(data)
    pages = {n: read_page(document, n) for n in truth["scored_pages"]}
    document.close()
    printed = {n: "".join(w.text for w in page.words if w.visible).replace(" ", "") for n, page in pages.items()}
    for one in truth["fields"]:
        for word in (one["option"] or one["label"]).split():
            assert word in printed[one["page"]], one


def test_the_forms_hold_every_kind_in_every_language() -> None:
    truths = [generate.form(seed)[1] for seed in range(600, 680)]
    fields = [one for truth in truths for one in truth["fields"]]
    assert {truth["language"] for truth in truths} == set(LANGUAGES)
    assert {one["type"] for one in fields} >= {
        "text",
        "date",
        "textarea",
        "radio",
        "multiselect",
        "checkbox",
        "signature",
    }
    assert any(one["comb"] for one in fields)
    assert any(one["multiline"] for one in fields)
    assert any(one["required"] for one in fields)
    assert not all(one["required"] for one in fields)


def test_every_line_of_wording_is_there_in_every_language() -> None:
    for row in _rows():
        assert all(row[language] for language in LANGUAGES), row
        assert None not in row


def test_wording_repeats_itself_only_when_it_must() -> None:
    import random

    words = Wording("en", random.Random(1), 0.0)
    labels = [words.question("answer").subtype for _ in range(19)]
    named = [label for label in labels if label]
    assert len(named) == len(set(named))
