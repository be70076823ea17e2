"""Who is calling: by name and date of birth, on a file that fills itself."""

import sqlite3
from pathlib import Path
from typing import ClassVar

import pytest

from framework.testing.contracts import PluginContract

HERE = Path(__file__).resolve().parents[3] / "plugins" / "tools"


class TestPatients(PluginContract):
    """It keeps what every plugin promises."""

    plugin = HERE / "patients"
    calls: ClassVar = {"patients.verify": {"name": "Ada Lovelace", "born": "1985-03-03"}}

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path):
        type(self).environment = {"CONVO_STATE": str(tmp_path)}


@pytest.mark.parametrize(
    ("name", "born", "match"),
    [
        pytest.param("Ada Lovelace", "1985-03-03", True, id="as it is on file"),
        pytest.param("Ada Lovelace", "1985-12-10", True, id="the other of that name"),
        pytest.param("ada lovelayce", "1985-03-03", True, id="as it was heard"),
        pytest.param("Ada", "1985-03-03", False, id="half a name"),
        pytest.param("Ada Lovelace", "1985-03-04", False, id="another day"),
        pytest.param("Grace Hopper", "1985-03-03", False, id="another name"),
    ],
)
async def test_a_patient_is_known_by_name_and_date_of_birth(session, name, born, match):
    async with session() as plugins:
        outcome = await plugins.call("patients.verify", {"name": name, "born": born})
    assert outcome.result == {"match": match, "name": "Ada Lovelace" if match else None}


async def test_how_alike_a_name_must_be_is_a_setting(session):
    async with session(PATIENTS_LIKENESS="1") as plugins:
        outcome = await plugins.call("patients.verify", {"name": "Ada Lovelayce", "born": "1985-03-03"})
    assert outcome.result["match"] is False


async def test_a_call_is_noted_once_however_often_it_is_tried(session, tmp_path):
    file = tmp_path / "elsewhere" / "people.db"
    async with session(PATIENTS_DATABASE=str(file)) as plugins:
        for call in ("1", "1", "2"):
            assert (await plugins.act("patients.note_call", {"name": "Ada Lovelace"}, call=call)).outcome == "value"
    with sqlite3.connect(file) as db:
        assert db.execute("select count(*) from calls").fetchone() == (2,)
    db.close()


async def test_a_file_that_cannot_be_opened_leaves_the_plugin_out_and_the_session_goes_on(session, tmp_path):
    async with session(PATIENTS_DATABASE=str(tmp_path)) as plugins:
        assert "`Store` could not be opened" in plugins.problems[0].sentence
        assert (await plugins.call("patients.verify", {"name": "Ada", "born": "1985-03-03"})).code == "unavailable"
        assert (await plugins.call("pizza.price", {"kind": "funghi", "size": "small"})).outcome == "value"
