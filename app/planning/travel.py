"""How long everything takes to everywhere: acknowledge, get ready, drive, pass the border.

A way abroad leaves the unit's country at a first crossing. That one leads to the place's country, or to one between, which a second crossing leaves for the
place's. So a way is unit → crossing inside one country, the crossing's delay, perhaps crossing → crossing inside the country between and that one's delay, and
crossing → place inside the last one. The pieces rest on roads alone and are kept; closing a crossing, or making it slower, changes one figure and costs nothing
to work out. More than one country between is never gone through, and who stays in one country stays inside it.

With a road graph (``roads.py``) the ways inside a country are its shortest ones by Dijkstra (SciPy), entered and left at the nearest ``ANCHORS``
junctions; a place that lies beside is reached at ``LOCAL_KMH``. Without a graph it is great circle times ``DETOUR`` at ``SPEED_KMH`` (``eta.py``), and
the best open crossing. Minutes are floats; what can't be reached is infinite.
"""

from __future__ import annotations

from collections import OrderedDict
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from app.domain.geo import MEAN_EARTH_RADIUS_KM
from app.planning.candidates import Why, transits_of
from app.planning.eta import DETOUR, SPEED_KMH, carries, is_open

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    import numpy.typing as npt

    from app.planning.candidates import Gate
    from app.planning.eta import Sized
    from app.planning.roads import Roads

    class Anchored(Protocol):
        """Whatever holds where places lie in the graph."""

        @property
        def anchor(self) -> Ints: ...
        @property
        def anchor_min(self) -> Floats: ...

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int32]
    Bools = npt.NDArray[np.bool_]

ANCHORS: Final = 3
"""Junctions at which the graph is entered from a place."""
LOCAL_KMH: Final = 40
"""On the way to the first junction, and between places that have no better way: this project's assumption."""
SMALL: Final = 400
"""Junctions up to which the ways between all of a country's are worked out at once."""
KEPT_GOALS: Final = 512
"""Places whose shortest ways are kept; the one that was asked longest ago goes first."""
FEW: Final = 50
"""Sets of crossings for which the ways on are worked out at one go."""
INFINITE: Final = float("inf")
_ACROSS: Final = 2.0
"""The longest chord of the unit sphere."""


@dataclass(frozen=True, slots=True)
class Eta:
    """Minutes from the order to the arrival, in parts, and where the border is passed."""

    acknowledge_min: float
    mobilise_min: float
    road_min: float
    crossing_min: float
    """At all crossings that it passes."""
    gate: Gate | None
    """At which the unit leaves its own country."""
    via: tuple[Gate, ...] = ()
    """Those that it passes after that one."""

    @property
    def gates(self) -> tuple[Gate, ...]:
        """All crossings of the way, in turn."""
        return () if self.gate is None else (self.gate, *self.via)

    @property
    def transits(self) -> tuple[Why, ...]:
        """Through which country it goes between, told with the crossing at which it leaves that."""
        return transits_of(self.gates)

    @property
    def total_min(self) -> float:
        """All parts together; infinite where there is no way."""
        return self.acknowledge_min + self.mobilise_min + self.road_min + self.crossing_min


@dataclass(frozen=True, slots=True)
class Settled:
    """Where places lie in the graph: what does not change as long as they don't move. One row a place."""

    anchor: Ints
    """(n, k) nodes at which the graph is entered."""
    anchor_min: Floats
    """(n, k) minutes to them."""
    to_gate: Floats
    """(n, crossings) minutes on the road to each crossing inside the place's own country; infinite where it does not lead there."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A place that is to be reached."""

    lon: float
    lat: float
    country: str
    tree: Floats
    """(nodes,) minutes from each junction of its country."""
    from_gate: Floats
    """(crossings,) minutes from each crossing that leads to its country."""


def kilometres(lon1: Any, lat1: Any, lon2: Any, lat2: Any) -> Any:
    """Return great-circle distances in km of arrays of places (degrees), by the formula of ``geo.great_circle_km``."""
    phi1, phi2 = np.radians(lat1), np.radians(lat2)
    chord = np.sin((phi2 - phi1) / 2) ** 2
    chord += np.cos(phi1) * np.cos(phi2) * np.sin(np.radians(np.subtract(lon2, lon1)) / 2) ** 2
    return 2 * MEAN_EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(1.0, chord)))


