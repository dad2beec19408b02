"""From a picture of what stands in the tables to a situation that is planned: units in pools, and under what who would help whom.

A plan counts a type's units over all lines. So what an agreement says of one unit (``papers.py``) is split: what stands against the pair of lender and line goes
into its cover; what is about sums (a reserve, a cap, the year's cost) becomes a limit (``limits.py``).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from app.domain.agreements import within
from app.domain.cost_terms import estimate
from app.domain.geo import great_circle_km
from app.domain.resource_types import parts_of_type, resource_types, type_codes
from app.planning.efforts import effort_of
from app.planning.facts import PoolId, cited_as
from app.planning.limits import Found, limits_of
from app.planning.plan import BY_ROWS, Cover, Line, Pool, Promise, Situation
from app.planning.rulings import Ruling, bits_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from uuid import UUID

    from app.domain.agreements import Verdict
    from app.planning.facts import FreeUnit, OpenLine, Picture
    from app.planning.travel import Travel

MOST_POOLS: Final = 1500
"""With more pools, units that stand farther apart are taken together."""
CELLS: Final = (0.005, 0.02, 0.1, 0.5)
"""Degrees: units of a member within such a cell are one pool. The first is about 500 m."""
BUCKET_MIN: Final = 60.0
"""The capacity of a crossing is told by the hour."""


@dataclass(frozen=True, slots=True)
class Posed:
    """A picture as a situation, and which units each pool is."""

    picture: Picture
    situation: Situation
    units: Mapping[Any, tuple[FreeUnit, ...]]


def posed(picture: Picture, travel: Travel) -> Posed:
    """Return the situation of a picture."""
    units = _pools(picture.units)
    covers = _Covers(picture, units)
    lines = tuple(covers.line(line) for line in picture.lines)
    pools = tuple(_pool(id_, each) for id_, each in units.items())
    covers.ask_all(lines, pools)
    situation = Situation(
        picture.at,
        lines,
        pools,
        travel,
        covers,
        limits=tuple(limits_of(picture, units, covers.found)),
        slots=dict(picture.capacity),
        bucket_min=BUCKET_MIN,
        taken=dict(picture.taken),
        words=picture.words,
        accepted=tuple(_promises(picture, units)),
        types=type_codes(),
        busy=picture.busy,
        bound=frozenset(unit.type_code for unit in _in_wholes(picture.units)),
    )
    return Posed(picture, situation, units)


# ---------------------------------------------------------------- pools


def _pools(units: Iterable[FreeUnit]) -> dict[PoolId, tuple[FreeUnit, ...]]:
    """Return the units by pool. Of a formation that could go as a whole the parts don't go alone."""
    there = list(units)
    parts = {unit.id for unit in _in_wholes(there)}
    there = [unit for unit in there if unit.id not in parts]
    found: dict[PoolId, list[FreeUnit]] = {}
    for cell in CELLS:
        found = defaultdict(list)
        for unit in there:
            where = round(unit.lon / cell), round(unit.lat / cell)
            key = PoolId(unit.member_id, unit.type_code, where, unit.mobilise_min, unit.size, unit.home)
            found[key].append(unit)
        if len(found) <= MOST_POOLS:
            break
    return {key: tuple(sorted(each, key=lambda unit: (unit.call_sign, unit.id))) for key, each in found.items()}


def _in_wholes(units: Collection[FreeUnit]) -> Iterator[FreeUnit]:
    """Yield the parts of formations that could go as a whole."""
    wholes = {unit.id for unit in units}
    return (unit for unit in units if unit.formation_id in wholes)


def _pool(id_: PoolId, units: tuple[FreeUnit, ...]) -> Pool:
    """Return units that are alike as a pool. It stands where the one in their middle stands: between them may be a river, and no router knows a way from there."""
    lon, lat = (sum(getattr(unit, name) for unit in units) / len(units) for name in ("lon", "lat"))
    middle = min(units, key=lambda unit: great_circle_km(unit.lon, unit.lat, lon, lat))
    return Pool(
        id_,
        id_.member_id,
        units[0].country,
        id_.type_code,
        len(units),
        middle.lon,
        middle.lat,
        id_.mobilise_min,
        id_.size,
        vehicles_of(id_.type_code),
    )


def vehicles_of(type_code: str) -> int:
    """Return how many vehicles one unit of a type is on the road."""
    parts = parts_of_type(type_code)
    kinds = {entry["code"]: entry["kind"] for entry in resource_types()["types"]} if parts else {}
    return max(1, sum(many for code, many in parts.items() if kinds.get(code) == "vehicle"))


