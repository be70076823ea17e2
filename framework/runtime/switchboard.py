"""Who puts people through in this session: the switchboard of a plugin that the environment names, or nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from framework.errors import UnknownNameError, UserError
from framework.plugins.settings import Settings, read
from framework.plugins.switchboards import Call
from framework.sessions.transfers import Handover, Outcome
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from framework.plugins.host import PluginHost
    from framework.plugins.switchboards import Switchboard
    from framework.sessions.spec import SessionSpec

SWITCHBOARD = "CONVO_SWITCHBOARD"
NOBODY = (
    "nobody can be put through here. Set CONVO_SWITCHBOARD to the name of a switchboard that a plugin offers, or to "
    "`pretend` to try a flow."
)

Publish = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Nobody:
    """Where nobody can be dialled: every transfer is an error, which says what to do."""

    publish: Publish
    why: str = NOBODY

    async def connect(self, handover: Handover) -> Outcome:
        """Say that it can't."""
        self.publish("error", {"code": "switchboard", "message": f"`{handover.target}` can't be reached: {self.why}"})
        return "error"


@dataclass(frozen=True, slots=True)
class Bound:
    """A plugin's switchboard, for one session."""

    switchboard: Switchboard
    call: Call

    async def connect(self, handover: Handover) -> Outcome:
        """Put the person through."""
        return await self.switchboard.connect(handover, self.call)


def named(host: PluginHost, environment: Mapping[str, str]) -> Switchboard | None:
    """The switchboard that the environment names; None where it names none.

    Raises:
        UserError: There is no such switchboard.
    """
    name = environment.get(SWITCHBOARD, "").strip()
    if not name:
        return None
    if name not in host.switchboards:
        fix = did_you_mean(name, host.switchboards.names()) or "Install the plugin that offers it."
        raise UnknownNameError(f"no plugin offers a switchboard `{name}`", where=SWITCHBOARD, fix=fix)
    return host.switchboards.get(name)


def connected(
    host: PluginHost, environment: Mapping[str, str], *, session: SessionSpec, transport: Any, publish: Publish
) -> Bound | Nobody:
    """Who puts people through in a session; what is wrong is told when somebody is to be put through."""
    try:
        switchboard = named(host, environment)
        if switchboard is None:
            return Nobody(publish)
        settings = _settings(host, switchboard, environment)
    except UserError as wrong:
        return Nobody(publish, wrong.sentence)

    def tell(type_: str, data: Mapping[str, Any]) -> None:
        publish(type_, dict(data))

    return Bound(switchboard, Call(session=session, transport=transport, settings=settings, tell=tell))


def _settings(host: PluginHost, switchboard: Switchboard, environment: Mapping[str, str]) -> Settings | None:
    owner = host.switchboards.owner(switchboard.name)
    model = host.manifests[owner].settings
    return read(model, owner, host.settings.get(owner), environment) if model else None
