"""Who has which part in a drill: its players act while it runs, its staff act and read all of it, and nobody else is in its space."""

from __future__ import annotations

import pytest

from app.domain.errors import DrillPaused, NotInDrill, NotJoined
from tests.commands.drilling import CONTROLLER, DIRECTOR_BE, DIRECTOR_NL, LIEGE, MAASTRICHT, SAFETY, SCRIPT
from tests.entrypoints.drilling import LIVE

REPORT = {"title": "Water", "hazard": "flood", "severity": 3, "area": {"type": "Point", "coordinates": [5.7, 50.8]}}
SAFE = "{role: safety_officer, member: be-liege}"
WITH_CELL = (SAFE, f"{SAFE}\n  - {{role: simcell, member: de-aachen}}")
OUTSIDER = ("be-verviers", "dispatcher")


async def reports(drilling, who, space):
    return await drilling.does("report_incident", who=who, space=space, **REPORT)


async def test_nobody_acts_in_a_drill_without_a_part_in_it(drilling, played, beside):
    """A bored neighbour would set off the script, be rated in the players' place, and read what they were told."""
    drill, space = await drilling.started()
    await drilling.until(minutes=6)
    for who in (OUTSIDER, ("nl-sittard-geleen", "dispatcher")):
        with pytest.raises(NotInDrill) as caught:
            await reports(drilling, who, space)
        assert caught.value.extra["drill_id"] == drill
        assert "live" in caught.value.advice
    outside = await played.of(*OUTSIDER)
    base = f"/api/v1/spaces/{space}"
    refused = await outside.post(f"{base}/incidents", json=REPORT)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-in-drill")
    for address in ("journal", "incidents", "resources", "exercise", "deliveries", "members"):
        answer = await outside.get(f"{base}/{address}")
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-in-drill"), address
    assert await beside.fetchval("SELECT count(*) FROM incident WHERE space_id = $1", space) == 0
    # REAL EMERGENCY stays anybody's word.
    assert (await outside.post(f"{LIVE}/drills/{drill}/stop", json={})).is_success


async def test_a_player_acts_once_it_has_joined(drilling, played):
    """What a control room did before it said that it is there would count for the others' ratings, and not for its own."""
    late = ("be-verviers", "dispatcher")
    drill = await drilling.planned(
        SCRIPT.replace(
            "  - {member: be-liege, site: west}",
            "  - {member: be-liege, site: west}\n  - {member: be-verviers, site: west}",
        )
    )
    for who in (MAASTRICHT, LIEGE):
        await drilling.does("answer_ready", drill, who=who)
    space = (await drilling.does("start_drill", drill)).subject["plays_in"]
    await drilling.due()
    with pytest.raises(NotJoined) as caught:
        await reports(drilling, late, space)
    assert "Join" in caught.value.advice
    assert (await (await played.of(*late)).get(f"/api/v1/spaces/{space}/exercise")).is_success, (
        "it is to see that it plays"
    )
    await drilling.does("answer_ready", drill, who=late)
    await reports(drilling, late, space)
    await reports(drilling, MAASTRICHT, space)


async def test_staff_act_in_the_space_in_their_own_role(drilling):
    """Who plays the rest of the world could not answer the players."""
    script = SCRIPT.replace(*WITH_CELL)
    _, space = await drilling.started(script)
    cell = drilling.actor("de-aachen", "dispatcher")
    with pytest.raises(NotInDrill):
        await reports(drilling, cell, space)
    both = type(cell)(cell.id, cell.kind, cell.member_id, cell.roles | {"simcell"}, cell.via)
    await reports(drilling, both, space)


async def test_events_of_others_set_off_no_script(drilling):
    """An inject would come 'on its event' by somebody's act who has no part in the drill, and an objective get its figure by it."""
    script = SCRIPT.replace(*WITH_CELL)
    script = script.replace("after: {event: request.opened, delay", "after: {event: incident.reported, delay")
    _, space = await drilling.started(script)
    cell = drilling.actor("de-aachen", "dispatcher")
    both = type(cell)(cell.id, cell.kind, cell.member_id, cell.roles | {"simcell"}, cell.via)
    await reports(drilling, both, space)
    await drilling.until(minutes=9)
    assert "pumps" not in await drilling.deliveries(space)
    await reports(drilling, LIEGE, space)
    await drilling.until(minutes=3)
    assert "pumps" in await drilling.deliveries(space)


