"""Read a class from its source without importing it: its arguments, its settings, those of the classes below it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path

from framework.errors import UserError

DEEPEST = 12
"""Classes and re-exports followed before giving up."""


class NotFoundError(UserError):
    """There is no such module, or no such class in it."""


@dataclass(frozen=True)
class Found:
    """A class statement and the module it stands in."""

    module: str
    node: ast.ClassDef
    roots: tuple[str, ...]


def find_class(path: str, roots: tuple[str, ...] = ()) -> Found:
    """The class that `module:Class` names; re-exports are followed."""
    module, _, name = path.partition(":")
    if not (found := _named(module, name, roots)):
        raise NotFoundError(f"the module `{module}` has no class `{name}`")
    return found


def arguments(found: Found) -> dict[str, str]:
    """Argument → annotation, of the class and of those it passes `**kwargs` on to."""
    known: dict[str, str] = {}
    for owner in _lineage(found):
        if not (function := _constructor(owner.node)):
            continue
        listed = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        for argument in listed:
            known.setdefault(argument.arg, ast.unparse(argument.annotation) if argument.annotation else "Any")
        if function.args.kwarg is None:
            break
    return known


def fields(found: Found) -> dict[str, str]:
    """Setting → annotation, of the class's `Settings`; empty when it has none."""
    settings = _settings(found)
    known: dict[str, str] = {}
    for owner in reversed(_lineage(settings) if settings else []):
        known.update(_annotated(owner.node))
    return known


def aliases(found: Found) -> dict[str, str]:
    """Other names that the class's `Settings` answers to."""
    settings = _settings(found)
    for owner in _lineage(settings) if settings else []:
        for line in owner.node.body:
            if isinstance(line, ast.AnnAssign) and _is_name(line.target, "_aliases") and line.value:
                return dict(ast.literal_eval(line.value))
    return {}


def _annotated(node: ast.ClassDef) -> dict[str, str]:
    return {
        line.target.id: ast.unparse(line.annotation)
        for line in node.body
        if isinstance(line, ast.AnnAssign)
        and isinstance(line.target, ast.Name)
        and not ast.unparse(line.annotation).startswith(("ClassVar", "typing.ClassVar"))
    }


def _constructor(node: ast.ClassDef) -> ast.FunctionDef | None:
    return next((line for line in node.body if isinstance(line, ast.FunctionDef) and line.name == "__init__"), None)


def _settings(found: Found) -> Found | None:
    """The class behind `Settings`: nested, assigned, or that of a class below."""
    for owner in _lineage(found):
        for line in owner.node.body:
            if isinstance(line, ast.ClassDef) and line.name == "Settings":
                return Found(owner.module, line, owner.roots)
            target = line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None)
            if _is_name(target, "Settings") and (value := getattr(line, "value", None)):
                return _resolved(owner, value)
    return None


def _is_name(target: ast.AST | None, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _lineage(found: Found, depth: int = 0) -> list[Found]:
    """The class and those below it, nearest first."""
    line = [found]
    for base in found.node.bases if depth < DEEPEST else []:
        below = _resolved(found, base)
        line += _lineage(below, depth + 1) if below else []
    return line


def _resolved(owner: Found, written: ast.expr) -> Found | None:
    """The class that an expression in `owner`'s module names."""
    if isinstance(written, ast.Subscript):
        return _resolved(owner, written.value)
    if isinstance(written, ast.Name):
        return _named(owner.module, written.id, owner.roots)
    if isinstance(written, ast.Attribute) and written.attr == "Settings":
        below = _resolved(owner, written.value)
        return _settings(below) if below else None
    return None


def _named(module: str, name: str, roots: tuple[str, ...], depth: int = 0) -> Found | None:
    """The class `name` as `module` knows it."""
    place = _file(module, roots)
    if place is None or depth > DEEPEST:
        if depth:
            return None
        raise NotFoundError(f"there is no module `{module}`", fix="Install its package, or correct the name.")
    for line in ast.walk(_tree(place)):
        if isinstance(line, ast.ClassDef) and line.name == name:
            return Found(module, line, roots)
        if isinstance(line, ast.ImportFrom):
            for imported in line.names:
                if (imported.asname or imported.name) == name:
                    origin = _origin(module, place, line)
                    return _named(origin, imported.name, roots, depth + 1)
    return None


def _origin(module: str, place: Path, line: ast.ImportFrom) -> str:
    """The absolute name of the module that an import takes from."""
    if not line.level:
        return line.module or ""
    parts = module.split(".")
    package = parts if place.name == "__init__.py" else parts[:-1]
    kept = package[: len(package) - line.level + 1]
    return ".".join([*kept, *([line.module] if line.module else [])])


def _file(module: str, roots: tuple[str, ...]) -> Path | None:
    """The file of a module; only finders of the outermost package run, no code does."""
    top, *rest = module.split(".")
    spec = PathFinder.find_spec(top, list(roots)) if roots else None
    spec = spec or PathFinder.find_spec(top)
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    for folder in spec.submodule_search_locations or []:
        inner = Path(folder, *rest)
        for candidate in (inner.with_suffix(".py"), inner / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None


@lru_cache(maxsize=128)
def _tree(place: Path) -> ast.Module:
    return ast.parse(place.read_text(encoding="utf-8"))
