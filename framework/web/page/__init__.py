"""Serve the page where one talks: the committed bundle, and the sign-in form of a runner with a token."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, RedirectResponse, Response

from framework.web.auth import Guard
from framework.web.bodies import read
from framework.web.ports import RefusedError

BUNDLE = Path(__file__).parent / "bundle"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_HEADERS = {
    # Nothing may come from another host, and no text may become a program.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; media-src 'self' blob: mediastream:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Permissions-Policy": "microphone=(self), camera=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def add(app: FastAPI, guard: Guard) -> None:
    """Serve the page, and trade the runner's token for a cookie."""
    add_files(app)

    @app.post("/login")
    async def login(request: Request) -> Response:
        """Trade the token for a cookie, so that a browser can use the page."""
        form = parse_qs((await read(request, 4096)).decode(errors="replace"))
        if not guard.is_token(form.get("token", [""])[0]):
            return sign_in(401, wrong=True)
        answer = RedirectResponse("/", 303)
        answer.headers["Set-Cookie"] = guard.cookie(secure=request.url.scheme == "https")
        return answer


def add_files(app: FastAPI) -> None:
    """Serve the page at `/` and what belongs to it below `/page/`."""

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        """The page."""
        return _file("index.html")

    @app.get("/page/{name}", include_in_schema=False)
    async def part(name: str) -> Response:
        """A file of the page."""
        return _file(name)


def sign_in(status: int, *, wrong: bool = False) -> Response:
    """The form that asks for the token."""
    text = (BUNDLE / "login.html").read_text(encoding="utf-8")
    text = text.replace("<!--wrong-->", '<p role="alert">That is not the token.</p>' if wrong else "")
    return Response(text, status, {**_HEADERS, "WWW-Authenticate": "Bearer"}, "text/html; charset=utf-8")


def _file(name: str) -> Response:
    path = BUNDLE / name
    if path.parent != BUNDLE or path.suffix not in _TYPES or not path.is_file():
        raise RefusedError(f"the page has no file `{name[:100]}`", status=404)
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=_HEADERS)
