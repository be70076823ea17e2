"""Plugins that break their word: each is named with the way to fix it, and the rest goes on."""

import pytest

TOOL = '''\
from framework import Registry, Tool, hookimpl, tool


@tool
def count() -> int:
    """Count to one."""
    return 1


@hookimpl
def register_tools(tools: Registry[Tool]) -> None:
    """Offer it."""
    tools.add(count)
'''
BROKEN = {
    "raises": ('raise RuntimeError("no database here")\n', "it raised RuntimeError: no database here", "__init__.py:1"),
    "twice": (f"{TOOL}    tools.add(count)\n", "`twice.count` is registered twice", "Remove one of the two"),
    "silent": (
        TOOL.replace('    """Count to one."""\n', ""),
        "the tool `count` has no docstring",
        "Write one sentence",
    ),
}
FLOW = """\
flow: shop
initial_node: hello
nodes:
  hello: {say: "Hello.", next: count}
  count: {run: TOOL, save: {number: result}, next: bye}
  bye: {say: "Bye.", end: true}
slots:
  number: integer
"""


@pytest.fixture
def shop(tmp_path):
    def shop(plugin, uses):
        folder = tmp_path / "plugins" / plugin
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(BROKEN[plugin][0])
        healthy = tmp_path / "plugins" / "healthy"
        healthy.mkdir()
        (healthy / "__init__.py").write_text(TOOL)
        (tmp_path / "shop.yaml").write_text(FLOW.replace("TOOL", f"{uses}.count"))
        (tmp_path / "convo.yaml").write_text("bots: {shop: {flow: shop.yaml, stack: offline}}\n")

    return shop


@pytest.mark.parametrize("plugin", BROKEN)
def test_a_broken_plugin_is_named_with_its_fix_and_the_others_work(convo, shop, plugin):
    _, said, fix = BROKEN[plugin]
    shop(plugin, uses="healthy")
    ran = convo("chat", "shop")
    assert (ran.code, ran.out) == (0, "Bot: Hello.\nBot: Bye.\n"), ran.said
    assert f"plugin `{plugin}` (" in ran.err
    assert said in ran.err
    assert fix in ran.err
    assert "Traceback" not in ran.err
    listed = convo("plugins", "list")
    assert listed.code == 1
    assert said in listed.said


@pytest.mark.parametrize("plugin", BROKEN)
def test_a_flow_that_needs_a_broken_plugin_is_refused_with_the_reason(convo, shop, plugin):
    _, said, _ = BROKEN[plugin]
    shop(plugin, uses=plugin)
    ran = convo("check", "shop.yaml")
    assert ran.code == 1
    assert "shop.yaml:5:16" in ran.out
    assert said in ran.said, ran.said
