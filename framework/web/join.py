"""`POST /join`: the hot path. One parse, one script, one answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from framework import failpoints
from framework.control.records import Joining
from framework.control.records import Request as Wish
from framework.suggest import did_you_mean
from framework.web import problems
from framework.web.admission import Admission, NotAdmittedError, is_new
from framework.web.bodies import read
from framework.web.edge import credential_of
from framework.web.headers import first
from framework.web.limits import DEPTH, json_object
from framework.web.ports import RefusedError
from framework.web.schemas import JoinRequest

LIMIT = 256 * 1024
"""Longest body: it travels through the store."""
_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")
_ODD = (b"0" * 19, b"e000", b"e+000", b"\\u", b"NaN", b"Infinity")
"""What the fast parser lets pass and a reader elsewhere would not, or might not; a zero stands for any digit."""


def parse(body: bytes) -> JoinRequest:
    """The request in a body, or a sentence that says what is wrong with it.

    >>> parse(b'{"bot": "clinic"}').bot
    'clinic'
    """
    if _is_odd(body):
        json_object(body)
    try:
        return JoinRequest.model_validate_json(body or b"{}")
    except ValidationError as error:
        return _slowly(body, error)


def _is_odd(body: bytes) -> bool:
    """Whether it has to be looked at closely.

    >>> _is_odd(b'{"n": 1e+308}'), _is_odd(b'{"n": 9223372036854775808}'), _is_odd(b'{"n": 42, "e": 1e9}')
    (True, True, False)
    """
    alike = body.translate(_ALIKE)
    for odd in _ODD:
        if odd in alike:
            return True
    return body.count(b"[") + body.count(b"{") > DEPTH


def route(admission: Admission) -> Callable[[Request], Awaitable[Response]]:
    """The route's function."""

    async def join(request: Request) -> Response:
        """Ask for a session; it is queued, and given to a warm runner at once where there is one."""
        asked = parse(await read(request, LIMIT))
        key = first(request.scope["headers"], b"idempotency-key").decode("latin-1")
        wish = admission.request(asked, credential_of(request), key)
        try:
            joining = await admission.join(wish)
        except NotAdmittedError as refused:
            return of_refusal(refused)
        failpoints.reach("gateway.answer")
        status = HTTPStatus.ACCEPTED if is_new(joining, wish) else HTTPStatus.OK
        return Response(to_json(answer_of(joining, wish)), status, media_type="application/json")

    return join


def answer_of(joining: Joining, wish: Wish) -> dict[str, Any]:
    """What became of a join."""
    return {
        "session_id": joining.session_id,
        "pid": joining.session_id,
        "room": wish.room,
        "status": joining.state,
        "position": joining.position,
    }


def of_refusal(refused: NotAdmittedError) -> JSONResponse:
    """The problem that a refused join becomes."""
    more = {"outcome": refused.outcome} | ({"session_id": refused.session_id} if refused.session_id else {})
    return problems.problem(
        refused.status, refused.message, fix=refused.fix, retry_after_s=refused.retry_after_s, **more
    )


def _slowly(body: bytes, error: ValidationError) -> JoinRequest:
    """What a body that the fast way refused may still be, or why not."""
    asked = json_object(body)
    ours = {name: value for name, value in asked.items() if not name.startswith("x-")}
    for name in ours:
        if name not in JoinRequest.model_fields:
            raise RefusedError(
                f"the body has no key `{name[:100]}`",
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
                fix=did_you_mean(name, JoinRequest.model_fields),
            )
    if len(ours) == len(asked):
        raise error
    return JoinRequest.model_validate(ours)
