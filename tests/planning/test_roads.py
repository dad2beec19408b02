"""The road graph: what a file may say, and that the demonstration corridor's is whole."""

import numpy as np
import pytest

from app.domain.errors import ProtocolDataError
from app.domain.geo import great_circle_km
from app.planning.roads import Border, parse_roads
from tests.planning.corridor import ROADS, borders, depots, roads

GOOD = """
version: 1
classes: {main: {speed_kmh: 60, winding: 1.2}}
junctions:
  NL: {a: [5.0, 51.0], b: [5.1, 51.0]}
  BE: {c: [5.2, 50.9], a: [5.3, 50.9]}
roads:
  NL: [{road: N1, class: main, via: [a, b, "@gate"]}]
  BE: [{road: N2, class: main, via: ["@gate", c, a]}]
"""
BORDERS = {"gate": Border(5.15, 50.95, frozenset({"NL", "BE"}))}


def parsed(text=GOOD, known=BORDERS):
    return parse_roads(ROADS, text, known)


def test_the_demonstration_corridor_is_one_graph():
    """A crossing that no road leads to would be passed by nobody, and a town beside the graph be reached over fields."""
    graph = roads()
    assert set(graph.inside) == {"NL", "BE", "DE"}
    assert set(graph.crossings) == set(borders())
    towns = {(lon, lat) for lon, lat, _ in depots().values()}
    assert towns <= set(zip(graph.lon.tolist(), graph.lat.tolist(), strict=True))


def test_no_road_of_the_corridor_is_faster_than_a_motorway_on_the_great_circle():
    """A junction with two figures exchanged makes a road that no lorry can keep up with, or one of a day's length."""
    graph = roads()
    for links in graph.links.values():
        for a, b, minutes in zip(links.a, links.b, links.minutes, strict=True):
            km = great_circle_km(graph.lon[a], graph.lat[a], graph.lon[b], graph.lat[b])
            assert 0.1 < km < 45, (graph.names[a], graph.names[b])
            assert 25 < km / minutes * 60 < 80


def test_a_road_is_as_long_as_its_class_winds():
    graph = parsed()
    km = great_circle_km(5.0, 51.0, 5.1, 51.0)
    assert graph.links["NL"].minutes[0] == pytest.approx(km * 1.2)
    assert graph.names[graph.links["BE"].a[0]] == "@gate"
    assert len(np.unique(graph.inside["BE"])) == 2


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("via: [a, b,", "via: [a, x,", "'x' is no junction of NL"),
        ("via: [a, b,", "via: [a, c,", "'c' is no junction of NL"),
        ("class: main, via: [a", "class: mian, via: [a", "no class 'mian'"),
        ('b, "@gate"', 'b, "@gat"', "no crossing 'gat'"),
        ('[a, b, "@gate"]', '[a, "@gate", b]', "first or last"),
        ('[a, b, "@gate"]', "[a, b]", "no road leads to '@gate' inside NL"),
        ('["@gate", c, a]', '["@gate", c]', "no road leads to 'a' inside BE"),
        ('["@gate", c, a]', '["@gate", c, c, a]', "comes to where it is"),
        ("speed_kmh: 60", "speed_kmh: 0", "greater than 0"),
        ("speed_kmh: 60", "speed_kmh: .nan", "finite number"),
        ("[5.0, 51.0]", "[5.0, 91.0]", "less than or equal to 90"),
        ("a: [5.0, 51.0], b", "a: [5.0, 51.0], a", "stands twice"),
        ("  BE: [{road: N2", "  DE: [{road: N2", "does not lead to DE"),
        ("version: 1", "version: 1\nmore: 2", "Extra inputs"),
    ],
)
def test_a_wrong_file_is_refused_by_its_key(old, new, told):
    """A deployer reads which key of which file to mend, before anybody waits for a time of travel."""
    assert old in GOOD
    with pytest.raises(ProtocolDataError) as refused:
        parsed(GOOD.replace(old, new))
    assert told in str(refused.value)


def test_a_crossing_into_a_country_without_roads_is_refused():
    """Every estimate over it would silently be that of a country without roads."""
    known = BORDERS | {"far": Border(6.0, 51.0, frozenset({"NL", "DE"}))}
    text = GOOD.replace('b, "@gate"]}]', 'b, "@gate"]}, {road: N3, class: main, via: [b, "@far"]}]')
    with pytest.raises(ProtocolDataError, match="no junctions"):
        parsed(text, known)
