"""Reassignments: another place or incident by the requester's word, and by the word of whoever leads the unit."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from app.commands.calls import AssistNow
from app.commands.incidents import CloseIncident, ReportIncident
from app.commands.missions import AssignUnit, Recall, ReleaseMission, ReportAtBorder
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.reassignments import AnswerReassignment, ReassignMission
from app.commands.reliefs import PlanRelief
from app.commands.requests import DraftRequest
from app.domain.errors import (
    AgreementRefused,
    Conflict,
    MissingField,
    NotAvailable,
    NotFound,
    OverFilled,
    RoleMissing,
    TransitionNotAllowed,
)
from app.store.agreements import uses_of
from app.store.fill import FILL
from app.store.invariants import broken_invariants
from tests.commands.conftest import LUIK, MAAS, PUMP
from tests.delivery.test_feed import Outlet, running
from tests.interleaving import overlapping
from tests.until import until
from tests.world import flood

LEADER = ("luik", "liaison_officer")
THERE = {"place": "Sluis Limmel", "lon": 5.71, "lat": 50.87, "reason": "The quay gives way there."}


@pytest.fixture
async def out(sent, walk, conn):
    """A pump of luik's on the scene; its mission and its request."""
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit", "on_scene")
    return mission, await conn.fetchval("SELECT request_id FROM mission WHERE id = $1", mission)


@pytest.fixture
async def elsewhere(act):
    """Another incident of maas's, with an open request for a pump; its id, and the request's and the line's."""
    other = await act(ReportIncident, **flood(title="A dike at Limmel", hazard="flash_flood"))
    line = {"type_code": PUMP, "quantity": 1, "priority": "life_safety", "lon": 5.71, "lat": 50.87}
    asked = await act(DraftRequest, incident_id=other.id, kind="immediate", lines=[line], then="open")
    return other.id, asked.id, UUID(asked.rows["request_line"][0]["id"])


async def test_to_another_place_of_the_same_incident(act, out, walk, filled, assert_fold):
    """A pump goes from one dike to the next within an hour; it still fills what was asked for, and its leader agrees first."""
    mission, request = out
    asked = await act(ReassignMission, mission, **THERE)
    assert asked.subject["status"] == "proposed"
    assert asked.rows.get("mission") is None, "nothing moves by the requester's word alone"
    agreed = await act(AnswerReassignment, asked.id, who=LEADER, agreed=True)
    told = agreed.rows["mission"][0]
    assert (told["status"], told["place"], told["lon"], told["ended_by"]) == ("reassigned", "Sluis Limmel", 5.71, None)
    assert await filled(request) == ("committed", 1)
    moved = await walk(mission, "in_transit", "on_scene")
    assert moved.subject["status"] == "on_scene"
    await assert_fold()


async def test_to_another_incident(act, out, elsewhere, filled, assert_fold):
    """Whoever counts pumps at the first dike must see that one is gone, at once."""
    mission, request = out
    incident, *_ = elsewhere
    asked = await act(ReassignMission, mission, incident_id=str(incident), **THERE)
    agreed = await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    told = agreed.rows["mission"][0]
    assert (told["incident_id"], told["ended_by"]) == (str(incident), "reassigned")
    assert await filled(request) == ("open", 0)
    await assert_fold()


async def test_every_screen_is_told_what_the_old_line_lacks(act, sent, walk, elsewhere, conn, engine, database, door):
    """The first dike would count a pump that has left it: its request's state stays, so nothing else tells of its line."""
    incident, _, line = elsewhere
    gone, _stays = await sent("luik-pump-1", "luik-pump-2")
    left = await conn.fetchval("SELECT request_line_id FROM mission WHERE id = $1", gone)
    await conn.execute("UPDATE request_line SET quantity = 3 WHERE id = $1", left)
    await conn.execute("UPDATE request SET status = 'partly_committed' WHERE status = 'committed'")
    await walk(gone, "mobilising", "in_transit", "on_scene")
    async with running(engine, database, door) as feed:
        outlet = Outlet()
        reader = feed.attach(None, outlet)
        assert await feed.resume(reader, feed.epoch, feed.cursor)
        asked = await act(ReassignMission, gone, incident_id=str(incident), request_line_id=str(line), **THERE)
        await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)

        def told():
            items = [item for text in outlet.texts if text["kind"] == "fill" for item in text["items"]]
            return {item["request_line_id"]: item["committed"] for item in items}

        await until(lambda: told().get(str(left)) == 1 and told().get(str(line)) == 1)


