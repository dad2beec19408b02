"""Missions: each side's steps, the border, what a dispatch system tells, and how one ends early."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import orjson
import pytest
from pydantic import ValidationError

from app.commands.incidents import CloseIncident, ReportIncident
from app.commands.missions import (
    AbortMission,
    AdvanceMission,
    AssignUnit,
    CloseMission,
    Recall,
    ReleaseMission,
    ReportAtBorder,
    StandDown,
)
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.requests import CancelRequest, CloseRequest, DraftRequest
from app.commands.resources import SetResourceStatus
from app.domain.errors import (
    Conflict,
    NotFound,
    OutOfOrder,
    RoleMissing,
    StaleRevision,
    TransitionNotAllowed,
    UnknownCode,
)
from app.domain.lifecycle import machine
from tests.world import flood

MAAS, LUIK, AKEN = ("maas", "dispatcher"), ("luik", "dispatcher"), ("aken", "dispatcher")


@pytest.fixture
def do(door, world):
    """Executes a command as ``who`` (member, role); the body may be left out."""

    async def does(model, target=None, *, who=MAAS, via="console", revision=None, **body):
        command = model.model_validate(body)
        actor = world.actor(*who, via=via)
        return await door.execute(command, actor=actor, space="live", target=target, revision=revision)

    return does


@pytest.fixture
def sent(do, world):
    """Has maas ask for the units of these names, and their owner commit them; returns the missions' ids in that order."""

    async def sends(*names, kind="immediate", kind_of_unit="pump.high_capacity"):
        owner = names[0].partition("-")[0]
        incident = await do(ReportIncident, **flood())
        wanted = {"type_code": kind_of_unit, "quantity": len(names), "priority": "life_safety"}
        there = {"lon": 5.7, "lat": 50.78}
        to = {"to_member_id": world.members[owner]} if kind == "day_to_day" else {}
        asked = await do(DraftRequest, incident_id=incident.id, kind=kind, lines=[wanted | there], then="open", **to)
        line = asked.rows["request_line"][0]["id"]
        lines = [{"request_line_id": line, "resource_id": world.resources[name]} for name in names]
        offer = await do(MakeOffer, asked.id, who=(owner, "dispatcher"), lines=lines)
        await do(AcceptOffer, offer.id)
        committed = await do(CommitOffer, offer.id, who=(owner, "dispatcher"))
        by_unit = {mission["resource_id"]: UUID(mission["id"]) for mission in committed.rows["mission"]}
        return [by_unit[str(world.resources[name])] for name in names]

    return sends


@pytest.fixture
def walk(do):
    """Takes a mission of luik's from state to state."""

    async def walks(mission, *states, who=LUIK):
        for state in states:
            receipt = await do(AdvanceMission, mission, who=who, to=state)
        return receipt

    return walks


@pytest.fixture
async def conn(pg):
    """A connection beside the door's."""
    return await pg()


async def row(conn, table, id_):
    return await conn.fetchrow(f"SELECT * FROM {table} WHERE id = $1", id_)


async def request_of(conn, mission):
    return await conn.fetchval(
        "SELECT r.status FROM request r JOIN mission m ON m.request_id = r.id WHERE m.id = $1", mission
    )


async def told(conn, mission):
    """[(type, data)] of the journal's entries about the mission."""
    rows = await conn.fetch("SELECT type, payload FROM journal_entry WHERE subject_id = $1 ORDER BY seq", mission)
    return [(entry["type"], orjson.loads(entry["payload"])["data"]) for entry in rows]


# ---------------------------------------------------------------- the way there and home


async def test_from_the_lenders_word_until_the_unit_is_home(do, sent, walk, conn, clock, world, assert_fold):
    """A unit that comes home must be free for the next call, at its depot, and its request must be closable."""
    (mission,) = await sent("luik-pump-1")
    assert not (await row(conn, "mission", mission))["has_control"], "no border states over eijsden"
    clock.move(minutes=5)
    await walk(mission, "mobilising", "in_transit", "at_rendezvous", "staged", "on_scene")
    assert (await row(conn, "resource", world.resources["luik-pump-1"]))["status"] == "committed"
    await do(ReleaseMission, mission)
    clock.move(minutes=40)
    home = await walk(mission, "returning", "returned")
    unit = home.rows["resource"][0]
    assert (unit["status"], unit["lon"], unit["lat"]) == ("available", 5.57, 50.63)
    assert unit["position_at"] == clock.now().isoformat().replace("+00:00", ".000000Z")
    closed = await do(CloseMission, mission)
    assert closed.subject["status"] == "closed"
    assert (await do(CloseRequest, UUID(closed.subject["request_id"]))).subject["status"] == "closed"
    states = [type_.removeprefix("mission.") for type_, _ in await told(conn, mission)]
    assert states == [
        "committed", "mobilising", "in_transit", "at_rendezvous", "staged", "on_scene", "released", "returning",
        "returned", "closed",
    ]  # fmt: skip
    await assert_fold()


