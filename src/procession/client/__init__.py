"""Talk to a Procession server: ``Client`` and ``AsyncClient``. Imports nothing of the server."""

from procession.client.asynchronous import AsyncClient
from procession.client.errors import ProblemError, ServerUnreachable
from procession.client.models import Analysis, Batch, Event, FilledPdf, Form, Page, Queue, Response
from procession.client.synchronous import Client

__all__ = [
    "Analysis",
    "AsyncClient",
    "Batch",
    "Client",
    "Event",
    "FilledPdf",
    "Form",
    "Page",
    "ProblemError",
    "Queue",
    "Response",
    "ServerUnreachable",
]
