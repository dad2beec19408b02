"""The forces of a space as one process holds them: all units in arrays, the crossings, the roads, and what the agreements say.

Filled from the tables when it is first asked for, and brought up to the end of the journal, and to the last positions, each time somebody asks: so what
is answered is never older than what the asker has been told. Entries are read for what they touch, and the rows themselves are read anew. What can't be followed
(more entries than are worth it, an erased one, a member or a depot that moved, a new crossing) is filled anew. Nothing here matters after the process.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import structlog

from app.domain.chain import Entry
from app.domain.errors import ProtocolDataError
from app.domain.resource_types import parts_of_type
from app.planning.choice import read_roads
from app.planning.papers import Counted, Home, Papers
from app.planning.supply import Supply
from app.planning.travel import Travel
from app.queries.forces_rows import AT_ONCE, all_units, gates_of, members_of, some_units
from app.queries.positions import reported_since
from app.store import journal
from app.store.agreements import agreed, stocks_of, uses_of
from app.store.costs import with_spent
from app.store.turns import Turns, without_full_collections

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    import asyncpg

    from app.planning.candidates import Gate
    from app.planning.roads import Roads
    from app.queries.forces_rows import Members, Standing

MOST_MISSED: Final = 5000
"""Entries that are followed; whoever missed more is quicker with the tables."""
BATCH: Final = 500
SPACES: Final = 8
"""Spaces whose forces are kept; the one that was asked longest ago goes first."""
AGREEMENTS: Final = frozenset({"agreement", "agreement_version", "agreement_consent"})
COUNTED: Final = frozenset({"resource", "offer", "offer_line", "mission", "reassignment", "lender_word"})
"""Kinds of rows that change what somebody has of a type, or what runs under an agreement."""
SPENDING: Final = frozenset(
    {"offer", "offer_line", "mission", "claim", "claim_line", "claim_mission", "statement", "statement_line"}
)
"""Kinds of rows that change what a year has cost."""
ANEW: Final = frozenset({"member", "depot"})
"""Kinds of rows after which everything is filled anew: they are rare, and much hangs on them."""

log = structlog.get_logger(__name__)


class Forces:
    """One space's. Ask under ``current``; what is computed from it then must not wait in between."""

    def __init__(self, space: str, roads_file: Path | None) -> None:
        """Keep what is needed; nothing is read yet."""
        self.space = space
        self.cursor = -1
        """The last seq that was followed; -1 before anything was filled."""
        self.filled = 0
        """How often it was filled from the tables."""
        self.supply = Supply(Travel([]))
        self.papers = Papers([], {})
        self.members: Members
        self.roads_wrong = False
        """There is a file of roads, and it does not fit the corridor: ways are great circles."""
        self._roads_file = roads_file
        self._positions_since: datetime | None = None
        self._seen: dict[UUID, datetime] = {}
        self._grounds: dict[Home, int] = {}
        self._formation_of: dict[UUID, UUID] = {}
        self._counted: dict[str, Counted] = {}
        self._before: dict[str, Counted] = {}
        """What was counted when it was last read, so that what is the same keeps its number."""
        self._agreed_known = False
        self._spent_for = 0
        """The year whose costs are known; 0: none."""
        self._lock = asyncio.Lock()

    @property
    def travel(self) -> Travel:
        """The times of travel."""
        return self.supply.travel

    def seen_at(self, unit_id: UUID) -> datetime:
        """Return when a unit was where it is."""
        return self._seen[unit_id]

    def formation_of(self, unit_id: UUID) -> UUID | None:
        """Return the formation that a unit is a part of."""
        return self._formation_of.get(unit_id)

    @asynccontextmanager
    async def current(self, conn: asyncpg.Connection[Any], at: datetime) -> AsyncIterator[Forces]:
        """Hold it as it is now.

        Raises:
            NotFound: there is no such space.
        """
        async with self._lock:
            await self._follow(conn)
            await self._agree(conn, at)
            yield self

    async def counted(self, conn: asyncpg.Connection[Any], type_code: str) -> Mapping[str, Counted]:
        """Return what each lender has of a type and of its parts, and what runs under each agreement. Ask under ``current``."""
        codes = (type_code, *parts_of_type(type_code))
        for code in codes:
            if code not in self._counted:
                found = Counted(await stocks_of(conn, self.space, code), await uses_of(conn, self.space, code))
                self._before[code] = self._counted[code] = found.after(self._before.get(code))
        return {code: self._counted[code] for code in codes}

    # ---------------------------------------------------------------- from the tables

    async def _fill(self, conn: asyncpg.Connection[Any]) -> None:
        """Read everything. What changes meanwhile is in the journal after the seq that is noted first."""
        seq, _ = await journal.head_of(conn, self.space)
        since, _ = await reported_since(conn, self.space, None)
        self.cursor = -1
        self.members = await members_of(conn, self.space)
        gates = await gates_of(conn, self.space)
        roads = self._read_roads(gates)
        self.supply = Supply(await asyncio.to_thread(Travel, gates, roads))
        self._seen, self._grounds, self._formation_of = {}, {}, {}
        self._agreed_known = False
        await self._agree(conn, None)
        turns, after = Turns(), None
        with without_full_collections():
            while batch := await all_units(conn, self.space, after):
                for each in batch:
                    self._put(each)
                    await turns.due()
                after = batch[-1].unit.id
                if len(batch) < AT_ONCE:
                    break
        self._counted.clear()
        self.cursor, self._positions_since = seq, since
        self.filled += 1

    def _read_roads(self, gates: list[Gate]) -> Roads | None:
        self.roads_wrong = False
        if self._roads_file is None:
            return None
        try:
            return read_roads(self._roads_file, gates)
        except (OSError, UnicodeDecodeError, ProtocolDataError) as error:
            log.warning("roads_not_used", space=self.space, error=str(error))
            self.roads_wrong = True
            return None

    def _put(self, standing: Standing) -> None:
        unit = standing.unit
        if standing.formation_id is None:
            self._formation_of.pop(unit.id, None)
        else:
            self._formation_of[unit.id] = standing.formation_id
        if standing.retired:
            self.supply.drop(unit.id)
            self._seen.pop(unit.id, None)
            return
        self._seen[unit.id] = unit.position_at
        self.supply.put(standing.type_code, unit, ground=self._ground(standing.home))

    def _ground(self, home: Home) -> int:
        """Return the number of a home; 0 for all where no agreement asks after it."""
        if not (self.papers.by_area or self.papers.capped):
            return 0
        home = home if self.papers.capped else home._replace(crew=0)
        number = self._grounds.setdefault(home, len(self._grounds) + 1)
        self.papers.homes[number] = home
        return number

    # ---------------------------------------------------------------- from the journal

    async def _follow(self, conn: asyncpg.Connection[Any]) -> None:
        if self.cursor < 0:
            await self._fill(conn)
        head, _ = await journal.head_of(conn, self.space)
        if not 0 <= head - self.cursor <= MOST_MISSED:
            await self._fill(conn)
        while self.cursor < head:
            batch = await journal.read(conn, self.space, self.cursor, BATCH)
            if not batch:
                break
            if not await self._take_in(conn, [entry for entry in batch if isinstance(entry, Entry)]):
                await self._fill(conn)
                continue
            self.cursor = batch[-1].seq
        await self._follow_positions(conn)

    async def _take_in(self, conn: asyncpg.Connection[Any], entries: list[Entry]) -> bool:
        """Follow what entries touch; return False where everything has to be filled anew."""
        units: set[UUID] = set()
        kinds: set[str] = set()
        for entry in entries:
            body = entry.body()
            if body is None:
                return False
            rows: dict[str, list[dict[str, Any]]] = body.get("rows", {})
            kinds |= rows.keys()
            units |= {UUID(row["id"]) for row in rows.get("resource", ())}
            self._forget(rows)
        if kinds & ANEW:
            return False
        if "crossing" in kinds and not await self._cross(conn):
            return False
        if kinds & AGREEMENTS:
            self._agreed_known = False
        if kinds & SPENDING:
            self._spent_for = 0
        if units:
            units |= {self._formation_of[id_] for id_ in units if id_ in self._formation_of}
            for each in await some_units(conn, self.space, units):
                self._put(each)
        return True

    def _forget(self, rows: Mapping[str, list[dict[str, Any]]]) -> None:
        """Let what is counted of the types in these rows be counted again; of all types, where the rows don't say which."""
        touched = COUNTED & rows.keys()
        if not touched:
            return
        types = {row.get("type_code") for kind in touched - {"offer", "reassignment"} for row in rows[kind]}
        if None in types or (touched & {"offer", "reassignment"} and not touched & {"offer_line", "mission"}):
            self._counted.clear()
            return
        whole = {code for code in types if code is not None}
        above = {
            code for code in self._counted if whole & parts_of_type(code).keys()
        }  # a whole one is as ready as its parts
        for code in whole | above | {part for each in whole for part in parts_of_type(each)}:
            self._counted.pop(code, None)

    async def _cross(self, conn: asyncpg.Connection[Any]) -> bool:
        """Take the crossings in as they are now; return False where one came or moved."""
        gates = await gates_of(conn, self.space)
        if {gate.code for gate in gates} != {gate.code for gate in self.travel.gates}:
            return False
        try:
            for gate in gates:
                self.travel.put_gate(gate)
        except KeyError:
            return False
        return True

    async def _agree(self, conn: asyncpg.Connection[Any], at: datetime | None) -> None:
        """Read the agreements, where they have changed, and what those with a yearly cap have cost, where that has or the year has."""
        if self._agreed_known and (at is None or not self.papers.capped or self._spent_for == at.year):
            return
        before = self.papers
        pairs = await agreed(conn, self.space)
        if at is not None:
            pairs = await with_spent(conn, self.space, pairs, at)
        self._spent_for = 0 if at is None else at.year
        self._agreed_known = True
        if pairs == before.pairs and self.members.lenders == before.lenders:
            return
        self.papers = Papers(pairs, self.members.lenders, before.homes)
        asks = self.papers.by_area, self.papers.capped
        if self.cursor >= 0 and asks != (before.by_area, before.capped):
            await self._fill(conn)  # units are told apart by their homes from now on, or not any more
            await self._agree(conn, at)

    async def _follow_positions(self, conn: asyncpg.Connection[Any]) -> None:
        since, told = await reported_since(conn, self.space, self._positions_since)
        self._positions_since = since
        for id_, where in told.items():
            if id_ not in self._seen:
                continue
            at = datetime.fromisoformat(where["at"])
            if at > self._seen[id_]:
                self._seen[id_] = at
                self.supply.move(id_, where["lon"], where["lat"])


class AllForces:
    """One a process: the forces of the spaces that somebody asks for."""

    def __init__(self, roads_file: Path | None = None) -> None:
        """Keep where the roads are told."""
        self._roads_file = roads_file
        self._spaces: dict[str, Forces] = {}

    def of(self, space: str) -> Forces:
        """Return a space's, which may have to be filled yet."""
        found = self._spaces.pop(space, None) or Forces(space, self._roads_file)
        self._spaces[space] = found
        if len(self._spaces) > SPACES:
            del self._spaces[next(iter(self._spaces))]
        return found
