"""What commands write into the journal is what the measures of drills look for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.commands.calls import AssistNow
from app.commands.crossings import SetCrossingState
from app.commands.incidents import ReportIncident
from app.commands.missions import AdvanceMission
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.requests import AcknowledgeRequest
from app.commands.responses import DeclineRequest
from app.domain.drills.clock import Clock, Timeline
from app.domain.drills.events import Reader, fits
from app.domain.drills.metrics import measure
from app.domain.drills.shapes import Match
from app.store.journal import read
from tests.domain.drills.making import GROUND, playing, small
from tests.world import flood

MAAS, LUIK, AKEN = ("maas", "dispatcher"), ("luik", "dispatcher"), ("aken", "dispatcher")
PLAYS = {"maas": "nl-maastricht", "luik": "be-liege", "aken": "de-aachen", "hasselt": "nl-heerlen"}


@pytest.fixture
def seen(conn, clock, world):
    """Reads the journal as a drill that began with this test would."""
    timeline = Timeline((Clock(anchor_utc=clock.now()).start(clock.now()),))
    codes = {str(world.members[name]): code for name, code in PLAYS.items()}
    codes |= {str(id_): name for name, id_ in world.crossings.items()}

    async def reads():
        reader = Reader(codes, timeline)
        return [reader.entry(entry) for entry in await read(conn, "live", 0, 1000)], timeline

    return reads


async def test_a_request_from_open_to_on_scene(do, act, ask, seen, clock, world):
    """Every filter and figure of the common case, taken from what the commands really wrote."""
    clock.move(minutes=5)
    request, (line,) = await ask()
    clock.move(minutes=2)
    await do(AcknowledgeRequest(), request, who=LUIK)
    await act(DeclineRequest, request, who=AKEN, reason="crew")
    clock.move(minutes=4)
    unit = world.resources["luik-pump-1"]
    offer = await act(MakeOffer, request, who=LUIK, lines=[{"request_line_id": line, "resource_id": unit}])
    await act(AcceptOffer, offer.id, who=MAAS)
    clock.move(minutes=1)
    units = [{"offer_line_id": row["id"]} for row in offer.rows["offer_line"]]
    committed = await act(CommitOffer, offer.id, who=LUIK, units=units)
    (mission,) = (row["id"] for row in committed.rows["mission"])
    for state in ("mobilising", "in_transit", "on_scene"):
        clock.move(minutes=6)
        await act(AdvanceMission, mission, who=LUIK, to=state)
    events, timeline = await seen()
    where = {
        "type": "pump.high_capacity",
        "requester": "NL",
        "priority": "life_safety",
        "kind": "immediate",
        "hazard": "flood",
    }
    by_liege = where | {"lender": "be-liege", "member": "BE"}
    expected = {
        "request.opened": where | {"member": "nl-maastricht"},
        "request.acknowledged": where | {"member": "BE"},
        "request.declined": {"reason": "crew", "member": "DE", "requester": "NL"},
        "offer.made": by_liege,
        "offer.accepted": {"lender": "BE", "member": "NL", "requester": "NL"},
        "offer.committed": {"lender": "BE", "member": "BE"},
        "mission.committed": by_liege,
        "mission.on_scene": by_liege,
    }
    for type_, filters in expected.items():
        match = Match.model_validate({"event": type_, "where": filters})
        assert any(fits(event, match, GROUND.members) for event in events), (type_, filters)
    opened = next(event for event in events if event.type == "request.opened")
    assert opened.figures["quantity"] == 4
    assert opened.at_us == 5 * 60_000_000
    statuses = [each[3] for event in events for each in event.resources if each[0] == str(unit)]
    assert statuses[0] == "available"
    assert statuses[-1] == "committed"

    scenario = small(
        ("for: [nl-maastricht]", "for: [be-liege]"),
        ("measure: {metric: time, from: {inject: flood}, to: {event: request.opened}}",
         "measure: {metric: time, from: {event: mission.committed}, to: {event: mission.on_scene}, per: mission}"),
    )  # fmt: skip
    play = replace(playing(scenario, events=events), timeline=timeline)
    took, share, kept = (measure(play, each, 60 * 60_000_000, ended=True) for each in scenario.objectives)
    assert (took.figure, took.n) == (18 * 60, 1)
    assert (share.hits, share.n) == (1, 1)
    assert kept.figure == 2  # both have entered theirs before the clock began; Liège sends one of three


async def test_a_telephone_call_and_a_crossing(act, seen, clock, world):
    """Help by telephone is measured per call, and the border by its crossing."""
    incident = await act(ReportIncident, **flood())
    clock.move(minutes=1)
    await act(
        AssistNow, who=MAAS, incident_id=incident.id, requester_id=world.members["maas"], lender_id=world.members["luik"],
        type_code="pump.high_capacity", quantity=1, lon=5.7, lat=50.78, person_rung="Chef de garde",
    )  # fmt: skip
    name, crossing = next(iter(world.crossings.items()))
    events, _ = await seen()
    recorded = next(event for event in events if event.type == "call.recorded")
    assert recorded.ids["call"]
    match = Match.model_validate(
        {"event": "call.recorded", "where": {"requester": "NL", "lender": "BE", "type": "pump.high_capacity"}}
    )
    assert fits(recorded, match, GROUND.members)
    await act(SetCrossingState, crossing, who=MAAS, control="closed", delay_min=0)
    events, _ = await seen()
    match = Match.model_validate({"event": "crossing.state_set", "where": {"crossing": name, "control": "closed"}})
    assert any(fits(event, match, GROUND.members) for event in events)
