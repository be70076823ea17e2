"""What the environment says about the control plane: the store, its limits, and how an operator works.

Gateway, runner and operator read it here, so that a name means the same in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from framework.control.records import Limits
from framework.errors import UserError

if TYPE_CHECKING:
    from framework.control.store import Store

Environment = Mapping[str, str]

DEFAULT_URL = "redis://localhost:6379/0"
"""Where Redis is asked for and no address is given."""
STALE_S = 5.0
STALE_HITS = 2
"""The old names' defaults: together they are the lease of `Limits`."""
OWN = "CONVO_LIMITS_"
"""`CONVO_LIMITS_LEASE_MS` and so on: every field of `Limits`; they win over the old names."""

SECOND = 1000
SHORT_SESSION_MS = 10_000
LONG_START_MS = 3_600_000

_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", re.ASCII)
_BUILD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)
_GONE = {
    "BOT_HEARTBEAT_DIR": "a runner keeps its lease in the store; see BOT_HEARTBEAT_STALE_SECS and `convo top`",
    "BOT_ADMIN_MESSAGE_DIR": "orders are given by POST /admin or `convo admin`",
}


def limits_from(environment: Environment) -> Limits:
    """The deadlines and caps that every process of an environment passes to the store.

    >>> limits_from({"MAX_BOTS": "7", "SESSION_TIMEOUT": "60000"}).max_live
    7
    """
    values: dict[str, int] = {}
    if _has(environment, "MAX_BOTS"):
        values["max_live"] = whole(environment, "MAX_BOTS", 50)
    if _has(environment, "SESSION_TIMEOUT"):
        values["session_ms"] = whole(environment, "SESSION_TIMEOUT", 1_800_000, unit="milliseconds", least=100)
    if _has(environment, "BOT_STARTUP_TIMEOUT"):
        values["start_ms"] = int(seconds(environment, "BOT_STARTUP_TIMEOUT", 30) * SECOND)
    if _has(environment, "BOT_HEARTBEAT_STALE_SECS") or _has(environment, "BOT_ZOMBIE_REQUIRED_STALE_HITS"):
        stale_s = seconds(environment, "BOT_HEARTBEAT_STALE_SECS", STALE_S)
        hits = whole(environment, "BOT_ZOMBIE_REQUIRED_STALE_HITS", STALE_HITS, least=1)
        values["lease_ms"] = int(stale_s * hits * SECOND)
    for name in Limits.model_fields:
        if _has(environment, OWN + name.upper()):
            values[name] = whole(environment, OWN + name.upper(), Limits.model_fields[name].default)
    try:
        return Limits(**values)
    except ValidationError as error:
        raise _of_limits(error, environment) from None


def environment_from(environment: Environment) -> str:
    """The name that separates one installation from another in the same store (`CONVO_ENV`)."""
    return _named(environment, "CONVO_ENV", "dev", _ENVIRONMENT, "letters, digits and `_ . -`")


def build_from(environment: Environment) -> str:
    """Which build of the project this process belongs to (`CONVO_BUILD`): sessions go to runners of the same one."""
    return _named(environment, "CONVO_BUILD", "any", _BUILD, "letters, digits, `_` and `-`; write 1-2-3 for 1.2.3")


def redis_from(environment: Environment) -> str:
    """Where the store is (`REDIS_URL`); empty where none is named."""
    return environment.get("REDIS_URL", "").strip()


def pool_name(family: str = "shared.default", build: str = "any") -> str:
    """A pool: who may share it and which class of bots it serves (the family), and the build.

    >>> pool_name("acme.default", "b7")
    'acme.default.b7'
    """
    return f"{family}.{build}"


def family_of(pool: str) -> str:
    """A pool's name without its build.

    >>> family_of("acme.eu.default.b7")
    'acme.eu.default'
    """
    return pool.rpartition(".")[0] or pool


def store_from(environment: Environment) -> Store:
    """The store over Redis, as this environment names it; nothing is connected yet."""
    from framework.control.connection import Connection  # noqa: PLC0415 - most readers of settings open no store
    from framework.control.store import Store  # noqa: PLC0415 - most readers of settings open no store

    connection = Connection.to(redis_from(environment) or DEFAULT_URL)
    return Store(connection, environment=environment_from(environment), limits=limits_from(environment))


def warnings_from(environment: Environment) -> Iterator[str]:
    """Sentences about names that mean something else than whoever set them may think."""
    for name, instead in _GONE.items():
        if _has(environment, name):
            yield f"{name} is set, but nothing is dropped into files any more: {instead}"
    limits = limits_from(environment)
    if limits.session_ms < SHORT_SESSION_MS:
        yield f"sessions end after {limits.session_ms / SECOND:g} s: SESSION_TIMEOUT is in milliseconds"
    if limits.start_ms > LONG_START_MS:
        yield f"a bot may take {limits.start_ms / SECOND:g} s to start: BOT_STARTUP_TIMEOUT is in seconds"


