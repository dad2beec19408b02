"""A line that can be cut: what a browser says goes through here, until a test cuts or stops it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

PIECE = 65_536


class Relay:
    """Passes bytes between a port of its own and another; ``cut`` ends what is open, ``still`` lets nothing through."""

    def __init__(self, goal):
        self.goal = goal
        self.refusing = False
        self.address = ""
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._open = set()

    def cut(self):
        """Break every connection, and refuse new ones until ``mend``."""
        self.refusing = True
        for writer in list(self._open):
            writer.transport.abort()

    def mend(self):
        """Let everything through again."""
        self.refusing = False
        self._flowing.set()

    def still(self):
        """Keep every connection open, and pass nothing on: what a line does that is dead and does not know it."""
        self._flowing.clear()

    async def pass_on(self, reader, writer):
        """Serve one connection."""
        if self.refusing:
            writer.transport.abort()
            return
        host, _, port = self.goal.partition(":")
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        both = {writer, there_writer}
        self._open |= both
        ways = [
            asyncio.create_task(self._copy(reader, there_writer)),
            asyncio.create_task(self._copy(there_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._open -= both
            for each in both:
                each.close()

    async def _copy(self, reader, writer):
        with suppress(ConnectionError):
            while piece := await reader.read(PIECE):
                await self._flowing.wait()
                writer.write(piece)
                await writer.drain()


@asynccontextmanager
async def relayed(goal):
    """Yield a relay to ``host:port``; its own ``host:port`` is its ``address``."""
    relay = Relay(goal)
    server = await asyncio.start_server(relay.pass_on, "127.0.0.1", 0)
    relay.address = "{}:{}".format(*server.sockets[0].getsockname()[:2])
    try:
        yield relay
    finally:
        server.close()
        relay.cut()
        await asyncio.sleep(0)
