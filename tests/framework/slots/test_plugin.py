"""The types in the box come in by the same door as those of any plugin."""

from __future__ import annotations

import subprocess
import sys

import pytest

from framework.plugins.registry import Registry
from framework.slots import BUILT_IN, plugin
from framework.slots.base import SlotType


def test_the_plugin_registers_every_type_in_the_box():
    registry = Registry[SlotType]("slot type", owner="slots")
    plugin.register_slot_types(registry)
    plain = {"text", "person_name", "integer", "number", "boolean", "enum", "digits", "list", "object"}
    measured = {"date", "time", "datetime", "duration", "money"}
    assert set(registry.names()) == plain | measured | {"phone", "postal_code", "email"}


@pytest.mark.parametrize("slot_type", BUILT_IN, ids=lambda slot_type: slot_type.name)
@pytest.mark.parametrize("language", ["en", "es", "de", "fr"])
def test_every_type_asks_for_itself_in_every_language(slot_type, language):
    question = slot_type.question("party_size", language)
    assert question[0].isupper() or question[0] == "¿"
    assert "{" not in question
    assert "_" not in question


def test_slot_types_load_no_library_before_one_is_needed():
    code = "import sys, framework.slots.plugin; print({'babel', 'dateparser', 'phonenumbers', 'dateutil', 'pipecat', 'numpy'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout.strip() == "set()"
