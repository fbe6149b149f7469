"""The bucket's lifecycle rules."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from procession.blobs.names import ObjectKind
from procession.cli.main import program

RULES = program(["objects"])


def told(*arguments: str, blobs: str = "s3://bucket/inner") -> list[dict[str, Any]]:
    ran = CliRunner().invoke(RULES, ["objects", "lifecycle", *arguments], env={"PROCESSION_BLOBS_URL": blobs})
    assert ran.exit_code == 0, ran.output
    rules: list[dict[str, Any]] = json.loads(ran.stdout)["Rules"]
    return rules


def test_staged_files_and_parts_of_uploads_last_a_day() -> None:
    staged, parts, *_ = told()
    assert (staged["Filter"], staged["Expiration"]) == ({"Prefix": "inner/staging/"}, {"Days": 1})
    assert (parts["Filter"], parts["AbortIncompleteMultipartUpload"]) == (
        {"Prefix": "inner/"},
        {"DaysAfterInitiation": 1},
    )


def test_nothing_but_staged_files_ever_expires() -> None:
    assert [one["Filter"] for one in told() if "Expiration" in one] == [{"Prefix": f"inner/{ObjectKind.STAGED}/"}]


def test_large_objects_of_documents_become_cooler_when_they_are_old() -> None:
    cooled = told("--cool-days", "90", "--class", "GLACIER_IR")[2:]
    assert [one["Filter"]["And"]["Prefix"] for one in cooled] == ["inner/documents/", "inner/pages/", "inner/results/"]
    assert all(one["Filter"]["And"]["ObjectSizeGreaterThan"] == 131_072 for one in cooled)
    assert all(one["Transitions"] == [{"Days": 90, "StorageClass": "GLACIER_IR"}] for one in cooled)


def test_a_store_with_one_class_gets_no_such_rule_and_a_bucket_of_our_own_no_prefix() -> None:
    rules = told("--no-cooling", blobs="s3://bucket")
    assert [one["Filter"]["Prefix"] for one in rules] == ["staging/", ""]


@pytest.mark.parametrize(("days", "code"), [("30", 0), ("29", 2)])
def test_objects_cool_after_as_many_days_as_stores_allow(days: str, code: int) -> None:
    ran = CliRunner().invoke(
        RULES, ["objects", "lifecycle", "--cool-days", days], env={"PROCESSION_BLOBS_URL": "s3://bucket"}
    )
    assert ran.exit_code == code


@pytest.mark.parametrize("blobs", ["", "file:///srv/objects"])
def test_a_folder_has_no_lifecycle_rules(blobs: str) -> None:
    ran = CliRunner().invoke(RULES, ["objects", "lifecycle"], env={"PROCESSION_BLOBS_URL": blobs})
    assert ran.exit_code == 2
    assert "names no bucket" in ran.stderr
