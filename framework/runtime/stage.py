"""Carry what the engine asks of voice and model into a Pipecat pipeline, by public frames only.

Words, prompts and runs of the model travel as frames, in order; nothing that the engine waits for depends on
audio having been played. Function calls are written into the model's context here, one way for all: Pipecat's own
frames about them stop at the `Mouth`, because they would queue behind speech and be cancelled by an interruption.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from loguru import logger
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    EagerTranscriptionFrame,
    Frame,
    FunctionCallFromLLM,
    FunctionCallResultProperties,
    InterimTranscriptionFrame,
    LLMMessagesAppendFrame,
    LLMMessagesTransformFrame,
    LLMMessagesUpdateFrame,
    LLMSetToolsFrame,
    LLMUpdateSettingsFrame,
    ManuallySwitchServiceFrame,
    TranscriptionFrame,
    TTSSpeakFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.llm_service import FunctionCallParams
from pipecat.services.settings import LLMSettings

from framework.engine import effects as do
from framework.engine import inputs as happened
from framework.engine.context import renewed
from framework.engine.secrets import HIDDEN
from framework.runtime.frames import Cue, Line, Run
from framework.runtime.lease import Lease
from framework.runtime.manners import Manners
from framework.runtime.speech import Speech, Utterance, letters, prefix
from framework.runtime.tuner import Tuner

STALL_S = 12.0
"""How long the words that should be heard now may make no progress before they are given up."""
SWITCH_S = 20.0
"""How long another voice, ear or model may wait for the words that are still under way."""
LOOK_S = 1.0
"""How often that is looked at, while anything is being said."""


class Pipe(Protocol):
    """The pipeline's front door."""

    async def queue_frames(self, frames: list[Frame]) -> None:
        """Push frames from the beginning of the pipeline, in order."""
        ...

    async def queue_ahead(self, frames: list[Frame]) -> None:
        """Push frames from behind the model, so that they are not held up by what it is thinking about."""
        ...

    async def interrupt(self) -> None:
        """Stop speech and model at once, and return when what was queued has been dropped."""
        ...


class Listener(Protocol):
    """Who wants to know what happened: the conversation."""

    def tell(self, what: type[Any], **fields: Any) -> None:
        """Something happened, now."""
        ...

    def model_alive(self) -> None:
        """The model shows life."""
        ...

    def settled(self) -> None:
        """Something came to an end."""
        ...

    def publish(self, type_: str, data: dict[str, Any]) -> None:
        """Tell whoever watches a fact."""
        ...

    def private(self, text: str) -> bool:
        """Whether these words, said now, are for the engine only."""
        ...

    @property
    def manners(self) -> Manners:
        """Who may speak while the bot does, at the present node."""
        ...


@dataclass
class Turn:
    """One response of the model."""

    number: int
    text: str = ""
    utterance: Utterance | None = None
    calls: list[FunctionCallFromLLM] = field(default_factory=list)


@dataclass
class Call:
    """One function call of the model, and its place in the batch it came in."""

    id: str
    name: str
    arguments: dict[str, Any]
    batch: list[str]
    answer: asyncio.Future[Any]


