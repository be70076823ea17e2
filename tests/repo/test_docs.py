"""The documents keep their word: blocks run, links lead somewhere, generated pages are fresh."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest
import yaml

from docs import conversations
from docs.conversations import Block, blocks
from framework.checker.checking import Checking

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
LINK = re.compile(r"\]\((?!https?:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")


@dataclass
class Reader:
    """Somebody who does what a page says, in a folder of their own."""

    folder: Path

    def write(self, title: str, body: str) -> None:
        """Save a block under the name it has."""
        path = self.folder / title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, "utf-8")

    def run(self, command: str) -> str:
        """Run one line of a console block and stay in the folder where it ends."""
        place = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "100"}
        told = subprocess.run(
            ["bash", "-c", f'{command}\necho "IN $PWD"'],
            cwd=self.folder, env=place, text=True, timeout=90, stdout=subprocess.PIPE, check=False,
        )  # fmt: skip
        output, _, folder = told.stdout.rpartition("IN ")
        self.folder = Path(folder.strip())
        return output


def commands(body: str) -> list[tuple[str, str]]:
    """Each `$ command` of a console block with the output that stands under it."""
    parts = re.split(r"^\$ (.*)\n", body, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def test_the_tutorial_does_what_it_says(tmp_path: Path):
    reader = Reader(tmp_path)
    for block in BLOCK.finditer((ROOT / "docs/tutorial.md").read_text("utf-8")):
        if block["title"]:
            reader.write(block["title"], block["body"])
        assert block["title"] or block["language"] == "console", block[0]
        for command, expected in commands(block["body"]) if block["language"] == "console" else []:
            assert reader.run(command).rstrip() == expected.rstrip(), f"$ {command}"


def test_the_first_page_shows_the_smallest_flow_as_it_is():
    shown = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert shown
    assert shown[1] == (ROOT / "flows/hello.yaml").read_text("utf-8").partition("\n")[2]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    for link in LINK.finditer(page.read_text("utf-8")):
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        assert target.exists(), link[0]
        if link["anchor"]:
            assert link["anchor"] in anchors(target), link[0]


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as a reader's browser knows them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# --- YAML in the documents ------------------------------------------------------

TESTED_ELSEWHERE = {"docs/tutorial.md", "docs/how-to/testing.md", "docs/reference/diagnostics.md"}
"""By somebody who does what they say; `test_testing.py`; the tests of the rules."""
WITH_BLOCKS = [
    page
    for page in PAGES
    if str(page.relative_to(ROOT)) not in TESTED_ELSEWHERE and "```yaml" in page.read_text("utf-8")
]


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_yaml_block_is_what_it_says(page: Path):
    text = page.read_text("utf-8")
    with conversations.project(text) as root:
        assert codes([root / each.path for each in blocks(text) if each.path], root) == []
        for each in blocks(text):
            if each.language == "yaml":
                assert holds(each, root), f"{each.key}: {each.mark}\n{each.body}"


def holds(block: Block, root: Path) -> bool:
    """Whether a block is a part of the file that is named, wrong as it is marked, or a file by itself."""
    if block.key == "from":
        return block.body in (ROOT / block.mark).read_text("utf-8")
    if block.key == "wrong":
        (root / "flows/wrong.yaml").write_text(block.body, "utf-8")
        return codes([root / "flows/wrong.yaml"], root) == block.mark.split(", ")
    return block.path is not None


def codes(files: list[Path], root: Path) -> list[str]:
    """The diagnostics of some files, each code once."""
    checking = Checking(start=root)
    checking.run(files)
    return sorted({each.code for each in checking.found} - OF_THIS_MACHINE)


OF_THIS_MACHINE = {"STK004", "STK005", "STK006"}
"""Keys that are not set, packages that are not installed, models that are not prepared."""


def test_every_flow_in_the_guide_is_spoken_and_every_mistake_is_shown_with_its_code():
    for page in sorted((ROOT / "docs/guide").glob("*.md")):
        found = blocks(page.read_text("utf-8"))
        if page.name != "README.md":
            assert any(each.flow for each in found), page
            assert any(each.is_conversation for each in found), page
            assert any(each.key == "wrong" for each in found), page


def test_a_conversation_that_goes_otherwise_is_written_anew():
    page = (ROOT / "docs/guide/nodes.md").read_text("utf-8")
    assert conversations.played(page.replace("Bot: We keep 6", "Bot: We keep 7")) == page
    changed = page.replace("Have a nice day!", "See you!", 1)
    assert conversations.played(changed) == page.replace("Have a nice day!", "See you!")


def test_the_cookbook_has_everything_that_comes_along():
    page = (ROOT / "docs/cookbook.md").read_text("utf-8")
    shipped = {yaml.safe_load(path.read_text("utf-8"))["flow"] for path in (ROOT / "flows").glob("*.yaml")}
    assert shipped - {flow for flow in shipped if f"`{flow}`" in page or f"[{flow}]" in page} == {
        "hello",
        "pizza",
        "clinic",
        "directions",
    }


@pytest.mark.timeout(300)  # plays all conversations
def test_generated_pages_are_fresh():
    told = subprocess.run(
        [sys.executable, "-m", "docs.generate", "--check"],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_schema_of_events_is_a_schema_and_knows_every_type():
    schema = json.loads((ROOT / "docs/reference/events.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert [each["if"]["properties"]["type"]["const"] for each in schema["allOf"]] == list(schema["$defs"])


TALKS = {
    "an order": ("pizza", "a large margherita\nmaybe\ntwo\nyes\n", 0),
    "a caller who leaves": ("clinic", "Ada Lovelace\n", 3),
    "Pipecat's own": ("flows/compat/bakery.yaml", "I would like a cake\nI need nothing else\n", 0),
}


@pytest.mark.parametrize(("target", "said", "code"), TALKS.values(), ids=TALKS)
def test_every_line_of_a_chat_fits_the_schema_of_events(target: str, said: str, code: int):
    schema = json.loads((ROOT / "docs/reference/events.schema.json").read_text("utf-8"))
    told = subprocess.run(
        [sys.executable, "-m", "framework", "chat", target, "--json"],
        cwd=ROOT, input=said, text=True, capture_output=True, timeout=90, check=False,
    )  # fmt: skip
    events = [json.loads(line) for line in told.stdout.splitlines()]
    for event in events:
        jsonschema.Draft202012Validator(schema).validate(event)
    assert events[0]["type"] == "session.started"
    assert events[-1]["type"] == "session.ended"
    assert told.returncode == code, told.stderr
