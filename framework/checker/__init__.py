"""Check whole projects: find the files, tell what is wrong with them, mend what is safe, and print it for anyone."""

from __future__ import annotations

from framework.checker.checking import Checking

__all__ = ["Checking"]
