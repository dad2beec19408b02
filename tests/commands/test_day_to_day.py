"""Help from day to day: one ambulance over the border, in one step, without a word about a patient."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from app.commands.calls import AssistNow, ConfirmCall
from app.commands.crossings import SetCrossingState
from app.commands.day_to_day import SendDayToDay
from app.commands.inbox_matters import RunInboxMessage
from app.commands.incidents import CloseIncident, ReportIncident
from app.commands.measures import RecordMeasures
from app.commands.members import ChangeMember
from app.commands.missions import AdvanceMission, Recall, ReleaseMission
from app.commands.notices import TOLD_ON
from app.commands.offers import MakeOffer
from app.commands.questions import AskQuestion
from app.commands.registry import BY_NAME
from app.commands.rendezvous import AddRendezvous, SendToRendezvous, SetRendezvousState
from app.commands.requests import AcknowledgeRequest, CancelRequest, ChangeRequest, DraftRequest
from app.commands.responses import DeclineRequest
from app.commands.routes import RerouteMission
from app.domain import authority
from app.domain.errors import (
    ConcordError,
    Conflict,
    MissingField,
    NoFreeText,
    NotAvailable,
    NotFound,
    OutOfRange,
    RoleMissing,
    TransitionNotAllowed,
)
from app.domain.forms import prose_of
from app.queries.requests import requests
from app.queries.snapshot import snapshot
from tests.commands.conftest import LUIK, MAAS, PUMP
from tests.commands.telling import Cad
from tests.commands.test_who_may import actor_of
from tests.commands.who_may import CASES, Scene
from tests.interleaving import overlapping
from tests.world import everywhere, flood

AMBULANCE = {"type_code": "ambulance.als", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
SOMEBODY = AMBULANCE | {"lat": 50.7813}
"""Where nothing else of the world is."""
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


async def told_to_all(conn, world):
    """Return the types of entries that tell the corridor of where the patient is; what the two alone are told is theirs."""
    both = {world.members["luik"], world.members["maas"]}
    rows = await conn.fetch(
        "SELECT type, visibility, parties, payload FROM journal_entry WHERE payload LIKE '%50.7813%'"
    )
    assert [row["type"] for row in rows if row["visibility"] == "parties" and not set(row["parties"]) <= both] == []
    return [row["type"] for row in rows if row["visibility"] == "corridor"]


async def test_what_the_service_itself_tells_of_it_is_for_the_two(act, ask_one, world, conn, clock, due, assert_fold):
    """Nobody has come in time, or nobody at all: all neighbours would read where somebody lies."""
    late = (clock.now() + timedelta(minutes=10)).isoformat()
    await ask_one(lines=[SOMEBODY | {"needed_by": late}], expires_at=(clock.now() + timedelta(minutes=30)).isoformat())
    clock.move(minutes=31)
    await due()
    told = {row["type"] for row in await conn.fetch("SELECT type FROM journal_entry")}
    assert told >= {"request.line_late", "request.expired"}
    assert await told_to_all(conn, world) == []
    assert await conn.fetchval("SELECT visibility FROM journal_entry WHERE type = 'request.expired'") == "parties"
    await assert_fold()


async def test_what_a_dispatch_system_tells_of_it_is_for_the_two(door, act, ask_one, world, conn, clock, assert_fold):
    """The crew presses a key: all neighbours would read whose door it stands at."""
    cad = await Cad.of(door, world, codes={"4801": "luik-ambulance-1"})
    asked = await ask_one(lines=[SOMEBODY])
    await act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-ambulance-1"])
    clock.move(minutes=10)
    answer = await cad.tells(cad.fms(4, unit="4801"))
    assert answer.outcome == "applied"
    assert {each["event"] for each in answer.effects} == {"mission.in_transit", "mission.on_scene"}
    held = await cad.tells(cad.fms(99, unit="4801"))
    await cad.does(RunInboxMessage, held.message_id, changes=[{"at": "/status", "value": "4"}])
    assert await told_to_all(conn, world) == []
    await assert_fold()


async def test_what_others_do_tells_nothing_of_it(act, ask_one, world, conn, assert_fold):
    """A neighbour closes a bridge, a staging area, an incident: nobody but the two learns by it that there is an ambulance."""
    aken, two = ("aken", "dispatcher"), sorted((world.members["luik"], world.members["maas"]))
    incident = (await act(ReportIncident, who=aken, **flood())).id
    body = {"guide_code": "M3", "names": everywhere("Vaals"), "kind": "staging_area", "capacity": 2}
    place = (await act(AddRendezvous, who=aken, code="vaals", lon=5.98, lat=50.77, **body)).id
    asked = await ask_one(incident_id=incident)
    lead = ("aken", "authorised_representative")
    closing = await act(CloseIncident, incident, who=lead)
    assert closing.warnings == []
    mission = (await act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-ambulance-1"])).id
    await act(RerouteMission, mission, who=LUIK, crossing_id=world.crossings["vaals"])
    await act(SendToRendezvous, mission, who=LUIK, rendezvous_id=place)

    for receipt in (
        await act(SetCrossingState, world.crossings["vaals"], who=aken, control="closed"),
        await act(SetRendezvousState, place, who=aken, status="closed"),
    ):
        assert (receipt.warnings, set(receipt.rows)) == ([], {receipt.kind})
        entry = await conn.fetchrow("SELECT visibility, payload FROM journal_entry WHERE seq <= $1 AND subject_id = $2 ORDER BY seq DESC LIMIT 1", receipt.seq, receipt.id)  # fmt: skip
        assert (entry["visibility"], str(mission) in entry["payload"]) == ("corridor", False)
    barred = await conn.fetchrow("SELECT parties, subject_id FROM journal_entry WHERE type = 'mission.way_barred'")
    assert (sorted(barred["parties"]), barred["subject_id"]) == (two, mission)

    told = await act(SetCrossingState, world.crossings["vaals"], control="closed")
    assert ([each["missions"] for each in told.warnings], "mission" in told.rows) == ([[str(mission)]], True)
    await assert_fold()


async def test_the_lead_of_an_incident_hears_of_its_own_alone(act, ask_one, world):
    """How much help goes on for it: what two neighbours drive from day to day does not count, and what is its own does."""
    aken, lead = ("aken", "dispatcher"), ("aken", "authorised_representative")
    for who, said in ((aken, []), (MAAS, [{"missions": 1, "requests": 1}])):
        incident = (await act(ReportIncident, who=who, **flood())).id
        asked = await ask_one(incident_id=incident)
        if who is MAAS:
            lead = ("maas", "authorised_representative")
            with pytest.raises(Conflict):
                await act(CloseIncident, incident, who=lead)
        sent = await act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-ambulance-1"])
        closed = await act(CloseIncident, incident, who=lead)
        assert [each["figures"] for each in closed.warnings] == said
        for state in ("in_transit", "on_scene", "returning", "returned"):
            if state == "returning":
                await act(ReleaseMission, sent.id)
            await act(AdvanceMission, sent.id, who=LUIK, to=state)


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
    for address in ("Kerkstraat 12, Heerlen", "Mevr. Jansen"):
        with pytest.raises(NoFreeText) as refused:
            await ask_one(lines=[AMBULANCE | {"place": address}])
        assert refused.value.errors[0].pointer == "/lines/0/place"
    draft = await ask_one(then="draft")
    with pytest.raises(NoFreeText):
        await act(ChangeRequest, draft.id, lines=[AMBULANCE | {"place": "Kerkstraat 12"}])
    with pytest.raises(NoFreeText):
        await act(ChangeRequest, draft.id, note="CVA")
    asked = await ask_one()
    with pytest.raises(NoFreeText):
        await act(AskQuestion, asked.id, who=LUIK, text="Which diagnosis?")
    sent = await act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-ambulance-1"])
    with pytest.raises(NoFreeText):
        await act(Recall, sent.id, who=LUIK, why="x" * 201)
    assert (await act(Recall, sent.id, who=LUIK, why="Breakdown.")).subject["ended_by"] == "recalled"


PATIENT = "Mr Janssens has a stroke"


async def test_no_step_of_a_request_tells_of_a_patient(act, ask_one, conn):
    """A reason is asked for nowhere here, and is a line; so a name would fit in it."""
    asked = await ask_one()
    line = asked.rows["request_line"][0]["id"]
    tried = (
        (AcknowledgeRequest, LUIK, {"why": PATIENT}, "/why"),
        (DeclineRequest, LUIK, {"reason": "none_available", "note": PATIENT}, "/note"),
        (MakeOffer, LUIK, {"note": PATIENT, "lines": [{"request_line_id": line}]}, "/note"),
        (CancelRequest, MAAS, {"why": PATIENT}, "/why"),
    )
    for command, who, body, pointer in tried:
        with pytest.raises(NoFreeText) as refused:
            await act(command, asked.id, who=who, **body)
        assert refused.value.errors[0].pointer == pointer
    assert await conn.fetchval("SELECT count(*) FROM journal_entry WHERE payload LIKE '%Janssens%'") == 0


OF_OTHER_THINGS = frozenset(
    [
        "acknowledge_statement",
        "add_contact",
        "add_depot",
        "add_external_id",
        "add_log_entry",
        "add_protocol_overlay",
        "add_rendezvous",
        "add_resource",
        "agree_to_exchange_rate",
        "alarm_automatic_aid",
        "answer_dispute",
        "answer_statement",
        "answer_turn_swap",
        "answer_unit_call",
        "change_agreement_draft",
        "change_contact",
        "change_depot",
        "change_formation",
        "change_incident",
        "change_member",
        "change_phase",
        "change_protocol_overlay",
        "change_rendezvous",
        "change_resource",
        "close_claim",
        "close_incident",
        "consent_to_agreement",
        "contest_exchange_rate",
        "decline_unasked_offer",
        "discard_claim",
        "discard_inbox_message",
        "dispute_claim_line",
        "dispute_statement",
        "draft_agreement",
        "draft_agreement_version",
        "end_external_id",
        "enter_exchange_rate",
        "erase_person",
        "erase_user",
        "form_formation",
        "hand_over_shift",
        "import_contacts",
        "import_depots",
        "import_resources",
        "name_representative",
        "offer_unasked",
        "pay_claim",
        "pay_statement",
        "propose_agreement",
        "propose_turn_swap",
        "reissue_statement",
        "remove_contact",
        "remove_depot",
        "remove_protocol_overlay",
        "remove_representative",
        "report_incident",
        "resume_agreement",
        "retire_resource",
        "review_agreement",
        "run_inbox_message",
        "say_lender_word",
        "set_crossing_state",
        "set_duty",
        "set_rendezvous_state",
        "set_resource_status",
        "submit_claim",
        "suspend_agreement",
        "take_into_dispatch",
        "take_over_shift",
        "take_up_unasked_offer",
        "terminate_agreement",
        "tick_checklist_item",
        "untick_checklist_item",
        "verify_claim",
        "waive_claim",
        "withdraw_agreement",
        "withdraw_dispute",
        "withdraw_lender_word",
        "withdraw_turn_swap",
        "withdraw_unasked_offer",
    ]
)
"""Commands whose texts are about no help that somebody asked for, or cannot be about help from day to day."""
OF_DRILLS = frozenset(
    [
        "add_corrective_action",
        "answer_ready",
        "approve_drill",
        "change_corrective_action",
        "change_drill",
        "close_drill",
        "deliver_inject",
        "end_drill",
        "explain_stop",
        "go_ahead_with_drill",
        "hold_hot_wash",
        "jump_drill",
        "observe_drill",
        "overrule_rating",
        "pause_drill",
        "plan_drill",
        "reach_sync_point",
        "resume_drill",
        "schedule_drill",
        "set_drill_speed",
        "stand_down_drill",
        "start_drill",
        "stop_drill",
        "tick_expectation",
        "write_hot_wash",
    ]
)
"""Commands about a drill itself: its plan, its steps, what was seen in it and what came of it."""

OF_A_LINE = frozenset(
    {("recall", "why"), ("abort_mission", "why"), ("take_back_call", "why"), ("call_off_request", "why")}
)
"""Texts without which the act is not to be had: they are short here."""


async def test_no_command_tells_of_a_patient(door, world, tools, conn):
    """The next command that takes a text would be the next that forgets this: here all help there is is help from day to day.

    A command that is about no help goes into one of the two lists above.
    """
    scene = Scene(world, tools)
    await scene.prepare()
    people = [actor_of(world, member, role) for member in ("maas", "luik", "aken") for role in authority.roles()]
    let_through, kept_out = set(), set()
    for command in CASES.keys() - OF_OTHER_THINGS - OF_DRILLS:
        for make in CASES[command]:
            case = await make(scene)
            await conn.execute(
                "UPDATE request SET kind = 'day_to_day', to_member_id = $1 WHERE member_id <> $1", world.members["luik"]
            )
            await conn.execute("UPDATE mission SET kind = 'day_to_day'")
            body = case.body("luik") if callable(case.body) else case.body
            if command in {"draft_request", "assist_now"}:
                body = body | {"kind": "day_to_day"}
            if command == "draft_request":
                body = body | {"lines": [AMBULANCE], "to_member_id": world.members["luik"]}
            for field in prose_of(BY_NAME[command].model):
                told = BY_NAME[command].model.model_validate(body | {field: PATIENT})
                for actor in people:
                    try:
                        await door.rehearse(told, actor=actor, space="live", target=case.target)
                    except NoFreeText as refusal:
                        kept_out.add((command, field, refusal.errors[0].pointer))
                    except ConcordError:
                        continue
                    else:
                        let_through.add((command, field))
    assert let_through == OF_A_LINE, sorted({c for c, _ in let_through - OF_A_LINE})
    assert all(pointer == f"/{field}" for _, field, pointer in kept_out)
    assert len(kept_out) > 40, "the cases have come to nothing"


async def test_one_unit_and_one_only(act, ask_one, world):
    """Ten ambulances are no everyday matter, and belong on the disaster's screens."""
    for wrong in ({"lines": [AMBULANCE | {"quantity": 2}]}, {"lines": [AMBULANCE, AMBULANCE]}):
        with pytest.raises(OutOfRange):
            await ask_one(**wrong)
    with pytest.raises(OutOfRange):
        await ask_one(to_member_id=str(world.members["maas"]))
    with pytest.raises(MissingField):
        await ask_one(kind="immediate", to_member_id=None)
    with pytest.raises(MissingField) as nobody:
        await ask_one(to_member_id=None)
    assert nobody.value.errors[0].pointer == "/to_member_id"


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


