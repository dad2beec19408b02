"""Help from day to day: one ambulance over the border, in one step, without a word about a patient."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from app.commands.calls import AssistNow, ConfirmCall
from app.commands.day_to_day import SendDayToDay
from app.commands.incidents import ReportIncident
from app.commands.measures import RecordMeasures
from app.commands.members import ChangeMember
from app.commands.missions import Recall, ReleaseMission
from app.commands.notices import TOLD_ON
from app.commands.questions import AskQuestion
from app.commands.requests import ChangeRequest, DraftRequest
from app.domain.errors import Conflict, MissingField, NoFreeText, NotAvailable, OutOfRange, RoleMissing
from app.queries.requests import requests
from app.queries.snapshot import snapshot
from tests.commands.conftest import LUIK, MAAS, PUMP
from tests.interleaving import overlapping
from tests.world import flood

AMBULANCE = {"type_code": "ambulance.als", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
HOSPITAL = {"place": "CHR Citadelle", "lon": 5.58, "lat": 50.65}


@pytest.fixture
def ask_one(act, world):
    """Has maas ask luik for an ambulance."""

    async def asks(**other):
        body = {"kind": "day_to_day", "to_member_id": str(world.members["luik"]), "lines": [AMBULANCE], "then": "open"}
        return await act(DraftRequest, **(body | other))

    return asks


async def test_asked_and_sent_in_one_step(act, ask_one, walk, world, conn, clock, assert_fold):
    """Three of four crossings are an ambulance: two clicks, nothing to sign, nothing to close."""
    asked = await ask_one()
    assert asked.subject["incident_id"] is None
    sent = await act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-ambulance-1"])
    mission = UUID(str(sent.id))
    assert (sent.subject["status"], sent.subject["kind"]) == ("mobilising", "day_to_day")
    assert sent.subject["agreement_id"] == str(world.agreements["maas-broad"])
    assert await conn.fetchval("SELECT status FROM request") == "committed"
    clock.move(minutes=10)
    await walk(mission, "in_transit", "on_scene")
    await walk(mission, "transporting", destination=HOSPITAL)
    await walk(mission, "at_destination")
    await act(ReleaseMission, mission)
    clock.move(minutes=30)
    home = await walk(mission, "returning", "returned")
    told = home.subject
    assert (told["destination"], told["destination_lon"]) == ("CHR Citadelle", 5.58)
    assert told["kilometres_from"] == "estimate"
    assert home.kind == "mission"
    assert await conn.fetchval("SELECT status FROM request") == "closed", "it closes by itself"
    await act(RecordMeasures, mission, who=LUIK, kilometres=48)
    await assert_fold()


async def test_by_telephone(act, world, conn, assert_fold):
    """They ring, it rolls: no incident, and no debt once both dispatchers have said so."""
    body = {"requester_id": world.members["maas"], "lender_id": world.members["luik"], "kind": "day_to_day",
            "type_code": "ambulance.als", "quantity": 1, "lon": 5.7, "lat": 50.78}  # fmt: skip
    called = await act(AssistNow, who=LUIK, resource_ids=[world.resources["luik-ambulance-1"]], **body)
    assert await conn.fetchval("SELECT kind FROM request") == "day_to_day"
    await act(ConfirmCall, called.id, who=MAAS)
    assert await conn.fetchval("SELECT count(*) FROM debt WHERE status <> 'made_good'") == 0
    with pytest.raises(MissingField):
        await act(AssistNow, **(body | {"kind": "immediate"}))
    await assert_fold()


async def test_nothing_about_a_patient_is_kept(act, ask_one, world, conn):
    """A name or a diagnosis in a journal that all neighbours read could never be taken back."""
    with pytest.raises(NoFreeText) as refused:
        await ask_one(note="Mevr. Jansen, 81, CVA")
    assert refused.value.errors[0].pointer == "/note"
    draft = await ask_one(then="draft")
    with pytest.raises(NoFreeText):
        await act(ChangeRequest, draft.id, note="CVA")
    asked = await ask_one()
    with pytest.raises(NoFreeText):
        await act(AskQuestion, asked.id, who=LUIK, text="Which diagnosis?")
    sent = await act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-ambulance-1"])
    with pytest.raises(NoFreeText):
        await act(Recall, sent.id, who=LUIK, why="x" * 201)
    assert (await act(Recall, sent.id, who=LUIK, why="Breakdown.")).subject["ended_by"] == "recalled"


async def test_one_unit_and_one_only(act, ask_one, world):
    """Ten ambulances are no everyday matter, and belong on the disaster's screens."""
    for wrong in ({"lines": [AMBULANCE | {"quantity": 2}]}, {"lines": [AMBULANCE, AMBULANCE]}):
        with pytest.raises(OutOfRange):
            await ask_one(**wrong)
    with pytest.raises(OutOfRange):
        await ask_one(to_member_id=str(world.members["maas"]))
    with pytest.raises(MissingField):
        await ask_one(kind="immediate", to_member_id=None)


