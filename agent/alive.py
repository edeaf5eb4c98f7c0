"""Being alive: the word to systemd, and what /proc says of this process."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


def notify(state: str, environ: Mapping[str, str] = os.environ) -> None:
    """Tell systemd, as sd_notify does; without a NOTIFY_SOCKET, or with a dead one, nothing happens.

    Arguments:
        state: such as "READY=1" or "STATUS=BUY KRW-BTC", several divided by line feeds.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    # systemd may miss the word and act by its own watchdog: nothing this process could do is better.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as word:
        word.settimeout(1.0)
        if address:
            word.sendto(state.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)


def rss_kib() -> int | None:
    """Return this process's resident memory in KiB, None where /proc tells nothing.

    Cost: microseconds; /proc/self/smaps_rollup is right to the page, and walks all of them each time.
    """
    with suppress(OSError), open("/proc/self/statm", encoding="ascii") as pages:
        return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 10
    return None


def boot_id() -> str | None:
    """Return the id that this boot of the machine has and no other, None where /proc tells nothing."""
    with suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as source:
        return source.read().strip()
    return None
