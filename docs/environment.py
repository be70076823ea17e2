"""The page of environment names: read from settings where they are fields, and listed here where they are not."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import itertools
import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEAD = """# Environment

What a process is told by its environment, or by a file `.env` in the project's folder, which never overrides what
is set. A value of the wrong kind is an error that names the variable. `convo doctor` lists which
of the older names were read.

Give the same store, limits and `CONVO_BUILD` to gateways, operators and runners of one installation.
"""


@dataclass(frozen=True)
class Row:
    """One name."""

    name: str
    default: str
    meaning: str
    unit: str = ""


def row(name: str, default: str, meaning: str, unit: str = "") -> Row:
    """A row as it is written here."""
    return Row(name, default, meaning, unit)


TABLES: dict[str, tuple[Row, ...]] = {
    "All parts": (
        row(
            "REDIS_URL",
            "embedded in `convo up`; `redis://localhost:6379/0` in `convo operator`",
            "The store: `redis://`, "
            "`rediss://` (TLS), `unix://`, `redis+sentinel://HOST:26379/SERVICE`. `gateway.py` needs it.",
        ),
        row("CONVO_ENV", "dev", "Separates installations that share a store."),
        row("CONVO_BUILD", "any", "The build of the project: sessions go to runners of the same one."),
        row("CONVO_PROFILE", "–", "`test` opens doors that only tests need."),
        row("CONVO_CACHE", "the user's cache folder", "Where prepared models are kept."),
    ),
    "Gateway": (
        row("CONVO_KEYS_FILE", "–", "The file of API keys; without it they are in the store, or in `var/keys.json`."),
        row(
            "CONVO_SECRET",
            "drawn at each start",
            "Signs tickets and cookies; all gateways need the same.",
            "32 bytes or more",
        ),
        row("CONVO_RUNNER_TOKEN", "–", "Opens the runners' doors; the same on gateways and runners."),
        row("CONVO_CORS_ORIGINS", "–", "Pages of other origins that may call it.", "list with commas"),
        row("CONVO_PRIVATE_ROOMS", "0", "Whether addresses of rooms may point into your own network.", "0 or 1"),
        row("CONVO_ROOM_PORTS", "443", "Ports that an address of a room may have.", "list with commas"),
        row("CONVO_BRIDGES", "–", "Bridges of plugins that run beside it, such as `legacy`.", "list with commas"),
        row("CONVO_WEBHOOK_BOT", "the default bot", "The bot of a call whose webhook names none."),
        row("CONVO_WEBHOOK_TENANT", "default", "The tenant of sessions that webhooks begin."),
        row("DAILY_WEBHOOK_SECRET", "–", "Daily's `hmac`, in base64; without it its webhooks are refused."),
    ),
    "Operator": (
        row("CONVO_LAUNCHER", "local", "Where runners are started: `local`, `kubernetes`, `none`, or one of a plugin."),
        row("CONVO_OPERATOR_TOKEN", "–", "What its `/metrics` wants; needed for a `--host` of others."),
    ),
    "Runner": (
        row("CONVO_CAPACITY", "`MAX_BOTS`", "Sessions at a time in this runner."),
        row("CONVO_RUNNER_SPARE", "1", "Workers kept warm for the next session."),
        row("CONVO_POOL", "`shared.default.` and the build", "The pool it joins: isolation, class, build."),
        row("CONVO_RUNNER_ADDRESS", "where it listens", "Base URL under which gateways reach it."),
        row("CONVO_RUNNER_NAME", "the machine's name", "Its name, for people."),
        row("CONVO_LAUNCH_ID", "–", "The launch that made it; set by launchers."),
        row("CONVO_DRAIN_SECS", "30", "How long sessions may go on after SIGTERM.", "s"),
        row(
            "CONVO_GRACE_SECS",
            "–",
            "When SIGKILL follows SIGTERM; a drain that doesn't fit is refused at the start.",
            "s",
        ),
        row(
            "CONVO_IDLE_SECS",
            "0; a cold runner's Job: 600",
            "It leaves after so long without a session; 0: never.",
            "s",
        ),
        row(
            "CONVO_SWITCHBOARD",
            "–; `pretend` in `convo up` on loopback",
            "Who puts people through: a plugin's switchboard, or `pretend`, which dials nobody. Without one every "
            "transfer is an `error`.",
        ),
        row("PRETEND_OUTCOME", "done", "How transfers end at `pretend`: `done`, `no_answer`, `busy` or `error`."),
        row(
            "CONVO_CHECKPOINTS",
            "safe",
            "Whether the state of sessions whose bot says `on_lost: restart` is kept in the store: `off`; `safe`: not "
            "of flows with sensitive slots; `all`.",
        ),
        row("CONVO_BOT", "the default bot", "With `RUNNER_AUTO_START=1`: the bot."),
        row("CONVO_CHANNEL", "voice", "With `RUNNER_AUTO_START=1`: `voice` or `text`."),
        row("CONVO_TRANSPORT", "the bot's", "With `RUNNER_AUTO_START=1`: how the room is reached."),
        row("CONVO_BACKEND", "Pipecat", "What sessions run on, as `module:class`; in tests only."),
        row("CONVO_FAIL_AT", "–", "A folder that arms failures at named steps; in tests only."),
    ),
    "Command line": (
        row("CONVO_GATEWAY", "http://127.0.0.1:4444", "The gateway that commands ask."),
        row("CONVO_API_KEY", "–", "The key that they show it."),
    ),
}
GROUPS = {
    "Logs": ("framework.settings:LogSettings",),
    "Folders": ("framework.settings:FolderSettings",),
    "Gateway: rates and tokens": ("framework.web.limits:RateSettings", "framework.web.tokens:TokenSettings"),
    "Workers": ("framework.processes.settings:WorkerSettings",),
    "Kubernetes: read by the operator": (
        "framework.control.launchers.kubernetes.settings:ClusterSettings",
        "framework.control.launchers.kubernetes.settings:PodSettings",
        "framework.control.launchers.kubernetes.settings:TimeSettings",
    ),
    "Deadlines: read in tests only": ("framework.processes.settings:Deadlines",),
}
OPERATOR = ("capacity", "at_once", "per_minute", "launch_secs", "idle_secs", "grace_secs", "plan_secs", "sweep_secs",
            "warm", "family")  # fmt: skip


def page() -> str:
    """The whole page but its mark."""
    parts = [HEAD]
    for title, rows in TABLES.items():
        more = _operator() if title == "Operator" else ()
        parts.append(_table(title, [*rows, *more]))
    parts.append(_table("Limits of the store", list(_limits())))
    for title, places in GROUPS.items():
        parts.append(_table(title, [row for place in places for row in _group(place)]))
    parts.append(_table("Names of older systems", list(_older()), OLDER))
    parts.append(_table("The legacy bridge", list(_legacy())))
    return "".join(parts)


OLDER = "Each works as it did; a setting of ours with the same meaning wins over it.\n\n"


def names() -> list[str]:
    """Every name on the page."""
    return [line.split("`")[1] for line in page().splitlines() if line.startswith("| `")]


def _table(title: str, rows: list[Row], before: str = "") -> str:
    lines = [f"\n## {title}\n\n{before}| name | unit | default | meaning |\n| --- | --- | --- | --- |\n"]
    lines += [f"| `{each.name}` | {each.unit} | {each.default} | {each.meaning} |\n" for each in rows]
    return "".join(lines)


def _group(place: str) -> Iterator[Row]:
    """The fields of a settings group."""
    module, _, name = place.partition(":")
    group = getattr(importlib.import_module(module), name)
    words = docs(group)
    for field in dataclasses.fields(group):
        variable = f"{group.prefix}_{field.name}".upper()
        yield Row(variable, _shown(field.default), words.get(field.name, ""), _unit(field.name))


def _operator() -> Iterator[Row]:
    from framework.control.settings import OperatorSettings  # noqa: PLC0415 - one place each

    words = docs(OperatorSettings)
    for name in OPERATOR:
        default = getattr(OperatorSettings, name)
        yield Row(f"CONVO_OPERATOR_{name.upper()}", _shown(default), words[name], _unit(name))


def _limits() -> Iterator[Row]:
    from framework.control.records import Limits  # noqa: PLC0415 - one place each

    words = docs(Limits)
    for name, field in Limits.model_fields.items():
        yield Row(
            f"CONVO_LIMITS_{name.upper()}", _shown(field.default), words.get(name, _KEPT.get(name, "")), _unit(name)
        )


_KEPT = {
    "keep_ended_ms": "How long the record of an ended session is kept.",
    "keep_failed_ms": "How long the record of a failed session is kept.",
}


def _older() -> Iterator[Row]:
    from framework.cli.environment import NAMES  # noqa: PLC0415 - one place each

    for each in NAMES:
        if each.name == "REDIS_URL":
            continue
        wins = f" `{each.ours}` wins." if each.ours else ""
        later = " Not used by this version." if each.later else ""
        yield Row(
            each.name,
            each.default or "–",
            f"{each.meaning[:1].upper()}{each.meaning[1:]}.{wins}{later}",
            _UNITS.get(each.name, ""),
        )


_UNITS = {
    "SESSION_TIMEOUT": "ms",
    "BOT_STARTUP_TIMEOUT": "s",
    "BOT_HEARTBEAT_STALE_SECS": "s",
    "BOT_ZOMBIE_REQUIRED_STALE_HITS": "count",
}


def _legacy() -> Iterator[Row]:
    from plugins.bridges.legacy.settings import LegacySettings  # noqa: PLC0415 - one place each

    words = docs(LegacySettings)
    for name, field in LegacySettings.model_fields.items():
        yield Row(f"LEGACY_{name.upper()}", _shown(field.default), words.get(name, ""), _unit(name))


def docs(owner: type) -> dict[str, str]:
    """The docstring under each field of a class, on one line; two that share one share it."""
    body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    found = {}
    for field, after in itertools.pairwise(getattr(body, "body", [])):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                found[name] = " ".join(words.split()).replace("|", "\\|")
    return found


def _shown(value: Any) -> str:
    if value is dataclasses.MISSING or value in ("", None):
        return "–"
    if isinstance(value, bool):
        return "1" if value else "0"
    return (
        f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, str | Path) else json.dumps(value)
    )


def _unit(name: str) -> str:
    for ending, unit in (("_ms", "ms"), ("_secs", "s"), ("_s", "s"), ("_mb", "MB")):
        if name.endswith(ending):
            return unit
    return ""
