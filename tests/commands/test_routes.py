"""A way that is barred, and another one: what a crossing's outage does to units that are on their way over it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app.commands.crews import WriteManifest
from app.commands.crossings import AddCrossing, SetCrossingState
from app.commands.incidents import ReportIncident
from app.commands.mission_steps import facts_of
from app.commands.missions import AdvanceMission, ReportAtBorder
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.positions import ReportedPosition, ReportPositions, report_positions
from app.commands.reassignments import AnswerReassignment, ReassignMission
from app.commands.requests import DraftRequest
from app.commands.resources import ChangeResource
from app.commands.routes import RerouteMission
from app.domain.authority import SYSTEM
from app.domain.errors import Conflict, RoleMissing, TransitionNotAllowed
from app.queries.forces import Forces
from app.queries.paper import Reader
from app.queries.plan_facts import picture_of
from app.queries.request_paper import resource_request
from app.store.tables import Mission
from tests.commands.conftest import LUIK, MAAS, PUMP
from tests.interleaving import overlapping
from tests.world import everywhere, flood

AKEN = ("aken", "dispatcher")


@pytest.fixture
def sent(do, ask, world):
    """Has a neighbour send some of its pumps to Maastricht; returns the ids of the missions."""

    async def sends(owner, *numbers):
        request, [line] = await ask(("pump.high_capacity", len(numbers)))
        lines = [{"request_line_id": line, "resource_id": world.resources[f"{owner}-pump-{n}"]} for n in numbers]
        lender = (owner, "dispatcher")
        offer = await do(MakeOffer.model_validate({"lines": lines}), request, who=lender)
        await do(AcceptOffer(), offer.id, who=MAAS)
        committed = await do(CommitOffer(), offer.id, who=lender)
        return [UUID(mission["id"]) for mission in committed.rows["mission"]]

    return sends


@pytest.fixture
def say(do, world):
    """Says how it is at a crossing, as a dispatcher of Maastricht."""

    async def says(code, **state):
        return await do(SetCrossingState.model_validate(state), world.crossings[code], who=MAAS)

    return says


async def barred(pg):
    """Return what the journal holds of barred ways: mission → coded reasons."""
    rows = await (await pg()).fetch(
        "SELECT subject_id, payload::jsonb #>> '{data,reasons,0,code}' AS code FROM journal_entry"
        " WHERE type = 'mission.way_barred' ORDER BY seq"
    )
    return {row["subject_id"]: row["code"] for row in rows}


async def test_units_on_their_way_are_told(do, pg, say, sent, assert_fold):
    """A convoy that drives to a closed bridge loses an hour; its own control room has to know first."""
    going, there = await sent("luik", 1, 2)
    for state in ("mobilising", "in_transit", "on_scene"):
        await do(AdvanceMission(to=state), there)
    closed = await say("eijsden", control="closed")
    assert [warning["code"] for warning in closed.warnings] == ["way_barred"]
    assert closed.warnings[0]["missions"] == [str(going)]
    assert await barred(pg) == {going: "crossing_closed"}
    assert (await say("eijsden", control="none")).warnings == []
    await assert_fold()


async def test_a_unit_that_became_too_heavy_is_told(do, pg, world, say, sent):
    """The limit that came with the night's rain is for the heavy pump, and for no other."""
    heavy = world.resources["luik-pump-1"]
    await do(ChangeResource.model_validate({"weight_t": 16.0}), heavy)
    await do(ChangeResource.model_validate({"weight_t": 9.0}), world.resources["luik-pump-2"])
    first, _second = await sent("luik", 1, 2)
    await say("eijsden", max_weight_t=12.0)
    assert await barred(pg) == {first: "too_heavy"}