class Travel:
    """Times of travel in a corridor. Hand changes of crossings in by ``put_gate``: what is asked next knows of them."""

    def __init__(self, gates: Iterable[Gate], roads: Roads | None = None) -> None:
        self.gates = sorted(gates, key=lambda gate: gate.code)
        self.roads = roads
        self.limits_version = 0
        """Goes up when what a crossing carries has changed: who keeps that by unit asks anew."""
        self._number = {gate.code: number for number, gate in enumerate(self.gates)}
        self._pace = DETOUR / (LOCAL_KMH if roads is not None else SPEED_KMH) * 60
        """Minutes a kilometre of the great circle, off the graph."""
        self._networks = {} if roads is None else {country: _Network(roads, country) for country in roads.inside}
        self._kept: OrderedDict[tuple[float, float, str], Goal] = OrderedDict()
        self._joining: dict[tuple[str, str], Bools] = {}
        self._transit: dict[tuple[str, str], Floats] = {}
        self._seconds: dict[tuple[str, str], list[int]] = {}
        self._locate()

    def _locate(self) -> None:
        self._lon = np.array([gate.lon for gate in self.gates], np.float64)
        self._lat = np.array([gate.lat for gate in self.gates], np.float64)
        self.delay = np.array([gate.delay_min for gate in self.gates], np.float64)
        named = {country for gate in self.gates for country in gate.countries} | self._networks.keys()
        self._countries = {country: number for number, country in enumerate(sorted(named))}
        leads = [[country in gate.countries for gate in self.gates] for country in self._countries]
        self._leads = np.array([*leads, [False] * len(self.gates)], np.bool_).reshape(len(leads) + 1, len(self.gates))
        """(countries and, last, any other one, crossings): whether it leads there."""
        self._kept.clear()
        self._joining.clear()
        self._transit.clear()
        self._seconds.clear()
        self._entries: _Entries | None = None
        self._by_road = np.full((len(self.gates), len(self.gates)), INFINITE)
        if self.roads is not None and self.roads.inside:
            self._entries = _Entries(self.roads, self._countries)
            trees = [self._trees(country, network) for country, network in self._networks.items()]
            self._entry_min: Floats = np.concatenate(trees)
            """(entries, crossings) minutes on the road."""
        self._between = self._all_between()
        """(crossings, crossings) minutes on the road from one to the other inside a country that both lead to."""

    # ---------------------------------------------------------------- crossings

    def put_gate(self, gate: Gate) -> None:
        """Take a crossing in as it is now: open, closed, slower, weaker.

        Raises:
            KeyError: there is no such crossing here; one that is new or moved wants a new ``Travel``.
        """
        number = self._number[gate.code]
        before = self.gates[number]
        if (before.lon, before.lat, before.countries) != (gate.lon, gate.lat, gate.countries):
            raise KeyError(gate.code)
        if _limits(before) != _limits(gate):
            self.limits_version += 1
        self.gates[number] = gate
        self.delay[number] = gate.delay_min

    def with_gates(self, gates: Iterable[Gate]) -> Travel:
        """Return the same times with these crossings as they are now; what rests on roads alone is shared.

        Raises:
            KeyError: one is new or has moved.
        """
        found = copy(self)
        found.gates, found.delay = list(self.gates), self.delay.copy()
        for gate in gates:
            found.put_gate(gate)
        return found

    def number_of(self, code: str) -> int:
        """Return the column in which the crossing stands."""
        return self._number[code]

    def open_at(self, at: datetime) -> Bools:
        """Return which crossings are open at an instant."""
        return np.array([is_open(gate, at) for gate in self.gates], np.bool_)

    def joining(self, a: str, b: str) -> Bools:
        """Return which crossings join two countries; none in one country."""
        known = self._joining.get((a, b))
        if known is None:
            pair = frozenset((a, b))
            known = np.array([gate.countries == pair and a != b for gate in self.gates], np.bool_)
            self._joining[a, b] = known
        return known

    def transit(self, a: str, z: str) -> Floats:
        """Return (first crossings, second crossings) the minutes on the road in the country between, on the way from one country to another; infinite where there is no such way."""
        known = self._transit.get((a, z))
        if known is None:
            known = np.full((len(self.gates), len(self.gates)), INFINITE)
            for between in self._countries if a != z else ():
                if between not in {a, z}:
                    ends = np.ix_(self.joining(a, between), self.joining(between, z))
                    known[ends] = self._between[ends]
            self._transit[a, z] = known
            self._seconds[a, z] = np.flatnonzero(np.isfinite(known).any(axis=0)).tolist()
        return known

    def firsts(self, a: str, z: str, usable: Bools) -> Bools:
        """Return at which crossings a way from one country to another can begin if these are ``usable``; arrays of (…, crossings)."""
        then = np.isfinite(self.transit(a, z))
        found: Bools = usable & (self.joining(a, z) | (usable[..., None, :] & then).any(axis=-1))
        return found

    def in_the_way(self, a: str, z: str, begins: Bools, usable: Bools) -> list[int]:
        """Return the crossings that whoever can't go from one country to another must be too much for: those that join both, or else all on ways through another.

        ``begins`` is where an open way begins, ``usable`` what is open; none of it where there is none.
        """
        joining = begins & self.joining(a, z)
        if not joining.any():
            joining = begins | ((np.isfinite(self.transit(a, z)) & begins[:, None]).any(axis=0) & usable)
        return np.flatnonzero(joining).tolist()

    def not_allowed(self, passed: Sequence[Gate], allowed: Collection[str] | None) -> Why:
        """Return why a way over these crossings is not one that an agreement allows."""
        gate = next(gate for gate in passed if gate.code not in (allowed or ()))
        return Why("crossing_not_allowed", {"crossing": gate.code, "allowed": list(allowed or ())}, crossings=(gate,))

    def onward(self, a: str, goal: Goal, usable: Bools) -> Floats:
        """Return (n, crossings) the minutes from each crossing at which a country is left, its own delay included, to the goal, if what comes after it is among (n, crossings) ``usable``."""
        return self.onward_to(a, goal.country, np.broadcast_to(goal.from_gate, usable.shape), usable)

    def onward_to(self, a: str, z: str, from_gate: Floats, usable: Bools) -> Floats:
        """Return the same for several goals of a country: (n, crossings) ``from_gate``."""
        found: Floats = np.where(self.joining(a, z), from_gate, INFINITE)
        transit = self.transit(a, z)
        last = np.where(usable, from_gate + self.delay, INFINITE)
        seconds = self._seconds[a, z]
        if seconds and len(usable) <= FEW:
            np.minimum(found, (transit[:, seconds] + last[:, None, seconds]).min(axis=2), out=found)
        else:  # memory
            for then in seconds:
                np.minimum(found, transit[:, then] + last[:, then, None], out=found)
        found += self.delay
        return found

    def second(self, a: str, goal: Goal, usable: Bools, first: int) -> int:
        """Return the crossing that comes after the first one, among (crossings,) ``usable``; -1 where none does."""
        if self.joining(a, goal.country)[first]:
            return -1
        minutes = self.transit(a, goal.country)[first] + np.where(usable, goal.from_gate + self.delay, INFINITE)
        return int(minutes.argmin())

    def carrying(self, unit: Sized | None) -> Bools:
        """Return which crossings a unit is neither too heavy nor too large for."""
        return np.array([carries(gate, unit) for gate in self.gates], np.bool_)

    def allowed(self, codes: Collection[str] | None) -> Bools:
        """Return which crossings are among these; all of them where no limit is set."""
        return np.array([codes is None or gate.code in codes for gate in self.gates], np.bool_)

    # ---------------------------------------------------------------- places

    def settle(self, lon: Floats, lat: Floats, countries: Sequence[str]) -> Settled:
        """Return where places lie in the graph. Arrays of one length; degrees. The same few steps for one place as for many."""
        nowhere = len(self._countries)
        here = np.array([self._countries.get(country, nowhere) for country in countries], np.int64)
        km = kilometres(lon[:, None], lat[:, None], self._lon, self._lat)
        to_gate: Floats = np.where(self._leads[here], km * self._pace, INFINITE)
        if self._entries is None:
            return Settled(
                np.zeros((len(lon), ANCHORS), np.int32), np.full((len(lon), ANCHORS), INFINITE), to_gate
            )  # fmt: skip
        entry, anchor_min = self._entries.nearest(lon, lat, here, self._pace)
        for rank in range(ANCHORS):
            by_road = self._entry_min[entry[:, rank]]
            by_road += anchor_min[:, rank, None]
            np.minimum(to_gate, by_road, out=to_gate)
        return Settled(self._entries.node[entry], anchor_min, to_gate)

    def goal(self, lon: float, lat: float, country: str) -> Goal:
        """Return the ways to a place. Kept: a place is asked for over and over."""
        key = (lon, lat, country)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        settled = self.settle(np.array([lon]), np.array([lat]), [country])
        network = self._networks.get(country)
        if network is None:
            tree = np.full(1 if self.roads is None else self.roads.size, INFINITE)
        else:
            tree = network.tree(settled.anchor[0], settled.anchor_min[0])
        found = Goal(lon, lat, country, tree, settled.to_gate[0])
        self._kept[key] = found
        if len(self._kept) > KEPT_GOALS:
            self._kept.popitem(last=False)
        return found

    def inside(self, settled: Anchored, rows: Any, lon: Floats, lat: Floats, goal: Goal) -> Floats:
        """Return the minutes on the road of places (``rows`` of ``settled``, at ``lon``, ``lat``) in the goal's own country."""
        direct: Floats = kilometres(lon, lat, goal.lon, goal.lat) * self._pace
        if goal.country not in self._networks:
            return direct
        anchor, anchor_min = settled.anchor[rows], settled.anchor_min[rows]
        for rank in range(ANCHORS):  # column by column: NumPy is slow at the least of three
            np.minimum(direct, anchor_min[:, rank] + goal.tree[anchor[:, rank]], out=direct)
        return direct

    def straight_min(self, km: Any) -> Any:
        """Return the minutes for a great-circle distance off the graph: how near what can't come would be."""
        return km * self._pace

    def eta(
        self,
        lon: float,
        lat: float,
        country: str,
        goal: Goal,
        at: datetime,
        *,
        mobilise_min: float = 0,
        acknowledge_min: float = 0,
        unit: Sized | None = None,
        allowed: Collection[str] | None = None,
        by: str | None = None,
    ) -> Eta:
        """Return when one unit would be at the goal, over the soonest open crossings that carry it and are allowed.

        ``by`` is one that it has to pass: at first, or where no such way leads to the goal, after another one.
        """
        places = np.array([lon]), np.array([lat])
        settled = self.settle(*places, [country])
        if country == goal.country:
            road = float(self.inside(settled, slice(None), *places, goal)[0])
            return Eta(acknowledge_min, mobilise_min, road, 0.0, None)
        usable = self.open_at(at) & self.carrying(unit) & self.allowed(allowed)
        named = None if by is None else np.array([gate.code == by for gate in self.gates], np.bool_)
        minutes = self._by_first(settled.to_gate[0], country, goal, usable, named)
        if named is not None and not np.isfinite(minutes).any():
            goal = replace(goal, from_gate=np.where(named, goal.from_gate, INFINITE))
            minutes = self._by_first(settled.to_gate[0], country, goal, usable, ~named)
        if not np.isfinite(minutes).any():
            return Eta(acknowledge_min, mobilise_min, INFINITE, 0.0, None)
        best = int(np.argmin(minutes))
        then = self.second(country, goal, usable, best)
        return self.told(acknowledge_min, mobilise_min, float(minutes[best]), best, then)

    def _by_first(self, to_gate: Floats, country: str, goal: Goal, usable: Bools, begins: Bools | None) -> Floats:
        """Return (crossings,) the minutes on the way that begins at each, if that is one of those at which it may begin."""
        over = self.onward(country, goal, usable[None])[0]
        firsts = self.firsts(country, goal.country, usable)
        return np.where(firsts if begins is None else firsts & begins, to_gate + over, INFINITE)

    def told(self, acknowledge_min: float, mobilise_min: float, way_min: float, first: int, then: int) -> Eta:
        """Return minutes on a way over crossings by their numbers (-1: none) in parts."""
        if first < 0:
            return Eta(acknowledge_min, mobilise_min, way_min, 0.0, None)
        gate, via = self.gates[first], () if then < 0 else (self.gates[then],)
        delay = float(gate.delay_min + sum(each.delay_min for each in via))
        return Eta(acknowledge_min, mobilise_min, way_min - delay, delay, gate, via)

    # ---------------------------------------------------------------- the graph

    def _trees(self, country: str, network: _Network) -> Floats:
        """Return (junctions of a country, crossings) minutes between each of both."""
        assert self.roads is not None
        assert self._entries is not None
        nodes = self.roads.inside[country]
        crossings = np.array([self.roads.crossings.get(gate.code, -1) for gate in self.gates], np.int64)
        trees = np.full((len(nodes), len(self.gates)), INFINITE)
        here = np.array([self._countries[country]])
        for number in np.flatnonzero(self._leads[here[0]]).tolist():
            gate = self.gates[number]
            node = self.roads.crossings.get(gate.code)
            if node is not None:
                anchor, minutes = np.array([node], np.int32), np.zeros(1)
            else:  # it was built after the graph was drawn
                near, far = self._entries.nearest(np.array([gate.lon]), np.array([gate.lat]), here, self._pace)
                anchor, minutes = self._entries.node[near[0]], far[0]
            tree = network.tree(anchor, minutes)
            trees[:, number] = tree[nodes]
            known = crossings >= 0
            self._by_road[number, known] = np.minimum(self._by_road[number, known], tree[crossings[known]])
        return trees

    def _all_between(self) -> Floats:
        """Return minutes between crossings: by road, and where one is not in the graph as from any place."""
        direct: Floats = kilometres(self._lon[:, None], self._lat[:, None], self._lon, self._lat) * self._pace
        found: Floats = np.minimum(self._by_road, direct)
        off = [number for number, gate in enumerate(self.gates) if self.roads and gate.code not in self.roads.crossings]
        for number in off:
            for country in self.gates[number].countries:
                place = self._lon[[number]], self._lat[[number]]
                found[number] = np.minimum(found[number], self.settle(*place, [country]).to_gate[0])
            found[:, number] = np.minimum(found[:, number], found[number])
        return found