async def test_whose_word_it_is(act, ask_one, ask, world):
    """Only who owns the ambulance sends it, and nothing else is sent past the offers."""
    asked = await ask_one()
    unit = {"resource_id": world.resources["luik-ambulance-1"]}
    for other, error in ((MAAS, Conflict), (("luik", "viewer"), RoleMissing)):
        with pytest.raises(error):
            await act(SendDayToDay, asked.id, who=other, **unit)
    with pytest.raises(NotAvailable):
        await act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-engine-1"])
    pumps, _ = await ask((PUMP, 1))
    with pytest.raises(Conflict):
        await act(SendDayToDay, pumps, who=LUIK, resource_id=world.resources["luik-pump-1"])


async def test_it_is_no_part_of_a_disasters_picture(ask_one, act, world, conn):
    """In a flood nobody looks for the pumps between forty ambulances."""
    asked = await ask_one()
    await act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-ambulance-1"])
    async with conn.transaction(isolation="repeatable_read"):
        seen = (await snapshot(conn, "live", world.members["maas"])).rows
    assert (seen["request"], seen["mission"], seen["request_line"]) == ([], [], [])
    assert await requests(conn, "live", viewer=world.members["maas"]) == []
    told = await requests(conn, "live", viewer=world.members["maas"], kind=["day_to_day"])
    assert [row.id for row in told] == [UUID(str(asked.id))]


async def test_a_line_that_is_late_is_told_once(act, incident, clock, due, conn, assert_fold):
    """Who asked for pumps by six must hear at six that three are missing, and not find it out at seven."""
    line = {"type_code": PUMP, "quantity": 3, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    by = (clock.now() + timedelta(hours=2)).isoformat()
    await act(DraftRequest, incident_id=incident, kind="immediate", lines=[line | {"needed_by": by}], then="open")
    clock.move(hours=1, minutes=59)
    await due()
    late = "SELECT count(*) FROM journal_entry WHERE type = 'request.line_late'"
    assert await conn.fetchval(late) == 0
    clock.move(minutes=1)
    await due()
    await due()
    assert await conn.fetchval(late) == 1
    await assert_fold()


@pytest.mark.parametrize("at", [1, 2, 3, 5])
async def test_two_send_at_once(act, ask_one, world, conn, monkeypatch, at, assert_fold):
    """Two ambulances for one patient leave the next one without any."""
    asked = await ask_one(lines=[AMBULANCE | {"type_code": "engine.pumper"}], to_member_id=None)
    one = act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-engine-1"])
    two = act(SendDayToDay, asked.id, who=("aken", "dispatcher"), resource_id=world.resources["aken-engine-1"])
    answers = await overlapping(monkeypatch, conn, one, two, at=at)
    assert sum(isinstance(answer, Conflict) for answer in answers) == 1
    assert await conn.fetchval("SELECT count(*) FROM mission") == 1
    await assert_fold()


async def test_no_authority_is_told_of_it(act, ask_one, walk, world, conn, clock):
    """A governor would be told of every ambulance, and the control room would have to confirm what no screen shows."""
    office = {"name": "Governor", "kind": "governor", "contact": None}
    for member in ("maas", "luik"):
        informed = {"informed_authorities": [office], "inform_on": list(set(TOLD_ON.values()))}
        await act(ChangeMember, world.members[member], who=(member, "admin"), **informed)
    asked = await ask_one()
    sent = await act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-ambulance-1"])
    await walk(UUID(str(sent.id)), "in_transit", "on_scene")
    assert await conn.fetchval("SELECT count(*) FROM authority_notice") == 0
    body = {"requester_id": world.members["maas"], "lender_id": world.members["luik"], "kind": "day_to_day",
            "type_code": "engine.pumper", "quantity": 1, "lon": 5.7, "lat": 50.78}  # fmt: skip
    await act(AssistNow, who=LUIK, **body)
    assert await conn.fetchval("SELECT count(*) FROM authority_notice") == 0
    incident = (await act(ReportIncident, **flood())).id
    await act(AssistNow, who=LUIK, **(body | {"kind": "immediate", "incident_id": incident}))
    assert await conn.fetchval("SELECT count(*) FROM authority_notice") > 0
