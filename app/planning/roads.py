"""The roads of a corridor as a graph: junctions, crossings, and what a heavy unit needs from one to the next.

A graph is data (``simulations/corridors/*/roads.yaml``), read once and checked as a whole. A country's roads are a graph of their own, and the
crossings are nodes of both: so what an outage changes is the crossing, and no way inside a country has to be looked for anew.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from pydantic import Field, StringConstraints

from app.domain.geo import great_circle_km
from app.domain.protocol_data import Shape, parse, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from app.domain.errors import ProtocolDataError

AT: Final = "@"
"""Begins the name of a crossing among the junctions of a road."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Stop = Annotated[str, StringConstraints(pattern=r"^@?[a-z0-9]+(-[a-z0-9]+)*$", max_length=61)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Place = tuple[
    Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)],
    Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)],
]


class RoadClass(Shape):
    """How fast a heavy unit is on roads of a class on average, and how much longer they are than the great circle."""

    speed_kmh: Annotated[float, Field(gt=0, le=130, allow_inf_nan=False)]
    winding: Annotated[float, Field(ge=1, le=3, allow_inf_nan=False)]


class Road(Shape):
    """A road of one class through junctions, in turn; both ways."""

    road: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    road_class: Annotated[str, Field(alias="class")]
    via: Annotated[tuple[Stop, ...], Field(min_length=2)]


class RoadsFile(Shape):
    """A file of roads."""

    version: Annotated[int, Field(ge=1)]
    classes: Annotated[dict[str, RoadClass], Field(min_length=1)]
    junctions: dict[Country, dict[Slug, Place]]
    roads: dict[Country, tuple[Road, ...]]


@dataclass(frozen=True, slots=True)
class Border:
    """Where the border can be passed: longitude, latitude, and the countries on both sides."""

    lon: float
    lat: float
    countries: frozenset[str]


@dataclass(frozen=True, slots=True)
class Links:
    """The roads of one country: from node, to node, and the minutes between, as arrays of one length; both ways are meant."""

    a: npt.NDArray[np.int32]
    b: npt.NDArray[np.int32]
    minutes: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Roads:
    """A checked graph. Nodes are numbered: the junctions of each country, then the crossings."""

    names: tuple[str, ...]
    """Of the nodes; those of crossings begin with ``@``. A name may stand in two countries."""
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    crossings: Mapping[str, int]
    """Code → node."""
    inside: Mapping[str, npt.NDArray[np.int32]]
    """Country → its junctions, without crossings."""
    links: Mapping[str, Links]

    @property
    def size(self) -> int:
        """How many nodes there are."""
        return len(self.names)


def named_crossings(file: Path, text: str) -> frozenset[str]:
    """Return the codes of the crossings that a file of roads knows: others were built after it was drawn.

    Raises:
        ProtocolDataError: the file has not this shape.
    """
    shape = parse(file, text, RoadsFile)
    stops = (stop for roads in shape.roads.values() for road in roads for stop in road.via)
    return frozenset(stop.removeprefix(AT) for stop in stops if stop.startswith(AT))


def parse_roads(file: Path, text: str, borders: Mapping[str, Border]) -> Roads:
    """Return the graph that ``text``, as read from ``file``, tells, for a corridor with these crossings by code.

    Raises:
        ProtocolDataError: the file has not this shape; a road names a junction, a class or a crossing that is not there, or goes abroad
            without a crossing; a crossing is on no road on one of its sides; or a junction can't be reached inside its country.
    """
    shape = parse(file, text, RoadsFile)
    names: list[str] = []
    places: list[tuple[float, float]] = []
    numbers: dict[tuple[str, str], int] = {}
    for country, junctions in shape.junctions.items():
        for name, place in junctions.items():
            numbers[country, name] = len(names)
            names.append(name)
            places.append(place)
    crossings = {code: len(names) + number for number, code in enumerate(sorted(borders))}
    names += [AT + code for code in sorted(borders)]
    places += [(borders[code].lon, borders[code].lat) for code in sorted(borders)]
    links = {}
    for country, roads in shape.roads.items():
        ways = list(_ways(file, shape, country, roads, numbers, crossings, borders))
        minutes = [great_circle_km(*places[a], *places[b]) * kind.winding / kind.speed_kmh * 60 for a, b, kind in ways]
        links[country] = Links(
            np.array([a for a, _, _ in ways], np.int32),
            np.array([b for _, b, _ in ways], np.int32),
            np.array(minutes, np.float64),
        )
    inside = {
        country: np.array([numbers[country, name] for name in junctions], np.int32)
        for country, junctions in shape.junctions.items()
    }
    lon, lat = np.array(places, np.float64).reshape(-1, 2).T.copy()
    graph = Roads(tuple(names), lon, lat, crossings, inside, links)
    _require_joined(file, graph, borders)
    return graph


