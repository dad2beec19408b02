"""The best of all units for one line, and for each nearer one that is not proposed the first reason why.

One pass over the arrays of the type (``supply.py``): minutes in parts, and every reason as a bit. What the agreements say comes in by classes of units
(``rulings.py``) and is spread over the rows; objects are made of the few that are told. The crossing is chosen as it is when a unit is committed: of
those that its agreement allows the soonest, and where none of them can be passed, the soonest of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from app.domain.geo import great_circle_km
from app.planning.candidates import Why
from app.planning.eta import excesses, km_over
from app.planning.rulings import BIT, codes_of
from app.planning.travel import INFINITE, Eta, kilometres

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    import numpy.typing as npt

    from app.planning.candidates import Gate, Unit
    from app.planning.rulings import Ruling, Rulings
    from app.planning.supply import Block, Kind, Supply
    from app.planning.travel import Goal, Travel

    Floats = npt.NDArray[np.float64]
    Bits = npt.NDArray[np.int64]

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


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A unit that would be there before the last that is proposed, and is not proposed."""

    unit: Unit
    eta: Eta
    """Its total is infinite where there is no way."""
    near_min: float
    """By which it stands in the order: its estimate, or as if there were no border where there is no way over it."""
    first: Why
    codes: tuple[str, ...]
    """Every reason that blocks, the first first."""
    ruling: Ruling


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
    rulings: list[Ruling | None]
    """By owner; None for one that has no unit any more."""
    over: dict[tuple[int, int], Ruling]
    """By owner and crossing, where what is said depends on the crossing."""