def _limits(gate: Gate) -> tuple[float | None, ...]:
    return gate.max_weight_t, gate.max_height_m, gate.max_width_m


class _Network:
    """The roads of one country."""

    def __init__(self, roads: Roads, country: str) -> None:
        # SciPy is slow to import: who has no graph does without.
        from scipy.sparse import coo_array

        self._nodes = roads.inside[country]
        links = roads.links[country]
        # Of two roads between the same junctions the faster one counts: a sparse array would add them up.
        order = np.lexsort((links.minutes, np.maximum(links.a, links.b), np.minimum(links.a, links.b)))
        low, high = np.minimum(links.a, links.b)[order], np.maximum(links.a, links.b)[order]
        first = np.ones(len(order), np.bool_)
        first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
        kept = order[first]
        shape = (roads.size, roads.size)
        self._graph = coo_array((links.minutes[kept], (low[first], high[first])), shape=shape).tocsr()
        self._all: Floats | None = None

    def tree(self, anchor: Ints, minutes: Floats) -> Floats:
        """Return the minutes of every node to a place that is entered from these junctions."""
        from scipy.sparse.csgraph import dijkstra

        if self._all is None and len(self._nodes) <= SMALL:
            self._all = dijkstra(self._graph, directed=False)
        rows = dijkstra(self._graph, directed=False, indices=anchor) if self._all is None else self._all[anchor]
        found = rows + np.asarray(minutes)[:, None]
        shortest: Floats = found.min(axis=0)
        return shortest


