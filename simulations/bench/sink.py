"""The receiver of the bench ``webhooks``, in a process of its own: as light as can be, for it shares the machine.

``python -m simulations.bench.sink`` prints its port, takes every POST and answers 204, until its standard input ends.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final, cast

import uvloop
from typing_extensions import override

ANSWER: Final = b"HTTP/1.1 204 No Content\r\n\r\n"
_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = b"\r\ncontent-length:"


class Taking(asyncio.Protocol):
    """One connection, with one request on it at a time. It reads what the bench's clients write, and no more of HTTP/1.1."""

    def __init__(self) -> None:
        self._got = bytearray()
        self._transport: asyncio.WriteTransport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's are of no common class

    @override
    def data_received(self, data: bytes) -> None:
        self._got += data
        end = self._got.find(_END_OF_HEAD)
        if end < 0 or self._transport is None:
            return
        head = bytes(self._got[: end + 2]).lower()
        at = head.index(_LENGTH) + len(_LENGTH)
        if len(self._got) < end + len(_END_OF_HEAD) + int(head[at : head.index(b"\r\n", at)]):
            return
        self._got.clear()
        self._transport.write(ANSWER)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Taking, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main())
