"""The stacks that come with the project, checked with every plugin in the box."""

from __future__ import annotations

import pytest

from framework.documents import Severity
from framework.plugins.host import PluginHost
from framework.services import check_stack

KEYS = {"OPENAI_API_KEY": "sk-1", "ELEVENLABS_API_KEY": "e", "DEEPGRAM_API_KEY": "d"}


@pytest.fixture(scope="module")
def full():
    return PluginHost.load(installed=False)


@pytest.mark.parametrize("name", ["offline", "cloud", "local"])
def test_a_stack_in_the_box_has_no_errors(root, full, name):
    found = check_stack(root / "stacks" / f"{name}.yaml", full, environment=KEYS)
    assert [one for one in found if one.severity is Severity.ERROR] == []


def test_every_service_in_the_box_knows_its_keys_and_says_what_it_needs(full):
    for name in full.services.names():
        service = full.services.get(name)
        assert callable(getattr(service.known(), "settings", {}).get), name
        assert service.extra, f"{name} names no extra"
        assert service.packages, f"{name} names no packages"


def test_the_cloud_stack_without_keys_names_each_variable(root, full):
    found = check_stack(root / "stacks" / "cloud.yaml", full, environment={})
    assert {one.fix for one in found} == {f"Set `{name}`." for name in KEYS}
