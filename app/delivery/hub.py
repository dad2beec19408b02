"""The feeds of one process: one for each space that somebody follows, their heartbeats, and who may still listen.

A connection is opened with a credential, and lives as long as that counts and stands for the same member in the same roles.
That is looked up at every heartbeat, in one statement for all connections, and at once when the journal tells of a change
of users or tokens. Nothing here matters after the process: readers come back with the seq they have.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from app.delivery import wire
from app.delivery.feed import CATCHING_UP, Feed, Reader
from app.delivery.frames import burst
from app.domain.errors import ConcordError, Forbidden, TokenInvalid
from app.queries import snapshot
from app.queries.identity import standings
from app.store.engine import AWAY, reading
from app.telemetry import FEED_READERS

if TYPE_CHECKING:
    from collections.abc import Callable

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
        self._engine = engine
        self._wakes = wakes
        self._clock = clock
        self._idle = timedelta(minutes=idle_minutes)
        self._spaces: dict[str, _Running] = {}
        self._opening = asyncio.Lock()
        self._catching_up = asyncio.Semaphore(CATCHING_UP)
        self._in_doubt = asyncio.Event()
        wakes.on_moved = self._stir

    # ------------------------------------------------------------ connections

    async def connect(
        self, space: str, outlet: Outlet, actor: Actor, digest: bytes, refuse: Callable[[ConcordError], None]
    ) -> Connection:
        """Say hello to a connection of this actor, opened with the credential of this SHA-256; ``let_go`` of it at the end.

        Raises:
            NotFound: there is no such space.
        """
        running = await self._open(space)
        feed = running.feed
        made = Connection(feed, feed.reader(actor.member_id, outlet), actor, digest, refuse)
        running.connections.add(made)
        FEED_READERS.inc()
        now = self._clock.now()
        hello = wire.hello(
            epoch=feed.epoch, space=space, head=feed.cursor, heartbeat_s=self.heartbeat_s, at=now, actor=actor
        )
        outlet.write(burst(hello))
        return made

    def let_go(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        FEED_READERS.dec()
        connection.feed.forget(connection.reader)
        if (running := self._spaces.get(connection.feed.space)) is not None:
            running.connections.discard(connection)

    async def _open(self, space: str) -> _Running:
        """Return the space's feed, started if need be; the live one always runs beside, for it tells of users."""
        async with self._opening:
            for name in (space, LIVE):
                if name not in self._spaces:
                    self._spaces[name] = await self._start(name)
            return self._spaces[space]

    async def _start(self, space: str) -> _Running:
        feed = Feed(
            self._engine, self._wakes, self._clock, space,
            catching_up=self._catching_up, on_identity=self._in_doubt.set,
        )  # fmt: skip
        await feed.start()
        tasks = [
            asyncio.create_task(feed.run(), name=f"feed {space}"),
            asyncio.create_task(feed.run_fill(), name=f"fill {space}"),
            asyncio.create_task(feed.run_positions(), name=f"positions {space}"),
        ]
        return _Running(feed, tasks)

    def _stir(self, space: str) -> None:
        if running := self._spaces.get(space):
            running.feed.stir()

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
                self._in_doubt.clear()
                await self.check()
                if loop.time() >= next_at:
                    await self.beat()
                    next_at = loop.time() + self.heartbeat_s
        finally:
            for running in self._spaces.values():
                await _end(running)
            self._spaces.clear()

    async def beat(self) -> None:
        """Send every reader its heartbeat, and end feeds that nobody follows."""
        for running in tuple(self._spaces.values()):
            running.feed.stir()  # a hint may have been lost
            for number, (reader, sent) in enumerate(running.feed.heartbeat(), start=1):
                reader.outlet.write(sent)
                if number % SLICE == 0:
                    await asyncio.sleep(0)
        async with self._opening:
            followed = {space for space, running in self._spaces.items() if running.connections}
            for space in set(self._spaces) - (followed | {LIVE} if followed else set()):
                await _end(self._spaces.pop(space))

    async def check(self) -> None:
        """Close connections whose credential no longer counts, or allows something else than it did; all, in a new epoch."""
        connections = [made for running in self._spaces.values() for made in running.connections]
        if not connections:
            return
        now = self._clock.now()
        try:
            async with reading(self._engine) as conn:
                standing = await standings(
                    conn, {made.digest for made in connections}, now=now, idle_since=now - self._idle
                )
                epoch = await snapshot.epoch(conn)
        except AWAY as error:
            log.warning("feed_not_checked", error=repr(error))
            return
        for made in connections:
            found = standing.get(made.digest)
            if found is None:
                made.refuse(TokenInvalid("This session or token no longer counts.", hint="Sign in again."))
            elif (found.member_id, found.roles, found.scopes) != _as_opened(made.actor):
                hint = "Connect again; what you see then is what you may see now."
                made.refuse(Forbidden("What you may do has been changed since this was opened.", hint=hint))
        await self._renew(epoch)

    async def _renew(self, epoch: str) -> None:
        """End feeds of another epoch: where their readers stand means nothing any more."""
        async with self._opening:
            for space in [space for space, running in self._spaces.items() if running.feed.epoch != epoch]:
                running = self._spaces.pop(space)
                log.warning("feed_epoch_ended", space=space)
                await _end(running)
                for made in tuple(running.connections):
                    made.reader.outlet.close(COME_BACK, "The journal is another one; connect again.")


def _as_opened(actor: Actor) -> tuple[object, object, object]:
    return actor.member_id, actor.roles, actor.scopes


async def _end(running: _Running) -> None:
    for task in running.tasks:
        task.cancel()
    await asyncio.gather(*running.tasks, return_exceptions=True)
