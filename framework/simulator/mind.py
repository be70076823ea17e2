"""The model of a simulated conversation: what a scenario scripts, else the rules model."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from framework.simulator.scenario import ModelStep
from framework.simulator.simulation import ModelDownError
from framework.simulator.understanding import rules
from framework.testing.driver import Driver, Model, Reply


class Mind:
    """Does what it is told for as long as it is told anything, then what another model would do."""

    def __init__(self, steps: Iterable[ModelStep] = (), otherwise: Model = rules) -> None:
        self._steps = deque(steps)
        self._otherwise = otherwise
        self.problems: list[str] = []
        """Where the conversation and the script parted."""

    def told(self, steps: Iterable[ModelStep]) -> None:
        """What to do next, before what was told earlier."""
        self._steps.extendleft(reversed(list(steps)))

    def left(self) -> int:
        """How many steps have not come to pass."""
        return len(self._steps)

    def drop(self, count: int) -> None:
        """Forget the next steps."""
        for _ in range(min(count, len(self._steps))):
            self._steps.popleft()

    def __call__(self, driver: Driver) -> Sequence[Reply]:
        """The model's answer."""
        if not self._steps:
            return self._otherwise(driver)
        step = self._steps.popleft()
        offered = [offer.name for offer in driver.offered]
        self.problems += _problems(step, _last(driver), offered)
        if step.fail is not None:
            raise ModelDownError(step.fail)
        said = [step.say] if step.say else []
        return [*said, *((name, arguments) for name, arguments in step.call.items())]


def _problems(step: ModelStep, last: str, offered: Sequence[str]) -> list[str]:
    there = ", ".join(f"`{name}`" for name in offered) or "nothing"
    missing = [*(step.offered or ()), *step.call]
    found = [f"the model should be offered `{name}`, but there is {there}" for name in missing if name not in offered]
    if step.heard is not None and step.heard.casefold() not in last.casefold():
        found.append(f"the model should have heard `{step.heard}`, but it was `{last}`")
    return found


def _last(driver: Driver) -> str:
    """The last thing that the person or a tool said to the model."""
    heard = [message for message in driver.messages if message.get("role") in {"user", "tool"}]
    return str(heard[-1].get("content", "")) if heard else ""
