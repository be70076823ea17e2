"""Turn a stack into the services of one session, or say in one sentence what has to be set, installed or prepared."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from framework.errors import FrameworkError, MissingExtraError, PluginError, UnknownNameError, UserError
from framework.plugins.services import Keys, ServiceContext
from framework.services.classes import keys_in_source, keys_of
from framework.services.http import Http
from framework.services.keys import coerced, misfits
from framework.services.model import ServiceRef, StackModel, TurnRef
from framework.services.secrets import filled, missing, variables
from framework.services.stacks import absent, find, needed, providers
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from framework.engine.effects import Expectation
    from framework.personalities.model import Personality
    from framework.plugins.host import PluginHost
    from framework.plugins.services import Kind, Service
    from framework.services.router import Router

Ref = ServiceRef | TurnRef


@dataclass(kw_only=True)
class Services:
    """What one session hears, thinks and speaks with; places that its channel doesn't use are None."""

    stt: Any = None
    llm: Any = None
    tts: Any = None
    s2s: Any = None
    vad: Any = None
    turn: Any = None
    router: Router | None = None
    http: Http = field(default_factory=Http)

    async def aclose(self) -> None:
        """Close what the services shared; Pipecat closes the services themselves."""
        await self.http.aclose()


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a session wants of its services, whatever they are."""

    language: str = "en"
    voices: Mapping[str, str] = field(default_factory=dict)
    pace: float = 1.0
    sample_rate: int | None = None
    expects: Callable[[], Expectation] | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


def build_stack(
    stack: StackModel,
    host: PluginHost,
    *,
    personality: Personality | None = None,
    language: str = "en",
    channel: str = "voice",
    sample_rate: int | None = None,
    expects: Callable[[], Expectation] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Services:
    """The services of one session; called inside its event loop, since Pipecat's services want one."""
    wishes = Wishes(
        language=language,
        voices=dict(personality.voices) if personality else {},
        pace=personality.pace if personality else 1.0,
        sample_rate=sample_rate,
        expects=expects,
        environment=os.environ if environment is None else environment,
    )
    return Factory(stack, host, wishes).services(channel)


