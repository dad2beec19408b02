"""Reliefs: a place in a line is filled once, however many crews take turns in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import orjson
import pytest

from app.commands.calls import AssistNow
from app.commands.extensions import AnswerExtension, AskExtension
from app.commands.missions import AdvanceMission, Recall, ReleaseMission
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.reliefs import PlanRelief
from app.commands.requests import CloseRequest, DraftRequest
from app.domain.errors import AgreementRefused, Conflict, NotAvailable, NotFound, RoleMissing, TransitionNotAllowed
from app.store.invariants import broken_invariants
from tests.commands.conftest import LUIK, MAAS, PUMP
from tests.interleaving import overlapping

AKEN = ("aken", "dispatcher")


@pytest.fixture
def alarms(conn):
    """Returns a mission's alarms."""

    async def reads(mission):
        return orjson.loads(await conn.fetchval("SELECT alarms FROM mission WHERE id = $1", mission))

    return reads


@pytest.fixture
async def out(sent, walk, clock, conn):
    """A pump of luik's on the scene, to be relieved in eight hours; its mission and its request."""
    (mission,) = await sent("luik-pump-1", relieve_by=(clock.now() + timedelta(hours=8)).isoformat())
    await walk(mission, "mobilising", "in_transit", "on_scene")
    return mission, await conn.fetchval("SELECT request_id FROM mission WHERE id = $1", mission)


async def test_help_from_day_to_day_of_two_others_is_not_there(act, sent, world):
    """Who is refused by role has learnt that an ambulance is out between two other cities."""
    (ambulance,) = await sent("luik-ambulance-1", kind="day_to_day", kind_of_unit="ambulance.als")
    with pytest.raises(NotFound):
        await act(PlanRelief, ambulance, who=AKEN, resource_id=world.resources["aken-engine-1"])


async def test_a_handover_counts_once(act, out, walk, world, filled, clock, assert_fold):
    """Two crews at one pump for an hour are one pump: the line must not look filled twice, nor empty when one leaves."""
    mission, request = out
    relief = await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])
    told = relief.subject
    assert (told["relief_of_id"], told["stands_for_id"], told["status"]) == (str(mission), str(mission), "committed")
    assert await filled(request) == ("committed", 1)
    await walk(relief.id, "mobilising", "in_transit", "on_scene")
    clock.move(hours=8)
    released = await act(ReleaseMission, mission)
    assert released.subject["ended_by"] == "relieved"
    assert await filled(request) == ("committed", 1)
    await act(Recall, relief.id, who=LUIK, why="Own flood at Seraing.")
    assert await filled(request) == ("open", 0), "who was relieved fills nothing any more"
    await assert_fold()


async def test_a_recalled_unit_leaves_its_place_to_its_relief(act, out, walk, world, filled, assert_fold):
    """The crew that leaves early is no hole in the line while the next one is on the road."""
    mission, request = out
    relief = await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])
    await act(Recall, mission, who=LUIK, why="A pump hose burst.")
    assert await filled(request) == ("committed", 1)
    await walk(relief.id, "mobilising", "in_transit", "on_scene")
    await act(ReleaseMission, relief.id)
    assert await filled(request) == ("committed", 1), "its work is done"
    await walk(relief.id, "returning", "returned")
    await walk(mission, "returning", "returned")
    assert (await act(CloseRequest, request)).subject["status"] == "closed"
    await assert_fold()


