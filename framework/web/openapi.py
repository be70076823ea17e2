"""What `/openapi.json` says beyond what FastAPI reads from functions: bodies parsed by hand, and the hot route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from framework.sessions.orders import AnyOrder
from framework.web import schemas

_PLACE = "#/components/schemas/{model}"
_BODIES: tuple[type[BaseModel], ...] = (
    schemas.AdminRequest,
    schemas.JoinAnswer,
    schemas.JoinRequest,
    schemas.LeaveRequest,
    schemas.Problem,
    schemas.StartAnswer,
    schemas.StartRequest,
)


def reference(model: str) -> dict[str, str]:
    """A pointer to a schema."""
    return {"$ref": _PLACE.format(model=model)}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/problem+json": {"schema": reference("Problem")}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": _problem("It can't be done, and why."),
    "503": _problem("The store is away, or there is no runner: try again."),
}
"""What every route may answer."""


def body(model: str, *, required: bool = True) -> dict[str, Any]:
    """The body of a route that reads it by hand."""
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": reference(model)}}}}


def inline(model: type[BaseModel]) -> dict[str, Any]:
    """The same, where the model is the route's own and refers to no other."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}}


JOIN: Mapping[str, Any] = {
    "summary": "Join",
    "description": "Ask for a session; it is queued, and given to a warm runner at once where there is one.",
    "operationId": "join",
    "parameters": [
        {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 200}, "required": False}
    ],
    **body("JoinRequest"),
    "responses": {
        "202": {
            "description": "Accepted.",
            "content": {"application/json": {"schema": reference("JoinAnswer")}},
            "links": {
                "session": {"operationId": "session", "parameters": {"session_id": "$response.body#/session_id"}},
                "leave": {"operationId": "leave", "parameters": {"session_id": "$response.body#/session_id"}},
            },
        },
        "200": {
            "description": "It was asked for before.",
            "content": {"application/json": {"schema": reference("JoinAnswer")}},
        },
        **PROBLEMS,
    },
}


def install(app: FastAPI) -> None:
    """Make `app.openapi()` tell all."""

    def made() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _complete(get_openapi(title=app.title, version=app.version, routes=app.routes))
        return app.openapi_schema

    app.openapi = made  # type: ignore[method-assign]


def _complete(found: dict[str, Any]) -> dict[str, Any]:
    """With the hot route, and with each schema that is pointed to."""
    parts = found.setdefault("components", {}).setdefault("schemas", {})
    for model in _BODIES:
        schema = model.model_json_schema(ref_template=_PLACE)
        parts |= schema.pop("$defs", {})
        parts[model.__name__] = schema
    parts["Order"] = {"oneOf": [reference(kind.__name__) for kind in get_args(AnyOrder)]}
    found["paths"]["/join"] = {"post": dict(JOIN)}
    for path in found["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)  # one of 4XX, and in our own form
    found["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    found["security"] = [{"key": []}]
    return found
