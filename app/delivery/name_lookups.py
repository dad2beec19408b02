"""Looking up names in threads of our own: a name server that does not answer holds up nobody else.

The system's resolver can't be interrupted: who stops waiting leaves its thread behind, for as long as the resolver itself has patience.
In the pool that all of the process share, a few dead name servers would then stop sign-ins, too.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from threading import Thread
from typing import Any, Final, TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

AT_ONCE: Final = 32
"""Names that are looked up at a time; further ones wait for a place."""

_Key: TypeAlias = "tuple[str, int, socket.AddressFamily]"


class NameLookups(AbstractResolver):
    """One a sender. Who asks for a name that is being looked up waits for that look-up, each for as long as it likes."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._under_way: dict[_Key, asyncio.Task[list[ResolveResult]]] = {}

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return what the system's resolver says.

        Raises:
            OSError: it knows no such name, or did not learn of it.
        """
        key = (host, port, family)
        looking = self._under_way.get(key)
        if looking is None:
            looking = self._under_way[key] = asyncio.create_task(self._looked_up(key), name="name_lookup")
            looking.add_done_callback(lambda _: self._under_way.pop(key))
        return await asyncio.shield(looking)

    @override
    async def close(self) -> None:
        """Wait for none any more. Threads whose resolver hangs keep no process from ending."""
        looking = list(self._under_way.values())
        for each in looking:
            each.cancel()
        await asyncio.gather(*looking, return_exceptions=True)

    async def _looked_up(self, key: _Key) -> list[ResolveResult]:
        """Look up in a thread. Its place is free again when it ends, whoever still waits."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[list[ResolveResult]] = loop.create_future()

        def looks_up() -> None:
            try:
                found, failure = _addresses(*key), None
            except Exception as error:  # whatever it is, it is told to those who wait
                found, failure = [], error
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(_tell, ended, found, failure)

        async with self._places:
            # No executor: that of the standard library waits for its threads when the process ends.
            Thread(target=looks_up, name="name_lookup", daemon=True).start()
            return await ended


def _tell(ended: asyncio.Future[list[ResolveResult]], found: list[ResolveResult], failure: Exception | None) -> None:
    if ended.done():
        return
    if failure is not None:
        ended.set_exception(failure)
    else:
        ended.set_result(found)


def _addresses(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [
        ResolveResult(
            hostname=host,
            host=_text(address),
            port=port,
            family=of,
            proto=proto,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for of, _, proto, _, address in found
    ]


def _text(address: tuple[Any, ...]) -> str:
    """Return the address alone; that of one link (fe80::1%2) with its scope."""
    host = str(address[0])
    return f"{host}%{address[3]}" if len(address) == 4 and address[3] and "%" not in host else host  # noqa: PLR2004 - of IPv6
