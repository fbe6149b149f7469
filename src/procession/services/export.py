"""All answers to a form as one file: CSV that a spreadsheet may open without running anything, or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from procession.domain.form import Form
from procession.services.views import ResponseView

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that starts so is run as a formula by spreadsheets (https://owasp.org/www-community/attacks/CSV_Injection)."""


def to_csv(form: Form, responses: Iterable[ResponseView]) -> str:
    """One line per response: id, time, then one column per question under its label."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "submitted_at", *(safe(field.label) for field in form.fields)])
    for response in responses:
        answers = [safe(cell(response.values.get(field.name))) for field in form.fields]
        writer.writerow([response.id, response.submitted_at.isoformat(), *answers])
    return out.getvalue()


def to_json(form: Form, responses: Iterable[ResponseView]) -> str:
    return json.dumps(
        {"title": form.title, "responses": [response.model_dump(mode="json") for response in responses]},
        ensure_ascii=False,
        indent=2,
    )


def cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(str(one) for one in value)
    return str(value)


def safe(text: str) -> str:
    """An apostrophe keeps what looks like a formula text; a plain negative number is left alone."""
    if not text.startswith(_FORMULA) or _is_number(text):
        return text
    return f"'{text}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.startswith("-")
