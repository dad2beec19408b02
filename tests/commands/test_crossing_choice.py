"""Which way a mission takes over the border."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.commands.crossing_choice import choose_crossing, has_control
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
