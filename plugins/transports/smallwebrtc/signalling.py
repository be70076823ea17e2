"""Answer a client's offer and notice when it has gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aioice.ice
from aiortc import RTCPeerConnection
from fastapi import HTTPException
from loguru import logger
from pipecat.transports.smallwebrtc.connection import SmallWebRTCConnection
from pipecat.transports.smallwebrtc.request_handler import (
    ConnectionMode,
    IceCandidate,
    SmallWebRTCPatchRequest,
    SmallWebRTCRequest,
    SmallWebRTCRequestHandler,
)
from pydantic import BaseModel, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

SILENT_S = 5.0
"""A client from which nothing has arrived for so long is gone; a live one sends several packets a second."""


class _Offer(BaseModel):
    sdp: str = Field(max_length=200_000, pattern=r"^v=0\r?\n[\s\S]*\nm=")
    type: str = Field(pattern="^offer$")
    pc_id: str | None = None
    restart_pc: bool | None = None


class _Candidate(BaseModel):
    candidate: str = Field(max_length=2000)
    sdp_mid: str = ""
    sdp_mline_index: int = 0


class _Patch(BaseModel):
    pc_id: str
    candidates: list[_Candidate] = Field(max_length=200)


class Signalling:
    """The offers and candidates of one session; a second client is refused while the first is there."""

    def __init__(self, connected: Callable[[Any], Awaitable[asyncio.Event]]) -> None:
        allow_loopback()
        self._connected = connected
        self._handler = SmallWebRTCRequestHandler(connection_mode=ConnectionMode.SINGLE)
        self._watch: asyncio.Task[None] | None = None
        self.app = Starlette(
            routes=[
                Route("/api/offer", self._offer, methods=["POST"]),
                Route("/api/offer", self._candidates, methods=["PATCH"]),
            ]
        )

    async def _offer(self, request: Request) -> JSONResponse:
        try:
            offer = _Offer.model_validate(await _object(request))
            answer = await self._handler.handle_web_request(SmallWebRTCRequest(**offer.model_dump()), self._joined)
        except HTTPException as error:
            return _refusal(error.status_code, str(error.detail))
        except (ValidationError, ValueError, KeyError, IndexError, AssertionError) as error:
            logger.info("an offer was refused")
            return _refusal(422, f"this is no offer that can be answered ({type(error).__name__})")
        return JSONResponse(answer)

    async def _candidates(self, request: Request) -> JSONResponse:
        try:
            patch = _Patch.model_validate(await _object(request))
            found = [IceCandidate(**candidate.model_dump()) for candidate in patch.candidates]
            await self._handler.handle_patch_request(SmallWebRTCPatchRequest(pc_id=patch.pc_id, candidates=found))
        except HTTPException as error:
            return _refusal(error.status_code, str(error.detail))
        except (ValidationError, ValueError, KeyError, IndexError, AssertionError) as error:
            return _refusal(422, f"these are no candidates ({type(error).__name__})")
        return JSONResponse({"status": "success"})

    async def _joined(self, connection: SmallWebRTCConnection) -> None:
        over = await self._connected(connection)
        self._watch = asyncio.create_task(_end_when_silent(connection, over), name="webrtc: is the client there?")


async def _end_when_silent(connection: SmallWebRTCConnection, over: asyncio.Event) -> None:
    """Close the connection of a client that vanished: ICE alone would take half a minute to notice."""
    received, patience = -1, SILENT_S
    while not over.is_set():
        await asyncio.sleep(1)
        if connection.pc.connectionState != "connected":
            continue
        now = await _bytes_received(connection.pc)
        patience = SILENT_S if now != received else patience - 1
        received = now
        if patience <= 0:
            logger.info("the client has gone without a word")
            await connection.disconnect()  # type: ignore[no-untyped-call]  # Pipecat leaves it untyped
            return


async def _bytes_received(pc: RTCPeerConnection) -> int:
    reports = await pc.getStats()
    return sum(getattr(report, "bytesReceived", 0) for report in reports.values() if report.type == "transport")


def allow_loopback() -> None:
    """Let two programs on a machine without any network meet: aioice leaves 127.0.0.1 out, here even then."""
    if getattr(aioice.ice.get_host_addresses, "allows_loopback", False):
        return
    ordinary = aioice.ice.get_host_addresses

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return ordinary(use_ipv4=use_ipv4, use_ipv6=use_ipv6) or ["127.0.0.1"]

    addresses.allows_loopback = True  # type: ignore[attr-defined]
    aioice.ice.get_host_addresses = addresses


async def _object(request: Request) -> dict[str, Any]:
    try:
        value = json.loads(await request.body())
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - of the same kind as what json raises
    return value


def _refusal(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"status": status, "detail": detail}, status, media_type="application/problem+json")
