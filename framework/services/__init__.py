"""Speech, language and understanding: services chosen by name in a stack, checked before anything runs.

Names are looked up when they are asked for, so that registering a provider stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framework.services.model import ServiceRef as ServiceRef
    from framework.services.model import StackModel as StackModel
    from framework.services.resolve import Services as Services
    from framework.services.resolve import build_stack as build_stack
    from framework.services.router import Router as Router
    from framework.services.stacks import check_stack as check_stack
    from framework.services.stacks import load_stack as load_stack

HOMES = {
    "ServiceRef": "model",
    "StackModel": "model",
    "Services": "resolve",
    "build_stack": "resolve",
    "Router": "router",
    "check_stack": "stacks",
    "load_stack": "stacks",
}
"""Name → the module of this package that has it."""


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for."""
    if name not in HOMES:
        raise AttributeError(f"`framework.services` has no name `{name}`")
    return getattr(importlib.import_module(f"{__name__}.{HOMES[name]}"), name)
