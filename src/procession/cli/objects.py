"""``procession objects``: what a bucket has to be told once."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

import typer

from procession.blobs.names import ObjectKind
from procession.domain.errors import EXIT_INPUT, InvalidRequest
from procession.settings import load

COOL_DAYS, COOL_DAYS_MIN = 60, 30
"""Documents are reviewed within weeks and rarely read later; stores move nothing earlier than the least."""
COOL_BYTES_MIN = 128 * 1024
"""Smaller objects would be billed as this size in the cooler classes."""
STAGED_DAYS = 1
PARTS_DAYS = 1
COOLED = (ObjectKind.DOCUMENT, ObjectKind.PAGE_IMAGE, ObjectKind.RESULT)
"""Kinds that are read while a document is new; forms, answers and templates stay in use."""


class StorageClass(StrEnum):
    STANDARD_IA = "STANDARD_IA"
    GLACIER_IR = "GLACIER_IR"
    INTELLIGENT_TIERING = "INTELLIGENT_TIERING"


def lifecycle(
    cool_days: Annotated[
        int, typer.Option("--cool-days", min=COOL_DAYS_MIN, help="Age at which large objects become cooler.")
    ] = COOL_DAYS,
    storage_class: Annotated[
        StorageClass, typer.Option("--class", help="Where they go: read at once, but paid for reading.")
    ] = StorageClass.STANDARD_IA,
    cooling: Annotated[bool, typer.Option("--cooling/--no-cooling", help="Leave it out for stores without it.")] = True,
) -> None:
    """Print the lifecycle rules of the bucket in PROCESSION_BLOBS_URL, as JSON for your store's own tool."""
    try:
        prefix = _prefix(load().blobs_url)
    except InvalidRequest as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(EXIT_INPUT) from None
    typer.echo(json.dumps(rules(prefix, cool_days, storage_class if cooling else None), indent=2))


def rules(prefix: str, cool_days: int, storage_class: StorageClass | None) -> dict[str, Any]:
    """An S3 lifecycle configuration. ``prefix``: of all our keys, empty or ending in a slash."""
    made: list[dict[str, Any]] = [
        {
            "ID": "procession-staged-files",
            "Status": "Enabled",
            "Filter": {"Prefix": f"{prefix}{ObjectKind.STAGED}/"},
            "Expiration": {"Days": STAGED_DAYS},
        },
        {
            "ID": "procession-interrupted-uploads",
            "Status": "Enabled",
            "Filter": {"Prefix": prefix},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": PARTS_DAYS},
        },
    ]
    cooled = [] if storage_class is None else [_cooled(prefix, kind, cool_days, storage_class) for kind in COOLED]
    return {"Rules": made + cooled}


def _cooled(prefix: str, kind: ObjectKind, days: int, storage_class: StorageClass) -> dict[str, Any]:
    return {
        "ID": f"procession-cool-{kind}",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": f"{prefix}{kind}/", "ObjectSizeGreaterThan": COOL_BYTES_MIN}},
        "Transitions": [{"Days": days, "StorageClass": storage_class}],
    }


def _prefix(blobs_url: str | None) -> str:
    url = urlsplit(blobs_url or "")
    if url.scheme != "s3" or not url.netloc:
        raise InvalidRequest("PROCESSION_BLOBS_URL names no bucket: a folder has no lifecycle rules.")
    inner = unquote(url.path).strip("/")
    return f"{inner}/" if inner else ""


def register(app: typer.Typer) -> None:
    objects = typer.Typer(help="Where objects are kept.", no_args_is_help=True)
    objects.command("lifecycle", short_help="Print lifecycle rules for the bucket.")(lifecycle)
    app.add_typer(objects, name="objects")