async def test_players_wait_while_the_drill_is_paused(drilling, played):
    """Somebody is hurt, and on the other bank they play on: what they do would be rated at a time that stands."""
    drill, space = await drilling.started()
    await drilling.does("pause_drill", drill, who=SAFETY, reason="A fall")
    for who in (MAASTRICHT, LIEGE):
        with pytest.raises(DrillPaused) as caught:
            await reports(drilling, who, space)
        assert "resume" in caught.value.advice
    # Everybody who waits reads why, the safety officer on the drill's page as well.
    inside = await (await played.of(*MAASTRICHT)).get(f"/api/v1/spaces/{space}/exercise")
    assert inside.json()["clock"]["pause_reasons"] == [["", "A fall"]]
    page = (await (await played.of(*SAFETY)).get(f"{LIVE}/drills/{drill}")).json()["clock"]
    assert (page["status"], page["pause_reasons"], page["words"]) == ("paused", [["", "A fall"]], [])
    assert (await (await played.of(*OUTSIDER)).get(f"{LIVE}/drills/{drill}")).json()["clock"] is None
    await drilling.does("resume_drill", drill, who=DIRECTOR_NL)
    await drilling.does("resume_drill", drill, who=DIRECTOR_BE)
    await reports(drilling, MAASTRICHT, space)
    # The pause of a site is that site's.
    await drilling.does("pause_drill", drill, who=SAFETY, site="east")
    with pytest.raises(DrillPaused) as caught:
        await reports(drilling, MAASTRICHT, space)
    assert caught.value.extra["site"] == "east"
    await reports(drilling, LIEGE, space)
    # Whoever leads goes on.
    staff = drilling.actor(*CONTROLLER)
    both = type(staff)(staff.id, staff.kind, staff.member_id, staff.roles | {"dispatcher"}, staff.via)
    await drilling.does("pause_drill", drill, who=SAFETY)
    await reports(drilling, both, space)


async def test_staff_read_the_whole_journal_of_their_drill_alone(drilling, played):
    """A rating's evidence would be closed to the evaluator who has to stand by it."""
    _, space = await drilling.started()
    await drilling.until(minutes=6)
    base = f"/api/v1/spaces/{space}"
    told = [
        each
        for each in (await (await played.of("nl-maastricht", "dispatcher")).get(f"{base}/journal")).json()["entries"]
        if each["type"] == "inject.delivered"
    ]
    seq = told[-1]["seq"]
    hidden = (await (await played.of("be-liege", "dispatcher")).get(f"{base}/journal?after={seq - 1}&limit=1")).json()
    assert hidden["entries"][0]["hidden"] is True
    for staff in (("be-liege", "drill_evaluator"), CONTROLLER, SAFETY, DIRECTOR_BE):
        client = await played.of(*staff)
        entry = (await client.get(f"{base}/journal?after={seq - 1}&limit=1")).json()["entries"][0]
        assert (entry["hidden"], entry["type"]) == (False, "inject.delivered"), staff
        everything = (await client.get(f"{base}/journal?limit=1000")).json()["entries"]
        assert not any(each["hidden"] for each in everything)
        subject = entry["subject"].replace(":", "/")
        assert (await client.get(f"{base}/journal/about/{subject}")).json()["entries"], staff
    # Of live they read what everybody of their member does.
    live = await (await played.of("be-liege", "drill_evaluator")).get(f"{LIVE}/journal?limit=1000")
    assert any(each["hidden"] for each in live.json()["entries"])


async def test_in_a_drill_no_authority_has_a_number(drilling, played):
    """A dispatcher of an exercise would ring the national crisis centre, and a governor would be told of water that is not there."""
    _, space = await drilling.started()
    maastricht = await played.of(*MAASTRICHT)
    incident = await reports(drilling, MAASTRICHT, space)
    line = {"type_code": "pump.high_capacity", "quantity": 2, "priority": "property", "lon": 5.7, "lat": 50.79}
    await drilling.does("draft_request", who=MAASTRICHT, space=space, incident_id=incident.id, kind="immediate", lines=[line], then="open")  # fmt: skip
    told = (await maastricht.get(f"/api/v1/spaces/{space}/notices")).json()["items"]
    assert {row["name"] for row in told} == {"Veiligheidsregio Zuid-Limburg", "Nationaal Crisiscentrum"}
    assert {row["contact"] for row in told} == {None}
    own = f"members/{drilling.members['nl-maastricht']}"
    shadow, real = [(await maastricht.get(f"{base}/{own}")).json() for base in (f"/api/v1/spaces/{space}", LIVE)]
    assert {each["contact"] for each in shadow["informed_authorities"]} == {None}
    assert None not in {each["contact"] for each in real["informed_authorities"]}
