"""Flows by chance: a few small numbers decide what a flow is made of, and whatever they are, the flow is a valid one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from framework.documents import Diagnostic
from framework.engine.compiler import compile_plan
from framework.engine.plan import Plan
from framework.flows.check import check, errors
from framework.flows.load import examine_file
from framework.flows.load import load as load_flow  # noqa: F401 - what a reader of this file looks for
from framework.personalities import NEUTRAL
from framework.personalities import load as load_personality
from framework.plugins.host import PluginHost
from framework.project import Project
from framework.slots.plugin import BUILT_IN

PROJECT = Path(__file__).parent / "project"
TYPES = {kind.name: kind for kind in BUILT_IN}

VERBS = ("say", "instruct", "collect", "run", "subflow", "transfer", "wait", "decide", "ask")
"""What a node may be; `ask` is a `say` that hears the person."""
INTENTS = (
    ("wants tea", "tea please"),
    ("wants coffee", "coffee please"),
    ("is done", "that is all"),
    ("asks for the price", "how much is it"),
    ("wants to go on", "go on"),
)
SECRETS = ("73918264", "50617283")
"""Values of the sensitive slot that occur nowhere else."""

LISTENING = (8, 0, 0, 0)
"""The last node of a session's flow hears the person, so that interrupts count somewhere."""

Head = tuple[int, ...]
Body = tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True)
class Case:
    """What was drawn: numbers for a flow, for the flow that it runs, for the world around it, and what happens."""

    head: Head
    body: Body
    child: Body
    script: tuple[tuple[int, int, int], ...]
    salt: int = 0
    """Stirs all other numbers, since those that are drawn are too often alike; each by itself, so that any can go."""

    @cached_property
    def happenings(self) -> list[tuple[int, ...]]:
        """What happens, in order."""
        return [self._stirred(one, (24, 64, 16)) for one in self.script]

    def _stirred(self, numbers: tuple[int, ...], below: tuple[int, ...]) -> tuple[int, ...]:
        if not self.salt:
            return numbers
        found = hashlib.blake2b(repr((self.salt, numbers)).encode(), digest_size=32).digest()
        return tuple(int.from_bytes(found[4 * n : 4 * n + 4]) % most for n, most in enumerate(below))

    def _nodes(self, body: Body) -> Body:
        return tuple(self._stirred(one, (9, 12, 12, 8192)) for one in body)  # type: ignore[misc]  # four of them

    @cached_property
    def top(self) -> Head:
        """The choices about the whole."""
        return self._stirred(self.head, (2**18, 144, 512, 81, 32, 1024, 1024))

    @cached_property
    def files(self) -> dict[str, dict[str, Any]]:
        """The flows, by name."""
        main = Author("main", self.top, self._nodes(self.body)).flow()
        child = Author("child", self.top, self._nodes(self.child), child=True).flow()
        if "es" in main.get("languages", ()):
            child["languages"] = main["languages"]
        return {"main": main, "child": child}


