"""YAML files whose values remember where they were written."""

from __future__ import annotations

from framework.documents.diagnostics import Diagnostic, DocumentError, Edit, Severity, Span
from framework.documents.files import unsaved
from framework.documents.reader import read, scan
from framework.documents.rendering import render_json, render_text
from framework.documents.source import KeyPath, Source
from framework.documents.validate import validate

__all__ = [
    "Diagnostic",
    "DocumentError",
    "Edit",
    "KeyPath",
    "Severity",
    "Source",
    "Span",
    "read",
    "render_json",
    "render_text",
    "scan",
    "unsaved",
    "validate",
]
