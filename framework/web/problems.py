"""Failures in, RFC 9457 problem JSON out: what is wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from loguru import logger
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from framework.errors import FrameworkError, StoreError, UnknownNameError, UserError
from framework.web.ports import RefusedError

MOST = 20
"""Places of a body that are told to be wrong at once."""

UNFORESEEN = "something went wrong here; the log says what"

STORE_AWAY_S = 2
"""What those are told who ask while the store is away."""


def problem(status: int, detail: str, *, fix: str = "", retry_after_s: int = 0, **more: Any) -> JSONResponse:
    """A problem as an answer."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    if fix:
        content["fix"] = fix
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else None
    return JSONResponse(content, status, headers, media_type="application/problem+json")


def of_error(error: FrameworkError) -> JSONResponse:
    """The answer that an error of ours becomes."""
    if isinstance(error, RefusedError):
        return problem(error.status, error.message, fix=error.fix, retry_after_s=error.retry_after_s)
    if isinstance(error, UnknownNameError):
        return problem(HTTPStatus.NOT_FOUND, error.message, fix=error.fix)
    if isinstance(error, StoreError):
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE, error.message, fix="Try again in a moment.", retry_after_s=STORE_AWAY_S
        )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if isinstance(error, UserError) else HTTPStatus.INTERNAL_SERVER_ERROR
    return problem(status, error.message, fix=error.fix)


def of_validation(error: ValidationError) -> JSONResponse:
    """All that is wrong with a body, one entry for each place."""
    return _of_places(error.errors(include_url=False, include_input=False, include_context=False))


def _of_places(found: Sequence[Any]) -> JSONResponse:
    errors = [{"pointer": "/" + "/".join(map(str, item["loc"])), "detail": item["msg"]} for item in found[:MOST]]
    first = errors[0]
    detail = f"{first['pointer']}: {first['detail']}"
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, fix="See `errors` for every place.", errors=errors)


def install(app: FastAPI) -> None:
    """Make every failure of `app` a problem."""

    @app.exception_handler(FrameworkError)
    async def ours(_: Request, error: FrameworkError) -> JSONResponse:
        return of_error(error)

    @app.exception_handler(ValidationError)
    async def invalid(_: Request, error: ValidationError) -> JSONResponse:
        return of_validation(error)

    @app.exception_handler(RequestValidationError)
    async def unfit(_: Request, error: RequestValidationError) -> JSONResponse:
        return _of_places(error.errors())

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        detail = str(error.detail)
        if error.status_code == HTTPStatus.NOT_FOUND:
            detail = f"there is nothing at {request.url.path[:200]}"
        return problem(error.status_code, detail)

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> JSONResponse:
        logger.opt(exception=error).error("a request failed")
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, UNFORESEEN)
