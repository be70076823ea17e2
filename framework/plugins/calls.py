"""One call of a plugin's function: bounded in time, ending in exactly one outcome."""

from __future__ import annotations

import asyncio
import inspect
import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from loguru import logger
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from framework.plugins import threads, wording
from framework.plugins.outcomes import ToolFailed, ToolOutcome, ToolRetry
from framework.plugins.signature import Signature

LONGEST = 256 * 1024
"""Characters of a result as JSON: more would fill a model's context and a session's record."""

SENTENCE = 500
"""Characters of a sentence that goes to the model."""


_left_behind: set[asyncio.Task[Any]] = set()
"""Calls that went on after they were cancelled: kept, so that they aren't collected while they run."""


async def perform(
    name: str,
    function: Callable[..., Any],
    signature: Signature | None,
    arguments: Mapping[str, Any],
    context: object,
    *,
    timeout_s: float,
) -> ToolOutcome:
    """Check the arguments, then run the function under a deadline.

    Never raises but `CancelledError`, when the caller itself is cancelled.
    """
    try:
        given = signature.bind(arguments, context) if signature else dict(arguments)
    except ValidationError as wrong:
        return misfit(name, wrong)
    except Exception as broken:  # noqa: BLE001 - an author's validator may raise anything
        return failure(name, broken)
    result = signature.result if signature else None
    return await _settled(name, partial(function, **given), timeout_s, result)


async def _settled(name: str, work: partial[Any], timeout_s: float, result: TypeAdapter[Any] | None) -> ToolOutcome:
    task = asyncio.create_task(_run(work, name), name=f"tool/{name}")
    try:
        done, _ = await asyncio.wait({task}, timeout=timeout_s)
    except asyncio.CancelledError:
        _give_up(task)
        raise
    if not done:
        _give_up(task)
        logger.bind(tool=name).warning("a tool did not answer in time")
        return ToolOutcome(
            outcome="timeout", code="timeout", message=f"`{name}` did not answer within {timeout_s:g} s."
        )
    if task.cancelled():
        return ToolOutcome(outcome="cancelled", code="cancelled", message=f"`{name}` was cancelled.")
    if error := task.exception():
        return failure(name, error)
    return value(name, task.result(), result)


def failure(name: str, error: BaseException) -> ToolOutcome:
    """The outcome for what a function raised; only sentences meant for the model go through."""
    if isinstance(error, ToolRetry | ToolFailed):
        code = "retry" if isinstance(error, ToolRetry) else "failed"
        return ToolOutcome(outcome="error", code=code, message=str(error)[:SENTENCE] or f"`{name}` failed.")
    _log(name, error, "a tool raised")
    return ToolOutcome(outcome="error", code="crashed", message=f"`{name}` failed.")


def misfit(name: str, wrong: ValidationError) -> ToolOutcome:
    """The outcome for arguments that don't fit; names them, repeats no value."""
    found = "; ".join(
        f"`{'.'.join(map(str, problem['loc'])) or 'arguments'}`: {wording.wrong(problem)}"
        for problem in wrong.errors(include_url=False, include_input=False, include_context=False)
    )
    message = f"`{name}` can't be called so: {found}."
    return ToolOutcome(outcome="error", code="bad_arguments", message=message[:SENTENCE])


def value(name: str, returned: Any, result: TypeAdapter[Any] | None) -> ToolOutcome:
    """The outcome for what a function returned: as JSON, or an error that says why it can't be."""
    try:
        plain = _plain(returned, result)
        size = len(json.dumps(plain, allow_nan=False))
    except ValidationError as wrong:
        return _useless(name, "bad_result", "gave a result that is not of its type", wrong)
    except Exception as unfit:  # noqa: BLE001 - a result may do anything while it is looked at
        return _useless(name, "not_json", "gave a result that can't be passed on", unfit)
    if size > LONGEST:
        return _useless(
            name, "too_large", "gave too long a result", ValueError(f"{size} characters, at most {LONGEST}")
        )
    return ToolOutcome(outcome="value", result=plain)


def _plain(returned: Any, result: TypeAdapter[Any] | None) -> Any:
    if isinstance(returned, Iterator) or inspect.isasyncgen(returned):
        raise TypeError("an iterator may never end: return a list")
    if result is None:
        return to_jsonable_python(returned)
    return result.dump_python(result.validate_python(returned), mode="json", by_alias=True)


async def _run(work: partial[Any], name: str) -> Any:
    """Run a coroutine function here, anything else in a thread; leaving the process is no way to end a call."""
    try:
        if inspect.iscoroutinefunction(work.func) or inspect.iscoroutinefunction(type(work.func).__call__):
            return await work()
        returned = await threads.awaited(work, f"tool/{name}")
        return await returned if inspect.isawaitable(returned) else returned
    except (SystemExit, KeyboardInterrupt, GeneratorExit) as leaving:
        raise RuntimeError(f"raised {type(leaving).__name__}") from leaving


def _give_up(task: asyncio.Task[Any]) -> None:
    """Cancel a call without waiting for it: it may refuse to go."""
    task.cancel()
    _left_behind.add(task)
    task.add_done_callback(_forget)


def _forget(task: asyncio.Task[Any]) -> None:
    _left_behind.discard(task)
    if not task.cancelled():
        task.exception()  # seen: nobody else will ask for it


def _useless(name: str, code: str, why: str, error: Exception) -> ToolOutcome:
    _log(name, error, f"a tool {why}")
    return ToolOutcome(outcome="error", code=code, message=f"`{name}` {why}.")


def _log(name: str, error: BaseException, what: str) -> None:
    """Name the plugin, the kind of error and its place; its text may hold a caller's words, so it is marked private."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    bound = logger.bind(plugin=name.partition(".")[0], tool=name, error=type(error).__name__, at=at)
    bound.bind(pii_exception=str(error)).error(what)
