"""A flow as a page that works by itself: drawn, with the text of every node, and perhaps a story to step through."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from framework.documents import Source
from framework.flows.drawing.cards import KINDS, TRIGGERS
from framework.flows.drawing.icons import icon
from framework.flows.drawing.marks import Marks
from framework.flows.drawing.picture import Card, Picture
from framework.flows.drawing.svg import Drawing, asset, inner, used_kinds

LONGEST = 20_000
"""Characters of a node's text that are shown."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One flow of a page."""

    picture: Picture
    source: Source | None = None
    """Where the texts of the nodes come from."""
    marks: Marks | None = None
    note: str = ""
    """Said beside the name, such as which of two versions this is."""


@dataclass
class _Shown:
    sheet: Sheet
    number: int
    drawing: Drawing = field(init=False)

    def __post_init__(self) -> None:
        self.drawing = Drawing(self.sheet.picture, prefix=f"f{self.number}")


def page(sheets: Sequence[Sheet], *, story: Mapping[str, Any] | None = None) -> str:
    """A page with flows; the first is shown, the others are reached from it.

    Args:
        sheets: The flows.
        story: A conversation to step through (see `framework.story`), as JSON.
    """
    shown = [_Shown(sheet, number) for number, sheet in enumerate(sheets)]
    places = {one.sheet.picture.flow: f"#flow-{one.number}" for one in shown}
    style = _themed(asset("drawing.css")) + _themed(asset("page.css"))
    script = asset("page.js")
    data = {"flows": [_data(one) for one in shown], "story": story}
    title = sheets[0].picture.flow if sheets else "flow"
    allowed = f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">',
            f"<title>{escape(title)} – {'a conversation' if story else 'flow'}</title>",
            f"<style>{style}</style></head>",
            f'<body class="{"with-story" if story else ""}">',
            _bar(shown),
            '<div class="desk"><main class="stage" id="stage" tabindex="-1" aria-label="The drawn flow">',
            *(_sheet(one, places) for one in shown),
            *(_legend(one) for one in shown),
            TOOLS,
            "</main>",
            STORY if story else "",
            PANEL,
            "</div>",
            f'<script type="application/json" id="data">{_json(data)}</script>',
            f"<script>{script}</script>",
            "</body></html>",
        ]
    )


DARK = re.compile(r"@media \(prefers-color-scheme:dark\)\{(\S+?)\{(.*?)\}\}", re.DOTALL)

TOOLS = """<div class="tools" role="toolbar" aria-label="View">
<button data-do="out" title="Smaller (-)" aria-label="Smaller">&minus;</button>
<button data-do="scale" title="Actual size (1)" class="scale">100%</button>
<button data-do="in" title="Larger (+)" aria-label="Larger">+</button>
<button data-do="fit" title="All of it (0)">Fit</button>
</div>"""

PANEL = """<aside class="panel" id="panel" hidden aria-label="The chosen node">
<div class="panel-head"><h2 id="panel-title"></h2><button data-do="close" aria-label="Close">×</button></div>
<p class="panel-sub" id="panel-sub"></p><div id="panel-body"></div></aside>"""

STORY = """<aside class="story" id="story" aria-label="The conversation">
<div class="story-head"><h2 id="story-title"></h2><p id="story-sub"></p></div>
<ol class="talk" id="talk"></ol>
<section class="why" aria-live="polite"><h3 id="why-title"></h3><div id="why-body"></div>
<h4>Slots at this moment</h4><table id="slots"></table></section>
<div class="steps"><button data-do="first" title="First (Home)" aria-label="First">⇤</button>
<button data-do="previous" title="Previous (← or k)">Previous</button>
<span id="count"></span>
<button data-do="next" title="Next (→ or j)">Next</button>
<button data-do="last" title="Last (End)" aria-label="Last">⇥</button></div></aside>"""


def _themed(style: str) -> str:
    """A style whose dark colours also obey the page's own switch, which overrules what the system prefers."""

    def switched(found: re.Match[str]) -> str:
        inside, colours = found[1].removeprefix(":root"), found[2]
        return (
            f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]) {inside}{{{colours}}}}}\n"
            f":root[data-theme=dark] {inside}{{{colours}}}"
        )

    return DARK.sub(switched, style)


def _digest(text: str) -> str:
    """What a content security policy knows a text by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(data: Any) -> str:
    """JSON that can't leave its script element."""
    text = json.dumps(data, ensure_ascii=False, default=str)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode("utf-8", "replace").decode("utf-8")


def _bar(shown: Sequence[_Shown]) -> str:
    first = shown[0].sheet.picture if shown else None
    tabs = ""
    if len(shown) > 1:
        buttons = (
            f'<button role="tab" data-flow="{one.number}">{escape(one.sheet.picture.flow)}'
            f"{f' <i>{escape(one.sheet.note)}</i>' if one.sheet.note else ''}</button>"
            for one in shown
        )
        tabs = f'<nav role="tablist" aria-label="Flows">{"".join(buttons)}</nav>'
    return (
        f'<header class="bar"><h1>{escape(first.flow if first else "")}</h1>{tabs}'
        f'<p id="about">{escape(first.description if first else "")}</p>'
        '<span class="room"></span><p id="totals"></p>'
        '<input id="search" type="search" placeholder="Find a node  /" aria-label="Find a node" list="names">'
        '<datalist id="names"></datalist>'
        '<button data-do="theme" title="Light or dark (d)" aria-label="Light or dark">◐</button></header>'
    )


