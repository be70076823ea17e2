"""Decide what to say or which function to call. Pure: messages in, one decision out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from framework.engine.context import ENDED
from framework.engine.effects import Expectation
from framework.services.providers.rules import arguments, speech
from framework.services.providers.rules.speech import phrase
from framework.services.router import plain

FLOOR = 0.29
"""Below this a function was not meant."""

MARGIN = 0.01
"""Two functions nearer to each other than this can't be told apart."""

NAMED = 0.15
"""What it adds to a function that one of its arguments' values was said."""

FEW = 5
"""Words that an answer to "which one?" has at most."""

Weigh = Callable[[str, Sequence[Sequence[str]]], list[float]]
"""How much a text means each group of phrases, from 0 to 1; a router's `weigh`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """What is offered."""

    name: str
    description: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    required: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Call this function."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Say:
    """Say this."""

    text: str


@dataclass(frozen=True, slots=True)
class _Asking:
    """A function that was chosen, what is known of its arguments, and the one that is asked for."""

    function: Function
    known: dict[str, Any]
    missing: str


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a decision rests on beside the words."""

    functions: Sequence[Function]
    expectation: Expectation
    weigh: Weigh
    today: date
    results: Sequence[Any] = ()
    """What tools returned so far; filled in from the messages."""
    floor: float = FLOOR
    margin: float = MARGIN

    @property
    def language(self) -> str:
        """The session's language."""
        return self.expectation.language


def decide(messages: Sequence[Mapping[str, Any]], scene: Scene) -> Call | Say:
    """The answer to the last message: a person's words, a tool's result, or a new instruction."""
    results = [speech.parsed(message.get("content")) for message in messages if message.get("role") == "tool"]
    scene = replace(scene, results=results)
    last = messages[-1] if messages else {}
    match last.get("role"):
        case "tool":
            return Say(_after_result(last, scene))
        case "user" if text_of(last):
            return _answer(messages, scene)
        case "developer" if ENDED in text_of(last):
            return Say(_after_result({"content": text_of(last).partition(ENDED)[2]}, scene))
        case _:
            return Say(_opening(messages, scene))


def text_of(message: Mapping[str, Any]) -> str:
    """A message's words, whatever shape they have."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content.strip()
    parts = [part.get("text", "") for part in content if isinstance(part, Mapping)]
    return " ".join(part for part in parts if part).strip()


# --- Without words of the person -------------------------------------------


def _opening(messages: Sequence[Mapping[str, Any]], scene: Scene) -> str:
    """What is said first at a node: its sample; after that, what a later instruction holds in quotation marks."""
    sample = scene.expectation.sample
    instruction = text_of(messages[-1]) if messages else ""
    quoted = re.search(r"[\"\N{LEFT DOUBLE QUOTATION MARK}](.+?)[\"\N{RIGHT DOUBLE QUOTATION MARK}]", instruction)
    said = any(sample and sample in text_of(m) for m in messages if m.get("role") == "assistant")
    if quoted and (said or not sample):
        return quoted[1]
    return sample or can_do(scene)


def can_do(scene: Scene) -> str:
    """What may be said here: an example of each function, else its description."""
    ways = [_way(function, scene) for function in scene.functions]
    if not ways:
        return phrase("nothing_here", scene.language)
    return phrase("can_say", scene.language, ways=speech.listed(ways[: speech.MOST], scene.language, "or"))


def _way(function: Function, scene: Scene) -> str:
    examples = scene.expectation.functions.get(function.name, ())
    return f'"{examples[0]}"' if examples else speech.first_sentence(function.description) or _words(function.name)


def _after_result(message: Mapping[str, Any], scene: Scene) -> str:
    """A sentence about what a tool returned, and the question that follows from it."""
    result = speech.parsed(message.get("content"))
    if speech.is_acknowledgement(result):
        return scene.expectation.sample or can_do(scene)
    told = speech.about(result, scene.language)
    several = any(len(arguments.candidates(name, [result])) > 1 for f in scene.functions for name in f.properties)
    return f"{told} {phrase('which_one', scene.language)}" if several else told


# --- What the person said ----------------------------------------------------


def _answer(messages: Sequence[Mapping[str, Any]], scene: Scene) -> Call | Say:
    """Go through what was said since the last call or instruction: an earlier question may have asked for a value."""
    asking: _Asking | None = None
    outcome: Call | _Asking | None = None
    for place, text in enumerate(_said(messages)):
        following = _follow_up(text, messages, scene) if place == 0 else None
        outcome = following or _understand(text, asking, scene)
        asking = outcome if isinstance(outcome, _Asking) else None
    if isinstance(outcome, Call):
        return outcome
    if isinstance(outcome, _Asking):
        return Say(_question(outcome, scene))
    again = scene.expectation.sample or can_do(scene)
    return Say(f"{phrase('not_understood', scene.language)} {again}")


def _said(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """The person's turns since the last tool result or instruction."""
    begin = 0
    for place, message in enumerate(messages):
        if message.get("role") in {"tool", "developer", "system"} or message.get("tool_calls"):
            begin = place + 1
    return [text_of(m) for m in messages[begin:] if m.get("role") == "user" and text_of(m)]


