"""The ways out to one reader: a ready frame written to the connection's transport, or, under another server, ``send_text``.

``FanoutProtocol`` is uvicorn's own protocol on ``websockets``' state machine, and hands itself to the route. On a connection
that it serves, everything the feed says is written here: uvicorn's ``send`` is left to the handshake, for it would deflate
in a context of its own between our frames. Pings, pongs and closing frames have no such context, and stay with it.

It leans on the inside of uvicorn 0.54 (pinned); a test checks frames of many sizes with two client libraries.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import structlog
from starlette.websockets import WebSocketDisconnect
from typing_extensions import override
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory

from app.delivery.frames import WINDOW_BITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.websockets import WebSocket

    from app.delivery.frames import Burst

MOST_WAITING: Final = 1 << 18
"""Bytes that may wait for one reader. Who has more to catch up with is closed, and comes back with the seq it has."""
MOST_WAITING_POSITIONS: Final = 1 << 15
"""Positions are only written where the way is nearly free: the next ones say more than those that would wait."""
GOODBYE_S: Final = 5.0
"""How long a reader is given to answer a closing frame, also behind what it has not read yet."""
INTERNAL_ERROR: Final = 1011
STATE_KEY: Final = "fanout"


_DEFLATE: Final = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    server_max_window_bits=WINDOW_BITS,
    client_max_window_bits=WINDOW_BITS,
)

log = structlog.get_logger(__name__)


class Direct(NamedTuple):
    """Where frames can be written past an outlet, as long as nothing waits in its transport."""

    fd: int
    transport: asyncio.Transport
    packed: bool
    """Whether the frames are the deflated ones."""


class Outlet(Protocol):
    """One reader's way out. Nothing here waits for the reader but ``drain``."""

    @property
    def direct(self) -> Direct | None:
        """Where the way out is a plain socket, that."""
        ...

    @property
    def open(self) -> bool:
        """Whether anything more can be said."""
        ...

    @property
    def waiting(self) -> int:
        """Bytes that the reader has not taken yet."""
        ...

    def write(self, burst: Burst) -> None:
        """Send, behind what waits; nothing, when it is over."""
        ...

    def offer(self, burst: Burst, most_waiting: int) -> bool:
        """Send as ``write`` does, unless more than so many bytes wait already: return False then."""
        ...

    async def drain(self) -> None:
        """Return when the reader has taken most of what waited, or is gone."""
        ...

    def close(self, code: int, reason: str = "") -> None:
        """End it, behind what waits; the reader is not waited for longer than ``GOODBYE_S``."""
        ...


class Keeper(Protocol):
    """Who goes on with a connection when its route has returned."""

    async def heard(self, message: Mapping[str, Any]) -> None:
        """Take in a message of ASGI, ``websocket.receive``; one at a time, and nothing is read meanwhile."""
        ...

    def closing(self) -> None:
        """Nothing more is to be written: the closing frame was."""
        ...

    def gone(self) -> None:
        """The connection has ended."""
        ...


class FanoutProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's protocol, that hands itself to the route by ``scope["state"]``, and outlives it where somebody keeps it.

    A route that waits for messages holds some forty frames and a scope for as long as the connection is there. With a
    keeper they are gone after the handshake, which halves what an idle reader costs.
    """

    _keeper: Keeper | None = None
    _attending: asyncio.Task[None] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.config.ws_per_message_deflate:
            # No context on either side: one deflated frame fits everybody, and no reader costs a window of memory.
            self.conn.available_extensions = [_DEFLATE]

    def keep(self, keeper: Keeper) -> None:
        """Have the connection go on without its route, which is about to return."""
        if self.disconnected:
            keeper.gone()
            return
        self._keeper = keeper

    @override
    async def run_asgi(self) -> None:
        self.scope["state"][STATE_KEY] = self
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:  # as uvicorn has it: whatever it was, the handshake is answered and the cause logged
            log.exception("websocket.failed")
            self.send_500_response()
        else:
            if not self.handshake_complete:
                log.error("websocket.no_handshake")
                self.send_500_response()
        if self._keeper is not None and not self.disconnected:
            del self.scope, self.request, self.response  # only the handshake needs them
            self._attend()
        elif self.close_timer is None:
            self.transport.close()

    @override
    def send_receive_event_to_app(self) -> None:
        super().send_receive_event_to_app()
        self._attend()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.gone()

    def _attend(self) -> None:
        if self._keeper is not None and self._attending is None and not self.queue.empty():
            self._attending = self.loop.create_task(self._hear(self._keeper))
            self.tasks.add(self._attending)
            self._attending.add_done_callback(self.on_task_complete)

    async def _hear(self, keeper: Keeper) -> None:
        """Hand on what has been read, until nothing is left of it."""
        try:
            while not self.queue.empty():
                message = await self.receive()
                if message["type"] == "websocket.receive":
                    await keeper.heard(message)
        except Exception:  # whatever it is, the reader is not left waiting
            log.exception("websocket.failed")
            self.cut(INTERNAL_ERROR, "")
        finally:
            self._attending = None

    def takes_deflated(self) -> bool:
        """Return whether deflated frames are understood at the other end."""
        return any(
            isinstance(extension, PerMessageDeflate) and extension.local_max_window_bits >= WINDOW_BITS
            for extension in self.conn.extensions
        )

    def cut(self, code: int, reason: str) -> None:
        """Close as uvicorn's ``send`` does, without waiting until what was written has left."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self._keeper is not None:
            self._keeper.closing()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(GOODBYE_S, self.transport.abort)


