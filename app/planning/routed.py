"""Ways that an external router has told, where it has: the same times of travel as ``travel.py``, leg by leg from a table of its answers.

A router knows nothing of crossings that Concord knows to be closed, slow or too weak. So it is asked for the two halves of a way, and what passes the border stays
with ``Travel``. A leg that it did not tell is the own graph's.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from typing_extensions import override

from app.planning.candidates import Why
from app.planning.choice import chosen_way
from app.planning.eta import km_by
from app.planning.recommend import LeftOut, Pick, Recommendation
from app.planning.travel import Goal, Settled, Travel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from app.planning.plan import Plan, Situation
    from app.planning.recommend import Ask
    from app.planning.supply import Supply
    from app.planning.travel import Anchored, Eta

    Floats = npt.NDArray[np.float64]

Place: TypeAlias = tuple[float, float]
"""Longitude, latitude."""
Legs: TypeAlias = "Mapping[tuple[Place, Place], float]"
"""From, to → minutes on the road."""
SHORTLIST: int = 3
"""How many times as many as are told are held against the router: one that is far by the own graph is not first by any other."""


class RoutedTravel(Travel):
    """``travel`` with the legs that a router has told."""

    def __init__(self, travel: Travel, legs: Legs) -> None:
        """Take over what ``travel`` has worked out: its ways are not looked for anew."""
        self.__dict__.update(travel.__dict__)
        self.gates, self.delay = list(travel.gates), travel.delay.copy()
        self._kept, self._transit, self._seconds = OrderedDict(), {}, {}
        self._legs = legs
        self._between = travel._between.copy()  # noqa: SLF001 - of its own class
        for a, first in enumerate(self.gates):
            for b, then in enumerate(self.gates):
                minutes = legs.get(((first.lon, first.lat), (then.lon, then.lat)))
                if minutes is not None:
                    self._between[a, b] = minutes

    @override
    def settle(self, lon: Floats, lat: Floats, countries: Sequence[str]) -> Settled:
        settled = super().settle(lon, lat, countries)
        to_gate = settled.to_gate.copy()
        for row, place in enumerate(zip(lon.tolist(), lat.tolist(), strict=True)):
            for number, gate in enumerate(self.gates):
                told = self._legs.get((place, (gate.lon, gate.lat)))
                if told is not None and countries[row] in gate.countries:
                    to_gate[row, number] = told
        return replace(settled, to_gate=to_gate)

    @override
    def goal(self, lon: float, lat: float, country: str) -> Goal:
        found = super().goal(lon, lat, country)
        from_gate = found.from_gate.copy()
        for number, gate in enumerate(self.gates):
            told = self._legs.get(((gate.lon, gate.lat), (lon, lat)))
            if told is not None and country in gate.countries:
                from_gate[number] = told
        return replace(found, from_gate=from_gate)

    @override
    def inside(self, settled: Anchored, rows: Any, lon: Floats, lat: Floats, goal: Goal) -> Floats:
        minutes = np.array(super().inside(settled, rows, lon, lat, goal), np.float64)
        for at, place in enumerate(zip(lon.tolist(), lat.tolist(), strict=True)):
            told = self._legs.get((place, (goal.lon, goal.lat)))
            if told is not None:
                minutes[at] = told
        return minutes


def told_by(legs: Legs, stops: Sequence[Place]) -> bool:
    """Return whether the router has told each leg of a way by these places, in turn."""
    return all(leg in legs for leg in pairwise(stops))


def not_told(legs: Legs, travel: Travel, situation: Situation, plan: Plan) -> tuple[int, int]:
    """Return of how many units of a plan the router has not told the whole way, and how many units go; what is on its way counts for neither."""
    lines = {line.id: (line.lon, line.lat) for line in situation.lines}
    pools = {pool.id: (pool.lon, pool.lat) for pool in situation.pools}
    own = every = 0
    for each in plan.assignments:
        if each.fixed:
            continue
        gates = [travel.gates[travel.number_of(code)] for code in each.crossings]
        stops = [pools[each.pool_id], *((gate.lon, gate.lat) for gate in gates), lines[each.line_id]]
        every += each.quantity
        own += 0 if told_by(legs, stops) else each.quantity
    return own, every


def ends_of(travel: Travel, units: Iterable[Place], goals: Iterable[Place]) -> tuple[list[Place], list[Place]]:
    """Return from where and to where a router is asked: units and crossings, to crossings and goals; each place once."""
    gates = [(gate.lon, gate.lat) for gate in travel.gates]
    return list(dict.fromkeys([*units, *gates])), list(dict.fromkeys([*gates, *goals]))


def places_of(found: Recommendation, supply: Supply) -> list[Place]:
    """Return where the units of a recommendation are now."""
    every: list[Pick | LeftOut] = [*found.picks, *found.left_out]
    return [place_of(each, supply) for each in every]


def ranked_anew(found: Recommendation, supply: Supply, routed: Travel, ask: Ask, *, limit: int) -> Recommendation:
    """Return the ``limit`` first of a longer recommendation by other times of travel, and of those left out as many that are nearer than the last."""
    goal = routed.goal(ask.lon, ask.lat, ask.country)
    out: list[LeftOut] = []
    timed = [(each, _eta(each, supply, routed, goal, ask)) for each in found.picks]
    late = [] if ask.within_min is None else [each for each, eta in timed if eta.total_min > ask.within_min]
    again = [(each, _eta(each, supply, routed, goal, ask)) for each in found.left_out if each.codes == ("too_late",)]
    sooner = [
        Pick(each.unit, eta, km_by(eta.gates, *place_of(each, supply), ask.lon, ask.lat), each.ruling)
        for each, eta in again
        if eta.total_min <= (ask.within_min or 0)
    ]
    picks = sorted(
        [*(replace(each, eta=eta) for each, eta in timed if each not in late), *sooner],
        key=lambda pick: (pick.eta.total_min, pick.unit.call_sign, pick.unit.id),
    )
    for pick, eta in timed:
        if pick in late:
            figures = {"eta_min": round(eta.total_min), "within_min": round(ask.within_min or 0)}
            out.append(LeftOut(pick.unit, eta, eta.total_min, (Why("too_late", figures),), pick.ruling))
    last = picks[limit - 1].eta.total_min if len(picks) >= limit else float("inf")
    for each in found.left_out:
        eta = _eta(each, supply, routed, goal, ask)
        in_time = ask.within_min is None or eta.total_min <= ask.within_min
        if each.codes == ("too_late",) and in_time and np.isfinite(eta.total_min):
            continue
        near = eta.total_min if np.isfinite(eta.total_min) else each.near_min
        if near <= last:
            out.append(replace(each, eta=eta, near_min=near))
    out.sort(key=lambda each: (each.near_min, each.unit.call_sign, each.unit.id))
    return replace(
        found,
        picks=tuple(picks[:limit]),
        left_out=tuple(out[:limit]),
        more=found.more + len(picks) - len(picks[:limit]),
        more_left_out=found.more_left_out + len(found.left_out) - len(sooner) + len(late) - len(out[:limit]),
    )


def place_of(each: Pick | LeftOut, supply: Supply) -> Place:
    """Return where a unit is now."""
    row = supply.row_of(each.unit.id)
    return (each.unit.lon, each.unit.lat) if row is None else (float(row[0].lon[row[1]]), float(row[0].lat[row[1]]))


def _eta(each: Pick | LeftOut, supply: Supply, routed: Travel, goal: Goal, ask: Ask) -> Eta:
    unit, allowed = each.unit, each.ruling.crossings
    eta = chosen_way(routed, *place_of(each, supply), unit.country, goal, ask.at, unit=unit, allowed=allowed)
    return replace(eta, mobilise_min=each.eta.mobilise_min, acknowledge_min=each.eta.acknowledge_min)
