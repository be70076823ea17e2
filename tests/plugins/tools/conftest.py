"""Sessions with the bundled plugins, whose files lie in a folder of the test."""

import pytest

from framework import SessionSpec
from framework.plugins.host import PluginHost


@pytest.fixture
def session(tmp_path):
    """Enter with `async with session() as plugins`; `session(PATIENTS_LIKENESS="1")` sets variables."""

    def session(**environment):
        return PluginHost.load(installed=False).session(
            SessionSpec(session_id="s1"),
            uses=["patients", "appointments", "pizza", "cafe", "payments"],
            environment={"CONVO_STATE": str(tmp_path), **environment},
        )

    return session
