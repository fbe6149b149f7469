"""Every page and fragment, in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from procession.http.context import App, Asker
from procession.http.pages import costs, forms, jobs, models, public, queue, review, static_files, webhooks
from procession.http.pages.render import page

router = APIRouter(include_in_schema=False)


async def static(digest: str, name: str) -> Response:
    content, media_type, kept = static_files.read(digest, name)
    return Response(content, media_type=media_type, headers={"Cache-Control": kept})


async def sign_in(
    request: Request,
    application: App,
    to: Annotated[str, Query(alias="next", max_length=512)] = "/",
    wrong: Annotated[str, Query(max_length=5)] = "",
) -> Response:
    if not application.settings.api_keys:
        return RedirectResponse("/", 303)
    return page(request, "sign_in.html", next=to, wrong=bool(wrong))


async def help_page(request: Request, asker: Asker) -> Response:
    return page(request, "help.html")


_GET: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("/", jobs.home),
    ("/analyses/{analysis_id}", review.show),
    ("/analyses/{analysis_id}/delete", jobs.ask_delete),
    ("/forms", forms.index),
    ("/forms/{form_id}", forms.show),
    ("/f/{token}", public.show),
    ("/f/{token}/thanks", public.thanks),
    ("/queue", queue.show),
    ("/queue/dead-letters/{action}", queue.ask_change_all),
    ("/webhooks", webhooks.index),
    ("/webhooks/{webhook_id}", webhooks.show),
    ("/webhooks/{webhook_id}/delete", webhooks.ask_delete),
    ("/models", models.show),
    ("/costs", costs.show),
    ("/help", help_page),
    ("/sign-in", sign_in),
    ("/fragments/jobs", jobs.rows),
    ("/fragments/analyses/{analysis_id}", review.live),
    ("/fragments/forms/{form_id}/responses", forms.responses),
    ("/fragments/queue", queue.figures),
    ("/static/{digest}/{name:path}", static),
)
_POST: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("/analyses/{analysis_id}/cancel", jobs.cancel),
    ("/analyses/{analysis_id}/retry", jobs.retry),
    ("/analyses/{analysis_id}/delete", jobs.delete),
    ("/analyses/{analysis_id}/finish", review.finish),
    ("/analyses/{analysis_id}/afresh", review.afresh),
    ("/forms/{form_id}/open", forms.set_open),
    ("/forms/{form_id}/forget", forms.forget),
    ("/queue/pause", queue.pause),
    ("/queue/resume", queue.resume),
    ("/queue/drain", queue.drain),
    ("/queue/cap", queue.cap),
    ("/queue/dead-letters/{action}", queue.change),
    ("/queue/dead-letters/{action}/all", queue.change_all),
    ("/webhooks", webhooks.create),
    ("/webhooks/{webhook_id}/test", webhooks.send_test),
    ("/webhooks/{webhook_id}/enabled", webhooks.set_enabled),
    ("/webhooks/{webhook_id}/secret", webhooks.rotate),
    ("/webhooks/{webhook_id}/retry", webhooks.retry),
    ("/webhooks/{webhook_id}/delete", webhooks.delete),
    ("/models/{version_id}/{action}", models.change),
    ("/costs/budgets", costs.set_budget),
    ("/costs/budgets/remove", costs.remove_budget),
    ("/f/{token}", public.submit),
)

for path, handler in _GET:
    router.add_api_route(path, handler, methods=["GET"], response_model=None)
for path, handler in _POST:
    router.add_api_route(path, handler, methods=["POST"], response_model=None)
