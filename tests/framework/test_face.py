"""What plugins may import, and how little it costs to import it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import framework

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"


@pytest.mark.parametrize("name", framework.HOMES)
def test_every_public_name_is_there_and_documented(name):
    thing = getattr(framework, name)
    assert name in dir(framework)
    assert name in ("hookimpl", "Order") or thing.__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no public name `Nothing`"):
        framework.Nothing  # noqa: B018


def test_what_type_checkers_see_is_what_there_is():
    tree = ast.parse(Path(framework.__file__).read_text(encoding="utf-8"))
    seen = {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("framework.")
        for alias in node.names
    }
    assert seen == {(module, name) for name, module in framework.HOMES.items()}


def test_importing_one_part_imports_no_other():
    source = "import sys, framework.errors; print([name for name in sys.modules if name.startswith('framework.')])"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "['framework.errors']"


@pytest.mark.parametrize(
    "file", sorted((PLUGINS / "tools").rglob("*.py")), ids=lambda file: str(file.relative_to(PLUGINS))
)
def test_our_plugins_import_the_public_face_only(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and not node.level:
            assert not (node.module or "").startswith("framework.")
