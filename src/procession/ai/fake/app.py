"""The HTTP routes: the API under ``/v1`` as clients know it, and the operator's beside it."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, Query, Request, UploadFile
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from procession.ai.fake.batches import Batches
from procession.ai.fake.bill import Delivery
from procession.ai.fake.faults import FaultPlan, Kind
from procession.ai.fake.generate import Generated, message_pieces
from procession.ai.fake.provider import Call, FakeProvider, completion_body, new_request_id
from procession.ai.fake.wire import REQUEST_BYTES_MAX, BatchRequest, ChatRequest, WireError

CUT = "procession.cut"
"""In the ASGI scope: cuts the connection at once."""
CUT_SECONDS = 0.02
"""Around a cut."""
CLIENT_REQUEST_ID_CHARACTERS_MAX = 512


class ClockChange(BaseModel):
    """Body of ``POST /clock``."""

    model_config = ConfigDict(extra="forbid")
    advance_seconds: Annotated[float, Field(ge=0)] = 0.0
    speed: Annotated[float, Field(gt=0)] | None = None
    """Virtual seconds in a second from now on."""


def create_app(provider: FakeProvider) -> ASGIApp:
    """For any ASGI server, or a client's in-process transport."""
    app = FastAPI(title="Fake AI provider", docs_url=None, redoc_url=None, openapi_url=None)
    batches = Batches(provider)
    app.add_exception_handler(WireError, _told)
    app.add_exception_handler(ValidationError, _told)
    _chat_routes(app, provider)
    _batch_routes(app, provider, batches)
    _operator_routes(app, provider, batches)
    return Cuttable(app)


class Cuttable:
    """The outermost layer: lets a handler cut its connection, and gives every response its id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_request_id()
        scope[CUT] = _cutter(send)
        scope.setdefault("state", {})["request_id"] = request_id

        async def identified(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
            await send(message)

        await self._app(scope, receive, identified)


def _cutter(send: Send) -> Callable[[], None]:
    """uvicorn's ``send`` belongs to an object that has the transport; without one, in process, an exception cuts."""

    def cut() -> None:
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is None:
            raise ConnectionResetError("cut on purpose")
        raw = transport.get_extra_info("socket")
        if raw is not None:  # so that the client sees a reset, not an orderly end
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    return cut


