"""How it goes, told from the store alone: it works while the bot runs and after it died."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from agent.alerts import still_open
from agent.clock import DAY_S, seconds
from agent.folder import DataFolder
from store import newest

# A bot that works stores a candle or an error each minute; a minute without trade is normal, a few in a row are not.
SILENCE_S_MAX = 300
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
    silent = f"; nothing was written for {SILENCE_S_MAX} s: it died or hangs" if is_silent else ""
    yield f"bot       {report['state']}{since}{silent}", is_silent
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
    last, report = None, None
    for event in newest(folder.stream("events")):
        if event["kind"] == "report":
            report = report or event
        if event["kind"] in ("start", "stop"):
            last = event
            break
    alerts = list(still_open(folder.stream("events")).values())
    if last is None:
        life = {"state": "never started", "since": None, "version": None, "previous": None}
    else:
        # Files tell the machine's time even where a demo's clock ran ahead of it.
        is_writing = now_s - _touched_s(folder) <= SILENCE_S_MAX
        state = "stopped" if last["kind"] == "stop" else "running" if is_writing else "silent"
        life = {"state": state, "since": last["ts"], "version": last.get("version"), "previous": last.get("previous")}
    return {**life, "alerts": alerts, "report": report}


def _touched_s(folder: DataFolder) -> float:
    """Return when one of the bot's streams was last written to, seconds since 1970 UTC, 0 if never."""
    paths = [folder.stream(name) for name in ("prices", "signals", "ledger", "events")]
    return max((path.stat().st_mtime for path in paths if path.exists()), default=0.0)


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
