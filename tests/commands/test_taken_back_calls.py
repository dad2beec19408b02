"""Phone calls that were written down by mistake: taken back as long as nobody has built on them, and then as if they had never been."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.commands.calls import AssistNow, ConfirmCall
from app.commands.claims import DraftClaim
from app.commands.debts import MakeDebtGood
from app.commands.host_support import AskHostSupport
from app.commands.missions import AdvanceMission, AssignUnit
from app.commands.taken_back_calls import TakeBackCall
from app.domain.errors import Conflict, NotFound, TransitionNotAllowed, WrongSide
from app.queries import claims as claim_queries
from tests.commands.conftest import LUIK, MAAS, PUMP, RATES
from tests.commands.test_response_commitments import PROMISE

WHY = "Meant for Aachen, not for Liège."
REPRESENTATIVE = ("luik", "authorised_representative")


@pytest.fixture
def call(act, world, incident):
    """Writes down that luik sends maas two pumps; ``who`` holds the pen."""

    async def calls(*, who=MAAS, **other):
        body = {
            "requester_id": world.members["maas"],
            "lender_id": world.members["luik"],
            "incident_id": incident,
            "type_code": PUMP,
            "quantity": 2,
            "lon": 5.7,
            "lat": 50.78,
            "expected_hours": 8,
        }
        return await act(AssistNow, who=who, **body | other)

    return calls


def missions_of(called):
    return [UUID(mission["id"]) for mission in called.rows["mission"]]


async def test_a_call_that_never_was_leaves_nothing_to_do(act, call, sign, conn, world, assert_fold):
    """Two pumps would stand on every screen, counted as away and owed for, until somebody stood down what nobody had sent."""
    await sign({"terms": "reimbursed", "currency": "EUR", "rates": RATES})
    called = await call(who=LUIK, resource_ids=world.units("luik", "pump")[:2])
    back = await act(TakeBackCall, called.id, who=LUIK, why=WHY)
    assert (back.subject["status"], back.rows["offer"][0]["status"]) == ("taken_back", "taken_back")
    for mission in back.rows["mission"]:
        assert (mission["status"], mission["ended_by"]) == ("closed", "taken_back")
        assert mission["resource_id"] is mission["mobilised_at"] is None, "no unit was out, and nothing is paid for it"
    assert {unit["status"] for unit in back.rows["resource"]} == {"available"}
    assert {debt["status"] for debt in back.rows["debt"]} == {"lapsed"}
    assert [request["status"] for request in back.rows["request"]] == ["cancelled"]
    told = await conn.fetchrow("SELECT visibility, parties FROM journal_entry WHERE type = 'call.taken_back'")
    assert (told["visibility"], set(told["parties"])) == ("parties", {world.members["maas"], world.members["luik"]})
    with pytest.raises(Conflict):
        await act(DraftClaim, who=("luik", "finance"), mission_ids=missions_of(called))
    assert await claim_queries.unclaimed(conn, "live", viewer=world.members["luik"]) == []
    again = await call(who=LUIK, resource_ids=world.units("luik", "pump")[:2])
    assert again.id != called.id, "the right call is a call of its own"
    await assert_fold()


async def test_a_request_from_before_asks_again(act, ask, call, conn, assert_fold):
    """What was asked for in the open is still needed: the lender's list would say that it is on its way."""
    request, (line,) = await ask((PUMP, 2))
    called = await call(request_line_id=line)
    back = await act(TakeBackCall, called.id, why=WHY)
    assert [(each["id"], each["status"]) for each in back.rows["request"]] == [(str(request), "open")]
    assert await conn.fetchval("SELECT count(*) FROM request WHERE status = 'cancelled'") == 0
    await assert_fold()


@pytest.mark.parametrize("how", ["named", "left", "asked", "made good"])
async def test_what_was_built_on_is_not_taken_back(act, call, world, conn, how):
    """A unit that really rolls would be on no screen, and an act that somebody has signed would be gone."""
    called = await call()
    mission = missions_of(called)[0]
    if how == "asked":
        await act(AskHostSupport, mission, who=LUIK, kind="fuel", quantity=200)
    elif how == "made good":
        debt = await conn.fetchval("SELECT id FROM debt WHERE member_id = $1", world.members["luik"])
        await act(MakeDebtGood, debt, who=REPRESENTATIVE)
    else:
        await act(AssignUnit, mission, who=LUIK, resource_id=world.resources["luik-pump-1"])
        if how == "left":
            await act(AdvanceMission, mission, who=LUIK, to="in_transit")
    with pytest.raises(Conflict) as refused:
        await act(TakeBackCall, called.id, why=WHY)
    (reason,) = refused.value.extra["reasons"]
    assert reason["figures"] == {"n": 1}
    assert await conn.fetchval("SELECT status FROM call") == "unconfirmed", "nothing of it was undone"


async def test_who_takes_back_what(act, call):
    """Neither side unsays the other's word, and what both have said stands."""
    called = await call()
    with pytest.raises(WrongSide):
        await act(TakeBackCall, called.id, who=LUIK, why=WHY)
    with pytest.raises(NotFound):
        await act(TakeBackCall, called.id, who=("aken", "dispatcher"), why=WHY)
    await act(ConfirmCall, called.id, who=LUIK)
    with pytest.raises(TransitionNotAllowed):
        await act(TakeBackCall, called.id, why=WHY)


@pytest.mark.parametrize("asked_before", [False, True])
async def test_a_call_that_never_was_measures_nobody(
    act, ask, call, sign, conn, world, clock, due, asked_before, assert_fold
):
    """The lender's promise would count as kept, by an answer that it never gave."""
    await sign({"terms": "free"}, response=[{"types": [PUMP], **PROMISE}])
    line = (await ask((PUMP, 2)))[1][0] if asked_before else None
    called = await call(who=LUIK, **({"request_line_id": line} if line else {}))
    assert "kept" in {row["status"] for row in await conn.fetch("SELECT status FROM response_commitment")}
    await act(TakeBackCall, called.id, who=LUIK, why=WHY)
    of_luik = "SELECT step, status FROM response_commitment WHERE lender_id = $1"
    expected = {("acknowledge", "running"), ("answer", "running")} if asked_before else set()
    assert {(row["step"], row["status"]) for row in await conn.fetch(of_luik, world.members["luik"])} == expected
    clock.move(minutes=30)
    await due()
    broken = [row for row in await conn.fetch(of_luik, world.members["luik"]) if row["status"] == "broken"]
    assert len(broken) == len(expected), "what was asked is still to be answered"
    await assert_fold()
