"""``recommend``: one request line over 100,000 resources, positions changing meanwhile, beside KNN in SQL and a full scan in NumPy.

The SQL is what PostgreSQL's own earthdistance does with a GiST index on (type, place): the nearest ten by great circle, without times of travel, agreements or
reasons. All of them are handed the same random places and types.
"""

from __future__ import annotations

import gc
import statistics
import time
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import numpy as np

from app.planning.candidates import Unit
from app.planning.recommend import Ask, recommend
from app.planning.rulings import KeyedRulings, Ruling
from app.planning.supply import Supply
from app.planning.travel import kilometres
from simulations.bench.measure import Effort, Figure, Goal, Report, database, paired, run_loop
from simulations.bench.plan_ground import (
    COUNTRIES,
    EAST,
    MEMBERS,
    NOON,
    NORTH,
    SOUTH,
    TYPES,
    WEST,
    Ground,
    country_at,
    ground,
    type_code,
)  # fmt: skip

if TYPE_CHECKING:
    from uuid import UUID

RESOURCES: Final = 100_000
POSITIONS_A_SECOND: Final = 1_000
LIMIT: Final = 10
ASKERS: Final = 3
GOAL_MS: Final = 2.0
NO_SLOWER: Final = Goal("<=", 1.0)
FIFTY_TIMES_CHEAPER: Final = Goal("<=", 0.02)
_TABLE: Final = """
CREATE EXTENSION cube; CREATE EXTENSION earthdistance; CREATE EXTENSION btree_gist;
CREATE TABLE unit (id int PRIMARY KEY, type int NOT NULL, free boolean NOT NULL, place earth NOT NULL);
"""
_INDEX: Final = "CREATE INDEX unit_place ON unit USING gist (type, place)"
_NEAREST: Final = "SELECT id FROM unit WHERE type = $1 AND free ORDER BY place <-> ll_to_earth($2, $3)::cube LIMIT $4"
_MOVE: Final = "UPDATE unit SET place = ll_to_earth($2, $3) WHERE id = $1"


class _World:
    """The same units as a supply, and as plain arrays."""

    def __init__(self, of: Ground, many: int) -> None:
        rng = np.random.default_rng(7)
        self.rng = rng
        self.of = of
        self.many = many
        self.type = rng.integers(0, TYPES, many)
        self.member = rng.integers(0, MEMBERS, many)
        strip = (EAST - WEST) / 3
        country = np.array([COUNTRIES.index(each) for each in of.country])[self.member]
        self.lon = WEST + (country + rng.uniform(0, 1, many)) * strip
        self.lat = rng.uniform(SOUTH, NORTH, many)
        self.free = rng.random(many) < 0.8  # noqa: PLR2004 - a fifth is out or on missions
        self.ready = rng.integers(1, 30, many).astype(float)
        weights = (None, 3.5, 10.0, 18.0)
        heavy = rng.integers(0, len(weights), many)
        self.ids = [uuid.UUID(int=1_000_000 + number) for number in range(many)]
        self.supply = Supply(of.travel)
        for number, id_ in enumerate(self.ids):
            owner = int(self.member[number])
            status = "available" if self.free[number] else "committed"
            place = float(self.lon[number]), float(self.lat[number])
            unit = Unit(
                id_, of.members[owner], of.country[owner], f"unit {number}", status, None, *place, NOON,
                int(self.ready[number]), weights[heavy[number]], None, None,
            )  # fmt: skip
            self.supply.put(type_code(int(self.type[number])), unit)
        for block in self.supply.blocks.values():
            block.settle(of.travel)
        self._rulings: dict[tuple[UUID, UUID, str, str | None], Ruling] = {}
        for borrower in of.members[
            :ASKERS
        ]:  # a verdict is worked out when an agreement or a stock changes, not when somebody looks
            for number in range(TYPES):
                for lender in of.members:
                    self.rulings(borrower, type_code(number))(lender, 0, None)
        gc.freeze()  # as the service does after its start

    def ask(self) -> Ask:
        """Return a line for a random type at a random place."""
        lon, lat = float(self.rng.uniform(WEST, EAST)), float(self.rng.uniform(SOUTH, NORTH))
        return Ask(type_code(int(self.rng.integers(TYPES))), lon, lat, country_at(lon), NOON, 90.0)

    def move(self) -> tuple[int, float, float]:
        """Return a unit and where it has come to."""
        number = int(self.rng.integers(self.many))
        lon = min(EAST, max(WEST, float(self.lon[number]) + 0.001))
        return number, lon, float(self.lat[number])

    def rulings(self, borrower: UUID, code: str) -> Any:
        """Return what the agreement says to units of each lender for one line; what was worked out is kept, as whoever uses the planning keeps it."""

        def of_lender(lender: UUID, _ground: int, crossing: str | None) -> Ruling:
            key = (lender, borrower, code, crossing)
            found = self._rulings.get(key)
            if found is None:
                own = lender == borrower
                verdict = None if own else self.of.verdict(lender, borrower, code, crossing)
                found = self._rulings[key] = Ruling(verdict, own=own, acknowledge_min=0 if own else 5)
            return found

        return KeyedRulings((borrower, code), of_lender)


