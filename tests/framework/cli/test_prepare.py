"""`convo prepare`: once it makes what is needed, twice it has nothing to do."""

import pytest

from framework.cli.main import main


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def test_the_second_time_there_is_nothing_to_do(tmp_path, capsys):
    assert main(["prepare", "offline"]) == 0
    assert capsys.readouterr().out == "The stack `offline` is ready.\n"
    assert len(list((tmp_path / "cache").iterdir())) == 1
    assert main(["prepare", "offline"]) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_a_stack_that_needs_nothing_is_ready(tmp_path, capsys):
    (tmp_path / "small.yaml").write_text("stack: small\nllm: {provider: rules}\n")
    assert main(["prepare", "small.yaml"]) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_a_stack_that_is_not_there_offers_the_nearest(capsys):
    assert main(["prepare", "oflline"]) == 2
    assert "Did you mean `offline`?" in capsys.readouterr().err


def test_a_cache_that_cannot_be_written_is_a_sentence(tmp_path, capsys):
    (tmp_path / "cache").write_text("")
    assert main(["prepare", "offline"]) == 2
    assert "CONVO_CACHE" in capsys.readouterr().err
