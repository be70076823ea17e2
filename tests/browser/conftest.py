"""What people start, and Chromium as they look at it."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
from playwright.async_api import TimeoutError as TooLate
from playwright.async_api import async_playwright

ROOT = Path(__file__).parents[2]
TYPED = """\
stack: typed
llm: {provider: rules}
router: {provider: semantic}
"""
BOTS = """\
bots:
  clinic: {flow: clinic, personality: ava, stack: STACK}
  pizza: {flow: pizza, personality: ava, stack: STACK}
  hello: {flow: hello, stack: STACK}
  front: {flow: front, stack: STACK}
default_bot: clinic
transfers: {desk: "+15550100"}
"""
FRONT = """\
flow: front
initial_node: ask
nodes:
  ask:
    say: Press 12 for the desk.
    next: [{intent: wants the desk, examples: [the desk], keys: "12", goto: desk}, {intent: is done, goto: bye}]
  desk: {say: One moment., transfer: desk, brief: Wants the desk., next: [{outcome: busy, goto: bye}, {else: ask}]}
  bye: {say: They are busy. Goodbye., end: true}
"""
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--allow-loopback-in-peer-connection"),
)


UP = ("-m", "framework", "up")
RUNNER = (str(ROOT / "runner.py"),)
PATH = {"PYTHONPATH": str(ROOT)}


class Served:
    """A running gateway, or runner."""

    def __init__(self, process, url, key):
        self.process = process
        self.url = url
        self.key = key


@pytest.fixture
async def serve(tmp_path):
    """Start `convo up` (or `runner.py`) in a project; it ends with the test, and leaves no process."""
    async with contextlib.AsyncExitStack() as stack:

        async def serve(services="typed", *, alone=False, key=False, **environment):
            (tmp_path / "stacks").mkdir(exist_ok=True)
            (tmp_path / "stacks" / "typed.yaml").write_text(TYPED)
            (tmp_path / "flows").mkdir(exist_ok=True)
            (tmp_path / "flows" / "front.yaml").write_text(FRONT)
            (tmp_path / "convo.yaml").write_text(BOTS.replace("STACK", services))
            if key:
                environment["KEY"] = await new_key(tmp_path)
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, *(RUNNER if alone else UP), "--port", "0"),
                cwd=tmp_path,
                env={
                    **os.environ,
                    "CONVO_STATE": str(tmp_path / "state"),
                    "CONVO_DRAIN_SECS": "0",
                    **PATH,
                    **environment,
                },
                stdout=asyncio.subprocess.PIPE,
            )
            stack.push_async_callback(ended, process)
            line = await asyncio.wait_for(process.stdout.readline(), 60)
            return Served(process, line.decode().removeprefix("runner: ").strip(), environment.get("KEY", ""))

        yield serve


async def new_key(folder):
    """An API key of the project, as `convo keys` makes it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "framework", "keys", "new", "page", "--scopes", "join,read"),
        cwd=folder,
        env={**os.environ, **PATH},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return out.decode().strip()


async def ended(process):
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), 30)
    except TimeoutError:
        process.kill()
        await process.wait()


@pytest.fixture
async def browse():
    """Open a page in Chromium; afterwards, no request of any page may have left this machine."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert executable, "install Chromium: `apt-get install chromium`"
    async with async_playwright() as playwright, contextlib.AsyncExitStack() as stack:
        asked = []

        async def browse(url, *flags, permissions=(), script="", **context):
            browser = await playwright.chromium.launch(executable_path=executable, args=[*QUIET, *flags])
            stack.push_async_callback(browser.close)
            opened = await browser.new_context(permissions=list(permissions), **context)
            if script:
                await opened.add_init_script(script)
            page = await opened.new_page()
            page.failures = []
            page.on("pageerror", lambda error: page.failures.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            page.on("websocket", lambda socket: asked.append(socket.url))
            await page.goto(url)
            return Sight(page)

        yield browse
        strangers = {
            url
            for url in asked
            if not url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "file:"))
        }
        assert not strangers


class Sight:
    """What one sees on the page and does there."""

    def __init__(self, page):
        self.page = page

    def part(self, name):
        return self.page.get_by_test_id(name)

    async def state(self, wanted, within_s=30):
        try:
            await self.page.wait_for_selector(f"#state[data-state={wanted}]", timeout=within_s * 1000)
        except TooLate as late:
            raise AssertionError(f"not `{wanted}`; the page: {await self.page.inner_text('body')}") from late

    async def node(self, wanted, within_s=30):
        await self.page.wait_for_function(
            "wanted => document.getElementById('node').textContent === wanted", arg=wanted, timeout=within_s * 1000
        )

    async def said(self, words, who="bot", within_s=30):
        turn = self.page.locator(f"[data-testid=turn][data-who={who}]").filter(has_text=words).first
        await turn.wait_for(timeout=within_s * 1000)
        return turn

    async def type(self, text):
        await self.part("text-input").fill(text)
        await self.part("send").click()

    async def slots(self):
        rows = await self.page.eval_on_selector_all(
            "[data-testid=slot]", "rows => rows.map(row => [row.dataset.name, row.cells[1].textContent])"
        )
        return dict(rows)
