"""Logging: one set-up call, session fields on every line, private values marked.

A message is a constant; values travel beside it: `logger.bind(session=spec.session_id).info("a caller is connected")`.
A value whose name begins with `pii_` is a caller's: it is dropped unless `CONVO_LOG_PRIVATE=1` is set.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from loguru import logger

from framework.settings import LogSettings

if TYPE_CHECKING:
    from loguru import Message, Record

PRIVATE = "pii_"


def set_up(settings: LogSettings | None = None, sink: TextIO | None = None) -> None:
    """Send everything that is logged in this process to one place, in one form. May be called again.

    Args:
        settings: What `CONVO_LOG_*` says, if not given.
        sink: Where lines go; standard error, so that they never mix with what a command prints.
    """
    settings = settings or LogSettings.read()
    stream = sink or sys.stderr
    write = _json_line if settings.json else _line

    def emit(message: Message) -> None:
        stream.write(write(message.record, settings.private) + "\n")
        stream.flush()

    logger.remove()
    logger.configure(extra={})
    # Neither `backtrace` nor `diagnose`: both write the values of variables, which may be a caller's.
    logger.add(emit, level=settings.level.upper(), filter=_wanted(settings), backtrace=False, diagnose=False)
    logging.basicConfig(handlers=[Bridge()], level=logging.NOTSET, force=True)
    logging.captureWarnings(capture=True)


@contextmanager
def about(**fields: Any) -> Iterator[None]:
    """Put fields such as `session` on every line that is logged inside the block, by whatever module."""
    with logger.contextualize(**fields):
        yield


class Bridge(logging.Handler):
    """Pass on what libraries log by Python's own logging."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record again, with the name of the library that it came from."""
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        bound = logger.bind(library=record.name)
        bound.opt(exception=record.exc_info).log(level, "{}", record.getMessage())


def _wanted(settings: LogSettings) -> Any:
    """Pipecat and other libraries speak up from their own level only: below it they repeat what callers say."""
    floor = logger.level(settings.pipecat.upper()).no

    def wanted(record: Record) -> bool:
        foreign = (record["name"] or "").startswith("pipecat") or "library" in record["extra"]
        return not foreign or record["level"].no >= floor

    return wanted


def _fields(record: Record, private: bool) -> dict[str, Any]:
    return {name: value for name, value in record["extra"].items() if private or not name.startswith(PRIVATE)}


def _line(record: Record, private: bool) -> str:
    """A line for people."""
    fields = " ".join(f"{name}={value}" for name, value in _fields(record, private).items())
    parts = [f"{record['time']:HH:mm:ss.SSS}", f"{record['level'].name:<7}", record["message"], fields]
    return "  ".join(part for part in parts if part) + _trace(record, private)


def _json_line(record: Record, private: bool) -> str:
    """A line for programs."""
    line = {
        "time": record["time"].isoformat(),
        "level": record["level"].name.lower(),
        "message": record["message"],
        "module": record["name"],
        **_fields(record, private),
    }
    if trace := _trace(record, private):
        line["exception"] = trace.strip()
    return json.dumps(line, default=str, ensure_ascii=False)


def _trace(record: Record, private: bool) -> str:
    """Where an exception came from; its text only if private values are wanted: it may repeat what a caller said."""
    error = record["exception"]
    if error is None or error.type is None:
        return ""
    if private and error.value is not None:
        return "\n" + "".join(traceback.format_exception(error.type, error.value, error.traceback)).rstrip()
    places = "".join(traceback.format_list(traceback.extract_tb(error.traceback))).rstrip()
    return f"\n{places}\n{error.type.__name__}"
