"""Orders an operator or program may give a live session: say, instruct, goto, set, end."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    order_id: str = Field(default_factory=lambda: uuid.uuid4().hex, pattern=r"^[A-Za-z0-9_-]{1,64}$")


class Say(_Order):
    """Speak this text word for word."""

    kind: Literal["say"] = "say"
    text: str = Field(min_length=1, max_length=4000)


class Instruct(_Order):
    """Give the model this instruction and let it answer."""

    kind: Literal["instruct"] = "instruct"
    text: str = Field(min_length=1, max_length=4000)


class Goto(_Order):
    """Leave the present node and enter this one."""

    kind: Literal["goto"] = "goto"
    node: str = Field(min_length=1, max_length=200)


class Set(_Order):
    """Give slots values; refused as a whole when one of them is wrong."""

    kind: Literal["set"] = "set"
    slots: dict[str, Any] = Field(min_length=1)


class End(_Order):
    """End the session with this reason."""

    kind: Literal["end"] = "end"
    reason: str = Field(default="ended", min_length=1, max_length=200)


Order = Annotated[Say | Instruct | Goto | Set | End, Field(discriminator="kind")]
"""Any order; the key `kind` says which."""

ORDER: TypeAdapter[Say | Instruct | Goto | Set | End] = TypeAdapter(Order)
"""Reads an order from JSON: `ORDER.validate_python({"kind": "goto", "node": "help"})`."""
