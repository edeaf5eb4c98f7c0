"""Imports run one way: the real source keeps it, and each kind of breach is seen."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.layout import imports
from tests.layout.source import TOP, read_project

Tree = Callable[[dict[str, str]], Path]

BREACHES = {
    "store_uses_agent": (
        {"store/line.py": "from agent.clock import timestamp"},
        "store.line must not import agent.clock",
    ),
    "store_uses_a_package": ({"store/line.py": "import requests"}, "must not use the package requests"),
    "a_package_imports_a_script": ({"agent/jobs.py": "import bot"}, "nothing imports a script"),
    "a_script_imports_the_other": ({"bot.py": "import sentiment"}, "nothing imports a script"),
    "market_uses_news": ({"agent/market/bank.py": "from agent.news import text"}, "must not import agent.news"),
    "news_uses_market": ({"agent/news/model.py": "import agent.market"}, "must not import agent.market"),
    "a_pure_module_uses_the_store": ({"agent/market/bank.py": "import store"}, "must not import store"),
    "a_pure_module_uses_fetch": ({"agent/news/text.py": "from agent import fetch"}, "must not import agent.fetch"),
    "a_pure_module_uses_its_edge": ({"agent/market/bank.py": "from agent.market import sources"}, "outside comes in"),
    "the_desk_uses_an_edge": ({"desk/report.py": "from agent.news.feeds import parse"}, "outside comes in"),
    "the_desk_uses_the_network_door": ({"desk/report.py": "import agent.fetch"}, "must not import agent.fetch"),
    "the_desk_uses_what_writes": (
        {"desk/report.py": "from agent.trader import Trader", "agent/trader.py": ""},
        "must not import agent.trader",
    ),
    "the_study_uses_another_package": ({"desk/study/grid.py": "import pandas"}, "must not use the package pandas"),
    "a_reader_uses_anothers_package": ({"desk/report/page.py": "import uvicorn"}, "must not use the package uvicorn"),
    "agent_uses_the_desk": ({"agent/jobs.py": "from desk import report"}, "must not import desk"),
    "another_package_than_the_three": ({"agent/jobs.py": "import pandas"}, "must not use the package pandas"),
    "requests_outside_fetch": ({"agent/jobs.py": "import requests"}, "must not use the package requests"),
    "inside_a_function": ({"store/line.py": "def f():\n    import agent.clock"}, "must not import agent.clock"),
    "relative": ({"agent/market/bank.py": "from ..news import text"}, "must not import agent.news"),
    "by_import_module": (
        {"store/line.py": "from importlib import import_module\nimport_module('agent.clock')"},
        "must not import agent.clock",
    ),
    "by_a_computed_name": ({"agent/jobs.py": "name = 'x'\n__import__(name)"}, "no check of the source can follow"),
    "by_exec": ({"agent/jobs.py": "exec('import pandas')"}, "no check of the source can follow"),
    "a_name_that_says_nothing": ({"agent/utils.py": ""}, "says nothing"),
}


@pytest.mark.parametrize(("files", "why"), BREACHES.values(), ids=BREACHES)
def test_layering_is_broken_when_an_import_runs_the_wrong_way(files: dict[str, str], why: str, tree: Tree) -> None:
    found = [str(violation) for violation in imports.violations(read_project(tree(files)))]
    assert any(why in line and line.startswith(next(iter(files))) for line in found), found


def test_layering_is_kept_when_imports_run_one_way(tree: Tree) -> None:
    files = {
        "bot.py": "import schedule\nfrom agent.market import bank, sources\nfrom store import Store",
        "sentiment.py": "from agent.news import feeds",
        "agent/fetch.py": "import requests\nimport tenacity\nfrom agent import clock",
        "agent/market/sources.py": "from agent.fetch import Fetcher\nfrom agent.market import bank",
        "agent/market/bank.py": "import math\nfrom agent.market import candle\nfrom agent.clock import MINUTE_S",
        "store/append.py": "import fcntl\nfrom store import line",
        "desk/study/grid.py": "import numpy\nimport duckdb\nfrom agent.market.bank import trade",
    }
    assert list(imports.violations(read_project(tree(files)))) == []


def test_layering_is_kept_by_the_project() -> None:
    assert [str(violation) for violation in imports.violations(read_project())] == []


def lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run import-linter with the project's own contracts over the packages in that folder."""
    command = [f"{sys.prefix}/bin/lint-imports", "--no-logo", "--no-cache", "--config", str(TOP / "pyproject.toml")]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("files", "contract"),
    [
        ({"store/line.py": "import agent.clock"}, "agent builds on store"),
        (
            {"agent/clock.py": "import agent.news", "agent/market/bank.py": "import agent.clock"},
            "do not know each other",
        ),
        ({"agent/clock.py": "import store", "agent/news/text.py": "import agent.clock"}, "reach neither records"),
    ],
    ids=["upward", "market_to_news_by_way_of_clock", "news_to_store_by_way_of_clock"],
)
def test_contracts_are_broken_by_a_chain_of_imports(files: dict[str, str], contract: str, tree: Tree) -> None:
    done = lint(tree(files))
    said = " ".join(done.stdout.split())
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{contract}" in said.partition("BROKEN")[0].rpartition("KEPT")[2], done.stdout


def test_contracts_are_kept_by_the_project() -> None:
    done = lint(TOP)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 kept, 0 broken" in done.stdout
