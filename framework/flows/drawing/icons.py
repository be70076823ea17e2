"""The pictograms of a drawing, as strokes in a square of sixteen units."""

from __future__ import annotations

ICONS = {
    "say": "M3 3.5h10a1 1 0 0 1 1 1v5.5a1 1 0 0 1-1 1H7.5L4.5 13.5V11H3a1 1 0 0 1-1-1V4.5a1 1 0 0 1 1-1z",
    "instruct": "M7 2.2l1.3 3.5L11.8 7 8.3 8.3 7 11.8 5.7 8.3 2.2 7l3.5-1.3zM12.2 10.2l.6 1.5 1.5.6-1.5.6-.6 1.5-.6-1.5"
    "-1.5-.6 1.5-.6z",
    "collect": "M5.5 3.5H4a1 1 0 0 0-1 1v8.5a1 1 0 0 0 1 1h8a1 1 0 0 0 1-1V4.5a1 1 0 0 0-1-1h-1.5M6 2h4v3H6zM5.5 8.2"
    "h5M5.5 11h3.2",
    "run": "M9 1.8L3.2 9h4L6.5 14.2 12.8 6.7H8.6z",
    "subflow": "M2.5 2.5h7v7h-7zM6.5 12v1.5h7v-7H12",
    "transfer": "M3.4 2.5l2-.5 1.3 3-1.3 1.2a8 8 0 0 0 4.3 4.3l1.3-1.3 3 1.3-.6 2.2c-6 1-11.3-5-10-10.2zM10 "
    "5.5h4M12 3.5l2 2-2 2",
    "wait": "M4 2h8M4 14h8M5 2v2.5L8 8l3-3.5V2M5 14v-2.5L8 8l3 3.5V14",
    "decide": "M4 2.5v11M4 9.5c0-3 8-1.5 8-5M2.5 3.5L4 2l1.5 1.5M10.5 5.5L12 4l1.5 1.5",
    "end": "M4 4h8v8H4z",
    "interrupt": "M8 2v6M8 11.5v.8M3.5 4.5a6 6 0 1 0 9 0",
    "timer": "M8 5v3.5l2.2 1.5M8 2.5a5.9 5.9 0 1 0 .1 0M6.2 1h3.6",
    "limit": "M2.5 11.5a5.8 5.8 0 1 1 11 0M8 10.5l2.6-4",
    "error": "M8 2.5l6 10.8H2zM8 6.5v3.2M8 11.3v.4",
    "ladder": "M5 2v12M11 2v12M5 4.5h6M5 8h6M5 11.5h6",
    "always": "M2.5 8h10M9.5 5l3 3-3 3",
    "if": "M8 2.2L13.8 8 8 13.8 2.2 8zM6.6 6.6a1.5 1.5 0 1 1 1.4 2v.6M8 10.9v.3",
    "outcome": "M3 8.5l3.2 3.2L13 4.8",
    "intent": "M2.5 3.5h11v7H7.5L5 13v-2.5H2.5z",
    "event": "M9 1.8L3.2 9h4L6.5 14.2 12.8 6.7H8.6z",
    "after": "M8 4.5V8l2.5 1.8M8 2.2a5.8 5.8 0 1 0 .1 0",
    "function": "M10.5 2.5c-2.5-.8-2.8 1-3 3L6.7 11c-.3 2-1 3.2-3 2.5M4.5 6.5h5.5",
}
"""Kind of node or trigger → path."""


def icon(name: str, x: float, y: float, size: float, css: str = "icon") -> str:
    """A pictogram with its left upper corner at a point."""
    scale = f" scale({size / 16:.3f})" if size != 16 else ""  # noqa: PLR2004 - the size they are drawn in
    return f'<path class="{css}" transform="translate({x:.1f} {y:.1f}){scale}" d="{ICONS[name]}"/>'
