"""Places and areas: what is let in, and what is computed from it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.domain.errors import OutOfRange, OutsideWorld, WrongFormat
from app.domain.geo import (
    MAX_VERTICES,
    Area,
    Box,
    Geometry,
    MultiPolygon,
    Point,
    bounds,
    centroid,
    covers,
    great_circle_km,
    joined,
    parse_box,
    within,
)

AREA = TypeAdapter(Area)
GEOMETRY = TypeAdapter(Geometry)
SQUARE = [[5.0, 50.0], [6.0, 50.0], [6.0, 51.0], [5.0, 51.0], [5.0, 50.0]]
HOLE = [[5.4, 50.4], [5.6, 50.4], [5.6, 50.6], [5.4, 50.6], [5.4, 50.4]]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def circle(count, radius=1.0):
    ring = [
        [5 + radius * math.cos(a), 50 + radius * math.sin(a)] for a in (2 * math.pi * i / count for i in range(count))
    ]
    return [*ring, ring[0]]


def refusal(adapter, value):
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python(value)
    return caught.value.errors()[0]


def test_an_area_goes_in_and_out_unchanged():
    """A member's area that changed on its way to the table would draw the wrong border."""
    for given_area in (polygon(SQUARE, HOLE), {"type": "MultiPolygon", "coordinates": [[SQUARE]]}):
        assert AREA.validate_python(given_area).geojson() == given_area


@pytest.mark.parametrize("lon_lat", [[500.0, 50.0], [5.0, 90.1], [-180.5, 0.0], [687_000.0, 5_620_000.0]])
def test_a_place_off_the_earth_is_named_as_such(lon_lat):
    """Metres or swapped coordinates are the commonest mistakes: the answer has to say which it was."""
    assert refusal(GEOMETRY, {"type": "Point", "coordinates": lon_lat})["type"] == "outside_world"


@pytest.mark.parametrize(
    ("ring", "says"),
    [
        ([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]], "Self-intersection"),
        (SQUARE[:-1], "not closed"),
        ([[0, 0], [1, 1], [2, 2], [0, 0]], "valid"),
        ([[0, 0, 12], [1, 0, 12], [1, 1, 12], [0, 0, 12]], "altitude"),
        ([[0, 0], [0, 0], [0, 0], [0, 0]], "valid"),
    ],
)
def test_a_polygon_that_is_none_is_refused_with_its_fault(ring, says):
    """Without the fault and its place, whoever drew a thousand points could only guess."""
    error = refusal(AREA, polygon(ring))
    assert error["type"] == "invalid_geometry"
    assert says in error["msg"]


def test_other_faults_of_form():
    """Each of these would otherwise fail somewhere inside the geometry library, as our fault."""
    assert refusal(AREA, polygon())["type"] == "too_short"
    assert refusal(AREA, polygon([]))["type"] == "too_short"
    assert refusal(AREA, {"type": "Circle", "coordinates": []})["type"] == "union_tag_invalid"
    assert refusal(AREA, polygon(SQUARE) | {"crs": "EPSG:28992"})["type"] == "extra_forbidden"
    assert refusal(GEOMETRY, {"type": "Point", "coordinates": [float("nan"), 0.0]})["type"] == "finite_number"
    assert refusal(GEOMETRY, {"type": "Point", "coordinates": [True, 0.0]})["type"] == "float_type"
    assert refusal(GEOMETRY, {"type": "Point", "coordinates": ["5", 0.0]})["type"] == "float_type"
    assert refusal(GEOMETRY, {"type": "Point", "coordinates": [5.0]})["type"] == "missing"
    assert refusal(GEOMETRY, {"type": "LineString", "coordinates": [[5, 50], [5, 50]]})["type"] == "invalid_geometry"


def test_pieces_that_overlap_are_no_area():
    """An area counted twice where its pieces overlap would be wrong in every sum."""
    assert refusal(AREA, {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]})["type"] == "invalid_geometry"


def test_areas_are_limited_in_their_positions():
    """A province drawn to the metre would slow every look-up in it."""
    AREA.validate_python(polygon(circle(MAX_VERTICES - 1)))
    rings = circle(MAX_VERTICES - 10), circle(20, radius=0.5)
    assert refusal(AREA, polygon(*rings))["type"] == "too_many_vertices"
    assert refusal(AREA, polygon(circle(MAX_VERTICES)))["type"] == "too_long"


