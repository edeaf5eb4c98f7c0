"""How it goes, told from the store alone: it works while the bot runs and after it died."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from agent.alerts import still_open
from agent.clock import DAY_S, seconds
from agent.folder import DataFolder
from store import newest
from store.segments import segments

# A bot that works stores a candle or an error each minute; a minute without trade is normal, a few in a row are not.
SILENCE_S_MAX = 300
# Events that nobody writes but the loop, and the report it lets be made. An error of its own names a market or a job.
_OWN_KINDS = ("start", "report", "missed", "breaker", "clock", "source", "unfilled", "reload", "rollback")
# A file's time is that of the system's last tick, a little before a record's.
_CLOCK_STEP_S = 1
_ACCOUNT = ("cash", "positions", "equity")


def status(folder: DataFolder, now_s: float) -> dict[str, Any]:
    """Return what the newest records say.

    Arguments:
        now_s: the machine's moment.
    Returns: `state` (running, silent, stopped, never started), `since`, `version`; the `alerts` that have not ended;
        the last `report`; each symbol's newest candle and signal; the ledger's last state; the last day's scores and
        errors.
    Cost: reads back one day of records.
    """
    ledger = next((record for record in newest(folder.stream("ledger")) if set(_ACCOUNT) <= record.keys()), None)
    errors = [event for event in _day(folder, "events", now_s) if event["kind"] == "error"]
    return {
        "data": str(folder.path),
        **_life(folder, now_s),
        "symbols": _symbols(folder),
        "ledger": ledger and {name: ledger[name] for name in _ACCOUNT},
        "scores_day": sum(1 for _ in _day(folder, "sentiment", now_s)),
        "last_score_ts": next((record["ts"] for record in newest(folder.stream("sentiment"))), None),
        "errors_day": len(errors),
        "last_error": errors[0] if errors else None,
    }


def lines(report: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield the same for people: each line, and whether it should alarm them."""
    since = f" since {report['since']}" if report["since"] else ""
    is_silent = report["state"] == "silent"
    ends = {"died": "; the run before died", "machine": "; the machine had gone down before"}
    since += ends.get(report["previous"] or "", "")
    more = f"; it wrote nothing for {SILENCE_S_MAX} s: it died or hangs" if is_silent else ""
    if report["state"] == "never started" and report["symbols"]:
        more = "; what is stored came by single passes (`bot.py once`), a replay or a backfill"
    yield f"bot       {report['state']}{since}{more}", is_silent
    for alert in report["alerts"]:
        advice = f"; {alert['advice']}" if "advice" in alert else ""
        yield f"{alert['what']:9} {alert['message']}: {alert['doing']}{advice}", True
    for symbol, newest_of in report["symbols"].items():
        candle, signal = newest_of["candle"], newest_of["signal"]
        if candle:
            yield f"{symbol:9} {candle['close']:,} in the minute from {candle['open_ts']}", False
        if signal:
            yield f"{'':9} {signal['signal']} at {signal['price']:,} ({signal['reason']})", False
    if report["ledger"]:
        ledger = report["ledger"]
        held = ", ".join(f"{quantity} {symbol}" for symbol, quantity in ledger["positions"].items())
        equity, cash = _money(ledger["equity"]), _money(ledger["cash"])
        yield f"bank      {equity} in all: cash {cash}, {held or 'nothing held'}", False
    last = f"the last at {report['last_score_ts']}" if report["last_score_ts"] else "none before"
    yield f"headlines {report['scores_day']} scored in the last day, {last}", False
    yield f"errors    {report['errors_day']} in the last day", False
    if report["report"]:
        yield from _of_the_hour(report["report"])
    if report["last_error"]:
        yield f"{'':9} {report['last_error']['ts']} {report['last_error']['message']}", False


