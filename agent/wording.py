"""What is said to the owner off the box, in English or Korean: records in words, and the answers to commands."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from agent.clock import seconds
from agent.console import visible
from agent.words import MENU, WORDS
from store import Record

_LINE_MAX = 1_000
_CHANGES_MAX = 10


class Wording:
    """One language, and the zone that times are told in.

    Arguments:
        lang: "en" or "ko".
        zone: the market's.
    """

    def __init__(self, lang: str, zone: timezone) -> None:
        self.menu = MENU[lang]
        self._words = WORDS[lang]
        self._zone = zone

    def __getitem__(self, word: str) -> str:
        return self._words[word]

    def line(self, record: Record) -> str:
        """Return what a record tells: its time, and a few lines without control characters."""
        say = _SAYERS.get(record["kind"], _fields)
        texts = [visible(text) for text in say(record, self._words)]
        return f"{self.moment(record['ts'])} " + "\n".join(texts)[:_LINE_MAX]

    def moment(self, ts: str) -> str:
        """Return a record's moment as its owner's clock shows it."""
        return f"{datetime.fromtimestamp(seconds(ts), self._zone):%m-%d %H:%M}"

    def also(self, counts: Mapping[str, int]) -> str:
        """Return what else there was, "" where there was nothing."""
        parts = [f"{count} {self._words[f'also_{name}']}" for name, count in counts.items() if count]
        return f"({self._words['also']}: {', '.join(parts)})" if parts else ""

    def help(self) -> str:
        """Return what can be asked."""
        return "\n".join(f"/{name} - {what}" for name, what in self.menu.items())

    def status(self, report: Mapping[str, Any]) -> str:
        """Return how it goes, as `agent.status` has it."""
        words = self._words
        since = f" ({words['since']} {self.moment(report['since'])})" if report["since"] else ""
        texts = [f"{words.get(report['state'], report['state'])}{since}"]
        texts += [f"⚠ {_name(alert, words)}: {_part(alert, 'message', words)}" for alert in report["alerts"]]
        for symbol, newest in report["symbols"].items():
            if candle := newest["candle"]:
                texts.append(f"{symbol} {number(candle['close'])} ({self.moment(candle['open_ts'])})")
        if ledger := report["ledger"]:
            texts.append(f"{words['equity']} {number(ledger['equity'])}, {words['cash']} {number(ledger['cash'])}")
        texts.append(f"{words['errors_day']}: {report['errors_day']}")
        texts.append(f"{words['scores_day']}: {report['scores_day']}")
        return "\n".join(visible(text) for text in texts)

    def signals(self, report: Mapping[str, Any]) -> str:
        """Return each market's newest signal."""
        found = [each["signal"] for each in report["symbols"].values() if each["signal"]]
        texts = [
            f"{signal['symbol']} {signal['signal']} {number(signal['price'])} ({self.moment(signal['candle_ts'])})"
            f"\n{signal.get('reason', '')}".rstrip()
            for signal in found
        ]
        return "\n".join(visible(line) for text in texts for line in text.split("\n")) or self._words["nothing"]

    def balance(self, ledger: Mapping[str, Any] | None) -> str:
        """Return the account after the ledger's last record."""
        if ledger is None:
            return self._words["nothing"]
        texts = [f"{self._words['cash']} {number(ledger['cash'])}"]
        texts += [f"{symbol} {quantity}" for symbol, quantity in ledger["positions"].items()]
        texts.append(f"{self._words['equity']} {number(ledger['equity'])} ({self.moment(ledger['ts'])})")
        return "\n".join(visible(text) for text in texts)

    def sentiment(self, scores: Sequence[Record]) -> str:
        """Return the news of a day: how many, their mean, and the newest titles; newest first."""
        if not scores:
            return self._words["nothing"]
        mean = sum(record["score"] for record in scores) / len(scores)
        texts = [f"{self._words['scores_day']}: {len(scores)}", f"{self._words['mean']}: {mean:+.2f}"]
        texts += [f"{record['score']:+.2f} {record.get('title', record['text_id'])}"[:200] for record in scores[:5]]
        return "\n".join(visible(text) for text in texts)


# From here on two decimals are enough; what is smaller may be a quantity of a coin, which has eight.
_LARGE = 1_000


