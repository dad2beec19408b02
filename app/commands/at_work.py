"""How many commands one process carries out at a time, and how one of them comes to be the only one."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class AtWork:
    """So many places for commands at work, given in the order in which they are asked for."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._free = asyncio.Semaphore(places)
        self._alone = asyncio.Lock()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Work beside others."""
        async with self._free:
            yield

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Work when all who asked before have ended, and while nobody else is at work here: nobody here holds a lock then."""
        async with self._alone:
            asked = [asyncio.ensure_future(self._free.acquire()) for _ in range(self._places)]
            try:
                await asyncio.gather(*asked)
                yield
            finally:
                for each in asked:
                    if not each.cancel() and not each.cancelled():
                        self._free.release()
