"""Units that move: where each unit on a mission would be, reported through the HTTP API like any dispatch system does.

A unit's way leads along great circles from its depot over its crossing to the place where it is wanted, and back the same way.
What its mission is reported as leads: no unit passes a border before it was let through, one that is said to be on the scene
hurries there, and one that was stood down stays where it is until it is said to go home.
"""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_right
from collections import defaultdict
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from app.domain.geo import great_circle_km
from app.planning.eta import DETOUR, SPEED_KMH
from simulations.client import Away, Client, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

TICK_S: Final = 1.0
PACE: Final = 7.5
"""The story tells a night in an hour: at its own speed a unit covers as much ground as it really would in 7.5 times as long."""
HURRY: Final = 6.0
"""How much faster a unit catches up with what is said of it already."""
STILL_S: Final = 30.0
"""A unit that stands still is reported this often, so that its position does not look forgotten."""
RENDEZVOUS: Final = 0.9
"""Where between the crossing and the place the guide waits."""
BATCH: Final = 1000
LONGEST_STEP_S: Final = 10.0
"""A pause of the service is not made up for in one leap."""

AT_RENDEZVOUS: Final = frozenset({"at_rendezvous", "staged"})
AT_PLACE: Final = frozenset({"on_scene", "transporting", "at_destination"})
HALTED: Final = frozenset({"released", "stood_down", "recalled", "aborted", "reassigned"})

Spot = tuple[float, float]
"""Longitude and latitude."""


@dataclass(frozen=True, slots=True)
class Way:
    """Great-circle legs between spots; what lies on it is told by its kilometres from the first one."""

    spots: tuple[Spot, ...]
    marks: tuple[float, ...]
    """Kilometres at each spot."""

    @classmethod
    def over(cls, spots: Sequence[Spot]) -> Way:
        """Return the way that touches the spots in their order."""
        marks = [0.0]
        for one, other in pairwise(spots):
            marks.append(marks[-1] + great_circle_km(*one, *other))
        return cls(tuple(spots), tuple(marks))

    @property
    def end(self) -> float:
        """Its length in km."""
        return self.marks[-1]

    def at(self, km: float) -> Spot:
        """Return the spot at that many kilometres from the beginning; before it and after it: the first and the last."""
        if km <= 0:
            return self.spots[0]
        if km >= self.end:
            return self.spots[-1]
        leg = bisect_right(self.marks, km) - 1
        length = self.marks[leg + 1] - self.marks[leg]
        return between(self.spots[leg], self.spots[leg + 1], (km - self.marks[leg]) / length)


def between(one: Spot, other: Spot, fraction: float) -> Spot:
    """Return the spot at a fraction of the great circle between two (Williams, Aviation Formulary, "Intermediate points")."""
    lon1, lat1, lon2, lat2 = (math.radians(degrees) for degrees in (*one, *other))
    angle = great_circle_km(*one, *other) / great_circle_km(0, 0, 0, 90) * math.pi / 2
    if angle == 0:
        return one
    a, b = math.sin((1 - fraction) * angle) / math.sin(angle), math.sin(fraction * angle) / math.sin(angle)
    x = a * math.cos(lat1) * math.cos(lon1) + b * math.cos(lat2) * math.cos(lon2)
    y = a * math.cos(lat1) * math.sin(lon1) + b * math.cos(lat2) * math.sin(lon2)
    z = a * math.sin(lat1) + b * math.sin(lat2)
    return math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))


@dataclass(slots=True)
class Course:
    """One unit on its mission: its way, how far it has come, and what is said of it."""

    unit: str
    lender: str
    way: Way
    border_km: float | None
    """Where it has to be let through; None where no control is."""
    km: float = 0.0

    def goal(self, status: str) -> tuple[float, bool]:
        """Return how far along the way a mission in this state leads, and whether the unit is said to be there already."""
        border = self.border_km or 0.0
        goals = {
            "in_transit": (self.way.end if self.border_km is None else border, False),
            "at_border": (border, True),
            "cleared": (self.way.end, False),
            **dict.fromkeys(AT_RENDEZVOUS, (border + (self.way.end - border) * RENDEZVOUS, True)),
            **dict.fromkeys(AT_PLACE, (self.way.end, True)),
            **dict.fromkeys(HALTED, (self.km, False)),
        }
        return goals.get(status, (0.0, False))

    def begin(self, status: str) -> None:
        """Stand where a mission in this state would have begun its present leg: the demonstration was started again."""
        if status == "cleared":
            self.km = self.border_km or 0.0
        elif status == "returning" or status in HALTED:
            self.km = self.way.end
        elif status != "in_transit":
            self.km = self.goal(status)[0]

    def move(self, status: str, km: float) -> None:
        """Go on by ``km``, and faster where the unit is said to be there already."""
        goal, said = self.goal(status)
        step = km * HURRY if said else km
        self.km = min(goal, self.km + step) if goal > self.km else max(goal, self.km - step)

    @property
    def spot(self) -> Spot:
        """Where the unit is."""
        return self.way.at(self.km)


