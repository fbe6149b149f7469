"""Names of objects."""

from __future__ import annotations

import pytest

from procession.blobs.names import NAME_CHARACTERS_MAX, ObjectKind, key_id_of, object_name, validated
from procession.domain.clock import new_id
from procession.domain.errors import InvalidRequest


@pytest.mark.parametrize("kind", ObjectKind)
def test_a_name_says_what_it_is_and_ends_with_the_key_s_id(kind: ObjectKind) -> None:
    key_id = new_id("key")
    name = object_name(kind, "ab" * 32, key_id)
    assert name == f"{kind.value}/{'ab' * 32}@{key_id}"
    assert key_id_of(name) == key_id
    assert len(name) <= NAME_CHARACTERS_MAX


@pytest.mark.parametrize(
    ("digest", "key_id"), [("a/b", "k"), ("a@b", "k"), ("", "k"), ("a", ""), ("a", "k@l"), ("A", "k")]
)
def test_parts_that_would_blur_the_name_are_refused(digest: str, key_id: str) -> None:
    with pytest.raises(InvalidRequest):
        object_name(ObjectKind.RESULT, digest, key_id)


@pytest.mark.parametrize("name", ["results/abc", "results/abc@", "results/abc@k/l"])
def test_a_name_without_a_key_has_none(name: str) -> None:
    with pytest.raises(InvalidRequest):
        key_id_of(name)


def test_the_longest_name_is_accepted_and_one_more_is_not() -> None:
    assert validated("a" * NAME_CHARACTERS_MAX)
    with pytest.raises(InvalidRequest):
        validated("a" * (NAME_CHARACTERS_MAX + 1))
