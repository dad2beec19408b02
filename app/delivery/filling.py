"""How far lines of requests are filled, told to all who follow a space.

It follows from rows that not everybody sees, so it stands beside the entries. What is told may be newer than the seq it
names, never older: the entry that made it so is followed by its own telling.

Who joins is sent how far all lines were filled when that was last read, and then what was told since. So joining ends,
however much happens meanwhile, and a control room that comes back at once has the lines read for it once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import structlog

from app.delivery import wire
from app.delivery.frames import Burst, burst
from app.queries import snapshot as queries
from app.store.engine import AWAY, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.delivery.audiences import Audiences
    from app.domain.chain import Entry

ABOUT_FILL: Final = frozenset({"request", "offer", "mission", "call", "reassignment"})
"""What entries have to be about to change how far a line is filled. A reassignment names the request that its unit leaves: the
mission's own row names the new one alone."""
TOLD_KEPT: Final = 200
"""Tellings kept for those who join; with more since then, all lines are read anew."""
AGAIN_S: Final = 1.0

log = structlog.get_logger(__name__)


class Filling:
    """How far a space's lines are filled. ``run`` it, and ``note`` the entries that its journal tells."""

    def __init__(
        self,
        engine: AsyncEngine,
        space: str,
        audiences: Audiences,
        *,
        cursor: Callable[[], int],
        catching_up: asyncio.Semaphore,
    ) -> None:
        """Keep what is needed. ``cursor`` tells how far the journal was read."""
        self._engine = engine
        self._space = space
        self._audiences = audiences
        self._cursor = cursor
        self._catching_up = catching_up
        self._changed: set[UUID] = set()
        self._something = asyncio.Event()
        self._told: deque[Burst] = deque(maxlen=TOLD_KEPT)
        self._tellings = 0
        """How many there were; the last ones are kept."""
        self._all: tuple[int, Burst] | None = None
        """How far all lines were filled, and how many tellings there had been when that began to be read."""
        self._reading = asyncio.Lock()

    def note(self, entries: Sequence[Entry]) -> None:
        """Have told what these entries change."""
        for entry in entries:
            if entry.subject_kind in ABOUT_FILL:
                self._changed.update(_requests_of(entry))
        if self._changed:
            self._something.set()

    async def run(self) -> None:
        """Tell how far lines are filled, after entries that change it, until cancelled."""
        while True:
            await self._something.wait()
            self._something.clear()
            requests, self._changed = self._changed, set()
            seq = self._cursor()
            try:
                async with reading(self._engine) as conn:
                    lines = await queries.fill(conn, self._space, requests)
            except AWAY as error:
                log.warning("fill_waits", space=self._space, error=repr(error))
                self._changed |= requests
                await asyncio.sleep(AGAIN_S)
                self._something.set()
                continue
            for text in wire.fill(seq, [_told(line) for line in lines if line["between"] is None]):
                sent = burst(text)
                self._told.append(sent)
                self._tellings += 1
                self._audiences.write(sent)
                await asyncio.sleep(0)
            for line in lines:
                if line["between"] is not None:
                    self._tell_two(seq, line)

    def _tell_two(self, seq: int, line: dict[str, Any]) -> None:
        """Tell the two members that help from day to day is between; who joins meanwhile reads it anew."""
        for audience in self._audiences:
            if audience.viewer.member_id in line["between"]:
                for text in wire.fill(seq, [_told(line)]):
                    audience.write(burst(text))

    async def all(self) -> tuple[int, Burst]:
        """Return how far all lines are filled, and from which telling on newer ones have to follow: see ``since``."""
        async with self._reading:  # of many who join at once, one reads for all
            if self._all is None or self.since(self._all[0]) is None:
                begun, seq = self._tellings, self._cursor()
                async with self._catching_up, reading(self._engine) as conn:
                    lines = await queries.fill(conn, self._space)
                self._all = begun, burst(*wire.fill(seq, [_told(line) for line in lines]))
            return self._all

    def since(self, telling: int) -> Burst | None:
        """Return what was told from that telling on, in one piece; None where it is not kept any more."""
        count = self._tellings - telling
        if count > len(self._told):
            return None
        told = list(self._told)[len(self._told) - count :]
        return Burst([message for sent in told for message in sent.messages])


def _told(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name != "between"}


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