class _Entries:
    """Where the graph is entered: each junction once for each country that it lies in. Countries lie beside each other in a fourth dimension, too far to be near."""

    def __init__(self, roads: Roads, countries: Mapping[str, int]) -> None:
        from scipy.spatial import cKDTree

        self.node: Ints = np.concatenate([np.zeros(0, np.int32), *roads.inside.values()]).astype(np.int32)
        country = np.repeat([countries[each] for each in roads.inside], [len(each) for each in roads.inside.values()])
        self._tree = cKDTree(_on_sphere(roads.lon[self.node], roads.lat[self.node], country))
        self._ranks = list(range(1, ANCHORS + 1))

    def nearest(self, lon: Floats, lat: Floats, country: Any, pace: float) -> tuple[Any, Floats]:
        """Return (n, ``ANCHORS``) the nearest entries and the minutes to them; infinite where a country has no more."""
        chord, found = self._tree.query(_on_sphere(lon, lat, country), k=self._ranks)
        minutes = 2 * MEAN_EARTH_RADIUS_KM * np.arcsin(np.minimum(1.0, chord / 2)) * pace
        minutes[chord > _ACROSS] = INFINITE
        return np.minimum(found, len(self.node) - 1), minutes


def _on_sphere(lon: Floats, lat: Floats, country: Any) -> Floats:
    """Return (n, 4) points on the unit sphere, and how far aside their country lies."""
    phi, theta = np.radians(lat), np.radians(lon)
    flat = np.cos(phi)
    return np.column_stack((flat * np.cos(theta), flat * np.sin(theta), np.sin(phi), 2 * _ACROSS * country))
