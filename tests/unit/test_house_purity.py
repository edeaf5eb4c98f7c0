"""Pure modules stay pure, and each door has its keepers: the real source keeps it, and each kind of breach is seen."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.layout import purity
from tests.layout.source import read_project

Tree = Callable[[dict[str, str]], Path]

IMPURE = {
    "opens_a_file": ("open('x')", "must not call open()"),
    "opens_a_path": ("path.open()", "must not call path.open()"),
    "reads_a_path": ("path.read_text()", "must not call path.read_text()"),
    "asks_the_time": ("from datetime import datetime\ndatetime.now()", "must not call datetime.now()"),
    "asks_the_day": ("import datetime\ndatetime.date.today()", "must not call datetime.date.today()"),
    "asks_a_clock": ("def f(clock): return clock.now_s()", "must not call clock.now_s()"),
    "imports_time": ("import time", "must not import time"),
    "imports_from_time": ("from time import monotonic", "must not import time.monotonic"),
    "rolls_dice": ("import random", "must not import random"),
    "rolls_better_dice": ("from os import urandom", "must not import os.urandom"),
    "depends_on_the_process": ("def f(x): return hash(x)", "must not call hash()"),
    "depends_on_the_zone": ("datetime.fromtimestamp(0)", "must not call datetime.fromtimestamp()"),
    "reaches_the_network": ("from urllib import request", "must not import urllib.request"),
    "does_so_in_a_function": ("def f():\n    import time", "must not import time"),
}
DOORS = {
    "requests": ({"agent/jobs.py": "import requests"}, "through agent/fetch.py alone"),
    "urllib": ({"sentiment.py": "from urllib.request import urlopen"}, "through agent/fetch.py alone"),
    "socket": ({"bot.py": "import socket"}, "sockets belong to"),
    "trouble_connects": (
        {"agent/trouble.py": "import requests\nrequests.get('x')"},
        "calls requests.get(), and only names errors",
    ),
    "tomllib": ({"agent/jobs.py": "import tomllib"}, "agent/config.py alone"),
    "fcntl": ({"agent/jobs.py": "import fcntl"}, "agent/folder.py and store/ alone"),
    "proc": ({"agent/jobs.py": "open('/proc/self/stat')"}, "/proc is read by agent/alive.py alone"),
    "writes": ({"agent/jobs.py": "open('state.json', 'w')"}, "records are written by store/ alone"),
    "writes_by_keyword": ({"bot.py": "open('state.json', mode='ab')"}, "records are written by store/ alone"),
    "writes_a_path": ({"bot.py": "from pathlib import Path\nPath('a').open('w')"}, "written by store/ alone"),
    "writes_text": ({"agent/config.py": "path.write_text('a')"}, "records are written by store/ alone"),
    "writes_a_descriptor": ({"agent/config.py": "import os\nos.open('a', os.O_RDWR)"}, "written by store/ alone"),
}


def broken(top: Path) -> list[str]:
    return [str(violation) for violation in purity.violations(read_project(top))]


@pytest.mark.parametrize("name", ["agent/market/bank.py", "agent/news/text.py"])
@pytest.mark.parametrize(("source", "why"), IMPURE.values(), ids=IMPURE)
def test_purity_is_broken_when_a_pure_module(source: str, why: str, name: str, tree: Tree) -> None:
    found = broken(tree({name: source}))
    assert any(line.startswith(name) and why in line for line in found), found


@pytest.mark.parametrize(("files", "why"), DOORS.values(), ids=DOORS)
def test_door_is_broken_when_another_than_its_keepers_opens_it(files: dict[str, str], why: str, tree: Tree) -> None:
    found = broken(tree(files))
    assert any(line.startswith(next(iter(files))) and why in line for line in found), found


def test_purity_is_kept_when_the_keepers_open_their_doors(tree: Tree) -> None:
    files = {
        "agent/market/sources.py": "import time\nopen('candles.csv')",
        "agent/market/bank.py": "from datetime import datetime, UTC\ndatetime.fromtimestamp(0, UTC)",
        "agent/fetch.py": "import requests\nrequests.Session()",
        "agent/trouble.py": "import requests\nKINDS = (requests.RequestException,)",
        "agent/alive.py": "import socket\nopen('/proc/self/smaps_rollup')",
        "agent/config.py": "import tomllib\nopen('moss.toml', 'rb')",
        "agent/folder.py": "import fcntl, os\nos.open('bot.lock', os.O_CREAT)",
        "store/append.py": "import fcntl, os, time\nos.open('a.jsonl', os.O_APPEND)",
        "bot.py": "import os\nos.open(os.devnull, os.O_WRONLY)",
        "desk/page.py": "import http.server, time\nopen('page.html', 'w')",
    }
    assert broken(tree(files)) == []


def test_purity_is_kept_by_the_project() -> None:
    assert [str(violation) for violation in purity.violations(read_project())] == []