def _follow_up(text: str, messages: Sequence[Mapping[str, Any]], scene: Scene) -> Call | _Asking | None:
    """A few words right after a result: another value for a call that failed, or one of the things that were found."""
    before = [m for m in messages if m.get("role") != "user" and not (m.get("role") == "assistant" and text_of(m))]
    if not before or before[-1].get("role") != "tool" or len(text.split()) > FEW or _exactly(text, scene):
        return None
    if speech.is_failure(scene.results[-1]):
        return _again(text, messages, scene)
    for function in scene.functions:
        for name in function.required:
            options = arguments.candidates(name, scene.results[-1:], scene.language)
            picked = arguments.pick(options, text, scene.language, scene.today) if options else arguments.MISSING
            if picked is not arguments.MISSING:
                return _complete(function, _fill(function, text, scene) | {name: picked}, scene)
    return None


def _again(text: str, messages: Sequence[Mapping[str, Any]], scene: Scene) -> Call | _Asking | None:
    """The call that failed, with what was said now in place of what was said then."""
    calls = [call["function"] for m in messages for call in m.get("tool_calls") or ()]
    function = next((f for f in scene.functions if calls and f.name == calls[-1].get("name")), None)
    if function is None or not (found := _fill(function, text, scene)):
        return None
    given = speech.parsed(calls[-1].get("arguments"))
    return _complete(function, (given if isinstance(given, dict) else {}) | found, scene)


def _understand(text: str, asking: _Asking | None, scene: Scene) -> Call | _Asking | None:
    """One turn: the value that was asked for, else a function."""
    if asking is not None:
        meant = _exactly(text, scene)
        if meant is None or meant is asking.function:
            value = _value(asking.function, asking.missing, text, scene, asked=True)
            if value is not arguments.MISSING:
                known = _fill(asking.function, text, scene) | asking.known | {asking.missing: value}
                return _complete(asking.function, known, scene)
    meant = choose(text, scene)
    if meant is None:
        return asking
    return _complete(meant, _fill(meant, text, scene), scene)


def _complete(function: Function, known: dict[str, Any], scene: Scene) -> Call | _Asking:
    for name in function.required:
        if name in known:
            continue
        options = arguments.candidates(name, scene.results, scene.language)
        if len(options) == 1:
            known = known | {name: options[0].value}
        else:
            return _Asking(function, known, name)
    return Call(function.name, {name: known[name] for name in function.properties if name in known})


def choose(text: str, scene: Scene) -> Function | None:
    """The function that was meant: by the very words of an example, else by likeness and by values that were said."""
    if exactly := _exactly(text, scene):
        return exactly
    if not scene.functions or not plain(text):
        return None
    likeness = scene.weigh(text, [_phrases(function, scene) for function in scene.functions])
    scores = [
        score + (NAMED if _names_a_value(function, text, scene) else 0.0)
        for function, score in zip(scene.functions, likeness, strict=True)
    ]
    ranked = sorted(range(len(scores)), key=lambda place: (-scores[place], place))
    best = scores[ranked[0]]
    if best < scene.floor or (len(ranked) > 1 and best - scores[ranked[1]] < scene.margin):
        return None
    return scene.functions[ranked[0]]


def _exactly(text: str, scene: Scene) -> Function | None:
    said = plain(text)
    return next((f for f in scene.functions if said in {plain(p) for p in _phrases(f, scene)}), None)


def _phrases(function: Function, scene: Scene) -> list[str]:
    """What a function is known by: its examples, description and name."""
    examples = scene.expectation.functions.get(function.name, ())
    described = speech.first_sentence(function.description)
    return [phrase for phrase in (described, *examples, _words(function.name)) if plain(phrase)]


def _names_a_value(function: Function, text: str, scene: Scene) -> bool:
    """Whether a value that only this function takes was said."""
    return any(
        arguments.values_of(schema) and _value(function, name, text, scene, asked=False) is not arguments.MISSING
        for name, schema in function.properties.items()
    )


def _fill(function: Function, text: str, scene: Scene) -> dict[str, Any]:
    """The arguments that a sentence holds in passing."""
    found = {name: _value(function, name, text, scene, asked=False) for name in function.properties}
    return {name: value for name, value in found.items() if value is not arguments.MISSING}


def _value(function: Function, name: str, text: str, scene: Scene, *, asked: bool) -> Any:
    options = arguments.candidates(name, scene.results, scene.language)
    if options:
        picked = arguments.pick(options, text, scene.language, scene.today)
        if picked is not arguments.MISSING:
            return picked
    schema = function.properties[name]
    if options and arguments.kind(name, schema) == "text":
        return arguments.MISSING
    kinds = [arguments.kind(other, its) for other, its in function.properties.items()]
    alone = kinds.count(arguments.kind(name, schema)) == 1
    around = arguments.Surroundings(scene.language, scene.today, asked=asked, alone=alone)
    return arguments.heard(name, schema, text, around)


def _question(asking: _Asking, scene: Scene) -> str:
    """Ask for an argument by its description."""
    schema = asking.function.properties.get(asking.missing, {})
    described = speech.first_sentence(str(schema.get("description", ""))) or _words(asking.missing)
    if described.endswith("?"):
        return described
    options = arguments.candidates(asking.missing, scene.results, scene.language)
    values = [option.words for option in options]
    values = values or [str(value).replace("_", " ") for value in arguments.values_of(schema)]
    asked = phrase("please_say", scene.language, what=speech.lowered(described))
    if not values:
        return asked
    ways = speech.listed(values[: speech.MOST], scene.language, "or")
    return f"{asked} {phrase('choices', scene.language, ways=ways)}"


def _words(name: str) -> str:
    return re.sub(r"[_.\-]+", " ", name)
