"""Voices that call, the noise around them, and what a live session makes of the audio."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import soxr
import yaml

from framework.engine.compiler import compile_plan
from framework.engine.expect import expects
from framework.flows.model import Flow
from framework.personalities import NEUTRAL
from framework.services.providers.espeak import library as espeak
from framework.services.providers.moonshine.decode import RATE, shared
from framework.services.providers.moonshine.hearing import hear
from framework.services.providers.piper.voices import voice
from framework.services.providers.semantic.router import SemanticRouter
from framework.slots import BUILT_IN
from framework.testing.driver import Driver

HERE = Path(__file__).parent
NODES = yaml.safe_load((HERE / "nodes.yaml").read_text(encoding="utf-8"))
TABLE = yaml.safe_load((HERE / "utterances.yaml").read_text(encoding="utf-8"))
SLOTS = {"agree": "agreed", "name": "person", "born": "birthday", "day": "visit", "count": "amount", "member": "number"}
ROUTER = SemanticRouter()
FULL = 32768
AROUND_S = 0.25
"""Silence on both sides of speech: the VAD hands it over with the segment."""


# --- Voices -------------------------------------------------------------------


def piper(text):
    """The bot's own voice, without its random part."""
    audio = b"".join(voice().speak(f"{text[:1].upper()}{text[1:]}.", noise=0.0, noise_width=0.0))
    return _at_rate(audio, voice().sample_rate)


def higher(text):
    """The same voice an eighth higher and faster: another throat."""
    return soxr.resample(piper(text), RATE, RATE * 8 / 9).astype(np.float32)


def robot(name):
    """One of espeak-ng's voices."""

    def say(text):
        pieces = []
        manner = espeak.Manner(voice=name, rate=150)
        espeak.shared().speak(text, manner, lambda audio, _: pieces.append(audio) is None)
        return _at_rate(b"".join(pieces), espeak.shared().sample_rate)

    return say


def _at_rate(audio, rate):
    return soxr.resample(np.frombuffer(audio, np.int16).astype(np.float32) / FULL, rate, RATE).astype(np.float32)


def in_room(speech, snr_db, seed):
    """The speech with silence around it, and white noise over all of it; None is a quiet room."""
    quiet = np.zeros(int(AROUND_S * RATE), np.float32)
    sound = np.concatenate([quiet, speech, quiet])
    noise = np.random.default_rng(zlib.crc32(seed.encode())).standard_normal(len(sound)).astype(np.float32)
    level = 1e-4 if snr_db is None else float(np.sqrt(np.mean(speech**2)) * 10 ** (-snr_db / 20))
    return np.clip(sound + level * noise, -1, 1)


# --- The live session's way from audio to a value -------------------------------


@dataclass(frozen=True)
class Outcome:
    """What came of one utterance."""

    text: str
    got: object


@lru_cache
def plan_of(node):
    nodes = {name: NODES["nodes"][name] for name in (node, "done")}
    asked = np.atleast_1d(nodes[node].get("collect", [])).tolist()
    slots = {name: NODES["slots"][name] for name in asked}
    flow = Flow.model_validate({**NODES, "initial_node": node, "nodes": nodes, "slots": slots})
    return compile_plan(flow, personality=NEUTRAL, slot_types={t.name: t for t in BUILT_IN})


def listened(node, audio, **manner):
    """Audio → recogniser with what the node expects → engine, with the router where it asks for one."""
    plan = plan_of(node)
    judged = lambda text, choices: ROUTER.judge(text, choices).choice  # noqa: E731
    driver = Driver(plan, router=judged).start()
    text = hear(shared(), audio, expects(plan, driver.state), **manner)
    if text:
        driver.hear(text)
    return Outcome(text, _got(node, driver))


def _got(node, driver):
    if node == "help":
        return next((data["intent"] for kind, data in driver.events if kind == "intent.heard"), None)
    if node == "order":
        return dict(driver.slots) or None
    return driver.slots.get(SLOTS[node])
