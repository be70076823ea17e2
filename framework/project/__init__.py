"""A project: `convo.yaml`, and the flows, personalities, stacks and plugins around it."""

from __future__ import annotations

from framework.project.folders import bundled
from framework.project.model import Bot
from framework.project.project import Project

__all__ = ["Bot", "Project", "bundled"]
