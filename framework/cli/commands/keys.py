"""Make, list and revoke the API keys that a gateway asks for."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.errors import UnknownNameError, UserError
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from framework.web.apikeys import KeyRecord
    from framework.web.credentials import Scope
    from framework.web.keyring import Keyring

ABOUT = """Make, list and revoke the API keys that a gateway asks for.

A key has scopes (`join`: start sessions and take part in them; `admin`: give orders; `read`: look at sessions, events
and figures) and a tenant, whose sessions alone it sees. What is kept is a hash: a key is shown once and never again.

Keys are kept in the store that `--redis` or `REDIS_URL` names, for all its gateways, or in a file, for one machine:
`--file`, else `CONVO_KEYS_FILE`, else `var/keys.json` of the project. A file that is named comes before `REDIS_URL`.
Gateways hear of a change within five seconds. While there is no key at all, a gateway serves its own machine only.
"""
_DAY_FORMAT = "%Y-%m-%d %H:%M"

app = typer.Typer(help=ABOUT, no_args_is_help=True)

File = Annotated[
    Path | None, typer.Option("--file", metavar="PATH", help="The file of keys; made when it isn't there.")
]
Redis = Annotated[
    str, typer.Option("--redis", metavar="URL", help="The store; with a password in it, better set REDIS_URL.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="What the key is for; shown in lists and in the record of orders.")],
    *,
    scopes: Annotated[str, typer.Option(metavar="SCOPE,…", help="What it may do: join, admin, read.")] = "join,read",
    tenant: Annotated[str, typer.Option(help="Whose sessions it sees; `*` for those of every tenant.")] = "default",
    days: Annotated[float, typer.Option(min=0, max=36_500, help="Days until it expires; 0: never.")] = 0,
    file: File = None,
    redis: Redis = "",
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, once.

    Only the key goes to standard output, so that a script can catch it. Whoever has it sends it as
    `Authorization: Bearer KEY`.

    Examples:

    - `convo keys new website --scopes join,read --tenant acme`
    - `convo keys new "night shift" --scopes read,admin --tenant acme --days 30`
    - `convo keys new prometheus --scopes read --tenant "*" --redis redis://127.0.0.1:6379/0`
    - `KEY=$(convo keys new test --file /tmp/keys.json)`
    """
    from framework.web import apikeys  # noqa: PLC0415 - the command line starts fast

    _check(name, tenant)
    key, record = apikeys.issue(name.strip(), tenant=tenant, scopes=_scopes(scopes), days=days or None)
    asyncio.run(_put(record, file, redis))
    if as_json:
        print(json.dumps({"key": key.text, **_shown(record)}, indent=2))
        return
    print(key.text)
    print("Keep it now: it is shown this once. Only its hash is stored.", file=sys.stderr)


@app.command("list")
def list_all(*, file: File = None, redis: Redis = "", as_json: AsJson = False) -> None:
    """List all keys: what they are for, what they may do, and how long. The keys themselves are nowhere.

    Examples:

    - `convo keys list`
    - `convo keys list --json`
    """
    records = sorted(asyncio.run(_all(file, redis)), key=lambda record: record.created_at)
    if as_json:
        print(json.dumps([_shown(record) for record in records], indent=2))
        return
    _print(records)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `convo keys list` shows it.")],
    *,
    file: File = None,
    redis: Redis = "",
) -> None:
    """Make a key good no more, and with it the tickets and sign-ins that were got by it.

    Gateways refuse it within five seconds. Its record stays, so that it can be seen when it was revoked.

    Example:

    - `convo keys revoke 5f2c9a0b71d3e684`
    """
    record = asyncio.run(_revoke(key_id, file, redis))
    print(f"{record.key_id} ({record.name}) is revoked.")