async def test_to_a_line_of_another_request(act, out, elsewhere, walk, filled, assert_fold):
    """What is asked for at the second dike is there: the two requests change places on the board in one moment."""
    mission, request = out
    incident, other, line = elsewhere
    asked = await act(ReassignMission, mission, incident_id=str(incident), request_line_id=str(line), **THERE)
    agreed = await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    told = agreed.rows["mission"][0]
    assert (told["request_id"], told["request_line_id"], told["ended_by"]) == (str(other), str(line), None)
    assert await filled(request) == ("open", 0)
    assert await filled(other) == ("committed", 1)
    await walk(mission, "in_transit", "on_scene")
    await act(Recall, mission, who=LUIK, why="Own fire.")
    assert await filled(other) == ("open", 0)
    await assert_fold()


async def test_before_it_leaves_only_the_plan_changes(act, sent, walk, assert_fold):
    """A unit that still mobilises has nothing to turn back from: its state stays."""
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising")
    asked = await act(ReassignMission, mission, **THERE)
    agreed = await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    told = agreed.rows["mission"][0]
    assert (told["status"], told["place"]) == ("mobilising", "Sluis Limmel")
    assert (await walk(mission, "in_transit")).subject["status"] == "in_transit"
    await assert_fold()


async def test_over_the_border_it_is_not_stopped_twice(act, sent, walk, assert_fold):
    """A unit that was cleared at Vaals and is sent on in the same country passes no border again."""
    (mission,) = await sent("aken-pump-1")
    aken = ("aken", "dispatcher")
    await walk(mission, "mobilising", "in_transit", who=aken)
    for state in ("at_border", "cleared"):
        await act(ReportAtBorder, mission, who=aken, to=state)
    asked = await act(ReassignMission, mission, **THERE)
    await act(AnswerReassignment, asked.id, who=("aken", "liaison_officer"), agreed=True)
    assert (await walk(mission, "in_transit", "on_scene", who=aken)).subject["status"] == "on_scene"
    await assert_fold()


async def test_a_released_unit_may_go_on_elsewhere(act, out, elsewhere, filled, assert_fold):
    """Its work here is done, and there is more at the next dike: it counts where it is, and nowhere twice."""
    mission, request = out
    incident, other, line = elsewhere
    await act(ReleaseMission, mission)
    asked = await act(ReassignMission, mission, incident_id=str(incident), request_line_id=str(line), **THERE)
    await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    assert await filled(other) == ("committed", 1)
    assert await filled(request) == ("committed", 1), "its work there is done"
    await assert_fold()


async def test_a_refusal_says_why_and_changes_nothing(act, out, conn, assert_fold):
    """Nobody is in command across the border: the leader may say no, and says why."""
    mission, _ = out
    asked = await act(ReassignMission, mission, **THERE)
    with pytest.raises(MissingField):
        await act(AnswerReassignment, asked.id, who=LUIK, agreed=False)
    await act(AnswerReassignment, asked.id, who=LUIK, agreed=False, reason="Too deep for our pump.")
    row = await conn.fetchrow("SELECT status, place FROM mission WHERE id = $1", mission)
    assert tuple(row) == ("on_scene", None)
    with pytest.raises(TransitionNotAllowed):
        await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    await assert_fold()


async def test_a_second_proposal_takes_the_place_of_the_first(act, out, assert_fold):
    """Of two places on the leader's table only the last one is meant."""
    mission, _ = out
    first = await act(ReassignMission, mission, **THERE)
    await act(ReassignMission, mission, **(THERE | {"place": "Borgharen"}))
    with pytest.raises(TransitionNotAllowed):
        await act(AnswerReassignment, first.id, who=LUIK, agreed=True)
    await assert_fold()


async def test_whose_word_it_is(act, out, elsewhere, world, sent):
    """Each side says its own part, and no unit fills a line that it can't."""
    mission, _ = out
    incident, _, line = elsewhere
    with pytest.raises(RoleMissing):
        await act(ReassignMission, mission, who=LUIK, **THERE)
    asked = await act(ReassignMission, mission, **THERE)
    for other in (MAAS, ("aken", "dispatcher"), ("luik", "viewer")):
        with pytest.raises(RoleMissing):
            await act(AnswerReassignment, asked.id, who=other, agreed=True)
    with pytest.raises(NotFound):
        await act(ReassignMission, mission, request_line_id=str(line), **THERE)
    engines = [{"type_code": "engine.pumper", "quantity": 1, "priority": "property", "lon": 5.71, "lat": 50.87}]
    other = await act(DraftRequest, incident_id=incident, kind="immediate", lines=engines, then="open")
    wrong = other.rows["request_line"][0]["id"]
    with pytest.raises(NotAvailable):
        await act(ReassignMission, mission, incident_id=str(incident), request_line_id=wrong, **THERE)
    (ambulance,) = await sent("luik-ambulance-1", kind="day_to_day", kind_of_unit="ambulance.als")
    with pytest.raises(Conflict):
        await act(ReassignMission, ambulance, **THERE)


