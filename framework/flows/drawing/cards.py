"""One card of a drawing: how large it is, and how it looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from framework.flows.drawing.icons import ICONS, icon
from framework.flows.drawing.layers import Box
from framework.flows.drawing.marks import Marks
from framework.flows.drawing.measure import cut, width, wrapped
from framework.flows.drawing.picture import Card, Row

WIDTH = 248.0
HEAD = 42.0
LINE = 16.0
ROW = 24.0
PAD = 12.0
TITLE, TEXT, SMALL = 13.0, 11.5, 10.0
LINES = 2
"""Lines of one text."""
MOST_LINES = 5
"""Lines of all texts of a card."""

KINDS = {
    "say": "says a text",
    "instruct": "a model converses",
    "collect": "asks for slots",
    "run": "calls a tool",
    "decide": "decides at once",
    "subflow": "runs another flow",
    "transfer": "hands over",
    "wait": "waits",
    "interrupt": "interrupt",
    "timer": "timer",
    "ladder": "ladder of all nodes",
    "limit": "limits",
    "error": "errors",
}
"""Kind → what it does, in words."""

TRIGGERS = {
    "always": "always, or else",
    "if": "if an expression holds",
    "outcome": "how the node ended",
    "intent": "what the person means",
    "event": "an event from outside",
    "after": "after a while",
    "function": "a function of the model",
    "ladder": "silence, or not understood",
    "end": "ends the flow",
}
"""Trigger → what it is, in words."""


@dataclass(frozen=True, slots=True)
class Face:
    """A card that knows its size."""

    card: Card
    lines: tuple[str, ...]
    height: float
    ports: dict[str, float] = field(default_factory=dict)
    """Row's key → how far below the top it is."""

    @property
    def box(self) -> Box:
        """The card as the layout sees it."""
        return Box(WIDTH, self.height, HEAD / 2)


def face(card: Card) -> Face:
    """A card with its texts broken into lines."""
    lines = [part for line in card.lines for part in wrapped(line, WIDTH - 2 * PAD, TEXT, LINES)][:MOST_LINES]
    top = HEAD + (len(lines) * LINE + 8 if lines else 0)
    ports = {row.key: top + ROW * number + ROW / 2 + 4 for number, row in enumerate(card.rows)}
    height = top + (len(card.rows) * ROW + 8 if card.rows else 4)
    return Face(card, tuple(lines), height, ports)


def safe(text: object) -> str:
    """A text inside a drawing: escaped, without what XML has no form for."""
    return escape("".join(char if char.isprintable() or char == " " else " " for char in str(text)))


def drawn(face: Face, ids: dict[str, str], own: str, marks: Marks | None, linked: bool) -> str:
    """A card's group, with its left upper corner at the origin.

    Args:
        face: What to draw.
        ids: Node → the id of its group, for links.
        own: The id of this group.
        marks: How often its parts were used.
        linked: Whether the flow that it runs is drawn, too, or lies beside as a file.
    """
    card = face.card
    hits = None if marks is None else marks.card(card)
    parts = [
        (
            f'<g class="{_classes(card)}{marks.used(hits) if marks else ""}" id="{own}" data-name="{safe(card.name)}" '
            f'data-kind="{card.kind}" role="button" tabindex="0" aria-label="{safe(_spoken(card, hits))}">'
        ),
        f"<title>{safe(card.title)}</title>",
        *_outline(card.kind, face.height),
        '<rect class="tile" x="9" y="9" width="24" height="24" rx="7"/>',
        icon(card.kind, 13, 13, 16, "icon on-tile"),
        *_head(card, hits if hits or (marks and marks.kind == "coverage") else None, linked),
    ]
    for number, line in enumerate(face.lines):
        parts.append(f'<text class="line" x="{PAD}" y="{HEAD + 8 + LINE * number + 3:.1f}">{safe(line)}</text>')
    if card.rows:
        top = min(face.ports.values(), default=0) - ROW / 2 - 4
        parts.append(f'<path class="rule" d="M0.5 {top + 2:.1f}h{WIDTH - 1:.1f}"/>')
    parts += [_row(card, row, face.ports[row.key], ids, marks) for row in card.rows]
    parts.append("</g>")
    return "\n".join(parts)


def _classes(card: Card) -> str:
    aside = "" if card.path[:1] == ("nodes",) else " aside"
    return f"card k-{card.kind}{aside}"


def _spoken(card: Card, hits: int | None) -> str:
    counted = {None: "", 1: ", once"}.get(hits, f", {hits} times")
    ways = f", {len(card.rows)} ways out" if len(card.rows) != 1 else ", one way out"
    return f"{card.title}: {KINDS[card.kind]}{ways}{counted}"


def _outline(kind: str, height: float) -> list[str]:
    """The shape of a kind; a flow within a flow lies on another card."""
    under = []
    if kind == "subflow":
        under = [f'<rect class="shape under" x="5" y="5" width="{WIDTH}" height="{height:.1f}" rx="10"/>']
    return [*under, f'<path class="shape" d="{_shape(kind, WIDTH, height)}"/>']


