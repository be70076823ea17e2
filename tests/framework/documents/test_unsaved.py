"""What an editor holds is read instead of what is saved."""

from pathlib import Path

from framework.documents import scan, unsaved
from framework.documents.files import LIMIT


def test_a_text_that_is_not_saved_is_read_instead_of_the_file(tmp_path: Path):
    path = tmp_path / "x.yaml"
    path.write_text("a: 1\n")
    with unsaved({path.resolve(): "a: 2\n"}):
        assert scan(path)[0].value == {"a": 2}
    assert scan(path)[0].value == {"a": 1}


def test_included_files_are_read_as_they_are_held_too(tmp_path: Path):
    (tmp_path / "part.yaml").write_text("old\n")
    (tmp_path / "x.yaml").write_text("flow: x\na: !include part.yaml\n")
    with unsaved({(tmp_path / "part.yaml").resolve(): "new\n"}):
        assert scan(tmp_path / "x.yaml")[0].value["a"] == "new"


def test_a_file_that_was_never_saved_is_read(tmp_path: Path):
    with unsaved({(tmp_path / "new.yaml").resolve(): "a: 1\n"}):
        assert scan(tmp_path / "new.yaml")[0].value == {"a": 1}


def test_what_is_too_large_is_refused_unsaved_as_well(tmp_path: Path):
    with unsaved({(tmp_path / "x.yaml").resolve(): "a" * (LIMIT + 1)}):
        assert [d.code for d in scan(tmp_path / "x.yaml")[1]] == ["YML002"]
