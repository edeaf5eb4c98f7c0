"""What is done to a running bot from outside: storms of signals, an end at any instant, a config made worthless."""

import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scripts import records, run, start, wait_for, wait_for_more, write_config

# A minute each 100 ms: slow enough for a busy machine, and an hour takes six seconds.
DEMO = '[market]\nsource = "demo"\nsymbols = ["KRW-BTC", "KRW-ETH"]\ndemo_speed = 600\n[store]\ndurable = false\n'
STOPS = 8


def audited(data: Path, config: Path) -> None:
    done = run("bot.py", "audit", "--data", data, "--config", config)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 doubled" in done.stdout
    assert "0 otherwise" in done.stdout


def ended(process: subprocess.Popen[str]) -> str:
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return err


def test_bot_lives_through_a_storm_of_sighup(tmp_path: Path) -> None:
    config, data = write_config(tmp_path, DEMO), tmp_path / "data"
    with start("bot.py", "run", "--config", config, "--data", data) as process:
        wait_for_more(data, "signals", 1)
        for _ in range(300):
            process.send_signal(signal.SIGHUP)
            time.sleep(0.005)
        wait_for_more(data, "signals", 4)
        err = ended(process)
    assert "Traceback" not in err
    # Nothing had changed, so nothing was turned to.
    assert [event["kind"] for event in records(data, "events") if event["kind"] in ("start", "reload")] == ["start"]
    audited(data, config)


def test_bot_ends_cleanly_by_sigterm_at_any_instant(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    config, data = write_config(tmp_path, DEMO), tmp_path / "data"
    for _ in range(STOPS):
        with start("bot.py", "run", "--config", config, "--data", data) as process:
            # From before it hears signals at all to the middle of its work.
            wait_for(lambda: (data / "events.jsonl").exists())
            time.sleep(chance.uniform(0, 1.5))
            process.terminate()
            _, err = process.communicate(timeout=60)
            assert process.returncode == 0 or not err, err
        assert "Traceback" not in err
    with start("bot.py", "run", "--config", config, "--data", data) as process:
        wait_for_more(data, "signals", 4)
        ended(process)
    starts = [event for event in records(data, "events") if event["kind"] == "start"]
    assert {event["previous"] for event in starts[1:]} <= {"stopped", "died"}
    audited(data, config)


def garbage(file: Path) -> None:
    file.write_bytes(random.Random(4).randbytes(3000))


def half(file: Path) -> None:
    text = file.read_text()
    file.write_text(text[: len(text) - 12])


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def gone(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize("spoil", [garbage, half, folder, gone])
def test_bot_goes_on_with_the_config_it_has_when_the_file_is_spoilt(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    config, data = write_config(tmp_path, DEMO + "[strategy]\nslow = 21\n"), tmp_path / "data"
    good = config.read_bytes()
    with start("bot.py", "run", "--config", config, "--data", data) as process:
        wait_for_more(data, "signals", 1)
        spoil(config)
        # Nobody asks: it is noticed by itself.
        wait_for(lambda: any(event["kind"] == "alert" for event in records(data, "events")))
        wait_for_more(data, "signals", 4)
        if config.is_dir():
            config.rmdir()
        config.write_bytes(good)
        wait_for(lambda: any(event["kind"] == "alert_end" for event in records(data, "events")))
        ended(process)
    (alert,) = [event for event in records(data, "events") if event["kind"] == "alert"]
    assert alert["what"] == "config"
    assert str(config) in alert["message"]
    assert len({record["rule"] for record in records(data, "signals")}) == 1
    audited(data, config)


def test_bot_goes_on_when_the_program_beside_it_is_killed(tmp_path: Path) -> None:
    config, data = write_config(tmp_path, DEMO), tmp_path / "data"
    with start("bot.py", "run", "--config", config, "--data", data) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        wait_for(lambda: bool(children.read_text().split()), limit_s=60)
        for pid in children.read_text().split():
            subprocess.run(["kill", "-9", pid], check=False)
        wait_for(lambda: any("signal 9" in event.get("message", "") for event in records(data, "events")), limit_s=60)
        # It is tried again, and then succeeds.
        wait_for(lambda: any(event["kind"] == "report" for event in records(data, "events")), limit_s=60)
        ended(process)
    audited(data, config)
