"""Every rule runs against its own two examples."""

import re
import textwrap
from importlib import import_module
from pathlib import Path

import pytest

from framework.flows import rules

HERE = Path(rules.__file__).parent


def example(rule: str, title: str) -> str:
    doc = import_module(f"framework.flows.rules.{rule}").__doc__ or ""
    found = re.search(rf"^{title}:\n((?:    .*\n|\n)+)", doc, re.MULTILINE)
    assert found, f"{rule} has no example {title}"
    return textwrap.dedent(found[1])


def code(rule: str) -> str:
    return (import_module(f"framework.flows.rules.{rule}").__doc__ or "").partition(":")[0]


@pytest.mark.parametrize("rule", rules.BUILT_IN)
def test_a_rule_finds_its_bad_example_and_nothing_else_does(rule, diagnose):
    assert [d.code for d in diagnose(example(rule, "Bad"))] == [code(rule)]


@pytest.mark.parametrize("rule", rules.BUILT_IN)
def test_a_rule_is_content_with_its_good_example(rule, diagnose):
    assert diagnose(example(rule, "Good")) == []


def test_every_module_is_a_rule_and_every_rule_has_its_own_code():
    assert sorted(rules.BUILT_IN) == sorted(p.stem for p in HERE.glob("*.py") if p.stem != "__init__")
    assert len({code(rule) for rule in rules.BUILT_IN}) == len(rules.BUILT_IN)


@pytest.mark.parametrize("rule", rules.BUILT_IN)
def test_a_rule_says_in_one_sentence_what_is_wrong(rule):
    first = (import_module(f"framework.flows.rules.{rule}").__doc__ or "").splitlines()[0]
    assert re.fullmatch(r"(FLW|EXP|SLT|TLS|VOX)\d{3}: .+\.", first)
