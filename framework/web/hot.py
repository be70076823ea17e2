"""The routes that are asked for most, answered before the framework around the others has had its turn.

What the framework does for a route (exit stacks, telemetry, matching paths) takes longer than all that a join needs of
this process, and wraps each piece of a stream anew. These routes are described in the OpenAPI document like the others,
and fail like the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from loguru import logger
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from framework.errors import FrameworkError
from framework.web import problems

Endpoint = Callable[[Request], Awaitable[Response]]


class Hot:
    """ASGI middleware: some paths go straight to their functions."""

    def __init__(self, app: ASGIApp, routes: Mapping[tuple[str, str], Endpoint]) -> None:
        self._app = app
        self._routes = routes
        """Method and path → function."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        endpoint = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        answer = await self._answer(endpoint, Request(scope, receive))
        await answer(scope, receive, send)

    async def _answer(self, endpoint: Endpoint, request: Request) -> Response:
        try:
            return await endpoint(request)
        except FrameworkError as error:
            return problems.of_error(error)
        except ValidationError as error:
            return problems.of_validation(error)
        except Exception as error:  # noqa: BLE001 - the door stays open whatever happens in it
            logger.opt(exception=error).error("a request failed")
            return problems.problem(HTTPStatus.INTERNAL_SERVER_ERROR, problems.UNFORESEEN)
