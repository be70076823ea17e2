"""Jobs of `bot:launch:queue` become sessions: each is stamped, joined under its stamp, and only then forgotten."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass

from loguru import logger

from framework import FleetAccess, RefusalError

from .jobs import read_job
from .lease import NUMBER, Lease

QUEUE = "bot:launch:queue"
PROCESSING = "bot:launch:processing"
FAILED = "bot:launch:failed"

AT_ONCE = 50
"""Jobs that are taken in one step."""
UNDER_WAY = 64
"""Jobs that may wait for a place; the others stay in the queue."""
LARGEST = 256 * 1024
"""Bytes of a job: as much as `POST /join` takes."""
IDLE_S = 0.05
LOOK_S = 2.0
"""How often the whole list is read again: a reply may have been lost, whose jobs are under way."""
FIRST_S, LONGEST_S = 0.5, 30.0
"""Between attempts for a job that there is no place for."""
TOO_MANY = 429


@dataclass
class Waiting:
    """A job under way."""

    raw: bytes
    at: float = 0.0
    """When it is tried next."""
    pause_s: float = FIRST_S


class Launches:
    """Takes jobs, and has each joined exactly once."""

    def __init__(self, fleet: FleetAccess, lease: Lease, tenant: str) -> None:
        self._fleet = fleet
        self._lease = lease
        self._tenant = tenant
        self._waiting: dict[str, Waiting] = {}
        self._term = 0
        self._look_at = 0.0

    async def work(self) -> float:
        """One step; how long to pause."""
        await self._look()
        keys = [QUEUE, PROCESSING, FAILED, NUMBER]
        moved = await self._lease.script("take", keys, UNDER_WAY, LARGEST, AT_ONCE, uuid.uuid4().hex[:24])
        self._know(moved)
        now = time.monotonic()
        for stamp, job in [*self._waiting.items()]:
            if job.at <= now:
                await self._start(stamp, job)
        return 0.0 if len(moved) == AT_ONCE else IDLE_S

    async def _look(self) -> None:
        """Read what is under way: after a change of hands, and now and then."""
        now = time.monotonic()
        if self._term == self._lease.term and now < self._look_at:
            return
        if self._term != self._lease.term:
            self._waiting.clear()
        self._term, self._look_at = self._lease.term, now + LOOK_S
        entries = await self._fleet.redis("LRANGE", PROCESSING, 0, -1)
        there = {entry.partition(b" ")[0].decode("ascii", "replace") for entry in entries}
        self._waiting = {stamp: job for stamp, job in self._waiting.items() if stamp in there}
        self._know(entries)

    def _know(self, entries: list[bytes]) -> None:
        for entry in entries:
            stamp, _, raw = entry.partition(b" ")
            self._waiting.setdefault(stamp.decode("ascii", "replace"), Waiting(raw))

    async def _start(self, stamp: str, waiting: Waiting) -> None:
        reason = ""
        try:
            job = read_job(waiting.raw)
            body = {**job.body, "idempotency_key": job.body.get("idempotency_key") or stamp}
            joined = await self._fleet.join(body, tenant=self._tenant, session_id=job.session_id)
            logger.bind(session=joined["session_id"], state=joined["status"]).info("an old job is a session")
        except RefusalError as refusal:
            about = logger.bind(status=refusal.status, outcome=refusal.outcome, session=refusal.session_id)
            if refusal.status == TOO_MANY:
                self._later(waiting)
                return
            if refusal.outcome == "busy":
                about.info("an old job was for a room that has its bot")
            else:
                about.bind(see=FAILED).warning("an old job was refused")
                reason = _reason(refusal)
        what = json.dumps({"entry": waiting.raw.decode("utf-8", "replace")}) if reason else ""
        await self._lease.script("done", [PROCESSING, FAILED], stamp, reason, what)
        self._waiting.pop(stamp, None)

    def _later(self, waiting: Waiting) -> None:
        if waiting.pause_s == FIRST_S:
            logger.info("an old job waits: there is no place for it")
        waiting.at = time.monotonic() + waiting.pause_s
        waiting.pause_s = min(waiting.pause_s * 2, LONGEST_S)


def _reason(refusal: RefusalError) -> str:
    return f"{refusal.status}: {refusal.message}" + (f" {refusal.fix}" if refusal.fix else "")
