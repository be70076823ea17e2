"""The page on spoken forms: what each slot type hears, says and takes as keys, and how much it understands."""

from __future__ import annotations

import inspect
import json
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks import spoken
from framework.slots import BUILT_IN
from framework.slots.base import Hearing, SlotType

VOICE = Path(spoken.__file__).with_name("heard.json")
LANGUAGES = {"en": "English", "es": "Spanish", "de": "German"}
SHOWN = (0, 5, 10)
"""Which utterances of a table stand on the page."""
EXAMPLES: dict[str, Any] = {
    "text": "my sink is leaking",
    "person_name": "Ada Lovelace",
    "integer": 21,
    "number": 2.5,
    "boolean": True,
    "enum": "extra_large",
    "date": "1985-03-03",
    "time": "15:30",
    "datetime": "2026-12-01T09:30",
    "duration": "PT1H30M",
    "money": {"amount": 12.5, "currency": "EUR"},
    "phone": "+14155552671",
    "postal_code": "SW1A 1AA",
    "email": "ada.lovelace@example.com",
    "digits": "4111111111111111",
    "list": ["pepperoni", "margherita", "margherita"],
    "object": {"size": "small", "on": "2026-12-01"},
}
"""A value of each type; the page shows how it is said."""
NEEDED: dict[str, Any] = {
    "enum": {"values": ["small", "medium", "extra_large"]},
    "postal_code": {"region": "GB"},
    "list": {"of": {"type": "enum", "values": ["margherita", "pepperoni"]}},
    "object": {"fields": {"size": {"type": "enum", "values": ["small", "large"]}, "on": "date"}},
}
INTRODUCTION = """\
What people say is written in many ways: by themselves, by a recogniser, in figures or in words, with "um" before it
and "no, sorry" inside. Every slot type has a grammar for English, Spanish and German (other languages are read as
English), and says its values so that it would hear them again: that a read-back is understood as what was read back
holds for every value, and the tests try it with thousands. What differs by country comes from libraries: numbering
plans from `phonenumbers`, names of currencies, units and months from `Babel`. Postal codes have the form of their
country, for 180 of them; elsewhere three to ten letters and digits are taken.

Keys of a telephone: `#` closes an answer; where the number of keys is known, none is needed. `masked` is how a
sensitive value is read back.
"""
MEASURED = """\
40 utterances for each type and language, written before the grammars, in the words of people and of recognisers,
with fillers, corrections, values that must be refused and sentences that hold no value
([`tests/framework/slots/spoken/`](../../tests/framework/slots/spoken)). In brackets: when the table was measured
for the first time, for the first seven types by the grammars of the version before. The grammars have been improved
on these tables since, and tables and grammars are by the same hand, so expect less of callers than these figures;
the last line is what was written after the grammars. By voice: the English utterances that are written in words,
said by Piper (no human voice), heard by Moonshine in a quiet room and with white noise 10 dB below the voice.
`python -m benchmarks spoken` and `python -m benchmarks heard` measure again.
"""


def page(generated: str) -> str:
    """The whole page."""
    types = "\n".join(_type(slot_type) for slot_type in BUILT_IN)
    shares = f"## How much is understood\n\n{MEASURED}\n{_shares()}\n{_missed()}"
    return f"# Spoken forms\n\n{generated}{INTRODUCTION}\n{shares}\n## The types\n\n{types}"


# --- Figures --------------------------------------------------------------------


def _shares() -> str:
    voice = _voice()
    noises = list(voice)
    head = ["type", *LANGUAGES.values(), *(f"by voice, {noise}" for noise in noises)]
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    first = spoken.first()["tables"]
    for name, by in spoken.shares().items():
        cells = [f"{by[tag][0]} of {by[tag][1]} ({first[name][place]})" for place, tag in enumerate(LANGUAGES)]
        heard = [voice[noise].get(name, "–") for noise in noises]
        lines.append("| " + " | ".join([f"`{name}`", *cells, *heard]) + " |")
    lines.append("| " + " | ".join(["all", *_totals(), *(voice[noise].get("all", "–") for noise in noises)]) + " |")
    lines.append("| " + " | ".join(["written afterwards", *_unseen(), *("–" for _ in noises)]) + " |")
    return "\n".join(lines) + "\n"


