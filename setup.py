"""Put the plugins, flows, personalities and stacks that come along inside the package as `framework/_bundled/`.

Everything else about the distribution is said in `pyproject.toml`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
BUNDLED = ("plugins", "flows", "personalities", "stacks")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


class BuildWithBundle(build_py):
    """Copy the bundled folders beside the built modules; an editable install finds them at the root instead."""

    def run(self) -> None:
        """Build the modules, then lay the bundle beside them."""
        super().run()
        if self.editable_mode:
            return
        bundle = Path(self.build_lib) / "framework" / "_bundled"
        shutil.rmtree(bundle, ignore_errors=True)
        for name in BUNDLED:
            shutil.copytree(ROOT / name, bundle / name, ignore=LEFT_OUT)


setup(cmdclass={"build_py": BuildWithBundle})
