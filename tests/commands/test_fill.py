"""How far a request is filled, the state that follows from it, and what its end leaves of offers and units."""

from __future__ import annotations

import pytest

from app.commands.fill import Fill, fill, settle_request
from app.commands.incidents import ReportIncident
from app.commands.missions import AdvanceMission, Recall, ReleaseMission
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.requests import CancelRequest, CloseRequest, DraftRequest
from app.domain.authority import SYSTEM
from app.domain.errors import TransitionNotAllowed
from app.store.tables import Request
from app.store.unit_of_work import Act, unit_of_work
from tests.world import flood

LUIK = ("luik", "dispatcher")


@pytest.fixture
def do(door, world):
    """Executes a command as ``member``'s ``role``; the body may be left out."""

    async def does(model, target=None, *, who=("maas", "dispatcher"), **body):
        command = model.model_validate(body)
        return await door.execute(command, actor=world.actor(*who), space="live", target=target)

    return does


@pytest.fixture
async def request_(do):
    """An open request of maas for three pumps and one engine."""
    incident = await do(ReportIncident, **flood())
    there = {"priority": "life_safety", "lon": 5.7, "lat": 50.78}
    wanted = [{"type_code": "pump.high_capacity", "quantity": 3}, {"type_code": "engine.pumper", "quantity": 1}]
    lines = [line | there for line in wanted]
    return await do(DraftRequest, incident_id=incident.id, kind="immediate", lines=lines, then="open")


@pytest.fixture
def offered(do, world, request_):
    """Has luik offer, and maas accept, the units of that name; returns the offer's receipt."""

    async def offers(*names, accept=True):
        pumps, engines = (line["id"] for line in request_.rows["request_line"])
        lines = [
            {"request_line_id": pumps if "pump" in name else engines, "resource_id": world.resources[name]}
            for name in names
        ]
        offer = await do(MakeOffer, request_.id, who=LUIK, lines=lines)
        return await do(AcceptOffer, offer.id) if accept else offer

    return offers


@pytest.fixture
async def conn(pg):
    return await pg()


async def filled(door, request_):
    """(wanted, committed, pending) of each line, and the state that a settling gives the request."""
    now = door.clock.now()
    act = Act("stand_down", "console", now)
    async with unit_of_work(door.engine, space="live", actor=SYSTEM, now=now, act=act, settings=door.settings) as uow:
        request = await uow.lock(Request, request_.id)
        lines = await fill(uow, request_.id)
        assert not await settle_request(uow, request), "the state had not been brought up to date"
        return list(lines.values()), request.status


async def status_of(conn, name, world):
    return await conn.fetchval("SELECT status FROM resource WHERE id = $1", world.resources[name])


async def goes_home(do, mission):
    """Takes a mission of luik's without border control to its end at home."""
    await do(AdvanceMission, mission["id"], who=LUIK, to="returning")
    await do(AdvanceMission, mission["id"], who=LUIK, to="returned")


def test_never_less_than_nothing_is_lacking():
    """After a phone call more may have come than was asked for; nobody may accept a negative number."""
    assert Fill(wanted=2, committed=3, pending=1).lacking == 0
    assert Fill(wanted=4, committed=1, pending=2).lacking == 1


async def test_filled_by_missions_and_accepted_lines(do, offered, request_, door, assert_fold):
    """Two dispatchers reading different sums would send a pump too many, or one too few."""
    nothing, _ = await filled(door, request_)
    assert nothing == [Fill(3, 0, 0), Fill(1, 0, 0)]
    await offered("luik-pump-1", accept=False)
    taken = await offered("luik-engine-1")
    lines, status = await filled(door, request_)
    assert (lines, status) == ([Fill(3, 0, 0), Fill(1, 0, 1)], "open")
    await do(CommitOffer, taken.id, who=LUIK)
    lines, status = await filled(door, request_)
    assert (lines, status) == ([Fill(3, 0, 0), Fill(1, 1, 0)], "partly_committed")
    await assert_fold()


