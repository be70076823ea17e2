"""Give a live session an order, and see what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.cli.client import Gateway

FIRST_LOOK_S, LAST_LOOK_S = 0.1, 1.0
TEXTS = {"say": True, "whisper": True, "instruct": True, "prompt": True, "pause": False, "takeover": False}
"""Kinds with a text, and whether they need it."""
NAMES = {"goto": "node", "personality": "personality", "transfer": "to", "end": "reason"}
"""Kinds with one word, and what it is called."""
USAGE = {
    "say": "say TEXT",
    "whisper": "whisper TEXT",
    "instruct": "instruct TEXT",
    "prompt": "prompt TEXT",
    "goto": "goto NODE",
    "set": "set NAME=VALUE …",
    "personality": "personality NAME",
    "reload": "reload [JSON]",
    "pause": "pause [TEXT]",
    "resume": "resume",
    "takeover": "takeover [TEXT]",
    "interrupt": "interrupt",
    "mute": "mute [on|off]",
    "transfer": "transfer TO",
    "end": "end [REASON]",
    "app_message": "app_message TYPE [JSON]",
    "event": "event TYPE [JSON]",
}


def admin(
    words: Annotated[list[str], typer.Argument(metavar="ROOM KIND [WORD]…", help="The room, and the order.")],
    *,
    session: Annotated[str, typer.Option("--session", help="Order this session; then leave ROOM out.")] = "",
    role: Annotated[str, typer.Option(help="Only the bot of this role in the room; else all of them.")] = "",
    queued: Annotated[bool, typer.Option("--queued", help="Wait until nobody speaks; else it may cut in.")] = False,
    order_id: Annotated[str, typer.Option(help="The same order under the same id is given once.")] = "",
    tenant: Annotated[str, typer.Option(help="Whose room it is; for a key of every tenant.")] = "",
    wait: Annotated[float, typer.Option(min=0, metavar="SECS", help="How long to wait for the last word.")] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Order the bots in a room, or one session, to say, instruct, goto, set, end and so on; see what becomes of it.

    An order is accepted, then applied, then (say, instruct) spoken; or it is refused, and why. It is stored first: a
    bot that is briefly away gets it when it is back.

    | Order | What the bot does |
    | --- | --- |
    | say TEXT | speaks it word for word |
    | instruct TEXT | does as it is told, and answers |
    | whisper TEXT | knows it from now on |
    | goto NODE | leaves the present node for this one |
    | set NAME=VALUE … | has these values; a value may be JSON |
    | end [REASON] | ends the session |
    | prompt TEXT | has these instructions at the present node |
    | personality NAME | speaks as somebody else from now on |
    | reload [JSON] | knows this about the caller, and reads its instructions anew |
    | interrupt | stops what it is saying |
    | pause [TEXT] | says this, then hears and says nothing |
    | takeover [TEXT] | says this, then only listens: a person has the word |
    | resume | goes on where it was |
    | mute [on/off] | does not hear the caller, or hears again |
    | transfer TO | hands the caller to somebody whom `convo.yaml` names |
    | app_message TYPE [JSON] | sends the client a message of the application's own |
    | event TYPE [JSON] | goes on as its flow says for this event from outside |

    CONVO_GATEWAY names the gateway (http://127.0.0.1:4444), CONVO_API_KEY a key with the scope `admin`. Exit code: 0,
    or 1 when a session refused, or had not carried it out within --wait.

    Examples:

    - `convo admin lobby say "One moment, please."`
    - `convo admin lobby goto goodbye --queued`
    - `convo admin lobby set name="Ann Li" guests=4`
    - `convo admin --session 2f6c1d0b9a8e4f35b7c6d5e4f3a2b1c0 end "closing time"`
    - `convo admin lobby instruct "Offer a refund." --role seller`
    - `convo admin lobby event doctor.available '{"doctor": "Ada"}'`
    """
    from framework.cli import client  # noqa: PLC0415 - the command line starts fast

    room, rest = ("", words) if session else (words[0], words[1:])
    asked: dict[str, Any] = {"order": order_of(rest), "session_id": session, "room": room, "role": role}
    asked |= {"mode": "queued" if queued else "", "order_id": order_id, "tenant": tenant}
    good = client.run(_give({name: value for name, value in asked.items() if value}, wait, as_json=as_json))
    if not good:
        raise typer.Exit(1)


