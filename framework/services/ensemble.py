"""All services that a session may come to use: its stack's, and those for other languages and stacks of its flow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from framework.errors import FrameworkError

if TYPE_CHECKING:
    from framework.plugins.services import Kind
    from framework.services.model import StackModel
    from framework.services.resolve import Factory, Services
    from framework.services.router import Router

Workshop = Callable[["StackModel", str], "Factory"]
"""Makes services of a stack for a language."""


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One service, and what is known of it."""

    service: Any
    provider: str
    polyglot: bool
    """Whether it takes a language as a setting; else it has its own."""


@dataclass
class Ensemble:
    """Who serves at each place, by stack and language; and why nobody does."""

    stack: str
    """The session's own stack, by name."""
    members: dict[tuple[Kind, str, str], Member] = field(default_factory=dict)
    """Kind, stack and language → the service."""
    problems: dict[tuple[Kind, str, str], str] = field(default_factory=dict)
    """Kind, stack and language → why there is none."""
    routers: dict[str, Router | None] = field(default_factory=dict)
    """Stack → its router."""

    def find(self, kind: Kind, stack: str, language: str) -> Member | str:
        """The service for a place, or why there is none."""
        key = (kind, stack, language.partition("-")[0])
        if (member := self.members.get(key)) is not None:
            return member
        return self.problems.get(key, f"nothing was prepared for the stack `{stack}` and the language `{language}`")

    def at(self, kind: Kind) -> list[Any]:
        """All services of a kind, the session's own first."""
        return list(dict.fromkeys(member.service for (one, _, _), member in self.members.items() if one == kind))


def gather(
    made: Services,
    stack: StackModel,
    *,
    others: Mapping[str, StackModel],
    languages: Iterable[str],
    channel: str,
    workshop: Workshop,
) -> Ensemble:
    """Make what a session may come to use beside the services that it has; what can't be made is noted, not raised.

    Args:
        made: The services that the session begins with; where there are several for a place, a switch takes theirs.
        stack: The session's own stack.
        others: Name → the stacks that nodes of its flow name.
        languages: What may be spoken, the session's first.
        channel: `voice` or `text`.
        workshop: Makes a factory for a stack and a language.
    """
    ensemble = Ensemble(stack.stack, routers={stack.stack: made.router})
    short = list(dict.fromkeys(language.partition("-")[0] for language in languages))
    kinds: list[Kind] = ["llm", "stt", "tts"] if channel == "voice" else ["llm"]
    for kind in kinds:
        for one in (stack, *others.values()):
            for language in short:
                _fill(ensemble, made, (kind, one, language), stack, workshop)
        services = ensemble.at(kind)
        if len(services) > 1:
            from framework.services.providers.failover import switch  # noqa: PLC0415 - imports Pipecat

            setattr(made, kind, switch(kind, services))
    for name, one in others.items():
        ensemble.routers[name] = _router(one, workshop(one, short[0])) or made.router
    return ensemble


def _fill(
    ensemble: Ensemble, made: Services, place: tuple[Kind, StackModel, str], own: StackModel, workshop: Workshop
) -> None:
    """Find or make the service for a kind, a stack and a language."""
    kind, stack, language = place
    key = (kind, stack.stack, language)
    try:
        factory = workshop(stack, language)
        provider, polyglot = factory.provider(kind)
    except FrameworkError as wrong:
        ensemble.problems[key] = wrong.message
        return
    known = _known(ensemble, kind, stack.stack, provider)
    if known is None and not any(one == kind for one, _, _ in ensemble.members):
        known = Member(getattr(made, kind), provider, polyglot)
    elif known is None and (why := _hindrance(kind, own, stack)):
        ensemble.problems[key] = why
        return
    try:
        ensemble.members[key] = known or Member(factory.one(kind), provider, polyglot)
    except FrameworkError as wrong:
        ensemble.problems[key] = wrong.message


def _known(ensemble: Ensemble, kind: Kind, stack: str, provider: str) -> Member | None:
    """The service that another language of the stack has already."""
    there = (m for (one, name, _), m in ensemble.members.items() if (one, name, m.provider) == (kind, stack, provider))
    return next(there, None)


def _hindrance(kind: Kind, own: StackModel, other: StackModel) -> str:
    """Why a second service can't stand beside the session's own, if it can't."""
    if own.s2s or other.s2s:
        return "a model that hears and speaks by itself can't be changed during a call"
    if getattr(own.fallback, kind, None) is not None:
        return f"the stack `{own.stack}` has a fallback for its `{kind}` and keeps to it"
    return ""


def _router(stack: StackModel, factory: Factory) -> Router | None:
    try:
        router: Router | None = factory.one("router") if stack.router is not None else None
    except FrameworkError:
        return None  # the session's own decides
    return router
