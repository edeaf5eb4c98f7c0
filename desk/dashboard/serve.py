"""`python -m desk serve`: the server, from the command line or handed its socket by systemd."""

import argparse
import asyncio
import ipaddress
import os
import resource
import signal
import socket
import time
from collections.abc import Mapping, Sequence

import uvicorn

from agent.console import say
from agent.errors import ConfigError, MossError, UsageError
from agent.folder import find_data
from agent.secret import secret
from desk.dashboard.application import Desk
from desk.dashboard.connection import Connection
from desk.dashboard.guard import TOKEN_LENGTH_MIN

TOKEN = "MOSS_DESK_TOKEN"  # noqa: S105 - the name of it
PORT = 8001
_FIRST_DESCRIPTOR = 3
_FILES_WANTED = 4096
_EPILOG = f"""\
From another computer: ssh -L {PORT}:127.0.0.1:{PORT} BOX, then http://localhost:{PORT} there. On another address than
this machine's own, or under another name, it asks each visitor for a token: {TOKEN} in the environment or as a systemd
credential, {TOKEN_LENGTH_MIN} characters or more. It opens nothing for writing. docs/desk.md tells more, with examples
for nginx and Caddy.
"""


class NotListening(MossError):
    """The system does not let the desk listen there: whoever starts it names another port, or ends what holds this."""


def main(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Serve until a signal comes, or until nobody has looked for a while; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        sockets = _sockets(options, environ)
        token = _token(environ)
        for each in sockets:
            if not token and (options.name or not _is_own(each)):
                raise UsageError(f"an address or a name that others can reach needs a token: set {TOKEN}")
        asyncio.run(_serve(options, sockets, token, environ))
    except MossError as error:
        say(str(error))
        return error.exit_status
    return 0


async def _serve(
    options: argparse.Namespace, sockets: list[socket.socket], token: str, environ: Mapping[str, str]
) -> None:
    folder = find_data(options.data, environ)
    if not folder.path.is_dir():
        say(f"{folder.path}: there is no such data folder yet; the page is empty until the bot makes it")
    elif not os.access(folder.path, os.R_OK | os.X_OK, effective_ids=True):
        say(f"{folder.path}: no permission to read it; join the group of its owner (moss on a VPS)")
    visit = Visit()
    desk = Desk(folder, time.time, options.name, token, visit.note)
    server = DeskServer(desk, visit, options.idle_exit_s)
    where = ", ".join(_address(each) for each in sockets)
    say(f"the desk reads {folder.path} and is at {where}{'; it asks for the token' if token else ''}")
    # When it has ended, the server repeats the signal that ended it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
    await server.serve(sockets)


class Visit:
    """When somebody was last here."""

    def __init__(self) -> None:
        self.last_s = time.monotonic()

    def note(self) -> None:
        """Take note that somebody is here now."""
        self.last_s = time.monotonic()


class DeskServer(uvicorn.Server):
    """The server, which ends by itself when nobody has looked for a while.

    Arguments:
        idle_exit_s: how long that is, in seconds; 0: never.
    """

    def __init__(self, desk: Desk, visit: Visit, idle_exit_s: float) -> None:
        super().__init__(
            uvicorn.Config(
                desk.app,
                http=Connection,
                ws="websockets-sansio",
                loop="asyncio",
                lifespan="off",
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                h11_max_incomplete_event_size=16_384,
                ws_max_size=4096,
                ws_per_message_deflate=False,
                ws_ping_interval=15,
                ws_ping_timeout=20,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=3,
            )
        )
        self._desk = desk
        self._visit = visit
        self._idle_exit_s = idle_exit_s

    async def on_tick(self, counter: int) -> bool:
        """End the desk that nobody has looked at for so long; uvicorn asks ten times a second."""
        # What the start took does not count: before the first tick nobody could be let in.
        if not counter or self._desk.hub.visitors:
            self._visit.note()
        idle_s = time.monotonic() - self._visit.last_s
        if self._idle_exit_s and idle_s > self._idle_exit_s and not self.should_exit:
            say(f"nobody has looked for {idle_s:.0f} s; ending")
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._desk.hub.close()
        await super().shutdown(sockets)


def _sockets(options: argparse.Namespace, environ: Mapping[str, str]) -> list[socket.socket]:
    """Return systemd's sockets, else one of our own; more of them may be open than the system's usual 1024."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if usual < _FILES_WANTED:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(_FILES_WANTED, most), most))
    if environ.get("LISTEN_PID") == str(os.getpid()):
        count = int(environ.get("LISTEN_FDS", "0"))
        return [socket.socket(fileno=_FIRST_DESCRIPTOR + number) for number in range(count)]
    try:
        family, kind, number, _, place = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, number)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(128)
    except OSError as error:
        what = f"cannot listen on {options.host}, port {options.port}: {error.strerror}"
        if isinstance(error, socket.gaierror):
            raise UsageError(what) from error
        raise NotListening(f"{what}; name another with --port, or end what is there") from error
    return [listening]


def _is_own(listening: socket.socket) -> bool:
    """Tell whether only this machine can reach it."""
    if listening.family == socket.AF_UNIX:
        return True
    return ipaddress.ip_address(listening.getsockname()[0]).is_loopback


def _address(listening: socket.socket) -> str:
    if listening.family == socket.AF_UNIX:
        return str(listening.getsockname())
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _token(environ: Mapping[str, str]) -> str:
    """Return the token, "" where none is set; raises ConfigError when it could be guessed."""
    token = secret(TOKEN, environ)
    if token and (len(token) < TOKEN_LENGTH_MIN or not token.isascii() or not token.isprintable()):
        raise ConfigError(f"{TOKEN}: must be {TOKEN_LENGTH_MIN} plain characters or more: openssl rand -hex 16")
    return token


def _port(text: str) -> int:
    """Read a port; one that is too high would be taken as another, 65,536 lower."""
    port = int(text)
    if not 0 <= port <= 65_535:
        raise ValueError(text)
    return port


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m desk serve",
        description="Show what moss recorded in a browser.",
        epilog=_EPILOG,
        formatter_class=form,
    )
    parser.add_argument("--data", metavar="DIR", help="the data folder; found as the bot finds it")
    parser.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="where to listen (127.0.0.1)")
    parser.add_argument(
        "--port", metavar="PORT", type=_port, default=PORT, help=f"the port ({PORT}); 0 takes a free one"
    )
    parser.add_argument(
        "--name", metavar="HOST", action="append", default=[], help="a name visitors use, such as desk.example.org"
    )
    parser.add_argument(
        "--idle-exit-s", metavar="SECONDS", type=float, default=0, help="end when nobody has looked that long (never)"
    )
    return parser