async def test_the_lender_sends_it_another_way(do, world, say, sent, assert_fold):
    """Whoever lends decides which way its unit takes; the other side and a third member do not."""
    (mission,) = await sent("aken", 1)
    await say("vaals", control="closed")
    await say("eijsden", control="closed")
    for who in (MAAS, LUIK, ("aken", "viewer")):
        with pytest.raises(RoleMissing):
            await do(RerouteMission(), mission, who=who)
    nowhere = await do(RerouteMission(), mission, who=AKEN)
    assert nowhere.subject["crossing_id"] is None
    assert [warning["code"] for warning in nowhere.warnings] == ["no_open_crossing"]
    with pytest.raises(Conflict):
        await do(RerouteMission(crossing_id=world.crossings["vaals"]), mission, who=AKEN)
    await say("vaals", control="checks")
    rerouted = await do(RerouteMission(), mission, who=("aken", "liaison_officer"))
    assert rerouted.subject["crossing_id"] == str(world.crossings["vaals"])
    assert rerouted.subject["has_control"]
    await assert_fold()


async def test_whatever_closes_on_a_way_over_two_crossings_is_told(do, pg, world, say, sent, assert_fold):
    """The second border is an hour away: a unit that hears there that it is closed has driven it for nothing."""
    await say("vaals", control="closed")
    (mission,) = await sent("aken", 1)
    row = await (await pg()).fetchrow("SELECT crossing_id, via_crossing_ids, has_control FROM mission")
    assert tuple(row) == (world.crossings["lichtenbusch"], [world.crossings["eijsden"]], True)
    await say("eijsden", max_weight_t=12.0)
    assert await barred(pg) == {}
    closed = await say("eijsden", control="closed")
    assert closed.warnings[0]["missions"] == [str(mission)]
    assert await barred(pg) == {mission: "crossing_closed"}
    await say("vaals", control="checks")
    straight = await do(RerouteMission(), mission, who=AKEN)
    assert (straight.subject["crossing_id"], straight.subject["via_crossing_ids"]) == (
        str(world.crossings["vaals"]),
        [],
    )
    assert straight.rows["mission"][0]["via_crossing_ids"] == []
    assert (await say("eijsden", control="none")).warnings == []
    await assert_fold()


async def test_a_unit_at_the_border_turns_round(do, world, say, sent, assert_fold):
    """It stands before a barrier that will not open: from there, too, another crossing is a way."""
    (mission,) = await sent("aken", 1)
    for state in ("mobilising", "in_transit"):
        await do(AdvanceMission(to=state), mission, who=AKEN)
    await do(ReportAtBorder(to="at_border"), mission, who=AKEN)
    stays = await do(RerouteMission(crossing_id=world.crossings["vaals"]), mission, who=AKEN)
    assert stays.subject["status"] == "at_border"
    turned = await do(RerouteMission(crossing_id=world.crossings["eijsden"]), mission, who=AKEN)
    way = [turned.subject["crossing_id"], *turned.subject["via_crossing_ids"]]
    assert way == [str(world.crossings[code]) for code in ("lichtenbusch", "eijsden")], (
        "from Germany it lies behind another"
    )
    assert (turned.subject["status"], turned.subject["has_control"]) == ("in_transit", True)
    for state in ("at_border", "cleared"):
        await do(ReportAtBorder(to=state), mission, who=AKEN)
    await do(AdvanceMission(to="on_scene"), mission, who=AKEN)
    with pytest.raises(TransitionNotAllowed):
        await do(RerouteMission(), mission, who=AKEN)
    await assert_fold()


@pytest.fixture
async def bocholtz(do, world):
    """A second crossing between maas and aken, farther north than Vaals."""
    body = {"code": "bocholtz", "names": everywhere("Bocholtz"), "lon": 6.02, "lat": 50.85, "roads": ["N281"]}
    sides = {"member_a_id": world.members["maas"], "member_b_id": world.members["aken"], "capacity_vph": 600}
    return (await do(AddCrossing.model_validate(body | sides | {"control": "checks", "delay_min": 30}), who=SYSTEM)).id


@pytest.fixture
def say_of(do, world):
    """Says how it is at a crossing, whoever has to say it."""

    async def says(code, **state):
        return await do(SetCrossingState.model_validate(state), world.crossings[code], who=SYSTEM)

    return says


