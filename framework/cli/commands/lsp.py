"""Answer an editor while flows are written."""

from __future__ import annotations

from typing import Annotated

import typer

from framework.errors import needs


def lsp(
    tcp: Annotated[
        int | None,
        typer.Option("--tcp", metavar="PORT", min=1, max=65535, help="Listen at this port of this machine instead."),
    ] = None,
) -> None:
    """Start a language server for flows, personalities, stacks and `convo.yaml`.

    An editor starts it and speaks with it over standard input and output, by the Language Server Protocol. It tells
    what is wrong while one types, completes keys and names, explains them, goes to where they are defined, renames
    nodes and slots, and mends. `docs/how-to/editors.md` says how to set editors up.

    Needs the extra `lsp`: `pip install 'convo-framework[lsp]'`.

    Examples:

    - `convo lsp` is what an editor runs.
    - `convo lsp --tcp 9257` waits for an editor at a port; nobody but this machine reaches it.
    """
    with needs("lsp"):
        from framework.lsp.server import serve  # noqa: PLC0415 - only where it is used
    serve(tcp)
