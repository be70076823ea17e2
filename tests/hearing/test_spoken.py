"""What people say for every slot type, by voice: the figures of the docs are made like this."""

import pytest

from benchmarks import heard
from benchmarks.measure import Size

LEAST = {"heard, clean": 0.75, "heard, 10 dB": 0.65}
"""Below these, something is broken: the recogniser, its leaning towards words, or a grammar."""


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_most_of_what_is_said_for_every_type_is_understood_by_voice():
    for ratio in heard.measure(Size(runs=1)):
        print(f"{ratio.name}: {ratio.value:.1%} {ratio.raw}")  # noqa: T201 - the figures are the point
        assert ratio.value >= LEAST[ratio.name]