async def test_who_was_not_asked_takes_no_ones_place(act, ask_one, world):
    """Two ambulances would leave for one patient, or the one that was asked would stay in its garage."""
    asked = await ask_one(lines=[AMBULANCE | {"type_code": "engine.pumper"}])
    line = asked.rows["request_line"][0]["id"]
    other = ("aken", "dispatcher")
    tried = (
        (AcknowledgeRequest, {}),
        (DeclineRequest, {"reason": "crew"}),
        (MakeOffer, {"lines": [{"request_line_id": line}]}),
        (SendDayToDay, {"resource_id": world.resources["aken-engine-1"]}),
    )
    for command, body in tried:
        with pytest.raises(NotFound):
            await act(command, asked.id, who=other, **body)
    await act(AcknowledgeRequest, asked.id, who=LUIK)
    await act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-engine-1"])


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
    asked = await ask_one(lines=[AMBULANCE | {"type_code": "engine.pumper"}])
    one = act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-engine-1"])
    two = act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-engine-2"])
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


async def test_an_ambulance_turns_home_by_its_own_word(act, ask_one, walk, world, conn, clock, assert_fold):
    """It has handed over at the hospital, and would wait there until somebody on the other side finds the button."""
    asked = await ask_one()
    sent = await act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-ambulance-1"])
    mission = UUID(str(sent.id))
    await walk(mission, "in_transit", "on_scene")
    with pytest.raises(TransitionNotAllowed) as early:
        await walk(mission, "returning")
    assert "release_mission" in early.value.extra["can_send"]
    assert "`release_mission` by requester (authorised representative, dispatcher)" in early.value.advice
    await walk(mission, "transporting", destination=HOSPITAL)
    await walk(mission, "at_destination")
    assert (await walk(mission, "returning")).subject["status"] == "returning"
    told = await conn.fetchrow("SELECT payload FROM journal_entry WHERE type = 'mission.released'")
    assert '"inferred":true' in told["payload"]
    await walk(mission, "returned")
    assert await conn.fetchval("SELECT status FROM request") == "closed"
    await assert_fold()
