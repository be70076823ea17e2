"""OpenAI's models, and any server that speaks their API: `args: {base_url: …}`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry
from framework.plugins.services import Keys, Service, ServiceContext
from framework.services.providers.tables import LLM, LLM_ARGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from framework.services.providers.chat import ChatService
    from framework.services.router import Router

SETTINGS = {**LLM, "max_completion_tokens": int | None}

ARGS = {
    **LLM_ARGS,
    "api_key": str,
    "base_url": str,
    "organization": str,
    "project": str,
    "default_headers": dict[str, str],
    "service_tier": str,
}

OURS: dict[str, Any] = {"timeout_s": float, "retries": int, "developer_role": bool}
"""How long to wait for a word, how often to try again, and whether the server knows the role `developer`."""

ROUTER: dict[str, Any] = {"within_s": float}
"""How long a router's verdict is waited for."""

HOST = "api.openai.com"


def keys() -> Keys:
    """What a stack may give."""
    return Keys(settings=SETTINGS, args=ARGS | OURS)


def build(context: ServiceContext) -> ChatService:
    """The model; another server gets no key of OpenAI's unless the stack says so, and no `developer` messages."""
    args = dict(context.args)
    if not _native(args.get("base_url")):
        args.setdefault("api_key", "none")
        args.setdefault("developer_role", False)
    return made(context, args)


def made(context: ServiceContext, args: dict[str, Any]) -> ChatService:
    """The service, from arguments of Pipecat's and of ours."""
    from framework.services.providers.chat import ChatService  # noqa: PLC0415 - Pipecat weighs

    args = args | context.secrets
    settings = ChatService.Settings(**context.settings) if context.settings else None
    return ChatService(settings=settings, **args)


def router_keys() -> Keys:
    """What a stack may give the router."""
    return Keys(settings=SETTINGS, args=ARGS | OURS | ROUTER)


def router(context: ServiceContext) -> Router:
    """A router that asks the model."""
    return routed(context, build)


def routed(context: ServiceContext, make: Callable[[ServiceContext], ChatService]) -> Router:
    """A router over a model that `make` makes; without a word of the stack's it answers as it would every time."""
    from framework.services.providers.classifying import WITHIN_S, asking  # noqa: PLC0415 - Pipecat weighs

    args = dict(context.args)
    within_s = args.pop("within_s", WITHIN_S)
    settings = {"temperature": 0.0} | context.settings
    model = make(replace(context, args={"timeout_s": within_s, "retries": 0} | args, settings=settings))
    return asking(model, within_s=within_s)


def _native(base_url: str | None) -> bool:
    return base_url is None or (urlsplit(base_url).hostname or "") == HOST


@hookimpl
def register_services(services: Registry[Service]) -> None:
    """Offer `llm: {provider: openai}` and `router: {provider: openai}`."""
    services.add(
        Service(
            kind="router",
            name="openai",
            build=f"{__name__}:router",
            keys=f"{__name__}:router_keys",
            extra="openai",
            packages=("pipecat", "openai"),
            secrets={"api_key": "OPENAI_API_KEY"},
            open_with="base_url",
        )
    )
    services.add(
        Service(
            kind="llm",
            name="openai",
            build=f"{__name__}:build",
            keys=f"{__name__}:keys",
            extra="openai",
            packages=("pipecat", "openai"),
            secrets={"api_key": "OPENAI_API_KEY"},
            open_with="base_url",
        )
    )