@dataclass(slots=True)
class Movement:
    """All units of the lenders for whom there is a dispatcher's client."""

    clients: Mapping[str, Client]
    """By ``<member code>/<role>``."""
    progress: Callable[[str], None]
    speed: float = 1.0
    _dispatchers: dict[str, Client] = field(default_factory=dict)
    """By member's id."""
    _depots: dict[str, Spot] = field(default_factory=dict)
    _home: dict[str, str] = field(default_factory=dict)
    """Unit → its depot."""
    _crossings: dict[str, tuple[Spot, bool]] = field(default_factory=dict)
    """Where each is, and whether it has control."""
    _courses: dict[str, Course] = field(default_factory=dict)
    """By mission's id."""
    _told: dict[str, tuple[Spot, float]] = field(default_factory=dict)
    """Unit → where it was reported last, and when."""
    _silent: bool = False

    @asynccontextmanager
    async def going(self, stop: asyncio.Event) -> AsyncIterator[None]:
        """Move the units while the block lasts."""
        moving = asyncio.ensure_future(self.run(stop))
        try:
            yield
        finally:
            moving.cancel()
            await asyncio.gather(moving, return_exceptions=True)

    async def run(self, stop: asyncio.Event) -> None:
        """Move and report until ``stop`` is set. What fails is told once, and tried again at the next tick."""
        clock = asyncio.get_running_loop().time
        last = clock()
        while not stop.is_set():
            now = clock()
            try:
                if not self._dispatchers:
                    await self._learn()
                await self.tick(now, min(now - last, LONGEST_STEP_S))
                self._silent = False
            except (Refused, Away) as error:
                if not self._silent:
                    self.progress(f"The units stand still: {error}")
                self._silent = True
            last = now
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TICK_S)

    async def tick(self, now: float, elapsed_s: float) -> None:
        """Move every unit by what it covers in ``elapsed_s`` and report those that moved, or were long silent.

        Raises:
            Refused, Away.
        """
        missions = await self._any().all("missions", active=True)
        km = SPEED_KMH / DETOUR * PACE * self.speed * elapsed_s / 3600
        spots: dict[str, dict[str, Spot]] = defaultdict(dict)
        under_way: set[str] = set()
        for mission in missions:
            unit = mission["resource_id"]
            if unit is None or mission["lender_id"] not in self._dispatchers:
                continue
            course = await self._course(mission)
            if course is None:
                continue
            under_way.add(mission["id"])
            course.move(mission["status"], km)
            if self._worth_telling(unit, course.spot, now):
                spots[mission["lender_id"]][unit] = course.spot
        for id_ in self._courses.keys() - under_way:
            home = self._courses.pop(id_)
            spots[home.lender].setdefault(home.unit, home.way.spots[0])
        await asyncio.gather(*(self._report(lender, moved, now) for lender, moved in spots.items()))

    async def _report(self, lender: str, spots: Mapping[str, Spot], now: float) -> None:
        items = [
            {"resource_id": unit, "lon": round(lon, 6), "lat": round(lat, 6)} for unit, (lon, lat) in spots.items()
        ]
        for start in range(0, len(items), BATCH):
            await self._dispatchers[lender].post("positions", {"items": items[start : start + BATCH]})
        self._told.update({unit: (spot, now) for unit, spot in spots.items()})

    def _worth_telling(self, unit: str, spot: Spot, now: float) -> bool:
        told = self._told.get(unit)
        return told is None or told[0] != spot or now - told[1] >= STILL_S

    async def _course(self, mission: Mapping[str, Any]) -> Course | None:
        """Return the course of a mission, a new one where its unit, crossing or place has changed; None without a depot."""
        unit: str = mission["resource_id"]
        if unit not in self._home:
            await self._learn()
        depot = self._depots.get(self._home.get(unit, ""))
        if depot is None:
            return None
        place = mission["geometry"]["coordinates"]
        ids = (mission["crossing_id"], *mission["via_crossing_ids"])
        gates = [self._crossings[id_] for id_ in ids if id_ in self._crossings]
        spots = (depot, *(spot for spot, _ in gates), (place[0], place[1]))
        course = self._courses.get(mission["id"])
        if course is None or course.way.spots != spots:
            way = Way.over(spots)
            # Cleared at the last one with control; control that is newer than what was read here: at the last one.
            controlled = [at for at, (_, has_control) in enumerate(gates, start=1) if has_control] or [len(gates)]
            border = way.marks[controlled[-1]] if gates and mission["has_control"] else None
            fresh = Course(unit, mission["lender_id"], way, border)
            if course is None:
                fresh.begin(mission["status"])
            else:
                fresh.km = min(course.km, way.end)
            course = self._courses[mission["id"]] = fresh
        return course

    async def _learn(self) -> None:
        """Read what stays as it is: whose dispatchers we are, depots, units and crossings."""
        client = self._any()
        codes = {row["code"]: row["id"] for row in await client.all("members")}
        self._dispatchers = {
            codes[code]: mine for code, mine in _dispatchers(self.clients) if code in codes
        }  # fmt: skip
        self._depots = {row["id"]: _spot(row["place"]) for row in await client.all("depots")}
        self._crossings = {
            row["id"]: (
                _spot(row["place"]),
                (row["reopens_as"] if row["control"] == "closed" else row["control"]) == "checks",
            )
            for row in await client.all("crossings")
        }
        self._home = {row["id"]: row["depot_id"] for row in await client.all("resources")}

    def _any(self) -> Client:
        return next(iter(self.clients.values()))


def _dispatchers(clients: Mapping[str, Client]) -> Iterable[tuple[str, Client]]:
    for who, client in clients.items():
        code, _, role = who.partition("/")
        if role == "dispatcher":
            yield code, client


def _spot(point: Mapping[str, Any]) -> Spot:
    lon, lat = point["coordinates"]
    return lon, lat
