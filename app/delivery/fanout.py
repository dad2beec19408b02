"""The ways out to one reader: a ready frame written to the connection's transport, or, under another server, ``send_text``.

``FanoutProtocol`` is uvicorn's own protocol on ``websockets``' state machine, and hands itself to the route. On a connection
that it serves, everything the feed says is written here: uvicorn's ``send`` is left to the handshake, for it would deflate
in a context of its own between our frames. Pings, pongs and closing frames have no such context, and stay with it.

It leans on the inside of uvicorn 0.54 (pinned); a test checks frames of many sizes with two client libraries.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from starlette.websockets import WebSocketDisconnect
from typing_extensions import override
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory

from app.delivery.frames import WINDOW_BITS

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

    from app.delivery.frames import Burst

MOST_WAITING: Final = 1 << 18
"""Bytes that may wait for one reader. Who has more to catch up with is closed, and comes back with the seq it has."""
MOST_WAITING_POSITIONS: Final = 1 << 15
"""Positions are only written where the way is nearly free: the next ones say more than those that would wait."""
GOODBYE_S: Final = 5.0
"""How long a reader is given to answer a closing frame, also behind what it has not read yet."""
STATE_KEY: Final = "fanout"


class Outlet(Protocol):
    """One reader's way out. Nothing here waits for the reader but ``drain``."""

    @property
    def open(self) -> bool:
        """Whether anything more can be said."""
        ...

    @property
    def waiting(self) -> int:
        """Bytes that the reader has not taken yet."""
        ...

    def write(self, burst: Burst) -> None:
        """Send, behind what waits."""
        ...

    async def drain(self) -> None:
        """Return when the reader has taken most of what waited, or is gone."""
        ...

    def close(self, code: int, reason: str = "") -> None:
        """End it, behind what waits; the reader is not waited for longer than ``GOODBYE_S``."""
        ...


class FanoutProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's protocol, that hands itself to the route by ``scope["state"]``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.config.ws_per_message_deflate:
            # No context on either side: one deflated frame fits everybody, and no reader costs a window of memory.
            self.conn.available_extensions = [
                ServerPerMessageDeflateFactory(
                    server_no_context_takeover=True,
                    client_no_context_takeover=True,
                    server_max_window_bits=WINDOW_BITS,
                    client_max_window_bits=WINDOW_BITS,
                )
            ]

    @override
    async def run_asgi(self) -> None:
        self.scope["state"][STATE_KEY] = self
        await super().run_asgi()

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

    async def drain(self) -> None:
        """Return when the transport is below its low-water mark."""
        await self._protocol.writable.wait()

    def close(self, code: int, reason: str = "") -> None:
        """Send the closing frame behind what waits."""
        self._protocol.cut(code, reason)


class QueueOutlet:
    """Sends through the server's own ``send_text``, one message after the other, from a task of the route."""

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