class Factory:
    """Makes the services of one stack for one session."""

    def __init__(self, stack: StackModel, host: PluginHost, wishes: Wishes, *, made: Services | None = None) -> None:
        self.stack = stack
        self.host = host
        self.wishes = wishes
        self.made = made or Services()

    def services(self, channel: str) -> Services:
        """All that the channel needs: text has neither ears nor voice."""
        made, stack = self.made, self.stack
        made.router = self._one("router", stack.router)
        if stack.s2s and channel == "voice":
            made.s2s = self._one("s2s", stack.s2s)
        else:
            made.llm = self._one("llm", self._required("llm", stack.llm))
        if channel == "voice":
            made.vad, made.turn = self._one("vad", stack.vad), self._one("turn", stack.turn)
            if not stack.s2s:
                made.stt = self._with_spare("stt", self._required("stt", stack.stt), stack.fallback.stt)
                made.tts = self._with_spare("tts", self._required("tts", stack.tts), stack.fallback.tts)
        return made

    def provider(self, kind: Kind) -> tuple[str, bool]:
        """Who serves a place in the wished language, and whether the language is a setting of theirs."""
        ref = self._required(kind, getattr(self.stack, kind))
        if ref.class_:
            return ref.class_, "language" in keys_in_source(ref.class_).settings
        service = self._speaking(kind, ref, self._found(kind, ref.label))
        return service.provider, service.languages is None

    def one(self, kind: Kind) -> Any:
        """A service for one place of the stack."""
        return self._one(kind, self._required(kind, getattr(self.stack, kind)))

    def _required(self, kind: Kind, ref: ServiceRef | None) -> ServiceRef:
        if ref is None:
            fix = f"Add `{kind}:` to the stack `{self.stack.stack}`, or choose another stack."
            raise UserError(f"the stack `{self.stack.stack}` has no `{kind}`", fix=fix)
        return ref

    def _with_spare(self, kind: Kind, ref: ServiceRef, spare: ServiceRef | None) -> Any:
        """The service, behind a switch when another one takes over on failure."""
        first = self._one(kind, ref)
        if spare is None:
            return first
        from framework.services.providers.failover import failover  # noqa: PLC0415 - imports Pipecat

        return failover([first, self._one(kind, spare)])

    def _one(self, kind: Kind, ref: Ref | None) -> Any:
        if ref is None:
            return None
        if isinstance(ref, ServiceRef) and ref.class_:
            return self._from_class(kind, ref, ref.class_)
        service = self._speaking(kind, ref, self._found(kind, ref.label))
        if service.provider != ref.label:
            ref = ServiceRef(provider=service.provider)
        return self._from_provider(service, ref)

    def _found(self, kind: Kind, name: str) -> Service:
        if service := find(self.host, kind, name):
            return service
        fix = did_you_mean(name, providers(self.host, kind))
        raise UnknownNameError(f"no plugin offers a {kind} service `{name}`", where=self._where(kind), fix=fix)

    def _speaking(self, kind: Kind, ref: Ref, service: Service) -> Service:
        """The service, or the one that stands in for the session's language."""
        language = self.wishes.language.partition("-")[0]
        if service.languages is None or language in service.languages:
            return service
        other = (ref.others if isinstance(ref, ServiceRef) else None) or service.others
        if other:
            return self._found(kind, other)
        known = ", ".join(f"`{name}`" for name in service.languages)
        raise UserError(
            f"`{service.name}` doesn't know the language `{language}`, only {known}",
            where=self._where(kind),
            fix="Choose another stack, or give this service `others:` for the remaining languages.",
        )

    def _from_provider(self, service: Service, ref: Ref) -> Any:
        where = self._where(service.kind)
        self._ready(service, where)
        settings, args = self._given(service.known(), ref, service.name, where)
        secrets = self._secrets(service, ref, where)
        context = ServiceContext(
            settings=settings,
            args=args,
            secrets=secrets,
            voice=self.wishes.voices.get(service.provider),
            language=self.wishes.language,
            pace=self.wishes.pace,
            sample_rate=self.wishes.sample_rate,
            expects=self.wishes.expects,
            router=self.made.router,
            http=self.made.http,
        )
        hidden = [*secrets.values(), *_filled_in(ref, self.wishes.environment)]
        return _made(lambda: service.builder()(context), service.name, service.extra, where, hidden)

    def _ready(self, service: Service, where: str) -> None:
        """Packages installed, models prepared: asked before Pipecat logs a complaint of its own."""
        if gone := absent(service):
            fix = f"Run `pip install 'convo-framework[{service.extra}]'`."
            raise MissingExtraError(f"the package `{gone[0]}` is not installed", where=where, fix=fix)
        preparation = service.preparation()
        if preparation and not preparation.ready():
            fix = f"Run `convo prepare {self.stack.stack}`."
            raise MissingExtraError(f"the model of `{service.name}` is not prepared", where=where, fix=fix)

    def _secrets(self, service: Service, ref: Ref, where: str) -> dict[str, str]:
        found = {}
        for argument, variable in needed(service, ref).items():
            if not self.wishes.environment.get(variable):
                raise missing(variable, where)
            found[argument] = self.wishes.environment[variable]
        return found

    def _from_class(self, kind: Kind, ref: ServiceRef, path: str) -> Any:
        """Any Pipecat class; the voice is the personality's, where the class has one."""
        where = self._where(kind)
        module, _, name = path.partition(":")
        cls = getattr(_made(lambda: importlib.import_module(module), path, "", where), name, None)
        if not isinstance(cls, type):
            raise UserError(f"the module `{module}` has no class `{name}`", where=where, fix="Correct the name.")
        keys = keys_of(cls)
        settings, args = self._given(keys, ref, name, where)
        if "voice" in keys.settings and (voice := self.wishes.voices.get(ref.label)):
            settings["voice"] = voice
        from framework.services.providers.construct import construct  # noqa: PLC0415 - imports Pipecat

        context = ServiceContext(settings=settings, args=args, http=self.made.http)
        return _made(lambda: construct(cls, context), path, "", where, _filled_in(ref, self.wishes.environment))

    def _given(self, keys: Keys, ref: Ref, owner: str, where: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the stack writes for a service: checked, secrets filled in, types as the service wants them."""
        args = ref.args if isinstance(ref, ServiceRef) else {}
        if wrong := next(misfits(keys, ref.settings, args, owner), None):
            raise UserError(wrong.message.rstrip("."), where=f"{where}.{'.'.join(map(str, wrong.path))}", fix=wrong.fix)
        environment = self.wishes.environment
        try:
            return (
                coerced(keys.settings, filled(ref.settings, environment, where)),
                coerced(keys.args, filled(args, environment, where)),
            )
        except ValueError:
            fix = "Look at the variables it is filled from; their values are not shown here."
            raise UserError(f"a value of `{owner}` has the wrong type", where=where, fix=fix) from None

    def _where(self, kind: Kind) -> str:
        return f"stack {self.stack.stack}: {kind}"


def _filled_in(ref: Ref, environment: Mapping[str, str]) -> list[str]:
    """The values that the environment gave to a service."""
    given = [ref.settings, ref.args if isinstance(ref, ServiceRef) else {}]
    return [environment[name] for name in variables(given) if environment.get(name)]


def _made(make: Callable[[], Any], name: str, extra: str, where: str, hidden: Sequence[str] = ()) -> Any:
    """What `make` makes; any failure becomes a sentence that names the service and quotes no secret."""
    try:
        return make()
    except FrameworkError:
        raise
    except ImportError as gone:
        package = getattr(gone, "name", None) or str(gone).rpartition("No module named ")[2].strip("'") or str(gone)
        fix = f"Run `pip install 'convo-framework[{extra}]'`." if extra else "Install its package."
        raise MissingExtraError(f"`{name}` needs `{package}`, which is not installed", where=where, fix=fix) from gone
    except Exception as broken:  # noqa: BLE001 - a builder of a plugin may raise anything
        told = str(broken)
        for secret in hidden:
            told = told.replace(secret, "…")
        raise PluginError(f"`{name}` could not be made: {told}", where=where) from (None if hidden else broken)
