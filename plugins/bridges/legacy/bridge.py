"""The bridge: every gateway hears what is published; the one with the lease takes jobs, orders, and shows sessions."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from framework import Bridge, FleetAccess

from .launches import Launches
from .lease import Lease, while_held
from .mirror import Mirror
from .orders import Orders
from .roll import Roll
from .settings import LegacySettings
from .standby import Standby


class LegacyBridge(Bridge):
    """Serves the old names."""

    name = "legacy"
    needs_redis: ClassVar[bool] = True

    async def run(self, fleet: FleetAccess) -> None:
        """Serve until cancelled."""
        settings = fleet.settings if isinstance(fleet.settings, LegacySettings) else LegacySettings()
        lease, roll = Lease(fleet, settings.lease_secs), Roll()
        orders = Orders(
            fleet,
            lease,
            tenant=settings.tenant,
            keep_s=settings.keep_secs,
            rooms=lambda: roll.rooms(settings.tenant),
        )
        works = {
            "jobs": Launches(fleet, lease, settings.tenant).work,
            "orders": orders.work,
            "sessions": Mirror(fleet, lease, roll, lines=settings.lines).work,
            "standby": Standby(fleet, lease, settings.standby).work,
        }
        async with asyncio.TaskGroup() as group:
            group.create_task(lease.run(), name="legacy: lease")
            group.create_task(orders.hear(), name="legacy: hear")
            for what, work in works.items():
                group.create_task(while_held(lease, what, work), name=f"legacy: {what}")
