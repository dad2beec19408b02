"""Which way a mission takes over the border."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.commands.crossing_choice import carries, choose_crossing, has_control, is_open, minutes_over
from app.domain.authority import SYSTEM
from app.domain.errors import Conflict, NotFound
from app.settings import Settings
from app.store.tables import Crossing, Resource
from app.store.unit_of_work import Act, unit_of_work

NOON = datetime(2026, 7, 14, 12, tzinfo=UTC)
AT_EIJSDEN = {"lon": 5.7, "lat": 50.78}


@pytest.fixture
async def uow(engine):
    """A unit of work that is never committed."""
    async with unit_of_work(
        engine, space="live", actor=SYSTEM, now=NOON, act=Act("commit_offer", "system", NOON), settings=Settings()
    ) as opened:
        yield opened


def crossing(**other):
    said = {"code": "x", "lon": 5.7, "lat": 50.75, "control": "none", "delay_min": 0}
    return Crossing(**said | other)


async def test_the_way_between_two_countries(uow, world):
    """A unit sent to the wrong crossing loses more time than any form saves."""
    pump = await uow.get(Resource, world.units("luik", "pump")[0])
    found = await choose_crossing(
        uow, lender_id=world.members["luik"], requester_id=world.members["maas"], unit=pump, **AT_EIJSDEN
    )
    assert (found.code, has_control(found)) == ("eijsden", False)
    found = await choose_crossing(
        uow, lender_id=world.members["aken"], requester_id=world.members["maas"], **AT_EIJSDEN
    )
    assert (found.code, has_control(found)) == ("vaals", True)


async def test_no_border_no_crossing(uow, world):
    """Liège and Hasselt lie in one country: nobody stops between them."""
    found = await choose_crossing(
        uow, lender_id=world.members["luik"], requester_id=world.members["hasselt"], **AT_EIJSDEN
    )
    assert found is None
    assert not has_control(None)
    assert uow.warnings == []


async def test_a_closed_crossing_is_taken_neither_by_choice_nor_by_name(uow, world):
    """The bridge is under water."""
    eijsden = await uow.get(Crossing, world.crossings["eijsden"])
    eijsden.control = "closed"
    sides = {"lender_id": world.members["luik"], "requester_id": world.members["maas"], **AT_EIJSDEN}
    await uow.flush()
    assert await choose_crossing(uow, **sides) is None
    assert [warning["code"] for warning in uow.warnings] == ["no_open_crossing"]
    with pytest.raises(Conflict):
        await choose_crossing(uow, **sides, named=eijsden.id)
    eijsden.closed_until = NOON
    await uow.flush()
    assert await choose_crossing(uow, **sides) is eijsden
    with pytest.raises(NotFound):
        await choose_crossing(uow, **sides, named=world.members["luik"])


def test_a_crossing_is_closed_until_its_time():
    """Closed until four means open at four, and not for ever."""
    shut = crossing(control="closed", closed_until=NOON)
    assert not is_open(shut, NOON - timedelta(seconds=1))
    assert is_open(shut, NOON)
    assert not is_open(crossing(control="closed"), NOON)
    assert is_open(crossing(control="checks"), NOON)


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
    assert carries(crossing(**limits), Resource(**unit)) is fits


def test_the_delay_counts_like_the_way():
    """A queue of half an hour makes the farther crossing the nearer one."""
    plain = minutes_over(crossing(), 5.6, 50.7, 5.7, 50.8)
    assert minutes_over(crossing(delay_min=30), 5.6, 50.7, 5.7, 50.8) == pytest.approx(plain + 30)
    # 1 degree of latitude is about 111.2 km: 1.3 times as far by road, at 50 km/h.
    assert minutes_over(crossing(lon=5.7, lat=50.5), 5.7, 50.0, 5.7, 51.0) == pytest.approx(173.5, abs=0.5)
