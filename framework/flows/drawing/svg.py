"""A flow as SVG: cards in layers, ways between them, and below what counts everywhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from framework.flows.drawing.cards import KINDS, TRIGGERS, WIDTH, Face, drawn, face, safe
from framework.flows.drawing.icons import icon
from framework.flows.drawing.layers import Layout, Link, Point, arrange
from framework.flows.drawing.marks import Marks
from framework.flows.drawing.measure import width
from framework.flows.drawing.picture import Card, Picture, Row

MARGIN = 48.0
START = 44.0
"""Room for the sign of the beginning, left of the first card."""
GAP = 24.0
LEVEL = 0.05
"""Heights that are the same."""
BESIDE = 10.0
"""Distances that are none: the line turns round beside a card."""


@dataclass
class Drawing:
    """A picture with a place for everything."""

    picture: Picture
    prefix: str = ""
    """What ids begin with, where several drawings stand in one page."""
    faces: dict[str, Face] = field(init=False)
    asides: list[Face] = field(init=False)
    links: list[tuple[Card, Row]] = field(init=False)
    layout: Layout = field(init=False)

    def __post_init__(self) -> None:
        self.faces = {card.name: face(card) for card in self.picture.cards}
        self.asides = [face(card) for card in self.picture.asides]
        self.links = [(card, row) for card in self.picture.cards for row in card.rows if row.to in self.faces]
        boxes = {name: one.box for name, one in self.faces.items()}
        links = [Link(card.name, row.to or "", self.faces[card.name].ports[row.key]) for card, row in self.links]
        first = self.picture.initial if self.picture.initial in boxes else next(iter(boxes), "")
        self.layout = arrange(boxes, links, first)

    @property
    def ids(self) -> dict[str, str]:
        """Node → the id of its card."""
        return {name: f"{self.prefix}n{number}" for number, name in enumerate(self.faces)}

    def origin(self) -> Point:
        """Where the laid out cards begin."""
        return MARGIN + START, MARGIN

    def below(self) -> float:
        """Where that begins which counts everywhere."""
        return MARGIN + self.layout.height + 64

    def aside_places(self) -> list[Point]:
        """A place for each card that stands aside: columns of even height under the flow."""
        columns = max(1, min(len(self.asides), int((max(self.layout.width, 1080) + GAP) // (WIDTH + GAP))))
        heights = [self.below() + 34] * columns
        places = []
        for one in self.asides:
            column = heights.index(min(heights))
            places.append((MARGIN + START + column * (WIDTH + GAP), heights[column]))
            heights[column] += one.height + GAP
        return places

    def size(self) -> tuple[float, float]:
        """Width and height of all of it."""
        wide, high = self.layout.width + START, self.below() - 64
        for (x, y), one in zip(self.aside_places(), self.asides, strict=True):
            wide, high = max(wide, x + WIDTH - MARGIN), max(high, y + one.height)
        return wide + 2 * MARGIN, high + MARGIN


def svg(picture: Picture, marks: Marks | None = None, *, flows: dict[str, str] | None = None) -> str:
    """A flow as an SVG document that needs nothing else.

    Args:
        picture: The flow.
        marks: How often its parts were used.
        flows: Flow → where its own drawing is, for links.
    """
    drawing = Drawing(picture)
    wide, high = drawing.size()
    wide = max(wide, _legend_width(picture) + 2 * MARGIN)
    head = 56.0
    legend = _legend(picture, MARGIN, head + high + 8)
    total = head + high + 52
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" class="convo-flow" viewBox="0 0 {wide:.0f} {total:.0f}" '
                f'width="{wide:.0f}" height="{total:.0f}" role="img" aria-label="{safe(f"The flow {picture.flow}")}">'
            ),
            f"<style>{asset('drawing.css')}</style>",
            f'<rect class="paper" width="{wide:.0f}" height="{total:.0f}"/>',
            _heading(picture, marks, wide),
            f'<g transform="translate(0 {head:.0f})">',
            inner(drawing, marks, flows).replace(' role="button" tabindex="0"', ' role="group"'),
            "</g>",
            legend,
            "</svg>",
        ]
    )


def inner(drawing: Drawing, marks: Marks | None = None, flows: dict[str, str] | None = None) -> str:
    """What stands inside the drawing's `<svg>`."""
    ids = drawing.ids
    x0, y0 = drawing.origin()
    parts = [_begin(drawing), '<g class="ways">', *_ways(drawing, marks), "</g>", '<g class="cards">']
    for name, one in drawing.faces.items():
        x, y = drawing.layout.places[name]
        where = (flows or {}).get(one.card.subflow or "")
        body = drawn(one, ids, ids[name], marks, linked=where is not None)
        parts.append(f'<g transform="translate({x + x0:.1f} {y + y0:.1f})">{_linked(body, where)}</g>')
    parts.append("</g>")
    if drawing.asides:
        parts += _beside(drawing, marks, flows or {})
    return "\n".join(parts)


