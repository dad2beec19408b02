"""Which way a mission takes over the border."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.commands.crossing_choice import choose_way, has_control
from app.commands.incidents import ReportIncident
from app.commands.requests import DraftRequest
from app.domain.authority import SYSTEM
from app.domain.errors import Conflict, NotFound
from app.queries.candidates import candidates
from app.settings import Settings
from app.store.engine import reading
from app.store.tables import Crossing, Resource
from app.store.unit_of_work import Act, unit_of_work
from tests.world import flood

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
    [found] = await choose_way(
        uow, lender_id=world.members["luik"], requester_id=world.members["maas"], unit=pump, **AT_EIJSDEN
    )
    assert (found.code, has_control([found])) == ("eijsden", False)
    [found] = await choose_way(uow, lender_id=world.members["aken"], requester_id=world.members["maas"], **AT_EIJSDEN)
    assert (found.code, has_control([found])) == ("vaals", True)


async def test_no_border_no_crossing(uow, world):
    """Liège and Hasselt lie in one country: nobody stops between them."""
    found = await choose_way(
        uow, lender_id=world.members["luik"], requester_id=world.members["hasselt"], lon=5.34, lat=50.93
    )
    assert found == ()
    assert not has_control(found)
    assert uow.warnings == []


async def test_a_closed_crossing_is_taken_neither_by_choice_nor_by_name(uow, world):
    """The bridge is under water."""
    eijsden = await uow.get(Crossing, world.crossings["eijsden"])
    eijsden.control = "closed"
    sides = {"lender_id": world.members["luik"], "requester_id": world.members["maas"], **AT_EIJSDEN}
    await uow.flush()
    way = await choose_way(uow, **sides)
    assert [each.code for each in way] == ["lichtenbusch", "vaals"], "through Germany"
    assert has_control(way)
    (told,) = uow.warnings
    assert (told["code"], told["figures"]) == ("transits", {"country": "DE", "crossing": "vaals"})
    assert told["detail"].endswith("Tell the control room there.")
    uow.warnings.clear()
    vaals = await uow.get(Crossing, world.crossings["vaals"])
    vaals.control = "closed"
    await uow.flush()
    assert await choose_way(uow, **sides) == ()
    assert [warning["code"] for warning in uow.warnings] == ["no_open_crossing"]
    with pytest.raises(Conflict):
        await choose_way(uow, **sides, named=eijsden.id)
    eijsden.closed_until = NOON
    await uow.flush()
    assert await choose_way(uow, **sides) == (eijsden,)
    with pytest.raises(NotFound):
        await choose_way(uow, **sides, named=world.members["luik"])


async def test_a_unit_is_not_sent_over_a_bridge_that_does_not_carry_it(uow, world):
    """Sixteen tonnes on a bridge for twelve: refused by name, and chosen around, with both figures."""
    eijsden = await uow.get(Crossing, world.crossings["eijsden"])
    pump = await uow.get(Resource, world.units("luik", "pump")[0])
    eijsden.max_weight_t, eijsden.max_height_m, pump.weight_t, pump.height_m = 12.0, 3.5, 16.0, 3.6
    await uow.flush()
    sides = {"lender_id": world.members["luik"], "requester_id": world.members["maas"], **AT_EIJSDEN}
    with pytest.raises(Conflict) as refused:
        await choose_way(uow, **sides, unit=pump, named=eijsden.id)
    assert refused.value.extra["reasons"] == [
        {"code": "too_heavy", "figures": {"weight_t": 16.0, "max_weight_t": 12.0}},
        {"code": "too_high", "figures": {"height_m": 3.6, "max_height_m": 3.5}},
    ]
    assert "16 t, limit 12 t" in refused.value.detail
    way = await choose_way(uow, **sides, unit=pump)
    assert [each.code for each in way] == ["lichtenbusch", "vaals"]
    assert [warning["code"] for warning in uow.warnings] == ["transits", "too_heavy", "too_high"]
    figures = {"crossing": "eijsden", "goes_by": "lichtenbusch", "weight_t": 16.0, "max_weight_t": 12.0}
    assert uow.warnings[1]["figures"] == figures
    vaals = way[1]
    vaals.max_weight_t = 12.0
    await uow.flush()
    assert await choose_way(uow, **sides, unit=pump) == (), "a second crossing that does not carry it is none either"
    assert uow.warnings[3]["code"] == "no_open_crossing"


async def test_a_crossing_that_opens_by_itself_has_its_checks_again(uow, world):
    """A mission that is planned over it a moment before would not know of the border states."""
    vaals = await uow.get(Crossing, world.crossings["vaals"])
    vaals.control, vaals.closed_until, vaals.reopens_as = "closed", NOON, "checks"
    assert has_control([vaals])


async def test_the_border_is_where_the_place_is_not_who_asks(do, ask, door, world):
    """A Dutch request for the Belgian bank would send a Belgian pump over the border and back."""
    there = {"lon": 5.57, "lat": 50.63}
    async with reading(door.engine) as conn:
        receipt_id, [_line] = await ask()
        wanted = await candidates(
            conn, "live", receipt_id, viewer=world.members["maas"], language="en", at=door.clock.now(), limit=50
        )
    by_member = {each.member_id: each for each in wanted.items}
    assert by_member[world.members["luik"]].crossing_id == world.crossings["eijsden"]
    incident = await do(ReportIncident.model_validate(flood()), who=("maas", "dispatcher"))
    body = {
        "incident_id": incident.id,
        "kind": "immediate",
        "lines": [{"type_code": "pump.high_capacity", "quantity": 1, "priority": "life_safety"} | there],
        "then": "open",
    }
    abroad = await do(DraftRequest.model_validate(body), who=("maas", "dispatcher"))
    async with reading(door.engine) as conn:
        wanted = await candidates(
            conn, "live", abroad.id, viewer=world.members["maas"], language="en", at=door.clock.now(), limit=50
        )
    by_member = {each.member_id: each for each in wanted.items}
    assert by_member[world.members["luik"]].crossing_id is None
    assert by_member[world.members["maas"]].crossing_id == world.crossings["eijsden"]
