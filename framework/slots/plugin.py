"""The slot types in the box, registered like those of any plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.plugins.markers import hookimpl
from framework.slots import BUILT_IN

if TYPE_CHECKING:
    from framework.plugins.registry import Registry
    from framework.slots.base import SlotType


@hookimpl
def register_slot_types(slot_types: Registry[SlotType]) -> None:
    """Offer the types in the box."""
    for slot_type in BUILT_IN:
        slot_types.add(slot_type)
