"""A person who types, and a bot that says something meanwhile."""

import asyncio
import io
import os
import sys

from framework.cli.commands.chat import _Keyboard, _Screen, _type


class Session:
    """Waits for the person until three turns were heard; `meanwhile` happens while it waits for one."""

    def __init__(self, meanwhile):
        self.heard = []
        self.hung_up = False
        self.meanwhile = meanwhile

    async def person(self):
        await asyncio.sleep(0)
        return len(self.heard) < 3 and not self.hung_up

    async def hear(self, text):
        self.heard.append(text)
        self.meanwhile(len(self.heard))

    def hang_up(self):
        self.hung_up = True


async def test_what_the_bot_says_meanwhile_stands_on_its_own_line_and_the_person_is_asked_again(monkeypatch):
    shown = io.StringIO()
    screen = _Screen(shown)
    reads, writes = os.pipe()
    monkeypatch.setattr(sys, "stdin", os.fdopen(reads))

    async def speak():
        while not shown.getvalue().endswith("You: You: "):
            await asyncio.sleep(0.005)
        screen.write("Still there?\n")
        while not shown.getvalue().endswith("Still there?\nYou: "):
            await asyncio.sleep(0.005)
        os.write(writes, b"two\n")

    speaking = []

    def meanwhile(turns):
        if turns == 1:
            speaking.append(asyncio.create_task(speak()))
        else:
            os.write(writes, b"three\n")

    session = Session(meanwhile)
    os.write(writes, b"one\n")
    await asyncio.wait_for(_type(session, screen), 10)
    os.close(writes)
    assert session.heard == ["one", "two", "three"]
    assert shown.getvalue() == "You: You: \nStill there?\nYou: You: "


async def test_the_end_of_the_lines_hangs_up(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("one\n"))
    session = Session(lambda turns: None)
    await asyncio.wait_for(_type(session, _Screen(io.StringIO())), 10)
    assert (session.heard, session.hung_up) == (["one"], True)


def test_what_is_typed_after_the_end_is_no_trouble(monkeypatch):
    loop = asyncio.new_event_loop()
    loop.close()
    monkeypatch.setattr(sys, "stdin", io.StringIO("late\n"))
    _Keyboard(loop)._read()