def _totals() -> list[str]:
    shares = spoken.shares().values()
    sums = [(sum(by[tag][0] for by in shares), sum(by[tag][1] for by in shares)) for tag in LANGUAGES]
    return [f"{right / every:.1%}" for right, every in sums]


def _unseen() -> list[str]:
    rows = list(spoken.unseen())
    cells = []
    for tag, at_first in zip(LANGUAGES, spoken.first()["unseen"], strict=True):
        own = [row for row in rows if row.language == tag]
        right = sum(row.understood() for row in own)
        cells.append(f"{right / len(own):.0%} of {len(own)} (at first sight {at_first / len(own):.0%})")
    return cells


def _voice() -> dict[str, dict[str, str]]:
    """Noise → type → share, of the run that was kept."""
    if not VOICE.exists():
        return {}
    found = {}
    for ratio in json.loads(VOICE.read_text("utf-8"))["ratios"]:
        right, every = ratio["raw"]["understood"], ratio["raw"]["said"]
        shares = {name: f"{right[name]} of {count}" for name, count in every.items()}
        found[ratio["name"].removeprefix("heard, ")] = shares | {"all": f"{ratio['value']:.1%}"}
    return found


def _missed() -> str:
    rows = [f"- `{row.type}`, {LANGUAGES[row.language]}: “{row.said}” {_told(row)}" for row in spoken.missed()]
    return "Not understood yet, of the tables:\n\n" + "\n".join(rows) + "\n"


def _told(row: spoken.Row) -> str:
    got = row.heard()
    if got == "NOTHING":
        return f"finds nothing, should be `{_json(row.wanted)}`"
    wanted = {"NOTHING": "nothing", "REFUSED": "refused"}.get(str(row.wanted), f"`{_json(row.wanted)}`")
    return f"is taken for `{_json(got)}`, should be {wanted}"


# --- Types ----------------------------------------------------------------------


def _type(slot_type: SlotType) -> str:
    options = slot_type.Options.model_validate(NEEDED.get(slot_type.name, {}))
    value = EXAMPLES[slot_type.name]
    heard = _doc(slot_type, "hear") if slot_type.heard else ""
    lines = [f"### `{slot_type.name}`\n", f"{_first(slot_type)} {heard}".strip() + "\n"]
    rows = [["canonical form", f"`{_json(value)}`"]]
    if slot_type.heard:
        rows.append(["people say", _utterances(slot_type.name)])
    rows += [[f"said in {name}", f"“{slot_type.spoken(value, options, tag)}”"] for tag, name in LANGUAGES.items()]
    rows.append(["masked", f"“{slot_type.masked(value, options, 'en')}”"])
    rows.append(["keys", _keys(slot_type, options)])
    table = ["|  |  |", "| --- | --- |", *(f"| {name} | {words} |" for name, words in rows)]
    return "\n".join([*lines, *table]) + "\n"


def _first(slot_type: SlotType) -> str:
    return " ".join((inspect.getdoc(type(slot_type)) or "").split())


def _doc(slot_type: SlotType, method: str) -> str:
    return " ".join((inspect.getdoc(getattr(slot_type, method)) or "").split())


def _utterances(name: str) -> str:
    rows = [row for row in spoken.rows(name) if row.language == "en"]
    return ", ".join(f"“{rows[place].said}”" for place in SHOWN)


def _keys(slot_type: SlotType, options: Any) -> str:
    if type(slot_type).keys is SlotType.keys:
        return "none"
    enough = slot_type.presses(options, Hearing("en", date(2026, 11, 21)))
    closed = (
        "A `#` or a pause closes them." if not enough else "One is enough." if enough == 1 else f"{enough} are enough."
    )
    return f"{_doc(slot_type, 'keys')} {closed}"


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
