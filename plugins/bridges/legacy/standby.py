"""Show runners with a free slot in `bot:standby:pool`: to be looked at. Who takes an address from it takes nothing."""

from __future__ import annotations

from framework import FleetAccess

from .lease import Lease

POOL = "bot:standby:pool"
PACE_S = 1.0
STALE_MS = 5000
"""Without a gateway that writes it anew the pool is gone."""


class Standby:
    """Writes the pool."""

    def __init__(self, fleet: FleetAccess, lease: Lease, kind: str) -> None:
        self._fleet = fleet
        self._lease = lease
        self._kind = kind

    async def work(self) -> float:
        """Write it once; how long to pause."""
        free = [runner for runner in await self._fleet.runners() if runner["free"] and not runner["draining"]]
        addresses = dict.fromkeys(runner["address"] for runner in free if runner["address"])
        await self._lease.script("standby", [POOL], self._kind, STALE_MS, *addresses)
        return PACE_S
