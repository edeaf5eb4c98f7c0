"""Commands into the machine, by its guest agent, and words to the emulator itself: both JSON on a socket."""

import base64
import json
import socket
import time
from pathlib import Path
from typing import Any, NamedTuple

POLL_S = 0.1


class Done(NamedTuple):
    """What a command inside said, and how it ended."""

    returncode: int
    stdout: str


class NoAnswer(Exception):
    """The other end did not answer in time, or said that something failed."""


class Line:
    """One socket of JSON lines, connected anew after trouble.

    Arguments:
        path: where the emulator listens.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._rest = b""

    def close(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket, self._rest = None, b""

    def ask(self, command: str, limit_s: float = 20, **arguments: object) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Send a command and return what is answered; raises NoAnswer."""
        try:
            self.connected(limit_s).sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
            while True:
                answer = json.loads(self.read(limit_s))
                if "error" in answer:
                    raise NoAnswer(f"{command}: {answer['error']['desc']}")
                if "return" in answer:
                    return answer["return"]
        except OSError as error:
            self.close()
            raise NoAnswer(f"{command}: {error}") from error

    def connected(self, limit_s: float) -> socket.socket:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(limit_s)
            self._socket.connect(str(self._path))
            self.greet(limit_s)
        self._socket.settimeout(limit_s)
        return self._socket

    def greet(self, limit_s: float) -> None:
        """Say what has to be said first."""
        raise NotImplementedError

    def read(self, limit_s: float, end: bytes = b"\n") -> bytes:
        """Return the next line; raises OSError, and TimeoutError after so long."""
        assert self._socket
        stop_s = time.monotonic() + limit_s
        while end not in self._rest:
            self._socket.settimeout(max(0.01, stop_s - time.monotonic()))
            chunk = self._socket.recv(65536)
            if not chunk:
                raise ConnectionError("closed")
            self._rest += chunk
        line, _, self._rest = self._rest.partition(end)
        return line


class Monitor(Line):
    """The emulator's own ear."""

    def greet(self, limit_s: float) -> None:
        self.read(limit_s)
        self.ask("qmp_capabilities", limit_s)

    def say(self, command: str, limit_s: float = 120) -> str:
        """Give a command of the human monitor; raises NoAnswer with what it says, which is only trouble."""
        said = self.ask("human-monitor-command", limit_s, **{"command-line": command})
        if said.strip():
            raise NoAnswer(f"{command}: {said.strip()}")
        return str(said)


class Agent(Line):
    """The guest agent, inside."""

    def greet(self, limit_s: float) -> None:
        # What an earlier connection left unread ends at a byte that occurs in no JSON.
        number = time.monotonic_ns() % 1_000_000_000
        asked = {"execute": "guest-sync-delimited", "arguments": {"id": number}}
        assert self._socket
        self._socket.sendall(b"\xff" + json.dumps(asked).encode() + b"\n")
        self.read(limit_s, b"\xff")
        # What was asked by a connection that gave up, with its own byte, may be answered first.
        while json.loads(self.read(limit_s).lstrip(b"\xff")).get("return") != number:
            continue

    def is_there(self) -> bool:
        """Whether it answers now."""
        try:
            self.ask("guest-ping", 2)
        except (NoAnswer, ValueError):
            self.close()
            return False
        return True

    def run(self, command: str, limit_s: float = 60) -> Done:
        """Run a line of shell as root; raises NoAnswer."""
        shell = {"path": "/bin/sh", "arg": ["-c", f"exec 2>&1; {command}"], "capture-output": True}
        pid = self.ask("guest-exec", limit_s, **shell)["pid"]
        stop_s = time.monotonic() + limit_s
        while time.monotonic() < stop_s:
            state = self.ask("guest-exec-status", limit_s, pid=pid)
            if state["exited"]:
                said = base64.b64decode(state.get("out-data", "")).decode(errors="replace").strip()
                return Done(state.get("exitcode", 128 + state.get("signal", 0)), said)
            time.sleep(POLL_S)
        raise NoAnswer(f"{command}: not done within {limit_s} s")

    def now_s(self) -> float:
        """Return the time inside."""
        return int(self.ask("guest-get-time")) / 1e9

    def set_clock(self, moment_s: float) -> None:
        """Set the time inside; its hardware's clock too, as a time server's answer in the end does."""
        self.ask("guest-set-time", time=int(moment_s * 1e9))
