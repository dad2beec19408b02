"""Times of travel: in parts, by road where there is a graph, over the best open crossing, and at once when one closes."""

import heapq
import itertools
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.geo import great_circle_km
from app.planning.eta import DETOUR, SPEED_KMH, Size, driving_min, km_by
from app.planning.travel import ANCHORS, LOCAL_KMH, Travel, kilometres
from tests.planning.corridor import borders, depots, gates, roads, travel

NOON = datetime(2026, 7, 14, 12, tzinfo=UTC)
BY_ROAD, STRAIGHT = travel(), travel(by_road=False)
NAMES = sorted(depots())
lonlat = st.tuples(st.floats(5.0, 6.8), st.floats(50.4, 51.4))


def eta(of, a, z, **other):
    return of.eta(*depots()[a], of.goal(*depots()[z]), NOON, **other)


def by_hand(start, goal, country):
    """The shortest way inside a country by a plain Dijkstra, with the same ways on and off the graph."""
    graph, pace = roads(), DETOUR / LOCAL_KMH * 60
    beside = {}
    links = graph.links[country]
    for a, b, minutes in zip(links.a.tolist(), links.b.tolist(), links.minutes.tolist(), strict=True):
        beside.setdefault(a, []).append((b, minutes))
        beside.setdefault(b, []).append((a, minutes))

    def near(place):
        if isinstance(place, str):
            return [(0.0, graph.crossings[place])]
        nodes = graph.inside[country].tolist()
        ways = [(great_circle_km(*place, graph.lon[node], graph.lat[node]) * pace, node) for node in nodes]
        return sorted(ways)[:ANCHORS]

    best, queue = {}, near(start)
    heapq.heapify(queue)
    while queue:
        minutes, node = heapq.heappop(queue)
        if node in best:
            continue
        best[node] = minutes
        for other, more in beside.get(node, ()):
            heapq.heappush(queue, (minutes + more, other))
    places = [borders()[each] if isinstance(each, str) else None for each in (start, goal)]
    ends = [each if at is None else (at.lon, at.lat) for each, at in zip((start, goal), places, strict=True)]
    direct = great_circle_km(*ends[0], *ends[1]) * pace
    return min([direct, *(best[node] + minutes for minutes, node in near(goal))])


@settings(deadline=None, max_examples=40)
@given(lonlat, lonlat, st.sampled_from(["NL", "BE", "DE"]))
def test_inside_a_country_the_way_is_the_shortest(start, goal, country):
    """A way that is not the shortest sends the wrong city's engine."""
    found = BY_ROAD.eta(*start, country, BY_ROAD.goal(*goal, country), NOON)
    assert found.road_min == pytest.approx(by_hand(start, goal, country))
    assert (found.gate, found.crossing_min) == (None, 0)


@settings(deadline=None, max_examples=40)
@given(lonlat, lonlat, st.booleans(), st.sets(st.sampled_from(sorted(borders()))))
def test_abroad_the_way_is_the_shortest_over_open_crossings(start, goal, with_roads, shut):
    """Each crossing, and each two with a country between, on their own, by hand: what is open and soonest is what is told."""
    of = travel(by_road=with_roads, **{code.replace("-", "_"): {"control": "closed"} for code in shut})
    found = of.eta(*start, "BE", of.goal(*goal, "DE"), NOON, mobilise_min=7, acknowledge_min=2)
    open_ = [gate for gate in of.gates if gate.code not in shut]
    there = {
        sides: [gate for gate in open_ if gate.countries == set(sides.split())] for sides in ("BE DE", "BE NL", "NL DE")
    }
    chains = [(gate,) for gate in there["BE DE"]] + [(a, b) for a in there["BE NL"] for b in there["NL DE"]]
    ways = {}
    for chain in chains:
        delay = sum(gate.delay_min for gate in chain)
        if with_roads:
            between = sum(between_by_hand(a.code, b.code) for a, b in itertools.pairwise(chain))
            road = by_hand(start, chain[0].code, "BE") + between + by_hand(chain[-1].code, goal, "DE")
        else:
            road = driving_min(km_by(chain, *start, *goal))
        ways[tuple(gate.code for gate in chain)] = road + delay
    if not ways:
        assert (found.gate, found.via, found.total_min) == (None, (), float("inf"))
        return
    assert found.total_min == pytest.approx(min(ways.values()) + 9)
    assert ways[found.gate.code, *(gate.code for gate in found.via)] == pytest.approx(min(ways.values()))
    assert found.crossing_min == sum(gate.delay_min for gate in (found.gate, *found.via))


