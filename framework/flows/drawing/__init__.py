"""Flows as pictures: cards and the ways between them, laid out in layers, as SVG or as a page that works by itself."""

from __future__ import annotations

from framework.flows.drawing.marks import Marks
from framework.flows.drawing.picture import Picture, picture
from framework.flows.drawing.svg import svg

__all__ = ["Marks", "Picture", "picture", "svg"]