def order_of(words: Sequence[str]) -> dict[str, Any]:
    """The order that words make.

    >>> order_of(["goto", "goodbye"])
    {'kind': 'goto', 'node': 'goodbye'}
    >>> order_of(["set", "guests=4", "name=Ann Li"])
    {'kind': 'set', 'slots': {'guests': 4, 'name': 'Ann Li'}}
    """
    from framework.errors import UnknownNameError, UserError  # noqa: PLC0415 - the command line starts fast
    from framework.suggest import did_you_mean  # noqa: PLC0415 - the command line starts fast

    if not words:
        raise UserError("there is no order", fix="Write ROOM and an order, such as `convo admin lobby say Hello`.")
    kind, rest = words[0].replace("-", "_"), list(words[1:])
    if kind not in USAGE:
        raise UnknownNameError(f"there is no order `{words[0][:60]}`", fix=did_you_mean(kind, USAGE))
    order = _order(kind, rest)
    if order is None:
        raise UserError(f"`{kind}` does not go with `{' '.join(rest)[:60]}`", fix=f"Write it as `{USAGE[kind]}`.")
    return {"kind": kind, **order}


def _order(kind: str, rest: list[str]) -> dict[str, Any] | None:
    """What an order has beside its kind; `None` where the words don't fit it."""
    text = " ".join(rest).strip()
    if kind in TEXTS or kind in NAMES:
        optional = kind == "end" or TEXTS.get(kind) is False
        name = NAMES.get(kind, "text")
        return {name: text} if text else {} if optional else None
    if kind == "set":
        pairs = [word.partition("=") for word in rest]
        good = pairs and all(name.strip() and equals for name, equals, _ in pairs)
        return {"slots": {name.strip(): _value(value) for name, _, value in pairs}} if good else None
    if kind == "mute":
        return {"": {}, "on": {"on": True}, "off": {"on": False}}.get(text)
    if kind in ("app_message", "event"):
        data = _value(" ".join(rest[1:]) or "{}")
        return {"type": rest[0], "data": data} if rest and isinstance(data, dict) else None
    if kind == "reload" and rest:
        known = _value(" ".join(rest))
        return {"identity": known} if isinstance(known, dict) else None
    return None if rest else {}


def _value(text: str) -> Any:
    import json  # noqa: PLC0415 - the command line starts fast

    try:
        return json.loads(text)
    except ValueError:
        return text


async def _give(asked: dict[str, Any], wait_s: float, *, as_json: bool) -> bool:
    import asyncio  # noqa: PLC0415 - the command line starts fast
    import json  # noqa: PLC0415 - the command line starts fast

    from framework.cli.client import Gateway  # noqa: PLC0415 - the command line starts fast

    async with Gateway.read() as gateway:
        given = (await gateway.post("/admin", asked))["orders"]
        several = len(given) > 1
        if not as_json and several:
            print(f"{len(given)} bots")
        told = await asyncio.gather(*(_follow(gateway, one, wait_s, quiet=as_json, several=several) for one in given))
    if as_json:
        print(json.dumps(told, indent=2))
    return all(one.get("final") and one["status"] != "refused" for one in told)


async def _follow(
    gateway: Gateway, order: dict[str, Any], wait_s: float, *, quiet: bool, several: bool
) -> dict[str, Any]:
    """Look at an order until its last word, showing each new one."""
    import asyncio  # noqa: PLC0415 - the command line starts fast
    import time  # noqa: PLC0415 - the command line starts fast

    from framework.cli.client import path_of  # noqa: PLC0415 - the command line starts fast

    shown = _Shown(order["session_id"] if several else "", quiet=quiet)
    shown.add(order)
    until, look_s = time.monotonic() + wait_s, FIRST_LOOK_S
    if order["status"] == "refused":
        order = order | {"final": True}
    while not order.get("final") and time.monotonic() < until:
        await asyncio.sleep(min(look_s, max(0.0, until - time.monotonic())))
        look_s = min(LAST_LOOK_S, look_s * 1.5)
        order = await gateway.get(path_of("admin", order["order_id"]))
        shown.add(order)
    shown.close(order)
    return order


class _Shown:
    """The way of one order on the screen: `accepted → applied → spoken`."""

    def __init__(self, session: str, *, quiet: bool) -> None:
        self._session = session
        self._quiet = quiet
        self._said: list[str] = []

    def add(self, order: dict[str, Any]) -> None:
        """A status; one that is shown already is not shown again."""
        from framework.cli.showing import plain  # noqa: PLC0415 - the command line starts fast

        why = f" ({plain(order['why'])})" if order.get("why") else ""
        text = order["status"] + why
        if self._said and self._said[-1] == text:
            return
        self._said.append(text)
        if not self._quiet and not self._session:
            print((" → " if len(self._said) > 1 else "") + text, end="", flush=True)

    def close(self, order: dict[str, Any]) -> None:
        """End the line, or show it whole where several orders go their ways at once."""
        end = "" if order.get("final") else f" … not carried out yet (order {order['order_id']})"
        if not self._quiet:
            print(f"{self._session}  {' → '.join(self._said)}{end}" if self._session else end)
