"""Try things that may fail: a deadline for each, trouble logged when it begins and when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from loguru import logger

from framework.errors import FrameworkError

Answer = TypeVar("Answer")


class Attempts:
    """What does not work at present, by what was tried. One cause of several troubles is logged once."""

    def __init__(self) -> None:
        self.troubles: dict[str, str] = {}

    async def make(
        self, what: str, work: Awaitable[Answer], within_s: float, *, fatal: type[Exception] | tuple[()] = ()
    ) -> Answer | None:
        """What it answers; `None` where it failed or took too long. A `fatal` error is passed on."""
        try:
            async with asyncio.timeout(within_s):
                answer = await work
        except fatal:
            raise
        except FrameworkError as error:
            self._bad(what, error.sentence)
        except TimeoutError:
            self._bad(what, f"the {what} took longer than {within_s:g} s")
        except Exception as error:  # noqa: BLE001 - whatever a launcher of somebody's raises, work goes on
            if what not in self.troubles:
                logger.opt(exception=error).error("something failed in a way that nobody foresaw")
            self._bad(what, f"the {what} failed with {type(error).__name__}")
        else:
            why = self.troubles.pop(what, "")
            if why and why not in self.troubles.values():
                logger.bind(what=what).info("it works again")
            return answer
        return None

    async def succeed(
        self, what: str, work: Awaitable[None], within_s: float, *, fatal: type[Exception] | tuple[()] = ()
    ) -> bool:
        """Whether work that answers nothing succeeded."""
        return await self.make(what, _done(work), within_s, fatal=fatal) or False

    def _bad(self, what: str, why: str) -> None:
        known = why in self.troubles.values()
        self.troubles[what] = why
        if not known:
            logger.bind(what=what, why=why).warning("something does not work; it is tried again")


async def _done(work: Awaitable[None]) -> bool:
    await work
    return True
