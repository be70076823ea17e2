"""A switchboard for development: says whom it would dial, dials nobody, and answers as it is told to."""

from __future__ import annotations

from dataclasses import asdict

from framework.plugins.manifest import Manifest
from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry
from framework.plugins.settings import Settings
from framework.plugins.switchboards import Call, Switchboard
from framework.sessions.transfers import Handover, Outcome

PRETENDED = "transfer.pretended"
"""The event that says whom it would dial."""


class PretendSettings(Settings):
    """How transfers end where nobody is dialled."""

    outcome: Outcome = "done"
    """`done`, `no_answer`, `busy` or `error`."""


class PretendSwitchboard(Switchboard):
    """Tells in an event whom it would dial."""

    name = "pretend"

    async def connect(self, handover: Handover, call: Call) -> Outcome:
        """Say whom it would dial and what they would be told."""
        outcome: Outcome = call.settings.outcome if call.settings else "done"
        call.tell(PRETENDED, {**asdict(handover), "outcome": outcome})
        return outcome


@hookimpl
def describe_plugin() -> Manifest:
    """How it answers is a setting."""
    return Manifest(settings=PretendSettings)


@hookimpl
def register_switchboards(switchboards: Registry[Switchboard]) -> None:
    """One for flows that are tried without a telephone."""
    switchboards.add(PretendSwitchboard())
