"""Under a real systemd, with real cron and logrotate at work: each fault is recovered from, and nothing is lost."""

import sys
import time
from collections.abc import Callable, Iterator

import pytest

from tests.faults.chaos import SYMBOLS
from tests.faults.witness import Witness
from tests.scripts import records, wait_for
from tests.vps.box import Box

DATA = "/var/lib/moss"
# The unit's own times but for the watchdog's, which is 150 s there.
OVERRIDE = "[Service]\nWatchdogSec=5\n"
# As often as once in two seconds, and the scorer once a minute: both more often than on a server.
ROTATE = "while :; do logrotate -f -s /run/rotated /etc/logrotate.d/moss; sleep 2; done"
BACK_S_MAX = 40


@pytest.fixture(scope="module")
def busy(box: Box) -> Box:
    """Return the machine with the watchdog at 5 s, logrotate at work all the time and cron's line due each minute."""
    box.ask("mkdir -p /etc/systemd/system/moss-bot.service.d")
    box.path("/etc/systemd/system/moss-bot.service.d/test.conf").write_text(OVERRIDE)
    box.ask("systemctl daemon-reload && systemctl restart moss-bot")
    box.ask("sed -i 's|^[*]/10|*|' /etc/cron.d/moss")
    box.ask(f"systemd-run --quiet --unit=rotate sh -c '{ROTATE}'")
    return box


@pytest.fixture
def witness(busy: Box) -> Iterator[Witness]:
    """Return a witness outside the machine; at the end it must have nothing to complain of."""
    watching = Witness(busy.path(DATA))
    watching.look()
    yield watching
    busy.ask("systemctl stop rotate moss-bot; systemctl reset-failed")
    assert watching.complaints(SYMBOLS) == []
    watching.close()
    busy.ask(f"systemctl start moss-bot; systemd-run --quiet --unit=rotate sh -c '{ROTATE}'")


def pid(box: Box) -> str:
    return box.ask("systemctl show --property MainPID --value moss-bot")


def hurt(box: Box, witness: Witness, command: str) -> float:
    """Run a command that ends the bot one way or the other; return the seconds to the next start's first candle."""
    before, begun_s = pid(box), time.monotonic()
    box.ask(command.replace("PID", before))
    wait_for(lambda: pid(box) not in (before, "0"), BACK_S_MAX)
    witness.look()
    return witness.seconds_to_new_candle(begun_s, BACK_S_MAX)


FAULTS = {
    "kill": ("kill -KILL PID", "code=killed, status=9/KILL"),
    "hang": ("kill -STOP PID", "Watchdog timeout"),
    "abort": ("kill -SEGV PID", "status=11/SEGV"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bot_is_back_and_nothing_is_lost_when_it_is_hurt(busy: Box, witness: Witness, fault: str) -> None:
    command, said = FAULTS[fault]
    taken = [hurt(busy, witness, command) for _ in range(3)]
    assert said in busy.ask("journalctl --no-pager --unit moss-bot")
    assert "moss-bot.service" not in [event.get("what") for event in records(busy.path(DATA), "events")]
    sys.stdout.write(f"{fault}: first new candle after {', '.join(f'{each:.1f}' for each in taken)} s\n")


@pytest.mark.usefixtures("witness")
def test_bot_ends_within_two_seconds_when_systemd_asks(busy: Box) -> None:
    begun_s = time.monotonic()
    busy.ask("systemctl stop moss-bot")
    took_s = time.monotonic() - begun_s
    assert busy.ask("systemctl show --property Result --value moss-bot") == "success"
    sys.stdout.write(f"stop: {took_s:.1f} s\n")
    assert took_s < 2


def test_cron_starts_the_scorer_without_waiting_for_it(busy: Box) -> None:
    def has_run() -> bool:
        return "Finished moss-sentiment.service" in busy.ask("journalctl --no-pager --unit moss-sentiment")

    try:
        wait_for(has_run, 90)
    finally:
        sys.stdout.write(busy.ask("journalctl --no-pager --lines 20 --unit moss-sentiment --unit cron"))
    said = busy.ask("journalctl --no-pager -t CRON")
    assert "(root) CMD (systemctl start --no-block moss-sentiment.service)" in said
    scores = records(busy.path(DATA), "sentiment")
    assert len({score["text_id"] for score in scores}) == len(scores)
    assert [path.name for path in busy.path(DATA).glob("prices.jsonl-*.gz")]


@pytest.fixture
def fresh(box: Box) -> Iterator[Callable[[str], None]]:
    """Return what starts the bot with a config and no records; at the end all is as it was."""
    box.ask(f"systemctl stop moss-bot rotate; mv {DATA} {DATA}.kept; cp /etc/moss/moss.toml /etc/moss/kept.toml")
    box.ask(f"install -d -o moss -g moss -m 0750 {DATA}")

    def start(config: str) -> None:
        box.path("/etc/moss/moss.toml").write_text(config)
        box.run("systemctl", "start", "moss-bot")

    yield start
    box.ask(
        f"systemctl stop moss-bot; rm -rf {DATA}; mv {DATA}.kept {DATA}; mv /etc/moss/kept.toml /etc/moss/moss.toml"
    )
    box.ask(f"systemctl reset-failed; systemctl start moss-bot; systemd-run --quiet --unit=rotate sh -c '{ROTATE}'")


def test_bot_stays_down_and_an_alert_is_stored_when_there_never_was_a_good_config(
    busy: Box, fresh: Callable[[str], None]
) -> None:
    fresh('[market]\nsorce = "demo"\n')
    wait_for(lambda: bool(records(busy.path(DATA), "events")), 20)
    time.sleep(7)
    assert busy.ask("systemctl show --property ExecMainStatus --value moss-bot") == "78"
    assert busy.run("systemctl", "is-active", "moss-bot").stdout.strip() == "failed"
    (event,) = records(busy.path(DATA), "events")
    assert (event["kind"], event["what"]) == ("alert", "moss-bot.service")
    assert "status 78" in event["message"]
    assert busy.ask("systemctl show --property Result --value moss-alert@moss-bot.service.service") == "success"


def test_bot_runs_the_last_good_config_when_the_new_one_is_wrong(busy: Box, witness: Witness) -> None:
    good = busy.path("/etc/moss/moss.toml").read_text()
    busy.path("/etc/moss/moss.toml").write_text(good + "nonsense = 1\n")
    try:
        busy.ask("systemctl restart moss-bot")
        witness.seconds_to_new_candle(time.monotonic(), BACK_S_MAX)
        alerts = [event for event in records(busy.path(DATA), "events") if event["kind"] == "alert"]
        assert alerts
        assert alerts[-1]["what"] == "config"
    finally:
        busy.path("/etc/moss/moss.toml").write_text(good)
