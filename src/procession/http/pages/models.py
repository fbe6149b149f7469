"""The page of models: which version reads what, how right it is, and what a trial has shown so far."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import Form, Query, Request
from starlette.responses import RedirectResponse, Response

from procession.domain.errors import NotFound
from procession.domain.model import VersionStatus
from procession.http.context import App, Asker
from procession.http.pages import evidence
from procession.http.pages.render import page
from procession.policy.canary import DOCUMENTS
from procession.store.models import REASON_CHARACTERS_MAX

SHARE_PERCENT = 20.0
"""What a trial begun on the page gets; the command line takes any share."""
STATUSES: dict[str, tuple[str, str]] = {
    VersionStatus.REGISTERED: ("registered, not evaluated", "quiet"),
    VersionStatus.EVALUATED: ("evaluated", "quiet"),
    VersionStatus.CANARY: ("on trial", "look"),
    VersionStatus.LIVE: ("live", "good"),
    VersionStatus.RETIRED: ("retired", "quiet"),
    VersionStatus.ROLLED_BACK: ("rolled back", "wrong"),
}
DID = {"promote": "is live now.", "rollback": "was rolled back.", "deploy": "is on trial."}
Reason = Annotated[str, Form(max_length=REASON_CHARACTERS_MAX)]
Word = Annotated[str, Query(max_length=100)]


async def show(request: Request, application: App, asker: Asker, did: Word = "", title: Word = "") -> Response:
    view = await application.models.view(asker)
    return page(
        request,
        "models.html",
        view=view,
        running=[one for one in view.deployments if one.ended_at is None],
        ended=[one for one in view.deployments if one.ended_at is not None],
        pictures={one.id: evidence.picture(one.looks) for one in view.deployments},
        statuses=STATUSES,
        asked=DOCUMENTS,
        share=SHARE_PERCENT,
        geometry=evidence,
        said=f"{title} {DID[did]}" if did in DID and title else "",
    )


async def change(application: App, asker: Asker, version_id: str, action: str, reason: Reason = "") -> Response:
    """Promote, roll back, or begin a trial; then back to the page."""
    registry = application.models
    if action == "promote":
        title = (await registry.promote(asker, version_id, reason)).title
    elif action == "rollback":
        title = (await registry.roll_back(asker, version_id, reason)).title
    elif action == "deploy":
        title = (await registry.deploy(asker, version_id, SHARE_PERCENT)).title
    else:
        raise NotFound("There is nothing at this address.")
    return RedirectResponse(f"/models?did={action}&title={quote(title)}", 303)
