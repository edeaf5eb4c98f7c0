"""The project's modules and what each one imports, read as syntax trees and never run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

TOP = Path(__file__).resolve().parents[2]
SCRIPTS = ("bot", "sentiment")
PACKAGES = ("agent", "store", "desk")


class Violation(NamedTuple):
    """One broken rule, where it is broken, and the rule in words."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


class Import(NamedTuple):
    """One name that a module imports.

    `name` is as full as the statement says: `from a.b import c` is "a.b.c", whatever c is. `is_lazy`: only when a
    function is called. `is_typing`: only for the type checker.
    """

    name: str
    line: int
    is_lazy: bool
    is_typing: bool


@dataclass(frozen=True)
class Module:
    """One source file."""

    name: str
    where: str
    text: str
    tree: ast.Module
    imports: tuple[Import, ...]


Project = dict[str, Module]


def read_project(top: Path = TOP) -> Project:
    """Read both scripts and all packages that are there; tests are not part of it.

    Raises: SyntaxError where a file is no Python.
    """
    scripts = [top / f"{name}.py" for name in SCRIPTS]
    files = [path for path in scripts if path.exists()]
    files += [path for package in PACKAGES for path in sorted((top / package).rglob("*.py"))]
    modules = [_read(path, path.relative_to(top)) for path in files]
    return {module.name: module for module in modules}


def belongs(name: str, packages: tuple[str, ...]) -> bool:
    """Tell whether a dotted name is one of these, or lies in one of these."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def target(name: str, project: Project) -> str | None:
    """Return the module of the project that an imported name comes from, None for the world outside."""
    while name:
        if name in project:
            return name
        name = name.rpartition(".")[0]
    return None


def _read(path: Path, where: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text, filename=str(where))
    parts = where.with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    package = name if is_package else name.rpartition(".")[0]
    found = tuple(_imports(tree, package, is_lazy=False, is_typing=False))
    return Module(name, where.as_posix(), text, tree, found)


def _imports(node: ast.AST, package: str, *, is_lazy: bool, is_typing: bool) -> Iterator[Import]:
    for name in _named(node, package):
        yield Import(name, getattr(node, "lineno", 0), is_lazy, is_typing)
    is_lazy = is_lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    guarded = node.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) else []
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, package, is_lazy=is_lazy, is_typing=is_typing or child in guarded)


def _named(node: ast.AST, package: str) -> list[str]:
    """Return the full names that this one statement or call imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        return [f"{base}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("import_module", "__import__"):
        return [word.value for word in node.args[:1] if isinstance(word, ast.Constant) and isinstance(word.value, str)]
    return []
