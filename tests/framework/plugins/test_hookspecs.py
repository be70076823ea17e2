"""Every hook is documented, and used by something in this repository."""

import inspect

import pytest

from framework.plugins.host import PluginHost
from framework.plugins.loader import HOOKS
from framework.plugins.offers import Offers


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_a_hook_says_what_when_and_shows_an_example(hook):
    doc = inspect.getdoc(hook)
    assert doc.splitlines()[0].endswith((".", ":"))
    assert "Called " in doc
    assert "Example:" in doc
    assert "@hookimpl" in doc
    assert f"def {hook.__name__}(" in doc.partition("Example:")[2]


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_a_hook_is_typed(hook):
    spec = inspect.signature(hook)
    assert spec.return_annotation is not spec.empty
    assert all(parameter.annotation is not parameter.empty for parameter in spec.parameters.values())


def test_every_registry_has_its_hook():
    assert {hook for hook, _, _ in Offers.of().by_hook()} == set(HOOKS) - {"describe_plugin"}


@pytest.mark.parametrize("kind", ["tools", "actions", "transports", "services", "slot_types", "launchers", "resources"])
def test_every_hook_has_a_first_user(kind):
    assert len(getattr(PluginHost.load(installed=False).offers, kind))
