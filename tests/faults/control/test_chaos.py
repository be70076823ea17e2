"""Faults under load: nothing that was accepted is lost, started twice or spoken for by two, whatever breaks."""

from __future__ import annotations

import pytest
from chaos import faults
from chaos.rounds import Table, play_all
from chaos.stage import Stage

SEED = 1


@pytest.fixture
async def stage(tmp_path):
    async with Stage(tmp_path) as stage:
        yield stage
    assert not stage.processes()


async def test_sessions_end_well_where_nothing_breaks_and_where_a_runner_dies(stage):
    table = Table()
    await play_all(stage, [fault for fault in faults.KINDS if fault.name in ("nothing", "kill runner")], SEED, table)
    print(table)
    assert table.violations == []
