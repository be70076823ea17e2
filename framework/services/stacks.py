"""Read one stack file, or say everything that is wrong with it. Never imports Pipecat.

- STK001: no plugin offers this provider
- STK002: the service takes no such key
- STK003: the service can't use this value
- STK004: a secret is not set (warning; an error at start)
- STK005: a package is not installed (warning; an error at start)
- STK006: a model is not prepared (warning; an error at start)
- STK007: a secret is written out in the file
- STK008: services that don't go together
- STK009: there is no such class
- STK010: `${` begins no variable
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from framework.documents import Diagnostic, DocumentError, Severity, read, validate
from framework.plugins.services import Keys
from framework.services.classes import keys_in_source
from framework.services.keys import misfits
from framework.services.model import ServiceRef, StackModel, TurnRef
from framework.services.secrets import BROKEN, texts, variables
from framework.services.sources import NotFoundError
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from framework.documents import Source
    from framework.plugins.host import PluginHost
    from framework.plugins.services import Kind, Service

Place = tuple[str | int, ...]


def load_stack(path: Path | str) -> tuple[StackModel, Source]:
    """The stack in a file; `DocumentError` with every problem of its structure."""
    source = read(path, mode="ours")
    model, problems = validate(source, StackModel)
    if model is None or problems:
        raise DocumentError(problems, source.texts)
    return model, source


def check_stack(
    path: Path | str,
    host: PluginHost,
    *,
    structure: bool = False,
    environment: Mapping[str, str] | None = None,
) -> list[Diagnostic]:
    """Every problem of a stack file; `structure` leaves out what only installed plugins could answer."""
    try:
        stack, source = load_stack(path)
    except DocumentError as wrong:
        return wrong.diagnostics
    found = [*_together(stack, source), *_variables(source)]
    if not structure:
        names = os.environ if environment is None else environment
        for place, kind, ref in stack.chosen():
            found += _Checked(source, host, names, place, kind, ref).problems()
    return sorted(set(found))


def find(host: PluginHost, kind: Kind, provider: str) -> Service | None:
    """The registered service of a kind by the name a stack writes."""
    name = f"{kind}.{provider}"
    return host.services.get(name) if name in host.services.names() else None


def providers(host: PluginHost, kind: Kind) -> list[str]:
    """What may stand after `provider:` at a place of the stack."""
    return sorted(name.partition(".")[2] for name in host.services.names() if name.startswith(f"{kind}."))


def absent(service: Service) -> list[str]:
    """Packages of a service that are not installed; looked for without importing them."""
    return [name for name in service.packages if importlib.util.find_spec(name) is None]


def needed(service: Service, ref: ServiceRef | TurnRef) -> dict[str, str]:
    """The secrets a service reads from the environment here: argument → variable."""
    given = ref.args if isinstance(ref, ServiceRef) else {}
    if service.open_with and service.open_with in given:
        return {}
    return {argument: name for argument, name in service.secrets.items() if argument not in given}


def _together(stack: StackModel, source: Source) -> Iterator[Diagnostic]:
    """Services that exclude or miss one another."""
    if stack.s2s:
        for kind in ("stt", "llm", "tts"):
            if getattr(stack, kind):
                yield Diagnostic(
                    source.locate_key((kind,)),
                    "STK008",
                    f"`s2s` hears, thinks and speaks by itself; `{kind}` would never be used.",
                    f"Remove `{kind}`, or `s2s`.",
                )
    elif not stack.llm:
        fix = "Add one, for example `llm: {provider: rules}`."
        yield Diagnostic(source.locate_key(("stack",)), "STK008", "this stack has no `llm`.", fix)
    for kind in ("stt", "tts"):
        if getattr(stack.fallback, kind) and not getattr(stack, kind):
            yield Diagnostic(
                source.locate_key(("fallback", kind)), "STK008", f"there is no `{kind}` that this could stand in for."
            )


def _variables(source: Source) -> Iterator[Diagnostic]:
    for place, text in texts(source.value):
        for broken in BROKEN.finditer(text):
            yield Diagnostic(
                source.locate_inside(place, broken.start()),
                "STK010",
                "`${` begins no variable here.",
                "Write `${NAME}`, with letters, digits and `_` in the name.",
            )


@dataclass(frozen=True)
class _Checked:
    """One service of a stack, and everything that may be wrong with it."""

    source: Source
    host: PluginHost
    environment: Mapping[str, str]
    place: Place
    kind: Kind
    ref: ServiceRef | TurnRef

    @cached_property
    def service(self) -> Service | None:
        """The provider's record; None for a `class` and for an unknown name."""
        return find(self.host, self.kind, self.ref.label)

    def problems(self) -> Iterator[Diagnostic]:
        """All of them, each at the key or value it is about."""
        if isinstance(self.ref, ServiceRef) and self.ref.class_:
            yield from self._class(self.ref.class_)
        elif self.service:
            yield from self._keys(self.service.known(), self.service.name)
            yield from self._secrets(self.service)
            yield from self._installed(self.service)
        else:
            yield self._unknown(self.ref.label, self._name_key)
        yield from self._others()

    @property
    def _name_key(self) -> str:
        return "stop" if isinstance(self.ref, TurnRef) else "provider"

    def _at(self, *path: str | int) -> Place:
        return (*self.place, *path)

    def _unknown(self, name: str, key: str) -> Diagnostic:
        message = f"no plugin offers a {self.kind} service `{name}`."
        fix = did_you_mean(name, providers(self.host, self.kind))
        return Diagnostic(self.source.locate(self._at(key)), "STK001", message, fix)

    def _others(self) -> Iterator[Diagnostic]:
        other = self.ref.others if isinstance(self.ref, ServiceRef) else None
        if other and not find(self.host, self.kind, other):
            yield self._unknown(other, "others")

    def _class(self, path: str) -> Iterator[Diagnostic]:
        try:
            keys = keys_in_source(path)
        except NotFoundError as absent_class:
            span = self.source.locate(self._at("class"))
            fix = absent_class.fix or "Correct the name."
            yield Diagnostic(span, "STK009", f"{absent_class.message}.", fix)
        else:
            yield from self._keys(keys, path.partition(":")[2])

    def _keys(self, keys: Keys, owner: str) -> Iterator[Diagnostic]:
        args = self.ref.args if isinstance(self.ref, ServiceRef) else {}
        for wrong in misfits(keys, self.ref.settings, args, owner):
            place = self._at(*wrong.path)
            span = self.source.locate_key(place) if wrong.unknown else self.source.locate(place)
            yield Diagnostic(span, "STK002" if wrong.unknown else "STK003", wrong.message, wrong.fix)

    def _secrets(self, service: Service) -> Iterator[Diagnostic]:
        args = self.ref.args if isinstance(self.ref, ServiceRef) else {}
        for argument, variable in service.secrets.items():
            if argument in args and not variables(args[argument]):
                span = self.source.locate(self._at("args", argument))
                message = "a secret in a file ends where the file ends: in backups, logs and version control."
                yield Diagnostic(span, "STK007", message, f"Write `${{{variable}}}`.", Severity.WARNING)
        for argument, variable in needed(service, self.ref).items():
            if not self.environment.get(variable):
                message = f"`{service.name}` needs `{variable}` as its `{argument}`."
                yield self._warning("STK004", message, f"Set `{variable}`.")
        for place, text in texts(self._given()):
            for variable in variables(text):
                if not self.environment.get(variable):
                    span = self.source.locate(self._at(*place))
                    message, fix = f"`{variable}` is not set.", f"Set `{variable}`."
                    yield Diagnostic(span, "STK004", message, fix, Severity.WARNING)

    def _given(self) -> dict[str, object]:
        args = self.ref.args if isinstance(self.ref, ServiceRef) else {}
        return {"settings": self.ref.settings, "args": args}

    def _installed(self, service: Service) -> Iterator[Diagnostic]:
        if missing := absent(service):
            listed = ", ".join(f"`{name}`" for name in missing)
            fix = f"Run `pip install 'convo-framework[{service.extra}]'`."
            yield self._warning("STK005", f"`{service.name}` needs {listed}, which is not installed.", fix)
        elif (preparation := service.preparation()) and not preparation.ready():
            fix = f"Run `convo prepare {self.source.value['stack']}`."
            yield self._warning("STK006", f"the model of `{service.name}` is not prepared.", fix)

    def _warning(self, code: str, message: str, fix: str) -> Diagnostic:
        span = self.source.locate(self._at(self._name_key))
        return Diagnostic(span, code, message, fix, Severity.WARNING)
