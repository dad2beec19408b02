"""Drills through the door: planned, begun in a space of their own, led, stopped, evaluated."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from app.domain.authority import SYSTEM
from app.domain.errors import (
    Conflict,
    Duplicate,
    Malformed,
    RoleMissing,
    SpaceFrozen,
    StaleRevision,
    TransitionNotAllowed,
)
from app.domain.ids import new_id
from app.store.folded import differences, folded_and_tables
from app.store.journal import read, verify
from tests.commands.drilling import (
    CONTROLLER,
    DIRECTOR_BE,
    DIRECTOR_NL,
    EVALUATOR,
    HEERLEN,
    LIEGE,
    MAASTRICHT,
    SAFETY,
    SCRIPT,
)
from tests.world import flood


async def assert_folds(drilling, *spaces):
    for space in ("live", *spaces):
        assert differences(*await folded_and_tables(drilling.door.engine, space)) == []


async def test_a_script_with_faults_is_refused_with_their_lines(drilling):
    """A director would learn of a misspelt unit when the players wait for it."""
    with pytest.raises(Malformed) as refused:
        await drilling.does("plan_drill", script=SCRIPT.replace("pump.high_capacity", "pump.high", 1))
    (fault, *_) = refused.value.extra["faults"]
    assert fault["line"] > 1
    assert "pump.high" in fault["message"]


async def test_who_wrote_it_does_not_approve_it_and_a_change_takes_approval_away(drilling):
    """Somebody would play what nobody else has read."""
    made = await drilling.does("plan_drill", script=SCRIPT)
    with pytest.raises(Conflict, match="wrote"):
        await drilling.does("approve_drill", made.id)
    with pytest.raises(RoleMissing):
        await drilling.does("approve_drill", made.id, who=("de-aachen", "exercise_director"))
    await drilling.does("approve_drill", made.id, who=DIRECTOR_BE)
    await drilling.does("change_drill", made.id, speed=5)
    with pytest.raises(TransitionNotAllowed):
        await drilling.does("start_drill", made.id)


async def test_it_begins_with_copies_under_the_same_ids_and_nothing_of_live_changes(drilling, beside):
    """Players would act on other cities' real units, or find an empty corridor."""
    crossing = await beside.fetchval("SELECT id FROM crossing WHERE code = 'eijsden-vise'")
    await drilling.does("set_crossing_state", crossing, who=MAASTRICHT, control="closed")
    counted = "SELECT count(*) FROM {} WHERE space_id = $1"
    before = {
        t: await beside.fetchval(counted.format(t), "live") for t in ("member", "crossing", "resource", "agreement")
    }
    with pytest.raises(Conflict) as refused:
        await drilling.does("start_drill", await drilling.planned())
    assert refused.value.extra["reasons"]
    drill, space = await drilling.started()
    for table, number in before.items():
        assert await beside.fetchval(counted.format(table), space) == number, table
    assert (
        await beside.fetchval("SELECT control FROM crossing WHERE code = 'eijsden-vise' AND space_id = $1", space)
        == "none"
    )
    report = await drilling.does(
        "report_incident", who=MAASTRICHT, space=space, **flood(area={"type": "Point", "coordinates": [5.7, 50.85]})
    )
    assert await beside.fetchval("SELECT space_id FROM incident WHERE id = $1", report.id) == space
    assert await beside.fetchval("SELECT count(*) FROM incident WHERE space_id = 'live'") == 0
    await assert_folds(drilling, space)
    assert (await verify(beside, space)).ok
    assert (await drilling.drill(drill))["status"] == "running"


async def test_the_database_refuses_a_row_of_a_drill_that_points_at_a_live_one(drilling, beside):
    """One mistake in a command, and a drill would send a real pump."""
    _, space = await drilling.started()
    depot = await beside.fetchrow("SELECT id, member_id FROM depot WHERE space_id = 'live' LIMIT 1")
    fresh = new_id()
    await beside.execute("INSERT INTO depot SELECT 1, 'live', $1, member_id, 'only-live', name, address, lon, lat FROM depot WHERE id = $2 AND space_id = 'live'", fresh, depot["id"])  # fmt: skip
    for column, value in (("depot_id", fresh), ("member_id", new_id())):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await beside.execute(f"UPDATE resource SET {column} = $1 WHERE space_id = $2", value, space)


