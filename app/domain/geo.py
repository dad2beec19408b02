"""Places and areas. Everything here, and everywhere else in Concord, is EPSG:4326 in degrees, longitude before latitude.

The models are GeoJSON (RFC 7946) without altitude. Their validators raise pydantic errors of the types `outside_world`
and `invalid_geometry`, which the entrypoints turn into the problems of the same names. A border of an area belongs to it:
a crossing stands on the line between two members and lies within both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeAlias

import orjson
import shapely
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from app.domain.errors import FieldError, OutOfRange, OutsideWorld, WrongFormat

MAX_VERTICES = 2_000
MEAN_EARTH_RADIUS_KM = 6371.0088
"""R1 = (2a + b) / 3 of GRS 80, as published by the IUGG (Moritz 2000, "Geodetic Reference System 1980")."""


def _degrees(name: str, limit: int) -> Callable[[float], float]:
    def check(value: float) -> float:
        if not -limit <= value <= limit:
            raise PydanticCustomError(
                "outside_world",
                "{name} {value} is not on the Earth: it goes from -{limit} to {limit}; longitude comes first",
                {"name": name, "value": value, "limit": limit},
            )
        return value

    return check


def _flat(value: object) -> object:
    if isinstance(value, list | tuple) and len(value) > 2:  # noqa: PLR2004 - longitude and latitude
        raise PydanticCustomError("invalid_geometry", "a position is [longitude, latitude]; leave the altitude out")
    return value


Longitude: TypeAlias = Annotated[
    float,
    Field(strict=True, allow_inf_nan=False),
    AfterValidator(_degrees("longitude", 180)),
    WithJsonSchema({"type": "number", "minimum": -180, "maximum": 180}),
]
Latitude: TypeAlias = Annotated[
    float,
    Field(strict=True, allow_inf_nan=False),
    AfterValidator(_degrees("latitude", 90)),
    WithJsonSchema({"type": "number", "minimum": -90, "maximum": 90}),
]
Position: TypeAlias = Annotated[tuple[Longitude, Latitude], BeforeValidator(_flat)]
Ring: TypeAlias = Annotated[tuple[Position, ...], Field(min_length=4, max_length=MAX_VERTICES)]
Rings: TypeAlias = Annotated[tuple[Ring, ...], Field(min_length=1, max_length=MAX_VERTICES // 4)]


_SQUARE: list[JsonValue] = [[5.68, 50.84], [5.7, 50.84], [5.7, 50.86], [5.68, 50.86], [5.68, 50.84]]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def geojson(self) -> dict[str, Any]:
        """Return plain GeoJSON, as it is stored and sent."""
        return self.model_dump(mode="json")


class Point(_Shape):
    """One place."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"type": "Point", "coordinates": [5.69, 50.85]}]})

    type: Literal["Point"]
    coordinates: Position

    @property
    def lon(self) -> float:
        """Longitude in degrees."""
        return self.coordinates[0]

    @property
    def lat(self) -> float:
        """Latitude in degrees."""
        return self.coordinates[1]


class LineString(_Shape):
    """A line, for example the stretch of a road or river that an incident lies along."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"type": "LineString", "coordinates": [[5.69, 50.85], [5.7, 50.86]]}]}
    )

    type: Literal["LineString"]
    coordinates: Annotated[tuple[Position, ...], Field(min_length=2, max_length=MAX_VERTICES)]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _require_sound(shapely.LineString(self.coordinates))
        return self


class Polygon(_Shape):
    """An area in one piece: the first ring is its outline, any other is a hole."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"type": "Polygon", "coordinates": [_SQUARE]}]})

    type: Literal["Polygon"]
    coordinates: Rings

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _require_few(self.coordinates)
        _require_closed(self.coordinates)
        _require_sound(shapely.Polygon(self.coordinates[0], self.coordinates[1:]))
        return self


