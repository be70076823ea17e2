"""Say a session's checkpoints to the supervisor: only the last one, bounded in size, and never where it would wait."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable

from loguru import logger
from pydantic import BaseModel

from framework.errors import UserError
from framework.processes.messages import Kept
from framework.sessions.checkpoints import Checkpoint, packed, unpacked
from framework.sessions.spec import SessionSpec

LATER_S = 0.1
"""How long steps are gathered: those of one moment make one checkpoint."""
BUSY_S = 0.5
"""Until the next attempt where the supervisor has not read what it was told before."""
LONGEST = 100_000
"""Characters of a packed checkpoint: as many as a socket takes that is nearly empty. A longer one is not kept."""


class Keeper:
    """The checkpoints of one session; a `framework.sessions.checkpoints.Checkpoints`."""

    def __init__(
        self, session: str, control: socket.socket, say: Callable[[BaseModel], None], *, secrets: bool
    ) -> None:
        self.secrets = secrets
        self._session = session
        self._control = control
        self._say = say
        self._last: Checkpoint | None = None
        self._later: asyncio.TimerHandle | None = None
        self._told = False
        """Whether the supervisor has one."""

    def keep(self, checkpoint: Checkpoint) -> None:
        """Say this one soon, unless another one comes before."""
        self._last = checkpoint
        self._arm(LATER_S)

    def drop(self) -> None:
        """Nothing is to be gone on with any more."""
        self.close()
        if self._told:
            self._told = False
            self._say(Kept(session=self._session, checkpoint=""))

    def close(self) -> None:
        """Say nothing more."""
        self._last = None
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _arm(self, seconds: float) -> None:
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(seconds, self._send)

    def _send(self) -> None:
        self._later = None
        if self._last is None:
            return
        if not _free(self._control):
            self._arm(BUSY_S)
            return
        # Whoever goes on has the session's specification anew; the room's token is of this process only.
        checkpoint = self._last.model_copy(update={"spec": SessionSpec(session_id=self._session)})
        text = packed(checkpoint)
        if len(text) > LONGEST:
            logger.warning("a session's state is too large to be kept", session=self._session, characters=len(text))
            self.drop()  # an old one would go on from where nobody is any more
            return
        self._last, self._told = None, True
        self._say(Kept(session=self._session, checkpoint=text))


def _free(control: socket.socket) -> bool:
    """Whether the socket has room; the kernel says so while no more than a quarter of it is taken."""
    look = select.poll()
    look.register(control, select.POLLOUT)
    return bool(look.poll(0))


def left_off(text: str) -> Checkpoint | None:
    """Where an earlier process left off; a text that can't be read is none, and the session begins anew."""
    if not text:
        return None
    try:
        return unpacked(text)
    except UserError as wrong:
        logger.warning("the session begins anew", why=wrong.message)
        return None
