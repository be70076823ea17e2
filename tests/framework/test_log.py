"""Lines say what happened and in which session; what callers say stays out of them."""

import io
import json
import logging

import pytest
from loguru import logger

from framework import log
from framework.settings import LogSettings

SECRET = "born the third of March"


@pytest.fixture
def lines():
    """Set logging up with some settings; the lines written so far are what the answer's call returns."""
    before = logging.root.handlers[:]
    level = logging.root.level

    def set_up(**settings):
        sink = io.StringIO()
        log.set_up(LogSettings(**settings), sink)
        return lambda: sink.getvalue().splitlines()

    yield set_up
    logger.remove()
    logging.captureWarnings(capture=False)
    logging.root.handlers[:] = before
    logging.root.setLevel(level)


def test_a_line_for_programs_is_one_json_object_with_the_sessions_fields(lines):
    written = lines(json=True)
    with log.about(session="s1", tenant="t1"):
        logger.bind(node="greet").info("a node was entered")
    logger.info("a line of no session")
    first, second = (json.loads(line) for line in written())
    assert first["message"] == "a node was entered"
    assert (first["level"], first["session"], first["tenant"], first["node"]) == ("info", "s1", "t1", "greet")
    assert "session" not in second


def test_a_line_for_people_ends_with_its_fields(lines):
    written = lines()
    logger.bind(session="s1").warning("a tool did not answer in time")
    assert written()[0].endswith("WARNING  a tool did not answer in time  session=s1")


@pytest.mark.parametrize("form", [True, False], ids=["json", "text"])
def test_private_values_are_dropped_unless_asked_for(lines, form):
    written = lines(json=form)
    logger.bind(pii_text=SECRET).info("somebody spoke")
    assert SECRET not in "".join(written())
    written = lines(json=form, private=True)
    logger.bind(pii_text=SECRET).info("somebody spoke")
    assert SECRET in "".join(written())


@pytest.mark.parametrize("form", [True, False], ids=["json", "text"])
def test_an_exception_shows_its_place_and_not_its_words(lines, form):
    written = lines(json=form)
    try:
        int(SECRET)
    except ValueError:
        logger.exception("a tool raised")
    text = "\n".join(written())
    assert "ValueError" in text
    assert "test_log.py" in text
    assert SECRET not in text


def test_pipecats_debug_lines_which_hold_conversations_are_never_written(lines):
    written = lines(level="DEBUG")
    for level in ("DEBUG", "INFO", "WARNING"):
        logger.patch(lambda record: record.update(name="pipecat.services.openai")).log(level, f"{level} of pipecat")
    logger.debug("ours")
    assert [line.partition("  ")[2].split("  ")[-1] for line in written()] == ["WARNING of pipecat", "ours"]


def test_what_libraries_log_in_pythons_own_way_comes_along_from_warnings_on(lines):
    written = lines(json=True)
    logging.getLogger("aiohttp.access").info(SECRET)
    logging.getLogger("aiohttp.access").warning("a client vanished")
    (line,) = (json.loads(text) for text in written())
    assert (line["message"], line["library"], line["level"]) == ("a client vanished", "aiohttp.access", "warning")


def test_setting_up_twice_writes_each_line_once(lines):
    lines()
    written = lines()
    logger.info("once")
    assert len(written()) == 1


async def test_a_tool_that_raises_is_logged_by_its_plugins_name_without_what_it_said(lines):
    from framework import ToolContext, tool

    @tool(name="patients.verify")
    async def verify() -> None:
        """Verify."""
        raise ValueError(SECRET)

    written = lines(json=True)
    await verify.call({}, ToolContext())
    (line,) = (json.loads(text) for text in written())
    assert (line["plugin"], line["tool"], line["error"]) == ("patients", "patients.verify", "ValueError")
    assert line["at"].startswith("test_log.py:")
    assert SECRET not in "".join(written())
