"""The asynchronous client. Calls are those of ``procession.client.protocol``."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel

from procession.client import operations, protocol, registry
from procession.client import webhooks as webhook_calls
from procession.client.cost_methods import AsyncCostMethods
from procession.client.errors import Conflict, NotFound, ProblemError, ServerUnreachable
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
    Upload,
    Worker,
)
from procession.client.protocol import DEFAULT_SERVER, Call, Document, Pages, Retrying
from procession.client.registry import ModelDeployment, Models, ModelVersion
from procession.client.webhooks import Webhook, WebhookDelivery

TIMEOUT_SECONDS = 30.0
T = TypeVar("T", bound=BaseModel)


class AsyncClient(AsyncCostMethods):
    """A connection to one server. Use ``async with`` or call ``aclose``.

    Calls that met a busy server (429, 503) or lost their answer are repeated with back-off, honouring ``Retry-After``;
    uploads carry an idempotency key, so a repeat makes no second analysis. Every call raises a subclass of
    ``ProblemError`` for the server's refusals and ``ServerUnreachable`` without an answer.
    """

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        api_key: str | None = None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        retrying: Retrying | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = timeout_seconds
        self._retrying = retrying or Retrying()
        self._http = httpx.AsyncClient(base_url=server, headers=headers, transport=transport)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    # --- documents ---------------------------------------------------------------------------------------------------

    async def submit(
        self,
        document: Document | Pages,
        *,
        name: str | None = None,
        priority: str | None = None,
        languages: Sequence[str] = ("eng",),
        ocr: bool = True,
        batch_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Analysis:
        """Hand in a PDF, a picture, or the pictures of one document's pages; returns once the server has it."""
        files = await asyncio.to_thread(protocol.read_documents, document, name)
        call = protocol.submit(
            files,
            priority=priority,
            languages=languages,
            ocr=ocr,
            batch_id=batch_id,
            idempotency_key=idempotency_key,
        )
        if protocol.may_go_direct(call):
            call = await self._stored(call)
        return await self._model(call, Analysis)

    async def submit_many(
        self, documents: Iterable[Document], *, priority: str | None = "standard", ocr: bool = True
    ) -> tuple[Batch, list[Analysis | ProblemError]]:
        """A batch, its documents sent one by one: the batch, and for each its analysis or why it was refused."""
        listed = list(documents)
        batch = await self._model(protocol.create_batch(len(listed)), Batch)
        outcomes: list[Analysis | ProblemError] = []
        for document in listed:
            try:
                outcomes.append(await self.submit(document, priority=priority, ocr=ocr, batch_id=batch.id))
            except ProblemError as error:
                outcomes.append(error)
        return await self.batch(batch.id), outcomes

    async def get(self, analysis_id: str) -> Analysis:
        return await self._model(Call("GET", f"/v1/analyses/{analysis_id}"), Analysis)

    async def wait(self, analysis_id: str, timeout_seconds: float = 600.0) -> Analysis:
        """Until the analysis is finished. Raises TimeoutError; the analysis goes on then."""
        ends = time.monotonic() + timeout_seconds
        while True:
            left = ends - time.monotonic()
            step = max(0, min(protocol.WAIT_SECONDS_STEP, math.ceil(left)))
            found = await self._model(protocol.wait(analysis_id, step), Analysis)
            if found.finished:
                return found
            if time.monotonic() >= ends:
                raise TimeoutError(f"{analysis_id} is not finished after {timeout_seconds:g} s.")

    async def list(
        self,
        *,
        status: Sequence[str] = (),
        priority: str | None = None,
        batch_id: str | None = None,
        needs_review: bool | None = None,
        page_size: int | None = None,
    ) -> AsyncIterator[Analysis]:
        """All analyses that fit, newest first, read page by page as you go."""
        filters = protocol.analysis_filters(status, priority, batch_id, needs_review)
        async for one in self._pages("/v1/analyses", page_size, filters, Analysis):
            yield one

    async def result(self, analysis_id: str, *, original: bool = False) -> dict[str, Any]:
        """The published result as JSON; ``original`` leaves out what reviewers corrected. Raises Conflict too early."""
        params = [("original", "true")] if original else []
        call = Call("GET", f"/v1/analyses/{analysis_id}/result", params=params)
        answer: dict[str, Any] = (await self._send(call)).json()
        return answer

    async def document(self, analysis_id: str) -> bytes:
        return (await self._send(Call("GET", f"/v1/analyses/{analysis_id}/document"))).content

    async def page_image(self, analysis_id: str, number: int) -> bytes:
        """A page as PNG."""
        return (await self._send(Call("GET", f"/v1/analyses/{analysis_id}/pages/{number}.png"))).content

    async def filled(self, analysis_id: str, *, flatten: bool = False) -> FilledPdf:
        """The document with its reviewed values written into it; ``flatten``: nothing in it can be edited."""
        return protocol.filled_pdf(await self._send(protocol.filled(f"/v1/analyses/{analysis_id}", flatten)))

    async def cancel(self, analysis_id: str) -> Analysis:
        return await self._model(Call("POST", f"/v1/analyses/{analysis_id}/cancel", repeatable=False), Analysis)

    async def retry(self, analysis_id: str) -> Analysis:
        return await self._model(Call("POST", f"/v1/analyses/{analysis_id}/retry", repeatable=False), Analysis)

    async def erase(self, analysis_id: str) -> None:
        """Cancel when running, then erase for good."""
        await self._send(Call("DELETE", f"/v1/analyses/{analysis_id}", repeatable=False))

    async def review(
        self, analysis: Analysis, fields: Sequence[Mapping[str, Any]] = (), *, finish: bool = False
    ) -> Analysis:
        """Correct fields of ``analysis`` as it was read. Raises PreconditionFailed when somebody was faster.

        ``fields``: ``{"id", "action": "approve"|"modify"|"reject"|"reset", "changes"}`` each.
        """
        return await self._model(protocol.review(analysis.id, fields, finish, analysis.etag), Analysis)

    async def events(self, analysis_id: str, after: int | None = None) -> AsyncIterator[Event]:
        """Live events until `result`. A lost connection is taken up again where it broke."""
        attempt = 0
        while True:
            attempt += 1
            retry_after = None
            try:
                headers = {} if after is None else {"Last-Event-ID": str(after)}
                timeout = httpx.Timeout(self._timeout, read=self._timeout * 2)
                path = f"/v1/analyses/{analysis_id}/events"
                async with self._http.stream("GET", path, headers=headers, timeout=timeout) as response:
                    if response.status_code == 204:
                        return
                    if response.status_code != 200:
                        await response.aread()
                        raise protocol.error_of(response)
                    parser = protocol.EventParser()
                    async for line in response.aiter_lines():
                        event = parser.feed(line)
                        if event is None:
                            continue
                        attempt, after = 0, after if event.id is None else event.id
                        yield event
                        if event.kind == "result":
                            return
            except ProblemError as error:
                if error.status not in protocol.RETRIED_STATUSES:
                    raise
                failure: Exception = error
                retry_after = error.retry_after
            except httpx.TransportError as error:
                failure = ServerUnreachable(f"No answer from {self._http.base_url}.")
                failure.__cause__ = error
            else:
                failure = ServerUnreachable("The stream of events ended early.")
            delay = self._retrying.delay(max(1, attempt), retry_after)
            if delay is None:
                raise failure
            await asyncio.sleep(delay)

    # --- batches, forms, queue ---------------------------------------------------------------------------------------

    async def batch(self, batch_id: str) -> Batch:
        return await self._model(Call("GET", f"/v1/batches/{batch_id}"), Batch)

    async def forms(self, *, page_size: int | None = None) -> AsyncIterator[Form]:
        async for one in self._pages("/v1/forms", page_size, (), Form):
            yield one

    async def form(self, form_id: str) -> Form:
        return await self._model(Call("GET", f"/v1/forms/{form_id}"), Form)

    async def set_open(self, form: Form, is_open: bool) -> Form:
        """Let a form take responses, or stop it."""
        path, headers = f"/v1/forms/{form.id}", {"If-Match": form.etag}
        return await self._model(Call("PATCH", path, json={"open": is_open}, headers=headers, repeatable=False), Form)

    async def responses(self, form_id: str, *, page_size: int | None = None) -> AsyncIterator[Response]:
        async for one in self._pages(f"/v1/forms/{form_id}/responses", page_size, (), Response):
            yield one

    async def filled_response(self, form_id: str, response_id: str, *, flatten: bool = False) -> FilledPdf:
        """The form's document with one couple's answers written into it."""
        path = f"/v1/forms/{form_id}/responses/{response_id}"
        return protocol.filled_pdf(await self._send(protocol.filled(path, flatten)))

    async def queue(self) -> Queue:
        return await self._model(Call("GET", "/v1/queue"), Queue)

    # --- webhooks ----------------------------------------------------------------------------------------------------

    async def webhooks(self, *, page_size: int | None = None) -> AsyncIterator[Webhook]:
        """Newest first."""
        async for one in self._pages("/v1/webhooks", page_size, (), Webhook):
            yield one

    async def webhook(self, webhook_id: str) -> Webhook:
        return await self._model(Call("GET", f"/v1/webhooks/{webhook_id}"), Webhook)

    async def create_webhook(self, url: str, events: Sequence[str] = ()) -> Webhook:
        """Let an address be told of ``events`` (none: all) from now on. Keep its ``secret``: it is told this once."""
        return await self._model(webhook_calls.create(url, events), Webhook)

    async def change_webhook(self, webhook: Webhook, **changes: Any) -> Webhook:
        """``url``, ``events``, ``enabled``. Raises PreconditionFailed when somebody was faster."""
        return await self._model(webhook_calls.change(webhook, changes), Webhook)

    async def delete_webhook(self, webhook_id: str) -> None:
        await self._send(webhook_calls.remove(webhook_id))

    async def rotate_webhook_secret(self, webhook_id: str, overlap_hours: float | None = None) -> Webhook:
        """A new ``secret``; until ``old_secret_until`` the one before signs too."""
        return await self._model(webhook_calls.rotate(webhook_id, overlap_hours), Webhook)

    async def test_webhook(self, webhook_id: str) -> WebhookDelivery:
        return await self._model(webhook_calls.trial(webhook_id), WebhookDelivery)

    async def webhook_delivery(self, webhook_id: str, delivery_id: str) -> WebhookDelivery:
        return await self._model(webhook_calls.delivery(webhook_id, delivery_id), WebhookDelivery)

    async def webhook_deliveries(
        self,
        webhook_id: str,
        *,
        status: Sequence[str] = (),
        event_type: str | None = None,
        page_size: int | None = None,
    ) -> AsyncIterator[WebhookDelivery]:
        """What was sent, newest first, read page by page as you go."""
        path, filters = f"/v1/webhooks/{webhook_id}/deliveries", webhook_calls.filters(status, event_type)
        async for one in self._pages(path, page_size, filters, WebhookDelivery):
            yield one

    async def retry_webhook_delivery(self, webhook_id: str, delivery_id: str) -> WebhookDelivery:
        """Send it again now, with the same id."""
        return await self._model(webhook_calls.retry(webhook_id, delivery_id), WebhookDelivery)

    # --- operating the queue: needs an operator's key --------------------------------------------------------------

    async def pause(self, *, priority: str | None = None, tenant: str | None = None) -> ClassControls | TenantControls:
        """Start nothing more of a class, or of a tenant; what runs goes on."""
        return await self._paused(True, priority, tenant)

    async def resume(self, *, priority: str | None = None, tenant: str | None = None) -> ClassControls | TenantControls:
        return await self._paused(False, priority, tenant)

    async def drain(self, worker_id: str, drain: bool = True) -> Worker:
        """Let a worker claim no more, or again; it obeys at its next heartbeat."""
        return await self._model(operations.drain(worker_id, drain), Worker)

    async def cap(self, tenant: str, **caps: int | None) -> TenantControls:
        """``running_max``, ``waiting_max``: None lifts a cap, what is left out stays."""
        return await self._model(operations.cap(tenant, caps), TenantControls)

    async def prioritize(self, priority: str, ids: Sequence[str]) -> BulkChange:
        """Move waiting analyses to another class."""
        return await self._model(operations.prioritize(priority, operations.ids(ids)), BulkChange)

    def prioritize_batch(self, priority: str, batch_id: str) -> AsyncIterator[BulkChange]:
        """All that waits of a batch, request by request as you go."""
        return self._bulk(lambda cursor: operations.prioritize(priority, {"batch_id": batch_id}, cursor))

    async def dead_letters(
        self,
        *,
        code: str | None = None,
        priority: str | None = None,
        tenant: str | None = None,
        older_seconds: float | None = None,
        buried: bool = False,
        page_size: int | None = None,
    ) -> AsyncIterator[DeadLetter]:
        """Analyses that failed for good, newest first, read page by page as you go."""
        wanted = operations.dead_letter_filter(code, priority, tenant, older_seconds, buried)
        async for one in self._pages("/v1/queue/dead-letters", page_size, operations.as_query(wanted), DeadLetter):
            yield one

    async def revive(self, ids: Sequence[str]) -> BulkChange:
        return await self._model(operations.change("revive", operations.ids(ids)), BulkChange)

    async def bury(self, ids: Sequence[str]) -> BulkChange:
        return await self._model(operations.change("bury", operations.ids(ids)), BulkChange)

    def change_all(
        self,
        action: str,
        *,
        code: str | None = None,
        priority: str | None = None,
        tenant: str | None = None,
        older_seconds: float | None = None,
        buried: bool = False,
    ) -> AsyncIterator[BulkChange]:
        """``action``: `revive` or `bury` all dead letters that match, request by request as you go."""
        wanted = {"filter": operations.dead_letter_filter(code, priority, tenant, older_seconds, buried)}
        return self._bulk(lambda cursor: operations.change(action, wanted, cursor))

    async def _paused(self, paused: bool, priority: str | None, tenant: str | None) -> ClassControls | TenantControls:
        call = operations.pause(paused, priority, tenant)
        return await (self._model(call, ClassControls) if tenant is None else self._model(call, TenantControls))

    async def _bulk(self, make: Callable[[str | None], Call]) -> AsyncIterator[BulkChange]:
        cursor: str | None = None
        while True:
            done = await self._model(make(cursor), BulkChange)
            yield done
            cursor = done.next_cursor
            if cursor is None:
                return

    # --- models: needs an operator's key -----------------------------------------------------------------------------

    async def models(self) -> Models:
        """Versions of models, their trials, and the models inside the engine."""
        return await self._model(Call("GET", "/v1/models"), Models)

    async def model(self, version_id: str) -> ModelVersion:
        return await self._model(registry.show(version_id), ModelVersion)

    async def register_model(
        self, name: str, provider: str, model: str, prompt_version: str, purpose: str = "extraction"
    ) -> ModelVersion:
        """Add a version; it gets no work until it is deployed."""
        return await self._model(registry.register(name, provider, model, prompt_version, purpose), ModelVersion)

    async def evaluate_model(self, version_id: str) -> ModelVersion:
        """Let it read the golden set: takes minutes and costs what its calls cost."""
        return await self._model(registry.evaluate(version_id), ModelVersion)

    async def deploy_model(
        self, version_id: str, share_percent: float = 20.0, *, promotes: bool = False, force: str | None = None
    ) -> ModelDeployment:
        """Give it a share of the work. ``force``: why, without an evaluation that passed."""
        return await self._model(registry.deploy(version_id, share_percent, promotes, force), ModelDeployment)

    async def promote_model(self, version_id: str, reason: str = "") -> ModelVersion:
        return await self._model(registry.change(version_id, "promote", reason), ModelVersion)

    async def roll_back_model(self, version_id: str, reason: str = "") -> ModelVersion:
        """A canary's share is taken away; of the live version the one before it is live again."""
        return await self._model(registry.change(version_id, "rollback", reason), ModelVersion)

    # --- the wire ----------------------------------------------------------------------------------------------------

    async def _pages(
        self, path: str, size: int | None, filters: Sequence[tuple[str, str | None]], kind: type[T]
    ) -> AsyncIterator[T]:
        cursor: str | None = None
        while True:
            answer = await self._send(protocol.listing(path, size, filters, cursor))
            page = Page[kind].model_validate_json(answer.content)  # type: ignore[valid-type]  # made at run time
            for one in page.items:
                yield one
            cursor = page.next_cursor
            if cursor is None:
                return

    async def _stored(self, call: Call) -> Call:
        """The large file of ``call`` put into the server's object store, or ``call`` itself when that does not work."""
        content = call.files[0][1][1]
        try:
            upload = await self._model(protocol.create_upload(len(content)), Upload)
            timeout = httpx.Timeout(self._timeout, write=protocol.DIRECT_SECONDS, read=protocol.DIRECT_SECONDS)
            async with httpx.AsyncClient(timeout=timeout) as store:  # one of its own: the key is for the server only
                (await store.request(upload.method, upload.url, content=content)).raise_for_status()
        except (Conflict, NotFound, httpx.HTTPError):
            return call
        return protocol.submit_stored(upload.id, call)

    async def _model(self, call: Call, kind: type[T]) -> T:
        return kind.model_validate_json((await self._send(call)).content)

    async def _send(self, call: Call) -> httpx.Response:
        attempt = 0
        while True:
            attempt += 1
            retry_after = None
            try:
                response = await self._http.request(**call.arguments(self._timeout))
            except httpx.TransportError as error:
                failure: Exception = ServerUnreachable(f"No answer from {self._http.base_url}.")
                failure.__cause__ = error
                again = protocol.may_repeat(call, error, attempt, self._retrying)
            else:
                if response.status_code < 400:
                    return response
                failure = problem = protocol.error_of(response)
                retry_after = problem.retry_after
                again = call.may_repeat_after(response.status_code, attempt)
            delay = self._retrying.delay(attempt, retry_after) if again else None
            if delay is None:
                raise failure
            await asyncio.sleep(delay)