def _of_the_hour(hour: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield what the last report says; a report of an earlier version says less."""
    if "without_trade" not in hour:
        return
    minutes = f"{hour['candles']} candles, {hour['without_trade']} minutes without trade, {hour['gap']} in gaps"
    yield f"last hour {minutes}; {hour['evaluations']} evaluations, {hour['fills']} fills", hour["gap"] > 0
    latency = f", answers in {hour['fetch_ms_median']:.0f} ms" if hour["fetch_ms_median"] is not None else ""
    memory = f"{hour['rss_kib'] / 1024:.1f} MiB of memory, " if hour["rss_kib"] else ""
    yield f"machine   {memory}{hour['disk_free_mib']:,} MiB of disk left{latency}", False


def _money(amount: object) -> str:
    """Return an exact amount to two decimals; what others wrote in its place, as it is."""
    try:
        return f"{Decimal(str(amount)):,.2f}"
    except InvalidOperation:
        return str(amount)


def as_json(report: Mapping[str, Any]) -> str:
    """Return the same as one line of JSON."""
    return json.dumps(report, ensure_ascii=False, separators=(",", ":"))


def _life(folder: DataFolder, now_s: float) -> dict[str, Any]:
    """Tell the bot's state from its newest start or stop, the alerts that have not ended, and the last report."""
    last, report, own = None, None, None
    for event in newest(folder.stream("events")):
        if event["kind"] == "report":
            report = report or event
        if event["kind"] in _OWN_KINDS or (event["kind"] == "error" and ("symbol" in event or "job" in event)):
            own = own or event
        if event["kind"] in ("start", "stop"):
            last = event
            break
    alerts = list(still_open(folder.stream("events")).values())
    if last is None:
        life = {"state": "never started", "since": None, "version": None, "previous": None}
    else:
        # A moment to come is no sign of life: a copy or a wrong clock made it.
        is_writing = any(abs(now_s - each_s) <= SILENCE_S_MAX for each_s in _signs_s(folder, own))
        state = "stopped" if last["kind"] == "stop" else "running" if is_writing else "silent"
        life = {"state": state, "since": last["ts"], "version": last.get("version"), "previous": last.get("previous")}
    return {**life, "alerts": alerts, "report": report}


def _signs_s(folder: DataFolder, own: Mapping[str, Any] | None) -> Iterator[float]:
    """Yield when the bot last wrote candles, signals and events of its own, seconds since 1970 UTC.

    The ledger tells nothing more: a fill comes after its signal, and money is moved by hand where no bot runs.
    """
    # Files tell the machine's time even where a demo's clock ran ahead of it.
    yield from (_written_s(folder, name) for name in ("prices", "signals"))
    # Whoever orders, backs up or tells of a unit that failed writes events too, so here the file's time is only the
    # latest there can be.
    if own is not None and seconds(own["ts"]) <= _written_s(folder, "events") + _CLOCK_STEP_S:
        yield seconds(own["ts"])


def _written_s(folder: DataFolder, name: str) -> float:
    """Return when a stream was last written to, 0 if never; right after a rotation its newest segment tells."""
    path = folder.stream(name)
    for each in (path, *map(Path, segments(str(path))[-1:])):
        with suppress(FileNotFoundError):
            return each.stat().st_mtime
    return 0.0


def _symbols(folder: DataFolder) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for stream, kind in (("prices", "candle"), ("signals", "signal")):
        newest_ts = next((record["ts"] for record in newest(folder.stream(stream))), None)
        for record in _day(folder, stream, seconds(newest_ts)) if newest_ts else ():
            # Others may write here too, and not as the bot does.
            if isinstance(symbol := record.get("symbol"), str):
                entry = found.setdefault(symbol, {"candle": None, "signal": None})
                entry[kind] = entry[kind] or record
    return dict(sorted(found.items()))


def _day(folder: DataFolder, stream: str, end_s: float) -> Iterator[dict[str, Any]]:
    """Yield the records of the day before a moment, the newest first."""
    for record in newest(folder.stream(stream)):
        if seconds(record["ts"]) < end_s - DAY_S:
            return
        yield record