def _linked(body: str, where: str | None) -> str:
    return body if where is None else f'<a class="flow-link" href="{safe(where)}">{body}</a>'


def _begin(drawing: Drawing) -> str:
    """The sign of the beginning, and the way from it to the first card."""
    place = drawing.layout.places.get(drawing.picture.initial)
    if place is None:
        return ""
    x, y = place[0] + drawing.origin()[0], place[1] + drawing.origin()[1] + 21
    return (
        f'<path class="way t-always" d="M{x - START + 12:.1f} {y:.1f}H{x - 8:.1f}"/>{_head(x, y)}'
        f'<circle class="begin" cx="{x - START + 2:.1f}" cy="{y:.1f}" r="10"/>'
        f'<path class="begin-sign" d="M{x - START - 1:.1f} {y - 4.5:.1f}l7 4.5-7 4.5z"/>'
    )


def _head(x: float, y: float) -> str:
    """The tip of a way, at a card's left."""
    return f'<path class="tip" d="M{x - 8:.1f} {y - 4.5:.1f}L{x - 0.5:.1f} {y:.1f}L{x - 8:.1f} {y + 4.5:.1f}z"/>'


# --- Ways -------------------------------------------------------------------


def _ways(drawing: Drawing, marks: Marks | None) -> Iterator[str]:
    ids, layout = drawing.ids, drawing.layout
    mixed = _mixed(drawing)
    found = []
    for (card, row), points, passages in zip(drawing.links, layout.ways, layout.passages, strict=True):
        hits = None if marks is None else marks.row(card, row)
        used = marks.used(hits) if marks else ""
        ends = f'data-from="{ids[card.name]}" data-to="{ids[row.to or ""]}" data-key="{safe(row.key)}"'
        own, trunk = _course(
            points, drawing.origin(), next((n for n, one in enumerate(passages) if one in mixed), None)
        )
        text = f'<path class="way t-{row.trigger}{used}" {ends} d="{own}"/>'
        if trunk:
            text = f'<path class="way trunk{used}" {ends} d="{trunk}"/>{text}'
        found.append((bool(hits), text))
    yield from (text for _, text in sorted(found, key=lambda one: one[0]))
    for name in dict.fromkeys(row.to for _, row in drawing.links):
        x, y = layout.places[name or ""]
        yield _head(x + drawing.origin()[0], y + drawing.origin()[1] + 21)


def _mixed(drawing: Drawing) -> set[str]:
    """The passages that ways of several kinds share: from there on they have no colour of their own."""
    kinds: dict[str, set[str]] = {}
    for (_, row), passages in zip(drawing.links, drawing.layout.passages, strict=True):
        for passage in passages:
            kinds.setdefault(passage, set()).add(row.trigger)
    return {passage for passage, triggers in kinds.items() if len(triggers) > 1}


def _course(points: list[Point], origin: Point, merge: int | None) -> tuple[str, str]:
    """A line through points, level at each of them; where it turns round, a loop.

    Args:
        points: The corners.
        origin: What to move them by.
        merge: The passage from which on it is shared; the second line is that part of it.
    """
    moved = [(x + origin[0], y + origin[1]) for x, y in points]
    moved[-1] = (moved[-1][0] - 7, moved[-1][1])
    split = len(moved) if merge is None else 1 + 2 * merge
    own: list[str] = [f"M{moved[0][0]:.1f} {moved[0][1]:.1f}"]
    trunk: list[str] = []
    heading = 1.0
    for number, (begin, end) in enumerate(itertools.pairwise(moved)):
        part, heading = _stretch(begin, end, heading)
        if number < split:
            own.append(part)
        else:
            trunk += [part] if trunk else [f"M{begin[0]:.1f} {begin[1]:.1f}", part]
    return "".join(own), "".join(trunk)


