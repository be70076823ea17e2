"""Routes that plugins bring: below `/plugins/`, each under the scope that it names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from loguru import logger
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from framework.plugins.bridges import RefusalError
from framework.plugins.routes import Route, RouteAnswer, RouteRequest
from framework.web.admission import Admission
from framework.web.bodies import read
from framework.web.credentials import DEFAULT_TENANT, Credential
from framework.web.join import LIMIT, answer_of
from framework.web.policy import PUBLIC, Policy, Rule
from framework.web.ports import RefusedError
from framework.web.schemas import JoinRequest

ANSWER_S = 20.0
_PROOFS = frozenset({"authorization", "x-api-key", "cookie"})


def add(app: FastAPI, policy: Policy, routes: Iterable[Route], admission: Admission) -> None:
    """Add plugins' routes, and the rules under which they are open."""
    for route in routes:
        policy.add(Rule(route.method, route.whole, route.scope, body_limit=LIMIT))
        app.add_route(route.whole, _function(route, admission), methods=[route.method], include_in_schema=False)


def _function(route: Route, admission: Admission) -> Any:
    async def ask(request: Request) -> Response:
        asked = await _asked(route, request, admission)
        try:
            async with asyncio.timeout(ANSWER_S):
                if route.scope == PUBLIC:
                    await _verify(route, asked)
                return _written(await route.function(route.endpoint)(asked))
        except RefusalError as refused:
            raise RefusedError(
                refused.message, status=refused.status, fix=refused.fix, retry_after_s=refused.retry_after_s
            ) from None
        except (RefusedError, ValidationError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises ends its own request only
            logger.bind(plugin=route.plugin, route=route.path).opt(exception=error).error("a plugin's route failed")
            raise RefusedError(
                f"the plugin `{route.plugin}` failed", status=HTTPStatus.INTERNAL_SERVER_ERROR, fix="See the log."
            ) from None

    return ask


async def _verify(route: Route, asked: RouteRequest) -> None:
    """Whatever its function raises: the webhook is not believed."""
    try:
        await route.function(route.verify)(asked)
    except Exception as error:  # noqa: BLE001 - likewise
        logger.bind(plugin=route.plugin, why=type(error).__name__).info("a webhook was not believed")
        raise RefusedError(
            "this webhook is not signed as it should be", status=HTTPStatus.FORBIDDEN, fix="Check the secret."
        ) from None


async def _asked(route: Route, request: Request, admission: Admission) -> RouteRequest:
    found = request.scope.get("state", {}).get("credential")
    tenant = found.tenant_for() if isinstance(found, Credential) else DEFAULT_TENANT
    by = found.name if isinstance(found, Credential) else route.plugin
    # A webhook's signature may be in any header; other proofs are none of a plugin's business.
    kept = route.scope == PUBLIC
    headers = {name: value for name, value in request.headers.items() if kept or name not in _PROOFS}
    joiner = Credential(key_id=f"plugin-{route.plugin}", name=by, tenant=tenant, scopes=frozenset({"join"}))

    async def join(body: Mapping[str, Any]) -> dict[str, Any]:
        wish = admission.request(JoinRequest.model_validate(dict(body)), joiner)
        return answer_of(await admission.join(wish), wish)

    return RouteRequest(
        method=request.method,
        path=route.path,
        query=dict(request.query_params),
        headers=headers,
        body=await read(request, LIMIT),
        tenant=tenant,
        by=by,
        join=join,
    )


def _written(answer: Any) -> Response:
    """What a plugin answers, as JSON."""
    whole = answer if isinstance(answer, RouteAnswer) else RouteAnswer(json=answer)
    return JSONResponse(whole.json, whole.status)
