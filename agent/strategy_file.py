"""A user's own strategy: a class `Strategy` in a Python file, named by its path; imported only when configured."""

import hashlib
import importlib.util
import inspect
import os
import stat
from collections.abc import Callable, Mapping
from typing import Any

from agent.errors import ConfigError
from agent.market.strategy import Plan
from agent.mistake import nearest


def plan_from(name: str, parameters: Mapping[str, int | float]) -> Plan:
    """Load a strategy file and return its plan; its rule changes when the file does.

    Arguments:
        name: "file:" and the absolute path.
        parameters: what its class is made with, as [strategy] parameters has them.
    Raises: ConfigError when the file could have been written by another user, cannot be loaded, or does not fit.
    """
    path = name.removeprefix("file:")
    source = _trusted(path)
    make = _class_in(path, source)
    known = _parameters_of(path, make)
    for given in parameters:
        if given not in known:
            raise ConfigError(f"{path}: its Strategy has no parameter {given!r}{nearest(given, known)}")
    try:
        made = make(**parameters)
        missing = [part for part in ("window", "fades", "add", "decide") if not hasattr(made, part)]
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{path}: Strategy cannot be made: {type(error).__name__}: {error}") from error
    if missing:
        raise ConfigError(f"{path}: its Strategy has no {' and no '.join(missing)}; docs/strategies.md shows one")
    if type(made.window) is not int or made.window < 0:
        raise ConfigError(f"{path}: the window of its Strategy is {made.window!r:.60}, and must be whole minutes")
    digest = hashlib.sha256(source).hexdigest()[:8]
    return Plan(f"{name}#{digest}", dict(parameters), lambda: make(**parameters))


def _parameters_of(path: str, make: Callable[..., Any]) -> Mapping[str, object]:
    try:
        return inspect.signature(make).parameters
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{path}: what its Strategy is made with cannot be told: {error}") from error


def _trusted(path: str) -> bytes:
    """Read a file that nobody but root and this user could have written: it will run as this user."""
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            source = file.read()
    except OSError as error:
        raise ConfigError(f"{path}: the strategy cannot be read: {error.strerror}") from error
    if found.st_uid not in (0, os.geteuid()):
        raise ConfigError(f"{path}: belongs to user {found.st_uid}; a strategy must be root's or your own")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(f"{path}: others may write it; chmod go-w {path}")
    return source


def _class_in(path: str, source: bytes) -> Callable[..., Any]:
    # Run from the bytes that were checked, not from the path, which may be another file by now.
    module = importlib.util.module_from_spec(importlib.machinery.ModuleSpec("moss_strategy", None, origin=path))
    try:
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 - running it is what it is configured for
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{path}: fails with {type(error).__name__}: {error}") from error
    make: Callable[..., Any] | None = getattr(module, "Strategy", None)
    if not inspect.isclass(make):
        raise ConfigError(f"{path}: has no class named Strategy; docs/strategies.md shows one")
    return make
