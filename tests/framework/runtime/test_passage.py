"""What is kept off the path of every word: frames that nobody of ours looks at, messages for each token."""

from __future__ import annotations

from pipecat.frames.frames import LLMTextFrame, TextFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.processors.frameworks.rtvi.models import BotLLMStoppedMessage, BotLLMTextMessage, TextMessageData

from framework.engine import effects as do
from framework.engine import inputs as happened
from framework.runtime.passage import Passage
from framework.runtime.rtvi import Door


class Neighbour(FrameProcessor):
    def __init__(self) -> None:
        super().__init__()
        self.got = []

    async def queue_frame(self, frame, direction=FrameDirection.DOWNSTREAM, callback=None) -> None:
        self.got.append((frame, direction))


class Words(Passage):
    STOPS = (LLMTextFrame,)

    def __init__(self) -> None:
        super().__init__()
        self.saw = []

    async def process_frame(self, frame, direction) -> None:
        self.saw.append(frame)


async def test_a_passage_sees_what_it_stops_and_nothing_else():
    before, words, after = Neighbour(), Words(), Neighbour()
    before.link(words)
    words.link(after)
    other, word = TextFrame("other"), LLMTextFrame("word")
    await words.queue_frame(other)
    await words.queue_frame(other, FrameDirection.UPSTREAM)
    await words.queue_frame(word)
    assert after.got == [(other, FrameDirection.DOWNSTREAM)]
    assert before.got == [(other, FrameDirection.UPSTREAM)]
    assert words.saw == [word]


async def test_words_of_a_reply_reach_the_context_and_the_engine_in_one_piece(scene, model, eventually):
    words = ["A ", "reply ", "of ", "five ", "words."]

    def reacts(what):
        return [do.RunModel(turn=1)] if isinstance(what, happened.Started) else None

    async with scene(reacts, model(words)) as s:
        s.conversation.tell(happened.Started)
        await eventually(lambda: s.took(happened.Spoken))
        assert s.took(happened.ModelFinished)[0].text == "A reply of five words."
        assert s.took(happened.Spoken)[0].spoken == "A reply of five words."
        assert s.context.get_messages()[-1] == {"role": "assistant", "content": "A reply of five words."}


async def test_a_client_gets_words_that_come_together_in_one_message_and_before_what_follows(scene, model):
    door, out = Door(), Neighbour()
    async with scene(lambda _: None, model(), rtvi=door):
        door.way_out = out
        for word in ("Good ", "morning."):
            await door.push_transport_message(BotLLMTextMessage(data=TextMessageData(text=word)))
        await door.push_transport_message(BotLLMStoppedMessage())
        sent = [(frame.message["type"], (frame.message.get("data") or {}).get("text")) for frame, _ in out.got]
        assert sent == [("bot-llm-text", "Good morning."), ("bot-llm-stopped", None)]


async def test_words_that_nothing_follows_go_out_by_themselves(scene, model, eventually):
    door, out = Door(), Neighbour()
    async with scene(lambda _: None, model(), rtvi=door):
        door.way_out = out
        await door.push_transport_message(BotLLMTextMessage(data=TextMessageData(text="Good")))
        await eventually(lambda: out.got)
