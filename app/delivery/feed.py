"""One space's feed in one process: its journal is read once, each entry is made a message once, and written to all who see it.

A reader that joins is first brought to where the feed is, from the database, and then joins within one step of the event
loop: nothing is lost or told twice in between.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from uuid import UUID

import structlog

from app.delivery import wire
from app.delivery.audiences import Audiences
from app.delivery.filling import Filling
from app.delivery.frames import Burst, Message, burst
from app.delivery.tail import tail
from app.delivery.wakes import POLL_S
from app.delivery.whereabouts import Whereabouts
from app.domain.chain import Entry
from app.queries import snapshot as queries
from app.store import journal
from app.store.engine import AWAY, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.delivery.audiences import Audience, Reader
    from app.delivery.fanout import Outlet
    from app.delivery.wakes import Wakes
    from app.domain.chain import Stub
    from app.domain.clock import Clock

MOST_MISSED: Final = 5000
"""Entries that are sent after a resume; whoever missed more is quicker with a snapshot."""
AT_ONCE: Final = 500
"""Entries read at a time while a reader catches up; readers written to before others get their turn."""
SAME_SNAPSHOT_S: Final = 1.0
"""For so long a snapshot is also given to others of the audience: a whole control room comes back at once."""
SHORTEST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
ABOUT_USERS: Final = frozenset({"user", "token"})
"""What entries have to be about to change what somebody's credentials allow."""

log = structlog.get_logger(__name__)


