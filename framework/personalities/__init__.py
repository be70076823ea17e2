"""How the assistant sounds: voice, manner and standing instructions."""

from __future__ import annotations

from framework.personalities.check import check
from framework.personalities.compose import compose
from framework.personalities.load import load
from framework.personalities.model import NEUTRAL, Personality

__all__ = ["NEUTRAL", "Personality", "check", "compose", "load"]
