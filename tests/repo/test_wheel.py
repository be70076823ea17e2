"""The wheel, installed into an environment that has never seen the repository."""

from __future__ import annotations

import json
import subprocess
import threading
import urllib.request
import zipfile
from pathlib import Path

BUNDLED = ("plugins", "flows", "personalities", "stacks")


def test_the_wheel_installs_the_framework_and_nothing_beside_it(wheel: Path):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"framework"}


def test_the_wheel_carries_all_that_is_bundled(wheel: Path, sources: Path):
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if "/_bundled/" in name}
    expected = {
        f"framework/_bundled/{path.relative_to(sources)}"
        for folder in BUNDLED
        for path in (sources / folder).rglob("*")
        if path.is_file()
    }
    assert inside == expected


def test_the_wheel_carries_every_file_of_the_package(wheel: Path, sources: Path):
    inside = set(zipfile.ZipFile(wheel).namelist())
    page = sources / "framework/web/page"
    to_build_it = {page / "src", page / "build.js", page / "package.json", page / "package-lock.json", page / ".npmrc"}
    expected = {
        str(path.relative_to(sources))
        for path in (sources / "framework").rglob("*")
        if path.is_file() and not to_build_it & {path, *path.parents}
    }
    found = {name for name in inside if name.startswith("framework/") and "/_bundled/" not in name}
    assert found == expected


def test_the_wheel_names_its_licence_and_is_typed(wheel: Path):
    inside = zipfile.ZipFile(wheel).namelist()
    assert "framework/py.typed" in inside
    assert any(name.endswith("licenses/LICENSE") for name in inside)
    assert any(name.endswith("licenses/NOTICE") for name in inside)


def test_without_extras_there_is_no_pipecat_and_check_works(plain, tmp_path: Path):
    assert plain.run("python", "-c", "import pipecat", cwd=tmp_path).returncode == 1
    begun = plain.run("convo", "init", "shop", cwd=tmp_path)
    assert begun.returncode == 0, begun.stderr
    checked = plain.run("convo", "check", cwd=tmp_path / "shop")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_bundled_flows_are_found_without_the_repository(plain, tmp_path: Path):
    drawn = plain.run("convo", "graph", "clinic", "--format", "mermaid", cwd=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    assert "handoff" in drawn.stdout


def test_a_new_project_checks_and_chats(talking, tmp_path: Path):
    begun = talking.run("convo", "init", "shop", cwd=tmp_path)
    assert begun.returncode == 0, begun.stderr
    checked = talking.run("convo", "check", "--strict", cwd=tmp_path / "shop")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    said = (tmp_path / "shop/README.md").read_text("utf-8").partition("```text\n")[2].partition("```")[0]
    talked = talking.run("convo", "chat", "--script", "-", cwd=tmp_path / "shop", stdin=said)
    assert talked.returncode == 0, talked.stdout + talked.stderr


def test_a_new_project_serves_its_page_and_starts_a_session(talking, tmp_path: Path):
    assert talking.run("convo", "init", "shop", cwd=tmp_path).returncode == 0
    prepared = talking.run("convo", "prepare", cwd=tmp_path / "shop", timeout=240)
    assert prepared.returncode == 0, prepared.stdout + prepared.stderr
    with subprocess.Popen(
        [talking.bin / "convo", "up", "--port", "0"],
        cwd=tmp_path / "shop", env=talking.environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as running:  # fmt: skip
        deadline = threading.Timer(100, running.kill)
        deadline.start()
        try:
            assert running.stdout
            page = running.stdout.readline().strip()
            assert page.startswith("http://127.0.0.1:"), running.communicate()[1]
            assert b"<html" in ask(page)
            assert json.loads(ask(f"{page.rstrip('/')}/start", {"body": {"bot": "bakery"}}))
        finally:
            running.terminate()
            running.communicate(timeout=60)
            deadline.cancel()


def ask(address: str, body: dict[str, object] | None = None) -> bytes:
    """What a server on this machine answers."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return answer.read()
