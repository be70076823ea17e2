"""A tool's schema comes from its types, and a call ends in exactly one outcome."""

import asyncio
import dataclasses
import enum
import sys
import threading
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, field_validator

from framework import PluginError, ToolContext, ToolFailed, ToolRetry, tool
from framework.plugins import calls
from framework.plugins.tools import model_name


class Size(enum.Enum):
    """How large."""

    SMALL = "small"
    LARGE = "large"


class Street(BaseModel):
    name: str
    number: int = 1


class Address(BaseModel):
    street: Street
    city: str


@dataclasses.dataclass
class Receipt:
    total: float
    day: date
    address: Address | None = None


async def call(function, arguments=None, **options):
    return await tool(function).call(arguments or {}, ToolContext(), **options)


def properties(function):
    return tool(function).parameters["properties"]


# --- What the model sees ---------------------------------------------------------------------------------------------


def test_the_docstring_describes_the_tool_and_its_arguments():
    @tool
    async def order(number: int, note: str = "") -> None:
        """Look up an order
        when the caller gives its number.

        Args:
            number: As printed on the receipt,
                six digits.
            note (str): Anything else.

        Returns:
            Nothing.
        """

    assert order.description == "Look up an order when the caller gives its number."
    assert order.parameters == {
        "type": "object",
        "properties": {
            "number": {"type": "integer", "description": "As printed on the receipt, six digits."},
            "note": {"type": "string", "description": "Anything else.", "default": ""},
        },
        "required": ["number"],
        "additionalProperties": False,
    }


def test_nested_models_are_written_out_without_references():
    async def deliver(to: Address) -> Receipt:
        """Deliver."""

    made = tool(deliver)
    assert made.parameters["properties"]["to"]["properties"]["street"]["properties"]["name"] == {"type": "string"}
    assert made.result_schema["properties"]["total"] == {"type": "number"}
    assert "$" not in str(made.parameters) + str(made.result_schema)
    assert "title" not in str(made.parameters)


def test_choices_bounds_and_optional_values_are_told():
    async def order(
        size: Size,
        kind: Literal["a", "b"],
        many: Annotated[int, Field(ge=1, le=20, description="How many.")] = 1,
        day: date | None = None,
    ) -> None:
        """Order."""

    seen = properties(order)
    assert seen["size"]["enum"] == ["small", "large"]
    assert seen["kind"]["enum"] == ["a", "b"]
    assert seen["many"] == {"type": "integer", "minimum": 1, "maximum": 20, "description": "How many.", "default": 1}
    assert seen["day"] == {"type": "string", "format": "date"}


def test_a_field_may_be_called_title_or_copy():
    async def write(title: str, copy: int = 1, schema: str = "x") -> None:
        """Write."""

    assert list(properties(write)) == ["title", "copy", "schema"]


@pytest.mark.parametrize("annotation", [ToolContext, ToolContext | None])
async def test_the_context_is_given_by_us_and_hidden_from_the_model(annotation):
    async def seen(word: str, context: annotation = None) -> str:
        """See."""
        return f"{word} {context.slots['size']}"

    made = tool(seen)
    assert list(made.parameters["properties"]) == ["word"]
    outcome = await made.call({"word": "very"}, ToolContext(slots={"size": "large"}))
    assert outcome.result == "very large"


def test_a_tool_without_a_docstring_is_refused_with_the_sentence_to_write():
    async def order(number: int) -> None: ...

    with pytest.raises(PluginError, match="the tool `order` has no docstring") as caught:
        tool(order)
    assert '"""' in caught.value.fix


async def _untyped(city) -> None:
    """Say."""


async def _spread(*cities: str) -> None:
    """Say."""


async def _field_default(city: str = Field("Rome")) -> None:
    """Say."""


async def _handle(lock: threading.Event) -> None:
    """Say."""


async def _missing_import(city: "Nowhere") -> None:  # noqa: F821
    """Say."""


class Tree(BaseModel):
    branches: list["Tree"] = []


async def _endless(tree: Tree) -> None:
    """Say."""


