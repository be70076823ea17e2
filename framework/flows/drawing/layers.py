"""Lay boxes out in layers from left to right: few crossings, straight ways, the same picture every time.

The method is Sugiyama's. Ways back are turned round, every box gets the layer after its predecessors, ways over several
layers pass through places of their own (which ways to one box share), barycentres order each layer, and a weighted
isotonic regression gives every place the height at which its ways are straightest.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

GAP_CARDS = 34.0
GAP_WAYS = 15.0
GAP_MIXED = 26.0
GAP_LAYERS = 84.0
SWEEPS = 16
"""How often the layers are ordered, there and back."""
SETTLINGS = 12
"""How often the heights are evened out, there and back."""
LARGE = 4_000
"""Places from which on fewer sweeps are made."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """Something with a size; ways reach it at `entry` below its top, on its left."""

    width: float
    height: float
    entry: float


@dataclass(frozen=True, slots=True)
class Link:
    """A way that leaves its source at `port` below its top, on its right."""

    source: str
    target: str
    port: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is."""

    places: dict[str, Point]
    """Left upper corner of each box."""
    ways: list[list[Point]]
    """For each link: the corners of its course, two for each stretch that is level."""
    passages: list[list[str]]
    """For each link: the places that it passes, by name; ways to one box share them."""
    width: float
    height: float


