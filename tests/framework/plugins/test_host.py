"""The host finds plugins, takes what they offer, and names those that break their word."""

import subprocess
import sys

import pytest

from framework import Command, hookimpl
from framework.errors import DuplicateNameError, PluginError, UnknownNameError
from framework.plugins import discovery, loader
from framework.plugins.discovery import Found
from framework.plugins.host import PluginHost

WEATHER = '''
"""Weather: what it is like outside."""
from framework import Registry, Tool, hookimpl, tool

@tool(examples=["how is the weather"])
async def weather(city: str) -> dict[str, str]:
    """Say what the weather is like in a city right now."""
    return {"city": city}

@hookimpl
def register_tools(tools: Registry[Tool]) -> None:
    tools.add(weather)
'''


def report(host, name):
    return next(record for record in host.plugins if record.name == name)


# --- Finding ---------------------------------------------------------------------------------------------------------


def test_a_folder_in_the_projects_plugins_is_a_plugin(plugin, load):
    loaded = load(plugin("weather", WEATHER))
    assert loaded.tools["weather.weather"].examples == ("how is the weather",)
    found = report(loaded, "weather")
    assert (found.origin, found.summary) == ("project", "Weather: what it is like outside.")
    assert found.offers == {"tools": ["weather.weather"]}


def test_a_single_file_and_a_folder_without_a_kind_are_plugins_too(tmp_path, load):
    (tmp_path / "sky.py").write_text(WEATHER)
    (tmp_path / "rain").mkdir()
    (tmp_path / "rain" / "__init__.py").write_text(WEATHER)
    assert {"sky.weather", "rain.weather"} <= set(load(tmp_path).tools)


def test_a_folder_that_is_itself_a_plugin_may_be_named(tmp_path, load):
    home = tmp_path / "storm"
    home.mkdir()
    (home / "__init__.py").write_text(WEATHER)
    assert "storm.weather" in load(home).tools


def test_files_that_begin_with_a_dot_or_an_underscore_are_none(tmp_path, load):
    for name in ("_draft.py", ".hidden.py", "notes.txt"):
        (tmp_path / name).write_text("raise SystemExit")
    assert load(tmp_path).problems == []


def test_a_plugins_modules_are_imported_without_touching_the_search_path(plugin, load, tmp_path):
    folder = plugin("weather", "from .words import SKY\n" + WEATHER)
    (folder / "tools" / "weather" / "words.py").write_text("SKY = 'clear'")
    before = list(sys.path)
    assert "weather.weather" in load(folder).tools
    assert sys.path == before
    assert not {"weather", "words"} & set(sys.modules)


def test_two_plugins_with_modules_of_one_name_do_not_meet(plugin, load):
    for name in ("sun", "rain"):
        folder = plugin(name, f"from .words import NAME\nassert NAME == {name!r}\n" + WEATHER)
        (folder / "tools" / name / "words.py").write_text(f"NAME = {name!r}")
    assert load(folder).problems == []


def test_two_plugins_of_one_name_are_refused_with_both_places(plugin, load):
    folder = plugin("weather", WEATHER)
    plugin("weather", WEATHER, kind="services")
    with pytest.raises(DuplicateNameError, match="two plugins have the name `weather`") as caught:
        load(folder)
    assert "tools/weather" in caught.value.where
    assert "services/weather" in caught.value.where


def test_a_projects_plugin_takes_the_place_of_a_bundled_one(plugin, load):
    loaded = load(plugin("pizza", WEATHER))
    assert [name for name in loaded.tools if name.startswith("pizza.")] == ["pizza.weather"]
    assert report(loaded, "pizza").origin == "project"


def test_blocked_plugins_are_not_even_imported(plugin, load):
    loaded = load(plugin("weather", "raise SystemExit"), block=["weather"])
    assert loaded.problems == []
    assert "weather" not in [record.name for record in loaded.plugins]


def test_blocking_what_is_not_there_is_reported_with_the_nearest_name(plugin, load):
    loaded = load(plugin("weather", WEATHER), block=["wether"])
    assert "no plugin `wether` to block" in loaded.problems[0].sentence
    assert "`weather`" in loaded.problems[0].sentence


def test_two_plugins_that_claim_one_name_stop_the_start(plugin, load):
    alias = WEATHER.replace("@tool(", "@tool(aliases=['forecast'], ")
    folder = plugin("sun", alias)
    plugin("rain", alias)
    with pytest.raises(DuplicateNameError, match="plugins `rain` and `sun`") as caught:
        load(folder)
    assert "block" in caught.value.fix