def measure(effort: Effort, report: Report) -> None:
    """Measure requests, and position updates, beside the SQL and the scan."""
    report.tell(f"recommend: {RESOURCES:,} resources")
    world = _World(ground(), RESOURCES)
    with database(report) as dsn:
        run_loop(_measure(dsn, world, effort, report))


async def _measure(dsn: str, world: _World, effort: Effort, report: Report) -> None:
    conn = await asyncpg.connect(dsn, timeout=10)
    try:
        await conn.execute(_TABLE)
        rows = zip(
            range(world.many), world.type.tolist(), world.free.tolist(), _earth(world.lon, world.lat), strict=True
        )
        await conn.execute("CREATE TEMP TABLE loaded (id int, type int, free boolean, place text)")
        await conn.copy_records_to_table("loaded", records=list(rows))
        await conn.execute("INSERT INTO unit SELECT id, type, free, place::cube::earth FROM loaded")
        await conn.execute(_INDEX)
        await conn.execute("ANALYZE unit")
        why = _parts(world)
        tails: list[float] = []
        ours = partial(_ours, world, tails)
        mine, theirs = await paired(ours, partial(_sql, conn, world), effort)
        case = f"{world.many:,} resources, {POSITIONS_A_SECOND:,} positions/s"
        report.add(
            Figure(
                "recommend",
                case + ", p50",
                mine,
                "ms",
                "earthdistance, GiST (type, place)",
                theirs,
                NO_SLOWER,
                f"{why} The SQL walks its index to the nearest ten by great circle, and gives neither minutes nor reasons.",
            )
        )
        p95 = statistics.median(tails)
        report.add(Figure("recommend", case + ", p95", p95, "ms", f"the goal, {GOAL_MS:g} ms", GOAL_MS, NO_SLOWER, why))
        mine, theirs = await paired(partial(_ours, world, []), partial(_scan, world), effort)
        report.add(Figure("recommend", case + ", p50", mine, "ms", "full scan in NumPy, great circle", theirs))
        mine, theirs = await paired(partial(_moves, world), partial(_sql_moves, conn, world), effort)
        report.add(
            Figure(
                "recommend",
                "a position",
                mine,
                "us",
                "UPDATE of the row, fsync on",
                theirs,
                FIFTY_TIMES_CHEAPER,
                _parts_of_a_position(world),
            )
        )
    finally:
        await conn.close()


def _parts(world: _World) -> str:
    """Say of what a recommendation is made, in processor time: the pass over the type, and telling what is found."""
    took: dict[int, list[float]] = {LIMIT: [], 1: []}
    for number in range(200):
        ask = world.ask()
        rulings = world.rulings(world.of.members[number % ASKERS], ask.type_code)
        for limit, mine in took.items():
            began = time.process_time()
            recommend(world.supply, ask, rulings, limit=limit)
            mine.append((time.process_time() - began) * 1000)
    whole, one = (statistics.median(mine) for mine in took.values())
    of_type = world.many // TYPES
    return (
        f"In processor time one takes {whole:.2f} ms: telling the second to the {LIMIT}th, and as many that are left out, with their figures "
        f"{whole - one:.2f}, the pass over all {of_type:,} of the type with every reason, and the first, {one:.2f}."
    )


