"""The best of all units for one line, and for each nearer one that is not proposed the first reason why.

One pass over the arrays of the type (``supply.py``): minutes in parts, and every reason as a bit. What the agreements say comes in by classes of units
(``rulings.py``) and is spread over the rows; objects are made of the few that are told. The way is chosen as it is when a unit is committed: of those whose
crossings its agreement allows the soonest, and where none of them can be gone, the soonest of all. By column stands the crossing at which the unit leaves its
country; through which other one a way goes on (``travel.py``) hangs on the place, and is worked out for the few sets of crossings that there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from app.planning.candidates import BARRED_TOLD, Why
from app.planning.eta import excesses, km_by
from app.planning.rulings import BIT, KeyedRulings, codes_of
from app.planning.travel import INFINITE, Eta, kilometres

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    import numpy.typing as npt

    from app.planning.candidates import Unit
    from app.planning.rulings import Ruling, Rulings
    from app.planning.supply import Block, Kind, Supply
    from app.planning.travel import Goal, Travel

    Floats = npt.NDArray[np.float64]
    Bits = npt.NDArray[np.int64]

KEPT: Final = 64
"""Lines of one type for which is kept what was worked out by cell."""
_BARRED: Final = ("too_heavy", "too_high", "too_wide")


@dataclass(frozen=True, slots=True)
class Ask:
    """One line: a type, at a place, as things are at ``at``."""

    type_code: str
    lon: float
    lat: float
    country: str
    at: datetime
    within_min: float | None = None
    """Minutes until it is needed; None where there is no haste."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A unit that can come."""

    unit: Unit
    """As it was put in; for its state and position of now ask the supply."""
    eta: Eta
    km: float
    """Great circle, by way of the crossing."""
    ruling: Ruling
    passed_by: tuple[Why, ...] = ()
    """Why it does not take crossings over which it would be there sooner: it is too much for them. The soonest ones."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A unit that would be there before the last that is proposed, and is not proposed."""

    unit: Unit
    eta: Eta
    """Its total is infinite where there is no way."""
    near_min: float
    """By which it stands in the order: its estimate, or as if there were no border where there is no way over it."""
    whys: tuple[Why, ...]
    """Every reason that blocks, the first first."""
    ruling: Ruling

    @property
    def first(self) -> Why:
        """The reason that is told."""
        return self.whys[0]

    @property
    def codes(self) -> tuple[str, ...]:
        """Of the reasons."""
        return tuple(why.code for why in self.whys)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The picks in the order of arrival, the nearer ones that are left out, and how many more of each there are."""

    picks: tuple[Pick, ...]
    left_out: tuple[LeftOut, ...]
    more: int
    """Others that could come too, later."""
    more_left_out: int
    of_type: int
    """How many units of the type there are at all."""


@dataclass(slots=True)
class _Scan:
    """One pass over a block: minutes and reasons by row. ``gate`` is -1 where no border is passed, or none can be."""

    total: Floats
    near: Floats
    bits: Bits
    gate: npt.NDArray[np.int32]
    """At which a country is left."""
    rulings: list[Ruling | None]
    """By owner; None for one that has no unit any more."""
    over: dict[tuple[int, int], Ruling]
    """By owner and crossing, where what is said depends on the crossing."""
    opened: npt.NDArray[np.bool_]
    """(kinds, crossings) at which an open way from the units' country to the place's begins."""
    is_open: npt.NDArray[np.bool_]
    then: npt.NDArray[np.int32]
    """(cells, crossings) number of the set of crossings that the way may go on over."""
    sets: list[tuple[str, npt.NDArray[np.bool_]]]
    """From which country, and (crossings,) which ones."""
    freely: dict[str, Floats] = field(default_factory=dict)
    """By country (crossings,) minutes after each crossing over whatever is open, as far as they were asked for."""


def recommend(
    supply: Supply,
    ask: Ask,
    rulings: Rulings,
    *,
    limit: int = 10,
    elsewhere: Collection[UUID] = (),
    only: UUID | None = None,
) -> Recommendation:
    """Return the ``limit`` units that can be there first, and at most as many of the nearer ones that are left out.

    ``elsewhere`` are units that the plan sends to other lines; ``only`` names a member, of whose units alone is spoken. Call signs, then ids settle a draw.
    """
    block = supply.blocks.get(ask.type_code)
    if block is None or block.count == 0:
        return Recommendation((), (), 0, 0, 0)
    travel = supply.travel
    block.settle(travel)
    goal = travel.goal(ask.lon, ask.lat, ask.country)
    scan = _scan(block, travel, goal, ask, rulings)
    for unit_id in elsewhere:
        row = supply.row_of(unit_id)
        if row is not None and row[0] is block:
            scan.bits[row[1]] |= BIT["wanted_elsewhere"]
    asked = np.ones(block.count, np.bool_)
    if only is not None:
        theirs = np.array([owner.member_id == only for owner in block.owners], np.bool_)
        asked = theirs[block.cells[block.cell[: block.count], 0]]
    can = asked & (scan.bits == 0)
    many = int(np.count_nonzero(can))
    chosen = _first(np.flatnonzero(can), scan.total, block, limit)
    last = scan.total[chosen[-1]] if len(chosen) == limit else INFINITE
    nearer = np.flatnonzero(asked & ~can & (scan.near <= last))
    told = _first(nearer, scan.near, block, limit)
    return Recommendation(
        tuple(_pick(row, block, scan, travel, goal) for row in chosen),
        tuple(_left_out(row, block, scan, travel, goal, ask) for row in told),
        many - len(chosen),
        len(nearer) - len(told),
        block.count,
    )


# ---------------------------------------------------------------- the pass


@dataclass(slots=True)
class _Cells:
    """What is worked out by cell."""

    way: npt.NDArray[np.int64]
    """(cells, crossings) by which of the minutes after a crossing, sets of crossings times crossings, a way goes on; the last one, which is infinite, where none does."""
    home: npt.NDArray[np.bool_]
    bits: Bits
    """(cells, none and, after it, crossings)"""
    acknowledge: Floats
    rulings: list[Ruling | None]
    over: dict[tuple[int, int], Ruling]
    opened: npt.NDArray[np.bool_]
    """(kinds, crossings) at which an open way from the units' country to the place's begins."""
    is_open: npt.NDArray[np.bool_]
    then: npt.NDArray[np.int32]
    sets: list[tuple[str, npt.NDArray[np.bool_]]]
    by_country: list[tuple[str, list[int], npt.NDArray[np.bool_]]]
    """The same sets: country, their numbers, (sets, crossings)."""


def _scan(block: Block, travel: Travel, goal: Goal, ask: Ask, rulings: Rulings) -> _Scan:
    count, gates = block.count, len(travel.gates)
    cell = block.cell[:count]
    cells = _known_cells(block, travel, goal, ask, rulings)
    base = cells.acknowledge[cell] + block.mobilise[:count]
    total = np.full(count, INFINITE)
    gate = np.full(count, -1, np.int32)
    at_home = cells.home[cell]
    home = np.flatnonzero(at_home)
    if len(home):
        total[home] = base[home] + travel.inside(block, home, block.lon[home], block.lat[home], goal)
    abroad = np.flatnonzero(~at_home)
    if gates and len(abroad):
        onward = np.full(len(cells.sets) * gates + 1, INFINITE)
        by_set = onward[:-1].reshape(-1, gates)
        for country, numbers, usable in cells.by_country:
            if country != ask.country:  # who is there already passes nothing
                by_set[numbers] = travel.onward(country, goal, usable)
        over = onward.take(cells.way)
        minutes = block.to_gate.take(abroad, axis=0)  # whole rows: much faster than picking columns
        minutes += over.take(cell[abroad], axis=0)
        best = minutes.argmin(axis=1)
        soonest = minutes[np.arange(len(abroad)), best]
        total[abroad] = base[abroad] + soonest
        gate[abroad] = np.where(np.isfinite(soonest), best, -1)
    at = cell * (gates + 1)
    at += gate
    at += 1
    reasons = cells.bits.take(at)
    reasons |= block.state[:count]
    near = total
    lost = np.flatnonzero(np.isinf(total))
    if len(lost):
        near = total.copy()
        near[lost] = base[lost] + travel.straight_min(kilometres(block.lon[lost], block.lat[lost], goal.lon, goal.lat))
    if ask.within_min is not None:
        late = total > ask.within_min
        late[lost] = False
        reasons |= late * np.int64(BIT["too_late"])
    return _Scan(
        total, near, reasons, gate, cells.rulings, cells.over, cells.opened, cells.is_open, cells.then, cells.sets
    )


def _known_cells(block: Block, travel: Travel, goal: Goal, ask: Ask, rulings: Rulings) -> _Cells:
    """Return what is worked out by cell: the same as long as the rulings rest on the same, and crossings and owners are what they were."""
    is_open = travel.open_at(ask.at)
    if not isinstance(rulings, KeyedRulings):
        return _cells(block, travel, goal, is_open, rulings)
    key = (rulings.key, goal.country, is_open.tobytes(), travel.limits_version, block.makeup)
    known: _Cells | None = block.kept.get(key)
    if known is None:
        known = block.kept[key] = _cells(block, travel, goal, is_open, rulings)
        if len(block.kept) > KEPT:
            block.kept.popitem(last=False)
    return known


def _cells(block: Block, travel: Travel, goal: Goal, is_open: npt.NDArray[np.bool_], rulings: Rulings) -> _Cells:
    """Ask what counts for each owner, and which crossings are open to each kind; put both together by cell."""
    gates = len(travel.gates)
    told = [
        rulings(owner.member_id, owner.ground, None) if alive else None
        for owner, alive in zip(block.owners, block.alive, strict=True)
    ]
    names: dict[tuple[str, ...] | None, int] = {None: 0}
    among = np.array([0 if each is None else names.setdefault(each.crossings, len(names)) for each in told], np.int32)
    allowed = np.array([travel.allowed(each) for each in names], np.bool_).reshape(len(names), gates)
    said = np.array([0 if each is None else each.bits for each in told], np.int64)
    answers = np.array([0.0 if each is None else each.acknowledge_min for each in told])

    to = goal.country
    begins = {kind.country: travel.firsts(kind.country, to, is_open) for kind in block.kinds}
    opened = np.array([begins[kind.country] for kind in block.kinds], np.bool_).reshape(len(block.kinds), gates)
    fits = block.carrying(travel) & is_open
    passable = _begins(block, travel, to, fits)
    blocked = np.array(
        [
            0 if kind.country == to or passable[number].any() else _blocked(kind, travel, to, opened[number], is_open)
            for number, kind in enumerate(block.kinds)
        ],
        np.int64,
    )
    at_home = np.array([kind.country == to for kind in block.kinds], np.bool_)

    owner, kind = block.cells[:, 0], block.cells[:, 1]
    usable = fits[kind] & allowed[among[owner]]
    ways = _begins(block, travel, to, usable, kind)
    bits = np.repeat((said[owner] | blocked[kind])[:, None], gates + 1, axis=1)
    sets = _Sets()
    then = np.zeros((len(block.cells), gates), np.int32)
    for cell, number in enumerate(kind.tolist()):
        then[cell] = sets.number(block.kinds[number].country, usable[cell])
    over: dict[tuple[int, int], Ruling] = {}
    for cell in np.flatnonzero(passable[kind].any(axis=1) & ~ways.any(axis=1)).tolist():
        number = int(owner[cell])
        if told[number] is None:
            continue
        ways[cell] = passable[
            kind[cell]
        ]  # none that the agreement allows can be gone: what is said depends on the crossing
        country, mine = block.kinds[kind[cell]].country, fits[kind[cell]]
        for gate in np.flatnonzero(ways[cell]).tolist():
            if (number, gate) not in over:
                whose = block.owners[number]
                over[number, gate] = rulings(whose.member_id, whose.ground, travel.gates[gate].code)
            ruling = over[number, gate]
            bits[cell, gate + 1] = ruling.bits
            goes_on = mine & travel.allowed(ruling.crossings)
            if not _goes_on(travel, country, to, gate, goes_on):
                goes_on = mine
                bits[cell, gate + 1] |= BIT["crossing_not_allowed"]
            then[cell, gate] = sets.number(country, goes_on)
    way = np.where(ways, then.astype(np.int64) * gates + np.arange(gates), len(sets.sets) * gates)
    return _Cells(
        way, at_home[kind], bits, answers[owner], told, over, opened, is_open, then, sets.sets, sets.by_country()
    )


class _Sets:
    """Sets of crossings by country, each once."""

    def __init__(self) -> None:
        self.sets: list[tuple[str, npt.NDArray[np.bool_]]] = []
        self._numbers: dict[tuple[str, bytes], int] = {}

    def number(self, country: str, usable: npt.NDArray[np.bool_]) -> int:
        """Return the number of a set."""
        key = country, usable.tobytes()
        if key not in self._numbers:
            self._numbers[key] = len(self.sets)
            self.sets.append((country, usable))
        return self._numbers[key]

    def by_country(self) -> list[tuple[str, list[int], npt.NDArray[np.bool_]]]:
        """Return country, numbers, and (sets, crossings)."""
        found: dict[str, list[int]] = {}
        for number, (country, _) in enumerate(self.sets):
            found.setdefault(country, []).append(number)
        return [
            (country, numbers, np.array([self.sets[each][1] for each in numbers], np.bool_))
            for country, numbers in found.items()
        ]


def _begins(
    block: Block, travel: Travel, to: str, usable: npt.NDArray[np.bool_], kinds: npt.NDArray[np.int32] | None = None
) -> npt.NDArray[np.bool_]:
    """Return (n, crossings) where a way can begin, for a row each kind, or of these kinds."""
    found = np.zeros(usable.shape, np.bool_)
    country = np.array([kind.country for kind in block.kinds])
    of_row = country if kinds is None else country[kinds]
    for each in {kind.country for kind in block.kinds}:
        rows = of_row == each
        found[rows] = travel.firsts(each, to, usable[rows])
    return found


def _goes_on(travel: Travel, a: str, z: str, gate: int, usable: npt.NDArray[np.bool_]) -> bool:
    """Return whether all crossings that come after a first one can be among these."""
    return bool(travel.joining(a, z)[gate]) or bool((np.isfinite(travel.transit(a, z)[gate]) & usable).any())


def _blocked(kind: Kind, travel: Travel, to: str, begins: npt.NDArray[np.bool_], is_open: npt.NDArray[np.bool_]) -> int:
    """Return why units of a kind can pass nowhere."""
    bits = 0
    for number in travel.in_the_way(kind.country, to, begins, is_open):
        for excess in excesses(travel.gates[number], kind.size):
            bits |= BIT[excess.code]
    return bits or BIT["no_open_crossing"]


def _first(rows: npt.NDArray[np.int64], minutes: Floats, block: Block, limit: int) -> list[int]:
    """Return the ``limit`` rows with the fewest minutes, in order."""
    if len(rows) > limit:
        edge = np.partition(minutes[rows], limit - 1)[limit - 1]
        rows = rows[minutes[rows] <= edge]
    ordered = sorted(rows.tolist(), key=lambda row: (minutes[row], block.units[row].call_sign, block.units[row].id))
    return ordered[:limit]


# ---------------------------------------------------------------- what is told


def _pick(row: int, block: Block, scan: _Scan, travel: Travel, goal: Goal) -> Pick:
    eta = _eta(row, block, scan, travel, goal)
    barred = () if eta.gate is None else _passed_by(row, block, scan, eta.road_min + eta.crossing_min, travel, goal)
    return Pick(block.units[row], eta, _way_km(row, block, eta, goal), _ruling(row, block, scan), barred)


def _passed_by(row: int, block: Block, scan: _Scan, taken_min: float, travel: Travel, goal: Goal) -> tuple[Why, ...]:
    """Return why a unit does not go where it would be sooner: of each way that is too much for it the first crossing that is."""
    number = int(block.cells[block.cell[row], 1])
    kind = block.kinds[number]
    if kind.country not in scan.freely:
        scan.freely[kind.country] = travel.onward(kind.country, goal, scan.is_open[None])[0]
    minutes = block.to_gate[row] + scan.freely[kind.country]
    ways = scan.opened[number] & (minutes < taken_min)
    if not ways.any():
        return ()
    told: dict[int, tuple[Why, ...]] = {}
    for first in sorted(np.flatnonzero(ways).tolist(), key=lambda at: minutes[at]):
        for at in (first, travel.second(kind.country, goal, scan.is_open, first)):
            gate = travel.gates[at]
            beyond = excesses(gate, kind.size) if at >= 0 else ()
            if beyond:
                told.setdefault(at, tuple(
                    Why(excess.code, {"crossing": gate.code, **excess.figures}, blocking=False, crossings=(gate,))
                    for excess in beyond
                ))  # fmt: skip
                break
        if len(told) == BARRED_TOLD:
            break
    return tuple(why for whys in told.values() for why in whys)


def _left_out(row: int, block: Block, scan: _Scan, travel: Travel, goal: Goal, ask: Ask) -> LeftOut:
    codes = codes_of(int(scan.bits[row]))
    eta = _eta(row, block, scan, travel, goal)
    ruling = _ruling(row, block, scan)
    whys = tuple(_why(code, row, block, scan, ruling, eta, travel, goal, ask) for code in codes)
    return LeftOut(block.units[row], eta, float(scan.near[row]), whys, ruling)


def _ruling(row: int, block: Block, scan: _Scan) -> Ruling:
    owner = int(block.cells[block.cell[row], 0])
    ruling = scan.over.get((owner, int(scan.gate[row])), scan.rulings[owner])
    assert ruling is not None
    return ruling


def _eta(row: int, block: Block, scan: _Scan, travel: Travel, goal: Goal) -> Eta:
    number, cell = int(scan.gate[row]), int(block.cell[row])
    base = scan.rulings[int(block.cells[cell, 0])]
    assert base is not None
    acknowledge, mobilise = base.acknowledge_min, float(block.mobilise[row])
    way_min = float(scan.total[row]) - acknowledge - mobilise
    if number < 0:
        return travel.told(acknowledge, mobilise, way_min, -1, -1)
    country, usable = scan.sets[scan.then[cell, number]]
    return travel.told(acknowledge, mobilise, way_min, number, travel.second(country, goal, usable, number))


def _way_km(row: int, block: Block, eta: Eta, goal: Goal) -> float:
    return km_by(eta.gates, float(block.lon[row]), float(block.lat[row]), goal.lon, goal.lat)


def _why(
    code: str, row: int, block: Block, scan: _Scan, ruling: Ruling, eta: Eta, travel: Travel, goal: Goal, ask: Ask
) -> Why:
    """Return a reason with its figures."""
    kind = block.kinds[int(block.cells[block.cell[row], 1])]
    if code == "out_of_service":
        return Why(code, {"out_of_service_reason": block.units[row].out_of_service_reason or "other"})
    if code == "no_open_crossing":
        return Why(code, {"from_country": kind.country, "to_country": goal.country})
    if code == "too_late":
        return Why(code, {"eta_min": round(eta.total_min), "within_min": round(ask.within_min or 0)})
    if code in _BARRED:
        return _excess(code, row, block, scan, travel, goal)
    if code == "crossing_not_allowed" and not ruling.figures(code):  # it is a later one of the way
        return travel.not_allowed(eta.gates, ruling.crossings)
    return Why(code, ruling.figures(code))


def _excess(code: str, row: int, block: Block, scan: _Scan, travel: Travel, goal: Goal) -> Why:
    """Return in what the unit is too much for the soonest crossing that this stands against."""
    number = int(block.cells[block.cell[row], 1])
    kind = block.kinds[number]
    minutes = block.to_gate[row] + goal.from_gate + travel.delay
    ways = travel.in_the_way(kind.country, goal.country, scan.opened[number], scan.is_open)
    for at in sorted(ways, key=lambda each: minutes[each]):
        gate = travel.gates[at]
        for excess in excesses(gate, kind.size):
            if excess.code == code:
                return Why(code, {"crossing": gate.code, **excess.figures}, crossings=(gate,))
    raise AssertionError(code)
