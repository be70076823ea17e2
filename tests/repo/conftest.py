"""Environments made from what is installed here: exactly the packages that a wheel asks for, without the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from importlib.metadata import Distribution, PathDistribution, distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

UV = Path(sys.executable).parent / "uv"
NAME = "convo-framework"


def closure(wanted: list[Requirement]) -> dict[str, Distribution]:
    """All distributions that the requirements lead to, as installed here."""
    found: dict[str, Distribution] = {}
    extras: dict[str, set[str]] = {}
    queue = list(wanted)
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        new = (set(requirement.extras) | {""}) - extras.setdefault(name, set())
        if not new:
            continue
        extras[name] |= new
        found[name] = distribution(name)
        asked = map(Requirement, found[name].requires or [])
        queue += [each for each in asked if any(_counts(each, extra) for extra in new)]
    return found


def requirements(wheel: Path, extras: set[str]) -> list[Requirement]:
    """What the wheel itself asks for with these extras, whatever of the project is installed here."""
    about = next(path for path in zipfile.Path(wheel).iterdir() if path.name.endswith(".dist-info"))
    asked = map(Requirement, PathDistribution(about).requires or [])
    return [each for each in asked if any(_counts(each, extra) for extra in extras)]


def _counts(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def tops(dist: Distribution) -> set[str]:
    """First parts of the paths that a distribution has put into site-packages."""
    return {path.parts[0] for path in dist.files or [] if path.parts[0] not in ("..", "__pycache__")}


def link(packages: dict[str, Distribution], site: Path) -> None:
    """Link the distributions' files into a site-packages folder.

    Folders that several distributions share are linked file by file, and so is the record of what is installed,
    which installers look for in real folders only.
    """
    owners = Counter(top for dist in distributions() for top in tops(dist))
    for dist in packages.values():
        mine = tops(dist)
        whole = {top for top in mine if owners[top] == 1 and not top.endswith(".dist-info")}
        apart = [path for path in dist.files or [] if path.parts[0] in mine - whole]
        for path in (*whole, *map(str, apart)):
            target = site / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(Path(str(dist.locate_file(path))))


@dataclass
class Installed:
    """An environment that knows this project from its wheel only."""

    place: Path
    home: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def bin(self) -> Path:
        """Where its commands are."""
        return self.place / "bin"

    def environment(self) -> dict[str, str]:
        """An empty HOME, the system's PATH, nothing of ours."""
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        return {**kept, "HOME": str(self.home), "PATH": f"{self.bin}:/usr/bin:/bin", **self.variables}

    def run(self, *command: str, cwd: Path, stdin: str = "", timeout: float = 90) -> subprocess.CompletedProcess[str]:
        """Run one of its commands to the end."""
        return subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=cwd, env=self.environment(), input=stdin, text=True, capture_output=True, timeout=timeout, check=False,
        )  # fmt: skip


@pytest.fixture(scope="session")
def sources(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git would give to somebody who clones: no build folders, no caches."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    place = tmp_path_factory.mktemp("sources")
    for name in filter(None, listed.stdout.split("\0")):
        if (root / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, place / name)
    return place


@pytest.fixture(scope="session")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [UV, "build", "--quiet", "--offline", "--wheel", "--no-build-isolation", "--python", sys.executable,
         "--out-dir", out, sources],
        check=True, timeout=120,
    )  # fmt: skip
    return next(out.glob("*.whl"))


def install(wheel: Path, extras: str, place: Path) -> Installed:
    """A new environment with the wheel, the packages that it asks for, and nothing else; no network."""
    venv.create(place / "venv", with_pip=False, symlinks=True)
    made = Installed(place / "venv", place / "home")
    made.home.mkdir()
    site = next((place / "venv").glob("lib/python*/site-packages"))
    link(closure(requirements(wheel, {"", *extras.split(",")})), site)
    target = f"{NAME}[{extras}] @ {wheel.as_uri()}" if extras else str(wheel)
    subprocess.run(
        [UV, "pip", "install", "--quiet", "--offline", "--python", made.bin / "python", target],
        check=True, timeout=60, cwd=place, env={**made.environment(), "UV_NO_CACHE": "1"},
    )  # fmt: skip
    return made


@pytest.fixture(scope="session")
def plain(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel without any extra: no Pipecat."""
    return install(wheel, "", tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="session")
def talking(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel with `[runtime,offline]`."""
    return install(wheel, "runtime,offline", tmp_path_factory.mktemp("talking"))