# --- The operator -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class OperatorSettings:
    """How an operator works: what it keeps ready, how fast it may launch, when it gives up.

    Numbers without another name are read from `CONVO_OPERATOR_` and the field's name.
    """

    warm: int = 3
    """Free slots kept ready in the home pool (`PREWARM_POOL_SIZE`). Zero: every call pays for a cold start."""

    launcher: str = "local"
    """Where runners are started (`CONVO_LAUNCHER`): the name of a launcher, or `none`."""

    build: str = "any"
    """The build of the runners it starts (`CONVO_BUILD`)."""

    family: str = "shared.default"
    """The pool that is kept warm, without its build. Other pools get what their sessions need."""

    capacity: int = 1
    """Slots of a warm runner. A cold one, which is started for a session that waits, has one."""

    at_once: int = 10
    """Launches under way at one time, of all operators together."""

    per_minute: int = 120
    """Launches that one operator makes in a minute."""

    launch_secs: float = 120.0
    """From a launch to the registration of its runner: images are pulled, models are loaded."""

    idle_secs: float = 60.0
    """How long a surplus runner may be idle before it is let go."""

    grace_secs: float = 30.0
    """For a runner that is removed, to leave by itself."""

    plan_secs: float = 1.0
    """How often it looks at everything and plans."""

    sweep_secs: float = 0.25
    """How often deadlines are swept."""

    max_slots: int = 50
    """Slots of all runners together (`MAX_BOTS`)."""

    told: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The environment that launched runners get: where the store is, and how it is called."""

    @property
    def home(self) -> str:
        """The pool that is kept warm."""
        return pool_name(self.family, self.build)

    def current(self, pool: str) -> str:
        """The pool of this build that serves what another build's pool no longer does."""
        return pool_name(family_of(pool), self.build)


def operator_settings_from(environment: Environment) -> OperatorSettings:
    """The operator's settings; wrong ones are errors that name the variable, the value and the remedy."""
    values: dict[str, Any] = {
        "warm": whole(environment, _OPERATOR + "WARM", whole(environment, "PREWARM_POOL_SIZE", OperatorSettings.warm)),
        "launcher": environment.get("CONVO_LAUNCHER", "").strip() or OperatorSettings.launcher,
        "build": build_from(environment),
        "family": environment.get("CONVO_OPERATOR_FAMILY", "").strip() or OperatorSettings.family,
        "max_slots": limits_from(environment).max_live,
        "told": _told(environment),
    }
    for name in ("capacity", "at_once", "per_minute"):
        values[name] = whole(environment, _OPERATOR + name.upper(), getattr(OperatorSettings, name), least=1)
    for name in ("launch_secs", "idle_secs", "grace_secs", "plan_secs", "sweep_secs"):
        values[name] = seconds(environment, _OPERATOR + name.upper(), getattr(OperatorSettings, name))
    return OperatorSettings(**values)


_OPERATOR = "CONVO_OPERATOR_"


def _told(environment: Environment) -> dict[str, str]:
    """What a launched runner must be told to be part of the same control plane. A password is not told, but mounted."""
    names = ("CONVO_ENV", "CONVO_BUILD", *_LEGACY, *(OWN + name.upper() for name in Limits.model_fields))
    told = {name: environment[name] for name in names if _has(environment, name)}
    url = redis_from(environment)
    return told | ({"REDIS_URL": url} if url and "@" not in url else {})


_LEGACY = (
    "MAX_BOTS",
    "SESSION_TIMEOUT",
    "BOT_STARTUP_TIMEOUT",
    "BOT_HEARTBEAT_STALE_SECS",
    "BOT_ZOMBIE_REQUIRED_STALE_HITS",
)


# --- Values -----------------------------------------------------------------------------------------------------------


def _has(environment: Environment, name: str) -> bool:
    return bool(environment.get(name, "").strip())


def _named(environment: Environment, name: str, default: str, form: re.Pattern[str], allowed: str) -> str:
    value = environment.get(name, "").strip() or default
    if not form.fullmatch(value):
        raise UserError(f"{name} is `{value[:60]}`", fix=f"It may have up to 40 {allowed}.")
    return value


def whole(environment: Environment, name: str, default: int, *, unit: str = "", least: int = 0) -> int:
    """A whole number; a wrong one is an error that names the variable, the value and the remedy."""
    text = environment.get(name, "").strip()
    if not text:
        return default
    of = f" of {unit}" if unit else ""
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII):
        raise UserError(f"{name} is `{text[:60]}`, which is no whole number{of}", fix=f"Set it as in {name}={default}.")
    if int(text) < least:
        unit = f" {unit}" if unit else ""
        raise UserError(f"{name} is {text}, which is too little", fix=f"Set it to {least}{unit} or more.")
    return int(text)


def seconds(environment: Environment, name: str, default: float, *, zero: bool = False) -> float:
    """A number of seconds, in the same way; 0 only where it means something."""
    text = environment.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII):
        raise UserError(
            f"{name} is `{text[:60]}`, which is no number of seconds", fix=f"Set it as in {name}={default:g}."
        )
    if not float(text) and not zero:
        raise UserError(f"{name} is 0, which leaves no time at all", fix=f"Set it as in {name}={default:g}.")
    return float(text)


def _of_limits(error: ValidationError, environment: Environment) -> UserError:
    """What a limit may not be, in the words of the variable that set it."""
    field_name = str(error.errors()[0]["loc"][0])
    names = [OWN + field_name.upper(), *_SET_BY.get(field_name, ())]
    name = next((name for name in names if _has(environment, name)), names[0])
    least = next((getattr(rule, "ge", None) for rule in Limits.model_fields[field_name].metadata), None)
    unit = " ms" if field_name.endswith("_ms") else ""
    return UserError(
        f"{name} is `{environment.get(name, '')}`, which makes `{field_name}` too little",
        fix=f"`{field_name}` is at least {least}{unit}.",
    )


_SET_BY = {
    "lease_ms": ("BOT_HEARTBEAT_STALE_SECS", "BOT_ZOMBIE_REQUIRED_STALE_HITS"),
    "start_ms": ("BOT_STARTUP_TIMEOUT",),
    "session_ms": ("SESSION_TIMEOUT",),
    "max_live": ("MAX_BOTS",),
}
