"""Imports run one way, and each package names only the outside packages that it may.

import-linter holds the same for whole chains of imports between the packages; it can not see the two scripts, nor what
comes from outside.
"""

import ast
import sys
from collections.abc import Iterator, Mapping

from tests.layout.source import PACKAGES, SCRIPTS, Import, Module, Project, Violation, belongs, target

_PASSED_IN = ("agent.clock", "agent.errors", "agent.settings")

# The longest name that fits a module decides what it may import of the project.
MAY_IMPORT: Mapping[str, tuple[str, ...]] = {
    "bot": ("agent", "store"),
    "sentiment": ("agent", "store"),
    "agent": ("agent", "store"),
    "agent.market": ("agent.market", *_PASSED_IN),
    "agent.news": ("agent.news", *_PASSED_IN),
    "agent.market.sources": ("agent.market", *_PASSED_IN, "agent.fetch"),
    "agent.news.feeds": ("agent.news", *_PASSED_IN, "agent.fetch"),
    "store": ("store",),
    # folder, secret, status, console, display: a reader finds data and secrets where the bot does, says the
    # same of them as `bot.py status`, and lets nothing onto a terminal that the bot would not.
    "desk": (
        *("desk", "agent.market", "agent.news", "agent.config", *_PASSED_IN, "store"),
        *("agent.folder", "agent.secret", "agent.status", "agent.console", "agent.display"),
    ),
}

# The edge of each pure package: only there does it meet the outside, so its own pure modules and the desk stay away.
EDGES = ("agent.market.sources", "agent.news.feeds")

# The same for what pip installs. Each reader of the desk has requirements of its own, and names no others.
OUTSIDE: Mapping[str, tuple[str, ...]] = {
    "bot": ("schedule",),
    "sentiment": (),
    "agent": ("schedule",),
    "agent.fetch": ("requests", "tenacity"),
    "agent.trouble": ("requests",),
    "agent.market": (),
    "agent.news": (),
    "store": (),
    "desk": (),
    "desk.dashboard": ("starlette", "uvicorn", "websockets"),
    "desk.study": ("duckdb", "numpy"),
    # Only an export to Parquet asks for it, where it is installed.
    "store.parquet_table": ("pyarrow",),
}

# Names that say nothing: what is in such a module belongs to some noun.
VAGUE = ("util", "utils", "helper", "helpers", "common", "misc", "shared")

# Where a name is computed and then imported or run, and why it must be.
COMPUTED: Mapping[str, str] = {
    "agent.strategy_file": "runs the strategy that its owner wrote, which is what the config names it for",
    "store": "gives out what only readers use when it is asked for; its imports for the type checker name all of that",
}


def violations(project: Project) -> Iterator[Violation]:
    """Yield every import that the layout forbids."""
    for module in project.values():
        if module.name.rpartition(".")[2] in VAGUE:
            yield Violation(module.where, "its name says nothing; name the thing it is")
        for found in module.imports:
            why = _forbidden(module, found, project)
            if why:
                yield Violation(f"{module.where}:{found.line}", why)
        if module.name not in COMPUTED:
            yield from _computed(module)


def _forbidden(module: Module, found: Import, project: Project) -> str:
    is_ours = belongs(found.name, (*SCRIPTS, *PACKAGES))
    inside = target(found.name, project) or (found.name if is_ours else None)
    if inside and belongs(inside, SCRIPTS):
        return f"nothing imports a script, and this imports {inside}"
    if inside:
        if not belongs(inside, _rule(MAY_IMPORT, module.name)) and not _is_parent(inside, found.name, module.name):
            return f"{module.name} must not import {inside}"
        if belongs(found.name, EDGES) and belongs(module.name, ("agent.market", "agent.news", "desk")):
            return f"{found.name} is where the outside comes in; only the scripts and agent's own modules import it"
        return ""
    outside = found.name.split(".")[0]
    if outside in sys.stdlib_module_names:
        return ""
    return "" if outside in _rule(OUTSIDE, module.name) else f"{module.name} must not use the package {outside}"


def _is_parent(inside: str, name: str, importer: str) -> bool:
    """Tell `import agent.clock` apart from `import agent`: a package that holds the importer is always imported."""
    return inside == name and belongs(importer, (inside,)) and not belongs(inside, ("agent.market", "agent.news"))


def _rule(rules: Mapping[str, tuple[str, ...]], name: str) -> tuple[str, ...]:
    fitting = [package for package in rules if belongs(name, (package,))]
    return rules[max(fitting, key=len)] if fitting else ()


def _computed(module: Module) -> Iterator[Violation]:
    """Yield what is imported or run under a name that no reader of the source can see."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func).rpartition(".")[2]
        is_plain = bool(node.args) and isinstance(node.args[0], ast.Constant)
        by_name = called in ("import_module", "__import__") and not is_plain
        if by_name or called in ("run_path", "run_module", "spec_from_file_location") or _runs_text(node):
            yield Violation(f"{module.where}:{node.lineno}", f"{called}() runs what no check of the source can follow")


def _runs_text(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in ("exec", "eval", "compile")
