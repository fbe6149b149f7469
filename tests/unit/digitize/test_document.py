from __future__ import annotations

import pikepdf
import pytest

from procession.digitize.document import Frame, Limits, open_document
from procession.domain.errors import (
    DamagedPdf,
    EmptyFile,
    NotAPdf,
    PageTooLarge,
    PasswordProtected,
    TooManyPages,
)
from tests.unit.digitize.made import blank_form, changed, drawn, read


def locked(user: str) -> bytes:
    return changed(drawn(blank_form), lambda pdf: None, encryption=pikepdf.Encryption(owner="owner", user=user))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyFile),
        (b"GIF89a", NotAPdf),
        (b"%PDF-1.7\nnothing else", DamagedPdf),
        (locked("secret"), PasswordProtected),
    ],
)
def test_bytes_that_are_no_readable_pdf_have_their_own_error(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        open_document(data)


def test_an_empty_user_password_opens() -> None:
    assert any(word.text == "Booking" for word in read(locked("")).words)


def test_pages_are_counted_at_the_limit_and_past_it() -> None:
    data = drawn(blank_form, pages=3)
    document = open_document(data, Limits(pages_max=3))
    assert len(document) == 3
    document.close()
    with pytest.raises(TooManyPages, match="3 pages; 2 are allowed"):
        open_document(data, Limits(pages_max=2))


def test_a_page_past_the_size_limit_is_refused() -> None:
    document = open_document(drawn(blank_form), Limits(page_points_max=700))
    with pytest.raises(PageTooLarge):
        document.page(1)
    document.close()


@pytest.mark.parametrize(("rotation", "expected"), [(0, (10, 180)), (90, (20, 10)), (180, (90, 20)), (270, (180, 90))])
def test_a_point_of_user_space_lands_where_the_rotated_page_shows_it(rotation: int, expected: tuple[int, int]) -> None:
    frame = Frame(0, 0, 100, 200, rotation)  # type: ignore[arg-type]
    assert frame.point(10, 20) == expected