async def test_two_units_for_one_place(act, sent, walk, elsewhere, assert_fold):
    """The board must not show two pumps on a line that asks for one."""
    incident, _, line = elsewhere
    there = THERE | {"incident_id": str(incident), "request_line_id": str(line)}
    missions = await sent("luik-pump-1", "luik-pump-2")
    asked = []
    for mission in missions:
        await walk(mission, "mobilising", "in_transit")
        asked.append((await act(ReassignMission, mission, **there)).id)
    await act(AnswerReassignment, asked[0], who=LUIK, agreed=True)
    with pytest.raises((OverFilled, TransitionNotAllowed)):
        await act(AnswerReassignment, asked[1], who=LUIK, agreed=True)
    await assert_fold()


@pytest.mark.parametrize("at", [1, 2, 3, 4])
@pytest.mark.parametrize("agree_first", [True, False])
async def test_agreed_while_it_is_recalled(
    act, out, elsewhere, conn, filled, monkeypatch, at, agree_first, assert_fold
):
    """The leader agrees in the second in which the dispatcher recalls: it comes home, and fills nothing anywhere."""
    mission, request = out
    incident, other, line = elsewhere
    asked = await act(ReassignMission, mission, incident_id=str(incident), request_line_id=str(line), **THERE)
    agree = act(AnswerReassignment, asked.id, who=LEADER, agreed=True)
    recall = act(Recall, mission, who=LUIK, why="Own fire.")
    first, second = (agree, recall) if agree_first else (recall, agree)
    await overlapping(monkeypatch, conn, first, second, at=at)
    row = await conn.fetchrow("SELECT status, ended_by FROM mission WHERE id = $1", mission)
    assert tuple(row) == ("recalled", "recalled")
    assert (await filled(request), await filled(other)) == (("open", 0), ("open", 0))
    await assert_fold()


async def test_a_relief_that_is_sent_elsewhere(act, sent, walk, elsewhere, conn, world, clock, due, assert_fold):
    """The unit at the quay would wait for a relief that went to another dike, and nobody would be told; and the hours there would be free."""
    until = (clock.now() + timedelta(hours=8)).isoformat()
    (mission,) = await sent("luik-pump-1", relieve_by=until)
    await walk(mission, "mobilising", "in_transit", "on_scene")
    relief = (await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])).id
    await walk(relief, "mobilising", "in_transit", "on_scene")
    clock.move(hours=2)
    incident, _, line = elsewhere
    asked = await act(ReassignMission, relief, incident_id=str(incident), request_line_id=str(line), **THERE)
    await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    row = await conn.fetchrow("SELECT relief_of_id, stands_for_id, overlap_hours FROM mission WHERE id = $1", relief)
    assert tuple(row) == (None, None, 2.0)
    await walk(relief, "in_transit", "on_scene")
    clock.move(hours=5, minutes=30)
    await due()
    assert await conn.fetchval("SELECT alarms FROM mission WHERE id = $1", mission) == '["relief_due"]'
    again = await act(
        PlanRelief,
        mission,
        who=("luik", "authorised_representative"),
        resource_id=world.resources["luik-pump-3"],
        override_reserve="The neighbours cover us.",
    )
    assert again.subject["relief_of_id"] == str(mission)
    await assert_fold()