async def test_mission_that_is_lost_no_longer_fills(do, offered, request_, door, assert_fold):
    """The requester would wait for a unit that its owner has called back."""
    taken = await offered("luik-engine-1")
    mission = (await do(CommitOffer, taken.id, who=LUIK)).rows["mission"][0]
    await do(Recall, mission["id"], who=LUIK, why="Fire at home.")
    lines, status = await filled(door, request_)
    assert (lines, status) == ([Fill(3, 0, 0), Fill(1, 0, 0)], "open")
    await assert_fold()


async def test_cancelled_request_gives_units_back(do, offered, request_, world, conn, assert_fold):
    """Pumps would stay reserved at home for a request that is no more."""
    waiting = await offered("luik-pump-1", accept=False)
    taken = await offered("luik-engine-1")
    await do(CancelRequest, request_.id, why="The water is falling.")
    for offer in (waiting, taken):
        assert await conn.fetchval("SELECT status FROM offer WHERE id = $1", offer.id) == "expired"
    assert await status_of(conn, "luik-pump-1", world) == await status_of(conn, "luik-engine-1", world) == "available"
    told = await conn.fetch("SELECT type, visibility FROM journal_entry ORDER BY seq DESC LIMIT 5")
    assert [tuple(row) for row in reversed(told)] == [
        ("request.cancelled", "corridor"),
        ("offer.expired", "parties"),
        ("offer.expired", "parties"),
        ("resource.let_go", "corridor"),
        ("resource.let_go", "corridor"),
    ]
    await assert_fold()


async def test_request_with_missions_is_not_cancelled(do, offered, request_):
    """A unit would be on its way to nobody."""
    taken = await offered("luik-engine-1")
    await do(CommitOffer, taken.id, who=LUIK)
    with pytest.raises(TransitionNotAllowed) as refused:
        await do(CancelRequest, request_.id)
    assert refused.value.extra["current"]["status"] == "partly_committed"


async def test_closed_when_all_is_home(do, offered, request_, world, conn, assert_fold):
    """A request that is closed too early hides a unit on the road; a rest that is kept ties up a pump for good."""
    taken = await offered("luik-engine-1", "luik-pump-1")
    engine_line = next(
        line for line in taken.rows["offer_line"] if line["resource_id"] == str(world.resources["luik-engine-1"])
    )
    committed = await do(CommitOffer, taken.id, who=LUIK, units=[{"offer_line_id": engine_line["id"]}])
    mission = committed.rows["mission"][0]
    with pytest.raises(TransitionNotAllowed):
        await do(CloseRequest, request_.id)
    for state in ("mobilising", "in_transit", "on_scene"):
        await do(AdvanceMission, mission["id"], who=LUIK, to=state)
    await do(ReleaseMission, mission["id"])
    await goes_home(do, mission)
    closed = await do(CloseRequest, request_.id)
    assert closed.subject["status"] == "closed"
    assert await status_of(conn, "luik-pump-1", world) == "available"
    left = await conn.fetch("SELECT committed, accepted_quantity FROM offer_line ORDER BY committed")
    assert [tuple(row) for row in left] == [(False, 0), (True, 1)]
    await assert_fold()


async def test_help_that_turned_back_is_no_silence(do, offered, request_, assert_fold):
    """A lender whose unit broke down on the way would stand in the record as one that never answered."""
    taken = await offered("luik-engine-1")
    mission = (await do(CommitOffer, taken.id, who=LUIK)).rows["mission"][0]
    await do(Recall, mission["id"], who=LUIK, why="Fire at home.")
    with pytest.raises(TransitionNotAllowed):
        await do(CloseRequest, request_.id)
    await goes_home(do, mission)
    assert (await do(CloseRequest, request_.id)).subject["status"] == "closed"
    await assert_fold()