@pytest.mark.parametrize(
    ("function", "message"),
    [
        pytest.param(_untyped, "`city` has no type", id="an argument without a type"),
        pytest.param(_spread, "can't be given by name", id="any number of arguments"),
        pytest.param(_field_default, "`Field` as its default", id="pydantic's default in the wrong place"),
        pytest.param(_handle, "its types can't be described", id="a type that is no data"),
        pytest.param(_missing_import, "`Nowhere` is not defined", id="a type imported for checkers only"),
        pytest.param(_endless, "contains itself", id="a type without end"),
    ],
)
def test_a_signature_that_a_model_cannot_be_told_is_refused(function, message):
    with pytest.raises(PluginError, match=message) as caught:
        tool(function)
    assert function.__name__ in caught.value.message
    assert caught.value.fix


@pytest.mark.parametrize("options", [{"examples": "one"}, {"aliases": "one"}, {"timeout_s": 0}, {"name": "a b"}])
def test_options_that_cannot_be_meant_are_refused(options):
    async def say() -> None:
        """Say."""

    with pytest.raises(PluginError):
        tool(**options)(say)


def test_a_model_sees_no_dots_and_at_most_64_characters():
    assert model_name("face-match.körper") == "face-match_k_rper"
    assert len(model_name("a." + "b" * 90)) == 64


def test_calling_a_tool_calls_the_function():
    @tool
    def double(number: int) -> int:
        """Double."""
        return 2 * number

    assert double(4) == 8


# --- Exactly one outcome -----------------------------------------------------------------------------------------------


async def test_a_value_is_json_whatever_the_function_returned():
    async def buy(to: Address, day: date) -> Receipt:
        """Buy."""
        return Receipt(total=4.5, day=day, address=to)

    given = {"to": {"street": {"name": "Elm"}, "city": "Rome"}, "day": "2026-11-20"}
    outcome = await call(buy, given)
    assert outcome.outcome == "value"
    street = {"name": "Elm", "number": 1}
    assert outcome.result == {"total": 4.5, "day": "2026-11-20", "address": {"street": street, "city": "Rome"}}


@pytest.mark.parametrize(
    ("returned", "seen"),
    [
        (None, None),
        ({1, 2}, [1, 2]),
        ({3: date(2026, 1, 2)}, {"3": "2026-01-02"}),
        ((Decimal("1.10"), Size.LARGE), ["1.10", "large"]),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
    ],
)
async def test_a_result_without_a_declared_type_is_json_too(returned, seen):
    async def give() -> Any:
        """Give."""
        return returned

    outcome = await call(give)
    assert (outcome.outcome, outcome.result) == ("value", seen)


def _loop():
    turns = []
    turns.append(turns)
    return turns


@pytest.mark.parametrize(
    ("returned", "code"),
    [
        pytest.param(object(), "not_json", id="an object"),
        pytest.param(float("nan"), "not_json", id="not a number"),
        pytest.param(_loop(), "not_json", id="a list that holds itself"),
        pytest.param(iter([1]), "not_json", id="an iterator"),
        pytest.param(b"\xff\xfe", "not_json", id="bytes"),
        pytest.param("x" * (calls.LONGEST + 1), "too_large", id="a very long text"),
    ],
)
async def test_a_result_that_cannot_be_passed_on_is_an_error(returned, code):
    async def give():
        """Give."""
        return returned

    outcome = await call(give)
    assert (outcome.outcome, outcome.code, outcome.result) == ("error", code, None)
    assert outcome.message.startswith("`give` gave ")


async def test_a_result_that_is_not_of_its_type_is_an_error():
    async def count() -> int:
        """Count."""
        return "secret word"

    outcome = await call(count)
    assert outcome.code == "bad_result"
    assert "secret" not in outcome.message


async def test_sentences_for_the_model_go_through():
    async def retry() -> None:
        """Try."""
        raise ToolRetry("ask for a shorter range")

    async def fail() -> None:
        """Fail."""
        raise ToolFailed("there is no such order")

    assert [(o.code, o.message) for o in (await call(retry), await call(fail))] == [
        ("retry", "ask for a shorter range"),
        ("failed", "there is no such order"),
    ]


