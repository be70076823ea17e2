"""The HTTP client that a session's services share: made when one asks for it, closed with the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp


class Http:
    """Call it for the client."""

    def __init__(self) -> None:
        self._client: aiohttp.ClientSession | None = None

    def __call__(self) -> aiohttp.ClientSession:
        """The one client of this session."""
        if self._client is None:
            import aiohttp  # noqa: PLC0415 - most stacks never ask

            self._client = aiohttp.ClientSession()
        return self._client

    async def aclose(self) -> None:
        """Close the client, if there is one."""
        if self._client is not None:
            await self._client.close()
            self._client = None
