"""What an alert says: what is the matter, what moss does meanwhile, and what its owner can do."""

from collections.abc import Mapping

_WORDS = {
    "clock": (
        "{message}",
        "goes by its own clock, and takes no candle that goes on there",
        "`timedatectl set-ntp true` keeps it right",
    ),
    "config": ("{message}", "{doing}", "mend what it names; the file is taken again by itself"),
    "disk": (
        "the disk of {folder} has {free_mib} MiB left",
        "goes on recording; what can wait, such as backups on it, waits",
        "make room, or set [backup] folder on another disk and [store] keep_d",
    ),
    "downtime": (
        "nothing was recorded in the {silent_min} minutes before this start",
        "fetches the candles of that time; what the exchange no longer has becomes a `gap` event",
        "see `journalctl -u moss-bot` if you do not know why",
    ),
    "memory": (
        "the bot holds {rss_mib} MiB of memory",
        "goes on; above the unit's MemoryMax it is started anew",
        "restart it at leisure; a strategy of your own may keep more and more",
    ),
    "paused": (
        "paper trading was paused by {by}",
        "goes on recording prices and signals, and fills none of them",
        "`moss bot resume` ends it",
    ),
    "prices": (
        "no answer with prices for {age_min} minutes",
        "asks again each minute, and fetches what is missing once it is answered",
        "`moss status` has the last error; [market] fallback names others to ask meanwhile",
    ),
    "scorer": (
        "sentiment.py has stored nothing for {age_min} minutes",
        "goes on: the two never wait for each other",
        "look at cron, and at `journalctl -u moss-sentiment`",
    ),
    "time": (
        "the network last set this machine's clock {age_h} hours ago",
        "goes on, and compares its clock with each answer of the exchange",
        "see `timedatectl status`, and whether port 123 is open",
    ),
}


def words_for(what: str, facts: Mapping[str, object]) -> dict[str, str]:
    """Return message, doing and advice of an alert.

    Arguments:
        what: its name; the first word chooses.
        facts: what the words speak of.
    """
    names = ("message", "doing", "advice")
    return {name: text.format_map(facts) for name, text in zip(names, _WORDS[what.split()[0]], strict=True)}