def _promises(picture: Picture, units: Mapping[PoolId, tuple[FreeUnit, ...]]) -> Iterable[Promise]:
    """Yield what was promised, by pool: the unit that is named, or any of the lender's."""
    pool_of = {unit.id: id_ for id_, each in units.items() for unit in each}
    left = {id_: len(each) for id_, each in units.items()}
    for each in sorted(picture.promised, key=lambda one: one.unit is None):
        if each.unit is not None:
            if (mine := pool_of.get(each.unit)) is not None:
                left[mine] -= 1
                yield Promise(each.line_id, mine, 1)
            continue
        missing = each.quantity
        for id_, free in left.items():
            many = min(missing, free) if (id_.member_id, id_.type_code) == (each.lender, each.type_code) else 0
            if many > 0:
                left[id_] -= many
                missing -= many
                yield Promise(each.line_id, id_, many)


# ---------------------------------------------------------------- under what


class _Covers:
    """What each lender would help each line under, asked once for each case."""

    def __init__(self, picture: Picture, units: Mapping[PoolId, tuple[FreeUnit, ...]]) -> None:
        self._picture = picture
        self._papers = picture.papers
        self._asked = {line.id: line.asked for line in picture.lines}
        self._known: dict[tuple[Any, str, UUID], Cover] = {}
        self._rulings: dict[tuple[Any, str], Any] = {}
        numbers = {home: number for number, home in picture.papers.homes.items()}
        self._ground: dict[tuple[UUID, str], int] = {}
        self._units: dict[tuple[UUID, str], list[FreeUnit]] = defaultdict(list)
        for id_, each in units.items():
            key = id_.member_id, id_.type_code
            self._units[key] += each
            if id_.home is not None:
                self._ground.setdefault(key, numbers.get(id_.home, 0))
        self.found = Found()

    def line(self, line: OpenLine) -> Line:
        """Return a line as it is planned."""
        asked = line.asked
        return Line(
            line.id,
            asked.borrower,
            asked.type_code,
            line.quantity,
            line.priority,
            asked.lon,
            asked.lat,
            line.country,
            None if line.needed_by is None else (line.needed_by - self._picture.at).total_seconds() / 60,
            parts_of_type(asked.type_code),
            case=asked if self._papers.by_place else replace(asked, lon=0.0, lat=0.0),
            there=line.there,
        )

    def ask_all(self, lines: Iterable[Line], pools: Iterable[Pool]) -> None:
        """Ask for every pair that can matter: what is limited follows from what counts."""
        lenders: dict[str, set[UUID]] = defaultdict(set)
        for pool in pools:
            lenders[pool.type_code].add(pool.member_id)
        for line in lines:
            for code in (line.type_code, *line.parts):
                for lender in lenders.get(code, ()):
                    cover = self(lender, line, code)
                    if lender != line.requester:
                        self.found.keeping[lender, code][line.id] = cover.ruling.keeping

    def __call__(self, lender: UUID, line: Line, type_code: str) -> Cover:
        """Return under what a lender would help a line with a type."""
        key = line.case, type_code, lender
        if key not in self._known:
            self._known[key] = self._cover(lender, line, type_code)
        return self._known[key]

    def _cover(self, lender: UUID, line: Line, type_code: str) -> Cover:
        if lender == line.requester:
            return Cover(Ruling(own=True))
        rulings = self._rulings.get((line.case, type_code))
        if rulings is None:
            asked = replace(self._asked[line.id], type_code=type_code)
            rulings = self._papers.rulings(asked, self._picture.counted, self._picture.at)
            self._rulings[line.case, type_code] = rulings
        ruling: Ruling = rulings(lender, self._ground.get((lender, type_code), 0), None)
        ruling = replace(ruling, more=tuple(why for why in ruling.more if why.code != "promised"))  # a limit says that
        verdict, whole = ruling.verdict, bool(parts_of_type(type_code))
        against = 0 if verdict is None else bits_of(reason.code for reason in verdict.against)
        if verdict is None or against & ~BY_ROWS:
            return Cover(ruling, ad_hoc=True)
        word = cited_as(verdict.agreement)
        cost = self._cost(verdict, lender, line, type_code)
        self.found.by_agreement[word] = verdict
        self.found.dearest[word] = max(self.found.dearest[word], cost)
        return Cover(ruling, word, cost, by_rows=not whole)

    def _cost(self, verdict: Verdict, lender: UUID, line: Line, type_code: str) -> float:
        """Return what a unit costs at most: the one that comes from farthest, with the largest crew. So what a plan adds to the year is never more."""
        units = self._units.get((lender, type_code))
        if not units:
            return 0.0
        places = {(unit.lon, unit.lat) for unit in units}
        places |= {(unit.home.lon, unit.home.lat) for unit in units if unit.home is not None}
        km = max(great_circle_km(*place, line.lon, line.lat) for place in places)
        effort = within(verdict.terms, effort_of(km, max(unit.crew for unit in units)))
        currency = self._papers.lenders[lender].currency
        return float(estimate(verdict.terms.cost, type_code, effort, currency).amount)