async def test_a_border_with_control_is_passed_by_peoples_word(do, sent, walk, conn, assert_fold):
    """Where police stop every lorry, a unit that is said to be on scene without being cleared is a mistake."""
    (mission,) = await sent("aken-pump-1")
    assert (await row(conn, "mission", mission))["has_control"]
    await walk(mission, "mobilising", "in_transit", who=AKEN)
    for too_far in ("at_rendezvous", "on_scene"):
        with pytest.raises(TransitionNotAllowed) as refused:
            await walk(mission, too_far, who=AKEN)
        assert refused.value.extra["allowed"] == []
        assert refused.value.extra["current"]["status"] == "in_transit"
    liaison = ("aken", "liaison_officer")
    with pytest.raises(TransitionNotAllowed):
        await do(ReportAtBorder, mission, who=liaison, to="cleared")
    await do(ReportAtBorder, mission, who=liaison, to="at_border")
    await do(ReportAtBorder, mission, who=liaison, to="cleared")
    done = await walk(mission, "on_scene", who=AKEN)
    assert done.subject["status"] == "on_scene"
    await assert_fold()


async def test_no_border_states_where_nobody_controls(do, sent, walk):
    """Waiting to be cleared where there is no barrier would hold a unit up for nothing."""
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit")
    with pytest.raises(TransitionNotAllowed):
        await do(ReportAtBorder, mission, who=LUIK, to="at_border")


async def test_each_command_takes_its_own_steps_only(do, sent, walk):
    """A lender's dispatcher must not release, close or clear by writing another word into ``to``."""
    (mission,) = await sent("luik-pump-1")
    for other in ("released", "closed", "recalled", "cleared", "under_water"):
        with pytest.raises(UnknownCode) as refused:
            await walk(mission, other)
        assert refused.value.errors[0].pointer == "/to"
    with pytest.raises(UnknownCode):
        await do(ReportAtBorder, mission, who=LUIK, to="on_scene")
    with pytest.raises(TransitionNotAllowed):
        await walk(mission, "on_scene")


async def test_only_day_to_day_help_transports(do, sent, walk):
    """An ambulance over the border takes its patient on; a pump on a dike does not."""
    (pump,) = await sent("luik-pump-1")
    await walk(pump, "mobilising", "in_transit", "on_scene")
    with pytest.raises(TransitionNotAllowed):
        await walk(pump, "transporting")
    (ambulance,) = await sent("luik-ambulance-1", kind="day_to_day", kind_of_unit="ambulance.als")
    await walk(ambulance, "mobilising", "in_transit", "on_scene", "transporting", "at_destination")
    assert (await do(ReleaseMission, ambulance)).subject["status"] == "released"


async def test_each_side_decides_about_its_own(do, sent, walk):
    """Nobody is in command across the border: the requester moves no unit, the lender stands nothing down."""
    (mission,) = await sent("luik-pump-1")
    with pytest.raises(RoleMissing):
        await do(AdvanceMission, mission, who=MAAS, to="mobilising")
    for command in (StandDown, ReleaseMission):
        with pytest.raises(RoleMissing):
            await do(command, mission, who=LUIK)
    for command in (Recall, AbortMission):
        with pytest.raises(RoleMissing):
            await do(command, mission, who=MAAS, why="We would rather keep it out of sight.")
    for stranger in (AKEN, ("luik", "viewer")):
        with pytest.raises(RoleMissing):
            await walk(mission, "mobilising", who=stranger)
    with pytest.raises(NotFound):
        await walk(uuid4(), "mobilising")


async def test_a_stale_click_moves_nothing(do, sent, walk):
    """Of two dispatchers who act on one screen's picture, the second must see what the first has done."""
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising")
    with pytest.raises(StaleRevision) as refused:
        await do(AdvanceMission, mission, who=LUIK, revision=1, to="in_transit")
    assert refused.value.extra["current"]["status"] == "mobilising"