async def _told(_: Request, error: Exception) -> Response:
    if isinstance(error, ValidationError):
        error = WireError(400, "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()))
    assert isinstance(error, WireError)
    return JSONResponse(error.body, error.status, headers=error.headers)


async def _json_body(request: Request) -> Any:
    body = await request.body()
    if len(body) > REQUEST_BYTES_MAX:
        raise WireError(413, f"The request is larger than {REQUEST_BYTES_MAX} bytes.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise WireError(400, "We could not parse the JSON body of your request.") from None


# --- chat completions ---


def _chat_routes(app: FastAPI, provider: FakeProvider) -> None:
    authorised = [Depends(_authorised(provider))]

    @app.get("/v1/models", dependencies=authorised)
    async def models() -> dict[str, Any]:
        data = [
            {"id": model.name, "object": "model", "created": 0, "owned_by": "fake"}
            for model in provider.catalogue.models
        ]
        return {"object": "list", "data": data}

    @app.get("/v1/models/{name}", dependencies=authorised)
    async def model(name: str) -> dict[str, Any]:
        return {"id": provider.model(name).name, "object": "model", "created": 0, "owned_by": "fake"}

    @app.post("/v1/chat/completions", dependencies=authorised)
    async def chat(request: Request) -> Response:
        asked = provider.parse(await _json_body(request))
        client_id = request.headers.get("X-Client-Request-Id", "")[:CLIENT_REQUEST_ID_CHARACTERS_MAX]
        call = provider.accept(asked, client_id, request.state.request_id)
        if (fault := call.met.get(Kind.CONNECTION_RESET)) is not None:
            if fault.charges:
                await provider.answer(call, Delivery.LOST)
            else:
                provider.failed(call.request_id)
            return await _cut(request)
        if (fault := call.met.get(Kind.TIMEOUT)) is not None:
            return await _never(request, provider, call, charged=fault.charges)
        return await _answered(request, provider, call, asked)


def _authorised(provider: FakeProvider) -> Callable[[Request], None]:
    def check(request: Request) -> None:
        wanted = provider.config.api_key
        if wanted is not None and request.headers.get("Authorization") != f"Bearer {wanted}":
            raise WireError(401, "Incorrect API key provided.", code="invalid_api_key")

    return check


async def _cut(request: Request) -> Response:
    request.scope[CUT]()
    await asyncio.sleep(CUT_SECONDS)
    return Response()  # nobody is there any more


async def _never(request: Request, provider: FakeProvider, call: Call, *, charged: bool) -> Response:
    if charged:
        await provider.answer(call, Delivery.LOST)
    else:
        provider.failed(call.request_id)
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response()


async def _answered(request: Request, provider: FakeProvider, call: Call, asked: ChatRequest) -> Response:
    fault = call.met.get(Kind.CUT_STREAM)
    if fault is not None and not fault.charges:
        provider.failed(call.request_id)
        return await _cut(request)
    generated = await provider.answer(call, Delivery.ANSWERED if fault is None else Delivery.LOST)
    if fault is None and await request.is_disconnected():
        provider.lost(call.request_id)
    body = completion_body(call.request_id, call.prompt, call.tier, generated, provider.clock.stamp())
    if asked.stream:
        include_usage = asked.stream_options is not None and asked.stream_options.include_usage
        chunks = list(_events(body, generated, include_usage=include_usage))
        media_type, length = "text/event-stream", None
    else:
        content = json.dumps(body, ensure_ascii=False).encode()
        chunks, media_type, length = [content], "application/json", len(content)
    if fault is not None:
        chunks = chunks[: len(chunks) // 2] if len(chunks) > 1 else [chunks[0][: len(chunks[0]) // 2]]
    headers = call.headers if length is None else {**call.headers, "Content-Length": str(length)}
    parts = _sent(request, chunks, cut=fault is not None)
    return StreamingResponse(parts, media_type=media_type, headers=headers)


async def _sent(request: Request, chunks: list[bytes], *, cut: bool) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    if cut:
        await asyncio.sleep(CUT_SECONDS)  # what was sent may arrive before
        request.scope[CUT]()
        await asyncio.sleep(CUT_SECONDS)  # then the server knows before it would miss the rest


def _events(body: dict[str, Any], generated: Generated, *, include_usage: bool) -> list[bytes]:
    """Server-sent events in the API's shape."""
    head = {name: body[name] for name in ("id", "created", "model", "service_tier", "system_fingerprint")}
    head["object"] = "chat.completion.chunk"
    name = "refusal" if generated.refused else "content"
    deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": ""}, None)]
    deltas += [({name: piece}, None) for piece in message_pieces(generated.text)]
    deltas.append(({}, generated.finish_reason))
    rows = [
        {**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}
        for delta, finish in deltas
    ]
    if include_usage:
        rows = [{**row, "usage": None} for row in rows] + [{**head, "choices": [], "usage": generated.usage}]
    return [f"data: {json.dumps(row, ensure_ascii=False)}\n\n".encode() for row in rows] + [b"data: [DONE]\n\n"]


# --- files and batches ---


def _batch_routes(app: FastAPI, provider: FakeProvider, batches: Batches) -> None:
    authorised = [Depends(_authorised(provider))]

    @app.post("/v1/files", dependencies=authorised)
    async def upload(file: UploadFile, request: Request, purpose: Annotated[str, Form()]) -> dict[str, Any]:
        del request
        return batches.upload(file.filename or "file", purpose, await file.read()).told()

    @app.get("/v1/files/{file_id}", dependencies=authorised)
    async def file_object(file_id: str) -> dict[str, Any]:
        return batches.file(file_id).told()

    @app.get("/v1/files/{file_id}/content", dependencies=authorised)
    async def file_content(file_id: str) -> Response:
        return Response(batches.file(file_id).content, media_type="application/octet-stream")

    @app.delete("/v1/files/{file_id}", dependencies=authorised)
    async def delete_file(file_id: str) -> dict[str, Any]:
        del batches.files[batches.file(file_id).id]
        return {"id": file_id, "object": "file", "deleted": True}

    @app.post("/v1/batches", dependencies=authorised)
    async def create(request: Request) -> dict[str, Any]:
        return batches.create(BatchRequest.model_validate(await _json_body(request))).told()

    @app.get("/v1/batches", dependencies=authorised)
    async def listed(after: str | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> dict[str, Any]:
        found, more = batches.listed(after, limit)
        ends = {"first_id": found[0].id, "last_id": found[-1].id} if found else {"first_id": None, "last_id": None}
        return {"object": "list", "data": [batch.told() for batch in found], **ends, "has_more": more}

    @app.get("/v1/batches/{batch_id}", dependencies=authorised)
    async def get(batch_id: str) -> dict[str, Any]:
        return batches.get(batch_id).told()

    @app.post("/v1/batches/{batch_id}/cancel", dependencies=authorised)
    async def cancel(batch_id: str) -> dict[str, Any]:
        return batches.cancel(batch_id).told()


# --- the operator's ---


def _operator_routes(app: FastAPI, provider: FakeProvider, batches: Batches) -> None:
    @app.get("/meter")
    async def meter(client_request_id: str | None = None, each: bool = True) -> dict[str, Any]:
        batches.settle()
        if client_request_id is not None:
            return provider.bill.told(provider.bill.of_client(client_request_id))
        return provider.bill.told(each=each)

    @app.get("/prices")
    async def prices() -> dict[str, Any]:
        return {"price_version": provider.catalogue.price_version, "models": provider.catalogue.prices()}

    @app.get("/faults")
    async def faults() -> dict[str, Any]:
        return provider.faults.told()

    @app.put("/faults")
    async def put_faults(request: Request) -> dict[str, Any]:
        provider.faults.put(FaultPlan.model_validate(await _json_body(request)))
        return provider.faults.told()

    @app.get("/clock")
    async def clock() -> dict[str, Any]:
        return {
            "seconds": provider.clock.seconds(),
            "now": provider.clock.now().isoformat(),
            "speed": provider.clock.speed,
        }

    @app.post("/clock")
    async def change_clock(request: Request) -> dict[str, Any]:
        change = ClockChange.model_validate(await _json_body(request))
        if change.speed is not None:
            provider.clock.set_speed(change.speed)
        provider.clock.advance(change.advance_seconds)
        batches.settle()
        return await clock()

    @app.post("/reset")
    async def reset() -> dict[str, Any]:
        provider.reset()
        batches.clear()
        return {"reset": True}
