"""Pages elsewhere: none, unless they are named."""

import pytest

from framework.errors import UserError
from framework.web.cors import Cors, origins_from

PAGE = "https://app.example.org"


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 401, "headers": [(b"vary", b"Accept")]})
    await send({"type": "http.response.body", "body": b""})


async def ask(cors, method="GET", **headers):
    sent = []

    async def send(message):
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await cors({"type": "http", "method": method, "path": "/", "headers": raw}, None, send)
    return sent[0]["status"], {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}


async def test_it_is_off_by_default():
    status, headers = await ask(Cors(app), origin=PAGE)
    assert status == 401
    assert headers == {"vary": "Accept"}
    status, headers = await ask(Cors(app), "OPTIONS", origin=PAGE, access_control_request_method="POST")
    assert status == 401


async def test_a_named_page_may_read_answers_but_sends_no_cookie():
    status, headers = await ask(Cors(app, frozenset({PAGE})), origin=PAGE)
    assert status == 401
    assert headers["access-control-allow-origin"] == PAGE
    assert headers["vary"] == "Accept, Origin"
    assert "access-control-allow-credentials" not in headers


async def test_a_named_page_is_told_what_it_may_send():
    cors = Cors(app, frozenset({PAGE}))
    status, headers = await ask(cors, "OPTIONS", origin=PAGE, access_control_request_method="POST")
    assert status == 204
    assert headers["access-control-allow-origin"] == PAGE
    assert "Authorization" in headers["access-control-allow-headers"]
    assert "POST" in headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://app.example.org",
        "https://app.example.org:444",
        "https://app.example.org.evil",
        "",
    ],
)
async def test_any_other_page_is_told_nothing(origin):
    cors = Cors(app, frozenset({PAGE}))
    for method, more in (("GET", {}), ("OPTIONS", {"access_control_request_method": "POST"})):
        status, headers = await ask(cors, method, origin=origin, **more)
        assert status == 401
        assert "access-control-allow-origin" not in headers
        assert headers["vary"] == "Accept, Origin"


async def test_options_without_a_question_is_an_ordinary_request():
    status, _ = await ask(Cors(app, frozenset({PAGE})), "OPTIONS", origin=PAGE)
    assert status == 401


async def test_the_star_is_for_tests_and_never_for_no_page():
    origins = origins_from({"CONVO_CORS_ORIGINS": "*", "CONVO_PROFILE": "test"})
    _, headers = await ask(Cors(app, origins), origin="https://any.example")
    assert headers["access-control-allow-origin"] == "https://any.example"
    _, headers = await ask(Cors(app, origins), origin="null")
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "https://app.example.org,*",
        "app.example.org",
        "https://app.example.org/",
        "https://app.example.org/path",
        "HTTPS://App.example.org",
        "https://*.example.org",
        "https://user@app.example.org",
        "null",
        "ftp://app.example.org",
        "https://",
    ],
)
def test_what_is_no_exact_origin_stops_the_start(text):
    with pytest.raises(UserError) as told:
        origins_from({"CONVO_CORS_ORIGINS": text})
    assert told.value.where == "CONVO_CORS_ORIGINS"


@pytest.mark.parametrize("text", ["", " , ", "https://a.example", "http://localhost:3000,http://[::1]:3000"])
def test_exact_origins_are_read(text):
    assert len(origins_from({"CONVO_CORS_ORIGINS": text})) == text.count("http")