@pytest.fixture
def through(do, say_of, world):
    """Has luik send a pump to Aachen by way of Maastricht, over Eijsden and Vaals, and walks it so far; returns its mission."""

    async def goes(*states):
        await say_of("lichtenbusch", control="closed")
        incident = await do(ReportIncident.model_validate(flood()), who=AKEN)
        wanted = {"type_code": PUMP, "quantity": 1, "priority": "life_safety", "lon": 6.08, "lat": 50.78}
        body = {"incident_id": incident.id, "kind": "immediate", "lines": [wanted], "then": "open"}
        asked = await do(DraftRequest.model_validate(body), who=AKEN)
        line = {"request_line_id": asked.rows["request_line"][0]["id"], "resource_id": world.resources["luik-pump-1"]}
        offer = await do(MakeOffer.model_validate({"lines": [line]}), asked.id)
        await do(AcceptOffer(), offer.id, who=AKEN)
        (mission,) = (await do(CommitOffer(), offer.id)).rows["mission"]
        way = [mission["crossing_id"], *mission["via_crossing_ids"]]
        assert way == [str(world.crossings[code]) for code in ("eijsden", "vaals")]
        for state in ("mobilising", "in_transit", *states):
            step = AdvanceMission(to=state) if state in {"mobilising", "in_transit"} else ReportAtBorder(to=state)
            await do(step, mission["id"])
        await say_of("lichtenbusch", control="checks")
        return UUID(mission["id"])

    return goes


@pytest.fixture
def stands(door, world, clock):
    """Has luik's first pump report where it is."""

    async def reports(lon, lat):
        clock.move(minutes=1)
        told = ReportedPosition(resource_id=world.resources["luik-pump-1"], lon=lon, lat=lat, at=clock.now())
        await report_positions(door, ReportPositions(items=(told,)), actor=world.actor(*LUIK), space="live")

    return reports


@pytest.fixture
def taken(reader, clock):
    """Returns at which crossings a plan counts a vehicle that has still to pass."""

    async def counts():
        facts = await picture_of(reader, Forces("live", None), clock.now(), None)
        return {code for code, _hour in facts.taken}

    return counts


async def test_a_unit_in_a_country_between_is_sent_on_from_there(
    do, pg, say_of, through, stands, bocholtz, world, taken, assert_fold
):
    """It stood in Maastricht, and was sent back to Liège, and from there into Germany: Bocholtz was ten minutes ahead."""
    mission = await through()
    assert await taken() == {"eijsden", "vaals"}
    await stands(5.9, 50.82)
    assert await taken() == {"vaals"}
    assert (await say_of("eijsden", control="closed")).warnings == [], "it lies behind"
    closed = await say_of("vaals", control="closed")
    assert closed.warnings[0]["missions"] == [str(mission)]
    assert await barred(pg) == {mission: "crossing_closed"}
    sent_on = await do(RerouteMission(), mission)
    assert (sent_on.subject["crossing_id"], sent_on.subject["via_crossing_ids"]) == (str(bocholtz), [])
    await say_of("vaals", control="checks")
    again = await do(RerouteMission(crossing_id=world.crossings["vaals"]), mission)
    assert (again.subject["crossing_id"], again.subject["via_crossing_ids"]) == (str(world.crossings["vaals"]), [])
    await assert_fold()


async def test_a_unit_in_a_country_between_gets_another_place(do, say_of, through, stands, bocholtz, incident):
    """Another street in Aachen is no reason to drive back to Liège."""
    mission = await through()
    await stands(5.9, 50.82)
    await say_of("vaals", control="closed")
    body = {"lon": 6.09, "lat": 50.79, "reason": "The next street."}
    asked = await do(ReassignMission.model_validate(body), mission, who=AKEN)
    agreed = await do(AnswerReassignment(agreed=True, confirm_findings=True), asked.id)
    (row,) = agreed.rows["mission"]
    assert (row["crossing_id"], row["via_crossing_ids"]) == (str(bocholtz), [])


async def test_a_unit_that_is_cleared_has_a_crossing_without_control_ahead(
    do, pg, say_of, through, bocholtz, taken, assert_fold
):
    """Cleared at the first border, it drove through the country between to a second one that had closed, and nobody told it."""
    await say_of("eijsden", control="checks")
    await say_of("vaals", control="none")
    mission = await through("at_border", "cleared")
    assert await taken() == {"vaals"}
    assert (await say_of("eijsden", control="closed")).warnings == [], "it lies behind"
    await say_of("vaals", control="closed")
    assert await barred(pg) == {mission: "crossing_closed"}
    turned = await do(RerouteMission(), mission)
    assert (turned.subject["crossing_id"], turned.subject["via_crossing_ids"]) == (str(bocholtz), [])
    assert (turned.subject["status"], turned.subject["has_control"]) == ("in_transit", True)
    assert await taken() == {"bocholtz"}
    for state in ("at_border", "cleared"):
        await do(ReportAtBorder(to=state), mission)
    assert await taken() == set()
    with pytest.raises(TransitionNotAllowed):
        await do(RerouteMission(), mission)
    await assert_fold()