# --- Where keys are -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def _keyring(file: Path | None, redis: str) -> AsyncIterator[Keyring]:
    from framework.project import Project  # noqa: PLC0415 - the command line starts fast
    from framework.web.keyring import VARIABLE, FileKeyring, StoreKeyring, keys_file  # noqa: PLC0415 - likewise

    if file and redis:
        raise UserError("`--file` and `--redis` are both given", fix="Give one: keys are kept in one place.")
    named = file or os.environ.get(VARIABLE)
    url = redis or ("" if named else os.environ.get("REDIS_URL", ""))
    if not url:
        yield FileKeyring(file or keys_file(Project.find(Path.cwd(), strict=False).root))
        return
    from framework.control.connection import Connection  # noqa: PLC0415 - only for this choice
    from framework.control.store import Store  # noqa: PLC0415 - only for this choice

    store = Store(Connection.to(url), environment=os.environ.get("CONVO_ENV") or "dev")
    try:
        yield StoreKeyring(store)
    finally:
        await store.close()


async def _put(record: KeyRecord, file: Path | None, redis: str) -> None:
    async with _keyring(file, redis) as keyring:
        await keyring.put(record)


async def _all(file: Path | None, redis: str) -> list[KeyRecord]:
    async with _keyring(file, redis) as keyring:
        return await keyring.all()


async def _revoke(key_id: str, file: Path | None, redis: str) -> KeyRecord:
    from framework.web.apikeys import KeyText  # noqa: PLC0415 - the command line starts fast

    async with _keyring(file, redis) as keyring:
        key = KeyText.parse(key_id)  # one who pastes the whole key means it, too
        record = await keyring.get(key.key_id if key else key_id)
        if record is None:
            known = [each.key_id for each in await keyring.all()]
            # Not repeated: it may be a whole key, put here by mistake.
            raise UnknownNameError("there is no key with this id", fix=did_you_mean(key_id[:32], known))
        await keyring.put(gone := record.revoked())
        return gone


# --- Words --------------------------------------------------------------------------------------------------------


def _check(name: str, tenant: str) -> None:
    from framework.web.credentials import EVERY_TENANT, is_tenant  # noqa: PLC0415 - the command line starts fast

    if not (0 < len(name.strip()) <= 100 and name.isprintable()):  # noqa: PLR2004 - a line of a table
        raise UserError("a key's name has 1 to 100 characters", fix="Say what the key is for, in a word or two.")
    if tenant != EVERY_TENANT and not is_tenant(tenant):
        raise UserError(
            "a tenant's name has 1 to 64 letters, digits and `_ . -`", where="--tenant", fix="`*` is every tenant."
        )


def _scopes(text: str) -> tuple[Scope, ...]:
    from framework.web.credentials import SCOPES  # noqa: PLC0415 - the command line starts fast

    asked = [part.strip() for part in text.split(",") if part.strip()]
    for word in asked:
        if word not in SCOPES:
            raise UnknownNameError(f"there is no scope `{word}`", where="--scopes", fix=did_you_mean(word, SCOPES))
    if not asked:
        raise UserError("a key needs a scope", where="--scopes", fix=f"Take some of {', '.join(SCOPES)}.")
    return tuple(scope for scope in SCOPES if scope in asked)


def _shown(record: KeyRecord) -> dict[str, object]:
    """A record as programs get it: without the hash, which helps nobody who may see the list."""
    return record.model_dump(mode="json", exclude={"hash"})


def _print(records: list[KeyRecord]) -> None:
    from rich.console import Console  # noqa: PLC0415 - the command line starts fast
    from rich.markup import escape  # noqa: PLC0415 - likewise
    from rich.table import Table  # noqa: PLC0415 - likewise

    if not records:
        Console(stderr=True).print("There is no key. Make one with `convo keys new NAME`.", markup=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("id", "name", "tenant", "scopes", "created", "expires", "revoked"):
        table.add_column(title, no_wrap=title == "id")
    for record in records:
        days = [
            moment.strftime(_DAY_FORMAT) if moment else ""
            for moment in (record.created_at, record.expires_at, record.revoked_at)
        ]
        table.add_row(record.key_id, escape(record.name), record.tenant, ",".join(record.scopes), *days)
    Console().print(table)
