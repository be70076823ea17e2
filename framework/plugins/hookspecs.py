"""Every extension point there is, in the order a process reaches them.

A plugin is a module. It implements a hook by a function of the same name, marked `@hookimpl`, that takes as many of the
hook's parameters as it needs. A name that is not on this page is refused with the nearest one that is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.plugins.markers import hookspec

if TYPE_CHECKING:
    from framework.plugins.actions import Action
    from framework.plugins.bridges import Bridge
    from framework.plugins.commands import Command
    from framework.plugins.launchers import Launcher
    from framework.plugins.manifest import Manifest
    from framework.plugins.registry import Registry
    from framework.plugins.resources import Resource
    from framework.plugins.routes import Route
    from framework.plugins.services import Service
    from framework.plugins.switchboards import Switchboard
    from framework.plugins.tools import Tool
    from framework.plugins.transports import Transport
    from framework.slots.base import SlotType


# --- Once per process, when the host is loaded ----------------------------------------------------------------------


@hookspec(firstresult=True)
def describe_plugin() -> Manifest:  # type: ignore[empty-body]
    """Say what the plugin is: its settings, what it requires, which network hosts it talks to.

    Called first of all, once. May be left out. A plugin that raises here, or requires a package that is not installed,
    is reported with its name and left out; one that `convo.yaml` requires stops the start.

    Example:
        @hookimpl
        def describe_plugin() -> Manifest:
            return Manifest(summary="Patients by name and date of birth.", settings=PatientsSettings)
    """


@hookspec
def register_tools(tools: Registry[Tool]) -> None:
    """Offer functions that a model may call and that a flow may run.

    Called once, after `describe_plugin`. The plugin's name is put in front of each tool's. A plugin that raises is
    reported with its name and all that it registered is left out; two plugins that claim one name stop the start.

    Example:
        @hookimpl
        def register_tools(tools: Registry[Tool]) -> None:
            tools.add(weather)
    """


@hookspec
def register_actions(actions: Registry[Action]) -> None:
    """Offer functions that a flow runs on entering or leaving a node.

    Called once, after `register_tools`. The plugin's name is put in front of each action's. Failures are treated as
    those of `register_tools`.

    Example:
        @hookimpl
        def register_actions(actions: Registry[Action]) -> None:
            actions.add(note_visit)
    """


@hookspec
def register_transports(transports: Registry[Transport]) -> None:
    """Offer ways in: how a person's audio and text reach the pipeline.

    Called once, in processes that never import Pipecat too: a transport imports it in `build`. Failures are treated as
    those of `register_tools`.

    Example:
        @hookimpl
        def register_transports(transports: Registry[Transport]) -> None:
            transports.add(Telephone())
    """


@hookspec
def register_services(services: Registry[Service]) -> None:
    """Offer what a stack may name: listening, a model, a voice, a turn detector, a router.

    Called once, wherever stacks are read or checked. A record names its builder as `module:function`, so that nothing
    heavy is imported here. Failures are treated as those of `register_tools`.

    Example:
        @hookimpl
        def register_services(services: Registry[Service]) -> None:
            services.add(Service(kind="tts", name="parrot", build="parrot.pipecat:build", extra="parrot"))
    """


@hookspec
def register_slot_types(slot_types: Registry[SlotType]) -> None:
    """Offer types that a flow's slots may have.

    Called once, before the first flow is read. Failures are treated as those of `register_tools`.

    Example:
        @hookimpl
        def register_slot_types(slot_types: Registry[SlotType]) -> None:
            slot_types.add(NumberPlate())
    """


@hookspec
def register_commands(commands: Registry[Command]) -> None:
    """Offer words after `convo` on the command line.

    Called once, when the command line is asked for a word that is not built in, or for its help. A record names its
    function as `module:function`. Failures are treated as those of `register_tools`.

    Example:
        @hookimpl
        def register_commands(commands: Registry[Command]) -> None:
            commands.add(Command(name="restock", run="shop.cli:restock", help="Fill the shelves."))
    """


@hookspec
def register_launchers(launchers: Registry[Launcher]) -> None:
    """Offer places where runners can be started: this machine, a cluster, somebody's cloud.

    Called once, when the host is loaded, in the operator and wherever plugins are listed; the operator opens the one
    launcher that it was told to use. Registering must cost nothing: a launcher imports its SDK and reads its settings
    in `open`. Failures are treated as those of `register_tools`.

    Example:
        @hookimpl
        def register_launchers(launchers: Registry[Launcher]) -> None:
            launchers.add(NomadLauncher())
    """


@hookspec
def register_bridges(bridges: Registry[Bridge]) -> None:
    """Offer what runs beside a gateway and lets another system's queues and channels reach the fleet.

    Called once, when the host is loaded. A gateway runs the bridges that `CONVO_BRIDGES` names and no others; one that
    raises is named in the log and started again, later each time, and the gateway goes on. Registering must cost
    nothing. Failures are treated as those of `register_tools`.

    Example:
        @hookimpl
        def register_bridges(bridges: Registry[Bridge]) -> None:
            bridges.add(PagerBridge())
    """


@hookspec
def register_switchboards(switchboards: Registry[Switchboard]) -> None:
    """Offer ways to put a person through to somebody else, by telephone or into another room.

    Called once, when the host is loaded. Sessions use the one that `CONVO_SWITCHBOARD` names, whenever a flow or an
    operator hands somebody over; without one every transfer is the outcome `error`. Registering must cost nothing: a
    switchboard imports its SDK in `connect`. Failures are treated as those of `register_tools`.

    Example:
        @hookimpl
        def register_switchboards(switchboards: Registry[Switchboard]) -> None:
            switchboards.add(SipSwitchboard())
    """


@hookspec
def register_routes(routes: Registry[Route]) -> None:
    """Offer further paths of the gateway, such as the webhook of a service or the routes of an older system.

    Called once, when the host is loaded, in the gateway and wherever plugins are listed. Each path lies below
    `/plugins/<plugin>/` and needs a key with the scope that the record names, `admin` if it names none; `public` is for
    webhooks, and then `verify` names the function that checks the signature. Failures are treated as those of
    `register_tools`.

    Example:
        @hookimpl
        def register_routes(routes: Registry[Route]) -> None:
            routes.add(Route(path="/calls", endpoint="phones.calls:ring", scope="join"))
    """


# --- Once per session ------------------------------------------------------------------------------------------------


@hookspec
def register_resources(resources: Registry[Resource[Any]]) -> None:
    """Declare what is opened for each session and closed after it: a store, a connection, a client.

    Called once, when the host is loaded; the resources themselves are opened at the start of each session that uses the
    plugin, one after another in the order of the plugins, and closed in reverse, each under its own deadline. One that
    fails to open is reported and the plugin's tools answer `unavailable`; if `convo.yaml` requires the plugin, the
    session does not start. One that fails to close is reported; the rest are closed all the same.

    Example:
        @hookimpl
        def register_resources(resources: Registry[Resource]) -> None:
            resources.add(Resource(Store, open_store))
    """
