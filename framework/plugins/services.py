"""What a service is: the record a plugin registers, and what its builder is handed for one session.

Registering costs nothing: `build`, `keys` and `prepare` are written `module:function` and imported when called for,
so that a provider's record can be read where neither Pipecat nor the vendor's package is installed.

Example:
    @hookimpl
    def register_services(services):
        services.add(
            Service(
                kind="tts",
                name="parrot",
                build="parrot.pipecat:build",
                keys="parrot.keys:keys",
                extra="parrot",
                secrets={"api_key": "PARROT_API_KEY"},
            )
        )
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from framework.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from framework.engine.effects import Expectation
    from framework.services.router import Router

Kind = Literal["stt", "llm", "tts", "s2s", "vad", "turn", "router"]
"""The places of a stack."""

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Every key that a stack may write under a service's `settings` and `args`, with the type of its value.

    Types are ordinary annotations (`str`, `float | None`, a pydantic model); `Any` takes everything.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    """What may change while a session runs: model, temperature, speed."""
    args: Mapping[str, Any] = field(default_factory=dict)
    """What is fixed when the service is made: addresses, paths, switches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One provider for one place of a stack."""

    kind: Kind
    name: str
    """As registered: `llm.openai`. The kind is put in front of what a stack writes after `provider:` (`openai`)."""
    build: str
    """`module:function`; the function gets a `ServiceContext` and returns the Pipecat service (or the router)."""
    extra: str = ""
    """The extra of this project to install when the builder's imports fail."""
    packages: tuple[str, ...] = ()
    """Importable names that `extra` brings; looked for, not imported, when a stack is checked."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Argument → environment variable that it is read from when the stack doesn't give it."""
    open_with: str = ""
    """The argument that makes the secrets optional, and keeps them from being sent there: another `base_url`."""
    languages: tuple[str, ...] | None = None
    """Languages it can hear or speak; None is all of them. For any other the stack's `others` stands in."""
    others: str = ""
    """The provider of the same kind that serves the remaining languages, unless the stack names one."""
    prepare: str | None = None
    """`module:function` returning the `Preparation` of what the service loads; None when there is nothing to make."""
    keys: str | None = None
    """`module:function` returning `Keys`; None when the service takes no keys at all."""

    def __post_init__(self) -> None:
        """Put the kind in front of the name: `openai` may be a model, a voice and a listener."""
        if self.kind not in KINDS:
            raise PluginError(f"`{self.kind}` is no kind of service", fix=f"Kinds are {', '.join(KINDS)}.")
        prefix = f"{self.kind}."
        if not self.name.startswith(prefix):
            object.__setattr__(self, "name", prefix + self.name)

    @property
    def provider(self) -> str:
        """The name that a stack writes after `provider:`."""
        return self.name.partition(".")[2]

    def builder(self) -> Callable[[ServiceContext], Any]:
        """The function that makes the service; imports whatever it needs."""
        build: Callable[[ServiceContext], Any] = _named(self.build)
        return build

    def known(self) -> Keys:
        """The keys a stack may give this service."""
        keys: Keys = _named(self.keys)() if self.keys else Keys()
        return keys

    def preparation(self) -> Preparation | None:
        """What has to be made before the service can start, if anything."""
        preparation: Preparation | None = _named(self.prepare)() if self.prepare else None
        return preparation


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceContext:
    """What a builder gets to make one service of one session."""

    settings: dict[str, Any] = field(default_factory=dict)
    """Checked and coerced; `args` too."""
    args: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    """Argument → value, for every secret the record names and the session has."""
    voice: str | None = None
    """The personality's voice for this provider."""
    language: str = "en"
    pace: float = 1.0
    """How fast the personality speaks; 1 is the voice's own."""
    sample_rate: int | None = None
    """Of the audio that the transport carries; None leaves it to the pipeline."""
    expects: Callable[[], Expectation] | None = None
    """Asked at the moment of decoding: what does the present node listen for?"""
    router: Router | None = None
    """The stack's router, for services that understand by it."""
    http: Callable[[], Any] | None = None
    """The session's aiohttp client, made at the first call and closed with the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Files that a service loads and `convo prepare` makes once, into a cache."""

    ready: Callable[[], bool]
    """Whether they are there; cheap, and imports nothing heavy."""
    make: Callable[[Callable[[float], None]], None]
    """Makes them; reports its progress from 0 to 1."""


def _named(path: str) -> Any:
    """The object that `module:name` stands for."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
