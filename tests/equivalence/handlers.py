"""Functions and actions in Pipecat's shape, for both sides; what the actions saw stands in the state as `log`."""

from __future__ import annotations

import asyncio
from typing import Any

from pipecat.flows import NO_RESPONSE, TRANSITION_IN_YAML, FlowManager, flows_tool_options


async def look(flow_manager: FlowManager):
    """Look whether it is there."""
    return {"found": True}, TRANSITION_IN_YAML


async def size(flow_manager: FlowManager):
    """Find out the size."""
    return {"size": "large", "n": 3, "fits": "TRUE"}, TRANSITION_IN_YAML


async def nothing(flow_manager: FlowManager):
    """Do it and tell nothing."""
    return None, TRANSITION_IN_YAML


@flows_tool_options(cancel_on_interruption=True, timeout_secs=5)
async def order(flow_manager: FlowManager, dish: str, count: int, spicy: bool = False, extras: list[str] | None = None):
    """Order a dish.

    Args:
        dish: What to eat.
        count: How many.
        spicy: Whether it may burn.
    """
    flow_manager.state["shop"] = {"name": dish, "count": count, "spicy": spicy}
    return {"count": count, "spicy": spicy, "extras": extras}, TRANSITION_IN_YAML


async def weigh(flow_manager: FlowManager, grams: float, label: dict | None = None):
    """Weigh it.

    Args:
        grams: What the scale shows.
        label: What is printed.
    """
    flow_manager.state["who"] = grams
    return {"heavy": grams > 1, "label": label or {"none": 0}}, TRANSITION_IN_YAML


async def note(flow_manager: FlowManager, text: str = "something"):
    """Note it and stay silent.

    Args:
        text: In the caller's own words.
    """
    flow_manager.state["who"] = text
    return {"noted": text}, NO_RESPONSE


async def fails(flow_manager: FlowManager, why: Any = None):
    """Try what can't be done."""
    raise ValueError("out of order")


async def forgets(flow_manager: FlowManager):
    """Forget what a function of a configured flow must return."""
    return {"found": True}


async def write(action: dict[str, Any], flow_manager: FlowManager) -> None:
    """Write down what the action holds, and where the conversation is."""
    held = {key: value for key, value in action.items() if key != "handler"}
    flow_manager.state.setdefault("log", []).append(held)
    flow_manager.state["written"] = len(flow_manager.state["log"])


def ring(action: dict[str, Any], flow_manager: FlowManager) -> None:
    """The same without an await."""
    flow_manager.state.setdefault("log", []).append({"rung": action["tone"]})


async def old(action: dict[str, Any]) -> None:
    """A handler of the older kind, which is not given the manager."""
    assert action["type"] == "old"


async def slow(flow_manager: FlowManager):
    """Take longer than the others."""
    await asyncio.sleep(0.1)
    return {"slow": True}, TRANSITION_IN_YAML


async def empty(flow_manager: FlowManager):
    """Find nothing."""
    return [], TRANSITION_IN_YAML


async def jump(flow_manager: FlowManager):
    """Go somewhere from within."""
    await flow_manager.set_node_from_config({"name": "c", "task_messages": []})
    flow_manager.state["jumped"] = flow_manager.current_node
    return {"jumped": True}, TRANSITION_IN_YAML


async def leap(action: dict[str, Any], flow_manager: FlowManager) -> None:
    """The same from an action."""
    await flow_manager.set_node_from_config({"name": "c", "task_messages": []})


async def breaks(action: dict[str, Any], flow_manager: FlowManager) -> None:
    """Raise."""
    raise RuntimeError("the password is 1234")


async def first(action: dict[str, Any], flow_manager: FlowManager) -> None:
    """Leave a mark."""
    flow_manager.state.setdefault("log", []).append("first")


async def second(action: dict[str, Any], flow_manager: FlowManager) -> None:
    """Leave another mark."""
    flow_manager.state.setdefault("log", []).append("second")


@flows_tool_options(cancel_on_interruption=True)
async def wait_here(flow_manager: FlowManager):
    """Wait until cut off."""
    try:
        await asyncio.Event().wait()
    finally:
        flow_manager.state["cut_off"] = True
    return {}, TRANSITION_IN_YAML


@flows_tool_options(timeout_secs=0.05)
async def too_long(flow_manager: FlowManager):
    """Take longer than allowed."""
    await asyncio.Event().wait()
    return {}, TRANSITION_IN_YAML


def on_start(flow_manager: FlowManager) -> None:
    """Handle a type of action that no file names a handler for."""
    flow_manager.register_action("registered", first)


async def later(flow_manager: FlowManager):
    """Leave something running that writes into the state."""

    async def write_later() -> None:
        await asyncio.sleep(0.01)
        flow_manager.state["late"] = "at last"

    flow_manager.worker.create_task(write_later(), "later")
    return {"status": "begun"}, TRANSITION_IN_YAML