def _shape(kind: str, w: float, h: float) -> str:
    if kind == "decide":
        c = 13
        return f"M{c} 0H{w - c}L{w} {c}V{h - c:.1f}L{w - c} {h:.1f}H{c}L0 {h - c:.1f}V{c}z"
    if kind == "collect":
        return (
            f"M10 0H{w - 16}L{w} 16V{h - 10:.1f}a10 10 0 0 1-10 10H10a10 10 0 0 1-10-10V10A10 10 0 0 1 10 0z"
            f"M{w - 16} 0v12a4 4 0 0 0 4 4h12"
        )
    r = {"say": 16, "run": 3, "transfer": 3}.get(kind, 10)
    if kind == "transfer":
        return f"M3 0H{w - 12}L{w} {h / 2:.1f}L{w - 12} {h:.1f}H3a3 3 0 0 1-3-3V3A3 3 0 0 1 3 0z"
    return (
        f"M{r} 0H{w - r}a{r} {r} 0 0 1 {r} {r}V{h - r:.1f}a{r} {r} 0 0 1-{r} {r}H{r}a{r} {r} 0 0 1-{r}-{r}V{r}"
        f"A{r} {r} 0 0 1 {r} 0z"
    )


def _head(card: Card, hits: int | None, linked: bool) -> list[str]:
    room, parts = WIDTH - 42 - PAD, []
    if hits is not None:
        text = f"{hits}×"
        wide = max(26.0, width(text, SMALL, bold=True) + 14)
        room -= wide + 4
        parts += [
            f'<rect class="count" x="{WIDTH - PAD - wide + 2:.1f}" y="12" width="{wide:.1f}" height="18" rx="9"/>',
            f'<text class="count-text" x="{WIDTH - PAD - wide / 2 + 2:.1f}" y="24.5">{text}</text>',
        ]
    elif card.kind == "subflow" and linked:
        room -= 18
        parts.append(f'<path class="icon open" transform="translate({WIDTH - 26:.1f} 14)" d="M5 2h7v7M12 2L3 11"/>')
    small = " · ".join((KINDS[card.kind], *card.badges))
    return [
        f'<text class="title" x="42" y="19">{safe(cut(card.title, room, TITLE, bold=True))}</text>',
        f'<text class="small" x="42" y="32">{safe(cut(small, room, SMALL))}</text>',
        *parts,
    ]


def _row(card: Card, row: Row, y: float, ids: dict[str, str], marks: Marks | None) -> str:
    hits = None if marks is None else marks.row(card, row)
    used = marks.used(hits) if marks else ""
    end = _chip(row, ids, aside=card.path[:1] != ("nodes",))
    counted = f"{hits}×" if hits else ""
    taken = WIDTH - 30 - PAD
    parts = [f'<g class="row t-{row.trigger}{used}" data-key="{safe(row.key)}">', _tooltip(row)]
    parts.append(f'<rect class="hot" x="1" y="{y - ROW / 2:.1f}" width="{WIDTH - 2}" height="{ROW}"/>')
    parts.append(icon(row.trigger if row.trigger in ICONS else "always", PAD, y - 6, 12, "icon trigger"))
    right = WIDTH - PAD
    if counted:
        wide = width(counted, SMALL, bold=True)
        parts.append(f'<text class="hits" x="{right:.1f}" y="{y + 3.5:.1f}">{counted}</text>')
        right, taken = right - wide - 6, taken - wide - 6
    if end:
        text, css, goal = end
        text = cut(text, WIDTH * 0.42, SMALL)
        wide = width(text, SMALL) + 22
        right -= wide
        taken -= wide + 4
        parts.append(_pill(text, css, goal, right, y, wide))
    if row.effects and not end:
        taken -= 14
        parts.append(f'<text class="more" x="{right:.1f}" y="{y + 3:.1f}">+</text>')
    size = SMALL if row.code else TEXT
    label = cut(row.label, taken, size, mono=row.code)
    css = "label code" if row.code else "label"
    parts.append(f'<text class="{css}" x="30" y="{y + 4:.1f}">{safe(label)}</text>')
    if row.to is not None and not end:
        parts.append(f'<circle class="port" cx="{WIDTH}" cy="{y:.1f}" r="4"/>')
    parts.append("</g>")
    return "".join(parts)


def _tooltip(row: Row) -> str:
    where = f" → {row.to}" if row.to is not None else f" → ends: {row.end}" if row.end is not None else ""
    does = f" ({row.effects})" if row.effects else ""
    return f"<title>{safe(row.label + does + where)}</title>"


def _chip(row: Row, ids: dict[str, str], *, aside: bool) -> tuple[str, str, str] | None:
    """What stands at the end of a row that no line leaves: text, class, and the id of what it points at."""
    if row.end is not None:
        return row.end, "end", ""
    if row.to is not None and aside:
        return row.to, "goto", ids.get(row.to, "")
    if row.to is not None and row.to not in ids:
        return row.to, "lost", ""
    if row.to is None and row.effects:
        return row.effects, "does", ""
    return ("stays", "does", "") if row.to is None else None


def _pill(text: str, css: str, goal: str, x: float, y: float, wide: float) -> str:
    glyph = {"end": "M2 2h6v6H2z", "goto": "M1 5h7M5.5 2.5L8 5 5.5 7.5", "lost": "M2 2l6 6M8 2L2 8"}.get(css, "")
    mark = f'<path class="glyph" transform="translate({x + 6:.1f} {y - 5:.1f})" d="{glyph}"/>' if glyph else ""
    body = (
        f'<rect class="pill" x="{x:.1f}" y="{y - 9:.1f}" width="{wide:.1f}" height="18" rx="9"/>{mark}'
        f'<text class="pill-text" x="{x + (18 if glyph else 11):.1f}" y="{y + 3.5:.1f}">{safe(text)}</text>'
    )
    group = f'<g class="chip c-{css}">{body}</g>'
    return f'<a href="#{goal}" data-goto="{goal}">{group}</a>' if goal else group
