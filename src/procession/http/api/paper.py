"""``filled.pdf``: answers written back into the document they belong to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from procession.http.api.analyses import AnalysisId
from procession.http.api.forms import FormId
from procession.http.context import App, Asker
from procession.http.downloads import download_headers
from procession.services.views import FilledDocument

NOTES_HEADER = "Procession-Notes"
NOTES_HEADER_BYTES_MAX = 4096
"""Notes past this are left out of the header; what they tell stands on the copy's last pages."""

ResponseId = Annotated[str, Path(max_length=64)]
Flatten = Annotated[bool, Query(description="answers as page content: no field can be changed any more")]


async def filled_pdf(application: App, asker: Asker, analysis_id: AnalysisId, flatten: Flatten = False) -> Response:
    """The uploaded document with the values of its review written into it.

    Interactive fields are filled and stay editable unless `flatten`; elsewhere text and ticks are drawn in the boxes.
    What does not fit stands on a page at the end. `Procession-Notes` is a JSON list of what to know about the copy.
    """
    return _answer(await application.papers.of_analysis(asker, analysis_id, flatten=flatten))


async def response_filled_pdf(
    application: App, asker: Asker, form_id: FormId, response_id: ResponseId, flatten: Flatten = False
) -> Response:
    """The form's document with one couple's answers written into it."""
    return _answer(await application.papers.of_response(asker, form_id, response_id, flatten=flatten))


def _answer(found: FilledDocument) -> Response:
    headers = download_headers(found.file_name)
    if found.notes:
        headers[NOTES_HEADER] = notes_header(found.notes)
    return Response(found.pdf, media_type="application/pdf", headers=headers)


def notes_header(notes: Sequence[str]) -> str:
    """As many notes, from the first, as fit a header: a JSON list in ASCII."""
    kept = list(notes)
    while kept and len(json.dumps(kept)) > NOTES_HEADER_BYTES_MAX:
        kept.pop()
    return json.dumps(kept)