@pytest.mark.parametrize("leaves", ["relief", "relieved"])
async def test_who_parts_from_its_relief_takes_a_place_of_its_own(
    act, sent, sign, walk, elsewhere, conn, world, leaves, assert_fold
):
    """Of one pump that the agreement lets go, a relief and a new place would make two: only the representative's own word does."""
    agreement = await sign({"terms": "free"}, caps={"units": [{"type": PUMP, "most": 1}]})
    (mission,) = await sent("luik-pump-1")
    relief = (await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])).id
    incident, _, line = elsewhere
    gone = relief if leaves == "relief" else mission
    asked = await act(ReassignMission, gone, incident_id=str(incident), request_line_id=str(line), **THERE)
    with pytest.raises(AgreementRefused) as refused:
        await act(AnswerReassignment, asked.id, who=LEADER, agreed=True)
    (reason,) = refused.value.extra["reasons"]
    figures = {"type_code": PUMP, "most": 1, "under_way": 1, "promised": 0, "quantity": 1, "would_be": 2}
    assert (reason["code"], reason["figures"]) == ("cap_units", figures)
    with pytest.raises(RoleMissing):
        await act(AnswerReassignment, asked.id, who=LEADER, agreed=True, ad_hoc=True)
    boss = ("luik", "authorised_representative")
    agreed = await act(AnswerReassignment, asked.id, who=boss, agreed=True, ad_hoc=True)
    assert [finding["code"] for finding in agreed.subject["findings"]] == ["cap_units"]
    assert (await uses_of(conn, "live", PUMP))[agreement].under_way == 2
    assert not await broken_invariants(conn)
    await assert_fold()


async def test_a_unit_that_left_its_relief_and_comes_back_is_a_second_one(
    act, ask, walk, world, conn, elsewhere, assert_fold
):
    """Two pumps at the quay are two, although one of them once relieved the other."""
    request, (wanted,) = await ask((PUMP, 2))
    boss = ("luik", "authorised_representative")
    lines = [{"request_line_id": wanted, "resource_id": world.resources["luik-pump-1"]}]
    offer = await act(MakeOffer, request, who=boss, lines=lines)
    await act(AcceptOffer, offer.id)
    mission = UUID((await act(CommitOffer, offer.id, who=boss)).rows["mission"][0]["id"])
    home = await conn.fetchval("SELECT incident_id FROM mission WHERE id = $1", mission)
    await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])
    for incident, line in ((elsewhere[0], None), (home, wanted)):
        to = {"incident_id": str(incident), **({"request_line_id": str(line)} if line else {})}
        asked = await act(ReassignMission, mission, **to, **THERE)
        await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    assert (
        await conn.fetchval(
            f"SELECT committed FROM (SELECT {FILL} FROM request_line l WHERE id = $1) f", UUID(str(wanted))
        )
        == 2
    )
    assert not await broken_invariants(conn)
    await assert_fold()


async def test_what_lies_outside_the_agreement_is_confirmed_by_who_leads(act, sent, sign, conn, assert_fold):
    """A pump crew agreed to floods: into a cloud of chlorine it goes when its leader has read that, and not by a click for a place."""
    agreement = await sign({"terms": "free"}, hazards=["flood"])
    (mission,) = await sent("luik-pump-1")
    other = await act(ReportIncident, **flood(title="Chlorine", hazard="chemical_release"))
    asked = await act(ReassignMission, mission, incident_id=str(other.id), **THERE)
    assert [finding["code"] for finding in asked.subject["findings"]] == ["hazard_not_covered"]
    assert [warning["code"] for warning in asked.warnings] == ["hazard_not_covered"]
    with pytest.raises(AgreementRefused) as refused:
        await act(AnswerReassignment, asked.id, who=LEADER, agreed=True)
    assert [reason["code"] for reason in refused.value.extra["reasons"]] == ["hazard_not_covered"]
    agreed = await act(AnswerReassignment, asked.id, who=LEADER, agreed=True, confirm_findings=True)
    assert [warning["code"] for warning in agreed.warnings] == ["hazard_not_covered"]
    assert await conn.fetchval("SELECT agreement_id FROM mission WHERE id = $1", mission) == agreement
    await assert_fold()


async def test_work_that_was_done_stays_done(act, out, elsewhere, filled, assert_fold):
    """A released pump goes on to the next dike, and home from there: nobody asks for it at the first one again."""
    mission, request = out
    await act(ReleaseMission, mission)
    asked = await act(ReassignMission, mission, incident_id=str(elsewhere[0]), **THERE)
    agreed = await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    assert agreed.rows["mission"][0]["ended_by"] == "reassigned"
    assert await filled(request) == ("committed", 1)
    await act(Recall, mission, who=LUIK, why="Own fire.")
    assert await filled(request) == ("committed", 1)
    await assert_fold()


