"""The functions and actions that the flows of this folder name, written as Pipecat's direct functions.

They move over unchanged: `convo chat flows/compat/delivery.yaml --handlers flows/compat/handlers.py`.
"""

from __future__ import annotations

from typing import Any

from pipecat.flows import NO_RESPONSE, TRANSITION_IN_YAML, FlowManager, flows_tool_options

PARCELS = {
    "1001": {"status": "on the way", "place": "in the van"},
    "1002": {"status": "delivered", "place": "behind the blue door"},
}
CAPITALS = {"lisbon", "madrid", "paris", "rome", "vienna", "warsaw", "helsinki", "athens"}


async def opening_hours(flow_manager: FlowManager) -> tuple[Any, Any]:
    """Say when the office is open."""
    return {"open": "eight to six, not on Sundays"}, TRANSITION_IN_YAML


@flows_tool_options(cancel_on_interruption=True, timeout_secs=5)
async def find_parcel(flow_manager: FlowManager, number: str) -> tuple[Any, Any]:
    """Look up a parcel by its number.

    Args:
        number: The number printed on the receipt, four digits.
    """
    found = PARCELS.get(number.strip(), {"status": "unknown", "place": ""})
    flow_manager.state["parcel"] = {"number": number, **found}
    return {"number": number, **found}, TRANSITION_IN_YAML


async def check_postcode(flow_manager: FlowManager, postcode: str) -> tuple[Any, Any]:
    """Tell whether a postcode is served.

    Args:
        postcode: Five digits.
    """
    return {"served": postcode.startswith("1")}, TRANSITION_IN_YAML


async def leave_with_neighbour(flow_manager: FlowManager, neighbour: str) -> tuple[Any, Any]:
    """Leave the parcel with a neighbour.

    Args:
        neighbour: The neighbour's name.
    """
    flow_manager.state["parcel"]["place"] = f"with {neighbour}"
    return {"status": "agreed"}, TRANSITION_IN_YAML


async def note_favourite(flow_manager: FlowManager, favourite: str) -> tuple[Any, Any]:
    """Note what the visitor liked best.

    Args:
        favourite: In the visitor's own words.
    """
    flow_manager.state["favourite"] = favourite
    return {"noted": favourite}, TRANSITION_IN_YAML


async def note_rating(flow_manager: FlowManager, rating: int) -> tuple[Any, Any]:
    """Note the rating.

    Args:
        rating: From one, poor, to five, excellent.
    """
    flow_manager.state["rating"] = rating
    return {"rating": rating}, TRANSITION_IN_YAML


async def set_alarm(flow_manager: FlowManager, time: str, room: int = 0) -> tuple[Any, Any]:
    """Have a guest woken.

    Args:
        time: When, as hours and minutes.
        room: The room's number, if the guest says it.
    """
    flow_manager.state["request"] = f"a call at {time}"
    return {"time": time, "room": room}, TRANSITION_IN_YAML


async def order_food(flow_manager: FlowManager, dishes: list[str]) -> tuple[Any, Any]:
    """Order something from the kitchen.

    Args:
        dishes: What the guest would like.
    """
    flow_manager.state["request"] = " and ".join(dishes)
    return {"dishes": dishes}, TRANSITION_IN_YAML


async def hum(flow_manager: FlowManager) -> tuple[Any, Any]:
    """Note that the guest is thinking, and wait."""
    return {"noted": True}, NO_RESPONSE


async def answer(flow_manager: FlowManager, capital: str) -> tuple[Any, Any]:
    """Judge the player's answer.

    Args:
        capital: The city that the player named.
    """
    flow_manager.state["answer"] = capital
    return {"right": capital.strip().lower() in CAPITALS}, TRANSITION_IN_YAML


async def open_case(action: dict[str, Any], flow_manager: FlowManager) -> None:
    """Begin a case for the desk that the action names."""
    flow_manager.state["case"] = {"desk": action["desk"], "tags": action["tags"], "open": True}


async def start_clock(action: dict[str, Any], flow_manager: FlowManager) -> None:
    """Count the times that the guest was answered."""
    flow_manager.state["answered"] = flow_manager.state.get("answered", 0) + 1


async def close_case(action: dict[str, Any], flow_manager: FlowManager) -> None:
    """Close the case with the result that the action names."""
    flow_manager.state["case"] = {**flow_manager.state.get("case", {}), "open": False, "result": action["result"]}
