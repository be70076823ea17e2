"""The layout: nothing overlaps, ways lead to the right, and the same flow always looks the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.flows.drawing.layers import Box, Link, arrange

NAMES = [f"n{number}" for number in range(14)]


@st.composite
def graphs(draw):
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    boxes = {name: Box(240, draw(st.sampled_from([60.0, 110.0, 240.0])), 20) for name in names}
    ends = st.tuples(st.sampled_from(names), st.sampled_from(names))
    return boxes, [Link(a, b, 40.0) for a, b in draw(st.lists(ends, max_size=40))]


def overlaps(layout, boxes):
    placed = [(layout.places[name], box) for name, box in boxes.items()]
    return [
        (a, b)
        for number, ((ax, ay), a) in enumerate(placed)
        for (bx, by), b in placed[number + 1 :]
        if ax < bx + b.width and bx < ax + a.width and ay < by + b.height and by < ay + a.height
    ]


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_no_two_boxes_overlap_and_every_way_has_both_ends(graph):
    boxes, links = graph
    layout = arrange(boxes, links, "n0")
    assert not overlaps(layout, boxes)
    for link, way in zip(links, layout.ways, strict=True):
        (x, y), (u, v) = layout.places[link.source], layout.places[link.target]
        assert way[0] == pytest.approx((x + 240, y + 40))
        assert way[-1] == pytest.approx((u, v + 20))
    assert all(x >= 0 and y >= 0 for x, y in layout.places.values())


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_the_same_graph_is_laid_out_the_same_again(graph):
    assert arrange(*graph, "n0") == arrange(*graph, "n0")


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_no_way_passes_behind_a_box(graph):
    boxes, links = graph
    layout = arrange(boxes, links, "n0")
    for way in layout.ways:
        for (x1, y1), (x2, y2) in zip(way[1:-1:2], way[2:-1:2], strict=True):
            assert y1 == y2
            for name, (x, y) in layout.places.items():
                across = min(x1, x2) < x + 240 and x < max(x1, x2)
                assert not (across and y < y1 < y + boxes[name].height)


def test_the_first_box_stands_leftmost_and_a_chain_is_level():
    boxes = {name: Box(100, 50, 20) for name in "abc"}
    layout = arrange(boxes, [Link("b", "c", 20), Link("a", "b", 20), Link("c", "a", 20)], "a")
    xs, ys = zip(*(layout.places[name] for name in "abc"), strict=True)
    assert xs[0] < xs[1] < xs[2]
    assert max(ys) - min(ys) < 1


def test_two_ways_that_need_not_cross_do_not():
    boxes = {name: Box(100, 100, 20) for name in ("a", "x", "y")}
    layout = arrange(boxes, [Link("a", "y", 30), Link("a", "x", 70)], "a")
    assert layout.places["y"][1] < layout.places["x"][1]


def test_no_boxes_at_all_are_no_trouble():
    assert arrange({}, [], "").places == {}


def test_a_flow_of_a_thousand_nodes_is_laid_out():
    boxes = {f"n{number}": Box(240, 100, 20) for number in range(1000)}
    ends = [(number, (number * step) % 1000) for number in range(1000) for step in (3, 5, 7)]
    layout = arrange(boxes, [Link(f"n{a}", f"n{b}", 50) for a, b in ends], "n1")
    assert len(layout.places) == 1000
