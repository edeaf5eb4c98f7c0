"""What can be set: one schema that holds every key's default, check and explanation.

`config.py` reads a file against it; docs/config.md says the same to people, and a test keeps them in step.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from agent import clock

# A check returns what is wrong with a value, as the end of a sentence, or nothing.
Check = Callable[[Any], str | None]
# Numbers by name, in the order they were written.
Parameters = tuple[tuple[str, int | float], ...]
EXCHANGES = ("upbit", "bithumb", "coinbase", "kraken", "binance")


def key(default: Any, doc: str, check: Check | None = None) -> Any:  # noqa: ANN401 - a dataclass field of any type
    """Declare one key of the schema."""
    return field(default=default, metadata={"doc": doc, "check": check})


def _one_of(*names: str) -> Check:
    return lambda value: None if value in names else f"must be one of {', '.join(names)}"


def _between(low: int | str, high: int | str) -> Check:
    return lambda value: None if Decimal(low) <= value <= Decimal(high) else f"must be from {low} to {high}"


def _symbols(value: tuple[str, ...]) -> str | None:
    if not 1 <= len(value) <= 10 or len(set(value)) < len(value):
        return "must name 1 to 10 markets, each once"
    odd = [name for name in value if not re.fullmatch("[A-Za-z0-9]+([-/][A-Za-z0-9]+)*", name)]
    return f"{odd[0]!r} is no market such as KRW-BTC" if odd else None


def _like(pattern: str, what: str) -> Check:
    return lambda value: None if re.fullmatch(pattern, value) else f"must {what}"


_strategy = _like("sma_cross|sma_rsi|rsi|file:/[^\0\n]*", "be one of sma_cross, sma_rsi, rsi, file:/PATH.py")
_offset = _like(clock.OFFSET, f"be an offset from UTC {clock.OFFSETS}")
_folder = _like("(/[^\0\n]*)?", "be a path from / on")
_time_of_day = _like("([01][0-9]|2[0-3]):[0-5][0-9]", "be a time of day such as 09:00")
_time_or_nothing = _like("(([01][0-9]|2[0-3]):[0-5][0-9])?", "be a time of day such as 09:00")


def web_address(value: str) -> str | None:
    """Return what is wrong with an address, if anything."""
    from agent.address import mistake  # the defaults are right

    return mistake(value)


def _interval(value: str) -> str | None:
    return None if minutes(value) else "must be minutes or hours that divide a day, such as 5m or 1h"


def minutes(value: str) -> int:
    """Return the minutes of an interval such as "5m" or "1h", 0 where it does not divide a day."""
    total_min = int(value[:-1]) * {"m": 1, "h": 60}[value[-1]] if re.fullmatch("[0-9]{1,4}[mh]", value) else 0
    return total_min if total_min and 1440 % total_min == 0 else 0


@dataclass(frozen=True, slots=True)
class Fallback:
    """An exchange to turn to while the first is down."""

    source: str = key("", "the exchange", _one_of(*EXCHANGES))
    symbols: tuple[str, ...] = key((), "its markets; left out: the first's", lambda names: names and _symbols(names))


@dataclass(frozen=True, slots=True)
class Market:
    """Where prices come from."""

    source: str = key("upbit", f"{', '.join(EXCHANGES)}; or `demo`, built in", _one_of(*EXCHANGES, "demo"))
    symbols: tuple[str, ...] = key(("KRW-BTC",), "1 to 10 markets, as the exchange calls them", _symbols)
    fallback: tuple[Fallback, ...] = key((), "a list of {source, symbols?}, tried in order while the first is down")
    upbit_url: str = key("https://api.upbit.com", "Upbit's base address; change it for a proxy or a test", web_address)
    bithumb_url: str = key("https://api.bithumb.com", "Bithumb's", web_address)
    coinbase_url: str = key("https://api.exchange.coinbase.com", "Coinbase Exchange's", web_address)
    kraken_url: str = key("https://api.kraken.com", "Kraken's", web_address)
    binance_url: str = key("https://api.binance.com", "Binance's", web_address)
    demo_speed: Decimal = key(Decimal(1), "how fast the clock runs with the demo market", _between("0.001", 100_000))
    demo_seed: int = key(1, "which demo market: another number gives other prices", _between(0, 2**31))


@dataclass(frozen=True, slots=True)
class Strategy:
    """How prices become signals."""

    name: str = key("sma_cross", "`sma_cross`, `sma_rsi`, `rsi` or `file:/PATH.py`, your own", _strategy)
    fast: int = key(5, "minutes of the fast average", _between(1, 10_000))
    slow: int = key(20, "minutes of the slow average", _between(2, 10_000))
    rsi: int = key(14, "minutes of the RSI; only rules with an RSI use it", _between(2, 10_000))
    rsi_oversold: Decimal = key(Decimal(30), "below this RSI a market is oversold", _between(0, 100))
    rsi_overbought: Decimal = key(Decimal(70), "above this RSI a market is overbought", _between(0, 100))
    parameters: Parameters = key((), "numbers for your own strategy, such as {length = 30}")


@dataclass(frozen=True, slots=True)
class Schedule:
    """What happens when."""

    price: str = key("1m", "how often prices are fetched", _interval)
    signal: str = key("5m", "how often a signal is decided", _interval)
    report: str = key("1h", "how often a report is made", _interval)
    cleanup: str = key("00:00", "when the day is summed up, backed up and cleaned up after", _time_of_day)
    session_open: str = key("09:00", 'from when signals are decided; both "": always', _time_or_nothing)
    session_close: str = key("23:00", "until when, not included; before the opening: over midnight", _time_or_nothing)
    zone: str = key("+09:00", "the market's offset from UTC", _offset)
    order: tuple[str, ...] = key((), "further rules for jobs due together, such as `upload after cleanup`")

    @property
    def timezone(self) -> timezone:
        """The zone in which hours and days are meant."""
        return clock.zone(self.zone)


@dataclass(frozen=True, slots=True)
class Bank:
    """Paper money."""

    cash: Decimal = key(Decimal(10_000_000), "deposited at the very first start, and never again", _between(0, 10**15))
    fee_rate: Decimal = key(Decimal("0.0005"), "the exchange's fee, as a part of the amount", _between(0, "0.5"))
    slippage_rate: Decimal = key(Decimal("0.0005"), "how much worse than its signal a fill is", _between(0, "0.5"))
    order_amount: Decimal = key(Decimal(50_000), "what one BUY spends, fee included", _between("0.00000001", 10**15))


@dataclass(frozen=True, slots=True)
class NewsFeed:
    """One source of headlines."""

    name: str = key("", "what its records call it")
    url: str = key("", "its address, http or https; `demo:` gives built-in sample headlines")
    lang: str = key("", "ko or en where the headlines are all in one language", _one_of("", "ko", "en"))
    format: str = key("", "found out where empty, but for `html`", _one_of("", "rss", "atom", "json", "gdelt", "html"))
    item: str = key("", "for pages: selects the entries, as in `div.rank li`; tags, .classes, #ids, spaces between")
    title: str = key("", "for pages: selects the title inside an entry; the entry's text if empty")
    link: str = key("", "for pages: selects the link inside an entry; its first if empty")


FEEDS = (
    NewsFeed("yna-economy", "https://www.yna.co.kr/rss/economy.xml", "ko"),
    NewsFeed("yna-market", "https://www.yna.co.kr/rss/market.xml", "ko"),
    NewsFeed("hankyung-finance", "https://www.hankyung.com/feed/finance", "ko"),
    NewsFeed("mk-stock", "https://www.mk.co.kr/rss/50200011/", "ko"),
    NewsFeed("blockmedia", "https://www.blockmedia.co.kr/feed", "ko"),
    NewsFeed("coindesk", "https://www.coindesk.com/arc/outboundfeeds/rss/", "en"),
    NewsFeed("cointelegraph", "https://cointelegraph.com/rss", "en"),
)


@dataclass(frozen=True, slots=True)
class News:
    """Where headlines come from."""

    feeds: tuple[NewsFeed, ...] = key(FEEDS, "a list of {name, url, lang?, format?, item?, title?, link?}")
    max_age_h: int = key(48, "how long a headline is remembered that has left its feed", _between(1, 24 * 366))
    deadline_s: int = key(240, "how long one run may take", _between(1, 3600))
    keep_titles: bool = key(True, "whether records hold title and link")


@dataclass(frozen=True, slots=True)
class Telegram:
    """Messages and commands by Telegram."""

    enabled: bool = key(False, "whether messages are sent and commands are taken; see alerts.md")
    url: str = key("https://api.telegram.org", "Telegram's base address", web_address)
    report: bool = key(False, "whether the hourly report is sent too")
    lang: str = key("en", "what is said is in English, `en`, or Korean, `ko`", _one_of("en", "ko"))


@dataclass(frozen=True, slots=True)
class Webhook:
    """Messages by HTTP."""

    url: str = key("", "where events are posted; a secret one: MOSS_WEBHOOK_URL", lambda url: url and web_address(url))


@dataclass(frozen=True, slots=True)
class Report:
    """The hourly report."""

    prometheus: str = key(
        "", "a file for node_exporter; see alerts.md", _like(r"(/[^\0\n]+\.prom)?", "be /FOLDER/NAME.prom")
    )


@dataclass(frozen=True, slots=True)
class Watch:
    """When the bot tells an alert of itself."""

    disk_free_mib_min: int = key(200, "less room on the disk is an alert", _between(1, 10**6))
    rss_mib_max: int = key(56, "more resident memory is an alert", _between(1, 10**6))
    price_min_max: int = key(10, "minutes without an answer from the exchange until it is one", _between(1, 10**6))
    scorer_min_max: int = key(45, "minutes without a run of the scorer until it is one", _between(1, 10**6))


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """How records are kept."""

    durable: bool = key(True, "whether a record is on the disk before it counts as stored; false risks a power cut")
    checksum: bool = key(True, "whether each line ends with its checksum")
    keep_d: int = key(0, "days of records, not events or ledger, kept once backed up; 0: for ever", _between(0, 36_500))


@dataclass(frozen=True, slots=True)
class Backup:
    """Copies of the records."""

    folder: str = key("", "where each midnight's backup goes, not in the data folder; empty: none", _folder)
    keep_d: int = key(14, "days that backups are kept", _between(1, 10_000))


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set; `path` is the file it came from, None for the built-in defaults."""

    market: Market = field(default_factory=Market)
    strategy: Strategy = field(default_factory=Strategy)
    schedule: Schedule = field(default_factory=Schedule)
    bank: Bank = field(default_factory=Bank)
    news: News = field(default_factory=News)
    telegram: Telegram = field(default_factory=Telegram)
    webhook: Webhook = field(default_factory=Webhook)
    report: Report = field(default_factory=Report)
    watch: Watch = field(default_factory=Watch)
    store: StoreSettings = field(default_factory=StoreSettings)
    backup: Backup = field(default_factory=Backup)
    path: Path | None = None