async def test_a_cleared_unit_that_is_sent_over_a_crossing_without_control_has_it_ahead(
    do, pg, say_of, through, bocholtz, world, taken, assert_fold
):
    """Its clearance was for the border behind it: it was taken for one that is over, and nobody told it that Bocholtz had closed, too."""
    await say_of("eijsden", control="checks")
    await say_of("vaals", control="none")
    await do(SetCrossingState(control="none"), bocholtz, who=SYSTEM)
    mission = await through("at_border", "cleared")
    await say_of("vaals", control="closed")
    turned = await do(RerouteMission(crossing_id=bocholtz), mission)
    assert (turned.subject["crossing_id"], turned.subject["via_crossing_ids"]) == (str(bocholtz), [])
    assert (turned.subject["status"], turned.subject["has_control"]) == ("in_transit", False)
    assert await taken() == {"bocholtz"}
    await say_of("vaals", control="none")
    shut = await do(SetCrossingState(control="closed"), bocholtz, who=SYSTEM)
    assert shut.warnings[0]["missions"] == [str(mission)]
    back = await do(RerouteMission(), mission)
    assert (back.subject["crossing_id"], back.subject["via_crossing_ids"]) == (str(world.crossings["vaals"]), []), (
        "from the Netherlands, where it is"
    )
    await do(AdvanceMission(to="on_scene"), mission)
    await assert_fold()


async def test_a_cleared_unit_that_keeps_its_way_has_the_second_crossing_ahead(do, say_of, through, world, taken):
    """Asked for the best way from where it is, the answer was the one it was on; and by that it counted as over."""
    await say_of("eijsden", control="checks")
    await say_of("vaals", control="none")
    mission = await through("at_border", "cleared")
    kept = await do(RerouteMission(), mission)
    assert (kept.subject["crossing_id"], kept.subject["status"]) == (str(world.crossings["vaals"]), "in_transit")
    assert await taken() == {"vaals"}


async def test_control_that_begins_after_the_clearance_was_not_passed(
    do, pg, say_of, through, bocholtz, taken, assert_fold
):
    """Vaals began to check while it drove there from Eijsden: it was taken for one that is over, and heard nothing of the closing."""
    await say_of("eijsden", control="checks")
    await say_of("vaals", control="none")
    mission = await through("at_border", "cleared")
    await say_of("vaals", control="checks")
    assert await taken() == {"vaals"}
    await say_of("vaals", control="closed")
    assert await barred(pg) == {mission: "crossing_closed"}
    turned = await do(RerouteMission(crossing_id=bocholtz), mission)
    assert (turned.subject["crossing_id"], turned.subject["status"]) == (str(bocholtz), "in_transit")
    await assert_fold()


async def test_control_that_ends_after_the_clearance_was_passed(do, pg, say_of, through, taken):
    """Cleared at Vaals it is in Germany, whatever is checked there now."""
    await say_of("eijsden", control="checks")
    await through("at_border", "cleared")
    assert await taken() == set()
    await say_of("vaals", control="none")
    assert await taken() == set()
    assert (await say_of("vaals", control="closed")).warnings == []


@pytest.fixture
def elsewhere(do, sent):
    """Has a pump of luik work in Maastricht, and sends it to another place; returns its mission and what became of it."""

    async def goes(lon, lat):
        (mission,) = await sent("luik", 1)
        for state in ("mobilising", "in_transit", "on_scene"):
            await do(AdvanceMission(to=state), mission)
        asked = await do(
            ReassignMission.model_validate({"lon": lon, "lat": lat, "reason": "There it is worse."}), mission, who=MAAS
        )
        (row,) = (await do(AnswerReassignment(agreed=True, confirm_findings=True), asked.id)).rows["mission"]
        return mission, row

    return goes


