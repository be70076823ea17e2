"""The prepared recogniser, made before the first test that listens."""

import pytest

from framework.services.providers.moonshine.store import preparation


@pytest.fixture(scope="session", autouse=True)
def _prepared():
    preparation().make(lambda _: None)
