"""Names of objects: what it is, a digest of its content, and the key that seals it.

``KIND/DIGEST@KEY_ID``: content-addressed, so writing twice is harmless; the key's id ends the name, so a ledger of
destroyed keys tells which objects are dead without opening any.
"""

from __future__ import annotations

import re
from enum import StrEnum

from procession.domain.errors import InvalidRequest

NAME_CHARACTERS_MAX = 200
_NAME = re.compile(r"[a-z0-9_.@-]+(?:/[a-z0-9_.@-]+)*")
_PART = re.compile(r"[a-z0-9_.-]+")


class ObjectKind(StrEnum):
    DOCUMENT = "documents"
    RESULT = "results"
    REVIEW = "reviews"
    PAGE_IMAGE = "pages"
    FORM = "forms"
    RESPONSE = "responses"
    TEMPLATE = "templates"


def object_name(kind: ObjectKind, digest: str, key_id: str) -> str:
    """The name of an object. ``digest``: hex, of the plain content (keyed for documents). Raises InvalidRequest."""
    if not _PART.fullmatch(digest) or not _PART.fullmatch(key_id):
        raise InvalidRequest("An object's name needs a digest and a key id of lower-case letters and digits.")
    return validated(f"{kind.value}/{digest}@{key_id}")


def key_id_of(name: str) -> str:
    """The key that seals the object. Raises InvalidRequest for a name without one."""
    _, at, key_id = validated(name).rpartition("@")
    if not at or not _PART.fullmatch(key_id):
        raise InvalidRequest("This object's name does not end in a key's id.")
    return key_id


def validated(name: str) -> str:
    """The name itself. Raises InvalidRequest unless it is ``[a-z0-9/_.@-]+`` without empty, ``.`` or ``..`` parts."""
    parts = name.split("/")
    if len(name) > NAME_CHARACTERS_MAX or not _NAME.fullmatch(name) or "." in parts or ".." in parts:
        raise InvalidRequest("This is not an object's name.")
    return name