async def test_back_to_a_line_that_was_filled_meanwhile(act, sent, walk, elsewhere, filled, conn, world, assert_fold):
    """The pump went to the second dike and another came in its place: sent back, it would be one too many at the quay."""
    incident, *_ = elsewhere
    (mission,) = await sent("luik-pump-1")
    row = await conn.fetchrow("SELECT request_id, request_line_id, incident_id FROM mission WHERE id = $1", mission)
    asked = await act(ReassignMission, mission, incident_id=str(incident), **THERE)
    back = THERE | {"incident_id": str(row["incident_id"]), "request_line_id": str(row["request_line_id"])}
    await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    asked = await act(ReassignMission, mission, **back)
    boss = ("aken", "authorised_representative")
    lines = [{"request_line_id": row["request_line_id"], "resource_id": world.resources["aken-pump-1"]}]
    offer = await act(MakeOffer, row["request_id"], who=boss, lines=lines)
    await act(AcceptOffer, offer.id)
    await act(CommitOffer, offer.id, who=boss)
    with pytest.raises(OverFilled):
        await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    with pytest.raises(OverFilled):
        await act(ReassignMission, mission, **back)
    assert await filled(row["request_id"]) == ("committed", 1)
    assert not await broken_invariants(conn)
    await assert_fold()


async def test_a_relieved_unit_does_not_come_back_beside_its_relief(act, out, walk, conn, world, assert_fold):
    """The line asks for one pump, and the relief is that one."""
    mission, _ = out
    row = await conn.fetchrow("SELECT request_line_id, incident_id FROM mission WHERE id = $1", mission)
    relief = await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])
    await walk(relief.id, "mobilising", "in_transit", "on_scene")
    await act(ReleaseMission, mission)
    back = THERE | {"incident_id": str(row["incident_id"]), "request_line_id": str(row["request_line_id"])}
    with pytest.raises(OverFilled):
        await act(ReassignMission, mission, **back)
    await act(Recall, relief.id, who=LUIK, why="Own fire.")
    asked = await act(ReassignMission, mission, **back)
    agreed = await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    assert agreed.rows["mission"][0]["ended_by"] is None
    assert not await broken_invariants(conn)
    await assert_fold()


async def test_a_unit_that_is_not_named_may_be_sent_elsewhere(act, world, assert_fold):
    """After a phone call the place may change before anybody has said which unit it is."""
    incident = (await act(ReportIncident, **flood())).id
    called = await act(AssistNow, requester_id=world.members["maas"], lender_id=world.members["luik"], lon=5.7, lat=50.78,
                       incident_id=incident, type_code="engine.pumper", quantity=1)  # fmt: skip
    engine = UUID(called.rows["mission"][0]["id"])
    asked = await act(ReassignMission, engine, **THERE)
    await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    named = await act(AssignUnit, engine, who=LUIK, resource_id=world.resources["luik-engine-1"])
    assert (named.subject["place"], named.subject["crew_count"]) == ("Sluis Limmel", 4)
    await assert_fold()


async def test_who_relieves_a_unit_that_works_elsewhere_fills_its_old_line_no_more_than_it(
    act, out, elsewhere, filled, conn, world, assert_fold
):
    """The first dike has its pump from Aken by now: a fresh crew for the second one is no second pump there."""
    mission, request = out
    line = await conn.fetchval("SELECT request_line_id FROM mission WHERE id = $1", mission)
    asked = await act(ReassignMission, mission, incident_id=str(elsewhere[0]), **THERE)
    await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    relief = await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])
    assert relief.subject["ended_by"] == "reassigned"
    assert await filled(request) == ("open", 0)
    with pytest.raises(Conflict):
        await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-3"])
    boss = ("aken", "authorised_representative")
    offer = await act(
        MakeOffer, request, who=boss, lines=[{"request_line_id": line, "resource_id": world.resources["aken-pump-1"]}]
    )
    await act(AcceptOffer, offer.id)
    await act(CommitOffer, offer.id, who=boss)
    assert await filled(request) == ("committed", 1)
    assert not await broken_invariants(conn)
    await assert_fold()


async def test_nobody_is_sent_to_what_was_closed_meanwhile(act, out, assert_fold):
    """The dike holds again before the leader has read where to: the unit would leave its work for nothing."""
    mission, _ = out
    other = await act(ReportIncident, **flood(title="A dike at Limmel"))
    asked = await act(ReassignMission, mission, incident_id=str(other.id), **THERE)
    await act(CloseIncident, other.id, who=("maas", "authorised_representative"))
    with pytest.raises(TransitionNotAllowed):
        await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    refused = await act(AnswerReassignment, asked.id, who=LUIK, agreed=False, reason="It is over there.")
    assert refused.subject["status"] == "refused"
    await assert_fold()