@dataclass(slots=True)
class _Spot:
    """A box, or the passage of ways to one target through a layer."""

    name: str
    layer: int
    box: Box | None = None
    y: float = 0.0
    left: dict[_End, float] = field(default_factory=dict)
    """What it is tied to in the layer before, at which height of that one, with which weight."""
    right: dict[_End, float] = field(default_factory=dict)
    hooks: dict[_End, float] = field(default_factory=dict)
    """What it is tied to within its own layer."""

    @property
    def height(self) -> float:
        return self.box.height if self.box else 0.0


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a tie: a spot, the height at which it leaves there, and the height at which it arrives here."""

    spot: str
    there: float
    here: float


def arrange(boxes: Mapping[str, Box], links: Sequence[Link], first: str) -> Layout:
    """Give every box a place.

    Args:
        boxes: Name → box, in an order that ties are broken by.
        links: The ways; both ends must be boxes.
        first: The box that stands leftmost.
    """
    if not boxes:
        return Layout({}, [], [], 0.0, 0.0)
    work = _Arranging(boxes, links, first)
    work.order()
    work.settle()
    return work.layout()


class _Arranging:
    def __init__(self, boxes: Mapping[str, Box], links: Sequence[Link], first: str) -> None:
        self.boxes = boxes
        self.links = links
        backwards = _backwards(boxes, links, first)
        self.layer = _layers(boxes, links, backwards, first)
        self.spots = {name: _Spot(name, self.layer[name], box) for name, box in boxes.items()}
        self.courses = [self._course(link) for link in links]
        self.rows: list[list[str]] = self._rows(first)

    # --- Ways through the layers --------------------------------------------

    def _course(self, link: Link) -> list[str]:
        """The spots that a way passes, the first and the last included."""
        begin, end = self.layer[link.source], self.layer[link.target]
        if begin < end:
            passed = [self._passage("+", link.target, layer) for layer in range(begin + 1, end)]
            course = [link.source, *passed, link.target]
            for number, (here, there) in enumerate(itertools.pairwise(course)):
                leaves = link.port if number == 0 else 0.0
                arrives = self.boxes[link.target].entry if there == link.target else 0.0
                self._tie(here, there, leaves, arrives)
            return course
        passed = [self._passage("-", link.target, layer) for layer in range(begin, end - 1, -1)]
        for here, there in itertools.pairwise(passed):
            self._tie(there, here, 0.0, 0.0)
        self._hook(link.source, passed[0])
        self._hook(link.target, passed[-1])
        return [link.source, *passed, link.target]

    def _passage(self, way: str, target: str, layer: int) -> str:
        name = f"{way}{layer}\0{target}"
        self.spots.setdefault(name, _Spot(name, layer))
        return name

    def _tie(self, here: str, there: str, leaves: float, arrives: float) -> None:
        free = (self.spots[here].box is None) + (self.spots[there].box is None)
        weight = (1.0, 2.0, 8.0)[free]
        self.spots[here].right[_End(there, arrives, leaves)] = weight
        self.spots[there].left[_End(here, leaves, arrives)] = weight

    def _hook(self, box: str, passage: str) -> None:
        self.spots[passage].hooks[_End(box, self.boxes[box].height / 2, 0.0)] = 0.5

    # --- Order within the layers --------------------------------------------

    def _rows(self, first: str) -> list[list[str]]:
        rows: list[list[str]] = [[] for _ in range(1 + max(spot.layer for spot in self.spots.values()))]
        for name in _walk(self.spots, first):
            rows[self.spots[name].layer].append(name)
        return rows

    def order(self) -> None:
        """Sweep there and back, and keep the order with the fewest crossings."""
        best, fewest = [row.copy() for row in self.rows], self._crossings()
        sweeps = SWEEPS if len(self.spots) < LARGE else 3
        index = self._index()
        for number in range(sweeps):
            for row in self.rows if number % 2 == 0 else reversed(self.rows):
                self._sort(row, index, ahead=number % 2 == 0)
            if (crossings := self._crossings()) < fewest:
                best, fewest = [row.copy() for row in self.rows], crossings
            if not fewest:
                break
        self.rows = best

    def _index(self) -> dict[str, int]:
        return {name: index for row in self.rows for index, name in enumerate(row)}

    def _sort(self, row: list[str], index: dict[str, int], *, ahead: bool) -> None:
        at = {name: self._barycentre(name, index, ahead=ahead) for name in row}
        for name in row:
            hooks = self.spots[name].hooks
            if hooks and not (self.spots[name].left if ahead else self.spots[name].right):
                at[name] = sum(at[end.spot] for end in hooks) / len(hooks) + 0.01
        row.sort(key=lambda name: (at[name], index[name]))
        index.update((name, number) for number, name in enumerate(row))

    def _barycentre(self, name: str, index: Mapping[str, int], *, ahead: bool) -> float:
        spot = self.spots[name]
        ends = spot.left if ahead else spot.right
        if not ends:
            return float(index[name])
        return sum(self._position(end, index) for end in ends) / len(ends)

    def _position(self, end: _End, index: Mapping[str, int]) -> float:
        """Where a tie ends in its layer; of a box with many ports, which of them."""
        height = self.spots[end.spot].height
        return index[end.spot] + (end.there / height - 0.5 if height else 0.0) * 0.9

    def _crossings(self) -> int:
        index = self._index()
        found = 0
        for row in self.rows:
            ties = [
                (index[name] + (end.here / spot.height * 0.9 if spot.height else 0.0), self._position(end, index))
                for name in row
                for spot in (self.spots[name],)
                for end in spot.right
            ]
            found += _inversions([there for _, there in sorted(ties)])
        return found

    # --- Heights ------------------------------------------------------------

    def settle(self) -> None:
        """Give every spot the height at which its ways are straightest."""
        for row in self.rows:
            self._place(row, [0.0] * len(row), [1.0] * len(row))
        rounds = SETTLINGS if len(self.spots) < LARGE else 4
        for number in range(rounds):
            for row in self.rows:
                self._even(row, left=True, right=number > rounds // 2)
            for row in reversed(self.rows):
                self._even(row, left=number > rounds // 2, right=True)
        for row in self.rows:
            self._even(row, left=True, right=False)
        self._even_back()

    def _even_back(self) -> None:
        for row in reversed(self.rows):
            self._even(row, left=True, right=True)

    def _even(self, row: list[str], *, left: bool, right: bool) -> None:
        wanted, weights = [], []
        index = {name: number for number, name in enumerate(row)}
        for name in row:
            spot = self.spots[name]
            pull = total = 0.0
            for ends in (*((spot.left,) if left else ()), *((spot.right,) if right else ())):
                for end, weight in ends.items():
                    pull += (self.spots[end.spot].y + end.there - end.here) * weight
                    total += weight
            for end, weight in spot.hooks.items():
                pull += self._beside(name, end.spot, index) * weight
                total += weight
            wanted.append(pull / total if total else spot.y)
            weights.append(max(total, 0.1))
        self._place(row, wanted, weights)

    def _beside(self, name: str, box: str, index: Mapping[str, int]) -> float:
        """The height just above or below a box of the same layer."""
        spot = self.spots[box]
        return spot.y + spot.height + GAP_MIXED if index[name] > index[box] else spot.y - GAP_MIXED

    def _place(self, row: list[str], wanted: list[float], weights: list[float]) -> None:
        """As near to what is wanted as the order and the distances let it."""
        offsets, offset = [], 0.0
        for number, name in enumerate(row):
            if number:
                offset += self.spots[row[number - 1]].height + self._gap(row[number - 1], name)
            offsets.append(offset)
        free = _isotonic([want - off for want, off in zip(wanted, offsets, strict=True)], weights)
        for name, base, off in zip(row, free, offsets, strict=True):
            self.spots[name].y = base + off

    def _gap(self, above: str, below: str) -> float:
        cards = (self.spots[above].box is not None) + (self.spots[below].box is not None)
        return (GAP_WAYS, GAP_MIXED, GAP_CARDS)[cards]

    # --- The result ---------------------------------------------------------

    def layout(self) -> Layout:
        """Columns from left to right, everything at positive coordinates."""
        top = min(spot.y for spot in self.spots.values())
        columns = self._columns()
        for spot in self.spots.values():
            spot.y -= top
        places = {name: (columns[self.layer[name]][0], self.spots[name].y) for name in self.boxes}
        ways = [self._way(link, course, columns) for link, course in zip(self.links, self.courses, strict=True)]
        height = max(spot.y + spot.height for spot in self.spots.values())
        return Layout(places, ways, [course[1:-1] for course in self.courses], columns[-1][1], height)

    def _columns(self) -> list[Point]:
        """Left and right edge of each layer; where much goes up and down between two, they stand farther apart."""
        found, x = [], 0.0
        for row in self.rows:
            width = max((self.spots[name].box.width for name in row if self.spots[name].box), default=24.0)  # type: ignore[union-attr]
            found.append((x, x + width))
            steep = max(
                (
                    abs(self.spots[name].y + end.here - self.spots[end.spot].y - end.there)
                    for name in row
                    for end in self.spots[name].right
                ),
                default=0.0,
            )
            x += width + GAP_LAYERS + min(90.0, steep * 0.09)
        return found

    def _way(self, link: Link, course: list[str], columns: list[Point]) -> list[Point]:
        source, target = self.spots[link.source], self.spots[link.target]
        points = [(columns[source.layer][0] + self.boxes[link.source].width, source.y + link.port)]
        back = self.layer[link.source] >= self.layer[link.target]
        for name in course[1:-1]:
            spot = self.spots[name]
            left, right = columns[spot.layer]
            points += [(right, spot.y), (left, spot.y)] if back else [(left, spot.y), (right, spot.y)]
        points.append((columns[target.layer][0], target.y + self.boxes[link.target].entry))
        return points


# --- Pure arithmetic --------------------------------------------------------


def _backwards(boxes: Iterable[str], links: Sequence[Link], first: str) -> set[tuple[str, str]]:
    """The ways that lead back to where one has come from, walking from `first` in order."""
    after: dict[str, list[str]] = {name: [] for name in boxes}
    for link in links:
        after[link.source].append(link.target)
    back = {(link.source, first) for link in links if link.target == first}
    seen: set[str] = set()
    for start in [first, *after]:
        if start in seen:
            continue
        path = {start: None}
        todo: list[tuple[str, Iterator[str]]] = [(start, iter(after[start]))]
        seen.add(start)
        while todo:
            name, rest = todo[-1]
            target = next(rest, None)
            if target is None:
                todo.pop()
                del path[name]
            elif target in path:
                back.add((name, target))
            elif target not in seen:
                seen.add(target)
                path[target] = None
                todo.append((target, iter(after[target])))
    return back


def _layers(boxes: Iterable[str], links: Sequence[Link], backwards: set[tuple[str, str]], first: str) -> dict[str, int]:
    """Every box one layer after the last of those that lead to it; those without any as late as can be."""
    ahead: dict[str, dict[str, None]] = defaultdict(dict)
    missing: dict[str, int] = dict.fromkeys(boxes, 0)
    for link in links:
        if (link.source, link.target) not in backwards and link.target not in ahead[link.source]:
            ahead[link.source][link.target] = None
            missing[link.target] += 1
    roots = [name for name, count in missing.items() if not count]
    layer = {name: int(name in roots and name != first) for name in missing}
    order = list(roots)
    for name in order:
        for target in ahead[name]:
            layer[target] = max(layer[target], layer[name] + 1)
            missing[target] -= 1
            if not missing[target]:
                order.append(target)
    for name in reversed(order):
        if name != first and name in roots and ahead[name]:
            layer[name] = max(1, min(layer[target] for target in ahead[name]) - 1)
    return layer


def _walk(spots: Mapping[str, _Spot], first: str) -> Iterator[str]:
    """All spots, each after what leads to it, as a reader would come to them."""
    seen: set[str] = set()
    for start in [first, *spots]:
        todo = [start]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            yield name
            todo += [end.spot for end in sorted(spots[name].right, key=lambda end: end.here, reverse=True)]


def _inversions(numbers: Sequence[float]) -> int:
    """How many pairs stand in the wrong order.

    >>> _inversions([3, 1, 2])
    2
    """
    ranks = {value: rank for rank, value in enumerate(sorted(set(numbers)), 1)}
    tree = [0] * (len(ranks) + 1)
    found = 0
    for seen, number in enumerate(numbers):
        rank = ranks[number]
        found += seen
        while rank:
            found -= tree[rank]
            rank -= rank & -rank
        rank = ranks[number]
        while rank <= len(ranks):
            tree[rank] += 1
            rank += rank & -rank
    return found


def _isotonic(wanted: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The nearest numbers that never fall, by weighted squares.

    >>> _isotonic([1.0, 3.0, 2.0], [1.0, 1.0, 1.0])
    [1.0, 2.5, 2.5]
    """
    blocks: list[tuple[float, float, int]] = []
    for want, weight in zip(wanted, weights, strict=True):
        value, heavy, count = want, weight, 1
        while blocks and blocks[-1][0] > value:
            other, more, many = blocks.pop()
            value = (value * heavy + other * more) / (heavy + more)
            heavy, count = heavy + more, count + many
        blocks.append((value, heavy, count))
    return [value for value, _, count in blocks for _ in range(count)]
