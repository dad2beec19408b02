"""How long a unit takes to a place: a simple estimate, the same one wherever Concord compares ways or units.

The great circle times ``DETOUR`` at ``SPEED_KMH``, and where borders lie between, over crossings with their own
delays. It is good enough to choose between crossings and to say who is likely to be there first, and no promise of an
arrival: there is no road network in it, no traffic and no weather.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from app.domain.geo import covers, great_circle_km

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from app.domain.geo import GeoJson

DETOUR: Final = 1.3
"""How much longer the road is than the great circle: this project's working figure."""
SPEED_KMH: Final = 60
"""What a lorry of more than 7.5 t may drive outside towns in Germany (StVO § 3 (3) 2 b); taken here as the mean of a heavy unit
on mixed roads, which is this project's assumption."""
CLOSED: Final = "closed"
CHECKS: Final = "checks"


class Passage(Protocol):
    """What of a crossing counts on the way; limits are None where nobody has posted any."""

    @property
    def code(self) -> str: ...
    @property
    def lon(self) -> float: ...
    @property
    def lat(self) -> float: ...
    @property
    def control(self) -> str: ...
    @property
    def closed_until(self) -> datetime | None: ...
    @property
    def delay_min(self) -> int: ...
    @property
    def max_weight_t(self) -> float | None: ...
    @property
    def max_height_m(self) -> float | None: ...
    @property
    def max_width_m(self) -> float | None: ...


class Sized(Protocol):
    """How heavy and large a unit is, as far as it is known."""

    @property
    def weight_t(self) -> float | None: ...
    @property
    def height_m(self) -> float | None: ...
    @property
    def width_m(self) -> float | None: ...


class Size(NamedTuple):
    """How heavy, high and wide the largest of several units are, as far as it is known."""

    weight_t: float | None
    height_m: float | None
    width_m: float | None

    @classmethod
    def of(cls, units: Iterable[Sized]) -> Size:
        """Return the most of each measure, whichever unit it is of: where that passes, all of them pass."""
        known = [(unit.weight_t, unit.height_m, unit.width_m) for unit in units]
        return cls(
            *(max((each for each in column if each is not None), default=None) for column in zip(*known, strict=True))
        )


def is_open(crossing: Passage, at: datetime) -> bool:
    """Return whether the crossing can be passed at an instant; one that is closed until then is open again."""
    return crossing.control != CLOSED or (crossing.closed_until is not None and crossing.closed_until <= at)


class Excess(NamedTuple):
    """What of a unit is beyond a crossing's limit: the reason's code, and both figures by their names."""

    code: str
    figures: dict[str, float]


def excesses(crossing: Passage, unit: Sized | None) -> tuple[Excess, ...]:
    """Return in what the unit is too heavy, high or wide for the crossing, as far as both figures are known."""
    if unit is None:
        return ()
    measures = (
        ("too_heavy", "weight_t", unit.weight_t, crossing.max_weight_t),
        ("too_high", "height_m", unit.height_m, crossing.max_height_m),
        ("too_wide", "width_m", unit.width_m, crossing.max_width_m),
    )
    return tuple(
        Excess(code, {name: measure, f"max_{name}": limit})
        for code, name, measure, limit in measures
        if limit is not None and measure is not None and measure > limit
    )


def carries(crossing: Passage, unit: Sized | None) -> bool:
    """Return whether the unit is within the crossing's limits, as far as both are known."""
    return not excesses(crossing, unit)


def driving_min(km: float) -> float:
    """Return the estimated minutes on the road for a great-circle distance."""
    return km * DETOUR / SPEED_KMH * 60


def km_by(crossings: Iterable[Passage], lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the great-circle distance in km from one place to another by way of crossings, in turn."""
    places = [(lon1, lat1), *((each.lon, each.lat) for each in crossings), (lon2, lat2)]
    return sum(great_circle_km(*a, *b) for a, b in pairwise(places))


def minutes_by(crossings: Sequence[Passage], lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the estimated minutes from one place to another by way of crossings, in turn, their delays included."""
    return driving_min(km_by(crossings, lon1, lat1, lon2, lat2)) + sum(each.delay_min for each in crossings)


def country_of(areas: Iterable[tuple[str, GeoJson]], lon: float, lat: float, *, otherwise: str) -> str:
    """Return the country of the member whose area the place lies in; ``otherwise`` where it lies in nobody's.

    Who asks need not be where the help goes: a flood that one side leads has a bank on the other.
    """
    return next((country for country, area in areas if covers(area, lon, lat)), otherwise)