class Feed:
    """One space's feed. ``start`` it and run its ``tasks``; then readers can ``resume`` or have a ``snapshot``."""

    def __init__(
        self,
        engine: AsyncEngine,
        wakes: Wakes,
        clock: Clock,
        space: str,
        *,
        catching_up: asyncio.Semaphore,
        on_doubt: Callable[[UUID | None], None],
    ) -> None:
        """Keep what is needed. ``on_doubt`` is called with whom entries about users and tokens concern."""
        self.space = space
        self.epoch = ""
        self.cursor = 0
        """The last seq that was read; whoever has caught up was sent everything up to it."""
        self.ended = False
        self.audiences = Audiences()
        self.filling = Filling(engine, space, self.audiences, cursor=lambda: self.cursor, catching_up=catching_up)
        self.whereabouts = Whereabouts(engine, space, self.audiences)
        self._engine = engine
        self._wakes = wakes
        self._clock = clock
        self._catching_up = catching_up
        self._on_doubt = on_doubt
        self._moved = asyncio.Event()

    # ------------------------------------------------------------ the journal, to everybody

    async def start(self) -> None:
        """Begin at the journal's end. Raises ``NotFound`` where there is no such space."""
        async with reading(self._engine) as conn:
            self.cursor, _ = await journal.head_of(conn, self.space)
            self.epoch = await queries.epoch(conn)
        await self.whereabouts.start()

    def tasks(self) -> Iterator[Coroutine[None, None, None]]:
        """Yield what has to run for as long as the feed is there."""
        yield self.run()
        yield self.filling.run()
        yield self.whereabouts.run()

    def end(self) -> None:
        """Let nobody wait any more for where the feed will not come."""
        self.ended = True
        self._moved.set()

    async def run(self) -> None:
        """Send what the journal tells until cancelled; when the database is away, go on where it was."""
        pause_s = SHORTEST_PAUSE_S
        while True:
            began = time.monotonic()
            try:
                async for batch in tail(self._engine, self._wakes, self.space, self.cursor, None):
                    self._send(batch)
            except AWAY as error:
                log.warning("feed_waits", space=self.space, error=repr(error), again_in_s=pause_s)
            if time.monotonic() - began > LONGEST_PAUSE_S:
                pause_s = SHORTEST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _send(self, batch: Sequence[Entry | Stub]) -> None:
        entries = [entry for entry in batch if isinstance(entry, Entry)]
        endings = {entry.seq: wire.entry_ending(entry) for entry in entries}
        made: dict[tuple[int, int], Message] = {}
        for audience in self.audiences:
            messages = []
            for entry in entries:
                if audience.viewer.sees(entry.visibility, entry.parties):
                    key = (audience.sent, entry.seq)
                    if key not in made:
                        made[key] = Message(wire.entry(audience.sent, endings[entry.seq]))
                    messages.append(made[key])
                    audience.sent = entry.seq
            if messages:
                audience.write(Burst(messages))
        self.cursor = batch[-1].seq
        self._moved.set()
        self._moved = asyncio.Event()
        self.filling.note(entries)
        for entry in entries:
            if entry.subject_kind in ABOUT_USERS:
                self._on_doubt(_user_of(entry))

    def heartbeat(self) -> Iterator[tuple[Reader, Burst]]:
        """Yield every reader that has caught up, with what to send it; as of the moment it is yielded."""
        for audience in self.audiences:
            made: tuple[int, int, Burst] | None = None
            for reader in tuple(audience.readers):
                if made is None or made[:2] != (audience.sent, self.cursor):
                    made = (audience.sent, self.cursor, self._heartbeat(audience.sent))
                if reader in audience.readers:
                    yield reader, made[2]

    def _heartbeat(self, prev: int) -> Burst:
        return burst(wire.heartbeat(prev=prev, seq=self.cursor, at=self._clock.now()))

    # ------------------------------------------------------------ one reader

    def attach(self, member: UUID | None, outlet: Outlet) -> Reader:
        """Return a reader for a connection of this member, who hears nothing yet; ``detach`` it at the end, once."""
        return self.audiences.attach(member, outlet, self.cursor)

    def detach(self, reader: Reader) -> None:
        """Let go of a reader whose connection has ended."""
        self.audiences.detach(reader)

    async def resume(self, reader: Reader, epoch: str, after: int) -> bool:
        """Send what the reader missed and have it join; or tell it to take a snapshot, and return False."""
        reader.audience.readers.discard(reader)
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
            return False
        await self._join(reader, after)
        return True

    async def snapshot(self, reader: Reader) -> None:
        """Send everything the reader may see, as of one seq, and have it join there."""
        audience = reader.audience
        audience.readers.discard(reader)
        async with audience.lock:
            if not reader.outlet.open:
                return
            if audience.snapshot is None or time.monotonic() - audience.snapshot[0] > SAME_SNAPSHOT_S:
                started = time.monotonic()
                async with self._catching_up, reading(self._engine, snapshot=True) as conn:
                    seen = await queries.snapshot(conn, self.space, audience.viewer.member_id)
                audience.snapshot = (started, seen.seq, burst(*wire.snapshot_parts(seen.seq, seen.rows)))
                asyncio.get_running_loop().call_later(2 * SAME_SNAPSHOT_S, _forget_snapshot, audience, started)
            _, seq, sent = audience.snapshot
        for message in sent.messages:
            reader.outlet.write(Burst((message,)))
            await reader.outlet.drain()
        await self._join(reader, seq)

    async def _join(self, reader: Reader, after: int) -> None:
        """Send the entries after ``after`` and how far lines are filled, and have the reader join at the feed's place.

        It ends without joining when the connection or the feed does.
        """
        at = prev = after
        telling = -1
        outlet, audience = reader.outlet, reader.audience
        audience.catching_up.add(reader)
        try:
            while outlet.open and not self.ended:
                if at > self.cursor:
                    with suppress(TimeoutError):  # to look now and then whether the connection is still there
                        async with asyncio.timeout(POLL_S):
                            await self._moved.wait()
                elif at < self.cursor:
                    at, prev = await self._send_missed(reader, at, prev)
                elif telling < 0 or (told := self.filling.since(telling)) is None:
                    telling, lines = await self.filling.all()
                    outlet.write(lines)
                    await outlet.drain()
                else:  # no await since it was seen that this is where the feed is
                    if told.messages:
                        outlet.write(told)
                    audience.readers.add(reader)
                    outlet.write(self._heartbeat(prev))
                    if reader.behind:
                        self.whereabouts.stir()
                    return
        finally:
            audience.catching_up.discard(reader)

    async def _send_missed(self, reader: Reader, at: int, prev: int) -> tuple[int, int]:
        """Send some entries after ``at``, the first behind ``prev``; return up to where it went, and the last one sent."""
        async with self._catching_up, reading(self._engine) as conn:
            limit = min(AT_ONCE, self.cursor - at)
            batch = await journal.read(conn, self.space, at, limit, reader.audience.viewer)
        messages = []
        for entry in batch:
            if isinstance(entry, Entry):
                messages.append(Message(wire.entry(prev, wire.entry_ending(entry))))
                prev = entry.seq
            at = entry.seq
        if not batch:  # the journal was put back behind us: whoever looks after epochs will end this
            await asyncio.sleep(POLL_S)
        reader.outlet.write(Burst(messages))
        await reader.outlet.drain()
        return at, prev


def _forget_snapshot(audience: Audience, started: float) -> None:
    """Give back the memory of a snapshot that nobody is given any more."""
    if audience.snapshot is not None and audience.snapshot[0] == started:
        audience.snapshot = None


def _user_of(entry: Entry) -> UUID | None:
    """Return whom an entry about a user or a token concerns; None where it was erased."""
    if entry.subject_kind == "user":
        return entry.subject_id
    rows = (entry.body() or {}).get("rows", {}).get("token", ())
    return next((UUID(row["user_id"]) for row in rows if row.get("user_id")), None)
