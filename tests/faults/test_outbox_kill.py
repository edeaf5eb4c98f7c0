"""Killed while it tells: every event is told at least once, and each kill makes one message come twice at most."""

import random
import re
import subprocess
import sys
import threading
from pathlib import Path

from tests.fakes.post import Post
from tests.fakes.server import Reply
from tests.fakes.telegram import FakeTelegram
from tests.scripts import TOP, environment

EVENTS = 12
KILLS = 4


class Killer:
    """Runs the sender again and again, and kills it at a random moment around each message that it sends."""

    def __init__(self, post: Post, telegram: FakeTelegram, chance: random.Random, *how: str) -> None:
        self.kills = 0
        self._post, self._telegram, self._chance, self._how = post, telegram, chance, how
        self._process: subprocess.Popen[bytes] | None = None
        telegram.answer = self._answer

    def run(self) -> None:
        """Go on until one comes to its end."""
        for _ in range(KILLS + 2):
            arguments = [str(self._post.folder.path), self._telegram.url, *self._how]
            command = [sys.executable, "-m", "tests.faults.outbox_sender", *arguments]
            with subprocess.Popen(command, cwd=TOP, env=environment()) as self._process:
                if self._process.wait(60) == 0:
                    return
        raise AssertionError("it never came to its end")

    def _answer(self, method: str) -> Reply | None:
        process = self._process
        assert process
        if method != "sendMessage" or self.kills >= KILLS:
            return None
        self.kills += 1
        # The first one always before the message was taken: that is what the control loses.
        when = self._chance.choice(("taken", "answered", "noted")) if self.kills > 1 else "sent"
        if when in ("sent", "taken"):
            process.kill()
        else:
            threading.Timer(self._chance.random() * (0.001 if when == "answered" else 0.02), process.kill).start()
        return Reply(502) if when == "sent" else None


def told(folder: Path, chance: random.Random, *how: str) -> tuple[list[int], int]:
    """Return how often each event was told, and how often the sender was killed."""
    folder.mkdir()
    with FakeTelegram() as telegram:
        post = Post(folder, telegram.url)
        post.start()
        for number in range(EVENTS):
            # As long as that only a few fit into one message.
            post.event("alert", what=f"trouble {number}", message="bad " * 240)
        killer = Killer(post, telegram, chance, *how)
        killer.run()
    text = "\n".join(telegram.texts)
    return [len(re.findall(rf"trouble {number}:", text)) for number in range(EVENTS)], killer.kills


def test_every_event_is_told_when_the_sender_is_killed_while_it_tells(tmp_path: Path, seed: int) -> None:
    counts, kills = told(tmp_path / "sound", random.Random(seed))
    assert kills == KILLS
    assert min(counts) >= 1, counts
    # A message holds four of them: each kill makes one message come twice at most.
    assert sum(counts) <= EVENTS + 4 * kills, counts
    # The control, which notes a message as told before it sends it, tells nothing twice and loses some.
    counts, _ = told(tmp_path / "control", random.Random(seed), "first")
    assert min(counts) == 0, counts
