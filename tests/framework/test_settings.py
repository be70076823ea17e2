"""Settings are read from `CONVO_*`; a wrong one is named."""

import os
from pathlib import Path

import pytest

from framework.errors import UserError
from framework.settings import FolderSettings, LogSettings


def test_a_group_reads_its_own_variables():
    given = {"CONVO_LOG_LEVEL": "DEBUG", "CONVO_LOG_JSON": "yes", "CONVO_LOG_PRIVATE": "0", "LOG_LEVEL": "ERROR"}
    assert LogSettings.read(given) == LogSettings(level="DEBUG", json=True)


def test_what_is_not_set_has_its_default():
    assert LogSettings.read({}) == LogSettings()


def test_a_value_of_the_wrong_kind_is_named():
    with pytest.raises(UserError, match="`CONVO_LOG_JSON` is neither yes nor no") as caught:
        LogSettings.read({"CONVO_LOG_JSON": "perhaps"})
    assert "1 or 0" in caught.value.fix


def test_a_folder_of_ones_own_is_made_below_the_one_that_is_named(tmp_path):
    folder = FolderSettings.read({"CONVO_STATE": str(tmp_path / "state")}).of("patients")
    assert folder == tmp_path / "state" / "patients"
    assert folder.is_dir()


def test_without_a_name_it_is_the_users_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert FolderSettings().of("patients") == tmp_path / "convo" / "patients"


def test_where_the_home_takes_no_files_it_is_a_temporary_one(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    folder = FolderSettings().of("patients")
    assert os.access(folder, os.W_OK)
    assert tmp_path not in folder.parents


def test_a_named_folder_that_takes_no_files_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="can't be written to"):
        FolderSettings(state=Path(tmp_path / "file")).of("patients")
