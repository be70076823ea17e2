"""Draw a flow as Mermaid, JSON, SVG or a page."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.errors import UserError
from framework.flows.export import as_json, mermaid
from framework.flows.load import load
from framework.project import Project

if TYPE_CHECKING:
    from framework.flows.drawing import Marks, Picture
    from framework.flows.load import Loaded


class Form(StrEnum):
    """What the drawing is written in."""

    mermaid = "mermaid"
    json = "json"
    svg = "svg"
    html = "html"


ENDINGS = {".svg": Form.svg, ".html": Form.html, ".htm": Form.html, ".json": Form.json, ".mmd": Form.mermaid}


def graph(
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="A flow's name, or its file.")],
    *,
    form: Annotated[
        Form | None, typer.Option("--format", help="For people, or for programs; else by the ending of the output.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file, not to standard output.")
    ] = None,
    coverage: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Show what tests used: what `convo test --coverage-json` wrote.")
    ] = None,
    transcript: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Show where a conversation went: events as lines of JSON.")
    ] = None,
) -> None:
    """Draw a flow: its nodes, and the ways between them.

    Mermaid is what GitHub and many editors show as a picture. JSON is one object: `{"nodes": [{"id", "kind",
    "title"}], "edges": [{"from", "to", "label"}]}`; the kind is the node's verb, `say`, `decide` or `end`.

    SVG and HTML show a card for each node, with its ways out in the order in which they are tried; interrupts, timers,
    ladders and limits stand below. The page needs no network: drag or scroll to move, Ctrl and wheel to zoom, arrow
    keys from node to node, Enter or a click for a node's text, `/` to find one. Flows that it calls are in it, too.

    Examples:

    - `convo graph clinic` prints Mermaid.
    - `convo graph flows/pizza.yaml --format json` is for programs.
    - `convo graph clinic -o clinic.html` writes a page.
    - `convo graph clinic -o clinic.svg --coverage coverage.json` shows what no test has used.
    """
    form = form or ENDINGS.get(out.suffix if out else "", Form.mermaid)
    if (coverage or transcript) and form in (Form.mermaid, Form.json):
        raise UserError("only drawings have overlays", fix="Add `--format svg` or `--format html`.")
    if coverage and transcript:
        raise UserError("one drawing has one overlay", fix="Give either `--coverage` or `--transcript`.")
    project = Project.find(strict=False)
    text = _written(load(project.flow_path(flow)), form, project, coverage, transcript)
    if out is None:
        print(text)
        return
    try:
        out.write_text(text + "\n", "utf-8")
    except OSError as wrong:
        raise UserError(f"the drawing can't be written to `{out}`: {wrong.strerror}") from None


def _written(loaded: Loaded, form: Form, project: Project, coverage: Path | None, transcript: Path | None) -> str:
    if form is Form.json:
        return json.dumps(as_json(loaded.flow), indent=2, ensure_ascii=False)
    if form is Form.mermaid:
        return mermaid(loaded.flow)
    from framework.cli.drawing import family  # noqa: PLC0415 - only where it is used
    from framework.flows.drawing import picture, svg  # noqa: PLC0415 - only where it is used
    from framework.flows.drawing.page import Sheet, page  # noqa: PLC0415 - only where it is used

    flows = family(loaded, project)
    pictures = {name: picture(one.flow) for name, one in flows.items()}
    marks = _marks(pictures, loaded.flow.flow, coverage, transcript)
    if form is Form.svg:
        name = loaded.flow.flow
        beside = {other: f"{other}.svg" for other in pictures if other != name}
        return svg(pictures[name], marks.get(name), flows=beside)
    return page(
        [Sheet(picture=pictures[name], source=one.source, marks=marks.get(name)) for name, one in flows.items()]
    )


def _marks(pictures: dict[str, Picture], name: str, coverage: Path | None, transcript: Path | None) -> dict[str, Marks]:
    from framework.cli.drawing import read_events  # noqa: PLC0415 - only where it is used
    from framework.flows.drawing.marks import from_coverage, from_events  # noqa: PLC0415 - only where it is used

    if transcript is not None:
        return from_events(read_events(transcript), pictures, name)
    if coverage is None:
        return {}
    counted = _counted(coverage)
    try:
        found = {name: from_coverage(counted, name)}
    except ValueError as wrong:
        raise UserError(f"the coverage in `{coverage}` can't be used: {wrong}") from None
    for other in pictures:
        try:
            found[other] = from_coverage(counted, other)
        except ValueError:
            continue
    return found


def _counted(path: Path) -> dict[str, Any]:
    try:
        counted = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as wrong:
        raise UserError(f"the coverage `{path}` can't be read: {wrong}") from None
    if not isinstance(counted, dict):
        raise UserError(f"the coverage `{path}` is no object", fix="Write it with `convo test --coverage-json FILE`.")
    return counted
