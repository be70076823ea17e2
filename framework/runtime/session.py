"""The life of one conversation, from connect to hang-up; owns every task it starts."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loguru import logger
from pipecat.processors.aggregators.llm_context import LLMContext

from framework.clock import Clock, SystemClock
from framework.engine import expect, state, step
from framework.engine import inputs as happened
from framework.engine.expect import phrases
from framework.engine.orders import ended
from framework.engine.plan import Plan
from framework.errors import FrameworkError, SessionError, UserError
from framework.log import about
from framework.personalities import load as load_personality
from framework.runtime.assemble import Assembly, Parts, assemble, on
from framework.runtime.blueprint import Blueprint, admit, draw, plan_of, spoken, uses
from framework.runtime.compat import Compat, Manager, load_handlers
from framework.runtime.conversation import Conversation, Tell
from framework.runtime.lease import Lease
from framework.runtime.life import Deadlines, Life, Outcome
from framework.runtime.rtvi import Door
from framework.runtime.stage import PipelineStage
from framework.runtime.summary import Summarizer
from framework.runtime.switchboard import connected
from framework.runtime.tools import PluginHands
from framework.runtime.tuner import Tuner
from framework.runtime.watch import Watchdog
from framework.services.ensemble import gather
from framework.services.resolve import Factory, Services, Wishes, build_stack
from framework.sessions.checkpoints import Checkpoint, Checkpoints, plain
from framework.sessions.events import Event
from framework.sessions.orders import AnyOrder, End, Goto
from framework.sessions.transfers import Switchboard
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from pipecat.transports.base_transport import BaseTransport

    from framework.personalities.model import Personality
    from framework.plugins.host import PluginHost
    from framework.plugins.session import SessionPlugins
    from framework.project import Project
    from framework.services.model import StackModel
    from framework.services.router import Router
    from framework.sessions.spec import SessionSpec

READY_S = 5.0
"""How long a client that has connected may take to say that it is ready, where one is to say so."""
OBEY_S = 5.0
"""How long the session may take to obey its own house: to end, or to go where a function sends it."""


class PureEngine:
    """`framework.engine`, as the conversation wants it."""

    initial = staticmethod(state.initial)
    step = staticmethod(step.step)
    deadline = staticmethod(state.deadline)
    waiting = staticmethod(expect.waiting)
    expects = staticmethod(expect.expects)
    private = staticmethod(expect.private)


@dataclass
class _Built:
    """All that a session consists of while it runs."""

    services: Services
    assembly: Assembly
    stage: PipelineStage
    conversation: Conversation
    life: Life


class LiveSession:
    """One conversation over a real pipeline.

    Args:
        spec: What to run.
        project: Where flows, personalities and stacks are found.
        host: The plugins.
        transport: How the person is connected; None for a session that is only typed to.
        door: The filter for clients that speak RTVI; None where none may.
        on_event: Gets every event, in order; must not block.
        on_phase: Gets `waiting`, `talking`, `ending`.
        waits_for_client: The conversation begins when a client is there, not when the pipeline runs.
        handlers: The module with the functions of a FlowConfig.
        environment: Where secrets and settings are read from; None is the process's own.
        services: Instead of those that the stack names; for tests.
        sample_rate: Of the audio that the transport carries.
        switchboard: Who puts people through; None is the one that `CONVO_SWITCHBOARD` names.
        checkpoints: Where the session's state is kept whenever nothing more can be done at once.
        resume: Where another process left off; `spec` is that session's.
        or_anew: Where `resume` doesn't fit the flow any more, begin anew instead of failing.
    """

    def __init__(
        self,
        spec: SessionSpec,
        *,
        project: Project,
        host: PluginHost,
        transport: BaseTransport | None = None,
        door: Door | None = None,
        clock: Clock | None = None,
        on_event: Callable[[Event], None] = lambda _: None,
        on_phase: Callable[[str], None] = lambda _: None,
        waits_for_client: bool = False,
        handlers: str = "",
        environment: Mapping[str, str] | None = None,
        services: Callable[[Blueprint, Conversation], Services] | None = None,
        sample_rate: int | None = None,
        deadlines: Deadlines | None = None,
        switchboard: Switchboard | None = None,
        checkpoints: Checkpoints | None = None,
        resume: Checkpoint | None = None,
        or_anew: bool = False,
    ) -> None:
        self.spec = spec
        self.door = door
        self.deadlines = deadlines or Deadlines()
        self._project = project
        self._host = host
        self._transport = transport
        self._clock = clock or SystemClock()
        self._on_event = on_event
        self._on_phase = on_phase
        self._waits_for_client = waits_for_client
        self._handlers = handlers
        self._environment = environment
        self._services = services
        self._sample_rate = sample_rate
        self._switchboard = switchboard
        self._checkpoints = checkpoints
        self._resume = resume
        self._or_anew = or_anew
        self._lease = Lease()
        self._early: list[tuple[AnyOrder, Tell]] = []
        self._cast: dict[str, Personality] = {}
        self._manager = Manager()
        self._compat: Compat | None = None
        self._built: _Built | None = None
        self._begun = asyncio.Event()
        self._client = asyncio.Event()
        self._gone = asyncio.Event()
        self._ended = asyncio.Event()
        self._over = asyncio.Event()
        self._outcome: Outcome | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    # --- For whoever holds the session ------------------------------------------

    async def run(self) -> Outcome:
        """Converse, from the first node to the last; never leaves anything running."""
        with about(session=self.spec.session_id, tenant=self.spec.tenant):
            try:
                blueprint = draw(self.spec, self._project, handlers=self._handlers)
                compat = self._functions(blueprint)
                plan = plan_of(blueprint, self._host, compat.tools)
                left_off = self._left_off(plan)
                used = None if blueprint.handlers else uses(plan, self._host)
                async with self._host.session(self.spec, uses=used, environment=self._environment) as plugins:
                    self._built = self._build(blueprint, plan, plugins, left_off)
                    self._catch_up(self._built.conversation)
                    self._begun.set()
                    await compat.begin()
                    return await self._live(self._built)
            finally:
                self._over.set()
                await self._leave()

    async def hear(self, text: str) -> None:
        """The person typed this turn."""
        if self._built is not None and text.strip() and not self._ended.is_set():
            await self._built.stage.typed(text.strip())

    async def press(self, keys: str) -> None:
        """The person pressed these keys of a telephone: `0`–`9`, `*` and `#`."""
        if self._built is not None and keys and not self._ended.is_set():
            self._built.stage.pressed(keys)

    async def order(self, order: AnyOrder, tell: Tell) -> None:
        """Give an order; `tell` hears each status it comes to and why, the last of them exactly once.

        Orders are carried out in the order of their arrival, also those that came before the session had begun. The
        same `order_id` again does nothing but tell how far the first has come.
        """
        if self._built is not None:
            self._built.conversation.order(order.model_dump(mode="json"), tell)
        elif self._over.is_set():
            tell("refused", ended(self._outcome.reason if self._outcome else "error"))
        else:
            self._early.append((order, tell))

    async def obey(self, order: AnyOrder, within_s: float | None = None) -> str:
        """Give an order and wait until it is carried out; answers `applied`.

        Raises:
            SessionError: The session refuses it, and why.
        """
        return await _settled(lambda tell: self.order(order, tell), within_s)

    def lease(self, until: float) -> None:
        """Be heard until this moment of `time.monotonic()`; past it nothing leaves the session, but it goes on."""
        self._lease.renew(until)

    def fence(self, reason: str = "fenced") -> None:
        """Another one has this session, or nobody: end now, without another word."""
        self._lease.end()
        self.hang_up(reason)

    async def stop(self, reason: str = "stopped") -> None:
        """End politely: what is being said may be finished."""
        if not self._client.is_set():
            self.hang_up(reason)
            return
        try:
            await self.obey(End(reason=reason[:200] or "stopped"), OBEY_S)
        except SessionError:
            self.hang_up(reason)

    def hang_up(self, reason: str = "hangup") -> None:
        """The person is gone: end now; no more words are begun."""
        if self._built is not None and not self._ended.is_set():
            self._built.conversation.tell(happened.HungUp, reason=reason)
        self._outcome = self._outcome or Outcome(reason=reason)
        self._gone.set()

    async def person(self) -> bool:
        """Wait until only the person can go on; False when the session has ended instead."""
        await self._first({self._begun, self._over}, None, None)
        if self._built is None:
            return False
        waiting = self._built.conversation.waiting
        await self._first({waiting, self._ended, self._over}, None, None)
        return waiting.is_set() and not self._ended.is_set()

    @property
    def moved(self) -> int:
        """How often something has happened so far."""
        return self._built.conversation.moved if self._built else 0

    @property
    def conversation(self) -> Conversation | None:
        """The conversation, once it has been built."""
        return self._built.conversation if self._built else None

    # --- Building ---------------------------------------------------------------

    def _functions(self, blueprint: Blueprint) -> Compat:
        handlers = [load_handlers(blueprint.handlers, self._project.root)] if blueprint.handlers else []
        self._compat = Compat(blueprint.loaded.flow, handlers, self._manager)
        return self._compat

    def _catch_up(self, conversation: Conversation) -> None:
        """Pass on what was ordered before there was a conversation."""
        early, self._early = self._early, []
        for order, tell in early:
            conversation.order(order.model_dump(mode="json"), tell)
        if self._gone.is_set() and self._outcome is not None:
            conversation.tell(happened.HungUp, reason=self._outcome.reason)

    def _left_off(self, plan: Plan) -> dict[str, Any] | None:
        """The state that another process has left; None where the session begins.

        Raises:
            UserError: It doesn't fit this flow, or the session lacks what its flow must be given.
        """
        if self._resume is not None:
            try:
                return state.restored(plan, self._resume.model_dump(include={"format", "hash", "state"}))
            except UserError as unfit:
                if not self._or_anew:
                    raise
                logger.warning("the session begins anew: its checkpoint can't be used", why=unfit.message)
                self._resume = None
        admit(plan, self.spec.inputs)
        return None

    def _build(
        self, blueprint: Blueprint, plan: Plan, plugins: SessionPlugins, left_off: dict[str, Any] | None
    ) -> _Built:
        assert self._compat is not None  # noqa: S101 - called from `run` only
        before: list[Any] = list(self._resume.context) if self._resume else []
        stage = PipelineStage(context=LLMContext(before), voice=self.spec.channel == "voice", lease=self._lease)
        hands = PluginHands(plugins, compat=self._compat, router=None, quiet=stage, clock=self._clock)
        conversation = Conversation(
            plan,
            engine=PureEngine(),
            stage=stage,
            hands=hands,
            clock=self._clock,
            session=self.spec.session_id,
            flow=blueprint.name,
            on_event=self._publish,
            on_end=self._end,
            on_rest=self._keeper(plan, stage),
        )
        hands.conversation = conversation
        hands.errands = {"app_message": self._send_message, "personality": self._find_personality}
        hands.addresses = self._project.transfers
        hands.switchboard = self._switchboard or self._named_switchboard(conversation)
        if left_off is not None:
            conversation.state, conversation.node = left_off, str(left_off["node"] or "")
            hands.remember(left_off["state"])
        services = self._make_services(blueprint, conversation, plan.languages[0])
        stage.tuner = self._tuned(blueprint, plan, services, conversation, hands)
        hands.router = services.router
        hands.summarizer = Summarizer(services.llm, stage.context.get_messages)
        if services.router is not None:
            self._keep(asyncio.to_thread(services.router.learn, phrases(plan)), "learning")
        assembly = assemble(stage, self._parts(services), resources=plugins)
        stage.connect(assembly, conversation)
        self._tie(assembly, conversation, stage)
        return _Built(services, assembly, stage, conversation, Life(assembly.worker, assembly.first, self.deadlines))

    def _named_switchboard(self, conversation: Conversation) -> Switchboard:
        environment = os.environ if self._environment is None else self._environment
        return connected(
            self._host, environment, session=self.spec, transport=self._transport, publish=conversation.publish
        )

    def _keeper(self, plan: Plan, stage: PipelineStage) -> Callable[[dict[str, Any]], None] | None:
        checkpoints = self._checkpoints
        if checkpoints is None or (plan.holds_secrets and not checkpoints.secrets):
            return None

        def keep(now: dict[str, Any]) -> None:
            if now["phase"] == "ended":
                if not self._gone.is_set():  # else somebody hung up, who may come back
                    checkpoints.drop()
                return
            kept = state.saved(plan, now)
            context = plain(stage.context.get_messages())
            checkpoints.keep(Checkpoint(**kept, context=context, spec=self.spec, handlers=self._handlers))

        return keep

    def _make_services(self, blueprint: Blueprint, conversation: Conversation, language: str) -> Services:
        if self._services is not None:
            return self._services(blueprint, conversation)
        return build_stack(
            blueprint.stack,
            self._host,
            personality=blueprint.personality,
            language=language,
            channel=self.spec.channel,
            sample_rate=self._sample_rate,
            expects=conversation.expects,
            environment=self._environment,
        )

    def _tuned(
        self, blueprint: Blueprint, plan: Plan, services: Services, conversation: Conversation, hands: PluginHands
    ) -> Tuner | None:
        """Who makes the pipeline follow what nodes want; the services that they may want take their places here."""

        def workshop(stack: StackModel, language: str) -> Factory:
            wishes = self._wishes(blueprint, conversation, language)
            return Factory(stack, self._host, wishes, made=Services(http=services.http, router=services.router))

        def routed(router: Router | None) -> None:
            hands.router = router

        languages, channel = spoken(plan), self.spec.channel
        ensemble = gather(
            services, blueprint.stack, others=blueprint.stacks, languages=languages, channel=channel, workshop=workshop
        )
        self._cast = {**blueprint.cast, blueprint.personality.personality: blueprint.personality}
        return Tuner(ensemble, cast=self._cast.get, channel=channel, routed=routed)

    def _wishes(self, blueprint: Blueprint, conversation: Conversation, language: str) -> Wishes:
        who = blueprint.personality
        return Wishes(
            language=language,
            voices=dict(who.voices),
            pace=who.pace,
            sample_rate=self._sample_rate,
            expects=conversation.expects,
            environment=os.environ if self._environment is None else self._environment,
        )

    def _parts(self, services: Services) -> Parts:
        rates = {"rate_in": self._sample_rate, "rate_out": self._sample_rate} if self._sample_rate else {}
        return Parts(
            llm=services.llm,
            stt=services.stt,
            tts=services.tts,
            vad=services.vad,
            turns=services.turn,
            transport=self._transport,
            rtvi=self.door,
            **rates,
        )

    def _tie(self, assembly: Assembly, conversation: Conversation, stage: PipelineStage) -> None:
        """Tie the ends together that Pipecat's events, functions and clients pull at."""
        manager = self._manager
        manager.worker, manager.transport = assembly.worker, self._transport
        manager.node = lambda: conversation.node
        manager.context = stage.context.get_messages
        manager.jump = self._jump

        async def turn_stopped(_aggregator: object, _strategy: object, message: Any) -> None:
            await stage.heard(message.content or "")

        on(assembly.user, "on_user_turn_stopped", turn_stopped)

        if self._transport is not None and self._waits_for_client:
            self._await_client(self._transport)
        if self.door is not None:
            self._open_door(self.door, assembly, conversation)

    def _await_client(self, transport: BaseTransport) -> None:
        async def connected(*_: object) -> None:
            if self.door is None:
                self._client.set()
            else:
                self._keep(self._begin_anyway(), "ready")

        async def disconnected(*_: object) -> None:
            self.hang_up()

        on(transport, "on_client_connected", connected)
        on(transport, "on_client_disconnected", disconnected)

    async def _begin_anyway(self) -> None:
        """A telephone never says that it is ready."""
        await asyncio.sleep(READY_S)
        self._client.set()

    def _open_door(self, door: Door, assembly: Assembly, conversation: Conversation) -> None:
        door.on_text, door.on_keys, door.on_event = self.hear, self.press, conversation.arrive
        door.events = self._client_events(conversation.plan)
        door.private = conversation.private
        door.way_out = assembly.way_out

        async def ready(*_: object) -> None:
            if door.observer is not None and door.attached is False:
                door.attached = True
                assembly.worker.add_observer(door.observer)
            self._client.set()

        on(door, "on_client_ready", ready)

    def _client_events(self, plan: Plan) -> frozenset[str]:
        """What clients of this bot may bring about: nothing, unless the project names it and a flow declares it."""
        bot = self._project.bots.get(self.spec.bot)
        declared = {name for one in plan.flows.values() for name in one.events}
        return frozenset(declared & {*(bot.client_events if bot else ())})

    async def _send_message(self, message: dict[str, Any]) -> dict[str, Any]:
        """A message of an operator's application, to the client."""
        if self.door is None or not self.door.attached:
            raise SessionError("no client is there that takes messages")
        await self.door.send_server_message({"type": "convo.message", "message": message})
        return {}

    async def _find_personality(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """A personality of the project, by its name."""
        name = str(wanted["name"])
        if name not in self._project.names("personalities"):  # a path is nothing that an order may name
            known = self._project.names("personalities")
            raise SessionError(f"there is no personality `{name}`. {did_you_mean(name, known)}".strip())
        path = self._project.personality_path(name)
        who = await asyncio.to_thread(load_personality, path)
        self._cast[name] = who
        return who.model_dump(mode="json")

    async def _jump(self, node: str) -> tuple[str, str]:
        """A function sends the flow to a node: at once, as the flow may well wait for that function."""

        async def give(tell: Tell) -> None:
            if self._built is None:
                tell("refused", "the session has not begun")
            else:
                self._built.conversation.order({**Goto(node=node).model_dump(mode="json"), "at_once": True}, tell)

        try:
            return await _settled(give, OBEY_S), ""
        except SessionError as refusal:
            return "refused", refusal.message

    # --- Living -----------------------------------------------------------------

    async def _live(self, built: _Built) -> Outcome:
        if self.door is not None and self.door.observer is not None:
            await built.assembly.worker.remove_observer(self.door.observer)
        if not await built.life.begin():
            return await self._broken(built, "the pipeline did not start in time")
        consuming = self._keep(built.conversation.run(), "conversation")
        self._on_phase("waiting")
        if not await self._somebody_is_there(built):
            if self._gone.is_set() or self._ended.is_set():
                return await self._close(built)
            return await self._broken(built, "no client connected in time", reason="never_joined")
        self._on_phase("talking")
        self._keep(Watchdog(built.conversation, built.stage).run(), "watchdog")
        if self._resume is None:
            built.conversation.tell(happened.Started, **self._introduction())
        else:
            built.conversation.tell(happened.Resumed, remembers=bool(self._resume.context))
        cap = built.conversation.plan.limits.duration_s + self.deadlines.beyond
        await self._until_over(built, consuming, cap)
        return await self._close(built)

    def _introduction(self) -> dict[str, Any]:
        assert self._built is not None  # noqa: S101 - called from `_live` only
        session = {
            "id": self.spec.session_id,
            "room": self.spec.room.url,
            "channel": self.spec.channel,
            "language": self._built.conversation.plan.languages[0],
        }
        return {"session": session, "identity": self.spec.identity, "slots": self.spec.inputs}

    async def _somebody_is_there(self, built: _Built) -> bool:
        if not self._waits_for_client:
            self._client.set()
        await self._first({self._client, self._gone, self._ended}, built.life.running, self.deadlines.client)
        return self._client.is_set() and not (self._gone.is_set() or self._ended.is_set())

    async def _until_over(self, built: _Built, consuming: asyncio.Task[Any], cap_s: float) -> None:
        """Until the flow has ended, the person is gone, the pipeline has stopped, or it has gone on for too long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + cap_s
        while not (self._ended.is_set() or self._gone.is_set() or built.life.running.done() or consuming.done()):
            moved = built.conversation.moved
            patience = min(self.deadlines.idle, until - loop.time())
            await self._first({self._ended, self._gone}, built.life.running, patience)
            over = self._ended.is_set() or self._gone.is_set() or built.life.running.done()
            if over:
                return
            if loop.time() >= until or built.conversation.moved == moved:
                self.hang_up("limit" if loop.time() >= until else "idle")

    async def _first(self, events: set[asyncio.Event], task: asyncio.Task[Any] | None, within_s: float | None) -> None:
        """Until one of these has come to pass, or the time is over."""
        waits: set[asyncio.Task[Any]] = {asyncio.create_task(event.wait()) for event in events}
        timeout = None if within_s is None else max(0.0, within_s)
        try:
            await asyncio.wait({*waits, *((task,) if task else ())}, timeout=timeout, return_when="FIRST_COMPLETED")
        finally:
            for wait in waits:
                wait.cancel()

    async def _close(self, built: _Built) -> Outcome:
        self._on_phase("ending")
        if not self._ended.is_set() and built.life.running.done():
            built.conversation.tell(happened.HungUp, reason="lost")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), 2.0)
        if not self._ended.is_set():  # the engine has nothing to say any more: say it for it
            lost = self._outcome or Outcome(reason="lost")
            built.conversation.publish("session.ended", {"reason": lost.reason, "outputs": {}})
        politely = self._ended.is_set() and not self._gone.is_set()
        stopped = await built.life.end(politely=politely)
        built.stage.close()
        await built.conversation.close(self._outcome.reason if self._outcome else "lost")
        outcome = self._outcome or Outcome(reason="lost", status="failed", message="the pipeline stopped by itself")
        return outcome if stopped else Outcome(reason=outcome.reason, status="stuck", outputs=outcome.outputs)

    async def _broken(self, built: _Built, why: str, *, reason: str = "error") -> Outcome:
        built.conversation.publish("error", {"code": reason, "message": why})
        built.conversation.publish("session.ended", {"reason": reason, "outputs": {}})
        stopped = await built.life.end(politely=False)
        built.stage.close()
        await built.conversation.close(reason)
        return Outcome(reason=reason, status="failed" if stopped else "stuck", message=why)

    async def _leave(self) -> None:
        early, self._early = self._early, []
        for _, tell in early:
            tell("refused", ended(self._outcome.reason if self._outcome else "error"))
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2.0)
        if self._built is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._built.services.aclose(), 2.0)

    # --- Small things -----------------------------------------------------------

    def _publish(self, event: Event) -> None:
        self._on_event(event)
        if self.door is not None and self.door.attached and not event.type.startswith("speech."):
            self._keep(self.door.send_server_message({"type": "convo.event", "event": event.as_json()}), "event")

    def _end(self, reason: str, outputs: dict[str, Any]) -> None:
        if self._outcome is None or not self._gone.is_set():
            failed = reason == "error"
            message = "the flow could not go on" if failed else ""
            self._outcome = Outcome(
                reason=reason, status="failed" if failed else "ended", outputs=outputs, message=message
            )
        self._ended.set()

    def _keep(self, work: Any, name: str) -> asyncio.Task[Any]:
        task = asyncio.create_task(work, name=f"{self.spec.session_id}/{name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, FrameworkError):
            logger.opt(exception=error).error("a task of the session failed")


async def _settled(give: Callable[[Tell], Awaitable[None]], within_s: float | None) -> str:
    """Give an order and wait for the first that is said of it.

    Raises:
        SessionError: It was refused, and why.
    """
    said: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()

    def tell(status: str, why: str) -> None:
        if not said.done():
            said.set_result((status, why))

    await give(tell)
    try:
        status, why = await asyncio.wait_for(said, within_s)
    except TimeoutError:
        raise SessionError(f"the session did not answer within {within_s:g} s") from None
    if status == "refused":
        raise SessionError(why)
    return status
