"""One space's feed in one process: its journal is read once, each entry is made a message once, and written to all who see it.

An **audience** is everybody of one member: they see the same. What it was sent forms a chain: each message names the seq
sent before it, so that a reader notices a gap. A reader that joins is first brought to where the feed is, from the
database, and then joins within one step of the event loop: nothing is lost or told twice in between.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import structlog

from app.delivery import wire
from app.delivery.fanout import MOST_WAITING, MOST_WAITING_POSITIONS
from app.delivery.frames import Burst, Message, burst
from app.delivery.tail import tail
from app.domain.chain import Entry, Viewer
from app.queries import snapshot as queries
from app.queries.positions import reported_since
from app.store import journal
from app.store.engine import AWAY, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.delivery.fanout import Outlet
    from app.delivery.wakes import Wakes
    from app.domain.chain import Stub
    from app.domain.clock import Clock

MOST_MISSED: Final = 5000
"""Entries that are sent after a resume; whoever missed more is quicker with a snapshot."""
AT_ONCE: Final = 500
"""Entries read at a time while a reader catches up; readers written to before others get their turn."""
CATCHING_UP: Final = 4
"""Readers of a process that read from the database at a time: commands want connections too."""
SAME_SNAPSHOT_S: Final = 1.0
"""For so long a snapshot is also given to others of the audience: a whole control room comes back at once."""
SAME_POSITION_S: Final = 1.0
"""No unit's position is told more often."""
POSITIONS_SLICE: Final = 50
"""Readers written to before entries get their turn; a thousand positions are 100 kB to each."""
LONGEST_PAUSE_S: Final = 5.0
TOO_SLOW: Final = 1013
"""Try again later (IANA's registry of closing codes): come back with the seq you have."""
ABOUT_FILL: Final = frozenset({"request", "offer", "mission", "call"})
"""What entries have to be about to change how far a line is filled."""

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Audience:
    """The readers of one member, and the last seq that those who have caught up were sent."""

    viewer: Viewer
    sent: int
    readers: set[Reader] = field(default_factory=set)
    snapshot: tuple[float, int, Burst] | None = None
    """When it was made, as of which seq, and its messages."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True, eq=False)
class Reader:
    """One connection in an audience. It is among ``audience.readers`` while it has caught up."""

    outlet: Outlet
    audience: Audience
    behind: set[UUID] = field(default_factory=set)
    """Units whose last position was not sent, because too much was waiting."""


class Feed:
    """One space's feed. ``run`` it; then readers can ``resume`` or have a ``snapshot``."""

    def __init__(
        self,
        engine: AsyncEngine,
        wakes: Wakes,
        clock: Clock,
        space: str,
        *,
        catching_up: asyncio.Semaphore,
        on_identity: Callable[[], None],
    ) -> None:
        """Keep what is needed. ``on_identity`` is called when an entry tells of users or tokens."""
        self.space = space
        self.epoch = ""
        self.cursor = 0
        """The last seq that was read; whoever has caught up was sent everything up to it."""
        self.audiences: dict[UUID | None, Audience] = {}
        self._engine = engine
        self._wakes = wakes
        self._clock = clock
        self._catching_up = catching_up
        self._on_identity = on_identity
        self._moved = asyncio.Event()
        self._refilled: set[UUID] = set()
        self._refill = asyncio.Event()
        self._fill_pass = 0
        """Counts the tellings of fill that have begun: what was read in an earlier one may be older than what they told."""
        self._fill: tuple[int, Burst] | None = None
        """How far all lines are filled, and in which pass that was read."""
        self._stirred = asyncio.Event()
        self._stirred_since: datetime | None = None
        self._where: dict[UUID, dict[str, Any]] = {}
        """The positions that were told last, by unit."""

    # ------------------------------------------------------------ the journal, to everybody

    async def start(self) -> None:
        """Begin at the journal's end. Raises ``NotFound`` where there is no such space."""
        async with reading(self._engine) as conn:
            self.cursor, _ = await journal.head_of(conn, self.space)
            self.epoch = await queries.epoch(conn)
            self._stirred_since, _ = await reported_since(conn, self.space, None)

    async def run(self) -> None:
        """Send what the journal tells until cancelled; when the database is away, go on where it was."""
        pause_s = 0.1
        while True:
            try:
                async for batch in tail(self._engine, self._wakes, self.space, self.cursor, None):
                    self._send(batch)
                    pause_s = 0.1
            except AWAY as error:
                log.warning("feed_waits", space=self.space, error=repr(error), again_in_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _send(self, batch: Sequence[Entry | Stub]) -> None:
        entries = [entry for entry in batch if isinstance(entry, Entry)]
        endings = {entry.seq: wire.entry_ending(entry) for entry in entries}
        made: dict[tuple[int, int], Message] = {}
        for audience in self.audiences.values():
            messages = []
            for entry in entries:
                if audience.viewer.sees(entry.visibility, entry.parties):
                    key = (audience.sent, entry.seq)
                    if key not in made:
                        made[key] = Message(wire.entry(audience.sent, endings[entry.seq]))
                    messages.append(made[key])
                    audience.sent = entry.seq
            if messages:
                self._write(audience, Burst(messages))
        self.cursor = batch[-1].seq
        self._moved.set()
        self._moved = asyncio.Event()
        self._note(entries)

    def _write(self, audience: Audience, sent: Burst) -> None:
        slow = [reader for reader in audience.readers if not reader.outlet.offer(sent, MOST_WAITING)]
        audience.readers.difference_update(slow)
        for reader in slow:
            reader.outlet.close(TOO_SLOW, "Too slow; come back with the seq you have.")

    def _note(self, entries: Sequence[Entry]) -> None:
        """Note what follows from the entries beside themselves."""
        if any(entry.subject_kind in {"user", "token"} for entry in entries):
            self._on_identity()
        for entry in entries:
            if entry.subject_kind in ABOUT_FILL:
                self._refilled.update(_requests_of(entry))
        if self._refilled:
            self._refill.set()

    def heartbeat(self) -> Iterator[tuple[Reader, Burst]]:
        """Yield every reader that has caught up, with what to send it; as of the moment it is yielded."""
        for audience in tuple(self.audiences.values()):
            made: tuple[int, int, Burst] | None = None
            for reader in tuple(audience.readers):
                if made is None or made[:2] != (audience.sent, self.cursor):
                    made = (audience.sent, self.cursor, self._heartbeat(audience.sent))
                if reader in audience.readers:
                    yield reader, made[2]

    def _heartbeat(self, prev: int) -> Burst:
        return burst(wire.heartbeat(prev=prev, seq=self.cursor, at=self._clock.now()))

    # ------------------------------------------------------------ how far lines are filled

    async def run_fill(self) -> None:
        """Tell how far lines are filled, after entries that change it, until cancelled.

        It follows from rows that not everybody sees, so it stands beside the entries. What is told may be newer than the
        seq it names, never older: the entry that made it so is followed by its own telling.
        """
        while True:
            await self._refill.wait()
            self._refill.clear()
            requests, self._refilled = self._refilled, set()
            self._fill_pass += 1
            seq = self.cursor
            try:
                async with reading(self._engine) as conn:
                    lines = await queries.fill(conn, self.space, requests)
            except AWAY as error:
                log.warning("fill_waits", space=self.space, error=repr(error))
                self._refilled |= requests
                await asyncio.sleep(1)
                self._refill.set()
                continue
            for text in wire.fill(seq, lines):
                sent = burst(text)
                for audience in tuple(self.audiences.values()):
                    self._write(audience, sent)
                await asyncio.sleep(0)

    # ------------------------------------------------------------ positions

    def stir(self) -> None:
        """Look for positions that changed, before long."""
        self._stirred.set()

    async def run_positions(self) -> None:
        """Tell where units are, of each at most once a second, until cancelled.

        Readers are written to a few at a time, so that an entry never waits behind all of them.
        """
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            next_at = time.monotonic() + SAME_POSITION_S
            try:
                async with reading(self._engine) as conn:
                    since, told = await reported_since(conn, self.space, self._stirred_since)
            except AWAY as error:
                log.warning("positions_wait", space=self.space, error=repr(error))
                self._stirred.set()
            else:
                self._stirred_since = since
                changed = {id_: item for id_, item in told.items() if self._where.get(id_) != item}
                self._where |= changed
                if changed:
                    await self._tell_positions(changed)
            await asyncio.sleep(max(0.0, next_at - time.monotonic()))

    async def _tell_positions(self, changed: dict[UUID, dict[str, Any]]) -> None:
        sent = burst(*wire.positions(changed.values()))
        readers = [reader for audience in self.audiences.values() for reader in audience.readers]
        for number, reader in enumerate(readers, start=1):
            if reader not in reader.audience.readers:
                continue
            if not reader.outlet.offer(sent, MOST_WAITING_POSITIONS):
                reader.behind |= changed.keys()
                continue
            if late := reader.behind - changed.keys():
                reader.outlet.write(burst(*wire.positions(self._where[id_] for id_ in late)))
            reader.behind.clear()
            if number % POSITIONS_SLICE == 0:
                await asyncio.sleep(0)

    # ------------------------------------------------------------ one reader

    def reader(self, member: UUID | None, outlet: Outlet) -> Reader:
        """Return a reader for a connection of this member, who hears nothing yet."""
        audience = self.audiences.get(member)
        if audience is None:
            audience = self.audiences[member] = Audience(Viewer(member), self.cursor)
        return Reader(outlet, audience)

    def forget(self, reader: Reader) -> None:
        """Let go of a reader whose connection has ended."""
        reader.audience.readers.discard(reader)

    async def resume(self, reader: Reader, epoch: str, after: int) -> None:
        """Send what the reader missed and have it join; or tell it to take a snapshot."""
        self.forget(reader)
        if after > self.cursor:  # it may come from a process that is ahead of this one
            async with self._catching_up, reading(self._engine) as conn:
                head, _ = await journal.head_of(conn, self.space)
        else:
            head = self.cursor
        reason: wire.Reason | None = None
        if epoch != self.epoch:
            reason = "other_epoch"
        elif after > head:
            reason = "from_the_future"
        elif head - after > MOST_MISSED:
            reason = "too_far_behind"
        if reason is not None:
            reader.outlet.write(burst(wire.reset(reason, epoch=self.epoch, head=head)))
            return
        await self._join(reader, after)

    async def snapshot(self, reader: Reader) -> None:
        """Send everything the reader may see, as of one seq, and have it join there."""
        self.forget(reader)
        audience = reader.audience
        async with audience.lock:
            if audience.snapshot is None or time.monotonic() - audience.snapshot[0] > SAME_SNAPSHOT_S:
                started = time.monotonic()
                async with self._catching_up, reading(self._engine, snapshot=True) as conn:
                    seen = await queries.snapshot(conn, self.space, audience.viewer.member_id)
                audience.snapshot = (started, seen.seq, burst(*wire.snapshot_parts(seen.seq, seen.rows)))
            _, seq, sent = audience.snapshot
        for message in sent.messages:
            reader.outlet.write(Burst((message,)))
            await reader.outlet.drain()
        await self._join(reader, seq)

    async def _join(self, reader: Reader, after: int) -> None:
        """Send the entries after ``after`` and how far lines are filled, and have the reader join at the feed's place."""
        at = prev = after
        fill_pass = -1
        outlet = reader.outlet
        while outlet.open:
            if at > self.cursor:
                await self._moved.wait()
                continue
            if at == self.cursor:
                if fill_pass == self._fill_pass:
                    break
                fill_pass, lines = await self._all_fill()
                outlet.write(lines)
                await outlet.drain()
                continue
            async with self._catching_up, reading(self._engine) as conn:
                limit = min(AT_ONCE, self.cursor - at)
                batch = await journal.read(conn, self.space, at, limit, reader.audience.viewer)
            messages = []
            for entry in batch:
                if isinstance(entry, Entry):
                    messages.append(Message(wire.entry(prev, wire.entry_ending(entry))))
                    prev = entry.seq
                at = entry.seq
            outlet.write(Burst(messages))
            await outlet.drain()
        if outlet.open:  # no await since at == cursor was seen: this is where the feed is
            reader.audience.readers.add(reader)
            outlet.write(self._heartbeat(prev))

    async def _all_fill(self) -> tuple[int, Burst]:
        """Return how far all lines are filled, and as of which pass: later ones are told to whoever has joined by then."""
        if self._fill is None or self._fill[0] != self._fill_pass:
            begun, seq = self._fill_pass, self.cursor
            async with self._catching_up, reading(self._engine) as conn:
                lines = await queries.fill(conn, self.space)
            self._fill = (begun, burst(*wire.fill(seq, lines)))
        return self._fill


def _requests_of(entry: Entry) -> set[UUID]:
    """Return the requests that the entry's rows are, or belong to."""
    found: set[UUID] = set()
    rows = (entry.body() or {}).get("rows", {})
    for kind, states in rows.items():
        for state in states:
            id_ = state.get("id") if kind == "request" else state.get("request_id")
            if id_ is not None:
                found.add(UUID(id_))
    return found
