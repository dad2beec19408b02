"""Slips of the finger and things that can't be: refused with what to do, before anybody drives or pays for them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from app.commands.calls import AssistNow
from app.commands.erasure import ErasePerson
from app.commands.host_support import AskHostSupport, ConfirmHostSupport
from app.commands.incidents import CloseIncident
from app.commands.measures import RecordMeasures
from app.commands.missions import AdvanceMission, AssignUnit, StandDown
from app.commands.requests import CancelRequest, DraftRequest
from app.commands.users import AddUser
from app.domain.errors import Conflict, Malformed, OutOfRange, TransitionNotAllowed
from app.domain.lifecycle import machine
from tests.commands.conftest import LUIK, MAAS, PUMP

AR = "authorised_representative"


@pytest.fixture
def call(act, world, incident):
    """Has maas's dispatcher write down pumps of luik's that were agreed on the telephone."""

    async def calls(quantity=1, **other):
        body = {"requester_id": world.members["maas"], "lender_id": world.members["luik"], "incident_id": incident,
                "type_code": PUMP, "quantity": quantity, "lon": 5.7, "lat": 50.78}  # fmt: skip
        return await act(AssistNow, **body | other)

    return calls


async def test_a_hundred_pumps_of_a_member_that_has_three(call, conn):
    """One nought too many on the telephone would put a hundred missions on everybody's screen."""
    with pytest.raises(OutOfRange) as refused:
        await call(quantity=100)
    (reason,) = refused.value.extra["reasons"]
    assert (reason["code"], reason["figures"]) == ("beyond_owned", {"quantity": 100, "owned": 3})
    assert refused.value.errors[0].pointer == "/quantity"
    assert await conn.fetchval("SELECT count(*) FROM mission") == 0
    assert len((await call(quantity=3)).rows["mission"]) == 3


async def test_nothing_leaves_that_has_no_name(act, call, walk, world, assert_fold):
    """A unit on the road that still stands at home in the books would be promised a second time."""
    called = await call()
    mission = UUID(called.rows["mission"][0]["id"])
    for via in ("console", "dispatch_system"):
        with pytest.raises(Conflict) as refused:
            await act(AdvanceMission, mission, who=LUIK, via=via, to="in_transit")
        assert refused.value.extra["current"]["resource_id"] is None
    await act(AssignUnit, mission, who=LUIK, resource_id=world.resources["luik-pump-1"])
    assert (await walk(mission, "in_transit")).subject["status"] == "in_transit"
    await assert_fold()


async def test_what_never_had_a_unit_ends_and_is_not_measured(act, call, walk):
    """It was stood down before anybody named a unit: there is nothing to come home, and nothing to bill."""
    mission = UUID((await call()).rows["mission"][0]["id"])
    await act(StandDown, mission)
    await walk(mission, "returning", "returned")
    with pytest.raises(Conflict):
        await act(RecordMeasures, mission, who=("luik", "finance"), kilometres=50.0)


async def test_measures_are_held_against_the_mission_s_own_time(act, home):
    """Six hours with four people are not 5,000 hours of work, whoever types them into a claim."""
    (mission,) = await home("luik-pump-1", hours=6)
    finance = ("luik", "finance")
    with pytest.raises(OutOfRange) as refused:
        await act(RecordMeasures, mission, who=finance, crew_count=400)
    assert refused.value.errors[0].pointer == "/crew_count"
    for field, much in (("person_hours", 1_000_000.0), ("kilometres", 20_000.0)):
        with pytest.raises(OutOfRange) as refused:
            await act(RecordMeasures, mission, who=finance, **{field: much})
        assert refused.value.errors[0].pointer == f"/{field}"
    told = await act(RecordMeasures, mission, who=finance, person_hours=900.0, kilometres=5000.0)
    assert {warning["code"]: warning["figures"] for warning in told.warnings} == {
        "person_hours_implausible": {"person_hours": 900.0, "most": 34.0},
        "kilometres_implausible": {"kilometres": 5000.0, "most": 910},
    }
    assert (await act(RecordMeasures, mission, who=finance, crew_count=12, person_hours=72.0)).warnings == []


