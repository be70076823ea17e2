"""Those who want sessions: they ask, ask again when nobody answers, give orders, and let sessions leave."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from chaos.stage import Stage

PATIENCE_S = 60.0
"""How long one goes on asking."""
ANSWER_S = 4.0


@dataclass
class Asked:
    """One request, and what came of it."""

    key: str
    body: dict[str, Any]
    answers: set[str] = field(default_factory=set)
    """Sessions that 2xx answers named: one, if all is well."""
    refused: str = ""
    """The 4xx answer, if it was that."""
    asked_at: float = 0.0
    accepted_at: float = 0.0
    left: bool = False
    """It was told to leave, and somebody heard it."""
    orders: dict[str, str] = field(default_factory=dict)
    """Orders that were accepted → their kind."""

    @property
    def session(self) -> str:
        return min(self.answers, default="")


class Clients:
    """A crowd of them."""

    def __init__(self, stage: Stage, rng: random.Random, label: str) -> None:
        self._stage = stage
        self._rng = rng
        self._label = label
        self.asked: list[Asked] = []

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=ANSWER_S)
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        self._http = aiohttp.ClientSession(timeout=timeout, headers=self._stage.authorization, connector=connector)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def crowd(self, many: int, within_s: float) -> None:
        """So many sessions, over a time; some are given orders, some leave early."""
        await asyncio.gather(*(self._one(number, within_s * number / many) for number in range(many)))

    async def _one(self, number: int, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        rng = self._rng
        asked = Asked(
            key=f"{self._label}-{number}",
            body={
                "bot": ("clinic", "clinic", "again", "clinic")[number % 4],
                "channel": "text" if number % 4 == 3 else "voice",
                "transport": "headless",
                "tenant": ("acme", "beta")[number % 2],
                "room": f"{self._label}-{number}",
                "token": self._stage.secrets["room-token"],
                "identity": {"id": f"c{number}", "name": self._stage.secrets["caller"]},
                "config": {"lasts_s": round(rng.uniform(0.4, 2.0), 2)},
            },
        )
        leaves, orders = number % 6 == 5, number % 3 == 1
        self.asked.append(asked)
        await self.join(asked)
        if asked.session and orders:
            await self._orders(asked)
        if asked.session and leaves:
            await self._leave(asked)

    async def join(self, asked: Asked) -> None:
        """Ask until somebody answers; the key makes it one request."""
        asked.asked_at = time.time()
        answer = await self._insist("POST", "/join", asked.body, {"Idempotency-Key": asked.key})
        if answer is None:
            return
        status, body = answer
        if status < 300:
            asked.accepted_at = time.time()
            asked.answers.add(body["session_id"])
            if self._rng.random() < 0.3:  # one who did not see the answer asks again
                again = await self._insist("POST", "/join", asked.body, {"Idempotency-Key": asked.key})
                if again and again[0] < 300:
                    asked.answers.add(again[1]["session_id"])
        else:
            asked.refused = f"{status} {body}"

    async def _orders(self, asked: Asked) -> None:
        for number, order in enumerate(
            (
                {"kind": "say", "text": self._stage.secrets["caller"]},
                {"kind": "set", "slots": {"a": 1}},
                {"kind": "whisper", "text": "psst"},
            )
        ):
            order_id = f"{asked.key}-o{number}"
            body = {"session_id": asked.session, "order": order, "order_id": order_id}
            answer = await self._insist("POST", "/admin", body)
            if answer and answer[0] < 300:
                asked.orders[order_id] = order["kind"]

    async def _leave(self, asked: Asked) -> None:
        answer = await self._insist("POST", f"/sessions/{asked.session}/leave", {})
        asked.left = answer is not None and answer[0] < 300

    async def _insist(
        self, method: str, path: str, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]] | None:
        """The first answer that is no failure of a server, from whichever gateway gives it."""
        ends_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends_at:
            urls = self._stage.urls()
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                if urls:
                    async with self._http.request(
                        method, self._rng.choice(urls) + path, json=body, headers=headers
                    ) as answer:
                        if answer.status < 500 and answer.status != 429:
                            return answer.status, await answer.json() if "json" in answer.content_type else {}
            await asyncio.sleep(0.1)
        return None