def _sheet(one: _Shown, places: Mapping[str, str]) -> str:
    wide, high = one.drawing.size()
    others = {flow: place for flow, place in places.items() if place != f"#flow-{one.number}"}
    return (
        f'<svg class="convo-flow sheet" data-flow="{one.number}" data-width="{wide:.0f}" data-height="{high:.0f}" '
        f'{"" if one.number == 0 else "hidden"} aria-label="The flow {escape(one.sheet.picture.flow)}">'
        f'<g class="world">{inner(one.drawing, one.sheet.marks, others)}</g></svg>'
    )


def _legend(one: _Shown) -> str:
    kinds, triggers = used_kinds(one.sheet.picture)
    parts = [
        f"<li>{_sign(18, f'k-{kind}', TILE + icon(kind, 3, 3, 12, 'icon on-tile'))}{KINDS[kind]}</li>" for kind in kinds
    ]
    parts += [
        f"<li>{_sign(36, f'row t-{name}', _line(name) + icon(name, 21, 3, 12, 'icon trigger'))}{TRIGGERS[name]}</li>"
        for name in triggers
    ]
    shown = f'data-flow="{one.number}"{"" if one.number == 0 else " hidden"}'
    return f'<details class="legend" {shown}><summary>Legend</summary><ul>{"".join(parts)}</ul></details>'


TILE = '<rect class="tile" width="18" height="18" rx="5"/>'


def _sign(wide: int, css: str, body: str) -> str:
    return f'<svg class="convo-flow" width="{wide}" height="18" aria-hidden="true"><g class="{css}">{body}</g></svg>'


def _line(trigger: str) -> str:
    return f'<path class="way t-{trigger}" d="M1 9h17"/>'


# --- What the page knows ----------------------------------------------------


def _data(one: _Shown) -> dict[str, Any]:
    picture, marks = one.sheet.picture, one.sheet.marks
    ids = one.drawing.ids
    cards = {ids[card.name]: _about(card, ids, one.sheet) for card in picture.cards}
    cards |= {f"f{one.number}a{number}": _about(card, ids, one.sheet) for number, card in enumerate(picture.asides)}
    return {
        "name": picture.flow,
        "about": picture.description,
        "note": one.sheet.note,
        "totals": {} if marks is None else marks.totals(picture),
        "first": ids.get(picture.initial),
        "ids": ids,
        "cards": cards,
        "steps": [ids[name] for name in marks.steps if name in ids] if marks else [],
    }


def _about(card: Card, ids: Mapping[str, str], sheet: Sheet) -> dict[str, Any]:
    file, line, text = _text(sheet.source, card.path)
    return {
        "name": card.name,
        "title": card.title,
        "kind": card.kind,
        "does": KINDS[card.kind],
        "badges": list(card.badges),
        "lines": list(card.lines),
        "place": f"{file}:{line}" if file else "",
        "yaml": text,
        "rows": list(_ways(card, ids, sheet.marks)),
        "hits": None if sheet.marks is None else sheet.marks.card(card),
    }


def _ways(card: Card, ids: Mapping[str, str], marks: Marks | None) -> Iterator[dict[str, Any]]:
    for row in card.rows:
        yield {
            "key": row.key,
            "route": row.route,
            "trigger": row.trigger,
            "label": row.label,
            "effects": row.effects,
            "to": row.to,
            "id": ids.get(row.to or ""),
            "end": row.end,
            "hits": None if marks is None else marks.row(card, row),
        }


def _text(source: Source | None, path: Sequence[str | int]) -> tuple[str, int, str]:
    """The file, the line, and the lines of it in which something was written, without their common indent."""
    if source is None or not path or not source.has(path):
        return "", 0, ""
    key, value = source.locate_key(path), source.locate(path)
    if key.file not in source.texts:
        return "", 0, ""
    lines = source.texts[key.file].splitlines()
    last = value.end_line if value.file == key.file else key.line
    taken = lines[key.line - 1 : max(last, key.line)]
    if value.file == key.file and len(taken) > 1 and not taken[-1][: value.end_column - 1].strip():
        taken = taken[:-1]
    while len(taken) > 1 and (not taken[-1].strip() or taken[-1].lstrip().startswith("#")):
        taken = taken[:-1]
    indent = min((len(line) - len(line.lstrip()) for line in taken if line.strip()), default=0)
    text = "\n".join(line[indent:] for line in taken)[:LONGEST]
    if value.file != key.file and value.file in source.texts:
        text += f"\n# {value.file}\n" + source.texts[value.file][:LONGEST]
    return key.file, key.line, text
