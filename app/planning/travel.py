"""How long everything takes to everywhere: acknowledge, get ready, drive, pass the border.

Who crosses a border does it once, at one crossing that joins the unit's country and the place's (as a mission names one). So a way is
unit → crossing inside one country, the crossing's delay, crossing → place inside the other. The two halves rest on roads alone and are
kept; closing a crossing, or making it slower, changes one figure and costs nothing to work out.

With a road graph (``roads.py``) the ways inside a country are its shortest ones by Dijkstra (SciPy), entered and left at the nearest ``ANCHORS``
junctions; a place that lies beside is reached at ``LOCAL_KMH``. Without a graph it is great circle times ``DETOUR`` at ``SPEED_KMH`` (``eta.py``), and
the best open crossing. Minutes are floats; what can't be reached is infinite.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from app.domain.geo import MEAN_EARTH_RADIUS_KM
from app.planning.eta import DETOUR, SPEED_KMH, carries, is_open

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
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
INFINITE: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Eta:
    """Minutes from the order to the arrival, in parts, and where the border is passed."""

    acknowledge_min: float
    mobilise_min: float
    road_min: float
    crossing_min: float
    gate: Gate | None

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
        self._locate()

    def _locate(self) -> None:
        self._lon = np.array([gate.lon for gate in self.gates], np.float64)
        self._lat = np.array([gate.lat for gate in self.gates], np.float64)
        self.delay = np.array([gate.delay_min for gate in self.gates], np.float64)
        self._leads = {
            country: np.array([country in gate.countries for gate in self.gates], np.bool_)
            for country in {country for gate in self.gates for country in gate.countries}
        }
        self._kept.clear()
        self._gate_trees = {country: self._trees(country) for country in self._networks}

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

    def number_of(self, code: str) -> int:
        """Return the column in which the crossing stands."""
        return self._number[code]

    def open_at(self, at: datetime) -> Bools:
        """Return which crossings are open at an instant."""
        return np.array([is_open(gate, at) for gate in self.gates], np.bool_)

    def joining(self, a: str, b: str) -> Bools:
        """Return which crossings join two countries; none in one country."""
        pair = frozenset((a, b))
        return np.array([gate.countries == pair and a != b for gate in self.gates], np.bool_)

    def carrying(self, unit: Sized | None) -> Bools:
        """Return which crossings a unit is neither too heavy nor too large for."""
        return np.array([carries(gate, unit) for gate in self.gates], np.bool_)

    def allowed(self, codes: Collection[str] | None) -> Bools:
        """Return which crossings are among these; all of them where no limit is set."""
        return np.array([codes is None or gate.code in codes for gate in self.gates], np.bool_)

    # ---------------------------------------------------------------- places

    def settle(self, lon: Floats, lat: Floats, countries: Sequence[str]) -> Settled:
        """Return where places lie in the graph. Arrays of one length; degrees."""
        many = len(lon)
        anchor = np.zeros((many, ANCHORS), np.int32)
        anchor_min = np.full((many, ANCHORS), INFINITE)
        to_gate = np.full((many, len(self.gates)), INFINITE)
        here = np.asarray(countries)
        for country in dict.fromkeys(countries):
            rows = np.flatnonzero(here == country)
            leads = self._leads.get(country)
            if leads is not None:
                km = kilometres(lon[rows, None], lat[rows, None], self._lon[leads], self._lat[leads])
                to_gate[np.ix_(rows, np.flatnonzero(leads))] = km * self._pace
            network = self._networks.get(country)
            if network is not None:
                anchor[rows], anchor_min[rows] = network.nearest(lon[rows], lat[rows], self._pace)
                trees = self._gate_trees[country]  # (gates, nodes)
                for rank in range(ANCHORS):
                    by_road = trees[:, anchor[rows, rank]].T + anchor_min[rows, rank, None]
                    to_gate[rows] = np.minimum(to_gate[rows], by_road)
        return Settled(anchor, anchor_min, to_gate)

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
        by_road = (settled.anchor_min[rows] + goal.tree[settled.anchor[rows]]).min(axis=1)
        shortest: Floats = np.minimum(direct, by_road)
        return shortest

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
    ) -> Eta:
        """Return when one unit would be at the goal, over the soonest open crossing that carries it and is allowed."""
        places = np.array([lon]), np.array([lat])
        settled = self.settle(*places, [country])
        if country == goal.country:
            road = float(self.inside(settled, slice(None), *places, goal)[0])
            return Eta(acknowledge_min, mobilise_min, road, 0.0, None)
        usable = self.open_at(at) & self.joining(country, goal.country) & self.carrying(unit) & self.allowed(allowed)
        road_min = np.where(usable, settled.to_gate[0] + goal.from_gate, INFINITE)
        if not usable.any():
            return Eta(acknowledge_min, mobilise_min, INFINITE, 0.0, None)
        best = int(np.argmin(road_min + self.delay))
        return Eta(acknowledge_min, mobilise_min, float(road_min[best]), float(self.delay[best]), self.gates[best])

    # ---------------------------------------------------------------- the graph

    def _trees(self, country: str) -> Floats:
        """Return (crossings, nodes) minutes between each crossing and each junction of a country."""
        assert self.roads is not None
        network, leads = self._networks[country], self._leads.get(country)
        trees = np.full((len(self.gates), self.roads.size), INFINITE)
        for number in [] if leads is None else np.flatnonzero(leads):
            gate = self.gates[number]
            node = self.roads.crossings.get(gate.code)
            if node is not None:
                anchor, minutes = np.array([node], np.int32), np.zeros(1)
            else:  # it was built after the graph was drawn
                near, far = network.nearest(np.array([gate.lon]), np.array([gate.lat]), self._pace)
                anchor, minutes = near[0], far[0]
            trees[number] = network.tree(anchor, minutes)
        return trees


def _limits(gate: Gate) -> tuple[float | None, ...]:
    return gate.max_weight_t, gate.max_height_m, gate.max_width_m


class _Network:
    """The roads of one country."""

    def __init__(self, roads: Roads, country: str) -> None:
        # SciPy is slow to import: who has no graph does without.
        from scipy.sparse import coo_array
        from scipy.spatial import cKDTree

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
        self._tree = cKDTree(_on_sphere(roads.lon[self._nodes], roads.lat[self._nodes]))
        self._few = min(ANCHORS, len(self._nodes))
        self._all: Floats | None = None

    def nearest(self, lon: Floats, lat: Floats, pace: float) -> tuple[Ints, Floats]:
        """Return (n, ``ANCHORS``) the nearest junctions and the minutes to them; the last is repeated where there are fewer."""
        chord, found = self._tree.query(_on_sphere(lon, lat), k=list(range(1, self._few + 1)))
        minutes = 2 * MEAN_EARTH_RADIUS_KM * np.arcsin(np.minimum(1.0, chord / 2)) * pace
        nodes = self._nodes[found]
        if self._few == ANCHORS:
            return nodes, minutes
        spare = ((0, 0), (0, ANCHORS - self._few))
        return np.pad(nodes, spare, mode="edge"), np.pad(minutes, spare, mode="edge")

    def tree(self, anchor: Ints, minutes: Floats) -> Floats:
        """Return the minutes of every node to a place that is entered from these junctions."""
        from scipy.sparse.csgraph import dijkstra

        if self._all is None and len(self._nodes) <= SMALL:
            self._all = dijkstra(self._graph, directed=False)
        rows = dijkstra(self._graph, directed=False, indices=anchor) if self._all is None else self._all[anchor]
        found = rows + np.asarray(minutes)[:, None]
        shortest: Floats = found.min(axis=0)
        return shortest


def _on_sphere(lon: Floats, lat: Floats) -> Floats:
    """Return (n, 3) points on the unit sphere."""
    phi, theta = np.radians(lat), np.radians(lon)
    return np.column_stack((np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)))
