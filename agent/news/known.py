"""Which headlines were scored before, in bounded memory: read back from the store's own records.

Known is what stands in a source's last full answer (and in those after it that broke off), and what was scored within
`max_age_h`. What neither can tell, such
as an old item that comes back, or a process killed before its answer was recorded, is looked up among the older scores.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from agent.clock import DAY_S, seconds
from agent.news.headline import Headline, identity

SHOWN_MAX = 500
"""Identities that a feed record holds at most."""

Record = Mapping[str, Any]


def scored_since(newest_first: Iterable[Record], since_s: float, wanted: Collection[str] | None = None) -> set[str]:
    """Return the identities of the scores recorded since a moment.

    Arguments:
        newest_first: sentiment.jsonl, backward.
        wanted: only these, and no further back than until all of them are found.
    """
    found: set[str] = set()
    for record in newest_first:
        if seconds(record["ts"]) < since_s:
            break
        known = str(record["text_id"]).rpartition("-")[2]
        if wanted is None or known in wanted:
            found.add(known)
        if wanted is not None and len(found) == len(wanted):
            break
    return found


def last_answers(newest_first: Iterable[Record], wanted: set[str]) -> dict[str, Record]:
    """Return each source's newest feed record.

    Arguments:
        newest_first: feeds.jsonl, backward; of what is older it may hold only the records of those wanted.
        wanted: the sources; those found are taken out of it.
    """
    found = dict[str, Record]()
    for record in newest_first if wanted else ():
        if record["source"] in wanted:
            found[record["source"]] = record
            wanted.discard(record["source"])
            if not wanted:
                break
    return found


def last_shown(newest_first: Iterable[Record], source: str) -> Record | None:
    """Return the source's last answer that had entries; None if there never was one."""
    return next((record for record in newest_first if record["source"] == source and record["shown"]), None)


def shown_still(entries: Iterable[str], shown: Record | None) -> list[str]:
    """Return what counts as shown where an answer breaks off: its entries, and what was there before and may be still.

    So the last full answer need not be looked for, further back each time, while a feed stays broken.
    """
    return list(dict.fromkeys([*entries, *(shown["shown"] if shown else ())]))[:SHOWN_MAX]


def unsure_since(headline: Headline, shown: Record | None, floor_s: float) -> float | None:
    """Tell from when on a headline that is not known could have been scored all the same.

    Arguments:
        headline: one neither in `shown` nor scored since `floor_s`.
    Returns: seconds since 1970 UTC; None where it is new for certain.
    """
    if headline.published_s is not None:
        # It was not scored before it was published; a day is for feeds whose dates are wrong.
        since_s = max(0.0, headline.published_s - DAY_S)
    elif shown is None or len(shown["shown"]) >= SHOWN_MAX:
        since_s = 0.0
    else:
        since_s = seconds(shown["ts"])
    return since_s if since_s < floor_s else None


def once_each(headlines: Iterable[Headline]) -> dict[str, Headline]:
    """Return the headlines by identity, in their order; of the same one twice the first counts."""
    found: dict[str, Headline] = {}
    for headline in headlines:
        found.setdefault(identity(headline), headline)
    return found
