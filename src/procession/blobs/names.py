"""Names of objects: what it is, a digest of its content, and the key that seals it.

``KIND/DIGEST@KEY_ID``: each name is one write's own, so writing twice is harmless and deleting one object never takes
another's place. Nothing ever lists objects, so each name is known to the record before its object is written:

- a document's follows from its key, which is stored first;
- an AI answer's follows from its call, which is a row;
- a result's follows from the claim that made it (analysis, fence), which is a row;
- a staged file's follows from its tenant and the id of its upload, which is noted as intended;
- every other name is noted as intended (``services.intended``).
"""

from __future__ import annotations

import hashlib
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
    AI_INPUT = "ai-inputs"
    """What an AI provider is asked, until it has answered."""
    AI_PICTURE = "ai-pictures"
    AI_ANSWER = "ai-answers"
    STAGED = "staging"
    """A file as its sender put it there, until it was taken: not sealed."""


def object_name(kind: ObjectKind, digest: str, key_id: str) -> str:
    """The name of an object. ``digest``: hex, of the plain content (keyed for documents). Raises InvalidRequest."""
    if not _PART.fullmatch(digest) or not _PART.fullmatch(key_id):
        raise InvalidRequest("An object's name needs a digest and a key id of lower-case letters and digits.")
    return validated(f"{kind.value}/{digest}@{key_id}")


def document_name(key_id: str) -> str:
    """The object of the one document that ``key_id`` seals."""
    return object_name(ObjectKind.DOCUMENT, key_id, key_id)


def staged_name(tenant: str, upload_id: str) -> str:
    """Where a file is put by its sender. Of another tenant's id nothing follows."""
    return validated(f"{ObjectKind.STAGED}/{hashlib.sha256(f'{tenant}:{upload_id}'.encode()).hexdigest()}")


def result_digest(analysis_id: str, fence: int) -> str:
    """Stands for the digest in the name of what the claim ``fence`` of an analysis writes: nobody else writes it."""
    return f"{analysis_id}-{fence}"


def result_name(analysis_id: str, fence: int, key_id: str) -> str:
    """The object that a claim may have written, recorded or not."""
    return object_name(ObjectKind.RESULT, result_digest(analysis_id, fence), key_id)


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
