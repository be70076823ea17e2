"""Every exception this project raises on purpose.

FrameworkError          something went wrong that we can name
├── UserError           you can fix it: a file, an option, a setting (exit code 2)
│   ├── UnknownNameError    a name that nothing answers to; offers the nearest one
│   ├── DuplicateNameError  two owners claim one name; both are named
│   └── MissingExtraError   a package, key or model is not there; says what to install, set or fetch
├── PluginError         a plugin broke its word; names the plugin
├── StoreError          the store can't be reached, or can't take more
├── LauncherError       a runner could not be started, listed or removed
└── SessionError        one conversation failed; the process lives
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class FrameworkError(Exception):
    """A failure with a sentence for people: what, where, and what to do about it."""

    def __init__(self, message: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.fix = fix

    @property
    def sentence(self) -> str:
        """What, and what to do about it, in one line."""
        return f"{self.message}. {self.fix}" if self.fix else self.message

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"\n  {self.fix}" if self.fix else ""
        return f"{place}{self.message}{remedy}"


class UserError(FrameworkError):
    """The person who started this can fix it; printed without a traceback."""


class UnknownNameError(UserError):
    """A name that nothing answers to."""


class DuplicateNameError(UserError):
    """Two owners claim the same name; names are never replaced silently."""


class MissingExtraError(UserError):
    """A package, key or model that the chosen services need is not there."""


class PluginError(FrameworkError):
    """A plugin raised, hung or returned what its contract forbids."""


class StoreError(FrameworkError):
    """The store did not do what was asked: it is away, full, read-only or loading. Nothing is known to have changed."""

    def __init__(self, message: str, *, fix: str = "", frozen: bool = False) -> None:
        super().__init__(message, fix=fix)
        self.frozen = frozen
        """Nobody can change the store while this lasts: there is no server, or it refuses every write."""


class LauncherError(FrameworkError):
    """The place where runners are started refused or did not answer."""


class SessionError(FrameworkError):
    """One conversation could not go on."""


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Say which extra to install when an import inside the block fails."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise MissingExtraError(
            f"the package `{missing.name}` is not installed",
            fix=f"Run `pip install 'convo-framework[{extra}]'`.",
        ) from None
