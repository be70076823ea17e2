"""Which route wants which scope, as a table; what is not in it is closed."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from framework.errors import DuplicateNameError, UserError
from framework.web.credentials import SCOPES, Scope

PUBLIC: Final = "public"
"""The scope of a route without a credential: it shows nothing, or checks a signature or a sign-in form by itself."""

ANYONE: tuple[Scope, ...] = SCOPES
"""Whoever has a credential."""

WEBSOCKET: Final = "WS"
BODY_LIMIT = 1024 * 1024
"""Longest body, in bytes, where a rule says nothing else."""

_PLACE = re.compile(r"\{(\w+)(:path)?\}")


@dataclass(frozen=True)
class Rule:
    """Who may use a route."""

    method: str
    """`GET` (and with it `HEAD`), `POST`, …, or `WS` for a WebSocket."""
    path: str
    """As FastAPI writes it: `/sessions/{session_id}`, `/sessions/{session_id}/{rest:path}`."""
    needs: Scope | Literal["public"] | tuple[Scope, ...]
    """One of these scopes suffices."""
    body_limit: int = BODY_LIMIT

    def __post_init__(self) -> None:
        if self.needs != PUBLIC and not (self.scopes and set(self.scopes) <= set(SCOPES)):
            raise UserError(
                f"the rule for `{self.method} {self.path}` needs `{self.needs}`",
                fix=f"Take one of {', '.join(SCOPES)}, or `{PUBLIC}`.",
            )

    @property
    def public(self) -> bool:
        """Whether it needs no credential."""
        return self.needs == PUBLIC

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes of which one is needed."""
        return (self.needs,) if isinstance(self.needs, str) else self.needs


class Policy:
    """Rules, by method and path. An exact path comes before a pattern, a pattern before one that takes all the rest.

    So a route that a plugin adds below `/sessions/{id}/` is under its own rule, not under the one of signalling.
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._exact: dict[tuple[str, str], Rule] = {}
        self._patterns: list[tuple[re.Pattern[str], Rule]] = []
        for rule in rules:
            self.add(rule)

    def add(self, rule: Rule) -> None:
        """Open one more route; never one that is open already."""
        if any(known.method == rule.method and known.path == rule.path for known in self.rules):
            raise DuplicateNameError(f"there are two rules for `{rule.method} {rule.path}`", fix="Remove one.")
        if "{" in rule.path:
            self._patterns.append((_pattern(rule.path), rule))
            self._patterns.sort(key=lambda known: ":path}" in known[1].path)
        else:
            self._exact[rule.method, rule.path] = rule

    @property
    def rules(self) -> list[Rule]:
        """All rules."""
        return [*self._exact.values(), *(rule for _, rule in self._patterns)]

    def find(self, method: str, path: str) -> Rule | None:
        """The rule of a request; `None`: nobody may."""
        method = "GET" if method == "HEAD" else method
        if rule := self._exact.get((method, path)):
            return rule
        return next(
            (rule for pattern, rule in self._patterns if rule.method == method and pattern.fullmatch(path)), None
        )

    def methods(self, path: str) -> list[str]:
        """The methods that a path has, for a request with another one."""
        found = {method for method, exact in self._exact if exact == path}
        found |= {rule.method for pattern, rule in self._patterns if pattern.fullmatch(path)}
        return sorted(found - {WEBSOCKET})


def _pattern(path: str) -> re.Pattern[str]:
    """A path with places as a regular expression; a place is one segment, with `:path` all the rest."""
    parts, end = [], 0
    for place in _PLACE.finditer(path):
        parts += [re.escape(path[end : place.start()]), ".+" if place[2] else "[^/]+"]
        end = place.end()
    return re.compile("".join([*parts, re.escape(path[end:])]), re.DOTALL)


def is_sound(path: str) -> bool:
    r"""Whether a path means the same to everyone who reads it: no dots to climb, nothing hidden, nothing doubled.

    >>> [is_sound(path) for path in ("/", "/sessions/a/", "/sessions/../admin", "//admin", "/a\\b", "/%2e%2e/x")]
    [True, True, False, False, False, False]
    """
    return _is_sound(path) if len(path) > _REMEMBERED else _was_sound(path)


def _is_sound(path: str) -> bool:
    if not path.startswith("/") or not path.isprintable() or any(character in path for character in "\\%;"):
        return False
    return not any(segment in ("", ".", "..") for segment in path[1:].rstrip("/").split("/")) or path == "/"


_REMEMBERED = 200
_was_sound = functools.lru_cache(maxsize=512)(_is_sound)


POLICY: tuple[Rule, ...] = (
    Rule("GET", "/health", PUBLIC),
    Rule("GET", "/ready", PUBLIC),
    # Signed by whoever sends them: `framework.web.webhooks`.
    Rule("POST", "/daily/webhook", PUBLIC),
    Rule("POST", "/livekit/webhook", PUBLIC),
    # Checks the key in its form.
    Rule("POST", "/login", PUBLIC, body_limit=4096),
    Rule("POST", "/logout", ANYONE),
    Rule("POST", "/tickets", ANYONE, body_limit=4096),
    Rule("GET", "/", ANYONE),
    Rule("GET", "/page/{name}", ANYONE),
    Rule("GET", "/docs", ANYONE),
    Rule("GET", "/openapi.json", ANYONE),
    Rule("GET", "/bots", ANYONE),
    Rule("GET", "/bots/{name}/graph", ANYONE),
    Rule("POST", "/join", "join"),
    Rule("POST", "/start", "join"),
    Rule("GET", "/sessions", "read"),
    Rule("GET", "/sessions/{session_id}", ("join", "read", "admin")),
    Rule("POST", "/sessions/{session_id}/leave", ("join", "admin")),
    Rule("POST", "/sessions/{session_id}/orders", "admin"),
    Rule("POST", "/admin", "admin"),
    Rule("GET", "/admin/{order_id}", "admin"),
    Rule("GET", "/events", "read"),
    Rule("WS", "/ws/events", "read"),
    Rule("GET", "/metrics", "read"),
    Rule("GET", "/stats", "read"),
    Rule("WS", "/ws-client", "join"),
    # Signalling and media of a session, passed on to its runner.
    *(
        Rule(method, "/sessions/{session_id}/{rest:path}", "join")
        for method in ("GET", "POST", "PATCH", "PUT", "DELETE")
    ),
    Rule("WS", "/sessions/{session_id}/{rest:path}", "join"),
)
"""The gateway's routes. Plugins' routes are added with the scope that they name; without one they stay closed."""