async def test_steps_happen_in_their_order(do, sent, walk, clock, conn):
    """Measures use ``occurred_at``: an arrival before the departure would make a response time negative."""
    (mission,) = await sent("luik-pump-1")
    clock.move(minutes=10)
    left = clock.now()
    await do(AdvanceMission, mission, who=LUIK, to="mobilising", occurred_at=left.isoformat())
    clock.move(minutes=5)
    with pytest.raises(OutOfOrder) as refused:
        await do(AdvanceMission, mission, who=LUIK, to="in_transit", occurred_at="2026-07-14T12:09:59Z")
    assert refused.value.extra["current"]["status"] == "mobilising"
    late = await do(AdvanceMission, mission, who=LUIK, to="in_transit", occurred_at="2026-07-14T12:12:00Z")
    assert late.subject["status_at"] == "2026-07-14T12:12:00.000000Z"
    ahead = await do(AdvanceMission, mission, who=LUIK, to="on_scene", occurred_at="2026-07-14T12:16:00Z")
    assert ahead.subject["status_at"] == "2026-07-14T12:16:00.000000Z"
    after = await do(ReleaseMission, mission)
    assert after.subject["status_at"] == "2026-07-14T12:16:00.000000Z", "a clock that is ahead must not block the next"


# ---------------------------------------------------------------- dispatch systems


async def test_a_dispatch_system_may_be_ahead(do, sent, conn, assert_fold):
    """A status pressed in the cab must count although nobody has clicked the states before it, and show as inferred."""
    (mission,) = await sent("aken-pump-1")
    moved = await do(AdvanceMission, mission, who=AKEN, via="dispatch_system", to="on_scene")
    assert moved.subject["status"] == "on_scene"
    assert moved.revision == 2, "one command, one revision"
    steps = [(type_, data.get("inferred", False)) for type_, data in (await told(conn, mission))[1:]]
    assert steps == [
        ("mission.mobilising", True),
        ("mission.in_transit", True),
        ("mission.at_border", True),
        ("mission.cleared", True),
        ("mission.on_scene", False),
    ]
    await assert_fold()


async def test_a_dispatch_system_that_contradicts_is_held_back(do, sent, conn, assert_fold):
    """A unit can't come from home and be under way at once: somebody has to look."""
    (mission,) = await sent("luik-pump-1")
    system = {"who": LUIK, "via": "dispatch_system"}
    await do(AdvanceMission, mission, **system, to="on_scene")
    with pytest.raises(TransitionNotAllowed):
        await do(AdvanceMission, mission, **system, to="in_transit")
    again = await do(AdvanceMission, mission, **system, to="on_scene")
    assert again.revision == 2, "the same again changes nothing"
    assert (await told(conn, mission))[-1][0] == "mission.reported"
    home = await do(AdvanceMission, mission, **system, to="returned")
    assert home.rows["resource"][0]["status"] == "available"
    assert (await row(conn, "mission", mission))["ended_by"] is None, "nobody's decision is ever guessed"
    await assert_fold()


# ---------------------------------------------------------------- ended early


async def test_the_lender_recalls_at_any_time(do, sent, walk, conn, clock, assert_fold):
    """A lender that needs its pump itself takes it back without asking; the requester sees at once what is missing."""
    first, second = await sent("luik-pump-1", "luik-pump-2")
    await walk(first, "mobilising", "in_transit", "on_scene")
    assert await request_of(conn, first) == "committed"
    with pytest.raises(ValidationError):
        Recall.model_validate({})
    recalled = await do(Recall, first, who=LUIK, why="Own fire at Seraing.")
    assert (recalled.subject["status"], recalled.subject["ended_by"]) == ("recalled", "recalled")
    assert await request_of(conn, first) == "partly_committed"
    await do(Recall, second, who=("luik", "authorised_representative"), why="Own fire at Seraing.")
    assert await request_of(conn, first) == "open"
    types = [entry["type"] for entry in await conn.fetch("SELECT type FROM journal_entry ORDER BY seq DESC LIMIT 2")]
    assert types == ["request.reopened", "mission.recalled"]
    with pytest.raises(TransitionNotAllowed):
        await do(Recall, first, who=LUIK, why="Twice.")
    assert (await walk(second, "returned")).rows["resource"][0]["status"] == "available", "it never left"
    await walk(first, "returning", "returned")
    await assert_fold()