async def test_the_clock_is_paused_by_one_and_resumed_by_all(drilling, clock):
    """One side would play on while the other stands, and no figure would mean anything."""
    drill, space = await drilling.started()
    await drilling.until(minutes=6)
    assert await drilling.deliveries(space) == {"begin": 0, "flood": 300}
    await drilling.does("pause_drill", drill, who=SAFETY)
    assert (await drilling.drill(drill))["status"] == "paused"
    await drilling.until(minutes=30)
    assert set(await drilling.deliveries(space)) == {"begin", "flood"}
    await drilling.does("resume_drill", drill)
    with pytest.raises(Conflict):
        await drilling.does("deliver_inject", drill, who=CONTROLLER, inject="spare")
    with pytest.raises(RoleMissing):
        await drilling.does("resume_drill", drill, who=SAFETY)
    await drilling.does("resume_drill", drill, who=DIRECTOR_BE)
    await drilling.until(minutes=14)
    assert (await drilling.deliveries(space))["pumps"] == 20 * 60  # nobody asked: at its other time, to the second
    assert (await drilling.play(drill)).clock.at_us(clock.now()) == 20 * 60 * 1_000_000
    await assert_folds(drilling, space)


async def test_one_site_stands_while_the_others_go_on(drilling):
    """A site with a casualty would be handed the next task, or all others sent home."""
    drill, space = await drilling.started()
    await drilling.until(minutes=1)
    await drilling.does("pause_drill", drill, who=SAFETY, site="east")
    await drilling.until(minutes=7)
    assert "flood" not in await drilling.deliveries(space)
    await drilling.does("resume_drill", drill, site="east")
    await drilling.does("resume_drill", drill, who=DIRECTOR_BE, site="east")
    await drilling.due()
    assert (await drilling.deliveries(space))["flood"] == 8 * 60


async def test_speed_and_jump(drilling):
    """A director who has an hour for three could not leave out the waiting, or would leave out people at work."""
    drill, space = await drilling.started()
    await drilling.does("set_drill_speed", drill, speed=60)
    await drilling.until(seconds=6)
    assert (await drilling.deliveries(space))["flood"] == 300
    with pytest.raises(Conflict) as refused:
        await drilling.does("jump_drill", drill)
    assert refused.value.extra["awaited"] == ["flood"]
    await drilling.until(seconds=10)  # nobody has asked within its time: nothing is awaited any more
    await drilling.does("jump_drill", drill)
    await drilling.due()
    assert (await drilling.deliveries(space))["pumps"] == 20 * 60


async def test_by_hand_and_once(drilling):
    """An inject that comes twice tells players that nobody leads."""
    drill, space = await drilling.started()
    await drilling.does("deliver_inject", drill, who=CONTROLLER, inject="spare")
    with pytest.raises(Duplicate):
        await drilling.does("deliver_inject", drill, who=CONTROLLER, inject="spare")
    with pytest.raises(RoleMissing):
        await drilling.does("deliver_inject", drill, who=MAASTRICHT, inject="follow")
    await drilling.does("deliver_inject", drill, who=CONTROLLER, inject="flood")
    await drilling.until(minutes=6)
    assert (await drilling.deliveries(space))["flood"] == 0