class PipelineStage:
    """The stage over a Pipecat pipeline; its processors report here."""

    def __init__(self, *, context: LLMContext, voice: bool, lease: Lease | None = None) -> None:
        self.context = context
        self.voice = voice
        self.lease = lease or Lease()
        self.lease.on_renewal = self._renewed
        self.speech = Speech(self._spoken)
        self.person_speaks = False
        """From the start of a person's turn until its text is known."""
        self.tuner: Tuner | None = None
        self._pipe: Pipe | None = None
        self._listener: Listener | None = None
        self._turn: Turn | None = None
        self._given_up: set[int] = set()
        self._calls: dict[str, Call] = {}
        self._later: list[do.Say] = []
        self._cut: list[tuple[Utterance, str]] = []
        self._cut_turn: int | None = None
        self._answers: list[tuple[str, Any]] = []
        self._secrets: list[str] = []
        self._sounds = False
        self._renewing: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._look: asyncio.TimerHandle | None = None
        self._progress: tuple[Any, ...] = ()
        self._since = 0.0

    def connect(self, pipe: Pipe, listener: Listener) -> None:
        """Tie the stage to its pipeline and to whoever wants to know."""
        self._pipe = pipe
        self._listener = listener

    @property
    def speaking(self) -> bool:
        """Whether words are under way, or held until the person has finished."""
        return bool(self.speech or self._later or self._cut or self._cut_turn is not None)

    async def _said(self, within_s: float) -> None:
        """Wait until all that was begun has been said or cut off, but no longer than that."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.speech:
                    self._ended.clear()
                    await self._ended.wait()

    async def quiet(self, within_s: float) -> None:
        """Wait until nothing is being said, but no longer than that."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.speaking:
                    self._ended.clear()
                    await self._ended.wait()

    def close(self) -> None:
        """Stop looking at speech."""
        if self._look:
            self._look.cancel()
        if self._renewing:
            self._renewing.cancel()

    # --- What the engine asks for -----------------------------------------------

    async def prompt(self, prompt: do.Prompt) -> None:
        """Set what the model reads and may call."""
        frames: list[Frame] = []
        if prompt.role is not None:
            frames.append(
                LLMUpdateSettingsFrame(delta=LLMSettings(system_instruction=prompt.role), reach_inactive_services=True)
            )
        messages: list[Any] = [dict(message) for message in prompt.messages]
        if prompt.reset and (prompt.summary or prompt.keep):

            def renew(present: list[Any]) -> list[Any]:
                return list(renewed(_said(present), prompt))

            frames.append(LLMMessagesTransformFrame(transform=renew))
        elif prompt.reset:
            frames.append(LLMMessagesUpdateFrame(messages=messages))
        elif prompt.instead:
            frames.append(LLMMessagesTransformFrame(transform=_renewal(prompt)))
        elif messages:
            frames.append(LLMMessagesAppendFrame(messages=messages))
        if prompt.tools is not None:
            offers = [schema(offer) for offer in prompt.tools]
            frames.append(LLMSetToolsFrame(tools=ToolsSchema(standard_tools=[*offers])))
        await self._queue(frames)

    async def run_model(self, turn: int) -> None:
        """Let the model respond."""
        await self._queue([Run(turn)])

    async def stop_model(self, turn: int) -> None:
        """Give a turn of the model up."""
        self._given_up.add(turn)
        if self._turn is not None and self._turn.number == turn:
            self._turn = None
            await self._front.interrupt()

    async def say(self, say: do.Say) -> None:
        """Speak or show a text; while the person speaks, or without a lease, it waits."""
        if say.ahead and (self.person_speaks or self._answers_already):
            self._to.tell(happened.Spoken, generated=say.text, spoken="", interrupted=True, say=say.say)
        elif self.person_speaks or not self.lease.holds:
            self._later.append(say)
        else:
            await self._speak(self.speech.begin(say=say.say, text=say.text, remember=say.remember), ahead=say.ahead)

    @property
    def thinking(self) -> bool:
        """Whether a response of the model is under way."""
        return self._turn is not None

    @property
    def _answers_already(self) -> bool:
        """Whether there are words of the model's response."""
        return self._turn is not None and self._turn.utterance is not None

    async def answer(self, call: str, result: Any) -> None:
        """Give a model's call its result, after the words that came with the call."""
        if not self.voice and self.speech:
            self._answers.append((call, result))
            return
        await self._write_answer(call, result)

    async def interrupt(self) -> None:
        """Stop what is being said and what the model is about to say; what was held back isn't said any more."""
        later, self._later = self._later, []
        self._accept_cuts()
        if self.speech or self._turn is not None:
            await self._front.interrupt()
            self._accept_cuts()
        for say in later:
            self._to.tell(happened.Spoken, generated=say.text, spoken="", interrupted=True, say=say.say)

    async def tune(self, tune: do.Tune) -> None:
        """Hear and speak like this from now on; what the running pipeline can't do is told, and all else goes on."""
        if self.tuner is None:
            return
        frames = self.tuner.frames(tune)
        if self.voice and any(isinstance(frame, ManuallySwitchServiceFrame) for frame in frames):
            await self._said(SWITCH_S)  # two voices at once would talk into one another
        await self._queue(frames)
        for code, message in self.tuner.problems:
            self._to.publish("error", {"code": code, "message": message})

    # --- Words ------------------------------------------------------------------

    async def _speak(self, utterance: Utterance, *, ahead: bool = False) -> None:
        self._watch()
        frames: list[Frame] = [Line(utterance.key, utterance.generated, utterance.remember)]
        if self.voice:
            speak = TTSSpeakFrame(utterance.generated, append_to_context=utterance.remember)
            frames = [Cue(utterance.key, "start"), speak, Cue(utterance.key, "end")]
        if ahead:
            await self._front.queue_ahead(frames)
        else:
            await self._queue(frames)

    def _spoken(self, utterance: Utterance, spoken: str, interrupted: bool) -> None:
        self._ended.set()
        if interrupted and (self.person_speaks or not self.lease.holds):
            self._cut.append((utterance, spoken))
            return
        self._report(utterance, spoken, interrupted=interrupted)
        if not self.speech and self._answers:
            asyncio.get_running_loop().create_task(self._write_answers())
        self._to.settled()

    def _report(self, utterance: Utterance, spoken: str, *, interrupted: bool) -> None:
        whole, heard = utterance.whole, spoken
        if utterance.before:
            heard = prefix(whole, letters(utterance.before) + letters(spoken))
        self._to.tell(happened.Spoken, generated=whole, spoken=heard, interrupted=interrupted, say=utterance.say)

    async def _resume(self) -> None:
        """Say what a noise, or the end of a lease, cut off."""
        cut, self._cut = self._cut, []
        for utterance, spoken in cut:
            before = prefix(utterance.whole, letters(utterance.before) + letters(spoken))
            rest = utterance.whole[len(before) :].strip()
            known = utterance.remembered >= letters(utterance.generated)
            again = self.speech.begin(say=utterance.say, text=rest, remember=utterance.remember and not known)
            again.before, again.original = before, utterance.whole
            await self._speak(again)
        if self._cut_turn is not None:
            turn, self._cut_turn = self._cut_turn, None
            await self.run_model(turn)

    def _accept_cuts(self) -> None:
        """The person did speak: what was cut off stays cut off."""
        cut, self._cut = self._cut, []
        for utterance, spoken in cut:
            self._report(utterance, spoken, interrupted=True)
        if self._cut_turn is not None:
            turn, self._cut_turn = self._cut_turn, None
            self._to.tell(happened.ModelFinished, turn=turn)

    def _watch(self) -> None:
        if self._look is None:
            self._progress, self._since = (), asyncio.get_running_loop().time()
            self._look = asyncio.get_running_loop().call_later(LOOK_S, self._look_at_speech)

    def _look_at_speech(self) -> None:
        """Give up words that make no progress: nothing may hang on audio."""
        self._look = None
        first = self.speech.first()
        if first is None:
            return
        loop = asyncio.get_running_loop()
        made = sum(piece.seconds for piece in first.pieces)
        progress = (first.key, first.played, first.words, first.generated, made)
        if progress != self._progress or (self._turn and self._turn.utterance is first):
            self._progress, self._since = progress, loop.time()
        elif loop.time() - self._since > STALL_S:
            logger.warning("speech made no progress and was given up")
            self.speech.close(first)
        self._look = loop.call_later(LOOK_S, self._look_at_speech)

    # --- The person -------------------------------------------------------------

    def unheard(self) -> bool:
        """Whether the person is not heard now, as the bot speaks where it may not be spoken over."""
        manners = self._to.manners
        return self.voice and (manners.deaf or (bool(self.speech) and not self.person_speaks and manners.mute))

    def unstoppable(self) -> bool:
        """Whether speech of the person does not stop the bot."""
        return not self._to.manners.interruptible

    def pressed(self, keys: str) -> None:
        """A person pressed keys of a telephone."""
        self._to.tell(happened.Pressed, keys=keys)

    def began(self) -> None:
        """A person began to speak."""
        if not self.person_speaks:
            self.person_speaks = True
            self._to.tell(happened.Began)
            self._to.publish("speech.started", {"participant": "user"})

    async def heard(self, text: str) -> None:
        """A person's turn is over; without words it counts as nothing."""
        began, self.person_speaks = self.person_speaks, False
        if began:
            self._to.publish("speech.stopped", {"participant": "user"})
        secrets, self._secrets = self._secrets, []
        if text.strip():
            self._accept_cuts()
        await self._go_on()
        if text.strip() and not self._to.manners.deaf:
            self._to.tell(happened.Heard, text=revealed(text.strip(), secrets), private=bool(secrets))
        elif began:
            self._to.tell(happened.Noise)
        self._to.settled()

    async def _go_on(self) -> None:
        """Say what was held back."""
        if self.lease.holds:
            await self._resume()
            later, self._later = self._later, []
            for say in later:
                await self.say(say)

    def _renewed(self) -> None:
        """The session may be heard again."""
        if not self.person_speaks:
            self._renewing = asyncio.get_running_loop().create_task(self._go_on(), name="stage/renewed")

    async def typed(self, text: str) -> None:
        """A person typed a turn: stop, unless nobody may, note it, go on."""
        if self._to.manners.deaf:
            return
        if not self.unstoppable():
            await self.interrupt()
        shown = self.screened(text)
        await self._queue([LLMMessagesAppendFrame(messages=[{"role": "user", "content": shown}])])
        await self.heard(shown)

    def listen_at(self, recogniser: FrameProcessor) -> None:
        """Take what is for the engine only out of a recogniser's words, before anybody else sees them."""

        async def screen(_recogniser: FrameProcessor, frame: Frame) -> None:
            if isinstance(frame, TranscriptionFrame):
                frame.text = "" if self._to.manners.deaf else self.screened(frame.text)
            elif isinstance(frame, InterimTranscriptionFrame | EagerTranscriptionFrame):
                frame.text = HIDDEN if self._to.manners.deaf or self._to.private(frame.text) else frame.text

        recogniser.add_event_handler("on_before_push_frame", screen)

    def screened(self, text: str) -> str:
        """A person's words as everybody may see them; what is for the engine only is kept for `heard`."""
        if not text.strip() or not self._to.private(text):
            return text
        self._secrets.append(text.strip())
        return HIDDEN

    # --- What the processors saw ------------------------------------------------

    def sounds(self, on: bool) -> None:
        """The bot's voice began to be heard, or stopped."""
        if on != self._sounds and (self.lease.holds or not on):
            self._sounds = on
            self._to.publish("speech.started" if on else "speech.stopped", {"participant": "bot"})

    def model_may_run(self, turn: int) -> bool:
        """The gate asks, when a `Run` has reached it."""
        if turn in self._given_up:
            return False
        if self.person_speaks:
            self._cut_turn = turn
            return False
        self._turn = Turn(turn)
        return True

    def text_goes_on(self, text: str) -> bool:
        """Note words in the middle of an utterance of the model; False when they are none."""
        turn = self._turn
        if turn is None or turn.utterance is None:
            return False
        turn.text += text
        turn.utterance.generated = turn.text
        self._to.model_alive()
        return True

    def text_came(self, text: str) -> Utterance | None:
        """The model began to say something: the utterance, once there are words in it."""
        turn = self._turn
        if turn is None:
            return None
        turn.text += text
        self._to.model_alive()
        if not turn.text.strip():
            return None
        turn.utterance = self.speech.begin(say=None, text=turn.text)
        self._watch()
        return turn.utterance

    def calls_came(self, calls: list[FunctionCallFromLLM]) -> None:
        """The model called functions: all calls of one response."""
        turn = self._turn
        batch = [call.tool_call_id for call in calls]
        for call in calls:
            self._calls[call.tool_call_id] = Call(
                call.tool_call_id,
                call.function_name,
                dict(call.arguments or {}),
                batch,
                asyncio.get_running_loop().create_future(),
            )
        if turn is None:
            for call in calls:
                self._calls[call.tool_call_id].answer.set_result({"error": "cancelled"})
            return
        turn.calls.extend(calls)
        told = (
            happened.ModelCall(call=call.tool_call_id, name=call.function_name, arguments=dict(call.arguments or {}))
            for call in calls
        )
        self._to.tell(happened.ModelCalled, turn=turn.number, calls=tuple(told))

    def response_over(self) -> Utterance | None:
        """The model's response is complete, or an interruption stopped it; its utterance, when it had begun one.

        One without a word that ends while the person speaks was cut off, in whichever of the two ways that is told.
        """
        turn, self._turn = self._turn, None
        if turn is None:
            return None
        if self.person_speaks and not turn.text.strip() and not turn.calls:
            self._cut_turn = turn.number
        else:
            self._to.tell(happened.ModelFinished, turn=turn.number, text=turn.text)
        return turn.utterance

    def model_failed(self, message: str) -> None:
        """The model's service reported an error."""
        turn, self._turn = self._turn, None
        if turn is not None:
            if turn.utterance is not None and not self.voice:
                self.speech.close(turn.utterance, spoken=turn.text)
            self._to.tell(happened.ModelFailed, turn=turn.number, message=message)

    # --- Function calls ---------------------------------------------------------

    async def handle_call(self, params: FunctionCallParams) -> None:
        """Pipecat's handler of every function: wait for the engine's answer and pass it on."""
        if call := self._calls.get(params.tool_call_id):
            result = await asyncio.shield(call.answer)
            await params.result_callback(result, properties=FunctionCallResultProperties(run_llm=False))

    async def _write_answers(self) -> None:
        answers, self._answers = self._answers, []
        for call, result in answers:
            await self._write_answer(call, result)

    async def _write_answer(self, id_: str, result: Any) -> None:
        call = self._calls.get(id_)
        if call is None:
            self._to.tell(happened.AnswerRead, call=id_)
            return

        def write(messages: list[Any]) -> list[Any]:
            self._to.tell(happened.AnswerRead, call=id_)
            return with_answer(messages, call, result)

        await self._queue([LLMMessagesTransformFrame(transform=write)])
        if not call.answer.done():
            call.answer.set_result(result)

    # --- Small things -----------------------------------------------------------

    async def _queue(self, frames: list[Frame]) -> None:
        for frame in frames:
            if not isinstance(frame, TTSSpeakFrame):
                frame.interruptible = False
        await self._front.queue_frames(frames)

    @property
    def _front(self) -> Pipe:
        if self._pipe is None:
            raise RuntimeError("the stage is not connected")
        return self._pipe

    @property
    def _to(self) -> Listener:
        if self._listener is None:
            raise RuntimeError("the stage is not connected")
        return self._listener


