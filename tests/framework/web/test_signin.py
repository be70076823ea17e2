"""Browsers sign in with a key, and get tickets."""

import base64
import hashlib
import re

import aiohttp
import pytest
from fastapi import FastAPI, WebSocket

from framework.web import problems, signin
from framework.web.apikeys import issue
from framework.web.edge import Guarded, credential_of
from framework.web.gatekeeper import Gatekeeper
from framework.web.keyring import FileKeyring


@pytest.fixture
async def key(tmp_path):
    key, record = issue("ann", tenant="acme", scopes=("join", "read"))
    await FileKeyring(tmp_path / "keys.json").put(record)
    return key


@pytest.fixture
async def url(tmp_path, key, serve):
    """A gateway of nothing but its door."""
    app = FastAPI(openapi_url=None)
    problems.install(app)
    gatekeeper = Gatekeeper(FileKeyring(tmp_path / "keys.json"))
    signin.add(app, gatekeeper)

    @app.get("/")
    async def page():
        return {"page": "here"}

    @app.websocket("/ws/events")
    async def events(client: WebSocket):
        await client.accept()
        await client.send_text(credential_of(client).tenant)
        await client.close()

    return await serve(Guarded(app, gatekeeper, page=signin.form_for))


@pytest.fixture
async def browser():
    jar = aiohttp.CookieJar(unsafe=True)  # an address for a host
    async with aiohttp.ClientSession(cookie_jar=jar, headers={"Accept": "text/html"}) as browser:
        yield browser


async def test_a_browser_signs_in_opens_the_page_and_signs_out(url, browser, key):
    async with browser.get(url) as answer:
        assert answer.status == 401
        assert 'action="/login"' in await answer.text()
    async with browser.post(f"{url}/login", data={"token": key.text}) as answer:
        assert (answer.status, await answer.json()) == (200, {"page": "here"})
    async with browser.get(url) as answer:
        assert answer.status == 200
    async with browser.post(f"{url}/logout") as answer:
        assert answer.status == 401


@pytest.mark.parametrize("fields", [{}, {"token": ""}, {"token": "<script>alert(1)</script>"}, {"token": "convo_x_y"}])
async def test_what_is_no_key_gets_the_form_again_with_nothing_of_it_inside(url, browser, fields):
    async with browser.post(f"{url}/login", data=fields) as answer:
        text = await answer.text()
        assert answer.status == 401
        assert 'role="alert"' in text
        assert "script" not in text
        assert "Set-Cookie" not in answer.headers


async def test_another_page_cannot_sign_a_browser_in(url, browser, key):
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        async with browser.post(f"{url}/login", data={"token": key.text}, headers=headers) as answer:
            assert answer.status == 403
            assert "Set-Cookie" not in answer.headers


async def test_the_forms_style_is_the_one_that_its_policy_names(url, browser):
    async with browser.get(url) as answer:
        style = re.search("<style>(.*)</style>", await answer.text())[1]
        policy = answer.headers["Content-Security-Policy"]
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in policy


async def test_a_ticket_opens_what_a_browser_can_send_no_header_to(url, key):
    bearer = {"Authorization": f"Bearer {key.text}"}
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{url}/tickets", json={"path": "/ws/events"}, headers=bearer) as answer:
            got = await answer.json()
        async with http.ws_connect(f"{url}/ws/events?ticket={got['ticket']}") as client:
            assert (await client.receive()).data == "acme"
        async with http.get(f"{url}/?ticket={got['ticket']}") as answer:
            assert answer.status == 401
        async with http.post(f"{url}/tickets", json={"path": "/ws/events"}) as answer:
            assert answer.status == 401
        for body in ({}, {"path": "nowhere"}, {"path": "/a/../b"}, {"path": 7}, {"path": "/a", "seconds": 9999}):
            async with http.post(f"{url}/tickets", json=body, headers=bearer) as answer:
                assert answer.status == 422