def _ways(
    file: Path,
    shape: RoadsFile,
    country: str,
    roads: tuple[Road, ...],
    numbers: Mapping[tuple[str, str], int],
    crossings: Mapping[str, int],
    borders: Mapping[str, Border],
) -> Iterator[tuple[int, int, RoadClass]]:
    """Yield each piece of road of a country as two nodes and its class."""
    for at, road in enumerate(roads):
        key = f"roads.{country}.{at}"
        if road.road_class not in shape.classes:
            raise wrong(file, f"{key}.class", f"there is no class {road.road_class!r} under classes")
        stops = [
            _node(file, f"{key}.via.{number}", stop, country, numbers, crossings, borders)
            for number, stop in enumerate(road.via)
        ]
        for number, stop in enumerate(road.via[1:-1], 1):
            if stop.startswith(AT):
                raise wrong(
                    file, f"{key}.via.{number}", "a crossing stands first or last: beyond it is another country"
                )
        for number, (a, b) in enumerate(itertools.pairwise(stops)):
            if a == b:
                raise wrong(file, f"{key}.via.{number + 1}", "the road comes to where it is")
            yield a, b, shape.classes[road.road_class]


def _node(
    file: Path,
    key: str,
    stop: str,
    country: str,
    numbers: Mapping[tuple[str, str], int],
    crossings: Mapping[str, int],
    borders: Mapping[str, Border],
) -> int:
    if not stop.startswith(AT):
        if (country, stop) not in numbers:
            raise wrong(file, key, f"{stop!r} is no junction of {country}; abroad leads a crossing alone")
        return numbers[country, stop]
    code = stop.removeprefix(AT)
    if code not in crossings:
        raise wrong(file, key, f"the corridor has no crossing {code!r}")
    if country not in borders[code].countries:
        raise wrong(file, key, f"the crossing {code!r} does not lead to {country}")
    return crossings[code]


def _require_joined(file: Path, graph: Roads, borders: Mapping[str, Border]) -> None:
    """Every junction of a country must be reached from every other without leaving it, and every crossing from both sides."""
    for country, junctions in graph.inside.items():
        nodes = {int(node) for node in junctions}
        nodes |= {graph.crossings[code] for code, border in borders.items() if country in border.countries}
        if not nodes:
            continue
        links = graph.links.get(country)
        if links is None:
            raise wrong(file, f"roads.{country}", "there are junctions, and no roads between them")
        if unreached := nodes - _reached(int(next(iter(junctions), min(nodes))), links):
            raise _cut_off(file, graph, country, min(unreached))
    for code, border in borders.items():
        for country in sorted(border.countries - set(graph.inside)):
            raise wrong(file, f"junctions.{country}", f"the crossing {code!r} leads there, and there are no junctions")


def _reached(start: int, links: Links) -> set[int]:
    beside: dict[int, list[int]] = {}
    for a, b in zip(links.a.tolist(), links.b.tolist(), strict=True):
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    seen, waiting = {start}, [start]
    while waiting:
        for node in beside.get(waiting.pop(), ()):
            if node not in seen:
                seen.add(node)
                waiting.append(node)
    return seen


def _cut_off(file: Path, graph: Roads, country: str, node: int) -> ProtocolDataError:
    name = graph.names[node]
    return wrong(file, f"roads.{country}", f"no road leads to {name!r} inside {country}")
