"""Without the units: an ordinary user's crontab, run by the real cron, keeps the bot up and the scorer going."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.faults.chaos import SYMBOLS
from tests.faults.witness import Witness
from tests.scripts import TOP, records, wait_for
from tests.vps.box import Box
from tests.vps.conftest import prepare

HOME = "/home/ada/moss"


@pytest.fixture
def plain(
    boot: Callable[[Path], AbstractContextManager[Box]], sources: Callable[[str], Path]
) -> Iterator[Callable[[str], Box]]:
    """Return what gives a machine where ada has moss in her home, set up as `make run` does, and that crontab."""
    source = sources("plain")
    with boot(source.parent) as box:
        prepare(box)
        box.ask(f"cp -R /src/plain {HOME} && mv /etc/moss/moss.toml {HOME} && rmdir /etc/moss && chown -R ada: {HOME}")
        pip = ".venv/bin/python -m pip install -q --no-index --find-links wheels --require-hashes -r requirements.lock"
        made = box.run("sh", "-ec", f"cd {HOME}; python3 -m venv .venv; {pip}", user="ada", limit_s=120)
        assert made.returncode == 0, made.stderr

        def use(crontab: str) -> Box:
            box.path(f"{HOME}/crontab").write_text(crontab)
            box.ask(f"crontab -u ada {HOME}/crontab")
            # cron starts @reboot lines once a boot: this makes it take its next start for the first.
            box.ask("systemctl stop cron; rm -f /run/crond.reboot; systemctl start cron")
            return box

        yield use


def crontab() -> str:
    """Return the project's crontab with ada's path, and the scorer due each minute rather than each tenth."""
    text = (TOP / "crontab").read_text()
    return text.replace("MOSS=/opt/moss", f"MOSS={HOME}").replace("*/10 * * * *", "* * * * *")


def kill(box: Box) -> float:
    """Kill the bot, whose death the witness must not take for life; return when."""
    begun_s = time.monotonic()
    box.ask("pkill -KILL -u ada -f '^[^ ]*python bot.py run'")
    return begun_s


def test_cron_keeps_the_bot_up_and_the_scorer_going_for_an_ordinary_user(plain: Callable[[str], Box]) -> None:
    box = plain(crontab())
    wait_for(lambda: box.path(f"{HOME}/data/prices.jsonl").exists(), 60)
    witness = Witness(box.path(f"{HOME}/data"))
    taken = []
    for _ in range(3):
        witness.seconds_to_new_candle(time.monotonic(), 20)
        begun_s = kill(box)
        witness.look()
        taken.append(witness.seconds_to_new_candle(begun_s, 20))
    wait_for(lambda: bool(records(box.path(f"{HOME}/data"), "sentiment")), 90)
    box.ask("systemctl stop cron; pkill -KILL -u ada || true")
    assert witness.complaints(SYMBOLS) == []
    witness.close()
    assert "moss-bot" in box.ask("journalctl --no-pager -t moss-bot")
    sys.stdout.write(
        f"under a plain crontab: first new candle {', '.join(f'{each:.1f}' for each in taken)} s after a kill\n"
    )


def test_bot_stays_down_when_the_crontab_has_no_loop(plain: Callable[[str], Box]) -> None:
    looped = "while :; do .venv/bin/python bot.py run; [ $? -eq 78 ] && break; sleep 5; done"
    assert looped in crontab()
    box = plain(crontab().replace(looped, ".venv/bin/python bot.py run"))
    wait_for(lambda: box.path(f"{HOME}/data/prices.jsonl").exists(), 60)
    witness = Witness(box.path(f"{HOME}/data"))
    witness.seconds_to_new_candle(time.monotonic(), 20)
    begun_s = kill(box)
    witness.look()
    with pytest.raises(AssertionError, match="no candle within"):
        witness.seconds_to_new_candle(begun_s, 15)
    witness.close()