def _parts_of_a_position(world: _World) -> str:
    """Say of what a position is made, in processor time: writing it down, and placing it in the road graph."""
    moved = [world.move() for _ in range(5000)]
    began = time.process_time()
    for number, lon, lat in moved:
        world.supply.move(world.ids[number], lon, lat)
    written = time.process_time()
    for block in world.supply.blocks.values():
        block.settle(world.of.travel)
    placed = time.process_time()
    each = [(b - a) * 1_000_000 / len(moved) for a, b in ((began, written), (written, placed))]
    return f"In processor time writing one down takes {each[0]:.1f} us, placing it in the road graph {each[1]:.1f}."


def _earth(lon: Any, lat: Any) -> list[str]:
    """Return places as earthdistance holds them."""
    radius = 6378168.0
    phi, theta = np.radians(lat), np.radians(lon)
    x, y, z = radius * np.cos(phi) * np.cos(theta), radius * np.cos(phi) * np.sin(theta), radius * np.sin(phi)
    return [f"({a:.6f}, {b:.6f}, {c:.6f})" for a, b, c in zip(x, y, z, strict=True)]


async def _ours(world: _World, tails: list[float], seconds: float) -> float:
    """Return the median in ms of recommendations in a row, while positions come in; the 95th of 100 goes to ``tails``."""
    took: list[float] = []
    end = time.perf_counter() + seconds
    last = time.perf_counter()
    while (now := time.perf_counter()) < end:
        for _ in range(int((now - last) * POSITIONS_A_SECOND)):
            number, lon, lat = world.move()
            world.supply.move(world.ids[number], lon, lat)
        last = now
        ask = world.ask()
        rulings = world.rulings(world.of.members[len(took) % ASKERS], ask.type_code)
        began = time.perf_counter()
        recommend(world.supply, ask, rulings, limit=LIMIT)
        took.append((time.perf_counter() - began) * 1000)
    tails.append(float(np.percentile(took, 95)))
    return statistics.median(took)


async def _sql(conn: asyncpg.Connection[Any], world: _World, seconds: float) -> float:
    took: list[float] = []
    statement = await conn.prepare(_NEAREST)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        ask = world.ask()
        number = int(ask.type_code.rpartition("_")[2])
        began = time.perf_counter()
        await statement.fetch(number, ask.lat, ask.lon, LIMIT)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


async def _scan(world: _World, seconds: float) -> float:
    took: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        ask = world.ask()
        number = int(ask.type_code.rpartition("_")[2])
        began = time.perf_counter()
        km = kilometres(world.lon, world.lat, ask.lon, ask.lat)
        km[(world.type != number) | ~world.free] = np.inf
        np.argsort(km)[:LIMIT]
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


async def _moves(world: _World, seconds: float) -> float:
    """Return the microseconds of a position, written down a thousand at a time and settled in the graph with the next question's type."""
    took: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        moved = [world.move() for _ in range(1000)]
        began = time.perf_counter()
        for number, lon, lat in moved:
            world.supply.move(world.ids[number], lon, lat)
        for block in world.supply.blocks.values():
            block.settle(world.of.travel)
        took.append((time.perf_counter() - began) * 1_000_000 / len(moved))
    return statistics.median(took)


async def _sql_moves(conn: asyncpg.Connection[Any], world: _World, seconds: float) -> float:
    took: list[float] = []
    statement = await conn.prepare(_MOVE)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        number, lon, lat = world.move()
        began = time.perf_counter()
        await statement.fetch(number, lat, lon)
        took.append((time.perf_counter() - began) * 1_000_000)
    return statistics.median(took)
