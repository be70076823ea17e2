"""Flows from other formats and into them: what fits is rewritten, what doesn't is listed with its place."""

from __future__ import annotations

from framework.flows.exchange.report import Remark, Report, Rewritten

__all__ = ["Remark", "Report", "Rewritten"]
