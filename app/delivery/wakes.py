"""The wake-up between processes: NOTIFY after the commit, one for many, with nothing in it but the space and its seq.

A second channel says that units of a space moved, with nothing in it but the space.

It is a hint. Whoever waits for it also looks by itself every ``POLL_S`` seconds, so a lost hint costs a little time and
never an entry. The connection is watched; when it ends, it is opened again and every waiter looks once.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import structlog

from app.store.engine import AWAY

if TYPE_CHECKING:
    from collections.abc import Callable

CHANNEL: Final = "concord_journal"
MOVED_CHANNEL: Final = "concord_moved"
POLL_S: Final = 2.0
GATHER_S: Final = 0.002
"""How long hints are gathered before one is sent for all of them."""
SHORTEST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
PATIENCE_S: Final = 10.0
PING_S: Final = 30.0

log = structlog.get_logger(__name__)


class Wakes:
    """One a process: says that a journal went on, and hears it from the other processes."""

    def __init__(self, dsn: str) -> None:
        """Keep the address; ``run`` connects."""
        self._dsn = dsn
        self._seen: dict[str, int] = {}
        self._waiting: set[asyncio.Event] = set()
        self._looks = 0
        """How often every waiter was sent to look by itself, because hints may have been missed."""
        self._to_send: dict[str, int] = {}
        self._moved_to_send: set[str] = set()
        self._something = asyncio.Event()
        self.connected = asyncio.Event()
        self.ending = False
        """Whether the process is about to end: nobody waits any more."""
        self.on_moved: Callable[[str], None] = lambda _space: None
        """Called when units of a space moved, wherever that was reported."""

    def committed(self, space: str, seq: int) -> None:
        """Wake this process' waiters at once and have the other processes told. Never blocks, never fails."""
        self._to_send[space] = max(seq, self._to_send.get(space, 0))
        self._something.set()
        self._heard(space, seq)

    def moved(self, space: str) -> None:
        """Say, here and to the other processes, that units of a space moved. Never blocks, never fails."""
        self._moved_to_send.add(space)
        self._something.set()
        self.on_moved(space)

    def end(self) -> None:
        """Send everybody away who waits, and let nobody wait from now on: the process ends."""
        self.ending = True
        self._wake_all()

    async def wait(self, space: str, after: int, *, timeout_s: float = POLL_S) -> None:
        """Return when the journal of ``space`` is known to be beyond ``after``, or after ``timeout_s`` in any case.

        Also returns when the connection came or went: hints may have been missed, and one should look; and when the
        process ends.
        """
        woken = asyncio.Event()
        self._waiting.add(woken)
        looks = self._looks
        try:
            async with asyncio.timeout(timeout_s):
                while self._seen.get(space, 0) <= after and self._looks == looks and not self.ending:
                    await woken.wait()
                    woken.clear()
        except TimeoutError:
            return
        finally:
            self._waiting.discard(woken)

    async def run(self) -> None:
        """Listen and tell until cancelled; a connection that ends is opened again, with growing pauses."""
        pause_s = SHORTEST_PAUSE_S
        while True:
            try:
                await self._session()
            except AWAY as error:
                log.warning("wake_up_lost", error=repr(error), again_in_s=pause_s)
            if self.connected.is_set():
                pause_s = SHORTEST_PAUSE_S
                self.connected.clear()
                self._all_look()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _session(self) -> None:
        """Listen and tell over one connection, until it ends."""
        ended = asyncio.Event()

        def on_end(_connection: object) -> None:
            ended.set()
            self._something.set()

        connection = await asyncpg.connect(self._dsn, timeout=PATIENCE_S, command_timeout=PATIENCE_S)
        try:
            connection.add_termination_listener(on_end)
            await connection.add_listener(CHANNEL, self._on_notify)
            await connection.add_listener(MOVED_CHANNEL, self._on_moved)
            self.connected.set()
            self._all_look()
            while not ended.is_set():
                try:
                    async with asyncio.timeout(PING_S):
                        await self._something.wait()
                except TimeoutError:
                    # A far side that vanished without a word would not be noticed otherwise.
                    await connection.execute("SELECT 1")
                    continue
                await asyncio.sleep(GATHER_S)
                self._something.clear()
                if not ended.is_set():
                    await self._tell(connection)
        finally:
            with suppress(*AWAY):
                await connection.close(timeout=2)

    async def _tell(self, connection: asyncpg.Connection[Any]) -> None:
        gathered, self._to_send = self._to_send, {}
        for space, seq in gathered.items():
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{space}:{seq}")
        spaces, self._moved_to_send = self._moved_to_send, set()
        for space in spaces:
            await connection.execute("SELECT pg_notify($1, $2)", MOVED_CHANNEL, space)

    def _on_notify(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        space, _, seq = str(payload).rpartition(":")
        if space and seq.isdecimal():
            self._heard(space, int(seq))

    def _on_moved(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self.on_moved(str(payload))

    def _heard(self, space: str, seq: int) -> None:
        if seq > self._seen.get(space, 0):
            self._seen[space] = seq
            self._wake_all()

    def _all_look(self) -> None:
        self._looks += 1
        self._wake_all()

    def _wake_all(self) -> None:
        for woken in tuple(self._waiting):
            woken.set()
