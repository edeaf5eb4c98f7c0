"""The Containerfile's steps in a plain chroot: no container engine is needed, and none has been tried.

What this proves: every step succeeds on the release it names, and what comes out decides, stores and rotates as the
user it names. What it does not: layers, volumes, limits, signals by an engine; see docs/operations.md.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from release import fetch_wheels
from tests.scripts import TOP, records, wait_for_more

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SUITES = {"debian:13-slim": "trixie", "debian:12-slim": "bookworm"}
DEMO = '[market]\nsource = "demo"\ndemo_speed = 600\n[schedule]\nsession_open = ""\nsession_close = ""\n'


class Container:
    """What a Containerfile makes, in a folder.

    Arguments:
        root: an empty folder.
        steps: the file's instructions, each a word and what follows it.
        wheels: what pip takes in place of the package index.
    """

    def __init__(self, root: Path, steps: list[tuple[str, str]], wheels: Path) -> None:
        self.root, self._wheels = root, wheels
        # Whatever stands between this machine and the package index, the folder holds no secret of it.
        self.environment = [PATH, "PIP_NO_INDEX=1", "PIP_FIND_LINKS=/wheels"]
        self.user, self.folder, self.command = "root", "/", [""]
        for word, rest in steps:
            getattr(self, f"_{word.lower()}")(rest)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a command as an engine would: with the file's user, environment and folder."""
        who = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--init-groups"]
        inside = ["chroot", str(self.root), "env", f"--chdir={self.folder}", "-i", *self.environment, *who]
        return subprocess.Popen([*inside, *command], stdin=subprocess.DEVNULL)

    def _from(self, rest: str) -> None:
        suite = SUITES[rest.rpartition("/")[2]]
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", suite, str(self.root)], check=True, timeout=600)
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        shutil.copytree(self._wheels, self.root / "wheels")

    def _run(self, rest: str) -> None:
        process = self.start("/bin/sh", "-c", rest)
        assert process.wait(600) == 0, rest

    def _copy(self, rest: str) -> None:
        *names, place = rest.split()
        for name in names:
            target = self.root / place.strip("/")
            if (TOP / name).is_dir():
                shutil.copytree(TOP / name, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                target.mkdir(exist_ok=True)
                shutil.copy(TOP / name, target)

    def _env(self, rest: str) -> None:
        self.environment += rest.split()

    def _user(self, rest: str) -> None:
        self.user = rest

    def _workdir(self, rest: str) -> None:
        self.folder = rest

    def _volume(self, rest: str) -> None:
        assert (self.root / rest.strip("/")).is_dir()

    def _stopsignal(self, rest: str) -> None:
        assert rest == "SIGTERM"

    def _cmd(self, rest: str) -> None:
        self.command = json.loads(rest)


def steps(path: Path) -> list[tuple[str, str]]:
    """Return the instructions of a Containerfile."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    found = [line.partition(" ")[::2] for line in text.splitlines() if line.strip()]
    return [(word, re.sub(r"\s+", " ", rest).strip()) for word, rest in found]


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    if "CHAOS_S" not in os.environ:
        pytest.skip("fetches a distribution and builds on it, for a minute; make chaos runs it")
    if os.geteuid() != 0 or not shutil.which("mmdebstrap"):
        pytest.skip("needs root and mmdebstrap (Debian: apt-get install mmdebstrap)")
    root, wheels = tmp_path_factory.mktemp("container") / "root", tmp_path_factory.mktemp("wheels")
    fetch_wheels(TOP / "requirements.lock", wheels)
    yield Container(root, steps(TOP / "Containerfile"), wheels)
    subprocess.run(["rm", "-r", "--one-file-system", str(root)], check=True)


def services() -> dict[str, str]:
    """Return the shell line of each service of compose.yaml that has one."""
    text = (TOP / "compose.yaml").read_text(encoding="utf-8")
    return dict(re.findall(r"^  (\w+):\n(?:    .*\n)*?      - -c\n(?:      #.*\n)*      - (.*)\n", text, re.M))


@pytest.mark.parametrize(("service", "unit"), [("bot", "moss-bot"), ("scorer", "moss-sentiment")])
def test_service_gets_the_secrets_that_the_unit_gets(service: str, unit: str) -> None:
    compose = (TOP / "compose.yaml").read_text(encoding="utf-8")
    given = re.search(rf"^  {service}:\n(?:    .*\n)*?    environment: \[(.*)\]\n", compose, re.M)
    assert given
    handed = re.findall(r"^LoadCredential=(\w+)$", (TOP / f"systemd/{unit}.service").read_text(encoding="utf-8"), re.M)
    assert given[1].split(", ") == handed


def test_bot_stores_and_ends_in_order_when_its_container_runs(container: Container) -> None:
    data = container.root / "var/lib/moss"
    (container.root / "etc/moss").mkdir()
    (container.root / "etc/moss/moss.toml").write_text(DEMO)
    bot = container.start(*container.command)
    try:
        wait_for_more(data, "signals", 3)
    finally:
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(10) == 0
    kinds = [event["kind"] for event in records(data, "events")]
    assert (kinds[0], kinds[-1]) == ("start", "stop")
    assert data.stat().st_uid == 10001


def test_records_are_rotated_by_the_line_of_the_service(container: Container) -> None:
    data = container.root / "var/lib/moss"
    line = services()["rotation"].removeprefix("while :; do ").partition(";")[0]
    before = len(records(data, "prices"))
    assert before > 100
    for force in ("", " --force"):
        assert container.start("/bin/sh", "-c", f"{line}{force}").wait(60) == 0
        time.sleep(1)
    (segment,) = data.glob("prices.jsonl-*")
    assert segment.read_bytes().count(b"\n") == before


def test_scorer_makes_a_pass_by_the_line_of_the_service(container: Container) -> None:
    line = services()["scorer"].removeprefix("while :; do ").partition(";")[0]
    with (container.root / "etc/moss/moss.toml").open("a") as config:
        config.write('[news]\nfeeds = [{ name = "sample", url = "demo:" }]\n')
    assert container.start("/bin/sh", "-c", line).wait(60) == 0
    assert records(container.root / "var/lib/moss", "sentiment")
