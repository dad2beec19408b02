"""Where units are, told to all who follow a space: of each at most once a second, and never in the way of an entry.

Where a unit on help from day to day is, its two members are told alone.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import structlog

from app.delivery import wire
from app.delivery.fanout import MOST_WAITING_POSITIONS
from app.delivery.frames import burst
from app.queries.positions import between_two, reported_since
from app.store.engine import AWAY, reading

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.delivery.audiences import Audiences, Reader

SAME_POSITION_S: Final = 1.0
"""No unit's position is told more often."""
SLICE: Final = 50
"""Readers written to before entries get their turn; a thousand positions are 100 kB to each."""

log = structlog.get_logger(__name__)


class Whereabouts:
    """The positions of a space's units. ``start`` it, then ``run`` it, and ``stir`` it when units moved."""

    def __init__(self, engine: AsyncEngine, space: str, audiences: Audiences) -> None:
        """Keep what is needed."""
        self._engine = engine
        self._space = space
        self._audiences = audiences
        self._stirred = asyncio.Event()
        self._since: datetime | None = None
        self._where: dict[UUID, dict[str, Any]] = {}
        """The positions that were told last, by unit."""
        self._between: dict[UUID, frozenset[UUID]] = {}
        """Of a unit whose last position was for two members alone, which two."""

    async def start(self) -> None:
        """Begin with what is reported from now on: what was before is read by who wants it."""
        async with reading(self._engine) as conn:
            self._since, _ = await reported_since(conn, self._space, None)

    def stir(self) -> None:
        """Look for positions that changed, before long."""
        self._stirred.set()

    async def run(self) -> None:
        """Tell where units are until cancelled.

        Readers are written to a few at a time, so that an entry never waits behind all of them.
        """
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            next_at = time.monotonic() + SAME_POSITION_S
            try:
                async with reading(self._engine) as conn:
                    since, told = await reported_since(conn, self._space, self._since)
                    between = await between_two(conn, self._space, told)
            except AWAY as error:
                log.warning("positions_wait", space=self._space, error=repr(error))
                self._stirred.set()
            else:
                self._since = since
                changed = {id_: item for id_, item in told.items() if self._where.get(id_) != item}
                self._where |= changed
                self._between = {id_: two for id_, two in self._between.items() if id_ not in told} | between
                await self._tell(changed)
            await asyncio.sleep(max(0.0, next_at - time.monotonic()))

    async def _tell(self, changed: dict[UUID, dict[str, Any]]) -> None:
        """Tell everybody what changed, and those who are behind what they were not told before."""
        for reader in self._audiences.catching_up():
            reader.behind |= changed.keys()
        for_all = burst(*wire.positions(item for id_, item in changed.items() if id_ not in self._between))
        for number, reader in enumerate(self._audiences.readers(), start=1):
            if number % SLICE == 0:
                await asyncio.sleep(0)
            if not (changed or reader.behind):
                continue
            late = reader.behind - changed.keys()
            theirs = self._seen_by(reader, late | changed.keys())
            mine = burst(*wire.positions(self._where[id_] for id_ in theirs)) if late or self._between else for_all
            if reader in reader.audience.readers and reader.outlet.offer(mine, MOST_WAITING_POSITIONS):
                reader.behind.clear()
            else:
                reader.behind |= changed.keys()
        if any(reader.behind for reader in self._audiences.readers()):
            self.stir()  # nothing may move any more, and they are to know where all stand

    def _seen_by(self, reader: Reader, units: set[UUID]) -> set[UUID]:
        """Return those of the units of which the reader may know where they are."""
        member = reader.audience.viewer.member_id
        return {id_ for id_ in units if id_ not in self._between or member in self._between[id_]}
