"""What the bot meets outside on its day: an exchange, a chat, a webhook, a watcher and a bucket, each over TLS."""

import math
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from ssl import SSLContext
from typing import Any

import certifi

from tests.fakes.bucket import Bucket
from tests.fakes.certificate import server_context
from tests.fakes.exchange import FakeUpbit
from tests.fakes.server import LocalServer, Reply, Request
from tests.fakes.telegram import OWNER, TOKEN, FakeTelegram

# Where `struct tcp_info` of Linux has the bytes that were acknowledged and received, as two of 64 bits.
_BYTES_AT, _INFO_BYTES = 120, 136
# When the exchange is down, of each day in UTC: long enough for an alert, and for its end.
DAY_S, DOWN_FROM_S, DOWN_S = 86_400, 20_000, 1_500


@dataclass
class Traffic:
    """What went over one server's connections, TLS included, the heads of TCP and IP not."""

    bytes: int = 0

    def count(self, connection: socket.socket) -> None:
        """Add a connection that is about to be closed."""
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
        self.bytes += sum(struct.unpack_from("=QQ", info, _BYTES_AT))


class Outside:
    """All of it on 127.0.0.1, each on a port of its own, while `open` lasts.

    `certificates` are to be trusted: those of the world, as they take memory and time too, and its own.

    Arguments:
        folder: where the certificate goes.
    """

    def __init__(self, folder: Path) -> None:
        self.certificates = folder / "certificates.pem"
        self.exchange = FakeUpbit(_close)
        self.exchange.trouble = self._be_itself
        self.telegram, self.bucket = FakeTelegram(), Bucket()
        self.webhook, self.watcher = LocalServer(lambda _: Reply()), LocalServer(lambda _: Reply())
        context = server_context(folder)
        ours = (folder / "certificate.pem").read_text(encoding="ascii")
        self.certificates.write_text(Path(certifi.where()).read_text(encoding="utf-8") + ours, encoding="utf-8")
        self.traffic = {
            name: _over_tls(server, context)
            for name, server in (
                *(("exchange", self.exchange.server), ("telegram", self.telegram.server), ("webhook", self.webhook)),
                *(("watcher", self.watcher), ("bucket", self.bucket.server)),
            )
        }

    @contextmanager
    def open(self) -> Iterator["Outside"]:
        """Answer while the block lasts."""
        with ExitStack() as stack:
            for each in (self.exchange.server, self.telegram, self.webhook, self.watcher, self.bucket):
                stack.enter_context(each)
            yield self

    def config(self, folder: Path) -> str:
        """Return a configuration that has everything on."""
        return "\n".join(
            (
                *("[market]", f'upbit_url = "{self.exchange.server.url}"'),
                *("[telegram]", "enabled = true", f'url = "{self.telegram.url}"', "report = true"),
                *("[webhook]", f'url = "{self.webhook.url}/hook"'),
                *("[report]", f'prometheus = "{folder}/moss.prom"'),
                *("[backup]", f'folder = "{folder}/backups"', ""),
            )
        )

    def secrets(self) -> dict[str, str]:
        """Return the secrets that belong to it."""
        return {
            "MOSS_TELEGRAM_TOKEN": TOKEN,
            "MOSS_TELEGRAM_CHAT": str(OWNER),
            "MOSS_PING_URL": f"{self.watcher.url}/ping",
            "MOSS_BACKUP_URL": self.bucket.url,
        }

    def calls(self) -> dict[str, int]:
        """Return how often each was asked."""
        servers = (self.exchange.server, self.telegram.server, self.webhook, self.watcher, self.bucket.server)
        return {name: len(each.requests) for name, each in zip(self.traffic, servers, strict=True)}

    def _be_itself(self, request: Request) -> Reply | None:
        """Let the exchange's clock be the bot's, as it asks for whole minutes; and be down for a while."""
        asked_s = datetime.fromisoformat(request.query["to"]).timestamp() if "to" in request.query else time.time()
        self.exchange.now_s = lambda: asked_s + 5.0
        return Reply(503) if DOWN_FROM_S <= asked_s % DAY_S < DOWN_FROM_S + DOWN_S else None


def _over_tls(server: LocalServer, context: SSLContext) -> Traffic:
    """Wrap a server that does not serve yet; returns what will have gone over it."""
    traffic, inner = Traffic(), server._server  # noqa: SLF001 - a fake's own
    inner.socket = context.wrap_socket(inner.socket, server_side=True)
    server.url = server.url.replace("http:", "https:")
    shut = inner.shutdown_request

    def counted(connection: Any) -> None:  # noqa: ANN401 - what the library hands on
        traffic.count(connection)
        shut(connection)

    vars(inner)["shutdown_request"] = counted
    return traffic


def _close(_symbol: str, at_s: int) -> float | None:
    return round(98e6 + 4e5 * math.sin(at_s / 4000), -3) if at_s // 60 % 29 else None