async def test_the_requester_stands_down(do, sent, conn, assert_fold):
    """When the dike holds, the units on their way must know; what stands down fills the request no more."""
    (mission,) = await sent("luik-pump-1")
    down = await do(StandDown, mission, why="The dike holds.")
    assert down.subject["ended_by"] == "stood_down"
    assert await request_of(conn, mission) == "open"
    assert (await told(conn, mission))[-1][1]["why"] == "The dike holds."
    await assert_fold()


async def test_a_unit_that_broke_down_is_not_sent_again(do, sent, walk, conn, world, assert_fold):
    """An aborted unit with a broken pump must not be offered to the next who asks, also once it is towed home."""
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit")
    gone = await do(AbortMission, mission, who=LUIK, why="Pump seized.", out_of_service="damage")
    assert gone.rows["resource"][0]["out_of_service_reason"] == "damage"
    home = await walk(mission, "returning", "returned")
    assert home.rows["resource"][0]["status"] == "out_of_service"
    back = await do(SetResourceStatus, world.resources["luik-pump-1"], who=LUIK, status="available")
    assert back.subject["status"] == "available"
    await assert_fold()


async def test_an_ended_mission_is_not_closed_away_from_home(do, sent):
    """A mission that is closed frees its unit for the next: it must be home first."""
    (mission,) = await sent("luik-pump-1")
    await do(StandDown, mission)
    with pytest.raises(TransitionNotAllowed):
        await do(CloseMission, mission)


async def test_a_mission_has_one_unit(do, sent, world):
    """A second call sign on one mission would send two crews for one task."""
    (mission,) = await sent("luik-pump-1")
    with pytest.raises(Conflict) as refused:
        await do(AssignUnit, mission, who=LUIK, resource_id=str(world.resources["luik-pump-2"]))
    assert refused.value.extra["current"]["resource_id"] == str(world.resources["luik-pump-1"])


# ---------------------------------------------------------------- both sides at once


async def waiting(conn, count):
    """Return once so many sessions of the test's database wait for a lock."""
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while await conn.fetchval(blocked) < count:
            pass  # until they all stand at the lock


async def one_after_another(pg, table, id_, *acts):
    """Start the acts while the row is locked, each when the one before it waits; let them go; return what came of each.

    They get the lock in the order in which they came.
    """
    holder, watcher = await pg(), await pg()
    async with holder.transaction():
        await holder.execute(f"SELECT FROM {table} WHERE id = $1 FOR UPDATE", id_)
        tasks = []
        for number, act in enumerate(acts, 1):
            tasks.append(asyncio.create_task(act()))
            await waiting(watcher, number)
    return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("recall_first", [True, False])
async def test_recall_against_the_next_step(do, sent, walk, pg, conn, recall_first, assert_fold):
    """The lender recalls in the second in which the crew presses its next status: whoever was first, one state holds."""
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising")
    recall = lambda: do(Recall, mission, who=LUIK, why="Own fire.")
    depart = lambda: do(AdvanceMission, mission, who=LUIK, to="in_transit")
    acts = [recall, depart] if recall_first else [depart, recall]
    results = await one_after_another(pg, "mission", mission, *acts)
    assert isinstance(results[1], TransitionNotAllowed) is recall_first, results
    after = await row(conn, "mission", mission)
    assert (after["status"], after["ended_by"]) == ("recalled", "recalled")
    assert await request_of(conn, mission) == "open"
    await assert_fold()


@pytest.mark.parametrize("lender_first", [True, False])
async def test_both_sides_end_a_mission_at_once(do, sent, pg, conn, lender_first, assert_fold):
    """Recalled or stood down, one of them: the report must not say that both ended it."""
    (mission,) = await sent("luik-pump-1")
    recall = lambda: do(Recall, mission, who=LUIK, why="Own fire.")
    stand_down = lambda: do(StandDown, mission)
    acts = [recall, stand_down] if lender_first else [stand_down, recall]
    request = (await row(conn, "mission", mission))["request_id"]
    first, second = await one_after_another(pg, "request", request, *acts)
    assert first.subject["ended_by"] == ("recalled" if lender_first else "stood_down")
    assert isinstance(second, TransitionNotAllowed)
    await assert_fold()


