"""The journal as drills see it: what each filter of a scenario finds in real entries."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.drills.clock import Timeline
from app.domain.drills.events import Reader, belongs, fits
from app.domain.drills.shapes import Match
from tests.domain.drills.making import GROUND, MINUTE, START, running

MAASTRICHT, LIEGE, CROSSING = "m1", "m2", "c1"
CODES = {MAASTRICHT: "nl-maastricht", LIEGE: "be-liege", CROSSING: "eijsden-vise"}


@pytest.fixture
def read():
    """Reads entries as the journal writes them, one after the other."""
    reader = Reader(CODES, Timeline((running(speed=10),)))
    reader.rows["resource", "u1"] = {
        "id": "u1", "member_id": LIEGE, "type_code": "pump.high_capacity", "status": "available",
    }  # fmt: skip
    numbers = iter(range(1, 99))

    def entry(type_, subject, rows, *, minute=1.0, member=MAASTRICHT, **data):
        payload = {"data": {"member_id": member, "via": "console", **data}, "rows": rows}
        return reader.read(
            seq=next(numbers),
            type_=type_,
            subject=subject,
            payload=payload,
            occurred_at=START + timedelta(minutes=minute),
        )

    return entry


def opened(read, **more):
    request = {"id": "r1", "incident_id": "i1", "member_id": MAASTRICHT, "kind": "immediate", "status": "open"}
    lines = [
        {"id": "l1", "request_id": "r1", "type_code": "pump.high_capacity", "quantity": 2, "priority": "life_safety"},
        {"id": "l2", "request_id": "r1", "type_code": "boat.rescue", "quantity": 3, "priority": "property"},
    ]
    return read("request.opened", ("request", "r1"), {"request": [request], "request_line": lines}, **more)


def reported(read):
    incident = {"id": "i1", "hazard": "flood", "severity": 4, "phases": {"NL": "grip_2"}, "lead_member_id": MAASTRICHT}
    return read("incident.reported", ("incident", "i1"), {"incident": [incident]})


def found(event, text_event, **where):
    return fits(event, Match.model_validate({"event": text_event, "where": where}), GROUND.members)


def test_a_request_and_all_that_is_asked_of_it(read):
    """Filters on type, priority, kind, hazard and who asked."""
    incident = reported(read)
    assert incident.at_us == 10 * MINUTE  # at speed 10
    assert found(incident, "incident.reported", hazard="flood", phase="grip_2", member="NL")
    assert incident.figures == {"severity": 4.0}
    event = opened(read)
    assert event.ids == {"request": "r1", "incident": "i1"}
    assert event.figures["quantity"] == 5
    for where in (
        {"type": "boat.rescue"}, {"type": ["pump.high_capacity", "tent.large"]}, {"priority": "life_safety"},
        {"kind": "immediate"}, {"hazard": "flood"}, {"requester": "NL"}, {"requester": "nl-maastricht", "via": "console"}, {},
    ):  # fmt: skip
        assert found(event, "request.opened", **where), where
    for where in ({"type": "tent.large"}, {"kind": "planned"}, {"hazard": "storm"}, {"member": "BE"}, {"lender": "BE"}):
        assert not found(event, "request.opened", **where), where
    assert not found(event, "request.submitted")


def test_what_an_entry_does_not_hold_is_looked_up(read):
    """The entry of a mission on scene holds the mission alone; who asked for what stood in earlier ones."""
    reported(read)
    opened(read)
    acknowledged = read(
        "request.acknowledged", ("acknowledgement", "a1"),
        {"acknowledgement": [{"id": "a1", "request_id": "r1", "member_id": LIEGE}]}, member=LIEGE,
    )  # fmt: skip
    assert acknowledged.ids["request"] == "r1"
    assert found(acknowledged, "request.acknowledged", type="boat.rescue", requester="nl-maastricht", member="BE")
    offer = {"id": "o1", "request_id": "r1", "lender_id": LIEGE, "status": "offered"}
    line = {"id": "ol1", "offer_id": "o1", "request_id": "r1", "request_line_id": "l1", "type_code": "pump.high_capacity", "quantity": 1}  # fmt: skip
    made = read("offer.made", ("offer", "o1"), {"offer": [offer], "offer_line": [line]}, member=LIEGE)
    assert found(made, "offer.made", type="pump.high_capacity", lender="be-liege", requester="NL", hazard="flood")
    assert not found(made, "offer.made", type="boat.rescue")
    assert made.figures == {"offered_quantity": 1.0}
    mission = {
        "id": "x1", "request_id": "r1", "request_line_id": "l1", "offer_id": "o1", "incident_id": "i1", "kind": "immediate",
        "lender_id": LIEGE, "requester_id": MAASTRICHT, "type_code": "pump.high_capacity", "crossing_id": CROSSING,
    }  # fmt: skip
    arrived = read("mission.on_scene", ("mission", "x1"), {"mission": [mission]}, member=LIEGE)
    assert arrived.ids | {"mission": "x1", "request": "r1", "offer": "o1"} == arrived.ids
    assert found(
        arrived, "mission.on_scene", type="pump.high_capacity", priority="life_safety", crossing="eijsden-vise"
    )
    assert not found(arrived, "mission.on_scene", type="boat.rescue")
    guided = read("mission.guide_named", ("mission", "x1"), {"mission": [mission]})
    assert found(guided, "mission.guide_named", member="nl-maastricht", lender="BE")


def test_crossings_resources_and_the_service_itself(read):
    """The border, what is at home, and what nobody did."""
    closed = read("crossing.state_set", ("crossing", CROSSING), {"crossing": [{"id": CROSSING, "control": "closed", "delay_min": 20}]})  # fmt: skip
    assert found(closed, "crossing.state_set", crossing="eijsden-vise", control="closed")
    assert closed.figures == {"delay_min": 20.0}
    unit = {"id": "u1", "member_id": LIEGE, "type_code": "pump.high_capacity", "status": "reserved"}
    reserved = read("resource.reserved", ("resource", "u1"), {"resource": [unit]}, member=None)
    assert reserved.member is None
    assert reserved.resources == (("u1", "be-liege", "pump.high_capacity", "reserved"),)
    assert found(reserved, "resource.reserved", owner="BE", status="reserved", type="pump.high_capacity")
    assert not found(reserved, "resource.reserved", member="BE")
    declined = read("request.declined", ("response", "p1"), {"response": [{"id": "p1", "request_id": "r9", "member_id": LIEGE, "reason": "crew"}]})  # fmt: skip
    assert found(declined, "request.declined", reason="crew")


def test_an_entry_that_was_erased_is_still_an_event(read):
    """What it was about is gone; that it happened is not."""
    opened(read)
    reader_entry = read("request.closed", ("request", "r1"), {})
    assert found(reader_entry, "request.closed", requester="NL")
    removed = read("request.changed", ("request", "r2"), {"request": [{"id": "r2", "removed": True}]})
    assert removed.ids == {}


def test_parties():
    """A member, a country, all; and the service is none of them."""
    countries = GROUND.members
    assert belongs("be-liege", ("BE",), countries)
    assert belongs("be-liege", ("all",), countries)
    assert belongs("be-liege", ("NL", "be-liege"), countries)
    assert not belongs("be-liege", ("NL",), countries)
    assert not belongs(None, ("all",), countries)
