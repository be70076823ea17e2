"""A runner whose sessions are over as soon as they have begun: all of the protocol, no process and no pipeline."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid

import uvloop

from framework.control.member import Member
from framework.control.records import Runner
from framework.control.settings import store_from
from framework.log import set_up
from framework.testing.holder import PretendHolder


async def main(capacity: int) -> None:
    """Take part until told to end."""
    store = store_from(os.environ)
    member = Member(store, Runner(runner_id=uuid.uuid4().hex, capacity=capacity))
    holder = Forgetful(capacity, lasts_s=0.0)
    holder.listener = member
    running = asyncio.create_task(member.run(holder))
    await member.registered.wait()
    print("url none", flush=True)
    await running


class Forgetful(PretendHolder):
    """Keeps nothing of what is over, as a runner doesn't."""

    def end(self, session_id: str, reason: str, state: str = "ended") -> None:
        """End it, and forget it."""
        super().end(session_id, reason, state)
        del self.sessions[session_id]
        self.began.clear()


if __name__ == "__main__":
    set_up()
    uvloop.run(main(int(sys.argv[1])))