@pytest.mark.parametrize(
    "error",
    [
        ValueError("Ada's secret"),
        SystemExit(3),
        KeyboardInterrupt(),
        TimeoutError("Ada's secret"),
        RecursionError(),
        ExceptionGroup("Ada's secret", [ValueError()]),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("threaded", [False, True], ids=["async", "thread"])
async def test_whatever_is_raised_the_model_sees_a_code_and_a_safe_sentence(error, threaded):
    async def crash() -> None:
        """Crash."""
        raise error

    def crash_in_thread() -> None:
        """Crash."""
        raise error

    outcome = await call(crash_in_thread if threaded else crash)
    assert (outcome.outcome, outcome.code) == ("error", "crashed")
    assert "secret" not in outcome.message


async def test_wrong_arguments_are_named_and_their_values_not_repeated():
    class Pin(BaseModel):
        code: str

        @field_validator("code")
        @classmethod
        def right(cls, code):
            raise ValueError(f"{code} is not the pin")

    async def enter(pin: Pin, day: date, many: int) -> None:
        """Enter."""

    outcome = await call(enter, {"pin": {"code": "4711"}, "day": "soon", "word": "x"})
    assert outcome.code == "bad_arguments"
    for name in ("`pin.code`", "`day`", "`many`: field required", "`word`"):
        assert name in outcome.message
    assert "4711" not in outcome.message
    assert "soon" not in outcome.message


async def test_null_means_not_given_where_there_is_a_default():
    async def order(many: int = 3, note: str | None = "none") -> list[Any]:
        """Order."""
        return [many, note]

    assert (await call(order, {"many": None, "note": None})).result == [3, None]


async def test_a_number_where_text_is_wanted_is_that_text_and_the_other_way_round():
    async def order(phone: str, many: int) -> list[Any]:
        """Order."""
        return [phone, many]

    assert (await call(order, {"phone": 5550100, "many": "2"})).result == ["5550100", 2]


async def test_a_call_that_takes_too_long_is_a_timeout():
    async def hang() -> None:
        """Hang."""
        await asyncio.Event().wait()

    outcome = await call(hang, timeout_s=0.01)
    assert (outcome.outcome, outcome.code) == ("timeout", "timeout")
    assert outcome.message == "`hang` did not answer within 0.01 s."


async def test_a_call_that_refuses_to_be_cancelled_is_left_behind():
    released = asyncio.Event()
    refused = asyncio.Event()

    async def cling() -> None:
        """Cling."""
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            refused.set()
            await released.wait()

    assert (await call(cling, timeout_s=0.01)).outcome == "timeout"
    await asyncio.wait_for(refused.wait(), 5)
    (left,) = calls._left_behind
    released.set()
    await asyncio.wait_for(left, 5)


async def test_a_blocking_function_runs_in_a_thread_that_nobody_waits_for():
    release = threading.Event()

    def block() -> str:
        """Block."""
        release.wait(30)
        return threading.current_thread().name

    outcome = await call(block, timeout_s=0.01)
    assert outcome.outcome == "timeout"
    release.set()
    assert (await call(block)).result == "tool/block"


async def test_a_function_that_cancels_itself_is_cancelled_and_the_caller_goes_on():
    async def leave() -> None:
        """Leave."""
        raise asyncio.CancelledError

    assert (await call(leave)).outcome == "cancelled"


async def test_when_the_caller_is_cancelled_the_function_is_too():
    started, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        """Work."""
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.create_task(call(work))
    await asyncio.wait_for(started.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(ended.wait(), 5)


async def test_a_hanging_thread_does_not_keep_the_process_alive():
    source = (
        "import asyncio, time\n"
        "from framework import ToolContext, tool\n"
        "@tool\n"
        "def hang() -> None:\n"
        "    'Hang.'\n"
        "    time.sleep(600)\n"
        "print(asyncio.run(hang.call({}, ToolContext(), timeout_s=0.01)).outcome)\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", source, stdout=asyncio.subprocess.PIPE)
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    assert (said.decode().strip(), process.returncode) == ("timeout", 0)


def test_the_day_of_a_call_is_that_of_the_sessions_clock():
    noon = time.mktime((2026, 11, 20, 12, 0, 0, 0, 0, -1))
    assert ToolContext(now=noon).today == date(2026, 11, 20)