def _stretch(begin: Point, end: Point, heading: float) -> tuple[str, float]:
    """One stretch of a line, and whether it then goes to the right (1) or to the left (-1)."""
    (x1, y1), (x2, y2) = begin, end
    if abs(y1 - y2) < LEVEL and (x2 - x1) * heading > 0:
        return f"H{x2:.1f}", heading
    if abs(x1 - x2) < BESIDE:
        bend = min(46.0, 22 + abs(y2 - y1) * 0.12) * heading
        return f"C{x1 + bend:.1f} {y1:.1f} {x2 + bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}", -heading
    half = (x2 - x1) * 0.5
    return f"C{x1 + half:.1f} {y1:.1f} {x2 - half:.1f} {y2:.1f} {x2:.1f} {y2:.1f}", 1.0 if x2 > x1 else -1.0


# --- What counts everywhere -------------------------------------------------


def _beside(drawing: Drawing, marks: Marks | None, flows: dict[str, str]) -> Iterator[str]:
    ids = drawing.ids
    y = drawing.below()
    wide = drawing.size()[0] - 2 * MARGIN
    yield f'<g class="asides"><path class="divide" d="M{MARGIN} {y - 14:.1f}h{wide:.1f}"/>'
    yield f'<text class="heading" x="{MARGIN + START}" y="{y + 14:.1f}">Everywhere</text>'
    for number, ((x, top), one) in enumerate(zip(drawing.aside_places(), drawing.asides, strict=True)):
        where = flows.get(one.card.subflow or "")
        body = drawn(one, ids, f"{drawing.prefix}a{number}", marks, linked=where is not None)
        yield f'<g transform="translate({x:.1f} {top:.1f})">{_linked(body, where)}</g>'
    yield "</g>"


# --- Around it --------------------------------------------------------------


def _heading(picture: Picture, marks: Marks | None, wide: float) -> str:
    parts = [
        f'<text class="name" x="{MARGIN}" y="44">{safe(picture.flow)}</text>',
        (
            f'<text class="about" x="{MARGIN + width(picture.flow, 20, bold=True) + 18:.1f}" y="43">'
            f"{safe(picture.description)}</text>"
        ),
    ]
    if marks is not None:
        shown = " · ".join(f"{part} {used}/{all_}" for part, (used, all_) in marks.totals(picture).items())
        parts.append(f'<text class="totals" x="{wide - MARGIN:.1f}" y="43">{shown}</text>')
    return "".join(parts)


def used_kinds(picture: Picture) -> tuple[list[str], list[str]]:
    """The kinds of nodes and of triggers that occur, in the order of the legend."""
    cards = (*picture.cards, *picture.asides)
    kinds = {card.kind for card in cards}
    triggers = {row.trigger for card in cards for row in card.rows}
    return [kind for kind in KINDS if kind in kinds], [one for one in TRIGGERS if one in triggers]


def _entries(picture: Picture) -> Iterator[tuple[str, str, str, float]]:
    kinds, triggers = used_kinds(picture)
    for kind in kinds:
        yield "kind", kind, KINDS[kind], 30 + width(KINDS[kind], 11)
    for trigger in triggers:
        yield "trigger", trigger, TRIGGERS[trigger], 44 + width(TRIGGERS[trigger], 11)


def _legend_width(picture: Picture) -> float:
    return sum(entry[3] + 14 for entry in _entries(picture))


def _legend(picture: Picture, x: float, y: float) -> str:
    """What shapes and lines stand for; only what occurs."""
    parts = ['<g class="legend">']
    for sort, name, text, wide in _entries(picture):
        if sort == "kind":
            parts.append(
                f'<g class="k-{name}"><rect class="tile" x="{x:.1f}" y="{y - 9:.1f}" width="18" height="18" rx="5"/>'
                f"{icon(name, x + 3, y - 6, 12, 'icon on-tile')}</g>"
            )
            parts.append(f'<text class="key" x="{x + 24:.1f}" y="{y + 4:.1f}">{text}</text>')
        else:
            parts.append(
                f'<g class="t-{name}"><path class="way t-{name}" d="M{x:.1f} {y:.1f}h18"/>'
                f"{icon(name, x + 21, y - 6, 12, 'icon trigger')}</g>"
            )
            parts.append(f'<text class="key" x="{x + 37:.1f}" y="{y + 4:.1f}">{text}</text>')
        x += wide + 14
    return "".join([*parts, "</g>"])


@cache
def asset(name: str) -> str:
    """A file beside this module."""
    return Path(__file__).with_name(name).read_text("utf-8")