class MultiPolygon(_Shape):
    """An area in several pieces that do not overlap."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"type": "MultiPolygon", "coordinates": [[_SQUARE]]}]})

    type: Literal["MultiPolygon"]
    coordinates: Annotated[tuple[Rings, ...], Field(min_length=1, max_length=MAX_VERTICES // 4)]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _require_few(ring for rings in self.coordinates for ring in rings)
        for rings in self.coordinates:
            _require_closed(rings)
        _require_sound(shapely.MultiPolygon([(rings[0], list(rings[1:])) for rings in self.coordinates]))
        return self


Area: TypeAlias = Annotated[Polygon | MultiPolygon, Field(discriminator="type")]
Geometry: TypeAlias = Annotated[Point | LineString | Polygon | MultiPolygon, Field(discriminator="type")]
GeoJson: TypeAlias = Mapping[str, Any] | _Shape
"""What the functions below take: a model of this module, or GeoJSON that was stored from one."""


def _require_few(rings: Iterable[Ring]) -> None:
    count = sum(len(ring) for ring in rings)
    if count > MAX_VERTICES:
        raise PydanticCustomError(
            "too_many_vertices",
            "an area has at most {limit} positions, this one has {count}; simplify it",
            {"limit": MAX_VERTICES, "count": count},
        )


def _require_closed(rings: Rings) -> None:
    for number, ring in enumerate(rings):
        if ring[0] != ring[-1]:
            raise PydanticCustomError(
                "invalid_geometry",
                "ring {number} is not closed: its last position must be its first again",
                {"number": number},
            )


def _require_sound(shape: BaseGeometry) -> None:
    # `explain_validity` names the fault and where it is: "Self-intersection[5.9 50.8]".
    if shape.is_empty or not shape.is_valid:
        raise PydanticCustomError(
            "invalid_geometry", "the geometry is not valid: {fault}", {"fault": explain_validity(shape)}
        )
    if shape.geom_type == "LineString" and not shape.length:
        raise PydanticCustomError("invalid_geometry", "the geometry is not valid: the line has no length")


@lru_cache(maxsize=512)
def _prepared(content: bytes) -> BaseGeometry:
    shape: BaseGeometry = shapely.from_geojson(content)
    shapely.prepare(shape)
    return shape


def _shape(geometry: GeoJson) -> BaseGeometry:
    plain = geometry.model_dump() if isinstance(geometry, BaseModel) else geometry
    return _prepared(orjson.dumps(plain))


def covers(area: GeoJson, lon: float, lat: float) -> bool:
    """Say whether a place lies in an area or on its border."""
    return bool(_shape(area).covers(shapely.Point(lon, lat)))


def within(area: GeoJson, geometry: GeoJson) -> bool:
    """Say whether a whole geometry lies in an area; it may touch the border from inside."""
    return bool(_shape(area).covers(_shape(geometry)))


def joined(areas: Iterable[GeoJson]) -> dict[str, Any]:
    """Return several areas as one that an area may be written as: neighbours melt, and what is too fine is made coarser.

    Areas of members meet along the border, where an area in several pieces may not; and together they may have more positions
    than an area may have. Both are mended here. What lies within 0.0005 degrees (some 50 m) of an edge may change sides by it.
    """
    whole = shapely.unary_union([_shape(area) for area in areas])
    tolerance = 0.0
    while shapely.get_num_coordinates(whole) > MAX_VERTICES:
        tolerance = tolerance * 2 or 0.0005
        whole = shapely.make_valid(shapely.simplify(whole, tolerance))
    pieces = [piece for piece in shapely.get_parts(shapely.get_parts(whole)) if piece.geom_type == "Polygon"]
    shape = pieces[0] if len(pieces) == 1 else shapely.MultiPolygon(pieces)
    found: dict[str, Any] = orjson.loads(shapely.to_geojson(shape))
    return found


class Box(NamedTuple):
    """A box in degrees: west, south, east, north (RFC 7946, 5). It does not reach over the 180th meridian."""

    west: float
    south: float
    east: float
    north: float


def bounds(geometry: GeoJson) -> Box:
    """Return the smallest box around a geometry."""
    west, south, east, north = _shape(geometry).bounds
    return Box(west, south, east, north)


def centroid(geometry: GeoJson) -> tuple[float, float]:
    """Return longitude and latitude of the centre of mass, good for a label; it may lie outside a bent area."""
    centre = _shape(geometry).centroid
    return centre.x, centre.y


def great_circle_km(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the distance in km on a sphere of the mean radius, by the haversine formula (Sinnott 1984).

    The ellipsoid makes up to 0.5 % of difference: enough for ordering by distance, not for land surveying.
    """
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_phi, half_lambda = (phi2 - phi1) / 2, math.radians(lon2 - lon1) / 2
    chord = math.sin(half_phi) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(half_lambda) ** 2
    return 2 * MEAN_EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, chord)))


def parse_box(text: str, *, pointer: str = "query/bbox") -> Box:
    """Read `west,south,east,north` as it stands in an address.

    Raises `WrongFormat`, `OutsideWorld`, or `OutOfRange` when west and east or south and north have changed places.
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise _refused(WrongFormat, pointer, "a box is four numbers: west,south,east,north") from None
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= 90 and -90 <= north <= 90):  # noqa: PLR2004
        raise _refused(OutsideWorld, pointer, f"the box {text!r} is not on the Earth; longitude comes first")
    if west > east or south > north:
        raise _refused(OutOfRange, pointer, "in a box west comes before east and south before north")
    return Box(west, south, east, north)


def _refused(
    error: type[WrongFormat | OutsideWorld | OutOfRange], pointer: str, detail: str
) -> WrongFormat | OutsideWorld | OutOfRange:
    return error(detail, errors=[FieldError(pointer, error.slug, detail)])
