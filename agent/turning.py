"""Turning to a changed configuration, and back from one that does not work; imported when there is one."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from agent import alive, config
from agent.console import say
from agent.course import Course
from agent.errors import ConfigError
from agent.parts import plan_of
from agent.settings import Config
from agent.trader import Trader

FAILED_PASSES_MAX = 3


def turned(course: Course, trader: Trader, broken: str, *, asked: bool) -> Callable[[Trader], object] | None:
    """Turn to a configuration that changed, or back from one on trial that does not work.

    Arguments:
        broken: what the one on trial raised, "" if nothing.
        asked: as of `turn`.
    Returns: what the next trader tells first, None where nothing changed.
    Raises: NotStored.
    """
    if course.before and (broken or trader.failed_passes >= FAILED_PASSES_MAX):
        return turn_back(course, broken or f"{FAILED_PASSES_MAX} passes brought no prices")
    return turn(course, trader, asked=asked) if asked or course.has_changed() else None


def turn(course: Course, trader: Trader, *, asked: bool) -> Callable[[Trader], object] | None:
    """Turn to what the file says now.

    The whole file is checked first; a wrong one changes nothing and is an alert. What is followed now stays at hand.

    Arguments:
        course: what is followed.
        trader: the one that follows it.
        asked: by the owner, not only found to be changed.
    Returns: what the next trader tells first, None where nothing changed.
    Raises: NotStored.
    """
    try:
        found = _turned(course)
        if found is None:
            # The very file that is followed was put back.
            trader.alerts.end("config")
    except ConfigError as error:
        say(str(error))
        found, seen, course.seen = None, course.seen, ()
        if seen != course.rejected and trader.alerts.open.get("config", {}).get("message") != str(error):
            # Of the mistake before: its owner has mended that, and made another.
            trader.alerts.end("config")
        trader.alerts.begin("config", message=str(error), doing="goes on with the configuration it has")
        # Only now: a file whose alert could not be stored is read again at the next pass.
        course.seen = seen
    if asked or found is not None:
        alive.notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
    if asked and found is None:
        alive.notify("READY=1")
    return None if found is None else partial(_tell_reload, changes=found)


def turn_back(course: Course, why: str) -> Callable[[Trader], object]:
    """Go back to the configuration before the trial; the file is not taken again until it changes.

    Returns: what the next trader tells first.
    """
    assert course.before is not None  # noqa: S101 - only one that is on trial is turned back
    course.rejected = course.state
    found = changes(course.config, course.before[0])
    course.follow(*course.before)
    return partial(_tell_rollback, changes=found, why=why)


def changes(before: Config, after: Config) -> dict[str, Any]:
    """Return each key that differs, as {"section.key": [before, after]}."""
    old, new = config.record_of(before), config.record_of(after)
    return {
        f"{section}.{key}": [old[section][key], value]
        for section, keys in new.items()
        for key, value in keys.items()
        if old[section][key] != value
    }


def _turned(course: Course) -> dict[str, Any] | None:
    # Looked at before they are read: what changes while that goes on is noticed later.
    course.seen = course.files()
    if course.seen == course.rejected:
        raise ConfigError(f"{course.path}: was followed and rolled back; it is taken again once it is changed")
    fresh = config.load(str(course.path)) if course.path else Config()
    course.wanted = fresh.strategy.name
    course.seen = (course.seen[0], course.files()[1])
    plan = plan_of(fresh)
    if fresh == course.config and course.seen == course.state:
        return None
    found = changes(course.config, fresh)
    course.follow(fresh, plan, (course.config, course.plan))
    return found


def _tell_reload(trader: Trader, changes: dict[str, Any]) -> None:
    # A strategy that raises shows it now, while the one before is at hand, and not at its first evaluation.
    for market in trader.engine.markets.values():
        market.judge(trader.clock.now_s())
    _tell_once(trader, "reload", changes=changes)
    trader.alerts.end("config")


def _tell_once(trader: Trader, kind: str, **fields: object) -> None:
    """Store what a configuration begins with; after a try that failed behind it, it is there already."""
    if not trader.is_told:
        trader.event(kind, **fields, config=config.record_of(trader.config))
        trader.is_told = True


def _tell_rollback(trader: Trader, changes: dict[str, Any], why: str) -> None:
    say(f"back to the configuration before: {why}")
    _tell_once(trader, "rollback", changes=changes, why=why)
    trader.alerts.begin("config", message=f"it was rolled back: {why}", doing="goes on with the one before")
