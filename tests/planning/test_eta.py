"""The estimate that ways and units are compared by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from app.planning.eta import carries, driving_min, is_open, minutes_by

NOON = datetime(2026, 7, 14, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Bridge:
    code: str = "x"
    lon: float = 5.7
    lat: float = 50.75
    control: str = "none"
    closed_until: datetime | None = None
    delay_min: int = 0
    max_weight_t: float | None = None
    max_height_m: float | None = None
    max_width_m: float | None = None


@dataclass(frozen=True)
class Lorry:
    weight_t: float | None = None
    height_m: float | None = None
    width_m: float | None = None


def test_a_crossing_is_closed_until_its_time():
    """Closed until four means open at four, and not for ever."""
    shut = Bridge(control="closed", closed_until=NOON)
    assert not is_open(shut, NOON - timedelta(seconds=1))
    assert is_open(shut, NOON)
    assert not is_open(Bridge(control="closed"), NOON)
    assert is_open(Bridge(control="checks"), NOON)


@pytest.mark.parametrize(
    ("limits", "unit", "fits"),
    [
        ({}, {"weight_t": 40.0}, True),
        ({"max_weight_t": 12.0}, {"weight_t": 12.0}, True),
        ({"max_weight_t": 12.0}, {"weight_t": 12.5}, False),
        ({"max_height_m": 3.5}, {"height_m": 3.6}, False),
        ({"max_width_m": 2.4}, {"width_m": 2.5}, False),
        ({"max_weight_t": 12.0}, {}, True),
    ],
)
def test_a_unit_keeps_within_the_limits(limits, unit, fits):
    """A pumper of 16 tonnes on a bridge for 12 is an incident of its own."""
    assert carries(Bridge(**limits), Lorry(**unit)) is fits
    assert carries(Bridge(**limits), None)


def test_the_delay_counts_like_the_way():
    """A queue of half an hour makes the farther crossing the nearer one."""
    plain = minutes_by([Bridge()], 5.6, 50.7, 5.7, 50.8)
    assert minutes_by([Bridge(delay_min=30)], 5.6, 50.7, 5.7, 50.8) == pytest.approx(plain + 30)
    # 1 degree of latitude is about 111.2 km: 1.3 times as far by road, at 60 km/h.
    assert minutes_by([Bridge(lat=50.5)], 5.7, 50.0, 5.7, 51.0) == pytest.approx(144.6, abs=0.5)
    assert driving_min(60) == pytest.approx(78)
