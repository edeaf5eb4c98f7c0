"""A loopback server that misbehaves on purpose, byte by byte, below what an HTTP library could be made to do."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from types import TracebackType

Act = Callable[[socket.socket, threading.Event], None]


class TroubleServer:
    """Does one act on each connection, in turn and the last for ever; `connections` counts them.

    Arguments:
        acts: each gets the connection, after the request's head has come, and an event that is set at the end.
        tls: what to wrap each connection with, if anything.
        patient: False to act without waiting for a request.
    """

    def __init__(self, *acts: Act, tls: ssl.SSLContext | None = None, patient: bool = True) -> None:
        self.connections = 0
        self._acts = acts
        self._tls = tls
        self._patient = patient
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if tls else "http"
        self.address: tuple[str, int] = self._listener.getsockname()
        self.url = f"{scheme}://127.0.0.1:{self.address[1]}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> "TroubleServer":
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        # Closing a listening socket does not wake the thread that accepts on it: shutting it down does.
        self._listener.shutdown(socket.SHUT_RDWR)
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            act = self._acts[min(self.connections, len(self._acts) - 1)]
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection, act))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, act: Act) -> None:
        connection.settimeout(5)
        # A client that has had enough breaks off; that is what most of these acts provoke.
        with contextlib.suppress(OSError), connection:
            wrapped = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            with wrapped:
                if self._patient:
                    read_head(wrapped)
                act(wrapped, self._over)


def read_head(connection: socket.socket) -> bytes:
    """Read a request to the empty line that ends its head."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(4096)
        if not piece:
            raise ConnectionResetError
        head += piece
    return head


def hang(_connection: socket.socket, over: threading.Event) -> None:
    """Say nothing at all."""
    over.wait(30)


def say(raw: bytes) -> Act:
    """Send these bytes and close."""

    def act(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(raw)

    return act


def drip(start: bytes, drop: bytes, *, interval_s: float = 0.1, drops_max: int = 300) -> Act:
    """Send the start, then a drop at each interval, each in time for a timeout that counts from the last one."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        for _ in range(drops_max):
            if over.wait(interval_s):
                return
            connection.sendall(drop)

    return act


def flood(start: bytes, wave: bytes, waves: int) -> Act:
    """Send the start, then that many waves, as fast as they are taken."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        for _ in range(waves):
            if over.is_set():
                return
            connection.sendall(wave)

    return act


def reset(raw: bytes) -> Act:
    """Send these bytes, then break the connection off with RST in place of an end."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(raw)
        # Time for the bytes to be read, since a reset throws away what lies unread.
        over.wait(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return act


@contextlib.contextmanager
def refusing_url() -> Iterator[str]:
    """Hold a port on which nothing listens, so that nobody else can begin to meanwhile."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{holder.getsockname()[1]}/"


class DeafListener:
    """A port whose queue of new connections is full: connecting to it hangs, as to a host behind a silent firewall."""

    def __init__(self) -> None:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._fillers: list[socket.socket] = []

    def __enter__(self) -> "DeafListener":
        for _ in range(4):
            filler = socket.socket()
            filler.settimeout(0)
            filler.connect_ex(self._listener.getsockname())
            self._fillers.append(filler)
        return self

    def __exit__(self, *details: object) -> None:
        for filler in self._fillers:
            filler.close()
        self._listener.close()
