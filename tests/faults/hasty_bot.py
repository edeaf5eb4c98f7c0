"""The bot that never looks whether an order was carried out: a control. Usage: hasty_bot.py as bot.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bot
from agent import teller


def nothing(*_: object) -> list[str]:
    return []


teller._answered = nothing  # type: ignore[assignment]  # the fault
sys.exit(bot.main())
