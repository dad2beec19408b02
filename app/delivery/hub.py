"""The feeds of one process: one for each space that somebody follows, their heartbeats, and who may still listen.

A connection is opened with a credential, and lives as long as that counts and stands for the same member in the same roles.
That is looked up at every heartbeat, in one statement for all connections; and at once for a user of whom somebody says,
in this process or another, that a session ended, or of whom the journal tells that roles or tokens changed. Nothing here
matters after the process: readers come back with the seq they have.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from app.delivery import wire
from app.delivery.audiences import Reader
from app.delivery.feed import Feed
from app.delivery.frames import burst
from app.domain.errors import ConcordError, Forbidden, TokenInvalid
from app.queries import snapshot
from app.queries.identity import standings
from app.queries.spaces import require_reader
from app.store.engine import AWAY, reading
from app.store.migrate import PERMANENT_SPACES
from app.telemetry import FEED_READERS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.delivery.fanout import Outlet
    from app.delivery.wakes import Wakes
    from app.domain.authority import Actor
    from app.domain.clock import Clock

LIVE: Final = "live"
"""The space whose journal tells of users and tokens."""
HEARTBEAT_S: Final = 10.0
SLICE: Final = 250
"""Readers written to before entries get their turn."""
CATCHING_UP: Final = 4
"""Readers of a process that read from the database at a time: commands want connections too."""
AGAIN_S: Final = 1.0
"""How long after the database was away those in doubt are looked up again."""
COME_BACK: Final = 1012
"""Service restart (IANA's registry of closing codes): connect again."""

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Connection:
    """One connection to a feed. ``refuse`` tells it why it ends, and ends it."""

    feed: Feed
    reader: Reader
    actor: Actor
    digest: bytes
    refuse: Callable[[ConcordError], None]


@dataclass(slots=True, eq=False)
class _Running:
    feed: Feed
    tasks: list[asyncio.Task[None]]
    connections: set[Connection] = field(default_factory=set)


class Hub:
    """One a process. ``run`` it; feeds start with their first connection and end when nobody is left."""

    def __init__(
        self,
        engine: AsyncEngine,
        wakes: Wakes,
        clock: Clock,
        *,
        idle_minutes: int,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """Keep what is needed; nothing runs yet."""
        self.heartbeat_s = heartbeat_s
        self.doubts = 0
        """How often anybody was doubted: who looks up a credential and then connects notes it before, see ``connect``."""
        self._engine = engine
        self._wakes = wakes
        self._clock = clock
        self._idle = timedelta(minutes=idle_minutes)
        self._spaces: dict[str, _Running] = {}
        self._opening = asyncio.Lock()
        self._catching_up = asyncio.Semaphore(CATCHING_UP)
        self._doubted: set[UUID | None] = set()
        self._in_doubt = asyncio.Event()
        wakes.on_moved = self._stir
        wakes.on_doubt = self.doubt

    # ------------------------------------------------------------ connections

    async def connect(
        self,
        space: str,
        outlet: Outlet,
        actor: Actor,
        digest: bytes,
        refuse: Callable[[ConcordError], None],
        *,
        doubts: int,
    ) -> Connection:
        """Say hello to a connection of this actor, opened with the credential of this SHA-256; ``let_go`` of it at the end.

        ``doubts`` is what it was before the credential was looked up: if there was one since, it is looked up again.

        Raises:
            NotFound: there is no such space.
            NotInDrill: it is a drill's, and the actor is none of its players, staff or observers.
        """
        if space not in PERMANENT_SPACES:
            async with reading(self._engine) as conn:
                _ = await require_reader(conn, space, actor)
        running, listened = await self._open(space)
        feed = running.feed
        made = Connection(feed, feed.attach(actor.member_id, outlet), actor, digest, refuse)
        running.connections.add(made)
        FEED_READERS.inc()
        if doubts != self.doubts or not listened:
            self.doubt(actor.id)
        now = self._clock.now()
        hello = wire.hello(
            epoch=feed.epoch, space=space, head=feed.cursor, heartbeat_s=self.heartbeat_s, at=now, actor=actor
        )
        outlet.write(burst(hello))
        return made

    def let_go(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        FEED_READERS.dec()
        connection.feed.detach(connection.reader)
        if (running := self._spaces.get(connection.feed.space)) is not None:
            running.connections.discard(connection)

    async def _open(self, space: str) -> tuple[_Running, bool]:
        """Return the space's feed, started if need be, and whether the live one ran already: it tells of users."""
        async with self._opening:
            listened = LIVE in self._spaces
            for name in (space, LIVE):
                if name not in self._spaces:
                    self._spaces[name] = await self._start(name)
            return self._spaces[space], listened

    async def _start(self, space: str) -> _Running:
        feed = Feed(
            self._engine, self._wakes, self._clock, space, catching_up=self._catching_up, on_doubt=self.doubt
        )  # fmt: skip
        await feed.start()
        running = _Running(feed, [asyncio.create_task(each, name=f"feed {space}") for each in feed.tasks()])
        for task in running.tasks:
            task.add_done_callback(lambda task: self._look_after(running, task))
        return running

    def _look_after(self, running: _Running, task: asyncio.Task[None]) -> None:
        """End a feed of which a part fell over: its readers would go on hearing heartbeats, and nothing else."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        log.error("feed_failed", space=running.feed.space, error=repr(error), exc_info=error)
        if self._spaces.get(running.feed.space) is running:
            del self._spaces[running.feed.space]
        _send_away(running, "Something went wrong here; connect again.")
        for each in running.tasks:
            each.cancel()

    def _stir(self, space: str) -> None:
        if running := self._spaces.get(space):
            running.feed.whereabouts.stir()

    # ------------------------------------------------------------ heartbeats, and who may still listen

    async def run(self) -> None:
        """Beat, and look up credentials, until cancelled; then end every feed."""
        loop = asyncio.get_running_loop()
        next_at = loop.time() + self.heartbeat_s
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(next_at):
                        await self._in_doubt.wait()
                try:
                    await self._turn(beat=loop.time() >= next_at)
                except Exception:  # whatever it is, the next heartbeat is for everybody
                    log.exception("heartbeat_failed")
                if loop.time() >= next_at:
                    next_at = loop.time() + self.heartbeat_s
        finally:
            for running in self._spaces.values():
                await _end(running)
            self._spaces.clear()

    async def _turn(self, *, beat: bool) -> None:
        """Look up who is in doubt; or everybody, and beat."""
        self._in_doubt.clear()
        doubted, self._doubted = self._doubted, set()
        if not await self.check(None if beat or None in doubted else doubted):
            self._doubted |= doubted
            if doubted:
                asyncio.get_running_loop().call_later(AGAIN_S, self._in_doubt.set)
        if beat:
            await self.beat()

    async def beat(self) -> None:
        """Send every reader its heartbeat, and end feeds that nobody follows."""
        for running in tuple(self._spaces.values()):
            running.feed.whereabouts.stir()  # a hint may have been lost
            for number, (reader, sent) in enumerate(running.feed.heartbeat(), start=1):
                reader.outlet.write(sent)
                if number % SLICE == 0:
                    await asyncio.sleep(0)
        async with self._opening:
            followed = {space for space, running in self._spaces.items() if running.connections}
            for space in set(self._spaces) - (followed | {LIVE} if followed else set()):
                await _end(self._spaces.pop(space))

    def doubt(self, user: UUID | None) -> None:
        """Have a user's connections looked up, before long; without one, everybody's."""
        self.doubts += 1
        self._doubted.add(user)
        self._in_doubt.set()

    async def check(self, users: Collection[UUID | None] | None = None) -> bool:
        """Close connections whose credential no longer counts, or allows something else than it did: of these users, or all.

        Looking at all, it closes those of another epoch as well. Return False where the database was away.
        """
        connections = [
            made
            for running in self._spaces.values()
            for made in running.connections
            if (users is None or made.actor.id in users) and made.reader.outlet.open
        ]
        if not connections:
            return True
        now = self._clock.now()
        try:
            async with reading(self._engine) as conn:
                standing = await standings(
                    conn, {made.digest for made in connections}, now=now, idle_since=now - self._idle
                )
                epoch = await snapshot.epoch(conn) if users is None else None
        except AWAY as error:
            log.warning("feed_not_checked", error=repr(error))
            return False
        for made in connections:
            found = standing.get(made.digest)
            if found is None:
                made.refuse(TokenInvalid("This session or token no longer counts.", hint="Sign in again."))
            elif (found.member_id, found.roles, found.scopes) != _as_opened(made.actor):
                hint = "Connect again; what you see then is what you may see now."
                made.refuse(Forbidden("What you may do has been changed since this was opened.", hint=hint))
        if epoch is not None:
            await self._renew(epoch)
        return True

    async def _renew(self, epoch: str) -> None:
        """End feeds of another epoch: where their readers stand means nothing any more."""
        async with self._opening:
            for space in [space for space, running in self._spaces.items() if running.feed.epoch != epoch]:
                running = self._spaces.pop(space)
                log.warning("feed_epoch_ended", space=space)
                await _end(running)
                _send_away(running, "The journal is another one; connect again.")


def _as_opened(actor: Actor) -> tuple[object, object, object]:
    return actor.member_id, actor.roles, actor.scopes


def _send_away(running: _Running, reason: str) -> None:
    """Have everybody connect again."""
    running.feed.end()
    for made in tuple(running.connections):
        made.reader.outlet.close(COME_BACK, reason)


async def _end(running: _Running) -> None:
    running.feed.end()
    for task in running.tasks:
        task.cancel()
    await asyncio.gather(*running.tasks, return_exceptions=True)
