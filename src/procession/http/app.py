"""The application: every route of the API, in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from procession import __version__
from procession.domain.form import AnalysisResult
from procession.http import auth, openapi, problems
from procession.http.api import (
    analyses,
    batches,
    costs,
    direct,
    events,
    forms,
    health,
    metrics,
    models,
    paper,
    queue,
    review,
    session,
    webhooks,
)
from procession.http.edge import Edge
from procession.http.pages import routes as pages
from procession.http.pages.render import error_page
from procession.http.sse import Streams
from procession.http.uploads import InFlight
from procession.services import cost_views, model_views, queue_views, views, webhook_views
from procession.wiring import Api, browser_sessions


@dataclass(frozen=True, slots=True)
class Route:
    """``answers``: successful statuses and what they carry: a model, a media type, or None for no body."""

    method: str
    path: str
    handler: Callable[..., Any]
    answers: dict[int, type[BaseModel] | str | None]
    tag: str = "analyses"
    extra: dict[str, Any] = field(default_factory=dict)
    open: bool = False
    """Needs no key."""


_ANALYSIS = views.AnalysisView
_PAGES = views.Page
_PAUSED = queue.Paused
_BULK = queue_views.BulkChange
_BUDGET = cost_views.BudgetView
_WEBHOOK = webhook_views.WebhookView
_WITH_SECRET = webhook_views.WebhookWithSecret
_DELIVERY = webhook_views.WebhookDelivery
_VERSION = model_views.VersionView
_DEAD = views.Page[queue_views.DeadLetter]

ROUTES: tuple[Route, ...] = (
    Route("POST", "/v1/analyses", analyses.submit, {202: _ANALYSIS, 200: _ANALYSIS}, extra=analyses.UPLOAD_BODY),
    Route("GET", "/v1/analyses", analyses.list_analyses, {200: _PAGES[views.AnalysisView]}),
    Route("GET", "/v1/analyses/{analysis_id}", analyses.show, {200: _ANALYSIS, 202: _ANALYSIS, 304: None}),
    Route("DELETE", "/v1/analyses/{analysis_id}", analyses.erase, {204: None}),
    Route("GET", "/v1/analyses/{analysis_id}/document", analyses.document, {200: "application/pdf"}),
    Route("GET", "/v1/analyses/{analysis_id}/pages/{number}.png", analyses.page_image, {200: "image/png", 304: None}),
    Route("GET", "/v1/analyses/{analysis_id}/result", analyses.result, {200: AnalysisResult}),
    Route("GET", "/v1/analyses/{analysis_id}/filled.pdf", paper.filled_pdf, {200: "application/pdf"}),
    Route("GET", "/v1/analyses/{analysis_id}/events", events.analysis_events, {200: "text/event-stream", 204: None}),
    Route("POST", "/v1/analyses/{analysis_id}/cancel", analyses.cancel, {200: _ANALYSIS, 202: _ANALYSIS}),
    Route("POST", "/v1/analyses/{analysis_id}/retry", analyses.retry, {202: _ANALYSIS}),
    Route("GET", "/v1/analyses/{analysis_id}/review", review.review_state, {200: review.ReviewState}, "review"),
    Route("POST", "/v1/analyses/{analysis_id}/review", review.review, {200: _ANALYSIS}, "review"),
    Route("POST", "/v1/uploads", direct.create_upload, {201: views.UploadView}),
    Route("POST", "/v1/batches", batches.create_batch, {202: views.BatchView}, "batches", extra=batches.UPLOAD_BODY),
    Route("GET", "/v1/batches", batches.list_batches, {200: _PAGES[views.BatchView]}, "batches"),
    Route("GET", "/v1/batches/{batch_id}", batches.batch, {200: views.BatchView}, "batches"),
    Route("GET", "/v1/forms", forms.list_forms, {200: _PAGES[views.FormView]}, "forms"),
    Route("GET", "/v1/forms/{form_id}", forms.form, {200: views.FormView, 304: None}, "forms"),
    Route("PATCH", "/v1/forms/{form_id}", forms.change_form, {200: views.FormView}, "forms"),
    Route("GET", "/v1/forms/{form_id}/schema", forms.form_schema, {200: "application/schema+json"}, "forms"),
    Route("GET", "/v1/forms/{form_id}/template", forms.template, {200: views.TemplateView}, "forms"),
    Route("DELETE", "/v1/forms/{form_id}/template", forms.forget_template, {204: None}, "forms"),
    Route("GET", "/v1/forms/{form_id}/responses", forms.responses, {200: _PAGES[views.ResponseView]}, "forms"),
    Route("GET", "/v1/forms/{form_id}/responses.json", forms.responses_json, {200: "application/json"}, "forms"),
    Route("GET", "/v1/forms/{form_id}/responses.csv", forms.responses_csv, {200: "text/csv"}, "forms"),
    Route(
        "GET",
        "/v1/forms/{form_id}/responses/{response_id}/filled.pdf",
        paper.response_filled_pdf,
        {200: "application/pdf"},
        "forms",
    ),
    Route("POST", "/v1/webhooks", webhooks.create_webhook, {201: _WITH_SECRET}, "webhooks"),
    Route("GET", "/v1/webhooks", webhooks.list_webhooks, {200: _PAGES[webhook_views.WebhookView]}, "webhooks"),
    Route("GET", "/v1/webhooks/{webhook_id}", webhooks.webhook, {200: _WEBHOOK}, "webhooks"),
    Route("PATCH", "/v1/webhooks/{webhook_id}", webhooks.change_webhook, {200: _WEBHOOK}, "webhooks"),
    Route("DELETE", "/v1/webhooks/{webhook_id}", webhooks.delete_webhook, {204: None}, "webhooks"),
    Route("POST", "/v1/webhooks/{webhook_id}/secret", webhooks.rotate_webhook_secret, {200: _WITH_SECRET}, "webhooks"),
    Route("POST", "/v1/webhooks/{webhook_id}/test", webhooks.test_webhook, {202: _DELIVERY}, "webhooks"),
    Route(
        "GET",
        "/v1/webhooks/{webhook_id}/deliveries",
        webhooks.list_webhook_deliveries,
        {200: _PAGES[webhook_views.WebhookDelivery]},
        "webhooks",
    ),
    Route(
        "GET",
        "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}",
        webhooks.webhook_delivery,
        {200: _DELIVERY},
        "webhooks",
    ),
    Route(
        "POST",
        "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry",
        webhooks.retry_webhook_delivery,
        {202: _DELIVERY},
        "webhooks",
    ),
    Route("GET", "/v1/queue", queue.queue, {200: queue_views.QueueView}, "operations"),
    Route("POST", "/v1/queue/pause", queue.pause_queue, {200: _PAUSED}, "operations"),
    Route("POST", "/v1/queue/resume", queue.resume_queue, {200: _PAUSED}, "operations"),
    Route("POST", "/v1/queue/drain", queue.drain_worker, {200: queue_views.WorkerView}, "operations"),
    Route("POST", "/v1/queue/cap", queue.cap_tenant, {200: queue_views.TenantControls}, "operations"),
    Route("POST", "/v1/queue/prioritize", queue.prioritize, {200: _BULK}, "operations"),
    Route("GET", "/v1/queue/dead-letters", queue.list_dead_letters, {200: _DEAD}, "operations"),
    Route("POST", "/v1/queue/dead-letters/revive", queue.revive_dead_letters, {200: _BULK}, "operations"),
    Route("POST", "/v1/queue/dead-letters/bury", queue.bury_dead_letters, {200: _BULK}, "operations"),
    Route("GET", "/v1/costs", costs.cost_report, {200: cost_views.CostReport}, "costs"),
    Route("GET", "/v1/costs/analyses/{analysis_id}", costs.analysis_costs, {200: cost_views.AnalysisCosts}, "costs"),
    Route("GET", "/v1/costs/decisions", costs.cost_decisions, {200: _PAGES[cost_views.DecisionView]}, "costs"),
    Route("GET", "/v1/costs/focus.csv", costs.focus_csv, {200: "text/csv"}, "costs"),
    Route("GET", "/v1/costs/unknown", costs.unknown_calls, {200: cost_views.UnknownCalls}, "costs"),
    Route("POST", "/v1/costs/calls/{call_id}/reconcile", costs.reconcile, {200: cost_views.AiCallView}, "costs"),
    Route("GET", "/v1/budgets", costs.list_budgets, {200: cost_views.Budgets}, "costs"),
    Route("GET", "/v1/budgets/{tenant}/{period}", costs.budget, {200: cost_views.BudgetView}, "costs"),
    Route("PUT", "/v1/budgets/{tenant}/{period}", costs.set_budget, {200: _BUDGET, 201: _BUDGET}, "costs"),
    Route("DELETE", "/v1/budgets/{tenant}/{period}", costs.remove_budget, {204: None}, "costs"),
    Route("GET", "/v1/models", models.list_models, {200: model_views.ModelsView}, "models"),
    Route("POST", "/v1/models", models.register_model, {201: _VERSION}, "models"),
    Route("GET", "/v1/models/{version_id}", models.show_model, {200: _VERSION}, "models"),
    Route("POST", "/v1/models/{version_id}/evaluate", models.evaluate_model, {200: _VERSION}, "models"),
    Route("POST", "/v1/models/{version_id}/deploy", models.deploy_model, {200: model_views.DeploymentView}, "models"),
    Route("POST", "/v1/models/{version_id}/promote", models.promote_model, {200: _VERSION}, "models"),
    Route("POST", "/v1/models/{version_id}/rollback", models.roll_back_model, {200: _VERSION}, "models"),
    Route("GET", "/v1/events", events.tenant_events, {200: "text/event-stream"}, "operations"),
    Route("GET", "/v1/result.schema.json", analyses.result_schema, {200: "application/schema+json"}, open=True),
    Route("GET", "/health", health.health, {200: health.Health}, "operations", open=True),
    Route("GET", "/livez", health.livez, {200: "application/json"}, "operations", open=True),
    Route("GET", "/readyz", health.readyz, {200: health.Health}, "operations", open=True),
    Route("GET", "/metrics", metrics.metrics, {200: "text/plain"}, "operations", open=True),
    Route("POST", "/session", session.sign_in, {303: None}, "session", open=True),
    Route("POST", "/session/end", session.sign_out, {303: None}, "session", open=True),
)
"""``/`` and the rest of the pages are listed in ``procession.http.pages.routes``."""


def create_app(application: Api) -> FastAPI:
    """The ASGI application over built services. Starting and stopping those is the caller's.

    Raises InvalidRequest when a server without keys would listen to more than its own machine.
    """
    settings = application.settings
    auth.require_safe_address(settings)
    app = FastAPI(
        title="Procession",
        version=__version__,
        summary="Wedding suppliers' PDFs become digital forms.",
        openapi_url="/v1/openapi.json",
        docs_url=None,  # these pages load scripts from other hosts
        redoc_url=None,
        redirect_slashes=False,
        # the edge measures and logs: the framework's own logs would quote exceptions, which may quote a document
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.application = application
    app.state.in_flight = InFlight(settings.upload.bytes_in_flight_max)
    app.state.streams = Streams(settings.http.event_streams_max, settings.http.event_heartbeat_seconds)
    secret = browser_sessions.secret(settings) if settings.api_keys else b""
    app.state.sessions = auth.Sessions(settings.api_keys, secret, settings.http.session_seconds)
    for route in ROUTES:
        openapi.add(app, route)
    app.include_router(pages.router, include_in_schema=False)
    problems.install(app, error_page)
    openapi.install(app)
    app.add_middleware(Edge, settings=settings, error_page=error_page, traffic=application.foundation.traffic)
    return app
