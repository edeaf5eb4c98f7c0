"""What a pure module may not do, and which doors to the outside there are.

Prices become decisions, and headlines become scores, in modules that are handed time and data. That is what makes a
replay decide what the day itself decided.
"""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from tests.layout.imports import EDGES
from tests.layout.source import Module, Project, Violation, belongs

PURE = ("agent.market", "agent.news")

# Modules of the standard library that know the time, roll dice, or reach a file, the network or the machine.
IMPURE = (
    *("time", "random", "secrets", "uuid", "os", "io", "pathlib", "shutil", "tempfile", "glob", "mmap", "fcntl", "sys"),
    *("socket", "ssl", "http", "urllib.request", "select", "selectors", "asyncio", "threading", "multiprocessing"),
    *("subprocess", "signal", "sqlite3", "locale", "ctypes", "gzip", "bz2", "lzma", "zipfile", "tarfile", "logging"),
)
# hash() and id() differ from one process to the next.
IMPURE_CALLS = ("open", "input", "print", "hash", "id")
IMPURE_METHODS = (
    *("now", "today", "utcnow", "now_s", "monotonic_s", "sleep_s"),
    *("open", "read_text", "read_bytes", "write_text", "write_bytes", "urandom", "getenv"),
)
# Without a zone these take the machine's.
ZONED = {"fromtimestamp": 2, "astimezone": 1}


class Door(NamedTuple):
    """Modules of the outside, and the only modules of the project that may open this door."""

    to: tuple[str, ...]
    keepers: tuple[str, ...]
    why: str


_WIRE = ("requests", "urllib3", "urllib.request", "http.client", "ftplib", "smtplib", "imaplib", "xmlrpc", "asyncio")
DOORS = (
    # trouble: sorts the errors of these modules by name, and connects to nothing.
    Door((*_WIRE, "ssl"), ("agent.fetch", "agent.trouble"), "the network is reached through agent/fetch.py alone"),
    # alive: systemd is told of readiness by a datagram to a socket of this machine.
    Door(
        ("socket", "socketserver"), ("agent.fetch", "agent.trouble", "agent.alive"), "sockets belong to agent/fetch.py"
    ),
    Door(("tomllib",), ("agent.config",), "the config is read by agent/config.py alone"),
    Door(("fcntl",), ("agent.folder", "store"), "locks are held by agent/folder.py and store/ alone"),
)
NAMES_ONLY = ("agent.trouble",)
# folder: the lock's own file, which tells who holds it; prometheus: the report for its collector, which wants a file.
# Nothing else is ever written but records.
WRITERS = ("agent.folder", "agent.prometheus", "store")
PROC_READERS = ("agent.alive",)


def violations(project: Project) -> Iterator[Violation]:
    """Yield every place where a pure module is not, or where a door is opened by another than its keepers."""
    for module in project.values():
        if belongs(module.name, ("desk",)):
            continue
        if belongs(module.name, PURE) and module.name not in EDGES:
            yield from _impure(module)
        yield from _doors(module)
        yield from _files(module)


def _impure(module: Module) -> Iterator[Violation]:
    for found in module.imports:
        if belongs(found.name, IMPURE):
            yield Violation(f"{module.where}:{found.line}", f"a pure module must not import {found.name}")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _is_impure(node):
            yield Violation(f"{module.where}:{node.lineno}", f"a pure module must not call {ast.unparse(node.func)}()")


def _is_impure(node: ast.Call) -> bool:
    if isinstance(node.func, ast.Name):
        return node.func.id in IMPURE_CALLS
    if not isinstance(node.func, ast.Attribute):
        return False
    needed = ZONED.get(node.func.attr, 0)
    return node.func.attr in IMPURE_METHODS or len(node.args) + len(node.keywords) < needed


def _doors(module: Module) -> Iterator[Violation]:
    for found in module.imports:
        for door in DOORS:
            if belongs(found.name, door.to) and not belongs(module.name, door.keepers):
                yield Violation(f"{module.where}:{found.line}", f"imports {found.name}; {door.why}")
    if module.name in NAMES_ONLY:
        outside = tuple(name for door in DOORS for name in door.to)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and belongs(ast.unparse(node.func), outside):
                yield Violation(
                    f"{module.where}:{node.lineno}", f"calls {ast.unparse(node.func)}(), and only names errors"
                )


def _files(module: Module) -> Iterator[Violation]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/proc"):
            if module.name not in PROC_READERS:
                yield Violation(f"{module.where}:{node.lineno}", "/proc is read by agent/alive.py alone")
        elif isinstance(node, ast.Call) and _writes(node) and not belongs(module.name, WRITERS):
            what = ast.unparse(node.func)
            yield Violation(
                f"{module.where}:{node.lineno}", f"{what}() writes a file; records are written by store/ alone"
            )


def _writes(node: ast.Call) -> bool:
    called = ast.unparse(node.func)
    if node.args and ast.unparse(node.args[0]) == "os.devnull":
        return False
    short = called.rpartition(".")[2]
    if short in ("write_text", "write_bytes") or called == "os.open":
        return True
    words = [*node.args[:2], *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
    modes = [set(word.value) for word in words if isinstance(word, ast.Constant) and isinstance(word.value, str)]
    return short == "open" and any(mode <= set("rwaxbt+") and mode & set("wax+") for mode in modes)
