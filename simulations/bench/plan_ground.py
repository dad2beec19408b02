"""The ground of the planning's benches: a corridor of 60 members and 30 types in three countries, made from a seed."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from app.domain.agreement_terms import Terms
from app.domain.agreements import AgreementFacts, Case, Stock, Verdict, check
from app.planning.candidates import Gate
from app.planning.plan import Cover, Limit, Line, Pool, Situation
from app.planning.roads import Links, Roads
from app.planning.rulings import Ruling
from app.planning.travel import Travel

if TYPE_CHECKING:
    from uuid import UUID

MEMBERS: Final = 60
TYPES: Final = 30
LINES: Final = 200
COUNTRIES: Final = ("NL", "BE", "DE")
GATES: Final = 15
NOON: Final = datetime(2026, 7, 14, 12, tzinfo=UTC)
WEST, SOUTH, EAST, NORTH = 5.15, 50.47, 6.69, 51.31


def type_code(number: int) -> str:
    """Return the code of a type of the bench."""
    return f"bench.type_{number:02}"


@dataclass(frozen=True, slots=True)
class Ground:
    """A made corridor."""

    travel: Travel
    members: tuple[UUID, ...]
    places: Any
    """(members, 2) longitude, latitude."""
    country: tuple[str, ...]
    facts: AgreementFacts
    terms: Terms

    def verdict(self, lender: UUID, borrower: UUID, code: str, crossing: str | None = None) -> Verdict:
        """Return what the one agreement says, by the domain's own check."""
        case = Case("flood", code, "immediate", lender, borrower, 1, NOON, crossing=crossing)
        return check(self.facts, self.terms, case, Stock(99, 0))


def country_at(lon: float) -> str:
    """Return the country of a place: three strips from west to east."""
    return COUNTRIES[min(2, int((lon - WEST) / (EAST - WEST) * 3))]


