"""A terminal shows what is said, line by line."""

from __future__ import annotations

import io

from pipecat.frames.frames import LLMFullResponseEndFrame, LLMFullResponseStartFrame, LLMTextFrame
from pipecat.tests.utils import run_test

from framework.plugins.host import PluginHost
from framework.plugins.transports import TransportContext


async def test_words_are_written_as_they_come_and_each_response_ends_its_line():
    stream = io.StringIO()
    terminal = PluginHost.load(installed=False).transports.get("terminal")
    assert terminal.channel == "text"
    built = terminal.build(TransportContext(connection=stream))
    sent = []
    for words in (["Hello", " there."], [" How are you?"], []):
        sent += [LLMFullResponseStartFrame(), *(LLMTextFrame(word) for word in words), LLMFullResponseEndFrame()]
    down, _ = await run_test(built.output(), frames_to_send=sent)
    assert stream.getvalue() == "Hello there.\nHow are you?\n"
    assert [type(frame) for frame in down] == [type(frame) for frame in sent]
