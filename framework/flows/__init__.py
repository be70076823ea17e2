"""Conversations written in YAML: read, check, draw. Knows nothing about audio."""

from __future__ import annotations

from framework.flows.load import Loaded, load
from framework.flows.model import Flow

__all__ = ["Flow", "Loaded", "load"]
