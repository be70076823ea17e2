"""The page's committed bundle."""

import hashlib
import json
import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "framework" / "web" / "page"
BUNDLE = PAGE / "bundle"


def test_the_bundle_was_made_from_the_sources_as_they_are():
    names = ["build.js", "package-lock.json", *(f"src/{path.name}" for path in PAGE.glob("src/*.*"))]
    made = hashlib.sha256()
    for name in sorted(names):
        made.update(name.encode() + b"\0" + (PAGE / name).read_bytes() + b"\0")
    assert (BUNDLE / "sources.sha256").read_text().strip() == made.hexdigest(), "run `make page`"


def test_each_package_in_the_bundle_comes_with_its_licence():
    text = (BUNDLE / "LICENSES.txt").read_text()
    for name in ("@pipecat-ai/client-js", "@pipecat-ai/small-webrtc-transport", "@pipecat-ai/websocket-transport"):
        assert re.search(rf"^{name} \d", text, re.MULTILINE)
    assert "Copyright" in text


def test_the_page_names_no_other_host():
    for name in ("index.html", "login.html", "page.css", "worklet.js", "icon.svg"):
        text = (BUNDLE / name).read_text().replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, name


def test_the_lock_file_names_no_registry():
    lock = json.loads((PAGE / "package-lock.json").read_text())
    installed = [package for path, package in lock["packages"].items() if path]
    assert installed
    assert not any("resolved" in package for package in installed)
    assert all(package["integrity"].startswith("sha512-") for package in installed)
