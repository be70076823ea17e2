"""A model made of rules: good for trying, demos and tests; it is not a language model.

At an `instruct` node it takes the function whose examples, description and name are most like what the person said,
fills the arguments by their types, and asks for what is missing. It has no words of its own: it says the node's
`sample`, what it can do here, the plain contents of a tool's result, or that it did not understand. Instructions in
a node's text or from an operator are not followed; only what stands in them between quotation marks can be said.
"""

from __future__ import annotations

from framework.plugins.markers import hookimpl
from framework.plugins.registry import Registry
from framework.plugins.services import Keys, Service


def keys() -> Keys:
    """What a stack may give."""
    return Keys(settings={"floor": float, "margin": float})


@hookimpl
def register_services(services: Registry[Service]) -> None:
    """Offer `llm: {provider: rules}`."""
    services.add(
        Service(
            kind="llm",
            name="rules",
            build=f"{__name__}.service:build",
            extra="runtime",
            packages=("pipecat",),
            keys=f"{__name__}:keys",
        )
    )
