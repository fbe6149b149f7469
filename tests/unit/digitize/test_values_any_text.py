"""Whatever a page holds, values are read without an error and stay within their page."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from procession.digitize.classify import classify
from procession.digitize.page import PageContent, Rect, Word
from procession.digitize.values import extract_values, normalise
from procession.digitize.values.dates import find_dates, find_time
from procession.digitize.values.money import find_money
from procession.domain.form import FieldType

_SAMPLE = (
    "Wedding date: Venue Client Total Deposit Balance due $1,200.00 3.712,00 € 03/04/2026 12 May 2027 & and "
    "Anna Jones (“Client”) (the “Vendor”) signature a@b.co +44 7700 900614 (212) 555-0100 164 guests "
    ": ? — · per hour __________ □"
)
_TELLING = st.sampled_from(_SAMPLE.split())
_WORDS = st.lists(_TELLING | st.text(min_size=1, max_size=12).filter(str.strip), max_size=60)


@settings(max_examples=150, deadline=None)
@given(_WORDS, st.sampled_from(["form", "contract", "invoice", "questionnaire", "other"]), st.integers(2, 9))
def test_any_page_yields_values_that_lie_on_it(words: list[str], kind: str, per_line: int) -> None:
    page = PageContent(1, 600, 800)
    for index, text in enumerate(words):
        x, y = 40 + (index % per_line) * 60, 40 + (index // per_line) * 14
        page.words.append(Word(text, Rect(x, y, x + 50, y + 10), size=10))
    for field in extract_values([page], [], kind):  # type: ignore[arg-type]
        assert field.value not in (None, "")
        assert field.value_box is not None
        assert field.value_box[0] <= field.value_box[2]
        assert field.value_box[1] <= field.value_box[3]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80), st.sampled_from(list(FieldType)))
def test_any_text_is_normalised_without_an_error(text: str, kind: FieldType) -> None:
    normal = normalise(kind, None, text)
    assert 0 <= normal.confidence <= 1
    assert (normal.value is None) == (not text.strip())


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789/-. ,MayJunemrz€$:", max_size=40))
def test_what_is_found_in_a_text_is_printed_there(text: str) -> None:
    for found in (*find_dates(text), *find_money(text)):
        assert text[found.start : found.end] == found.text
    time = find_time(text)
    assert time is None or text[time[0] : time[1]]


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=120), st.text(max_size=40), st.sampled_from([*(kind.value for kind in FieldType), "choice", "x"])
)
def test_any_label_has_a_type(label: str, context: str, kind: str) -> None:
    assert classify(label, context, kind).type in FieldType
