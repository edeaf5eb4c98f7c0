"""The line budget counts what a script really brings along, no more and no less."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.layout import budget
from tests.layout.source import PACKAGES, SCRIPTS, TOP, read_project

Tree = Callable[[dict[str, str]], Path]

STORY = '''"""A module.

Two lines more.
"""

import os  # counted

# Not counted.
LIMIT = (
    1,

    2,
)
"""Said of LIMIT."""


def f(name: str) -> str:
    """Say it."""
    text = """counted

    counted too, the blank line with it"""
    return text + name
'''


def test_code_lines_leaves_out_blanks_comments_and_docstrings() -> None:
    assert budget.code_lines(STORY) == len(["import", "LIMIT", "1", "2", ")", "def", "text", "", "text", "return"])


def test_reachable_follows_every_import_but_those_for_the_type_checker(tree: Tree) -> None:
    files = {
        "bot.py": "from agent.market import bank\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import agent.config\nelse:\n    import agent.clock",
        "agent/market/bank.py": "def f():\n    from store import append\n    from . import candle",
        "agent/market/candle.py": "",
        "store/append.py": "import importlib\nimportlib.import_module('store.line')",
        "store/line.py": "",
        "agent/config.py": "",
        "agent/clock.py": "",
        "agent/jobs.py": "",
    }
    found = budget.reachable("bot", read_project(tree(files)), {})
    expected = ["agent", "agent.clock", "agent.market", "agent.market.bank", "agent.market.candle", "bot", "store"]
    assert sorted(found) == [*expected, "store.append", "store.line"]


def test_reachable_follows_what_a_package_gives_out_when_asked_for_it(tree: Tree) -> None:
    gives = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from store.follower import follow"
    files = {
        "store/__init__.py": gives,
        "store/follower.py": "",
        "bot.py": "from store import follow",
        "sentiment.py": "from store import Store",
    }
    project = read_project(tree(files))
    assert budget.reachable("bot", project, {}) == ["bot", "store.follower", "store"]
    assert budget.reachable("sentiment", project, {}) == ["sentiment", "store"]


def test_reachable_leaves_out_what_only_a_config_brings(tree: Tree) -> None:
    files = {"bot.py": "def f():\n    import agent.alerts", "agent/alerts.py": "import agent.jobs", "agent/jobs.py": ""}
    project = read_project(tree(files))
    assert "agent.jobs" in budget.reachable("bot", project, {})
    assert budget.reachable("bot", project, {"agent.alerts": "telegram.enabled = true"}) == ["bot"]


def test_budget_is_broken_when_an_exception_is_imported_at_the_top(tree: Tree) -> None:
    project = read_project(tree({"bot.py": "import agent.alerts", "agent/alerts.py": ""}))
    found = [str(each) for each in budget.violations(project, {"agent.alerts": "telegram.enabled = true"})]
    assert any("so that always counts" in line for line in found), found


def test_budget_is_broken_when_an_exception_is_not_there(tree: Tree) -> None:
    project = read_project(tree({"bot.py": "", "sentiment.py": ""}))
    found = [str(each) for each in budget.violations(project, {"agent.alerts": "telegram.enabled = true"})]
    assert found == ["tests/layout/budget.py: makes an exception of agent.alerts, which is not there"]


@pytest.mark.parametrize(("lines", "is_over"), [(2_498, False), (2_499, True)])
def test_budget_is_broken_when_a_script_brings_too_much_along(lines: int, is_over: bool, tree: Tree) -> None:  # noqa: FBT001 - a parameter of the test
    files = {"bot.py": "import agent.jobs", "sentiment.py": "", "agent/jobs.py": "a = 1\n" * lines}
    found = [str(each) for each in budget.violations(read_project(tree(files)), {})]
    assert any("bot.py: is over the budget" in line for line in found) == is_over, found


def test_budget_is_broken_when_a_script_is_missing(tree: Tree) -> None:
    found = [str(each) for each in budget.violations(read_project(tree({"bot.py": ""})), {})]
    assert found == ["sentiment.py: is not there"]


def test_budget_is_kept_by_the_project() -> None:
    assert [str(each) for each in budget.violations(read_project())] == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_reachable_names_all_that_the_interpreter_loads(script: str) -> None:
    # The control of the count: what really gets imported, asked of the interpreter itself.
    code = f"import sys, {script}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = {name for name in done.stdout.split() if name.split(".")[0] in (*PACKAGES, script)}
    assert script in loaded
    assert loaded <= set(budget.reachable(script, read_project(), budget.NOT_BY_DEFAULT))
