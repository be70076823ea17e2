"""What each code of the checker means: for the manual, for editors and for other programs."""

from __future__ import annotations

import inspect
import re
import textwrap
from dataclasses import dataclass
from functools import cache
from importlib import import_module

MANUAL = "https://convo.dev/reference/diagnostics"
"""The address under which the manual of the codes is known."""

STRUCTURE = {
    "001": "a key is not one that can stand here.",
    "002": "a value is of the wrong kind.",
    "003": "a key is missing.",
    "004": "a key is reserved for a later version.",
}
"""Ends of codes that every kind of file has, with what is wrong."""

STRUCTURED = ("FLW", "PRS", "STK", "CFG", "TST")
"""What stands before them."""

OTHERS = {
    "YML001": "there is no such file, or it can't be read.",
    "YML002": "the file is too large.",
    "YML003": "the file is not UTF-8 text.",
    "YML004": "YAML or JSON can't read this.",
    "YML005": "a key is written twice.",
    "YML006": "a tab stands in a file of ours.",
    "YML007": "`<<` stands where it means nothing.",
    "YML008": "a tag means nothing here, or a value does not fit it.",
    "YML009": "a file can't be included: it is missing, outside the project, or includes itself.",
    "YML010": "values nest too deeply, or become too many when aliases are written out.",
    "YML011": "the file is empty, holds two documents, or is no mapping.",
    "YML012": "braces or brackets need quotes around them.",
    "YML020": "a comment ignores a problem that is not there.",
    "YML021": "a comment for the checker can't be understood, or names a problem that nobody can ignore.",
    "CFG010": "`default_bot` names a bot that is not there.",
    "CFG011": "a bot names a flow, personality or stack that is not there.",
    "CFG012": "a bot names a transport that no plugin offers.",
    "PRS010": "a personality extends one that is not there or has problems of its own.",
    "PRS011": "personalities extend each other in a circle.",
    "PRS012": "a language is none, or a text is not there in all of them.",
    "PRS013": "a voice is given for a service that nobody offers.",
    "PRS014": "the personality's name differs from its file's.",
    "PRS015": "a placeholder reads what a personality can't know.",
    "STK001": "nobody offers such a service.",
    "STK002": "the service takes no such key.",
    "STK003": "a value does not fit the service's key.",
    "STK004": "a variable of the environment is not set.",
    "STK005": "a package that the service needs is not installed.",
    "STK006": "the service's model is not prepared.",
    "STK007": "a secret is written out in the file.",
    "STK008": "services are missing, or exclude each other.",
    "STK009": "the class behind a service can't be found.",
    "STK010": "`${` begins no variable.",
    "TST010": "two scenarios of a file have one name.",
    "TST011": "a scenario has neither turns nor a persona, or both.",
    "TST012": "a scenario is about a flow that is not there.",
    "TST013": "a turn is two things at once, or says how long nothing takes.",
    "TST014": "somebody interrupts a bot whose words are read.",
    "TST015": "nothing is expected, or something that would not be looked at.",
    "TST016": "a node, slot, event or tool of the flow has another name.",
    "TST017": "a tool has answers, and the flow never calls it.",
    "TLS010": "a plugin could not be loaded, so what it offers is not known.",
}
"""Codes that are not those of rules about flows."""


@dataclass(frozen=True, slots=True)
class Code:
    """One code with its sentence and, if it is a rule's, its two examples."""

    code: str
    sentence: str
    examples: str = ""

    @property
    def bad(self) -> str:
        """A file in which it is found; empty where there is no example."""
        return _example(self.examples, "Bad")

    @property
    def good(self) -> str:
        """The same file without it; empty where there is no example."""
        return _example(self.examples, "Good")

    @property
    def link(self) -> str:
        """Where it is explained."""
        return f"{MANUAL}#{self.code.lower()}" if self.examples else MANUAL


def _example(examples: str, title: str) -> str:
    found = re.search(rf"^{title}:\n((?:    .*(?:\n|$)|\n)+)", examples, re.MULTILINE)
    return textwrap.dedent(found[1]) if found else ""


@cache
def rules() -> dict[str, Code]:
    """The rules about flows, by code, from the docstrings of their modules."""
    found = {}
    for name in import_module("framework.flows.rules").BUILT_IN:
        doc = inspect.cleandoc(import_module(f"framework.flows.rules.{name}").__doc__ or "")
        head, _, examples = doc.partition("\n")
        code, _, sentence = head.partition(": ")
        found[code] = Code(code, sentence, examples.strip())
    return dict(sorted(found.items()))


def explain(code: str) -> Code:
    """What a code means; a code that nobody knows means a problem of the file."""
    if known := rules().get(code):
        return known
    general = STRUCTURE.get(code[3:]) if code[:3] in STRUCTURED else None
    return Code(code, OTHERS.get(code) or general or "something is wrong with the file.")


def as_markdown(known: Code) -> str:
    """The sentence, and the examples as blocks of YAML."""
    sentence = known.sentence[:1].upper() + known.sentence[1:]
    return f"{sentence}\n\n{shown(known.examples)}".rstrip() + "\n"


def shown(examples: str) -> str:
    """The two examples of a rule as blocks of YAML, and what stands before them."""
    parts = re.split(r"^(Bad|Good):\n", examples.strip() + "\n", flags=re.MULTILINE)
    blocks = [parts[0]]
    for label, example in zip(parts[1::2], parts[2::2], strict=True):
        blocks.append(f"{label}:\n\n```yaml\n{textwrap.dedent(example).strip()}\n```\n\n")
    return "".join(blocks).rstrip() + "\n"