async def test_a_third_crew_stands_in_the_same_place(act, sent, walk, clock, world, filled, conn, assert_fold):
    """Over three days crews change five times, and it is still one engine at the dike."""
    (mission,) = await sent("luik-engine-1", kind_of_unit="engine.pumper")
    request = await conn.fetchval("SELECT request_id FROM mission WHERE id = $1", mission)
    await walk(mission, "mobilising", "in_transit", "on_scene")
    second = await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-engine-2"])
    await walk(second.id, "mobilising", "in_transit", "on_scene")
    await act(ReleaseMission, mission)
    await walk(mission, "returning", "returned")
    third = await act(PlanRelief, second.id, who=LUIK, resource_id=world.resources["luik-engine-1"])
    assert third.subject["stands_for_id"] == str(mission)
    await act(ReleaseMission, second.id)
    assert await filled(request) == ("committed", 1)
    await act(Recall, third.id, who=LUIK, why="Own fire.")
    assert await filled(request) == ("open", 0)
    await assert_fold()


async def test_the_alarm_goes_with_its_cause(act, out, world, clock, due, alarms, assert_fold):
    """An hour before a crew's time is up and nobody on the road, two dispatchers must know; and not a minute longer."""
    mission, _ = out
    clock.move(hours=6, minutes=59)
    await due()
    assert await alarms(mission) == []
    clock.move(minutes=1)
    await due()
    assert await alarms(mission) == ["relief_due"]
    relief = await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])
    assert await alarms(mission) == []
    await act(Recall, relief.id, who=LUIK, why="Needed at home.")
    await due()
    assert await alarms(mission) == ["relief_due"], "the cause is back"
    await act(ReleaseMission, mission)
    assert await alarms(mission) == []
    await assert_fold()


async def test_no_alarm_while_a_relief_is_on_its_way(act, out, world, clock, due, alarms):
    """An alarm that asks for what is done already teaches people to click alarms away."""
    mission, _ = out
    await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])
    clock.move(hours=7, minutes=30)
    await due()
    assert await alarms(mission) == []


async def test_whose_word_it_is(act, out, world):
    """The requester moves no unit of the lender's, and a unit is relieved once at a time."""
    mission, _ = out
    with pytest.raises(RoleMissing):
        await act(PlanRelief, mission, who=MAAS, resource_id=world.resources["luik-pump-2"])
    with pytest.raises(NotFound):
        await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["aken-pump-1"])
    with pytest.raises(NotAvailable):
        await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-1"])
    with pytest.raises(NotAvailable):
        await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-engine-1"])
    await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])
    with pytest.raises((Conflict, AgreementRefused)):
        await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-3"])


async def test_the_reserve_stays_at_home(act, sent, world, conn, assert_fold):
    """A relief is one unit more on the road: the last pump of a city stays there, unless somebody says so by name."""
    first, _ = await sent("luik-pump-1", "luik-pump-2")
    last = {"resource_id": world.resources["luik-pump-3"]}
    with pytest.raises(AgreementRefused) as refused:
        await act(PlanRelief, first, who=LUIK, **last)
    assert refused.value.errors[0].pointer == "/resource_id"
    with pytest.raises(RoleMissing):
        await act(PlanRelief, first, who=LUIK, override_reserve="Dry at home.", **last)
    planned = await act(
        PlanRelief, first, who=("luik", "authorised_representative"), override_reserve="Dry at home.", **last
    )
    assert planned.subject["agreement_id"] == str(world.agreements["maas-broad"])
    assert await conn.fetchval("SELECT count(*) FROM journal_entry WHERE type = 'reserve.overridden'") == 1
    await assert_fold()