def ground(seed: int = 1, *, lenders: float = 0.85) -> Ground:
    """Return a corridor: three strips of country, a lattice of roads in each, crossings on the lines between them."""
    rng = np.random.default_rng(seed)
    third = (EAST - WEST) / 3
    gates = []
    for number in range(GATES):
        side = number % 2
        pair = frozenset(COUNTRIES[side : side + 2])
        lon = WEST + (side + 1) * third
        lat = SOUTH + (number // 2 + 0.5) * (NORTH - SOUTH) / (GATES / 2)
        control, delay = ("checks", 10) if number % 5 == 0 else ("none", 0)
        weight = 12.0 if number % 4 == 3 else None  # noqa: PLR2004 - each fourth is a weak bridge
        id_ = uuid.uuid5(uuid.NAMESPACE_URL, f"bench-gate-{number}")
        code = f"bench-{number:02}"
        gates.append(Gate(id_, code, {"en": code}, pair, lon, lat, control, None, delay, weight, None, None))
    members = tuple(uuid.UUID(int=number + 1) for number in range(MEMBERS))
    home_lon = WEST + (np.arange(MEMBERS) % 3 + rng.uniform(0.05, 0.95, MEMBERS)) * third
    places = np.column_stack((home_lon, rng.uniform(SOUTH, NORTH, MEMBERS)))
    facts = AgreementFacts(
        id=uuid.UUID(int=999),
        code="bench",
        version=1,
        status="in_force",
        precedence=1,
        lenders=frozenset(members[: int(MEMBERS * lenders)]),
        borrowers=frozenset(members),
        effective_at=NOON - timedelta(days=1),
        expires_at=None,
    )
    country = tuple(country_at(each) for each in home_lon.tolist())
    return Ground(
        Travel(gates, lattice(gates)), members, places, country, facts, Terms.model_validate({"kinds": ["immediate"]})
    )


def lattice(gates: list[Gate], across: int = 6, along: int = 10) -> Roads:
    """Return roads: in each country a lattice of junctions, each joined to its neighbours, crossings to the nearest junctions."""
    third = (EAST - WEST) / 3
    names: list[str] = []
    lon: list[float] = []
    lat: list[float] = []
    inside, links = {}, {}
    for number, country in enumerate(COUNTRIES):
        first = len(names)
        for x in range(across):
            for y in range(along):
                names.append(f"{country.lower()}-{x}-{y}")
                lon.append(WEST + (number + (x + 0.5) / across) * third)
                lat.append(SOUTH + (y + 0.5) / along * (NORTH - SOUTH))
        inside[country] = np.arange(first, len(names), dtype=np.int32)
    crossings = {gate.code: len(names) + number for number, gate in enumerate(gates)}
    names += ["@" + gate.code for gate in gates]
    lon += [gate.lon for gate in gates]
    lat += [gate.lat for gate in gates]
    x_all, y_all = np.array(lon), np.array(lat)
    for country, nodes in inside.items():
        ways: list[tuple[int, int]] = []
        for node in nodes.tolist():
            place = node - int(nodes[0])
            if place % along < along - 1:
                ways.append((node, node + 1))
            if place // along < across - 1:
                ways.append((node, node + along))
        for gate in gates:
            if country in gate.countries:
                apart = np.hypot(x_all[nodes] - gate.lon, (y_all[nodes] - gate.lat) * 1.6)
                ways += [(crossings[gate.code], int(nodes[near])) for near in np.argsort(apart)[:2]]
        a, b = np.array(ways, np.int32).T
        km = 111.0 * np.hypot((x_all[a] - x_all[b]) * math.cos(math.radians(50.9)), y_all[a] - y_all[b])
        links[country] = Links(a, b, km * 1.2 / 55 * 60)
    return Roads(tuple(names), x_all, y_all, crossings, inside, links)


def situation(of: Ground, seed: int = 1, *, scarce: bool = False, lines: int = LINES) -> Situation:
    """Return all open lines of a bad day: caps, reserves, crossing slots, deadlines; with ``scarce`` less than is asked for."""
    rng = np.random.default_rng(seed)
    codes = [type_code(number) for number in range(TYPES)]
    pools, limits = [], []
    for member, id_ in enumerate(of.members):
        for number, code in enumerate(codes):
            count = int(rng.integers(0, 3 if scarce else 6))
            if not count:
                continue
            pool = (member, number)
            place = of.places[member]
            ready = float(rng.integers(2, 30))
            pools.append(Pool(pool, id_, of.country[member], code, count, float(place[0]), float(place[1]), ready))
            limits.append(Limit("reserve_floor", count - int(rng.random() < 0.5), (pool,)))  # noqa: PLR2004 - half keep one
    limits += [Limit("cap_units", int(rng.integers(8, 25)), (), "bench/1", code) for code in codes[::3]]
    priorities = ("life_safety", "incident_stabilisation", "property", "recovery")
    asked = []
    for number in range(lines):
        place = of.places[int(rng.integers(MEMBERS))]
        at = int(rng.integers(MEMBERS))
        lon = float(np.clip(place[0] + rng.normal(0, 0.05), WEST, EAST))
        lat = float(np.clip(place[1] + rng.normal(0, 0.05), SOUTH, NORTH))
        within = None if rng.random() < 0.4 else float(rng.integers(45, 240))  # noqa: PLR2004 - two of five are in no haste
        quantity = int(rng.integers(1, 12 if scarce else 5))
        priority = str(rng.choice(priorities, p=[0.3, 0.3, 0.3, 0.1]))
        id_ = uuid.UUID(int=10_000 + number)
        code = codes[int(rng.integers(TYPES))]
        asked.append(Line(id_, of.members[at], code, quantity, priority, lon, lat, country_at(lon), within))
    known: dict[tuple[Any, ...], Cover] = {}

    def covers(lender: UUID, line: Line, code: str) -> Cover:
        key = (lender, line.requester)
        found = known.get(key)
        if found is None:
            own = lender == line.requester
            ruling = Ruling(own=True) if own else Ruling(of.verdict(lender, line.requester, code), acknowledge_min=5)
            agreement = None if own or ruling.bits else "bench/1"
            found = known[key] = Cover(ruling, agreement, cost=0.0 if own else 120.0)
        return found

    slots = {gate.code: 6 if scarce else 12 for gate in of.travel.gates}
    return Situation(NOON, tuple(asked), tuple(pools), of.travel, covers, tuple(limits), slots)
