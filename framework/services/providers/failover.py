"""Put several services in one place: the next takes over when one fails, or one is chosen while a session runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipecat.pipeline.llm_switcher import LLMSwitcher
from pipecat.pipeline.service_switcher import ServiceSwitcher, ServiceSwitcherStrategyFailover
from pipecat.utils.errors import ErrorCategory

if TYPE_CHECKING:
    from pipecat.frames.frames import ErrorFrame
    from pipecat.processors.frame_processor import FrameProcessor


class Eager(ServiceSwitcherStrategyFailover):
    """Leaves a service at its first error, not only when it is beyond repair: a caller hears every second of trying."""

    async def handle_error(self, error: ErrorFrame) -> FrameProcessor | None:
        """The next usable service; errors of the application are no fault of the service's."""
        if error.category is ErrorCategory.APPLICATION:
            return None
        here = self.services.index(self.active_service)
        for candidate in [*self.services[here + 1 :], *self.services[:here]]:
            if candidate.is_usable:
                return await self._set_active_if_available(candidate)
        return None


def switch(kind: str, services: list[Any]) -> ServiceSwitcher[Any]:
    """The services as one that is told which of them works; the first, until then."""
    return LLMSwitcher(services) if kind == "llm" else ServiceSwitcher(services)


def failover(services: list[Any]) -> ServiceSwitcher[Eager]:
    """The services as one: the first works until it fails, then the next."""
    return ServiceSwitcher(services, Eager)