@pytest.mark.parametrize("down_first", [True, False])
async def test_stand_down_against_a_commitment(do, sent, pg, conn, world, down_first, assert_fold):
    """While one unit is stood down another is committed to the same line: the request's state must be that of both."""
    first, second = await sent("luik-pump-1", "luik-pump-2")
    await do(StandDown, second)
    mission = await row(conn, "mission", first)
    line = {"request_line_id": mission["request_line_id"], "resource_id": world.resources["aken-pump-1"]}
    offer = await do(MakeOffer, mission["request_id"], who=AKEN, lines=[line])
    await do(AcceptOffer, offer.id)
    down = lambda: do(StandDown, first)
    commit = lambda: do(CommitOffer, offer.id, who=AKEN)
    acts = [down, commit] if down_first else [commit, down]
    results = await one_after_another(pg, "request", mission["request_id"], *acts)
    assert not any(isinstance(result, Exception) for result in results), results
    told_states = [entry["type"] for entry in await conn.fetch("SELECT type FROM journal_entry ORDER BY seq")]
    between = "request.reopened" if down_first else "request.committed"
    assert [type_ for type_ in told_states if type_.startswith("request.")][-2:] == [
        between,
        "request.partly_committed",
    ]
    assert await request_of(conn, first) == "partly_committed"
    await assert_fold()


async def test_everything_at_once_leaves_one_story(do, sent, walk, conn, assert_fold):
    """Both sides press all their buttons together: no deadlock reaches them, and the request agrees with its missions."""
    missions = await sent("luik-pump-1", "luik-pump-2")
    await asyncio.gather(*(walk(mission, "mobilising", "in_transit") for mission in missions))
    acts = [
        act
        for mission in missions
        for act in (
            do(Recall, mission, who=LUIK, why="Own fire."),
            do(StandDown, mission),
            do(AdvanceMission, mission, who=LUIK, to="on_scene"),
            do(AbortMission, mission, who=LUIK, why="A flat tyre.", out_of_service="damage"),
            do(ReleaseMission, mission),
        )
    ]
    results = await asyncio.gather(*acts, return_exceptions=True)
    unexpected = [result for result in results if isinstance(result, Exception) and not isinstance(result, Conflict)]
    assert not unexpected, unexpected
    ended = await conn.fetchval("SELECT count(*) FROM mission WHERE ended_by IS NOT NULL")
    status = await request_of(conn, missions[0])
    assert status == {0: "committed", 1: "partly_committed", 2: "open"}[ended]
    await assert_fold()


async def test_a_dispatch_system_lets_go_only_what_was_there(sent, walk, do, assert_fold):
    """A unit that turned round on the way would count as help that came, by the word of its own side alone."""
    [mission] = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit")
    with pytest.raises(TransitionNotAllowed) as refused:
        await do(AdvanceMission, mission, who=LUIK, via="dispatch_system", to="returned")
    assert refused.value.extra["current"]["status"] == "in_transit"
    await do(AdvanceMission, mission, who=LUIK, via="dispatch_system", to="on_scene")
    receipt = await do(AdvanceMission, mission, who=LUIK, via="dispatch_system", to="returned")
    assert receipt.subject["status"] == "returned"
    await assert_fold()


async def test_an_incident_closed_over_help_under_way_warns(do, sent, conn, assert_fold):
    """Units would drive on to a flood that is over, and nobody would know that somebody has to call them back."""
    (mission,) = await sent("luik-pump-1")
    incident = await conn.fetchval("SELECT incident_id FROM mission WHERE id = $1", mission)
    closed = await do(CloseIncident, incident, who=("maas", "authorised_representative"))
    assert closed.subject["status"] == "closed"
    (warning,) = closed.warnings
    assert warning["code"] == "help_under_way"
    assert warning["figures"] == {"missions": 1, "requests": 1}
    await assert_fold()


async def test_a_request_is_not_ended_while_its_units_are_under_way(do, sent, conn):
    """Whoever closes it at the end would be sent looking for a step that is none, and lose sight of units that still drive."""
    (mission,) = await sent("luik-pump-1")
    request = await conn.fetchval("SELECT request_id FROM mission WHERE id = $1", mission)
    for command in (CancelRequest, CloseRequest):
        with pytest.raises(Conflict) as refused:
            await do(command, request)
        assert [each["code"] for each in refused.value.extra["reasons"]] == ["units_under_way"]
    assert "take_back" not in machine("request").steps("committed")


async def test_an_incident_without_help_is_closed_without_a_warning(do):
    """A warning that always comes is read by nobody."""
    incident = await do(ReportIncident, **flood())
    assert not (await do(CloseIncident, incident.id, who=("maas", "authorised_representative"))).warnings
