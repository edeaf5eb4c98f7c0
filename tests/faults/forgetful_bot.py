"""The bot without its memory: what the kill tests are held against. Usage: forgetful_bot.py as bot.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bot
from agent import memory


def nothing(*_: object, **__: object) -> list[object]:
    return []


memory.candles = nothing  # type: ignore[assignment]  # the fault: a restart knows of no stored candle
sys.exit(bot.main())
