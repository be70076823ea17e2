"""Projects of a flow and its scenarios, in a folder of their own."""

import textwrap

import pytest

from framework.project import Project
from framework.simulator.load import examined
from framework.simulator.play import play
from framework.simulator.stage import Stage

FLOW = """
flow: shop
slots:
  size: {type: enum, values: [small, large], prompt: "Small or large?"}
  total: number
initial_node: ask
nodes:
  ask:
    say: "Welcome to the shop."
    collect: size
    attempts: 2
    next: [{outcome: [exhausted, declined], goto: bye}, {else: price}]
  price:
    run: pizza.price
    with: {kind: funghi, size: "{{ slots.size }}", quantity: 1}
    save: {total: result.total}
    filler: {after: 700ms, say: "One moment."}
    next: [{outcome: [error, timeout], goto: sorry}, {else: talk}]
  talk:
    instruct: "Talk about the order."
    sample: "It is {{ slots.total }} euros."
    next:
      - {intent: is done, examples: [goodbye], goto: bye}
  sorry: {say: "Sorry.", end: unavailable}
  bye: {say: "Goodbye.", end: true}
"""

PLAYED = """
name: shop
tools: {pizza.price: {result: {total: 9}}}
scenarios:
  - name: it
"""


@pytest.fixture(scope="session")
def plugins():
    """The plugins of the box, loaded once."""
    from framework.plugins.host import PluginHost

    return PluginHost.load(Project.find())


@pytest.fixture
def shop(tmp_path):
    """A project with one flow."""
    (tmp_path / "convo.yaml").write_text("bots: {shop: {flow: shop}}\n")
    (tmp_path / "flows" / "tests").mkdir(parents=True)
    (tmp_path / "flows" / "shop.yaml").write_text(FLOW)
    return Project.find(tmp_path)


@pytest.fixture
def write(shop):
    """Write a scenario file; answers its path."""

    def write(text, name="shop"):
        path = shop.root / "flows" / "tests" / f"{name}.yaml"
        path.write_text(textwrap.dedent(text).lstrip())
        return path

    return write


@pytest.fixture
def read(shop, write):
    """Read a scenario file with these words."""
    return lambda text: examined(write(text), shop)


@pytest.fixture
def problems(read):
    """What is wrong with a scenario file: `line:column code`."""
    return lambda text: [f"{d.span.line}:{d.span.column} {d.code}" for d in read(text).diagnostics]


@pytest.fixture
def stage(shop, plugins):
    return Stage(shop, plugins)


@pytest.fixture
def played(read, stage):
    """Play the scenario `it`, given by its keys; tools cost nine euros."""

    def played(keys, head=PLAYED):
        suite = read(head + textwrap.indent(textwrap.dedent(keys).strip(), "    "))
        assert not suite.broken, suite.diagnostics
        return play(suite.cases[-1], stage)

    return played


@pytest.fixture
def misses(played):
    """What was not as expected: `line: expected | happened`."""
    return lambda keys: [f"{f.line}: {f.expected} | {f.happened}" for f in played(keys).failures]
