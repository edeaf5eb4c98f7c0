"""Tells that a unit failed for good: an `alert` event in the store, and Telegram where its credentials are.

Run by moss-alert@.service as `alert.py UNIT`; systemd says in MONITOR_* how the unit ended. Newer ones than Debian 12's
run it for every crash too: those are left to the next start, which comes by itself and finds no `stop` before it.
"""

import os
import sys
import time
from collections.abc import Mapping

from agent import config
from agent.clock import SystemClock, timestamp
from agent.console import say
from agent.errors import MossError
from agent.fetch import Fetcher
from agent.folder import DataFolder, find_data
from agent.secret import secret
from agent.settings import Config
from agent.telegram import Telegram
from store import StoreError

DEADLINE_S = 30.0
# The only end of moss-bot.service after which systemd does not start it again.
STATUS_FOR_GOOD = "78"


def main(unit: str, environ: Mapping[str, str] = os.environ) -> int:
    """Store the alert, then send it; what can not be done is said, and does not hold up the other.

    Returns: 0, or 1 if something that is set up did not work.
    """
    if environ.get("MONITOR_EXIT_STATUS", STATUS_FOR_GOOD) != STATUS_FOR_GOOD:
        return 0
    settings, folder = _settings(environ), find_data(None, environ)
    message = f"failed and stays down ({_how(environ)})"
    # Readers put the unit, which is `what`, before the message.
    stored = _store(settings, folder, unit, f"the unit {message}")
    sent = _send(settings, f"moss: {unit} {message}. `moss status` says more.", environ)
    return 0 if stored and sent else 1


def _settings(environ: Mapping[str, str]) -> Config:
    """Return the config, or the defaults: a config that is wrong is the usual reason for being here."""
    try:
        return config.load(None, environ)
    except MossError:
        return Config()


def _how(environ: Mapping[str, str]) -> str:
    status = environ.get("MONITOR_EXIT_STATUS", "unknown")
    meaning = ": the configuration is wrong, and there is no last good one" if status == STATUS_FOR_GOOD else ""
    return f"{environ.get('MONITOR_SERVICE_RESULT', 'failed')}, status {status}{meaning}"


def _store(settings: Config, folder: DataFolder, unit: str, message: str) -> bool:
    doing = "nothing until someone mends it and starts it again"
    try:
        with folder.open("events", settings) as events:
            events.append(
                {"ts": timestamp(time.time()), "kind": "alert", "what": unit, "message": message, "doing": doing}
            )
    except (StoreError, OSError) as error:
        say(f"the alert is not stored: {error}")
        return False
    return True


def _send(settings: Config, text: str, environ: Mapping[str, str]) -> bool:
    token, chat = (secret(name, environ) for name in ("MOSS_TELEGRAM_TOKEN", "MOSS_TELEGRAM_CHAT"))
    if not token or not chat:
        return True
    clock = SystemClock()
    fetcher = Fetcher(clock)
    try:
        Telegram(settings.telegram.url, token, chat, fetcher, clock).send(text, DEADLINE_S)
    except MossError as error:
        say(f"the alert is not sent: {error}")
        return False
    finally:
        fetcher.close()
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