async def test_another_member_may_relieve(act, out, world, clock, due, alarms, filled, assert_fold):
    """After a day the neighbour's neighbour takes over: on a request of its own, and the alarm knows of it."""
    mission, request = out
    clock.move(hours=7)
    await due()
    incident = await act(DraftRequest, who=MAAS, incident_id=await _incident(act, mission), kind="immediate",
                         lines=[{"type_code": PUMP, "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.78}],
                         then="open")  # fmt: skip
    line = incident.rows["request_line"][0]["id"]
    offer = await act(
        MakeOffer,
        incident.id,
        who=AKEN,
        lines=[{"request_line_id": line, "resource_id": world.resources["aken-pump-1"]}],
    )
    await act(AcceptOffer, offer.id)
    unit = {"offer_line_id": offer.rows["offer_line"][0]["id"], "relief_of_id": str(mission)}
    committed = await act(CommitOffer, offer.id, who=AKEN, units=[unit])
    relief = next(row for row in committed.rows["mission"] if row["relief_of_id"])
    assert (relief["relief_of_id"], relief["stands_for_id"]) == (str(mission), None)
    assert await alarms(mission) == []
    released = await act(ReleaseMission, mission)
    assert released.subject["ended_by"] is None, "it fills its own line, and the other one the other's"
    assert await filled(request) == ("committed", 1)
    await assert_fold()


async def _incident(act, mission):
    """Return the incident of a mission, as a step's receipt tells it."""
    told = await act(AdvanceMission, mission, who=LUIK, via="dispatch_system", to="on_scene")
    return told.subject["incident_id"]


async def test_nobody_is_relieved_on_the_way_home(act, out, world):
    """A relief for a unit that is let go would drive for nothing."""
    mission, _ = out
    await act(ReleaseMission, mission)
    with pytest.raises(TransitionNotAllowed):
        await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])


@pytest.mark.parametrize("at", [1, 2, 4, 6])
@pytest.mark.parametrize("release_first", [True, False])
async def test_relief_against_release(act, out, world, conn, filled, monkeypatch, at, release_first, assert_fold):
    """The requester releases in the second in which the lender plans the relief: the line is filled by what is out."""
    mission, request = out
    release = act(ReleaseMission, mission)
    plan = act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])
    first, second = (release, plan) if release_first else (plan, release)
    answers = await overlapping(monkeypatch, conn, first, second, at=at)
    planned = answers[1] if release_first else answers[0]
    ended = await conn.fetchval("SELECT ended_by FROM mission WHERE id = $1", mission)
    if isinstance(planned, TransitionNotAllowed):
        assert ended is None
        unit = await conn.fetchval("SELECT status FROM resource WHERE id = $1", world.resources["luik-pump-2"])
        assert unit == "available"
    else:
        assert ended == "relieved", planned
        assert UUID(str(planned.id)) != mission
    assert await filled(request) == ("committed", 1)
    await assert_fold()


async def test_the_agreements_longest_deployment_binds_without_a_word(
    act, sent, sign, walk, clock, due, alarms, conn, world
):
    """Nobody wrote down by when: four hours after the alarm the crew goes home all the same, and an hour before that somebody is told."""
    await sign({"terms": "free"}, caps={"longest_deployment_h": 4})
    (mission,) = await sent("luik-pump-1")
    assert await conn.fetchval("SELECT relieve_by FROM mission WHERE id = $1", mission) is None
    clock.move(hours=10)
    alarmed = await walk(mission, "mobilising")
    assert datetime.fromisoformat(alarmed.subject["relieve_by"]) == clock.now() + timedelta(hours=4)
    await walk(mission, "in_transit", "on_scene")
    clock.move(hours=2, minutes=59)
    await due()
    assert await alarms(mission) == []
    clock.move(minutes=1)
    await due()
    assert await alarms(mission) == ["relief_due"]
    until = (clock.now() + timedelta(hours=2)).isoformat()
    asked = await act(AskExtension, mission, until=until, reason="The water stays.")
    with pytest.raises(AgreementRefused):
        await act(AnswerExtension, asked.id, who=LUIK, granted=True)
    members = {"requester_id": world.members["maas"], "lender_id": world.members["luik"], "quantity": 1}
    incident = await conn.fetchval("SELECT incident_id FROM mission WHERE id = $1", mission)
    called = await act(AssistNow, who=LUIK, incident_id=incident, type_code=PUMP, lon=5.7, lat=50.78, **members)
    assert datetime.fromisoformat(called.rows["mission"][0]["relieve_by"]) == clock.now() + timedelta(hours=4)
    assert not await broken_invariants(conn)
