"""The clients of the bench ``commands``, in a process of their own: as light as can be, for they share the machine.

``python -m simulations.bench.load``. The first line on standard input is where to and with which errands (JSON); after it,
each line says how many clients for how many seconds, and is answered with the commands that were acknowledged in a second.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Any, Final, cast

import orjson
import uvloop
from typing_extensions import override

from app.domain.ids import new_id
from simulations.bench.errand import Errand, calls

if TYPE_CHECKING:
    from collections.abc import Generator

    from simulations.bench.errand import Call

_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"
ACKNOWLEDGED: Final = frozenset({b"200", b"201"})


class Line(asyncio.Protocol):
    """A connection that is kept, with one call on it at a time. It reads what our server writes, and no more of HTTP/1.1."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.transport: asyncio.WriteTransport | None = None
        self._got = b""
        self._waiting: asyncio.Future[dict[str, Any]] | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)  # uvloop's are of no common class

    @override
    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(_END_OF_HEAD)
        if not found:
            return
        at = head.lower().index(_LENGTH) + len(_LENGTH)
        if len(body) < int(head[at:].split(b"\r\n", 1)[0]):
            return
        self._got = b""
        waiting, self._waiting = self._waiting, None
        if waiting is None or waiting.done():
            return
        if head[9:12] in ACKNOWLEDGED:
            waiting.set_result(orjson.loads(body))
        else:
            waiting.set_exception(RuntimeError(f"{head[9:12].decode()}: {body.decode()}"))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionError("the server has hung up"))

    async def ready(self) -> None:
        """Connect, unless the line still stands: the server hangs up those that were quiet for long."""
        if self.transport is None or self.transport.is_closing():
            await asyncio.get_running_loop().create_connection(lambda: self, self.host, self.port)

    async def send(self, call: Call) -> dict[str, Any]:
        """Send a command under a key of its own, as a careful client does, and return the receipt.

        Raises:
            RuntimeError: it was refused.
        """
        assert self.transport is not None
        body = orjson.dumps(call.body)
        head = (
            f"POST {call.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nAuthorization: Bearer {call.token}\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: {new_id()}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._waiting = asyncio.get_running_loop().create_future()
        self.transport.write(head.encode() + body)
        return await self._waiting


class Client:
    """One client: runs its errand over and over, and stands still between the rounds wherever it is."""

    def __init__(self, line: Line, errand: Errand) -> None:
        self.line = line
        self.errand = errand
        self._calls: Generator[Call, dict[str, Any]] | None = None
        self._next: Call | None = None

    async def step(self) -> None:
        """Have one command acknowledged."""
        if self._calls is None or self._next is None:
            self._calls = calls(self.errand)
            self._next = next(self._calls)
        receipt = await self.line.send(self._next)
        try:
            self._next = self._calls.send(receipt)
        except StopIteration:
            self._calls = None


async def _rate(clients: list[Client], seconds: float) -> float:
    for client in clients:
        await client.line.ready()
    started = time.perf_counter()
    end = started + seconds
    done = 0

    async def go_on(client: Client) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await client.step()
            done += 1

    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(go_on(client))
    return done / (time.perf_counter() - started)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    where = orjson.loads(await loop.run_in_executor(None, sys.stdin.readline))
    lines = (Line(where["host"], where["port"]) for _ in where["errands"])
    clients = [Client(line, Errand(*errand)) for line, errand in zip(lines, where["errands"], strict=True)]
    while wanted := await loop.run_in_executor(None, sys.stdin.readline):
        at_once, seconds = wanted.split()
        print(await _rate(clients[: int(at_once)], float(seconds)), flush=True)


if __name__ == "__main__":
    uvloop.run(_main())