class Author:
    """Writes one flow; every bit of `head` is a choice about the whole, every tuple of `body` is a node."""

    def __init__(self, name: str, head: Head, body: Body, *, child: bool = False) -> None:
        self.name = name
        self.bits = head[0]
        self.limits_bits, self.ladder_bits, self.slot_bits, self.extra_bits = head[1], head[2], head[3], head[4]
        self.body = body if child else (*body, LISTENING)
        self.child = child
        self.two = bool(self.extra_bits & 1)
        self.count = len(self.body)
        self.given = bool(self.extra_bits & 16) and not self.bits & 16

    # --- Words -----------------------------------------------------------------------

    def words(self, text: str) -> str | dict[str, str]:
        """A text, in both languages where there are two."""
        return {"en": text, "es": f"¿{text}?" if text.endswith("?") else f"Sí: {text}"} if self.two else text

    def on(self, bit: int) -> bool:
        """Whether a choice about the whole flow is taken."""
        return bool(self.bits & (1 << bit))

    # --- The whole --------------------------------------------------------------------

    def flow(self) -> dict[str, Any]:
        """The flow as its file says it."""
        nodes = {f"n{i}": self.node(i, *one) for i, one in enumerate(self.body)}
        flow: dict[str, Any] = {
            "flow": self.name,
            "slots": self.slots(),
            "events": {"bell": {}, "news": {"n": "integer"}},
            "initial_node": "n0",
            "nodes": nodes,
        }
        if self.two:
            flow["languages"] = ["en", "es"]
        if self.child:
            nodes["bye"] = {"end": "counted"}
            flow["outputs"] = ["k"]
            flow["inputs"] = ["pin"] if self.given else []
            if self.body and self.body[0][3] & 64:
                flow["interrupts"] = {"hours": self.intent(6, say=self.words("Other hours."))}
                flow["timers"] = {"tick": {"after": "4s", "say": self.words("Tick.")}}
            return flow
        nodes["bye"] = {"say": self.words("Goodbye."), "end": True}
        flow["defaults"] = self.defaults()
        flow["limits"] = self.limits()
        flow["interrupts"] = self.interrupts(nodes)
        flow["timers"] = self.timers()
        if self.on(14):
            flow["on_error"] = "sorry"
            nodes["sorry"] = {"say": self.words("Sorry."), "end": "failed"}
        if self.on(15):
            nodes["desk"] = {"entry": "operator", "say": self.words("By order."), "next": "n0"}
        if self.on(16):
            flow["tools"] = ["lab.look"]
        return {key: value for key, value in flow.items() if value}

    def slots(self) -> dict[str, Any]:
        """What can be asked for, in every way of confirming and of being answered."""
        bits = self.slot_bits
        confirm = ("none", "implicit", "readback")
        if self.child:
            return {
                "k": {"type": "integer", "prompt": self.words("How many?"), "confirm": confirm[bits % 3]},
                "pin": self.pin(bits),
                "m": {"type": "integer", "default": 1},
            }
        return {
            "name": {"type": "person_name", "prompt": self.words("Your name?"), "confirm": confirm[bits % 3]},
            "n": {"type": "integer", "prompt": self.words("Which number?"), "confirm": confirm[bits // 3 % 3]},
            "size": {"type": "enum", "values": ["small", "large"], "reprompt": self.words("Small or large?")},
            "sure": "boolean",
            "pin": self.pin(bits),
            "m": {"type": "integer", "default": 1},
        }

    def pin(self, bits: int) -> dict[str, Any]:
        """The sensitive one."""
        heard = ("both", "dtmf", "speech")[bits // 27 % 3]
        how = ("readback", "implicit", "none")[bits // 9 % 3]
        pin = {"type": "digits", "length": 8, "sensitive": True, "grant": ["lab.pay"], "input": heard}
        return {**pin, "confirm": how, "prompt": self.words("Your secret number?")}

    def defaults(self) -> dict[str, Any]:
        bits = self.ladder_bits
        found: dict[str, Any] = {}
        if bits & 1:
            last = [{"say": self.words("Hm?")}, {"goto": "bye"}, {"end": "silent"}][bits // 8 % 3]
            found["no_input"] = [{"after": "4s", "say": self.words("Hello?")}, {"after": "6s", **last}]
        if bits & 2:
            last = [{"say": self.words("Once more?")}, {"goto": "bye"}, {"end": "lost"}][bits // 32 % 3]
            found["no_match"] = [{"say": self.words("Pardon?")}, last]
        if bits & 4:
            found["filler"] = {"after": "1s", "say": [self.words("Hm."), self.words("Well.")]}
        if bits & 128:
            found["interruptible"] = False
        if bits & 256:
            found["attempts"] = 2
        return found

    def limits(self) -> dict[str, Any]:
        bits = self.limits_bits
        found: dict[str, Any] = {"duration": ("90s", "4m", "3m")[bits % 3], "silence": ("45s", "20s")[bits // 3 % 2]}
        if bits // 6 % 4 == 1:
            found["turns"] = 5
        if bits // 24 % 3 == 1:
            found |= {"tool_calls": 3}
        if bits // 24 % 3 == 2:
            found |= {"tool_calls_per_turn": 1}
        if bits // 72 % 2:
            found["goto"] = "bye"
        return found

    def intent(self, number: int, **more: Any) -> dict[str, Any]:
        """A trigger by what the person means."""
        return {"intent": f"asks for thing {number}", "examples": [f"thing number {number}"], **more}

    def interrupts(self, nodes: dict[str, Any]) -> dict[str, Any]:
        """Some of every kind."""
        all_of = {
            0: ("hours", self.intent(10, say=self.words("We are open."), cooldown_turns=1)),
            1: ("tour", self.intent(11, keys="9", goto="tour", **{"return": "resume"})),
            2: ("anew", self.intent(12, say=self.words("Again."), **{"return": "restart"})),
            3: ("advice", self.intent(13, keys="8", instruct=self.words("Advise."))),
            4: ("count", self.intent(14, subflow="child", **{"return": ("resume", "none")[self.extra_bits // 2 % 2]})),
            5: ("ring", {"event": "bell", "say": self.words("Ring."), "return": "none"}),
            6: ("many", {"if": "slots.n > 5", "goto": "bye" if self.extra_bits & 4 else "tour"}),
            7: ("human", {"goto": "bye"}),
            8: ("cancel", {"end": "cancelled"}),
            9: ("again", {"event": "news", "where": "event.n > 2", "goto": "tour", "return": "restart"}),
        }
        found = {name: one for bit, (name, one) in all_of.items() if self.on(bit)}
        if self.on(17):
            found["hold"] = False
        if any(isinstance(one, dict) and one.get("goto") == "tour" for one in found.values()):
            nodes["tour"] = {
                "say": self.words("The shop."),
                "next": [{"intent": "likes it", "examples": ["nice"], "goto": "back"}, {"after": "4s", "end": True}],
            }
            nodes["back"] = {"say": self.words("So far."), "end": True}
        return found

    def timers(self) -> dict[str, Any]:
        all_of = {
            10: ("beat", {"every": "7s", "say": self.words("Beat.")}),
            11: ("hurry", {"after": "20s", "at": "now", "goto": "bye" if self.extra_bits & 8 else "n0"}),
            12: ("told", {"after": "9s", "instruct": self.words("Wrap up.")}),
            13: ("here", {"after": "3s", "nodes": ["n0"], "emit": "here"}),
        }
        return {name: one for bit, (name, one) in all_of.items() if self.on(bit)}

    # --- Nodes ------------------------------------------------------------------------

    def any(self, number: int) -> str:
        """Any node."""
        return f"n{number % self.count}"

    def later(self, here: int, number: int = 0) -> str:
        """A node further on; without a number the next one."""
        left = self.count - here - 1
        return f"n{here + 1 + number % left}" if left > 0 else "bye"

    def node(self, here: int, verb: int, one: int, other: int, bits: int) -> dict[str, Any]:
        """A node of a verb; `one` and `other` say where it leads besides the next, `bits` what else it has."""
        kind = VERBS[verb % len(VERBS)]
        node: dict[str, Any] = getattr(self, f"_{kind}")(here, one, other, bits)
        if bits & 512 and not self.child:
            node["actions"] = (
                {"enter": ["lab.note"]} if bits & 1 else {"leave": [{"name": "lab.note", "timeout": "3s"}]}
            )
        if bits & 1024 and self.two:
            node["languages"] = ["es"]
        if bits & 2048 and not self.child:
            node |= {"personality": "luigi", "voice": "other"}
        if bits & 4096:
            node["set"] = {"m": 2}
        return node

    def back(self, here: int, one: int) -> list[dict[str, Any]]:
        """Back to any node, some times, then on."""
        guard = {"if": "session.visits >= 2", "goto": self.later(here)}
        return [guard, {"say": self.words("Back."), "set": {"m": 3}, "goto": self.any(one)}]

    def onwards(self, here: int, one: int, bits: int) -> list[dict[str, Any]]:
        """How a node that hears nobody leads on."""
        if bits & 2 and not self.child:
            return self.back(here, one)
        return [{"if": "slots.m == 3", "goto": self.later(here, one)}, {"else": self.later(here)}]

    def heard(self, here: int, one: int, other: int, bits: int) -> list[dict[str, Any]]:
        """Routes for what the person means, for events and for time."""
        first, second = INTENTS[one % len(INTENTS)], INTENTS[(one + 1 + other % 4) % len(INTENTS)]
        found: list[dict[str, Any]] = [{"intent": first[0], "examples": [first[1]], "goto": self.later(here)}]
        if bits & 2:
            found.insert(0, {"intent": second[0], "examples": [second[1]], "goto": self.any(other)})
        if bits & 4:
            found.append({"event": "bell", "say": self.words("A bell."), "goto": self.any(one)})
        if bits & 8:
            found.append({"event": "news", "where": "event.n > 2", "set": {"m": "{{ event.n }}"}, "emit": "told"})
        if bits & 16:
            found.append({"after": ("5s", "11s")[one % 2], "goto": self.any(other)})
        return found

    def keyed(self, routes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The same, with keys."""
        keys = iter((["1"], ["2", "12"]))
        return [{**route, "keys": next(keys)} if "intent" in route else route for route in routes]

    def _say(self, here: int, one: int, _other: int, bits: int) -> dict[str, Any]:
        return {"say": [self.words("One."), self.words("Two.")], "next": self.onwards(here, one, bits)}

    def _decide(self, here: int, one: int, other: int, bits: int) -> dict[str, Any]:
        first = {"if": "slots.m == 2 and session.turns > 1", "goto": self.later(here, other)}
        return {"next": [first, *self.onwards(here, one, bits)]}

    def _ask(self, here: int, one: int, other: int, bits: int) -> dict[str, Any]:
        routes = self.keyed(self.heard(here, one, other, bits))
        if bits & 32:
            routes.append({"else": self.later(here, one)})
        node: dict[str, Any] = {"say": self.words("Hello there. Which one?"), "next": routes}
        if bits & 64:
            node["mute"] = True
        if bits & 128:
            node["no_match"] = [{"say": self.words("What?")}, {"goto": self.any(one)}]
        if bits & 256:
            node["no_input"] = [{"after": "3s", "say": self.words("Well?")}, {"after": "3s", "end": "quiet"}]
        return node

    def _instruct(self, here: int, one: int, other: int, bits: int) -> dict[str, Any]:
        routes = self.heard(here, one, other, bits)
        if bits & 32:
            routes.append({"if": "slots.m == 3", "goto": self.later(here, one)})
        node: dict[str, Any] = {"instruct": self.words("Talk."), "next": routes, "tools": self.tools(here, one, other)}
        if bits & 64:
            node["say"] = self.words("Welcome.")
        if bits & 128:
            node["context_strategy"] = ("reset", "summarize")[one % 2]
        if bits & 256:
            node["respond_immediately"] = bool(other % 2)
        return node

    def tools(self, here: int, one: int, other: int) -> list[Any]:
        """Tools for the model, of every kind."""
        fits = {"outcome": "error", "goto": self.later(here, other)}
        kinds: list[list[Any]] = [
            [],
            [{"name": "lab.book", "confirm": self.words("Shall I?"), "next": [fits]}],
            [{"name": "lab.slow", "mode": "background", "save": {"m": "result.n"}}],
            [{"name": "lab.book", "as": "peek", "on_interrupt": "cancel", "with": {"x": "a"}, "save": {"m": "result.n"},
              "next": [{"if": "result.n < 7", "goto": self.later(here, one)}]}],
            ["lab.pay", {"name": "lab.slow", "mode": "background", "on_interrupt": "cancel"}],
            [{"name": "lab.pay", "as": "settle_up", "with": {"pin": "{{ slots.pin }}"}, "timeout": "3s",
              "next": [{"outcome": ["error", "timeout"], "goto": self.any(other)}]}],
            [{"name": "lab.slow", "filler": {"after": "1s", "say": self.words("A moment.")}, "next": [
                {"if": "result.n == 7", "set": {"m": 2}}, {"outcome": "done", "goto": self.any(one)}]}],
        ]  # fmt: skip
        return kinds[(one + other) % len(kinds)]

    def _collect(self, here: int, one: int, other: int, bits: int) -> dict[str, Any]:
        known = [["k"], ["pin"], ["k", "pin"]] if self.child else [
            ["n"], ["pin"], ["name", "n"], ["pin", "size"], ["sure"], ["pin", "name", "n"],
        ]  # fmt: skip
        asked = known[one % len(known)]
        routes: list[dict[str, Any]] = []
        if bits & 1:
            routes.append({"outcome": ["exhausted", "declined"], "goto": self.any(other)})
        routes += self.heard(here, one, other, bits) if bits & 32 else []
        if bits & 64:
            routes.append({"if": "slots.m > 1", "goto": self.later(here, other)})
        routes.append({"else": self.later(here)})
        node: dict[str, Any] = {"collect": asked, "clear": asked, "next": routes}
        if bits & 128:
            node["say"] = self.words("Some questions.")
        if bits & 256:
            node["interrupts"] = False
        return node

    def _run(self, here: int, one: int, other: int, bits: int) -> dict[str, Any]:
        tool = ("lab.look", "lab.pay", "lab.slow")[one % 3]
        node: dict[str, Any] = {"run": tool, "timeout": ("4s", "9s")[other % 2], "next": []}
        if tool == "lab.pay":
            node["with"] = {"pin": "{{ default(slots.pin, 'none') }}"}
        if bits & 1:
            node["save"] = {"m": "result.n"}
        if bits & 4:
            node["next"].append({"outcome": ["error", "timeout"], "goto": self.later(here, other)})
        if bits & 8:
            node["filler"] = {"after": "1s", "say": self.words("One moment.")}
        node["next"] += self.onwards(here, one, bits)
        return node

    def _subflow(self, here: int, one: int, other: int, bits: int) -> dict[str, Any]:
        node: dict[str, Any] = {"subflow": "child", "next": self.onwards(here, one, bits & 2)}
        if bits & 1:
            node["next"].insert(0, {"outcome": "error", "goto": self.later(here, other)})
        if bits & 4:
            node["save"] = {"m": "result.k"}
        if self.given:
            node["with"] = {"pin": "{{ slots.pin }}"}
        return node

    def _transfer(self, here: int, one: int, _other: int, bits: int) -> dict[str, Any]:
        routes = [{"outcome": "done", "end": "transferred"}] if bits & 1 else []
        node: dict[str, Any] = {"transfer": ("desk", "queue")[one % 2], "next": [*routes, {"else": self.later(here)}]}
        if bits & 2:
            node["brief"] = self.words("About {{ slots.m }}.")
        if bits & 4:
            node["warm"] = True
        if bits & 8:
            node["say"] = self.words("I put you through.")
        return node

    def _wait(self, here: int, one: int, other: int, bits: int) -> dict[str, Any]:
        routes: list[dict[str, Any]] = [{"event": "bell", "goto": self.later(here)}]
        routes += self.heard(here, one, other, bits & ~4) if bits & 32 else []
        if not bits & 48 or bits & 80 == 64:
            routes.append({"after": "8s", "goto": self.later(here, other)})
        return {"wait": "a while", "next": routes}


# --- Checked and made ready --------------------------------------------------------------


class Workshop:
    """Checks and compiles flows, in one folder that is a project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "flows").mkdir(exist_ok=True)
        self.written({"main": {}, "child": {}})  # a project looks once at what files there are
        self.project = Project.find(folder)
        self.host = PluginHost.load(self.project)
        self.tools = {name: self.host.tools.get(name) for name in self.host.tools.names()}
        self.cast = {"luigi": load_personality(self.project.personality_path("luigi"))}

    def written(self, files: dict[str, dict[str, Any]]) -> dict[str, Path]:
        """The files of flows."""
        paths = {name: self.folder / "flows" / f"{name}.yaml" for name in files}
        for name, path in paths.items():
            path.write_text(json.dumps(files[name], ensure_ascii=False), encoding="utf-8")
        return paths

    def plan(self, case: Case) -> Plan:
        """The case's flows, found to be valid by the checker, and made ready to run."""
        paths = self.written(case.files)
        found = {name: examine_file(path, self.folder) for name, path in paths.items()}
        loaded = {name: reading.loaded for name, reading in found.items()}
        used = {"main", "child"} if _runs_child(case.files["main"]) else {"main"}
        wrong = [one for name in sorted(used) for one in self.problems(found[name])]
        assert not wrong, "\n".join(f"{one.span.file}: {one.code} {one.message}" for one in wrong)
        flows = {name: one.flow for name, one in loaded.items() if one is not None}
        return compile_plan(
            flows["main"],
            hash="proof",
            personality=NEUTRAL,
            slot_types=TYPES,
            tools=self.tools,
            flows=flows,
            cast=self.cast,
        )

    def problems(self, reading: Any) -> Sequence[Diagnostic]:
        """What the checker calls errors."""
        return [*errors(reading.diagnostics), *errors(check(reading.loaded, project=self.project, host=self.host))]


def _runs_child(flow: dict[str, Any]) -> bool:
    return any("subflow" in one for one in (*flow["nodes"].values(), *flow.get("interrupts", {}).values()) if one)
