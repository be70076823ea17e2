"""A project in a folder of its own, and its check as `convo check` does it."""

from pathlib import Path

import pytest

from framework.checker import Checking

PLUGIN = '''"""Weather."""

from framework import hookimpl, tool


@tool
async def now(city: str, days: int = 1) -> dict[str, str]:
    """Say what the weather is like in a city.

    Args:
        city: Where.
    """
    return {"city": city}


@hookimpl
def register_tools(tools):
    tools.add(now)
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Path:
    """The working directory is a project with a personality and a tool."""
    (tmp_path / "convo.yaml").write_text("bots: {}\ntransfers: {frontdesk: '+15550100000'}\n")
    for folder in ("flows", "personalities", "plugins/weather"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "personalities/ava.yaml").write_text(
        "personality: ava\nname: Ava\nrole: You are Ava.\nlanguages: [en, es]\n"
    )
    (tmp_path / "plugins/weather/__init__.py").write_text(PLUGIN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def look(project: Path):
    """Check one text as a flow file of the project."""

    def checked(text: str | None = None, name: str = "flows/x.yaml", *, structure: bool = True) -> Checking:
        if text is not None:
            (project / name).write_bytes(text.encode())
        checking = Checking(structure=structure)
        checking.run([Path(name)])
        return checking

    return checked
