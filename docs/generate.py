"""Write the reference and the schemas from the sources, or with `--check` say what is stale."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import json
import re
import subprocess
import sys
import textwrap
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import typer
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from docs import conversations, environment, spoken
from framework.checker import codes

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = Path("docs/reference")
GENERATED = "<!-- Written by `make docs` from the sources. Change those, not this page. -->\n\n"
BEGIN, END = "<!-- begin generated -->\n", "<!-- end generated -->\n"
NO_PACKAGES = {"__pycache__", "_bundled", "starter", "node_modules"}
DRAWN = ("handover", "order", "payment")
"""Flows whose drawings stand in the cookbook."""
KINDS = ("flow", "personality", "stack", "convo", "scenario")


# --- Keys of the file formats ----------------------------------------------


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """The docstring under each field of a model, by the field's name; of its bases too."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
            found.update(_documented(typing.cast("ast.ClassDef", body).body))
    return found


def _documented(statements: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, after in itertools.pairwise(statements):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                yield name, inspect.cleandoc(words)


def type_words(annotation: Any) -> str:
    """A type in the words of somebody who writes YAML."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_words(arguments[0])
    if origin in (types.UnionType, typing.Union):
        return _either(arguments)
    if origin is typing.Literal:
        return " or ".join(f"`{json.dumps(value) if value is True else value}`" for value in arguments)
    if origin in (list, tuple, set, frozenset):
        return f"list of {type_words(arguments[0])}" if arguments else "list"
    if origin is dict:
        return f"map of {type_words(arguments[1])}"
    return _plain_words(annotation)


def _plain_words(annotation: Any) -> str:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    plain = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "any value"}
    return plain.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _either(arguments: tuple[Any, ...]) -> str:
    words = [type_words(each) for each in arguments if each is not type(None)]
    return " or ".join(dict.fromkeys(words))


def value_words(field: FieldInfo) -> str:
    """What a key takes; where one value is read as a list of one, both."""
    words = type_words(field.annotation)
    single = any(isinstance(each, BeforeValidator) for each in field.metadata)
    return re.sub(r"list of (.+)", r"\1, or a list", words) if single else words


def default_words(field: FieldInfo) -> str:
    """What holds when the key is absent."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ({}, []) or isinstance(value, BaseModel):
        return "–"
    return f"`{json.dumps(value, default=str)}`"


def models_from(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The model and all that its fields lead to, each once, in the order of reading."""
    seen: dict[type[BaseModel], None] = {}

    def walk(annotation: Any) -> None:
        if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
            if annotation not in seen:
                seen[annotation] = None
                for field in annotation.model_fields.values():
                    walk(field.annotation)
            return
        for part in typing.get_args(annotation):
            walk(part)

    walk(model)
    yield from seen


def model_table(model: type[BaseModel]) -> str:
    """A model's keys as a table."""
    docs = field_docs(model)
    rows = []
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        words = " ".join((field.description or docs.get(name, "")).split())
        rows.append(f"| `{field.alias or name}` | {value_words(field)} | {default_words(field)} | {words} |")
    head = "| key | value | if absent | meaning |\n| --- | --- | --- | --- |\n"
    return head + "\n".join(row.replace("\\|", "|") for row in rows) + "\n"


def roots() -> dict[str, type[BaseModel]]:
    """The kinds of files and the model of each."""
    return {
        "Flows": importlib.import_module("framework.flows.model").Flow,
        "Personalities": importlib.import_module("framework.personalities.model").Personality,
        "Stacks": importlib.import_module("framework.services.model").StackModel,
        "convo.yaml": importlib.import_module("framework.project.model").ProjectFile,
        "Scenarios": importlib.import_module("framework.simulator.scenario").ScenarioFile,
    }


def keys_page() -> str:
    """All keys of the five kinds of files."""
    parts = [
        "# Keys\n\n",
        GENERATED,
        "Every key of every file, with its value. What they mean together: [the flow language](language.md).\n",
    ]
    for title, model in roots().items():
        parts.append(f"\n## {title}\n")
        for each in models_from(model):
            doc = inspect.cleandoc(each.__doc__ or "").splitlines()
            parts.append(f"\n### {each.__name__}\n\n{doc[0] if doc else ''}\n\n{model_table(each)}")
    return "".join(parts)


# --- Diagnostics -------------------------------------------------------------


def diagnostics_page() -> str:
    """Every code that `convo check` prints, and for rules about flows a bad and a good example."""
    parts = ["# Diagnostics\n\n", GENERATED, DIAGNOSTICS_HEAD, "| code | what is wrong |\n| --- | --- |\n"]
    parts += [f"| `…{code}` | {words} |\n" for code, words in codes.STRUCTURE.items()]
    parts.append(
        "\n## Files, projects, personalities, stacks and scenarios\n\n| code | what is wrong |\n| --- | --- |\n"
    )
    parts += [f"| `{code}` | {words} |\n" for code, words in codes.OTHERS.items()]
    parts.append("\n## Flows\n")
    for code, rule in codes.rules().items():
        sentence = f"{rule.sentence[:1].upper()}{rule.sentence[1:]}"
        parts.append(f"\n### {code}\n\n{sentence}\n\n{codes.shown(rule.examples)}")
    return "".join(parts)


DIAGNOSTICS_HEAD = f"""What `convo check` can say. Codes are stable.

Errors keep a flow from running and make the exit code 1; warnings do so with `--strict`; advice never does.
Files of every kind are compared with [the keys](keys.md) first. These four stand behind {", ".join(codes.STRUCTURED)}:

"""


# --- Hooks, commands, events ----------------------------------


def hooks_page() -> str:
    """Every extension point, in the order of the page that defines them."""
    module = importlib.import_module("framework.plugins.hookspecs")
    parts = ["# Hooks\n\n", GENERATED, (inspect.getdoc(module) or "") + "\n"]
    for name, function in vars(module).items():
        if inspect.isfunction(function) and hasattr(function, "convo_spec"):
            signature = str(inspect.signature(function)).replace("'", "")
            word = "async def" if inspect.iscoroutinefunction(function) else "def"
            parts.append(f"\n## {name}\n\n```python\n{word} {name}{signature}\n```\n")
            parts.append(f"\n{_fenced(inspect.getdoc(function) or '')}\n")
    return "".join(parts)


def _fenced(doc: str) -> str:
    """A docstring with the block after `Example:` as code."""
    words, mark, example = doc.partition("Example:\n")
    if not mark:
        return doc
    return f"{words}```python\n{textwrap.dedent(example).strip()}\n```"


def events_page() -> str:
    """The types of events with their data, from the schema."""
    schema = json.loads((ROOT / REFERENCE / "events.schema.json").read_text("utf-8"))
    parts = ["# Events\n\n", GENERATED, schema["description"], "\n\nThe same as [JSON Schema](events.schema.json).\n"]
    parts.append("\n| key | meaning |\n| --- | --- |\n")
    parts += [f"| `{name}` | {about['description']} |\n" for name, about in schema["properties"].items()]
    for kind, about in schema["$defs"].items():
        parts.append(f"\n## {kind}\n\n{about['description']}\n\n| data | value | meaning |\n| --- | --- | --- |\n")
        parts += [
            f"| `{name}` | {_json_type(of)} | {of.get('description', '')} |\n"
            for name, of in about["properties"].items()
        ]
    return "".join(parts)


def _json_type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    kind = schema.get("type", "any value")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def commands_page() -> str:
    """The manual of every command, as `--help` prints it."""
    main = importlib.import_module("framework.cli.main")
    command = typing.cast("click.Group", typer.main.get_command(main.application()))
    parts = ["# Commands\n\n", GENERATED, "What `convo COMMAND --help` prints.\n"]
    for path, each in _commands(command, ("convo",)):
        parts.append(f"\n## {' '.join(path)}\n\n{_manual(path, each)}")
    return "".join(parts)


def _commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, each in sorted(getattr(command, "commands", {}).items()):
        if not each.hidden:
            yield (*path, name), each
            yield from _commands(each, (*path, name))


def _manual(path: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(command, info_name=" ".join(path))
    usage = " ".join(command.collect_usage_pieces(context))
    parts = [f"```text\n{' '.join(path)} {usage}\n```\n\n{_shown(inspect.cleandoc(command.help or ''))}\n"]
    rows = [record for each in command.get_params(context) if (record := each.get_help_record(context))]
    if rows:
        parts.append("\n| option | meaning |\n| --- | --- |\n")
        parts += [f"| `{_cell(names)}` | {_cell(words)} |\n" for names, words in rows]
    return "".join(parts)


def _shown(manual: str) -> str:
    """A manual whose indented examples are a block of commands."""
    block = re.compile(r"^Examples?:\n((?: {4}.*(?:\n|$))+)", re.MULTILINE)
    return block.sub(lambda found: f"Examples:\n\n```sh\n{textwrap.dedent(found[1]).rstrip()}\n```\n", manual).rstrip()


def _cell(words: str) -> str:
    """Words in one cell of a table."""
    return " ".join(words.split()).replace("|", "\\|")


def environment_page() -> str:
    """Every environment name, with unit, default and meaning."""
    return environment.page().replace("\n\n", f"\n\n{GENERATED}", 1)


# --- The tree of modules ----------------------------------------------------


def tree() -> str:
    """Every module of the package with the first line of its docstring, files before folders."""
    package = ROOT / "framework"
    return "```text\n" + "\n".join(_branch(package, 0)) + "\n```\n"


def _branch(folder: Path, depth: int) -> Iterator[str]:
    yield _leaf(f"{folder.name}/", folder / "__init__.py", depth)
    for path in sorted(folder.glob("*.py")):
        if path.name != "__init__.py":
            yield _leaf(path.name, path, depth + 1)
    for path in sorted(folder.iterdir()):
        if path.name not in NO_PACKAGES and any(path.glob("*.py")):
            yield from _branch(path, depth + 1)


def _leaf(name: str, path: Path, depth: int) -> str:
    doc = ast.get_docstring(ast.parse(path.read_text("utf-8"))) if path.exists() else ""
    return f"{'  ' * depth + name:<28} {(doc or '').partition(chr(10))[0]}".rstrip()


def architecture_page() -> str:
    """The page about how it is built, with a fresh tree in its middle."""
    path = ROOT / "docs/explanation/architecture.md"
    before, _, rest = path.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    return before + BEGIN + tree() + END + after


def proof_page() -> str:
    """The page about what is proven, with the laws and the faults as the code names them."""
    text = (ROOT / "docs/explanation/proof.md").read_text("utf-8")
    laws = importlib.import_module("framework.testing.laws").LAWS
    told = [f"- `{name}`: {(law.__doc__ or '').strip()}" for name, law in laws.items()]
    tree = ast.parse((ROOT / "tests/proof/faults.py").read_text("utf-8"))
    faults = [one for one in tree.body if isinstance(one, ast.FunctionDef)]
    shown = [f"- {one.name.replace('_', ' ')}: {(ast.get_docstring(one) or '').strip()}" for one in faults]
    return _between(_between(text, "laws", told), "faults", shown)


def _between(text: str, mark: str, lines: list[str]) -> str:
    before, _, rest = text.partition(f"<!-- {mark} -->\n")
    after = rest.partition(f"<!-- /{mark} -->")[2]
    listed = "".join(f"{line}\n" for line in lines)
    return f"{before}<!-- {mark} -->\n{listed}<!-- /{mark} -->{after}"


# --- All of it --------------------------------------------------------------


def drawing(flow: str) -> str:
    """What `convo graph FLOW --format svg` prints."""
    told = subprocess.run(  # noqa: S603 - our own command with our own words
        [sys.executable, "-m", "framework", "graph", flow, "--format", "svg"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    return told.stdout


def schema_page(kind: str) -> str:
    """What `convo schema KIND` prints."""
    told = subprocess.run(  # noqa: S603 - our own command with our own words
        [sys.executable, "-m", "framework", "schema", kind], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return told.stdout


def pages() -> dict[Path, Callable[[], str]]:
    """Every generated file, and what writes it."""
    found: dict[Path, Callable[[], str]] = {
        REFERENCE / "keys.md": keys_page,
        REFERENCE / "hooks.md": hooks_page,
        REFERENCE / "diagnostics.md": diagnostics_page,
        REFERENCE / "commands.md": commands_page,
        REFERENCE / "events.md": events_page,
        REFERENCE / "environment.md": environment_page,
        REFERENCE / "spoken.md": lambda: spoken.page(GENERATED),
        Path("docs/explanation/architecture.md"): architecture_page,
        Path("docs/explanation/proof.md"): proof_page,
    }
    for path in sorted([*(ROOT / "docs/guide").glob("*.md"), ROOT / "docs/cookbook.md"]):
        found[path.relative_to(ROOT)] = lambda path=path: conversations.played(path.read_text("utf-8"))
    for name in DRAWN:
        found[Path(f"docs/images/{name}.svg")] = lambda name=name: drawing(name)
    for kind in KINDS:
        found[Path(f"docs/schema/{kind}.schema.json")] = lambda kind=kind: schema_page(kind)
    return found


def main(arguments: list[str]) -> int:
    """Write what is stale; with `--check` only say so."""
    stale = 0
    for path, write in pages().items():
        target, text = ROOT / path, write()
        if target.exists() and target.read_text("utf-8") == text:
            continue
        stale += 1
        if "--check" in arguments:
            print(f"{path} is stale: run `make docs`")
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
            print(f"wrote {path}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
