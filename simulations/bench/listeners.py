"""Light websocket clients by the thousand, in a process of their own: a heavy client would measure itself.

They are bare sockets under one epoll. A frame is looked at only as far as to tell an event from a ping and from the short
messages between events. Commands come as JSON lines on standard input, answers go to standard output:

    {"connect": 900}   → {"connected": 1000}     so many more
    {"expect": 1}      → {"ready": true}         then, when every client has one more event:
                       → {"last_ns": …, "median_ns": …}    on the clock that all processes of the machine share
"""

from __future__ import annotations

import resource
import select
import socket
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EVENT_BYTES: Final = 300
"""A message at least this long is an event; heartbeats are shorter."""
AT_ONCE: Final = 50
"""Handshakes that wait for their answers at a time: a server's backlog is not what is measured."""
PATIENCE_S: Final = 60.0
_TEXT, _PING = 0x81, 0x89
_MASKED: Final = 0x80
_NO_MASK: Final = bytes(4)
"""A mask of zeros is a mask (RFC 6455, 5.3), and leaves the payload as it is."""


class Client:
    """One socket, and what it has read of a frame that is not whole."""

    __slots__ = ("events", "rest", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.rest = b""
        self.events = 0

    def read(self) -> int:
        """Take in what has come; return how many events were whole by then.

        Raises:
            ConnectionError: the server is gone, or has thrown this client out.
        """
        data, ends = self._whole()
        found = sum(data[at] == _TEXT and end - at >= EVENT_BYTES for at, end in ends)
        self.events += found
        return found

    def texts(self) -> list[bytes]:
        """Take in what has come; return the messages that were whole by then.

        Raises:
            ConnectionError: as ``read``.
        """
        data, ends = self._whole()
        return [data[data.index(b"{", at) : end] for at, end in ends if data[at] == _TEXT]

    def _whole(self) -> tuple[bytes, list[tuple[int, int]]]:
        """Return what has come, and where in it each whole frame begins and ends; pings are answered."""
        data = self.sock.recv(65536)
        if not data:
            message = "a client was cut off"
            raise ConnectionError(message)
        data = self.rest + data
        ends, at = [], 0
        while (end := _end_of(data, at)) is not None:
            if data[at] == _PING:
                self.sock.send(frame(0x8A, data[at + 2 : end]))
            elif data[at] != _TEXT:
                message = f"a client was sent {data[at:end]!r}"
                raise ConnectionError(message)
            ends.append((at, end))
            at = end
        self.rest = data[at:]
        return data, ends


def _end_of(data: bytes, at: int) -> int | None:
    """Return where the frame that begins at ``at`` ends; None if not all of it is there."""
    if len(data) < at + 2:
        return None
    length, begin = data[at + 1], at + 2
    if length == 126:  # noqa: PLR2004 - RFC 6455, 5.2
        length, begin = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
    elif length == 127:  # noqa: PLR2004 - RFC 6455, 5.2
        length, begin = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
    return begin + length if begin + length <= len(data) else None


def frame(first: int, payload: bytes) -> bytes:
    """Return a short frame as clients send it."""
    return bytes((first, _MASKED | len(payload))) + _NO_MASK + payload


class Listeners:
    """All clients of the process."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self._clients: dict[int, Client] = {}
        self._epoll = select.epoll()
        self._epoll.register(sys.stdin.fileno(), select.EPOLLIN)
        self._wanted = 0
        self._had: list[int] = []

    def run(self) -> None:
        """Do what standard input says, until it ends; answer pings meanwhile."""
        while True:
            for fd, _ in self._epoll.poll():
                if fd == sys.stdin.fileno():
                    line = sys.stdin.buffer.readline()
                    if not line:
                        return
                    self._obey(orjson.loads(line))
                else:
                    self._hear(self._clients[fd])

    def _obey(self, said: dict[str, int]) -> None:
        if more := said.get("connect"):
            for start in range(0, more, AT_ONCE):
                self._connect(min(AT_ONCE, more - start))
                for fd, _ in self._epoll.poll(0):  # those before want their pings answered meanwhile
                    if fd in self._clients:
                        self._clients[fd].read()
            _say({"connected": len(self._clients)})
        else:
            self._had = []
            for client in self._clients.values():
                client.events = 0
            self._wanted = len(self._clients)
            _say({"ready": True})

    def _hear(self, client: Client) -> None:
        before = client.events
        if client.read() and before == 0 and self._wanted:
            self._had.append(time.monotonic_ns())
            if len(self._had) == self._wanted:
                self._wanted = 0
                _say({"last_ns": self._had[-1], "median_ns": int(statistics.median(self._had))})

    def _connect(self, count: int) -> None:
        for client in follow(self._url, [self._token] * count):
            self._clients[client.sock.fileno()] = client
            self._epoll.register(client.sock.fileno(), select.EPOLLIN)


def follow(url: str, tokens: Sequence[str]) -> list[Client]:
    """Connect a client with each of these tokens, which has heard of all until now; one with an empty token asks for nothing."""
    parts = urlsplit(url)
    made = [Client(socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_S)) for _ in tokens]
    for client, token in zip(made, tokens, strict=True):
        request = (
            f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        ).encode()
        client.sock.sendall(request)
    for client in made:
        _until_head(client)
    following = [client for client, token in zip(made, tokens, strict=True) if token]
    for client in following:
        hello = _next_text(client)
        asked = {"kind": "resume", "epoch": hello["epoch"], "after": hello["head"]}
        client.sock.sendall(frame(_TEXT, orjson.dumps(asked)))
    for client in following:
        while _next_text(client)["kind"] != "heartbeat":
            pass
    for client in made:
        client.sock.setblocking(False)
    return made


def _until_head(client: Client) -> None:
    """Read the answer to the handshake; what comes behind it is kept."""
    while b"\r\n\r\n" not in client.rest:
        client.rest += _some(client)
    head, _, client.rest = client.rest.partition(b"\r\n\r\n")
    if b" 101 " not in head.splitlines()[0]:
        message = f"refused: {head.decode(errors='replace')}"
        raise ConnectionError(message)


def _next_text(client: Client) -> dict[str, Any]:
    while True:
        while (end := _end_of(client.rest, 0)) is None:
            client.rest += _some(client)
        whole, client.rest = client.rest[:end], client.rest[end:]
        if whole[0] == _TEXT:
            found: dict[str, Any] = orjson.loads(whole[whole.index(b"{") :])
            return found


def _some(client: Client) -> bytes:
    data = client.sock.recv(65536)
    if not data:
        message = "cut off during the handshake"
        raise ConnectionError(message)
    return data


def _say(what: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(what) + b"\n")
    sys.stdout.buffer.flush()


# ---------------------------------------------------------------- from the other side


class Remote:
    """The process of clients, as a bench drives it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def started(self) -> None:
        """Return when the process is there."""
        self._answer()

    def connect(self, more: int) -> None:
        """Have so many more clients connected."""
        self._ask({"connect": more})

    def expect(self) -> None:
        """Have all clients wait for their next event."""
        self._ask({"expect": 1})

    def last_ns(self) -> int:
        """Return when the last client had its event, by ``time.monotonic_ns``."""
        found: int = self._answer()["last_ns"]
        return found

    def _ask(self, what: dict[str, int]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps(what) + b"\n")
        self._process.stdin.flush()
        self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            message = "the clients ended; what they said is above"
            raise RuntimeError(message)
        found: dict[str, Any] = orjson.loads(line)
        return found


@contextmanager
def listening(url: str, token: str = "") -> Iterator[Remote]:
    """Start a process of clients for a server; with a token they follow the feed."""
    process = subprocess.Popen(  # noqa: S603 - this very module
        [sys.executable, "-c", "from simulations.bench import listeners; listeners.main()", url, token],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        made = Remote(process)
        made.started()
        yield made
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait(PATIENCE_S)
        process.stdout.close()


def many_files() -> int:
    """Let this process, and those it starts, have as many open files as it may; return how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def main() -> None:
    """Be the process of clients for the address and token that the command line names."""
    many_files()
    _say({"connected": 0})
    Listeners(sys.argv[1], sys.argv[2]).run()