async def test_nobody_is_there_yesterday(act, incident, sent, clock, world):
    """A time that has passed is a slip: nobody can be there by then, and the alarm would ring at once."""
    line = {"type_code": PUMP, "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    hour_ago = (clock.now() - timedelta(hours=1)).isoformat()
    body = {"incident_id": incident, "kind": "immediate", "lines": [line | {"needed_by": hour_ago}]}
    with pytest.raises(OutOfRange) as refused:
        await act(DraftRequest, **body)
    assert refused.value.errors[0].pointer == "/lines/0/needed_by"
    assert "occurred_at" in refused.value.advice
    await act(DraftRequest, occurred_at=(clock.now() - timedelta(minutes=70)).isoformat(), **body)
    just_now = (clock.now() - timedelta(minutes=2)).isoformat()
    await act(DraftRequest, **body | {"lines": [line | {"needed_by": just_now}]})
    (mission,) = await sent("luik-pump-1")
    with pytest.raises(OutOfRange):
        await act(AskHostSupport, mission, who=LUIK, kind="fuel", quantity=1, needed_by=hour_ago)
    asked = await act(AskHostSupport, mission, who=LUIK, kind="fuel", quantity=1)
    with pytest.raises(OutOfRange) as refused:
        await act(ConfirmHostSupport, asked.id, who=MAAS, place="Depot Maastricht", ready_at=hour_ago)
    assert refused.value.errors[0].pointer == "/ready_at"


@pytest.mark.parametrize("weak", ["a" * 12, "abababababab", "passpasspass", "aabbaabbccaabb"])
def test_what_is_long_by_repetition_alone_is_no_password(weak):
    """Twelve times the same key is the first thing that is tried."""
    body = {"login": "b.maes", "display_name": "Bea Maes", "roles": ["viewer"], "language": "nl"}
    with pytest.raises(ValidationError):
        AddUser.model_validate(body | {"password": weak})
    AddUser.model_validate(body | {"password": "seven boats on the Meuse"})


@pytest.mark.parametrize("own", ["beatrijs.maes", "Beatrijs-Maes1", "beatrijsmaes2026", "Beatrijs Maes!"])
async def test_one_s_own_name_is_no_password(act, own):
    """With a full stop or the year behind it, it is still the second thing that is tried."""
    body = {"login": "beatrijs.maes", "display_name": "Bea", "roles": ["viewer"], "language": "nl"}
    with pytest.raises(Malformed):
        await act(AddUser, who=("maas", "admin"), password=own, **body)


async def test_why_somebody_was_erased_is_said(act, world, conn):
    """An auditor asks on whose wish a name is gone."""
    gone = await act(
        ErasePerson, world.members["maas"], who=("maas", "admin"), names=["Piet de Boer"], why="Asked by letter."
    )
    said = await conn.fetchval("SELECT payload::text FROM journal_entry WHERE type = 'person.erased'")
    assert "Asked by letter." in said
    assert gone.kind == "member"


async def test_an_incident_with_open_requests_is_not_closed(act, ask, conn):
    """Lenders would go on to offer for a flood that is over."""
    request, _ = await ask((PUMP, 1))
    incident = await conn.fetchval("SELECT incident_id FROM request WHERE id = $1", request)
    with pytest.raises(Conflict) as refused:
        await act(CloseIncident, incident, who=("maas", AR))
    (listed,) = refused.value.extra["requests"]
    assert listed["id"] == request
    await act(CancelRequest, request, who=("maas", AR))
    assert (await act(CloseIncident, incident, who=("maas", AR))).subject["status"] == "closed"


async def test_a_refusal_names_the_steps_that_somebody_can_choose(act, sent, walk, ask):
    """*Possible from here: nothing* is not true of a unit that was stood down, and nobody chooses to lose a part of a request."""
    (mission,) = await sent("luik-pump-1")
    await act(StandDown, mission)
    with pytest.raises(TransitionNotAllowed) as refused:
        await act(RecordMeasures, mission, who=("luik", "finance"), kilometres=50.0)
    assert refused.value.extra["allowed"] == machine("mission").steps("stood_down")
    assert refused.value.extra["allowed"]
    assert "nothing" not in refused.value.detail
    request, _ = await ask((PUMP, 1))
    assert machine("request").steps("committed", {"missions_under_way": False}) == ["close"]
    assert request
