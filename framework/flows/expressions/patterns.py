"""Match texts against patterns in time linear in the text: an automaton, no backtracking."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from re import _constants as code  # type: ignore[attr-defined]
from re import _parser as grammar  # type: ignore[attr-defined]
from typing import Any

from framework.flows.expressions.errors import EvaluationError

MOST_STATES = 2_000
"""How large an automaton may grow, repetitions written out."""

LONGEST_TEXT = 10_000

Test = Callable[[str], bool]

CATEGORIES: dict[Any, Test] = {
    code.CATEGORY_DIGIT: str.isdecimal,
    code.CATEGORY_NOT_DIGIT: lambda c: not c.isdecimal(),
    code.CATEGORY_SPACE: str.isspace,
    code.CATEGORY_NOT_SPACE: lambda c: not c.isspace(),
    code.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
    code.CATEGORY_NOT_WORD: lambda c: not (c.isalnum() or c == "_"),
}


class PatternError(ValueError):
    """The pattern can't be used; says why."""


class Pattern:
    """A pattern that a whole text must fit."""

    def __init__(self, text: str) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                parsed = grammar.parse(text)
        except (re.error, RecursionError, OverflowError) as wrong:
            raise PatternError(f"`{text[:60]}` is not a pattern: {wrong}.") from None
        self.fold = bool(parsed.state.flags & re.IGNORECASE)
        self.steps: list[tuple[Test, int]] = []
        """For each state that reads a character: the test and the state after it."""
        self.edges: dict[int, list[tuple[str, int]]] = {}
        """Moves that read nothing: always (``), at the beginning (`^`) or at the end (`$`)."""
        self.reads: dict[int, list[int]] = {}
        self.states = 0
        self.begin = self._state()
        self.accept = self._sequence(parsed, self.begin)

    def fits(self, text: str) -> bool:
        """True when the whole text fits the pattern."""
        if len(text) > LONGEST_TEXT:
            raise EvaluationError(f"a text of more than {LONGEST_TEXT:,} characters can't be matched.")
        here = self._closure({self.begin}, first=True, last=not text)
        for index, char in enumerate(text):
            moved = {self.steps[s][1] for state in here for s in self.reads.get(state, ()) if self._takes(s, char)}
            if not moved:
                return False
            here = self._closure(moved, first=False, last=index == len(text) - 1)
        return self.accept in here

    def _takes(self, step: int, char: str) -> bool:
        test = self.steps[step][0]
        return test(char) or (self.fold and (test(char.lower()) or test(char.upper())))

    def _closure(self, states: set[int], *, first: bool, last: bool) -> set[int]:
        todo, seen = list(states), set(states)
        while todo:
            for condition, target in self.edges.get(todo.pop(), ()):
                holds = not condition or (condition == "^" and first) or (condition == "$" and last)
                if holds and target not in seen:
                    seen.add(target)
                    todo.append(target)
        return seen

    def _state(self) -> int:
        self.states += 1
        if self.states > MOST_STATES:
            raise PatternError("the pattern repeats too much.")
        return self.states

    def _edge(self, begin: int, end: int, condition: str = "") -> None:
        self.edges.setdefault(begin, []).append((condition, end))

    def _read(self, begin: int, test: Test) -> int:
        end = self._state()
        self.reads.setdefault(begin, []).append(len(self.steps))
        self.steps.append((test, end))
        return end

    def _sequence(self, parts: Any, state: int) -> int:
        for operator, argument in parts:
            state = self._part(operator, argument, state)
        return state

    def _part(self, operator: Any, argument: Any, state: int) -> int:
        if operator in (code.MAX_REPEAT, code.MIN_REPEAT):
            return self._repeat(*argument, state=state)
        if operator is code.SUBPATTERN:
            return self._sequence(argument[3], state)
        if operator is code.BRANCH:
            ends = [self._sequence(branch, self._fork(state)) for branch in argument[1]]
            return self._join(ends)
        if operator is code.AT:
            return self._anchor(argument, state)
        test = _test(operator, argument)
        if test is None:
            raise PatternError("patterns have no back references and no looking around.")
        return self._read(state, test)

    def _fork(self, state: int) -> int:
        end = self._state()
        self._edge(state, end)
        return end

    def _join(self, ends: list[int]) -> int:
        end = self._state()
        for one in ends:
            self._edge(one, end)
        return end

    def _anchor(self, where: Any, state: int) -> int:
        condition = {
            code.AT_BEGINNING: "^",
            code.AT_BEGINNING_STRING: "^",
            code.AT_END: "$",
            code.AT_END_STRING: "$",
        }.get(where)
        if condition is None:
            raise PatternError("patterns have no `\\b` and `\\B`.")
        end = self._state()
        self._edge(state, end, condition)
        return end

    def _repeat(self, least: int, most: Any, body: Any, *, state: int) -> int:
        for _ in range(least):
            state = self._sequence(body, self._fork(state))
        if most is code.MAXREPEAT:
            begin = self._fork(state)
            self._edge(self._sequence(body, self._fork(begin)), begin)
            return self._fork(begin)
        ends = [state]
        for _ in range(int(most) - least):
            state = self._sequence(body, self._fork(state))
            ends.append(state)
        return self._join(ends)


def _test(operator: Any, argument: Any) -> Test | None:
    """The test of one character that an operator stands for; None for what is none."""
    if operator is code.LITERAL:
        return lambda c: ord(c) == argument
    if operator is code.NOT_LITERAL:
        return lambda c: ord(c) != argument
    if operator is code.ANY:
        return lambda c: c != "\n"
    if operator is code.RANGE:
        return lambda c: argument[0] <= ord(c) <= argument[1]
    if operator is code.CATEGORY:
        return CATEGORIES.get(argument)
    return _set(argument) if operator is code.IN else None


def _set(members: Any) -> Test:
    negated = bool(members) and members[0][0] is code.NEGATE
    tests = [t for t in (_test(o, a) for o, a in members[negated:]) if t]
    return lambda c: any(test(c) for test in tests) != negated


@lru_cache(maxsize=256)
def pattern(text: str) -> Pattern:
    """The pattern of a text, made once."""
    return Pattern(text)