def number(value: object) -> str:
    """Write a number, or a decimal that is text, with commas and the decimals a person reads; else as it is."""
    try:
        exact = Decimal(str(value))
        shown = f"{exact:,.{2 if abs(exact) >= _LARGE else 8}f}"
    except InvalidOperation:
        return str(value)
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


_Words = Mapping[str, str]


def _alert(record: Record, words: _Words) -> Iterator[str]:
    yield f"⚠ {_name(record, words)}: {_part(record, 'message', words)}"
    if doing := _part(record, "doing", words):
        yield f"{words['doing']}: {doing}"
    if advice := _part(record, "advice", words):
        yield f"→ {advice}"


def _alert_end(record: Record, words: _Words) -> Iterator[str]:
    yield f"✓ {_name(record, words)}: {words['over']}"


def _name(alert: Mapping[str, Any], words: _Words) -> str:
    """Return an alert's name, its first word in the language where that has one."""
    first, _, rest = str(alert.get("what")).partition(" ")
    return f"{words.get(f'alert_{first}', first)} {rest}".rstrip()


def _part(alert: Mapping[str, Any], part: str, words: _Words) -> str:
    """Return what an alert says, in the language where that has words and the alert the facts; else as it is stored."""
    stored, first = str(alert.get(part, "")), str(alert.get("what")).split(" ", 1)[0]
    try:
        return words[f"alert_{first}_{part}"].format_map(alert)
    except KeyError:
        return stored


def _start(record: Record, words: _Words) -> Iterator[str]:
    previous = str(record.get("previous") or "first")
    yield words.get(f"start_{previous}", previous)


def _change(record: Record, words: _Words) -> Iterator[str]:
    why = record.get("why")
    yield f"{words[record['kind']]}: {why}" if why else words[record["kind"]]
    changes = record.get("changes")
    for name, pair in list(changes.items())[:_CHANGES_MAX] if isinstance(changes, dict) else ():
        before, after = pair if isinstance(pair, list) and len(pair) == 2 else ("?", pair)
        yield f"{name}: {before} → {after}"


def _fill(record: Record, words: _Words) -> Iterator[str]:
    yield f"{record.get('side')} {record.get('symbol')} {number(record.get('price'))}"
    figures = {name: number(record[name]) for name in ("quantity", "fee", "cash", "equity") if name in record}
    yield ", ".join(f"{words[name]} {figure}" for name, figure in figures.items())


def _dropped(record: Record, words: _Words) -> Iterator[str]:
    why = record.get("why")
    parts = [f"{count} {words.get(name, name)}" for name, count in why.items()] if isinstance(why, dict) else []
    yield f"{words['dropped']}: {record.get('count')} ({', '.join(parts)})"


def _digest(record: Record, words: _Words) -> Iterator[str]:
    """Say a report or a summary by what a person asks first; the rest of it is in the events."""
    what = record.get("what")
    yield f"{words[record['kind']]}{f' ({words.get(what, what)})' if what else ''}"
    for names in _DIGEST:
        figures = [(name, record[name]) for name in names if record.get(name) not in (None, "", [], {})]
        if figures:
            yield ", ".join(f"{words[f'digest_{name}']} {_plain(value)}" for name, value in figures)


# Each a line.
_DIGEST = (
    ("candles", "without_trade", "gap"),
    ("evaluations", "signals", "fills"),
    ("equity", "equity_change"),
    ("scores", "score_mean"),
    ("errors", "breaker"),
    ("rss_kib", "disk_free_mib", "fetch_ms_median"),
)

# What tells a record or a process from others.
_OF_NO_READER = ("ts", "kind", "pid", "seen_ts")


def _fields(record: Record, words: _Words) -> Iterator[str]:
    """Say any other record by its fields: what is in a report is its maker's to choose."""
    figures = [(name, value) for name, value in record.items() if name not in _OF_NO_READER]
    texts = [f"{name} {_plain(value)}" for name, value in figures if value not in (None, "", [], {})]
    yield f"{words.get(record['kind'], record['kind'])}: {', '.join(texts)}"


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_plain(each)}" for name, each in value.items()) + ")"
    if isinstance(value, list):
        return f"({len(value)})"
    return number(value)


_SAYERS: Mapping[str, Callable[[Record, _Words], Iterator[str]]] = {
    "alert": _alert,
    "alert_end": _alert_end,
    "start": _start,
    "reload": _change,
    "rollback": _change,
    "fill": _fill,
    "dropped": _dropped,
    "report": _digest,
    "summary": _digest,
}