class TransportOutlet:
    """Writes ready frames to the transport."""

    __slots__ = ("_packed", "_protocol", "_transport")

    def __init__(self, protocol: FanoutProtocol) -> None:
        """Take over what is said on a connection whose handshake is done."""
        self._protocol = protocol
        self._transport = protocol.transport
        self._packed = protocol.takes_deflated()

    @property
    def direct(self) -> Direct | None:
        """The connection's socket, unless what is written to it is encrypted first."""
        sock = self._transport.get_extra_info("socket")
        if sock is None or self._transport.get_extra_info("sslcontext") is not None:
            return None
        return Direct(sock.fileno(), self._transport, self._packed)

    @property
    def open(self) -> bool:
        """Whether anything more can be said."""
        return not (self._protocol.close_sent or self._transport.is_closing())

    @property
    def waiting(self) -> int:
        """Bytes that the transport holds."""
        return self._transport.get_write_buffer_size()

    def write(self, burst: Burst) -> None:
        """Write the frames, unless it is over."""
        if self.open:
            self._transport.write(burst.packed if self._packed else burst.plain)

    def offer(self, burst: Burst, most_waiting: int) -> bool:
        """Write the frames, unless too much waits; called for thousands in a row."""
        transport = self._transport
        if self._protocol.close_sent or transport.is_closing():
            return True
        if transport.get_write_buffer_size() > most_waiting:
            return False
        transport.write(burst.packed if self._packed else burst.plain)
        return True

    async def drain(self) -> None:
        """Return when the transport is below its low-water mark."""
        await self._protocol.writable.wait()

    def close(self, code: int, reason: str = "") -> None:
        """Send the closing frame behind what waits."""
        self._protocol.cut(code, reason)


class QueueOutlet:
    """Sends through the server's own ``send_text``, one message after the other, from a task of the route."""

    direct: Direct | None = None

    def __init__(self, websocket: WebSocket) -> None:
        """Take over what is said on a websocket that was accepted; ``run`` does the sending."""
        self._websocket = websocket
        self._queue: asyncio.Queue[bytes | tuple[int, str]] = asyncio.Queue()
        self._taken = asyncio.Event()
        self._taken.set()
        self._closed = False
        self._sending: asyncio.Task[Any] | None = None
        self.waiting = 0

    @property
    def open(self) -> bool:
        """Whether anything more can be said."""
        return not self._closed

    def write(self, burst: Burst) -> None:
        """Put the messages in the queue, unless it is over."""
        if self._closed:
            return
        for message in burst.messages:
            self.waiting += len(message.text)
            self._queue.put_nowait(message.text)
        if self.waiting > MOST_WAITING // 4:
            self._taken.clear()

    def offer(self, burst: Burst, most_waiting: int) -> bool:
        """Put the messages in the queue, unless too much waits there."""
        if self.waiting > most_waiting and not self._closed:
            return False
        self.write(burst)
        return True

    async def drain(self) -> None:
        """Return when most of the queue has been sent."""
        await self._taken.wait()

    def close(self, code: int, reason: str = "") -> None:
        """Close behind what is in the queue."""
        if not self._closed:
            self._closed = True
            self._queue.put_nowait((code, reason))
            if self._sending is not None:
                asyncio.get_running_loop().call_later(GOODBYE_S, self._sending.cancel)

    async def run(self) -> None:
        """Send until closed, or until the reader is gone."""
        self._sending = asyncio.current_task()
        try:
            with suppress(WebSocketDisconnect, RuntimeError):  # gone; starlette says either, as the server has it
                while True:
                    item = await self._queue.get()
                    if isinstance(item, tuple):
                        await self._websocket.close(*item)
                        return
                    await self._websocket.send_text(item.decode())
                    self.waiting -= len(item)
                    if self.waiting <= MOST_WAITING // 8:
                        self._taken.set()
        finally:
            self._closed = True
            self._taken.set()
