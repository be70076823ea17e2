"""Typed variables of a conversation: one module per type; each hears, checks, reads back and speaks."""

from __future__ import annotations

from framework.slots.base import SlotType
from framework.slots.boolean import Boolean
from framework.slots.date import DateType
from framework.slots.datetime import DateTimeType
from framework.slots.digits import Digits
from framework.slots.duration import Duration
from framework.slots.email import Email
from framework.slots.enum import Enum
from framework.slots.integer import Integer
from framework.slots.list import ListType
from framework.slots.money import Money
from framework.slots.number import NumberType
from framework.slots.object import ObjectType
from framework.slots.person import PersonName
from framework.slots.phone import Phone
from framework.slots.postal import PostalCode
from framework.slots.text import Text
from framework.slots.time import TimeType

BUILT_IN: tuple[SlotType, ...] = (
    Text(),
    PersonName(),
    Integer(),
    NumberType(),
    Boolean(),
    Enum(),
    DateType(),
    TimeType(),
    DateTimeType(),
    Duration(),
    Money(),
    Phone(),
    PostalCode(),
    Email(),
    Digits(),
    ListType(),
    ObjectType(),
)
"""The types in the box, in the order of the language reference."""

__all__ = ["BUILT_IN", "SlotType"]
