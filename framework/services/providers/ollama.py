"""Models on this machine or a neighbour's, served by Ollama; no key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.errors import UserError
from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry
from framework.plugins.services import Keys, Service, ServiceContext
from framework.services.providers.openai import ARGS, OURS, SETTINGS, made, routed

if TYPE_CHECKING:
    from framework.services.providers.chat import ChatService
    from framework.services.router import Router

ADDRESS = "http://localhost:11434/v1"


def keys() -> Keys:
    """What a stack may give."""
    return Keys(settings=SETTINGS, args=ARGS | OURS)


def build(context: ServiceContext) -> ChatService:
    """The model. Ollama passes `developer` messages over, so they are sent as the user's."""
    if not context.settings.get("model"):
        fix = "Write `settings: {model: …}`; `ollama list` names them."
        raise UserError("Ollama needs to be told which model", fix=fix)
    plain = {"base_url": ADDRESS, "api_key": "ollama", "developer_role": False}
    return made(context, plain | context.args)


def router(context: ServiceContext) -> Router:
    """A router that asks the model."""
    return routed(context, build)


@hookimpl
def register_services(services: Registry[Service]) -> None:
    """Offer `llm: {provider: ollama}` and `router: {provider: ollama}`."""
    services.add(
        Service(
            kind="router",
            name="ollama",
            build=f"{__name__}:router",
            keys="framework.services.providers.openai:router_keys",
            extra="runtime",
            packages=("pipecat", "openai"),
        )
    )
    services.add(
        Service(
            kind="llm",
            name="ollama",
            build=f"{__name__}:build",
            keys=f"{__name__}:keys",
            extra="runtime",
            packages=("pipecat", "openai"),
        )
    )
