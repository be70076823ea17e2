"""Recorded conversations, read again: why each step was taken, and where another flow would have gone."""

from __future__ import annotations
