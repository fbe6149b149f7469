"""Where the pictures of pages are. Derived from the document and made again at will, so not journaled."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from procession.store import dialects
from procession.store.tables import page_images


@dataclass(frozen=True, slots=True)
class PageImageRow:
    """``page`` starts at 1; ``digest`` is the SHA-256 (hex) of the PNG, its ETag."""

    document_id: str
    page: int
    blob_ref: str
    digest: str
    created_at: datetime


_COLUMNS = tuple(page_images.c[name] for name in PageImageRow.__slots__)
_OF_DOCUMENT = page_images.c.document_id == bindparam("document_")
_FIND = select(*_COLUMNS).where(_OF_DOCUMENT, page_images.c.page == bindparam("page_"))
_REMOVE = delete(page_images).where(_OF_DOCUMENT).returning(page_images.c.blob_ref)


def find(conn: Connection, document_id: str, page: int) -> PageImageRow | None:
    row = conn.execute(_FIND, {"document_": document_id, "page_": page}).first()
    return None if row is None else PageImageRow(**row._mapping)


def insert_if_absent(conn: Connection, image: PageImageRow) -> PageImageRow:
    """The row that stands for this page afterwards: the given one, or the one another request was faster with."""
    dialects.insert_if_absent(conn, page_images, asdict(image))
    found = find(conn, image.document_id, image.page)
    assert found is not None
    return found


def remove(conn: Connection, document_id: str) -> list[str]:
    """Forget all pictures of a document; returns the objects to delete."""
    return [row.blob_ref for row in conn.execute(_REMOVE, {"document_": document_id})]