# --- Broken plugins ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said", "fix"),
    [
        pytest.param("import nosuchpackage", "ModuleNotFoundError: No module named 'nosuchpackage'", "Look at", id="raises"),
        pytest.param("def x(:", "SyntaxError", "", id="is no Python"),
        pytest.param("raise SystemExit('bye')", "SystemExit: bye", "Look at", id="leaves"),
        pytest.param(WEATHER.replace("register_tools(", "register_tool("), "no hook called `register_tool`", "`register_tools`", id="misspells a hook"),
        pytest.param(WEATHER.replace("(tools: Registry[Tool])", "(things)").replace("tools.add", "things.add"), "things", "parameters", id="misspells a parameter"),
        pytest.param(WEATHER.replace("@hookimpl", ""), "implements no hook", "`@hookimpl` above a function such as `register_tools`", id="forgets the mark"),
        pytest.param(WEATHER.replace("tools.add(weather)", "tools.add(weather); tools.add(weather)"), "registered twice", "Remove", id="registers twice"),
        pytest.param(WEATHER.replace('"""Say what the weather is like in a city right now."""', ""), "the tool `weather` has no docstring", "Write one sentence", id="has no docstring"),
        pytest.param(WEATHER.replace("tools.add(weather)", "raise KeyError('x')"), "KeyError", "__init__.py:12", id="raises in a hook"),
        pytest.param(WEATHER.replace("tools.add(weather)", "tools.add(7)"), "AttributeError", "__init__.py:12", id="registers a number"),
    ],
)  # fmt: skip
def test_a_plugin_that_breaks_its_word_is_named_with_the_way_to_fix_it(plugin, load, source, said, fix):
    folder = plugin("weather", source)
    plugin("healthy", WEATHER)
    loaded = load(folder)
    (problem,) = loaded.problems
    assert problem.plugin == "weather"
    assert problem.sentence.startswith("plugin `weather` (")
    assert said in problem.sentence
    assert fix in problem.sentence
    assert "healthy.weather" in loaded.tools
    assert "weather.weather" not in loaded.tools
    assert report(loaded, "weather").problem == problem.sentence


def shop():
    class Shop:
        """A shop."""

        @hookimpl
        def register_commands(self, commands):
            commands.add(Command(name="restock", run="shop:restock"))

    return Shop()


def found(name, thing):
    return Found(name=name, origin="installed", place="shop", load=lambda: thing)


def test_an_object_with_marked_methods_is_a_plugin():
    loaded = PluginHost()
    loaded.add([found("shop", shop())])
    assert loaded.problems == []
    assert loaded.commands.owner("restock") == "shop"


def test_one_module_under_two_names_is_loaded_once():
    one, loaded = shop(), PluginHost()
    loaded.add([found("shop", one), found("market", one)])
    assert "loaded as `shop`" in loaded.problems[0].sentence
    assert loaded.in_use() == ["shop"]
    assert loaded.commands.owner("restock") == "shop"


def test_what_a_plugin_prints_does_not_mix_with_what_a_command_prints(plugin, load, capsys):
    load(plugin("weather", "print('loaded')\n" + WEATHER))
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "loaded\n")


def test_a_broken_plugin_leaves_nothing_behind(plugin, load):
    source = WEATHER + "\n@hookimpl\ndef register_actions(actions):\n    raise ValueError('no')\n"
    loaded = load(plugin("weather", source))
    assert "weather.weather" not in loaded.tools


def test_a_plugin_that_hangs_is_left_out_after_a_while(plugin, load, monkeypatch):
    monkeypatch.setattr(loader, "PATIENCE_S", 0.2)
    folder = plugin("weather", "import threading\nthreading.Event().wait(60)\n")
    (problem,) = load(folder).problems
    assert "it was not loaded within 0.2 s" in problem.sentence
    assert "Move what takes time" in problem.sentence


def test_a_plugin_whose_name_could_not_be_written_in_a_flow_is_refused(plugin, broken):
    assert "can't be a plugin's name" in broken(plugin("Big Weather", WEATHER), "Big Weather")


def test_a_plugin_says_which_package_it_needs(plugin, broken):
    source = (
        WEATHER
        + "\nfrom framework import Manifest\n@hookimpl\ndef describe_plugin():\n    return Manifest(requires=('nosuchpackage',))\n"
    )
    assert "it needs the package `nosuchpackage`" in broken(plugin("weather", source), "weather")


def test_a_required_plugin_that_is_broken_stops_the_start(plugin, load):
    with pytest.raises(PluginError, match="plugin `weather`") as caught:
        load(plugin("weather", "raise ValueError('no')"), require=["weather"])
    assert "ValueError: no" in caught.value.message


def test_a_required_plugin_that_is_not_there_stops_the_start(plugin, load):
    folder = plugin("weather", WEATHER)
    with pytest.raises(UnknownNameError, match="required and not there") as caught:
        load(folder, require=["wether"])
    assert "`weather`" in caught.value.fix
    with pytest.raises(UnknownNameError, match="required and blocked"):
        load(folder, require=["weather"], block=["weather"])


# --- What is in the box ------------------------------------------------------------------------------------------------


def test_everything_in_the_box_loads():
    loaded = PluginHost.load(installed=False)
    assert loaded.problems == []
    assert {record.origin for record in loaded.plugins} == {"built in", "bundled"}
    assert len(discovery.BUILT_IN) <= len(loaded.plugins)


def test_loading_all_plugins_imports_nothing_heavy():
    source = (
        "import sys\n"
        "from framework.plugins.host import PluginHost\n"
        "assert PluginHost.load().tools\n"
        "print([name for name in ('pipecat', 'numpy', 'onnxruntime', 'svcs', 'aiohttp', 'fastapi') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
