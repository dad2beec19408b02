"""Servers that do nothing but tell everybody, to compare the feed with.

Each listens for websockets on a free port and for datagrams on another; both ports go to standard output. A datagram is what
everybody is told. ``picows`` writes a frame to each; ``broadcast`` is that of websockets; ``queue`` is a route under FastAPI
and uvicorn with a queue for each client, from which it sends by ``send_text``; ``send`` writes one frame to each socket, and
looks at nothing.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import orjson
import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from typing_extensions import override
from websockets.asyncio.server import ServerConnection, broadcast, serve

from app.delivery.frames import framed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

BACKLOG: Final = 1024
TEXT: Final = 0x81
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_YES: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
)
LARGEST_DATAGRAM: Final = 65_000


class _Told(asyncio.DatagramProtocol):
    def __init__(self, tell: Callable[[bytes], None]) -> None:
        self._tell = tell

    @override
    def datagram_received(self, data: bytes, addr: object) -> None:
        self._tell(data)


async def _announce(sock: socket.socket, tell: Callable[[bytes], None]) -> None:
    loop = asyncio.get_running_loop()
    told, _ = await loop.create_datagram_endpoint(lambda: _Told(tell), local_addr=("127.0.0.1", 0))
    port = told.get_extra_info("sockname")[1]
    print(orjson.dumps([sock.getsockname()[1], port]).decode(), flush=True)


async def _picows(sock: socket.socket) -> None:
    import picows

    clients: set[Any] = set()

    class Listener(picows.WSListener):  # type: ignore[misc, unused-ignore]  # compiled
        @override
        def on_ws_connected(self, transport: Any) -> None:
            clients.add(transport)

        @override
        def on_ws_disconnected(self, transport: Any) -> None:
            clients.discard(transport)

    def tell(data: bytes) -> None:
        for client in clients:
            client.send(picows.WSMsgType.TEXT, data)

    server = await picows.ws_create_server(lambda _request: Listener(), sock=sock, backlog=BACKLOG)
    await _announce(sock, tell)
    await server.serve_forever()


async def _broadcast(sock: socket.socket) -> None:
    clients: set[ServerConnection] = set()

    async def handle(connection: ServerConnection) -> None:
        clients.add(connection)
        try:
            await connection.wait_closed()
        finally:
            clients.discard(connection)

    async with serve(handle, sock=sock, compression=None, ping_interval=None, backlog=BACKLOG) as server:
        await _announce(sock, lambda data: broadcast(clients, data.decode()))
        await server.serve_forever()


class _Greeting(asyncio.Protocol):
    """Says yes to a handshake, and hears nothing else."""

    def __init__(self, clients: set[int]) -> None:
        self._clients = clients
        self._fd = -1

    @override
    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._fd = transport.get_extra_info("socket").fileno()

    @override
    def data_received(self, data: bytes) -> None:
        if self._fd not in self._clients:
            key = data.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
            accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())  # noqa: S324 - RFC 6455, 4.2.2
            self._transport.write(_YES % accept)
            self._clients.add(self._fd)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._clients.discard(self._fd)


async def _send(sock: socket.socket) -> None:
    clients: set[int] = set()

    def tell(data: bytes) -> None:
        sent = framed(TEXT, data)
        write = os.write
        for client in clients:
            write(client, sent)

    server = await asyncio.get_running_loop().create_server(lambda: _Greeting(clients), sock=sock, backlog=BACKLOG)
    await _announce(sock, tell)
    await server.serve_forever()


class _Server(uvicorn.Server):
    """Uvicorn's, that leaves signals to us."""

    @override
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def _queue(sock: socket.socket) -> None:
    app = FastAPI()
    queues: set[asyncio.Queue[str]] = set()

    @app.websocket("/")
    async def follow(websocket: WebSocket) -> None:
        await websocket.accept()
        queue: asyncio.Queue[str] = asyncio.Queue()
        queues.add(queue)
        try:
            with suppress(WebSocketDisconnect):
                while True:
                    await websocket.send_text(await queue.get())
        finally:
            queues.discard(queue)

    def tell(data: bytes) -> None:
        text = data.decode()
        for queue in queues:
            queue.put_nowait(text)

    await _announce(sock, tell)
    config = uvicorn.Config(
        app, ws="websockets-sansio", http="httptools", lifespan="off", log_config=None, access_log=False,
        ws_per_message_deflate=False, ws_ping_interval=None, backlog=BACKLOG,
    )  # fmt: skip
    await _Server(config).serve([sock])


KINDS: Final = {"picows": _picows, "broadcast": _broadcast, "queue": _queue, "send": _send}


class Bare:
    """A bare server in a process of its own."""

    def __init__(self, pid: int, url: str, told: tuple[str, int]) -> None:
        self.pid = pid
        self.url = url
        self._told = told
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def tell(self, text: bytes) -> None:
        """Have everybody told."""
        self._sock.sendto(text, self._told)

    def close(self) -> None:
        """Let go of the socket."""
        self._sock.close()


@contextmanager
def bare_server(kind: str) -> Iterator[Bare]:
    """Start one of ``KINDS``.

    Raises:
        RuntimeError: it did not start.
    """
    process = subprocess.Popen(  # noqa: S603 - this very module
        [sys.executable, "-c", "from simulations.bench import bare; bare.main()", kind], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            message = f"the bare server {kind} did not start"
            raise RuntimeError(message)
        port, told = orjson.loads(line)
        made = Bare(process.pid, f"ws://127.0.0.1:{port}/", ("127.0.0.1", told))
        yield made
        made.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        process.stdout.close()


def main() -> None:
    """Serve as the kind that the command line names, until ended."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # thousands of clients are not taken leave of
    sock = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(KINDS[sys.argv[1]](sock))
