"""`convo init` begins a project that runs, and never touches what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework.cli.commands.init import begin
from framework.errors import UserError


def test_a_project_begins_in_a_folder_that_is_not_there_yet(tmp_path: Path):
    written = begin(tmp_path / "deep/down/shop")
    names = {str(path.relative_to(tmp_path / "deep/down/shop")) for path in written}
    assert {"convo.yaml", "README.md", ".gitignore", "plugins/tools/opening/__init__.py"} <= names
    assert all(path.is_file() for path in written)


def test_an_empty_folder_will_do(tmp_path: Path):
    assert begin(tmp_path)


def test_a_folder_that_only_git_knows_will_do(tmp_path: Path):
    (tmp_path / ".git").mkdir()
    assert begin(tmp_path)


def test_the_files_name_schemas_that_were_written_too(tmp_path: Path):
    for path in begin(tmp_path):
        if path.suffix == ".yaml":
            named = path.read_text("utf-8").splitlines()[0].partition("$schema=")[2]
            assert (path.parent / named).is_file()


def test_a_folder_that_holds_anything_is_refused_and_left_alone(tmp_path: Path):
    (tmp_path / "letter.txt").write_text("dear", "utf-8")
    with pytest.raises(UserError, match=r"is not empty: it has `letter\.txt`"):
        begin(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_is_no_place_for_a_project(tmp_path: Path):
    (tmp_path / "shop").write_text("", "utf-8")
    with pytest.raises(UserError, match="is a file"):
        begin(tmp_path / "shop")


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path):
    (tmp_path / "shop").write_text("", "utf-8")
    with pytest.raises(UserError, match="can't be written"):
        begin(tmp_path / "shop/inside")
