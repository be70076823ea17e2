"""A gateway to be measured; with `append` its joins are validated and appended to a stream, and nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import uvloop

from framework.control.connection import Connection
from framework.control.records import Joining, Request
from framework.control.settings import limits_from
from framework.control.store import Store
from framework.log import set_up
from framework.processes.gateway import Gateway, GatewaySettings
from framework.project import Project


class Appending(Store):
    """Where a join is one XADD."""

    async def join(self, request: Request) -> Joining:
        """Append it."""
        await self._connection.do("XADD", "{convo:bench}:appended", "*", "spec", request.spec.model_dump_json())
        return Joining(outcome="queued", session_id=request.spec.session_id, state="queued", position=1)


async def main(kind: str, root: Path) -> None:
    """Serve until told to end."""
    store = (Appending if kind == "append" else Store)(
        Connection.to(os.environ["REDIS_URL"]), environment="bench", limits=limits_from(os.environ)
    )
    settings = GatewaySettings(root=root, environment=dict(os.environ))
    gateway = Gateway(store, lambda: Project.find(root), settings, port=0)
    await gateway.run(watch=_say)


async def _say(gateway: Gateway) -> None:
    print(gateway.url, flush=True)


if __name__ == "__main__":
    set_up()
    uvloop.run(main(sys.argv[1], Path(sys.argv[2])))
