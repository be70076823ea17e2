"""Typed variables of a conversation: one module per type; each hears, checks, reads back and speaks."""

from __future__ import annotations

from framework.slots.base import SlotType
from framework.slots.boolean import Boolean
from framework.slots.date import DateType
from framework.slots.enum import Enum
from framework.slots.integer import Integer
from framework.slots.number import NumberType
from framework.slots.person import PersonName
from framework.slots.text import Text

BUILT_IN: tuple[SlotType, ...] = (Text(), PersonName(), Integer(), NumberType(), Boolean(), Enum(), DateType())
"""The types in the box, in the order of the language reference."""

__all__ = ["BUILT_IN", "SlotType"]
