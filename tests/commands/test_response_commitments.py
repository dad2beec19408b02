"""Response commitments: what an agreement promises is measured, and told as kept or broken with its figure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement
from app.commands.automatic_aid import AlarmAutomaticAid, AnswerAutomaticAlarm, CallOffAutomaticAid
from app.commands.calls import AssistNow, ConfirmCall
from app.commands.day_to_day import SendDayToDay
from app.commands.extensions import AnswerExtension, AskExtension
from app.commands.missions import AdvanceMission, StandDown
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.reliefs import PlanRelief
from app.commands.requests import AcknowledgeRequest, CancelRequest, CloseRequest, DraftRequest
from app.commands.response_commitments import BreakResponseCommitment
from app.commands.responses import DeclineRequest
from app.domain.authority import SYSTEM
from app.domain.errors import Conflict
from tests.commands.conftest import LUIK, MAAS, PUMP
from tests.interleaving import overlapping
from tests.world import box, everywhere

ASKS, BOSS = ("maas", "authorised_representative"), ("luik", "authorised_representative")
PROMISE = {"acknowledge_min": 5, "answer_min": 15, "turn_out_min": 10, "binding": "obligatory"}


@pytest.fixture
async def promise(act, world):
    """Puts an agreement between maas and luik into force that promises a response."""

    async def signs(*response, code="promised", precedence=10, **terms):
        parties = [world.members[each] for each in ("maas", "luik")]
        drafted = await act(
            DraftAgreement,
            who=SYSTEM,
            code=code,
            names=everywhere("Promised"),
            lenders=parties,
            borrowers=parties,
            terms={"kinds": ["immediate", "planned", "day_to_day"], "response": list(response or [PROMISE])} | terms,
            effective_at=datetime(2026, 1, 1, tzinfo=UTC),
            precedence=precedence,
        )
        await act(ProposeAgreement, drafted.id, who=SYSTEM)
        for party in parties:
            await act(ConsentToAgreement, drafted.id, who=SYSTEM, on_behalf_of=party)
        return drafted.id

    return signs


@pytest.fixture
def kept(conn):
    """Reads {step: (status, minutes it took)}, of everybody, in the order of the steps."""

    async def reads():
        rows = await conn.fetch("SELECT * FROM response_commitment ORDER BY step, id")
        return {
            row["step"]: (row["status"], row["done_at"] and (row["done_at"] - row["since"]).total_seconds() / 60)
            for row in rows
        }

    return reads


@pytest.fixture
def send(act, world):
    """Has luik offer its first pump, maas accept it, luik commit it; returns the mission's id."""

    async def sends(request, line):
        unit = world.resources["luik-pump-1"]
        offer = await act(MakeOffer, request, who=LUIK, lines=[{"request_line_id": line, "resource_id": unit}])
        await act(AcceptOffer, offer.id)
        committed = await act(CommitOffer, offer.id, who=LUIK)
        return UUID(committed.rows["mission"][0]["id"])

    return sends


