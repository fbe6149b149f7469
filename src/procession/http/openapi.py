"""The published description: our problems instead of the framework's, keys, and what each route answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from procession.http.problems import MEDIA_TYPE, Problem


class Described(Protocol):
    """A route as ``procession.http.app`` lists it."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def handler(self) -> Callable[..., Any]: ...
    @property
    def answers(self) -> dict[int, type[BaseModel] | str | None]: ...
    @property
    def tag(self) -> str: ...
    @property
    def extra(self) -> dict[str, Any]: ...
    @property
    def open(self) -> bool: ...


_MEANING = {
    200: "Done",
    201: "Made",
    202: "Accepted: not finished yet",
    204: "Nothing to send",
    303: "Go on there",
    304: "You have this version",
}


def add(app: FastAPI, route: Described) -> None:
    """Register one route. Handlers return finished responses; models here describe them."""
    statuses = list(route.answers)
    app.add_api_route(
        route.path,
        route.handler,
        methods=[route.method],
        status_code=statuses[0],
        response_model=None,
        operation_id=route.handler.__name__,
        tags=[route.tag],
        summary=(route.handler.__doc__ or "").strip().splitlines()[0],
        responses={status: _answer(status, carried) for status, carried in route.answers.items()},
        openapi_extra={**route.extra, "security": [] if route.open else [{"key": []}]},
    )


def _answer(status: int, carried: type[BaseModel] | str | None) -> dict[str, Any]:
    described: dict[str, Any] = {"description": _MEANING[status]}
    if isinstance(carried, str):
        described["content"] = {carried: {}}
    elif carried is not None:
        described["model"] = carried
    return described


def install(app: FastAPI) -> None:
    """Replace the application's OpenAPI builder."""

    def build() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(
                get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            )
        return app.openapi_schema

    app.openapi = build  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for framework in ("HTTPValidationError", "ValidationError"):
        schemas.pop(framework, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    refusal = {
        "description": "A problem (RFC 9457); match on `code`",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for methods in schema["paths"].values():
        for operation in methods.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = refusal
    return schema