@cache
def between_by_hand(a, b):
    return by_hand(a, b, "NL")


def test_a_closed_crossing_and_a_slow_one_count_at_once():
    """A bridge under water that the next estimate still leads over costs the first vehicle an hour."""
    of = travel()
    before = eta(of, "liege", "maastricht")
    gate = next(gate for gate in of.gates if gate.code == before.gate.code)
    of.put_gate(replace(gate, delay_min=gate.delay_min + 1))
    assert eta(of, "liege", "maastricht").total_min <= before.total_min + 1
    of.put_gate(replace(gate, control="closed"))
    after = eta(of, "liege", "maastricht")
    assert after.gate != before.gate
    assert after.total_min > before.total_min
    of.put_gate(replace(gate, control="closed", closed_until=NOON))
    assert eta(of, "liege", "maastricht").total_min == before.total_min
    of.put_gate(replace(gate, control="closed", closed_until=NOON + timedelta(minutes=1)))
    assert eta(of, "liege", "maastricht").gate == after.gate
    with pytest.raises(KeyError):
        of.put_gate(replace(gate, code="elsewhere"))
    with pytest.raises(KeyError):
        of.put_gate(replace(gate, lon=gate.lon + 0.1))


def test_a_unit_too_heavy_takes_another_crossing():
    """A 26-tonne lorry on a bridge for 12 is on the news."""
    light, heavy = (eta(BY_ROAD, "kerkrade", "herzogenrath", unit=Size(w, None, None)) for w in (3.0, 26.0))
    assert light.gate.code == "kerkrade-herzogenrath"
    assert heavy.gate.code != light.gate.code
    allowed = eta(BY_ROAD, "kerkrade", "herzogenrath", allowed=["sittard-tueddern"])
    assert allowed.gate.code == "sittard-tueddern"
    assert eta(BY_ROAD, "kerkrade", "herzogenrath", allowed=[]).gate is None


@pytest.mark.parametrize(
    ("a", "z", "least", "most"),
    [("liege", "maastricht", 22, 40), ("aachen", "maastricht", 32, 55), ("roermond", "maastricht", 35, 60),
     ("hasselt", "maastricht", 28, 50), ("dueren", "liege", 65, 100), ("eupen", "aachen", 15, 35)],
)  # fmt: skip
def test_the_demonstration_corridor_tells_plausible_minutes(a, z, least, most):
    """Who knows the road laughs at an hour for what takes half of one."""
    assert least <= eta(BY_ROAD, a, z).total_min <= most


def test_without_a_graph_it_is_the_simple_estimate():
    """A corridor that has drawn no roads keeps what it had."""
    found = eta(STRAIGHT, "maastricht", "roermond")
    km = great_circle_km(*depots()["maastricht"][:2], *depots()["roermond"][:2])
    assert found.road_min == pytest.approx(km * DETOUR / SPEED_KMH * 60)


def test_a_crossing_that_the_graph_does_not_know_is_reached_beside_it():
    """A new crossing is in use before anybody draws its road."""
    lone = replace(gates()[0], code="new-bridge", lon=6.02, lat=50.78)
    of = Travel([lone], roads())
    found = eta(of, "vaals", "aachen")
    assert found.gate == lone
    assert found.road_min < 60


def test_distances_are_those_of_the_domain():
    """Two formulas would rank two ways."""
    generator = np.random.default_rng(1)
    lon, lat = generator.uniform(-180, 180, 200), generator.uniform(-90, 90, 200)
    one_by_one = [great_circle_km(*place, 5.7, 50.8) for place in zip(lon, lat, strict=True)]
    assert kilometres(lon, lat, 5.7, 50.8) == pytest.approx(one_by_one)