def _renewal(prompt: do.Prompt) -> Callable[[list[Any]], list[Any]]:
    def renew(present: list[Any]) -> list[Any]:
        return renewed(present, prompt)

    return renew


def revealed(text: str, secrets: list[str]) -> str:
    """A turn with the words in their places that were taken out of it.

    >>> revealed("It is ***", ["4111"])
    'It is 4111'
    """
    for secret in secrets:
        text = text.replace(HIDDEN, secret, 1)
    return text


def schema(offer: do.Offer) -> FunctionSchema:
    """A function as Pipecat offers it; its handler is the one that answers all."""
    return FunctionSchema(
        name=offer.name,
        description=offer.description,
        properties=offer.properties,
        required=list(offer.required),
    )


def _said(messages: list[Any]) -> list[Any]:
    """Without what only one vendor's model understands."""
    return [message for message in messages if isinstance(message, dict)]


def with_answer(messages: list[Any], call: Call, result: Any) -> list[Any]:
    """The context with a call and its result in it, in the order in which the model made its calls."""
    content = json.dumps(result, ensure_ascii=False) if result else "COMPLETED"
    function = {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)}
    asked = {"role": "assistant", "tool_calls": [{"id": call.id, "function": function, "type": "function"}]}
    told = {"role": "tool", "content": content, "tool_call_id": call.id}
    later = set(call.batch[call.batch.index(call.id) + 1 :])
    place = next((at for at, message in enumerate(messages) if _calls_any(message, later)), len(messages))
    return [*messages[:place], asked, told, *messages[place:]]


def _calls_any(message: Any, ids: set[str]) -> bool:
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    return any(call.get("id") in ids for call in calls or ())