async def test_a_note_goes_with_a_request_that_a_promise_is_measured_for(promise, act, incident, assert_fold):
    """Whoever writes one word beside the pumps would be told that there is no such request: it and the promise are made at once."""
    await promise()
    line = {"type_code": PUMP, "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    said = {"incident_id": incident, "kind": "immediate", "lines": [line], "note": "Voor de kade.", "then": "open"}
    made = await act(DraftRequest, **said)
    assert made.rows["response_commitment"]
    await assert_fold()


async def test_what_was_promised_begins_with_the_opening(promise, ask, conn, world, assert_fold):
    """Both sides see from the first moment by when an answer is due, and nobody else does."""
    agreement = await promise()
    await ask((PUMP, 1))
    rows = await conn.fetch("SELECT * FROM response_commitment ORDER BY due_at")
    assert [(row["step"], row["within_min"], row["binding"]) for row in rows] == [
        ("acknowledge", 5, "obligatory"),
        ("answer", 15, "obligatory"),
    ]
    assert {(row["lender_id"], row["agreement_id"]) for row in rows} == {(world.members["luik"], agreement)}
    seen = await conn.fetch("SELECT visibility, parties FROM journal_entry WHERE type = 'response_commitment.begun'")
    assert [(row["visibility"], set(row["parties"])) for row in seen] == [
        ("parties", {world.members["maas"], world.members["luik"]})
    ]
    await assert_fold()


async def test_kept_in_time_with_the_figure(promise, ask, act, send, kept, clock, due, assert_fold):
    """Who answers in time has it in writing, to the second."""
    await promise()
    request, (line,) = await ask((PUMP, 1))
    clock.move(minutes=4, seconds=30)
    await act(AcknowledgeRequest, request, who=LUIK)
    clock.move(minutes=5)
    mission = await send(request, line)
    clock.move(minutes=7)
    await act(AdvanceMission, mission, who=LUIK, to="mobilising")
    await act(AdvanceMission, mission, who=LUIK, to="in_transit")
    clock.move(minutes=60)
    await due()
    assert await kept() == {"acknowledge": ("kept", 4.5), "answer": ("kept", 9.5), "turn_out": ("kept", 7.0)}
    await assert_fold()


async def test_broken_at_the_limit_and_the_figure_follows(promise, ask, act, kept, clock, due, conn, assert_fold):
    """The alarm is raised when the time passes, not when somebody asks; how late it was is known once it is done."""
    await promise()
    request, _ = await ask((PUMP, 1))
    clock.move(minutes=5, seconds=-1)
    await due()
    assert (await kept())["acknowledge"] == ("running", None)
    clock.move(seconds=1)
    await due()
    assert await kept() == {"acknowledge": ("broken", None), "answer": ("running", None)}
    clock.move(minutes=3)
    await act(DeclineRequest, request, who=LUIK, reason="crew")
    assert await kept() == {"acknowledge": ("broken", 8.0), "answer": ("kept", 8.0)}
    told = await conn.fetch("SELECT type FROM journal_entry WHERE type LIKE 'response_commitment.%' ORDER BY seq")
    assert [row["type"].partition(".")[2] for row in told] == ["begun", "broken", "done_late", "kept"]
    await assert_fold()


async def test_an_answer_counts_from_when_it_can_be_heard(promise, ask, act, kept, clock, due, assert_fold):
    """Who asked has waited for 23 minutes, whatever the lender writes of the third."""
    await promise()
    request, _ = await ask((PUMP, 1))
    done_at = clock.move(minutes=3)
    clock.move(minutes=20)
    await due()
    assert (await kept())["acknowledge"][0] == "broken"
    await act(AcknowledgeRequest, request, who=LUIK, occurred_at=done_at.isoformat())
    await act(DeclineRequest, request, who=LUIK, reason="crew", occurred_at=done_at.isoformat())
    assert await kept() == {"acknowledge": ("broken", 23.0), "answer": ("broken", 23.0)}
    await assert_fold()


async def test_late_before_anybody_noticed_is_broken(promise, ask, act, kept, clock):
    """A service that was down for an hour must not make late answers good ones."""
    await promise()
    request, _ = await ask((PUMP, 1))
    clock.move(minutes=6)
    await act(AcknowledgeRequest, request, who=LUIK)
    assert (await kept())["acknowledge"] == ("broken", 6.0)


async def test_nobody_need_answer_what_is_no_longer_asked(promise, ask, act, kept, clock, due, assert_fold):
    """A request that was cancelled within the time breaks nobody's word."""
    await promise()
    request, _ = await ask((PUMP, 1))
    await act(CancelRequest, request)
    clock.move(minutes=30)
    await due()
    assert await kept() == {"acknowledge": ("lapsed", None), "answer": ("lapsed", None)}
    await assert_fold()


async def test_a_unit_that_was_stood_down_need_not_turn_out(promise, ask, act, send, kept, clock, due, assert_fold):
    """Whoever was told to stay at home has not broken its word."""
    await promise()
    request, (line,) = await ask((PUMP, 1))
    mission = await send(request, line)
    await act(StandDown, mission)
    clock.move(minutes=30)
    await due()
    assert (await kept())["turn_out"] == ("lapsed", None)
    await assert_fold()


async def test_the_shortest_time_of_all_lines_counts(promise, ask, conn):
    """One answer is given to a request: the most urgent line says by when."""
    await promise({"answer_min": 30}, {"types": ["engine.pumper"], "answer_min": 10})
    await ask((PUMP, 1), ("engine.pumper", 1))
    rows = await conn.fetch("SELECT step, within_min FROM response_commitment")
    assert [tuple(row) for row in rows] == [("answer", 10)]


async def test_only_what_the_agreement_covers_was_promised(promise, ask, conn):
    """An agreement about floods promises nothing about a request that it does not cover."""
    await promise(types=["engine.pumper"])
    await ask((PUMP, 1))
    assert await conn.fetchval("SELECT count(*) FROM response_commitment") == 0


@pytest.fixture
def commitment_of(conn):
    """Reads the row of a step: when it counts from, when it is due, how it ended."""

    async def reads(step, mission=None):
        where = "step = $1" if mission is None else "step = $1 AND mission_id = $2"
        return await conn.fetchrow(
            f"SELECT * FROM response_commitment WHERE {where}", step, *([] if mission is None else [mission])
        )

    return reads


@pytest.fixture
def plan(act, incident, world):
    """Has maas plan for a pump by ``needed_by``, and luik commit its first one; returns the mission's id."""

    async def plans(needed_by):
        wanted = {
            "type_code": PUMP,
            "quantity": 1,
            "priority": "property",
            "lon": 5.7,
            "lat": 50.78,
            "needed_by": needed_by,
        }
        asked = await act(
            DraftRequest, who=ASKS, incident_id=incident, kind="planned", lines=[wanted], then="open"
        )  # fmt: skip
        line = asked.rows["request_line"][0]["id"]
        lines = [{"request_line_id": line, "resource_id": world.resources["luik-pump-1"]}]
        offer = await act(MakeOffer, asked.id, who=BOSS, lines=lines)
        await act(AcceptOffer, offer.id, who=ASKS)
        committed = await act(CommitOffer, offer.id, who=BOSS)
        return UUID(committed.rows["mission"][0]["id"])

    return plans


async def test_planned_help_turns_out_for_the_time_that_it_was_planned_for(
    promise, plan, commitment_of, walk, kept, clock, due, assert_fold
):
    """A pump for Thursday that was committed on Monday is not late on Monday, and late on Thursday if it is still at home."""
    await promise()
    needed_by = clock.now() + timedelta(days=3)
    mission = await plan(needed_by.isoformat())
    planned = await commitment_of("turn_out")
    assert planned["due_at"] - planned["since"] == timedelta(minutes=10)
    assert timedelta(minutes=10) < needed_by - planned["due_at"] < timedelta(hours=1)
    clock.move(days=2)
    await due()
    assert (await kept())["turn_out"] == ("running", None)
    clock.move(seconds=(planned["since"] - clock.now()).total_seconds())
    clock.move(minutes=4)
    await walk(mission, "mobilising", "in_transit")
    assert (await kept())["turn_out"] == ("kept", 4.0)
    await assert_fold()


async def test_planned_help_that_stays_at_home_is_late(promise, plan, commitment_of, kept, clock, due, assert_fold):
    """Whoever waits on the dike is told in the minute in which its pump can no longer be there in time."""
    await promise()
    await plan((clock.now() + timedelta(days=3)).isoformat())
    planned = await commitment_of("turn_out")
    clock.move(seconds=(planned["due_at"] - clock.now()).total_seconds())
    await due()
    assert (await kept())["turn_out"] == ("broken", None)
    await assert_fold()


async def test_planned_help_without_a_time_counts_from_its_commitment(promise, plan, commitment_of, clock):
    """Where nobody has said by when, nobody has said that it may wait."""
    await promise()
    await plan(None)
    assert (await commitment_of("turn_out"))["since"] == clock.now()


async def test_a_relief_turns_out_for_the_handover(promise, sent, act, commitment_of, world, clock, assert_fold):
    """A relief that was planned at noon for the evening has until the evening; if the unit stays for longer, so has the relief."""
    await promise()
    until = clock.now() + timedelta(hours=8)
    (mission,) = await sent("luik-pump-1", relieve_by=until.isoformat())
    planned = await act(PlanRelief, mission, who=BOSS, resource_id=world.resources["luik-pump-2"])
    relief = UUID(planned.rows["mission"][0]["id"])
    before = await commitment_of("turn_out", relief)
    assert timedelta(minutes=10) < until - before["due_at"] < timedelta(hours=1)
    asked = await act(
        AskExtension, mission, until=(until + timedelta(hours=2)).isoformat(), reason="The water stays."
    )  # fmt: skip
    await act(AnswerExtension, asked.id, who=BOSS, granted=True)
    after = await commitment_of("turn_out", relief)
    assert after["due_at"] - before["due_at"] == timedelta(hours=2)
    clock.move(hours=8)
    with pytest.raises(Conflict):
        await act(BreakResponseCommitment, after["id"], who=SYSTEM)
    await assert_fold()


@pytest.fixture
def alarm(promise, act, incident, world):
    """Has maas alarm luik by a clause of automatic aid; returns the alarm's id."""

    async def alarms():
        clause = {
            "types": [PUMP],
            "strip": box(5.6, 50.7, 5.9, 50.9),
            "quantity": 1,
            "lenders": [str(world.members["luik"])],
        }
        await promise(automatic_aid=[clause])
        raised = await act(AlarmAutomaticAid, incident, type_code=PUMP, lon=5.7, lat=50.78)
        return UUID(raised.rows["automatic_alarm"][0]["id"])

    return alarms


async def test_an_alarm_begins_the_answer_and_the_turn_out(alarm, conn, clock):
    """From the alarm to the word and to the gate: what automatic aid promises is measured from the alarm."""
    await alarm()
    rows = await conn.fetch("SELECT step, since, within_min FROM response_commitment ORDER BY within_min")
    assert [tuple(row) for row in rows] == [
        ("acknowledge", clock.now(), 5),
        ("turn_out", clock.now(), 10),
        ("answer", clock.now(), 15),
    ]


@pytest.mark.parametrize("rolls", [True, False])
async def test_the_word_on_an_alarm_is_the_answer(alarm, act, kept, world, clock, assert_fold, rolls):
    """*Rolling* and *cannot* are answers both, with their minute."""
    alarmed = await alarm()
    clock.move(minutes=1)
    body = {"resource_ids": [world.resources["luik-pump-1"]]} if rolls else {"reason": "crew"}
    await act(AnswerAutomaticAlarm, alarmed, who=LUIK, rolling=rolls, **body)
    found = await kept()
    assert (found["acknowledge"], found["answer"]) == (("kept", 1.0), ("kept", 1.0))
    await assert_fold()


async def test_silence_on_an_alarm_breaks_the_promise(alarm, kept, clock, due, assert_fold):
    """The help is taken from the next one; that the first one was silent stands in its record."""
    await alarm()
    clock.move(minutes=16)
    await due()
    found = await kept()
    assert (found["acknowledge"][0], found["answer"][0], found["turn_out"][0]) == ("broken", "broken", "lapsed")
    await assert_fold()


async def test_nobody_need_answer_an_alarm_that_was_called_off(alarm, act, kept, conn, clock, due):
    """The smoke was a barbecue."""
    await alarm()
    await act(CallOffAutomaticAid, await conn.fetchval("SELECT id FROM automatic_aid"))
    await act(CloseRequest, await conn.fetchval("SELECT id FROM request"))
    clock.move(minutes=16)
    await due()
    assert {status for status, _ in (await kept()).values()} == {"lapsed"}


@pytest.fixture
def ring(act, incident, world):
    """Writes down that maas rang luik for a pump; returns the call's id."""

    async def rings(who=MAAS, **more):
        members = {"requester_id": world.members["maas"], "lender_id": world.members["luik"]}
        called = await act(
            AssistNow, who=who, incident_id=incident, type_code=PUMP, quantity=1, lon=5.7, lat=50.78, **members, **more
        )  # fmt: skip
        return called.id

    return rings


async def test_a_call_is_the_answer_and_its_confirmation_the_acknowledgement(
    promise, ring, act, kept, clock, assert_fold
):
    """What was said on the telephone was said at once; that it stands in the lender's own book takes its dispatcher's word."""
    await promise()
    call = await ring()
    found = await kept()
    assert (found["answer"], found["acknowledge"]) == (("kept", 0.0), ("running", None))
    clock.move(minutes=2)
    await act(ConfirmCall, call, who=LUIK)
    assert (await kept())["acknowledge"] == ("kept", 2.0)
    await assert_fold()


async def test_a_call_that_nobody_confirms_was_not_acknowledged(promise, ring, kept, clock, due, assert_fold):
    """The request is committed by then, and the lender's word is missing all the same."""
    await promise()
    await ring()
    clock.move(minutes=5)
    await due()
    assert (await kept())["acknowledge"] == ("broken", None)
    await assert_fold()


async def test_a_call_that_the_lender_wrote_down_needs_no_further_word(promise, ring, kept):
    """Its own book is where it stands."""
    await promise()
    await ring(who=LUIK)
    found = await kept()
    assert (found["answer"], found["acknowledge"]) == (("kept", 0.0), ("kept", 0.0))


async def test_a_call_about_a_request_answers_it(promise, ask, ring, kept, clock):
    """Whoever rings instead of clicking has answered, and has read what it was asked."""
    await promise()
    _, (line,) = await ask((PUMP, 1))
    clock.move(minutes=3)
    await ring(request_line_id=line)
    found = await kept()
    assert (found["answer"], found["acknowledge"]) == (("kept", 3.0), ("kept", 3.0))


async def test_help_from_day_to_day_is_answered_by_its_unit(promise, act, world, kept, clock, assert_fold):
    """The ambulance that is sent is the answer."""
    await promise()
    line = {"type_code": "ambulance.als", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    asked = await act(
        DraftRequest, kind="day_to_day", lines=[line], then="open", to_member_id=world.members["luik"]
    )  # fmt: skip
    clock.move(minutes=1)
    await act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-ambulance-1"])
    found = await kept()
    assert (found["answer"], found["acknowledge"]) == (("kept", 1.0), ("kept", 1.0))
    await assert_fold()


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", range(1, 6))
async def test_the_answer_and_the_limit_at_one_moment(
    promise, ask, act, kept, clock, conn, pg, monkeypatch, assert_fold, at, swapped
):
    """An acknowledgement in the last second is one outcome on both screens."""
    await promise()
    request, _ = await ask((PUMP, 1))
    clock.move(minutes=5)
    id_ = await conn.fetchval("SELECT id FROM response_commitment WHERE step = 'acknowledge'")
    pair = [act(AcknowledgeRequest, request, who=LUIK), act(BreakResponseCommitment, id_, who=SYSTEM)]
    answers = await overlapping(monkeypatch, await pg(), *(reversed(pair) if swapped else pair), at=at)
    for each in answers:
        assert not isinstance(each, BaseException) or isinstance(each, Conflict), each
    assert (await kept())["acknowledge"] == ("kept", 5.0)
    await assert_fold()


async def test_before_its_time_nothing_is_broken(promise, ask, act, conn):
    """A clock that runs ahead must not accuse anybody."""
    await promise()
    await ask((PUMP, 1))
    id_ = await conn.fetchval("SELECT id FROM response_commitment WHERE step = 'answer'")
    with pytest.raises(Conflict):
        await act(BreakResponseCommitment, id_, who=SYSTEM)
    assert timedelta(minutes=15) == await conn.fetchval(
        "SELECT due_at - since FROM response_commitment WHERE id = $1", id_
    )


async def test_of_two_agreements_the_one_that_counts_promises(promise, ask, conn):
    """Precedence decides under which paper help would come, and so by which time it is measured."""
    await promise()
    other = await promise({"answer_min": 3}, code="first", precedence=5)
    await ask((PUMP, 1))
    rows = await conn.fetch("SELECT step, within_min, agreement_id FROM response_commitment")
    assert [tuple(row) for row in rows] == [("answer", 3, other)]


async def test_what_is_kept_at_home_lifts_no_promise_to_answer(promise, ask, conn):
    """A lender that keeps a pump in its south would never have to answer, for the check counted none there."""
    await promise(PROMISE, reserve=[{"type": PUMP, "keep": 1, "area": box(5.4, 50.45, 6.02, 50.75)}])
    await ask((PUMP, 1))
    steps = await conn.fetch("SELECT step FROM response_commitment ORDER BY step")
    assert [row["step"] for row in steps] == ["acknowledge", "answer"]