async def test_a_unit_with_a_new_place_over_a_border_has_its_crossing_ahead(
    do, pg, say_of, elsewhere, bocholtz, world, taken, assert_fold
):
    """It was about to set off for Aachen when Vaals closed, and was told nothing before it stood there."""
    mission, row = await elsewhere(6.09, 50.79)
    assert (row["status"], row["crossing_id"]) == ("reassigned", str(world.crossings["vaals"]))
    assert await taken() == {"vaals"}
    await say_of("vaals", control="closed")
    assert await barred(pg) == {mission: "crossing_closed"}
    turned = await do(RerouteMission(), mission)
    assert (turned.subject["crossing_id"], turned.subject["via_crossing_ids"]) == (str(bocholtz), [])
    assert turned.subject["status"] == "reassigned", "it has not set off yet"
    assert facts_of(Mission(space_id="live", **turned.subject))["crossing_has_control"], (
        "who tells that it is there tells of the border"
    )
    assert await taken() == {"bocholtz"}
    await do(AdvanceMission(to="in_transit"), mission)
    await do(ReportAtBorder(to="at_border"), mission)
    await assert_fold()


async def test_a_unit_with_a_new_place_on_this_side_has_no_crossing_ahead(
    do, pg, say_of, elsewhere, taken, assert_fold
):
    """Two streets on, in the same city: the bridge that it came over is behind it, also while it drives there."""
    mission, row = await elsewhere(5.7, 50.86)
    for step in (None, AdvanceMission(to="in_transit")):
        if step is not None:
            await do(step, mission)
        assert await taken() == set()
        assert (await say_of("eijsden", control="closed")).warnings == []
        with pytest.raises(TransitionNotAllowed):
            await do(RerouteMission(), mission)
        await say_of("eijsden", control="none")
    assert row["status"] == "reassigned"
    await assert_fold()


async def test_a_form_knows_the_crossing_that_is_still_ahead(do, through, stands, bocholtz, world, reader, clock):
    """Two hours of queue at Bocholtz, and the form told the staff that the pump would be there in half an hour."""
    mission = await through()
    await stands(5.9, 50.82)
    await do(SetCrossingState(delay_min=120), bocholtz, who=SYSTEM)
    request = UUID((await do(RerouteMission(crossing_id=bocholtz), mission)).subject["request_id"])
    who = Reader(world.members["aken"], "en", clock.now(), "the treaty")
    (told,) = (await resource_request(reader, "live", request, who))["lines"][0]["arrived"]
    assert datetime.fromisoformat(told["utc"]) - clock.now() > timedelta(minutes=120)


async def test_another_way_leaves_who_is_aboard(do, sent):
    """The manifest says twelve; the claim is for people, and another bridge takes nobody off."""
    (mission,) = await sent("luik", 1)
    assert (await do(WriteManifest(officers=1, ncos=2, crew=9), mission)).subject["crew_count"] == 12
    assert (await do(RerouteMission(), mission)).subject["crew_count"] == 12


async def test_a_unit_at_the_second_border_has_the_first_behind_it(do, pg, say_of, through, bocholtz, taken):
    """It stood at the barrier of Vaals, and was told that Eijsden had closed."""
    mission = await through("at_border")
    assert await taken() == {"vaals"}
    assert (await say_of("eijsden", control="closed")).warnings == []
    await say_of("vaals", control="closed")
    assert await barred(pg) == {mission: "crossing_closed"}
    turned = await do(RerouteMission(), mission)
    assert (turned.subject["crossing_id"], turned.subject["status"]) == (str(bocholtz), "in_transit")


@pytest.mark.parametrize("at", range(1, 5))
async def test_a_closing_and_a_step_at_once(monkeypatch, pg, do, say, sent, assert_fold, at):
    """The journal must not tell a state of the unit that it left before: who folds it would see it going back."""
    (mission,) = await sent("luik", 1)
    await do(AdvanceMission(to="mobilising"), mission)
    step = do(AdvanceMission(to="in_transit"), mission)
    await overlapping(monkeypatch, await pg(), say("eijsden", control="closed"), step, at=at)
    await assert_fold()
