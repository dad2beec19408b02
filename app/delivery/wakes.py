"""The wake-up between processes: NOTIFY after the commit, one for many, with nothing in it but the space and its seq.

Two more channels say that units of a space moved, and that what a user may do, or whether a session of theirs counts, is
to be looked up again; with nothing in them but the space, and the user's id.

It is a hint. Whoever waits for it also looks by itself every ``POLL_S`` seconds, so a lost hint costs a little time and
never an entry. The connection is watched; when it ends, it is opened again and every waiter looks once.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import asyncpg
import structlog

from app.store.engine import AWAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHANNEL: Final = "concord_journal"
MOVED_CHANNEL: Final = "concord_moved"
DOUBT_CHANNEL: Final = "concord_doubt"
POLL_S: Final = 2.0
GATHER_S: Final = 0.002
"""How long hints are gathered before one is sent for all of them."""
SHORTEST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
PATIENCE_S: Final = 10.0
PING_S: Final = 30.0

_TELL: Final = "SELECT pg_notify(channel, said) FROM unnest($1::text[], $2::text[]) AS hint (channel, said)"
# A hint that a crash of the database loses told of a commit that everybody looks for anyway: it waits for no disk.
_SETTINGS: Final = {"application_name": "concord wakes", "synchronous_commit": "off"}
_DIGITS: Final = 19
"""Of a bigint; more is no seq."""
_LOOK: Final = sys.maxsize
"""Beyond every seq: whoever waits is to look by itself."""

log = structlog.get_logger(__name__)


class Ear:
    """What one follower of a space's journal has heard since it last began to read.

    ``begin``, then read, then ``wait`` for more than was read: a hint that comes while one reads is not lost, and one that
    nothing stands behind (a stranger's, or of a journal that was put back) costs one look.
    """

    __slots__ = ("_heard", "_woken")

    def __init__(self) -> None:
        self._heard = 0
        self._woken = asyncio.Event()

    def begin(self) -> None:
        """Forget what was heard: what is read from now on is newer."""
        self._heard = 0
        self._woken.clear()

    def hear(self, seq: int) -> None:
        """Take in that the journal is said to be at ``seq``."""
        if seq > self._heard:
            self._heard = seq
            self._woken.set()

    async def wait(self, after: int, *, timeout_s: float = POLL_S) -> None:
        """Return when the journal is said to be beyond ``after``, or after ``timeout_s`` in any case.

        Also returns when the connection came or went: hints may have been missed, and one should look; and when the
        process ends.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._heard <= after:
                    await self._woken.wait()
                    self._woken.clear()


class Wakes:
    """One a process: says that a journal went on, and hears it from the other processes."""

    def __init__(self, dsn: str) -> None:
        """Keep the address; ``run`` connects."""
        self._dsn = dsn
        self._ears: dict[str, set[Ear]] = {}
        self._to_send: dict[tuple[str, str], int] = {}
        """By channel and what it is about; of a journal how far it is, else nothing."""
        self._something = asyncio.Event()
        self.connected = asyncio.Event()
        self.ending = False
        """Whether the process is about to end: nobody waits any more."""
        self.on_moved: Callable[[str], None] = lambda _space: None
        """Called when units of a space moved, wherever that was reported."""
        self.on_committed: Callable[[str], None] = lambda _space: None
        """Called when a space's journal went on, wherever that was; hints may be missed."""
        self.on_doubt: Callable[[UUID | None], None] = lambda _user: None
        """Called when a user's credentials are to be looked up again, wherever it was that they changed; without a user,
        everybody's: hints may have been missed."""

    # ------------------------------------------------------------ saying

    def committed(self, space: str, seq: int) -> None:
        """Wake this process' waiters at once and have the other processes told. Never blocks, never fails."""
        self._say(CHANNEL, space, seq)
        self._heard(space, seq)

    def moved(self, space: str) -> None:
        """Say, here and to the other processes, that units of a space moved. Never blocks, never fails."""
        self._say(MOVED_CHANNEL, space)
        self.on_moved(space)

    def doubted(self, user: UUID) -> None:
        """Say, here and to the other processes, that a user's credentials changed. Never blocks, never fails."""
        self._say(DOUBT_CHANNEL, str(user))
        self.on_doubt(user)

    def _say(self, channel: str, about: str, seq: int = 0) -> None:
        self._to_send[channel, about] = max(seq, self._to_send.get((channel, about), 0))
        self._something.set()

    # ------------------------------------------------------------ hearing

    @contextmanager
    def listening(self, space: str) -> Iterator[Ear]:
        """Hear what is said of a space's journal, for as long as the block lasts."""
        ear = Ear()
        ears = self._ears.setdefault(space, set())
        ears.add(ear)
        try:
            yield ear
        finally:
            ears.discard(ear)
            if not ears and self._ears.get(space) is ears:
                del self._ears[space]

    def end(self) -> None:
        """Send everybody away who waits; whoever follows a journal looks whether the process is ``ending``."""
        self.ending = True
        self._all_look()

    def _heard(self, space: str, seq: int) -> None:
        for ear in self._ears.get(space, ()):
            ear.hear(seq)
        self.on_committed(space)

    def _all_look(self) -> None:
        for ears in self._ears.values():
            for ear in ears:
                ear.hear(_LOOK)

    # ------------------------------------------------------------ between processes

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

        connection = await asyncpg.connect(
            self._dsn, timeout=PATIENCE_S, command_timeout=PATIENCE_S, server_settings=_SETTINGS
        )
        try:
            connection.add_termination_listener(on_end)
            for channel in (CHANNEL, MOVED_CHANNEL, DOUBT_CHANNEL):
                await connection.add_listener(channel, self._on_notify)
            self.connected.set()
            self._all_look()
            self.on_doubt(None)
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
        """Send what was gathered; where that fails, it is sent over the next connection."""
        gathered, self._to_send = self._to_send, {}
        if not gathered:
            return
        said = [f"{about}:{seq}" if channel == CHANNEL else about for (channel, about), seq in gathered.items()]
        try:
            await connection.execute(_TELL, [channel for channel, _ in gathered], said)
        except BaseException:
            for (channel, about), seq in gathered.items():
                self._say(channel, about, seq)
            raise

    def _on_notify(self, connection: Any, pid: int, channel: str, payload: object) -> None:
        if pid == connection.get_server_pid():
            return  # our own: who is in this process was told at once
        said = str(payload)
        if channel == MOVED_CHANNEL:
            self.on_moved(said)
        elif channel == DOUBT_CHANNEL:
            with suppress(ValueError):
                self.on_doubt(UUID(said))
        else:
            space, _, seq = said.rpartition(":")
            if space and seq.isdecimal() and len(seq) <= _DIGITS:
                self._heard(space, int(seq))