def test_a_border_belongs_to_its_area():
    """A crossing on the border must lie in both members."""
    area = polygon(SQUARE, HOLE)
    assert covers(area, 5.2, 50.2)
    assert covers(area, 5.0, 50.5)
    assert covers(area, 5.4, 50.5)
    assert not covers(area, 5.5, 50.5)
    assert not covers(area, 50.5, 5.5)


def test_within_takes_models_and_stored_geometry():
    """What was just validated and what comes from a table must give the same answer."""
    area = AREA.validate_python(polygon(SQUARE))
    line = {"type": "LineString", "coordinates": [[5.0, 50.0], [5.5, 50.5]]}
    assert within(area, line)
    assert within(area.geojson(), GEOMETRY.validate_python(line))
    assert not within(area, {"type": "LineString", "coordinates": [[5.5, 50.5], [6.5, 50.5]]})
    assert within(MultiPolygon(type="MultiPolygon", coordinates=(area.coordinates,)), area)


def test_bounds_and_centre():
    """The map opens on the box, the label stands on the centre."""
    assert bounds(polygon(SQUARE)) == Box(5, 50, 6, 51)
    assert centroid(polygon(SQUARE)) == pytest.approx((5.5, 50.5))
    point = Point(type="Point", coordinates=(5.7, 50.85))
    assert (point.lon, point.lat) == (5.7, 50.85)
    assert bounds(point) == Box(5.7, 50.85, 5.7, 50.85)


def test_distances_against_known_ones():
    """A quarter of the Earth, and Maastricht to Aachen (about 29 km), by a radius of 6371.0088 km."""
    assert great_circle_km(0, 0, 90, 0) == pytest.approx(math.pi / 2 * 6371.0088)
    assert great_circle_km(0, -90, 0, 90) == pytest.approx(math.pi * 6371.0088)
    assert great_circle_km(5.690, 50.851, 6.084, 50.776) == pytest.approx(28.9, abs=0.3)


lons, lats = st.floats(-180, 180), st.floats(-90, 90)


@given(lons, lats, lons, lats)
def test_distance_is_a_distance(lon1, lat1, lon2, lat2):
    """Sorting by a distance that depends on the direction would list the same depots in two orders."""
    there = great_circle_km(lon1, lat1, lon2, lat2)
    assert 0 <= there <= math.pi * 6371.0088 + 1e-6
    assert there == pytest.approx(great_circle_km(lon2, lat2, lon1, lat1), abs=1e-6)
    assert great_circle_km(lon1, lat1, lon1, lat1) == 0


def test_a_box_in_an_address():
    """The map sends what it shows; a swapped pair must not give an empty map without a word."""
    assert parse_box("5.6,50.6,6.3,51.1") == Box(5.6, 50.6, 6.3, 51.1)
    assert parse_box(" -1, -2 ,3,4") == Box(-1, -2, 3, 4)
    for text in ("", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1;2;3;4"):
        with pytest.raises(WrongFormat):
            parse_box(text)
    for text in ("nan,0,1,1", "0,0,inf,1", "0,0,181,1", "0,-91,1,1"):
        with pytest.raises(OutsideWorld):
            parse_box(text)
    for text in ("2,0,1,1", "0,2,1,1"):
        with pytest.raises(OutOfRange) as caught:
            parse_box(text)
        assert caught.value.errors[0].pointer == "query/bbox"


def test_neighbours_are_one_area():
    """Two cities that share a line would be an area in two pieces that touch along it, which is refused."""
    east = [[6.0, 50.0], [7.0, 50.0], [7.0, 51.0], [6.0, 51.0], [6.0, 50.0]]
    together = {"type": "MultiPolygon", "coordinates": [[SQUARE], [east]]}
    with pytest.raises(ValidationError):
        AREA.validate_python(together)
    whole = AREA.validate_python(joined({"type": "Polygon", "coordinates": [ring]} for ring in (SQUARE, east)))
    assert bounds(whole) == Box(5.0, 50.0, 7.0, 51.0)
    assert covers(whole, 6.0, 50.5)


def test_areas_that_are_too_fine_together_are_made_coarser():
    """Twelve cities with exact borders would have more positions than an area may have."""

    def round_one(lon):
        ring = [
            [lon + math.cos(2 * math.pi * at / 1500) / 2, 50.5 + math.sin(2 * math.pi * at / 1500) / 2]
            for at in range(1500)
        ]
        return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}

    whole = AREA.validate_python(joined([round_one(5.0), round_one(8.0)]))
    assert isinstance(whole, MultiPolygon)
    assert covers(whole, 5.49, 50.5)
    assert covers(whole, 8.0, 50.99)
    assert not covers(whole, 6.5, 50.5)