def test_many_to_many_is_asked_for_in_one_go():
    """600 units to 60 places: what a plan asks for. Timed loosely: a loop in Python over both would take minutes."""
    of = travel()
    places = np.array([depots()[name][:2] for name in NAMES])
    countries = [depots()[name][2] for name in NAMES]
    started = time.perf_counter()
    settled = of.settle(
        np.repeat(places[:, 0], 10), np.repeat(places[:, 1], 10), [c for c in countries for _ in range(10)]
    )
    goals = [of.goal(*depots()[name]) for name in NAMES]
    both = settled.to_gate[:, None, :] + np.array([goal.from_gate for goal in goals])[None]
    assert both.shape == (600, 60, len(of.gates))
    assert time.perf_counter() - started < 10


def over_the_whole_graph(start, country):
    """The shortest minutes to every junction, by a plain Dijkstra over junctions by country: a crossing is a piece of road from one to the other."""
    graph, pace = roads(), DETOUR / LOCAL_KMH * 60
    beside = {}
    for inside, links in graph.links.items():
        for a, b, minutes in zip(links.a.tolist(), links.b.tolist(), links.minutes.tolist(), strict=True):
            beside.setdefault((inside, a), []).append(((inside, b), minutes))
            beside.setdefault((inside, b), []).append(((inside, a), minutes))
    for gate in gates():
        for side in gate.countries:
            (other,) = gate.countries - {side}
            node = graph.crossings[gate.code]
            beside.setdefault((side, node), []).append(((other, node), gate.delay_min))
    nodes = graph.inside[country].tolist()
    queue = [(great_circle_km(*start, graph.lon[node], graph.lat[node]) * pace, (country, node)) for node in nodes]
    queue = sorted(queue)[:ANCHORS]
    best = {}
    while queue:
        minutes, node = heapq.heappop(queue)
        if node not in best:
            best[node] = minutes
            for other, more in beside.get(node, ()):
                heapq.heappush(queue, (minutes + more, other))
    return best


def test_between_all_towns_of_two_countries_the_way_is_the_shortest_of_the_whole_graph():
    """Maaseik is an hour from Heinsberg through the Netherlands, and three by the only crossings between Belgium and Germany: who is told three sends somebody else."""
    graph, pace = roads(), DETOUR / LOCAL_KMH * 60
    through = 0
    for a in NAMES:
        *start, country = depots()[a]
        best = over_the_whole_graph(start, country)
        for z in NAMES:
            *goal, there = depots()[z]
            if there == country:
                continue
            ends = [
                (great_circle_km(*goal, graph.lon[n], graph.lat[n]) * pace, n) for n in graph.inside[there].tolist()
            ]
            shortest = min(best[there, node] + minutes for minutes, node in sorted(ends)[:ANCHORS])
            found = eta(BY_ROAD, a, z)
            assert found.total_min <= shortest + 1e-6, (a, z)  # beside the graph it can be shorter still
            assert found.road_min + found.crossing_min == pytest.approx(found.total_min)
            through += bool(found.via)
    assert through > 100
    found = eta(BY_ROAD, "maaseik", "heinsberg")
    assert found.total_min < 60
    assert (found.gate.countries, [each.countries for each in found.via]) == ({"BE", "NL"}, [{"NL", "DE"}])
    assert found.crossing_min == found.gate.delay_min + found.via[0].delay_min


def test_each_crossing_of_a_way_must_be_open_carry_the_unit_and_be_allowed():
    """A lorry that is let out of its country and stands before a bridge too weak for it on the other side comes to nobody's help."""
    found = eta(BY_ROAD, "maaseik", "heinsberg")
    first, last = found.gate, found.via[0]
    named = [gate.code for gate in BY_ROAD.gates if gate.code not in {first.code, last.code}]
    for barred in ({"control": "closed"}, {"max_weight_t": 3.0}):
        of = travel(**{last.code.replace("-", "_"): barred})
        other = eta(of, "maaseik", "heinsberg", unit=Size(12.0, None, None))
        assert last not in other.via
        assert other.total_min > found.total_min
    assert eta(BY_ROAD, "maaseik", "heinsberg", allowed=[first.code, last.code]) == found
    assert last not in eta(BY_ROAD, "maaseik", "heinsberg", allowed=[first.code, *named]).via
    assert eta(BY_ROAD, "maaseik", "heinsberg", allowed=[first.code]).gate is None
    slow = travel(**{last.code.replace("-", "_"): {"delay_min": last.delay_min + 7}})
    assert eta(slow, "maaseik", "heinsberg").total_min <= found.total_min + 7
    assert eta(slow, "maaseik", "heinsberg").total_min > found.total_min
