"""`GET /docs`: every route on one page, made from the OpenAPI document; nothing in it comes from another host."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "h2{font:600 1rem ui-monospace,monospace;margin:2rem 0 .25rem}table{border-collapse:collapse}"
    "td,th{text-align:left;vertical-align:top;padding:.1rem 1rem .1rem 0}"
)
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}
_INTRODUCTION = (
    '<p>The same for programs: <a href="/openapi.json">/openapi.json</a>. Send a key as '
    "<code>Authorization: Bearer …</code>.</p>"
)
_REFERENCE = "$ref"


def add(app: FastAPI) -> None:
    """Add the route."""

    @app.get("/docs", include_in_schema=False)
    async def manual() -> Response:
        """Every route."""
        return Response(page(app.openapi()), headers=_HEADERS, media_type="text/html; charset=utf-8")


def page(document: dict[str, Any]) -> str:
    """An OpenAPI document as HTML."""
    title = escape(document["info"]["title"])
    return "".join(
        [
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            f"<style>{_STYLE}</style></head><body><h1>{title}</h1>",
            _INTRODUCTION,
            *_operations(document),
            "</body></html>",
        ]
    )


def _operations(document: dict[str, Any]) -> Iterator[str]:
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            yield f"<h2>{escape(method.upper())} {escape(path)}</h2>"
            yield f"<p>{escape(operation.get('description') or operation.get('summary', ''))}</p>"
            rows = [*_parameters(operation), *_fields(operation, document)]
            if rows:
                yield "<table>" + "".join(rows) + "</table>"


def _parameters(operation: dict[str, Any]) -> Iterator[str]:
    for one in operation.get("parameters", []):
        yield _row(one["name"], one["in"], one.get("description", ""))


def _fields(operation: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    for name, field in _resolved(content.get("schema", {}), document).get("properties", {}).items():
        yield _row(name, "body", field.get("description", "") or field.get("title", ""))


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    if _REFERENCE not in schema:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][schema[_REFERENCE].rpartition("/")[2]]
    return found


def _row(name: str, place: str, text: str) -> str:
    return f"<tr><th><code>{escape(name)}</code></th><td>{escape(place)}</td><td>{escape(text)}</td></tr>"
