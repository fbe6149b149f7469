"""A result says who else read the document, and what a reading cost."""

from __future__ import annotations

import pytest

from procession.domain.form import DigitizedDocument, Form, Page
from procession.services.results import AiTrace, StoredResult, published
from tests.records import a_document, an_analysis

DOCUMENT = DigitizedDocument(
    pages=(Page(number=1, width=600, height=800),), form=Form(), usage={"ai": {"cost": "0.0012", "input": 900}}
)


@pytest.mark.parametrize("ai", [None, AiTrace("house", "small", "2026-11-25.1")])
def test_a_stored_result_keeps_who_read_it_and_the_published_one_says_so(ai: AiTrace | None) -> None:
    stored = StoredResult("0" * 64, DOCUMENT, ai=ai)
    assert StoredResult.decode(stored.encode()[0]) == stored
    told = published(an_analysis(a_document()), "form.pdf", stored, {})
    said = (told.provider, told.model, told.prompt_version)
    assert said == ((ai.provider, ai.model, ai.prompt_version) if ai else (None, None, None))
    assert told.usage["ai"]["cost"] == "0.0012"


def test_a_result_without_ai_is_stored_as_it_always_was() -> None:
    body = StoredResult("0" * 64, DOCUMENT).encode()[0]
    assert b'"ai":{"cost"' in body
    assert body.startswith(b'{"sha256":"%s","document":' % (b"0" * 64))