async def test_an_event_brings_what_follows_it(drilling, clock):
    """The script would go by the clock alone, whatever the players do."""
    _, space = await drilling.started()
    await drilling.until(minutes=7)
    incident = await drilling.does(
        "report_incident", who=MAASTRICHT, space=space, **flood(area={"type": "Point", "coordinates": [5.7, 50.85]})
    )
    line = {"type_code": "pump.high_capacity", "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.85}
    await drilling.does("draft_request", who=MAASTRICHT, space=space, incident_id=incident.id, kind="immediate", lines=[line], then="open")  # fmt: skip
    await drilling.until(minutes=4)
    found = await drilling.deliveries(space)
    assert (found["pumps"], found["follow"]) == (9 * 60, 10 * 60)


async def test_no_journal_of_a_drill_tells_the_script(drilling, beside):
    """A player would read what comes next, or what is expected, in the feed."""
    drill, space = await drilling.started()
    await drilling.does(
        "observe_drill", drill, who=EVALUATOR, text="Nobody rang Liège.", objective="asked", kind="improvement"
    )
    await drilling.until(minutes=29)
    told = ""
    for where in ("live", space):
        for entry in await read(beside, where, 0, 5000):
            told += f"{entry.header}{entry.payload}"
    for secret in (
        "Offer",
        "Reserve",
        "Asks",
        "else_at",
        "if_not_met",
        "Nobody rang",
        '"asked"',
        "calm",
        "script_digest",
    ):
        assert secret not in told, secret
    assert "EXERCISE EXERCISE EXERCISE" in told
    assert "Pompen" in told, "and what was delivered is told"


async def test_a_delivery_is_told_to_those_it_goes_to(drilling, beside):
    """The other side would hear of the flood before anybody has told them."""
    _, space = await drilling.started()
    await drilling.until(minutes=6)
    entries = [each for each in await read(beside, space, 0, 5000) if each.type == "inject.delivered"]
    parties = [set(each.parties) for each in entries]
    everybody = {drilling.members[code] for code in ("nl-maastricht", "be-liege", "nl-heerlen")}
    assert parties == [everybody, {drilling.members["nl-maastricht"]}]


async def test_a_real_emergency_stops_it_for_ever(drilling, beside):
    """Somebody would go on answering the exercise while houses burn."""
    drill, space = await drilling.started()
    body = flood(area={"type": "Point", "coordinates": [5.7, 50.85]})
    await drilling.does("report_incident", who=MAASTRICHT, space=space, **body)
    await drilling.does("stop_drill", drill, who=("de-aachen", "viewer"))
    with pytest.raises(SpaceFrozen, match="real emergency"):
        await drilling.does("report_incident", who=LIEGE, space=space, **body)
    with pytest.raises(SpaceFrozen):
        await drilling.does("report_incident", who=SYSTEM, space=space, **body)
    for command in ("resume_drill", "start_drill", "end_drill"):
        with pytest.raises(TransitionNotAllowed):
            await drilling.does(command, drill)
    seq = await beside.fetchval("SELECT seq FROM journal_head WHERE space_id = $1", space)
    await drilling.until(hours=2)
    assert await beside.fetchval("SELECT seq FROM journal_head WHERE space_id = $1", space) == seq
    for where in ("live", space):
        last = (await read(beside, where, 0, 5000))[-1]
        assert (last.type, last.visibility) == ("drill.stopped", "corridor")
    # Why is said afterwards, by who stopped it and by its staff; nobody else puts another reason in its place.
    await drilling.does("explain_stop", drill, who=("de-aachen", "viewer"), reason="Fire in our building")
    await drilling.does("stop_drill", drill, who=HEERLEN, reason="Somebody else's reason")
    for stranger in (HEERLEN, ("de-aachen", "dispatcher"), ("de-aachen", "exercise_director")):
        with pytest.raises(RoleMissing):
            await drilling.does("explain_stop", drill, who=stranger, reason="Somebody else's reason")
    assert (await drilling.drill(drill))["reason"] == "Fire in our building"
    await drilling.does("explain_stop", drill, who=SAFETY, reason="Fire at the town hall")
    assert (await drilling.drill(drill))["reason"] == "Fire at the town hall"
    await drilling.does("report_incident", who=LIEGE, **body)  # live goes on
    await assert_folds(drilling, space)


async def test_why_is_said_of_what_was_stopped_alone(drilling):
    """A reason would stand on a drill that goes on."""
    drill, _ = await drilling.started()
    with pytest.raises(TransitionNotAllowed):
        await drilling.does("explain_stop", drill, who=DIRECTOR_NL, reason="Fire")


async def test_nothing_comes_after_the_stop_however_many_are_at_work(drilling, beside):
    """A command that was under way would still move a unit after everybody was told that it is over."""
    drill, space = await drilling.started()
    body = flood(area={"type": "Point", "coordinates": [5.7, 50.85]}, hazard="storm")
    incident = await drilling.does("report_incident", who=MAASTRICHT, space=space, **body)

    async def logs(number):
        await asyncio.sleep(number * 0.002)
        await drilling.does("add_log_entry", incident.id, who=LIEGE, space=space, text=f"Line {number}")

    async def stops():
        await asyncio.sleep(0.03)
        await drilling.does("stop_drill", drill, who=LIEGE)

    answers = await asyncio.gather(stops(), *(logs(number) for number in range(40)), return_exceptions=True)
    refused = [each for each in answers if each is not None]
    assert refused
    assert all(isinstance(each, SpaceFrozen) for each in refused), refused
    entries = await read(beside, space, 0, 5000)
    assert entries[-1].type == "drill.stopped"
    assert sum(each.type == "incident.logged" for each in entries) == 40 - len(refused)
    assert await beside.fetchval("SELECT count(*) FROM due_work WHERE space_id = $1 AND done_at IS NULL", space) == 0


async def test_it_ends_by_itself_and_is_evaluated(drilling, beside, clock):
    """Nobody would know how it went, or what has to become better by when."""
    drill, space = await drilling.started()
    await drilling.until(minutes=61)
    row = await drilling.drill(drill)
    assert row["status"] == "ended"
    rated = {each["objective"]: each for each in await beside.fetch("SELECT * FROM drill_rating")}
    assert rated["asked"]["computed"] == "U"
    assert rated["kept"]["computed"] == "P"
    with pytest.raises(SpaceFrozen, match="ended"):
        await drilling.does("report_incident", who=LIEGE, space=space, **flood())
    await drilling.does(
        "overrule_rating", drill, who=EVALUATOR, objective="asked", rating="S", reason="They rang instead."
    )
    with pytest.raises(RoleMissing):
        await drilling.does("overrule_rating", drill, who=LIEGE, objective="asked", rating="P", reason="We were good.")
    await drilling.does("write_hot_wash", drill, who=LIEGE, went_well="The radio", to_improve="The rest")
    clock.move(minutes=31)
    late = await drilling.does("write_hot_wash", drill, who=MAASTRICHT, went_well="The tea", to_improve="Nothing")
    assert late.subject["late"] is True
    await drilling.does("hold_hot_wash", drill, summary="Ring earlier.")
    with pytest.raises(TransitionNotAllowed):  # others have read what was said
        await drilling.does("write_hot_wash", drill, who=LIEGE, went_well="All of it", to_improve="Nothing")
    again = {"objective": "asked", "rating": "P", "reason": "They were told to ring."}
    other = ("be-liege", "drill_evaluator")
    with pytest.raises(StaleRevision) as stale:  # one evaluator's word over another's, unseen
        await drilling.does("overrule_rating", drill, who=other, **again)
    await drilling.does("overrule_rating", drill, who=other, **again, revision=stale.value.extra["current"]["revision"])
    later = await drilling.planned(retests_id=drill)
    action = await drilling.does(
        "add_corrective_action", drill, text="Ring within five minutes", owner_member_id=drilling.members["be-liege"],
        due_on="2026-09-01", objective="asked",
    )  # fmt: skip
    owner = ("be-liege", "authorised_representative")
    await drilling.does("change_corrective_action", action.id, who=owner, status="done")
    with pytest.raises(Conflict, match="which drill"):
        await drilling.does("change_corrective_action", action.id, who=owner, status="retested")
    await drilling.does("change_corrective_action", action.id, who=owner, status="retested", retest_drill_id=later)
    await drilling.does("close_drill", drill)
    await assert_folds(drilling, space)


async def test_two_drills_at_one_time_for_a_member(drilling):
    """A control room would be asked to be in two places."""
    first, second = await drilling.planned(), await drilling.planned()
    await drilling.does("schedule_drill", first, start="2026-09-01T09:00", time_zone="Europe/Brussels")
    with pytest.raises(Conflict, match="plays"):
        await drilling.does("schedule_drill", second, start="2026-09-01T09:30", time_zone="Europe/Brussels")
    await drilling.does("schedule_drill", second, start="2026-09-01T10:30", time_zone="Europe/Brussels")


async def test_a_drill_without_notice_tells_no_hour(drilling):
    """Whoever knows the hour is not surprised."""
    script = SCRIPT.replace("notice: {kind: announced}", "notice: {kind: no_notice, window_h: 48}")
    drill = await drilling.planned(script)
    said = await drilling.does("schedule_drill", drill, start="2026-09-01T09:13", time_zone="Europe/Brussels")
    assert "07:13" not in str(said.subject)
    assert said.subject["window_from"] == "2026-09-01T00:00:00.000000Z"
    assert said.subject["handbook"]["duration_s"] is None
