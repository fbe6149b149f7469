"""Talk to a Procession server: ``Client`` and ``AsyncClient``. Imports nothing of the server."""

from procession.client.asynchronous import AsyncClient
from procession.client.errors import ProblemError, ServerUnreachable
from procession.client.models import (
    Analysis,
    Batch,
    BulkChange,
    ClassControls,
    DeadLetter,
    Event,
    FilledPdf,
    Form,
    Page,
    Queue,
    Response,
    TenantControls,
)
from procession.client.synchronous import Client
from procession.client.webhooks import Webhook, WebhookDelivery, WebhookRefused, verify_webhook

__all__ = [
    "Analysis",
    "AsyncClient",
    "Batch",
    "BulkChange",
    "ClassControls",
    "Client",
    "DeadLetter",
    "Event",
    "FilledPdf",
    "Form",
    "Page",
    "ProblemError",
    "Queue",
    "Response",
    "ServerUnreachable",
    "TenantControls",
    "Webhook",
    "WebhookDelivery",
    "WebhookRefused",
    "verify_webhook",
]