def recommend(
    supply: Supply,
    ask: Ask,
    rulings: Rulings,
    *,
    limit: int = 10,
    elsewhere: Collection[UUID] = (),
) -> Recommendation:
    """Return the ``limit`` units that can be there first, and at most as many of the nearer ones that are left out.

    ``elsewhere`` are units that the plan sends to other lines. Call signs, then ids settle a draw.
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
    can = scan.bits == 0
    many = int(np.count_nonzero(can))
    chosen = _first(np.flatnonzero(can), scan.total, block, limit)
    last = scan.total[chosen[-1]] if len(chosen) == limit else INFINITE
    nearer = np.flatnonzero(~can & (scan.near <= last))
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
    """What is worked out by cell. ``ways`` are the crossings that count: (cells, crossings)."""

    ways: npt.NDArray[np.bool_]
    home: npt.NDArray[np.bool_]
    bits: Bits
    """(cells, crossings and, last, none)"""
    acknowledge: Floats
    rulings: list[Ruling | None]
    over: dict[tuple[int, int], Ruling]


def _scan(block: Block, travel: Travel, goal: Goal, ask: Ask, rulings: Rulings) -> _Scan:
    count, gates = block.count, len(travel.gates)
    cell = block.cell[:count]
    cells = _cells(block, travel, goal, ask, rulings)
    base = cells.acknowledge[cell] + block.mobilise[:count]
    total = np.full(count, INFINITE)
    gate = np.full(count, -1, np.int32)
    at_home = cells.home[cell]
    home = np.flatnonzero(at_home)
    if len(home):
        total[home] = base[home] + travel.inside(block, home, block.lon[home], block.lat[home], goal)
    abroad = np.flatnonzero(~at_home)
    if gates and len(abroad):
        over = np.where(cells.ways, goal.from_gate + travel.delay, INFINITE)
        minutes = block.to_gate.take(abroad, axis=0)  # whole rows: much faster than picking columns
        minutes += over.take(cell[abroad], axis=0)
        best = minutes.argmin(axis=1)
        soonest = minutes[np.arange(len(abroad)), best]
        total[abroad] = base[abroad] + soonest
        gate[abroad] = np.where(np.isfinite(soonest), best, -1)
    reasons = block.state[:count] | cells.bits[cell, np.where(gate < 0, gates, gate)]
    near = total
    lost = np.flatnonzero(np.isinf(total))
    if len(lost):
        near = total.copy()
        near[lost] = base[lost] + travel.straight_min(kilometres(block.lon[lost], block.lat[lost], goal.lon, goal.lat))
    if ask.within_min is not None:
        reasons |= np.where(np.isfinite(total) & (total > ask.within_min), BIT["too_late"], 0)
    return _Scan(total, near, reasons, gate, cells.rulings, cells.over)


def _cells(block: Block, travel: Travel, goal: Goal, ask: Ask, rulings: Rulings) -> _Cells:
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

    is_open = travel.open_at(ask.at)
    joining = {kind.country: travel.joining(kind.country, goal.country) & is_open for kind in block.kinds}
    opened = np.array([joining[kind.country] for kind in block.kinds], np.bool_).reshape(len(block.kinds), gates)
    passable = opened & block.carrying(travel)
    blocked = np.array(
        [
            0 if kind.country == goal.country or passable[number].any() else _blocked(kind, travel, opened[number])
            for number, kind in enumerate(block.kinds)
        ],
        np.int64,
    )
    at_home = np.array([kind.country == goal.country for kind in block.kinds], np.bool_)

    owner, kind = block.cells[:, 0], block.cells[:, 1]
    usable = passable[kind]
    ways = usable & allowed[among[owner]]
    bits = np.repeat((said[owner] | blocked[kind])[:, None], gates + 1, axis=1)
    over: dict[tuple[int, int], Ruling] = {}
    for cell in np.flatnonzero(usable.any(axis=1) & ~ways.any(axis=1)):
        number = int(owner[cell])
        if told[number] is None:
            continue
        ways[cell] = usable[cell]  # none that the agreement allows can be passed: what is said depends on the crossing
        for gate in np.flatnonzero(usable[cell]).tolist():
            if (number, gate) not in over:
                whose = block.owners[number]
                over[number, gate] = rulings(whose.member_id, whose.ground, travel.gates[gate].code)
            bits[cell, gate] = over[number, gate].bits
    return _Cells(ways, at_home[kind], bits, answers[owner], told, over)


def _blocked(kind: Kind, travel: Travel, open_ways: npt.NDArray[np.bool_]) -> int:
    """Return why units of a kind can pass nowhere."""
    if not open_ways.any():
        return BIT["no_open_crossing"]
    bits = 0
    for number in np.flatnonzero(open_ways):
        for excess in excesses(travel.gates[number], kind.size):
            bits |= BIT[excess.code]
    return bits


def _first(rows: npt.NDArray[np.int64], minutes: Floats, block: Block, limit: int) -> list[int]:
    """Return the ``limit`` rows with the fewest minutes, in order."""
    if len(rows) > limit:
        edge = np.partition(minutes[rows], limit - 1)[limit - 1]
        rows = rows[minutes[rows] <= edge]
    ordered = sorted(rows.tolist(), key=lambda row: (minutes[row], block.units[row].call_sign, block.units[row].id))
    return ordered[:limit]


# ---------------------------------------------------------------- what is told


def _pick(row: int, block: Block, scan: _Scan, travel: Travel, goal: Goal) -> Pick:
    eta, gate = _eta(row, block, scan, travel)
    return Pick(block.units[row], eta, _way_km(row, block, gate, goal), _ruling(row, block, scan))


def _left_out(row: int, block: Block, scan: _Scan, travel: Travel, goal: Goal, ask: Ask) -> LeftOut:
    codes = codes_of(int(scan.bits[row]))
    eta, _ = _eta(row, block, scan, travel)
    ruling = _ruling(row, block, scan)
    first = _why(codes[0], row, block, ruling, eta, travel, goal, ask)
    return LeftOut(block.units[row], eta, float(scan.near[row]), first, codes, ruling)


def _ruling(row: int, block: Block, scan: _Scan) -> Ruling:
    owner = int(block.cells[block.cell[row], 0])
    ruling = scan.over.get((owner, int(scan.gate[row])), scan.rulings[owner])
    assert ruling is not None
    return ruling


def _eta(row: int, block: Block, scan: _Scan, travel: Travel) -> tuple[Eta, Gate | None]:
    number = int(scan.gate[row])
    base = scan.rulings[int(block.cells[block.cell[row], 0])]
    assert base is not None
    acknowledge, mobilise = base.acknowledge_min, float(block.mobilise[row])
    gate = None if number < 0 else travel.gates[number]
    delay = 0.0 if number < 0 else float(travel.delay[number])
    road = float(scan.total[row]) - acknowledge - mobilise - delay
    return Eta(acknowledge, mobilise, road, delay, gate), gate


def _way_km(row: int, block: Block, gate: Gate | None, goal: Goal) -> float:
    place = float(block.lon[row]), float(block.lat[row])
    if gate is None:
        return great_circle_km(*place, goal.lon, goal.lat)
    return km_over(gate, *place, goal.lon, goal.lat)


def _why(code: str, row: int, block: Block, ruling: Ruling, eta: Eta, travel: Travel, goal: Goal, ask: Ask) -> Why:
    """Return a reason with its figures."""
    kind = block.kinds[int(block.cells[block.cell[row], 1])]
    if code == "out_of_service":
        return Why(code, {"out_of_service_reason": block.units[row].out_of_service_reason or "other"})
    if code == "no_open_crossing":
        return Why(code, {"from_country": kind.country, "to_country": goal.country})
    if code == "too_late":
        return Why(code, {"eta_min": round(eta.total_min), "within_min": round(ask.within_min or 0)})
    if code in _BARRED:
        return _excess(code, row, block, travel, goal, ask)
    return Why(code, ruling.figures(code))


def _excess(code: str, row: int, block: Block, travel: Travel, goal: Goal, ask: Ask) -> Why:
    """Return in what the unit is too much for the soonest crossing that this stands against."""
    kind = block.kinds[int(block.cells[block.cell[row], 1])]
    ways = travel.joining(kind.country, goal.country) & travel.open_at(ask.at)
    minutes = block.to_gate[row] + goal.from_gate + travel.delay
    for number in sorted(np.flatnonzero(ways).tolist(), key=lambda each: minutes[each]):
        gate = travel.gates[number]
        for excess in excesses(gate, kind.size):
            if excess.code == code:
                return Why(code, {"crossing": gate.code, **excess.figures}, crossings=(gate,))
    raise AssertionError(code)
