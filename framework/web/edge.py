"""The outermost part of the gateway: nothing reaches a route but with a credential of the scope that its rule wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

from loguru import logger
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framework.web import problems
from framework.web.auth import Denied
from framework.web.bodies import too_long
from framework.web.credentials import Credential
from framework.web.gatekeeper import Gatekeeper
from framework.web.headers import first
from framework.web.limits import Buckets, RateSettings, address, limited, too_often
from framework.web.policy import POLICY, WEBSOCKET, Policy, Rule, is_sound
from framework.web.ports import RefusedError

UNKNOWN = 4401
FORBIDDEN = 4403
BUSY = 4429
AWAY = 4503
_CLOSES = {401: UNKNOWN, 403: FORBIDDEN, 404: 4404, 429: BUSY, 503: AWAY}
_LONGEST_REASON = 120
_DIGITS = 19
_SAFE = ("GET", "HEAD", WEBSOCKET)

Page = Callable[[Headers], Response | None]
"""Makes the answer for a browser that has yet to sign in, such as a form; `None` for everyone else."""


def credential_of(request: HTTPConnection) -> Credential:
    """Whom a request, or WebSocket, comes from. There is always one behind a rule that isn't public."""
    return cast("Credential", request.scope["state"]["credential"])


@dataclass(frozen=True)
class Rates:
    """What is counted, and by whom: credentials, and addresses that were refused."""

    requests: Buckets
    failures: Buckets

    @classmethod
    def of(cls, settings: RateSettings) -> Rates:
        """Empty buckets."""
        return cls(Buckets(settings.requests, settings.burst), Buckets(settings.failures, settings.failures_burst))


@dataclass(frozen=True)
class Guarded:
    """ASGI middleware: default deny, then scope, then rate, then length.

    Put `Cors` around it and the application inside. It leaves the `Credential` in `scope["state"]["credential"]`.
    """

    app: ASGIApp
    gatekeeper: Gatekeeper
    policy: Policy = field(default_factory=lambda: Policy(POLICY))
    rates: Rates = field(default_factory=lambda: Rates.of(RateSettings()))
    page: Page = lambda _: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or say why not."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        answering = _Answering(send)
        try:
            rule = await self._admit(scope)
            body = limited(receive, _limit(rule, scope)) if scope["type"] == "http" else receive
            await self.app(scope, body, answering)
        except _NotAllowedError as refused:
            await self._refuse(scope, receive, send, refused)
        except RefusedError as error:
            if answering.begun:
                raise
            await self._refuse(scope, receive, send, _NotAllowedError.of(error))

    async def _admit(self, scope: Scope) -> Rule:
        """The rule by which a request may pass."""
        method = WEBSOCKET if scope["type"] == "websocket" else scope["method"]
        path = scope["path"]
        rule = self.policy.find(method, path) if is_sound(path) else None
        state = scope.setdefault("state", {})
        if rule and rule.public:
            return rule
        credential = await self.gatekeeper.authenticate(
            Headers(scope=scope),
            path=path,
            query=scope.get("query_string", b"").decode("latin-1"),
            ticketed=method in _SAFE,
        )
        if isinstance(credential, Denied):
            raise self._denied(scope, credential)
        if rule is None:
            raise self._nothing(path)
        if not any(credential.may(scope_) for scope_ in rule.scopes):
            raise _NotAllowedError(
                403, f"this needs the scope {' or '.join(f'`{name}`' for name in rule.scopes)}", _fix(rule)
            )
        if credential.kind != "local" and (wait := self.rates.requests.take(credential.key_id)):
            raise _NotAllowedError.of(too_often(wait))
        state["credential"] = credential
        return rule

    def _denied(self, scope: Scope, denied: Denied) -> _NotAllowedError:
        """Count what was refused by where it came from, and refuse for less once there is too much of it."""
        logger.bind(status=denied.status, why=denied.detail).debug("a request was refused")
        if wait := self.rates.failures.take(address(scope.get("client"))):
            return _NotAllowedError.of(too_often(wait))
        return _NotAllowedError(denied.status, denied.detail, denied.fix)

    def _nothing(self, path: str) -> _NotAllowedError:
        if is_sound(path) and (methods := self.policy.methods(path)):
            return _NotAllowedError(
                405, f"this path has {', '.join(methods)} only", "Use one of them.", {"Allow": ", ".join(methods)}
            )
        return _NotAllowedError(404, f"there is nothing at {path[:200]!r}", "See GET /openapi.json for what there is.")

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, refused: _NotAllowedError) -> None:
        if scope["type"] == "websocket":
            await receive()
            code = _CLOSES.get(refused.status, FORBIDDEN)
            await send({"type": "websocket.close", "code": code, "reason": refused.detail[:_LONGEST_REASON]})
            return
        await self._answer(scope, refused)(scope, receive, send)

    def _answer(self, scope: Scope, refused: _NotAllowedError) -> Response:
        if (
            refused.status == HTTPStatus.UNAUTHORIZED
            and scope["path"] == "/"
            and (form := self.page(Headers(scope=scope)))
        ):
            return form
        answer = problems.problem(refused.status, refused.detail, fix=refused.fix)
        if refused.status == HTTPStatus.UNAUTHORIZED:
            answer.headers["WWW-Authenticate"] = "Bearer"
        answer.headers.update(refused.headers)
        return answer


class _NotAllowedError(Exception):
    """Why a request does not pass."""

    def __init__(self, status: int, detail: str, fix: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.fix, self.headers = status, detail, fix, headers or {}

    @classmethod
    def of(cls, error: RefusedError) -> _NotAllowedError:
        """The same, from a refusal of a part."""
        headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else None
        return cls(error.status, error.message, error.fix, headers)


class _Answering:
    """Notices whether an answer has begun: from then on it is too late for another one."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        self.begun = True
        await self._send(message)


def _limit(rule: Rule, scope: Scope) -> int:
    """The longest body of a request; one that announces a longer one is refused before it is read."""
    announced = first(scope["headers"], b"content-length", b"0")
    if not (announced.isdigit() and len(announced) <= _DIGITS):
        raise RefusedError("the header `Content-Length` is no number", status=HTTPStatus.BAD_REQUEST)
    if int(announced) > rule.body_limit:
        raise too_long(rule.body_limit)
    return rule.body_limit


def _fix(rule: Rule) -> str:
    return f"Make a key that has it: `convo keys new NAME --scopes {','.join(rule.scopes[:1])}`."
