"""Automatic aid: one command alarms the first lender of the clause, and each lender says one word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement, SuspendAgreement
from app.commands.automatic_aid import AlarmAutomaticAid, AnswerAutomaticAlarm, CallOffAutomaticAid, PassAutomaticAlarm
from app.commands.incidents import CloseIncident
from app.commands.missions import AdvanceMission, AssignUnit, Recall, StandDown
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.requests import CloseRequest
from app.commands.resources import SetResourceStatus
from app.domain.authority import SYSTEM
from app.domain.errors import (
    AgreementRefused,
    Conflict,
    MissingField,
    NotAvailable,
    NotFound,
    OutOfRange,
    RoleMissing,
    TransitionNotAllowed,
)
from app.queries.automatic_aid import covered
from tests.commands.conftest import LUIK, MAAS, PUMP, RATES
from tests.interleaving import overlapping
from tests.world import box, everywhere

AKEN, HASSELT = ("aken", "dispatcher"), ("hasselt", "dispatcher")
STRIP = box(5.6, 50.7, 5.9, 50.9)
TWO_MINUTES = timedelta(minutes=2)
STOPS = range(1, 9)


REPRESENTATIVE = ("aken", "authorised_representative")


@pytest.fixture
async def clause(act, world):
    """Puts an agreement with a clause of automatic aid into force: luik first, then aken."""

    async def signs(*, code="automatic", precedence=10, reserve=(), kinds=("immediate",), **other):
        parties = [world.members[each] for each in ("maas", "luik", "aken")]
        aid = {
            "types": [PUMP],
            "strip": STRIP,
            "quantity": 2,
            "lenders": [str(world.members["luik"]), str(world.members["aken"])],
        }
        drafted = await act(
            DraftAgreement,
            who=SYSTEM,
            code=code,
            names=everywhere("Automatic aid"),
            lenders=parties,
            borrowers=parties,
            terms={"kinds": list(kinds), "reserve": list(reserve), "automatic_aid": [aid | other]},
            effective_at=datetime(2026, 1, 1, tzinfo=UTC),
            precedence=precedence,
        )
        await act(ProposeAgreement, drafted.id, who=SYSTEM)
        for party in parties:
            await act(ConsentToAgreement, drafted.id, who=SYSTEM, on_behalf_of=party)
        return drafted.id

    return signs


@pytest.fixture
def alarm(act, incident):
    """Alarms for pumps at the lock of Ternaaien, as maas."""

    async def alarms(*, who=MAAS, **other):
        body = {"type_code": PUMP, "lon": 5.7, "lat": 50.78, "place": "Sluis Ternaaien"}
        return await act(AlarmAutomaticAid, incident, who=who, **body | other)

    return alarms


@pytest.fixture
def answer(act):
    """Answers an alarm: ``rolling`` with the units of these names, or ``cannot``."""

    async def answers(alarm_id, *units, who=LUIK, reason="own_emergency", **other):
        said = {"rolling": True, "resource_ids": list(units)} if units else {"rolling": False, "reason": reason}
        return await act(AnswerAutomaticAlarm, UUID(alarm_id), who=who, **said | other)

    return answers


def alarm_of(receipt, lender=None):
    """The alarm that a receipt tells as raised, of the member if one is named."""
    rows = [row for row in receipt.rows["automatic_alarm"] if lender in {None, row["lender_id"]}]
    return rows[-1]


async def entries(conn, like="%"):
    rows = await conn.fetch("SELECT type, visibility, payload FROM journal_entry WHERE type LIKE $1 ORDER BY seq", like)
    return [(row["type"], row["visibility"], orjson.loads(row["payload"])) for row in rows]


async def told(conn, like="automatic%"):
    return [type_ for type_, _, _ in await entries(conn, like)]


async def of(conn, table, id_):
    return await conn.fetchrow(f"SELECT * FROM {table} WHERE id = $1", UUID(str(id_)))


# ---------------------------------------------------------------- alarmed, and rolling


async def test_one_command_and_the_lender_is_alarmed(clause, alarm, conn, world, assert_fold):
    """What the clause has promised is not asked for again: request, offer and mission stand, and nobody owes a signature."""
    agreement = await clause()
    receipt = await alarm()
    assert (receipt.kind, receipt.subject["status"], receipt.subject["lacking"]) == ("automatic_aid", "alarmed", 1)
    assert receipt.rows["request"][0]["status"] == "committed"
    assert receipt.rows["offer"][0]["status"] == "accepted"
    (mission,) = receipt.rows["mission"]
    assert (mission["status"], mission["resource_id"]) == ("committed", None)
    assert (mission["agreement_id"], mission["crossing_id"]) == (str(agreement), str(world.crossings["eijsden"]))
    raised = alarm_of(receipt)
    assert raised["lender_id"] == str(world.members["luik"])
    assert (raised["turn"], raised["status"], raised["answer_by"]) == (1, "alarmed", "2026-07-14T12:02:00.000000Z")
    seen = {type_: visibility for type_, visibility, _ in await entries(conn)}
    assert seen["automatic_aid.alarmed"] == seen["automatic_alarm.raised"] == seen["offer.accepted"] == "parties"
    assert seen["request.opened"] == seen["mission.committed"] == "corridor"
    assert await conn.fetchval("SELECT count(*) FROM debt") == 0
    await assert_fold()


async def test_rolling_names_the_unit_and_it_mobilises(
    clause, alarm, answer, act, conn, world, clock, due, assert_fold
):
    """The pump is out of the gate at the first word, and the two minutes that were left change nothing any more."""
    await clause()
    raised = alarm_of(await alarm())
    clock.at += timedelta(seconds=40)
    unit = world.resources["luik-pump-1"]
    said = await answer(raised["id"], unit)
    assert (said.kind, said.subject["status"], said.subject["sends"]) == ("automatic_alarm", "rolling", 1)
    (mission,) = said.rows["mission"]
    assert (mission["status"], mission["resource_id"]) == ("mobilising", str(unit))
    assert said.rows["resource"][0]["status"] == "committed"
    assert said.rows["automatic_aid"][0] | {"lacking": 0, "status": "rolling"} == said.rows["automatic_aid"][0]
    clock.at += TWO_MINUTES
    await due()
    assert (await of(conn, "automatic_alarm", raised["id"]))["status"] == "rolling"
    await act(AdvanceMission, UUID(mission["id"]), who=LUIK, to="in_transit")
    await assert_fold()


# ---------------------------------------------------------------- cannot, silence, nobody left


async def test_cannot_alarms_the_next_in_the_same_breath(clause, alarm, answer, conn, world, assert_fold):
    """Between *cannot* and the next alarm lies no click of anybody's, and the request was never open in between."""
    await clause()
    raised = alarm_of(await alarm())
    said = await answer(raised["id"], note="Eigen brand in Herstal.")
    assert (said.subject["status"], said.subject["reason"]) == ("cannot", "own_emergency")
    after = alarm_of(said, str(world.members["aken"]))
    assert (after["turn"], after["status"]) == (2, "alarmed")
    ended, waiting = sorted(said.rows["mission"], key=lambda row: row["status"])
    assert (ended["status"], ended["ended_by"], ended["resource_id"]) == ("closed", "aborted", None)
    assert (waiting["status"], waiting["lender_id"]) == ("committed", str(world.members["aken"]))
    assert "request" not in said.rows, "one mission went, another came: the request is as it was"
    again = await answer(after["id"], world.resources["aken-pump-1"], who=AKEN)
    assert again.rows["automatic_aid"][0]["status"] == "rolling"
    assert await told(conn) == [
        "automatic_aid.alarmed",
        "automatic_alarm.raised",
        "automatic_alarm.cannot",
        "automatic_alarm.raised",
        "automatic_aid.passed_on",
        "automatic_alarm.rolling",
        "automatic_aid.rolling",
    ]
    await assert_fold()


async def test_silence_is_noticed_after_two_minutes(clause, alarm, conn, clock, due, world, assert_fold):
    """A control room where nobody looks up must not cost more than two minutes."""
    await clause()
    raised = alarm_of(await alarm())
    clock.at += TWO_MINUTES - timedelta(seconds=1)
    await due()
    assert (await of(conn, "automatic_alarm", raised["id"]))["status"] == "alarmed"
    clock.at += timedelta(seconds=1)
    await due()
    first = await of(conn, "automatic_alarm", raised["id"])
    assert (first["status"], first["answered_at"]) == ("silent", None)
    second = await conn.fetchrow("SELECT * FROM automatic_alarm WHERE turn = 2")
    assert (second["lender_id"], second["status"]) == (world.members["aken"], "alarmed")
    clock.at += TWO_MINUTES
    await due()
    aid = await conn.fetchrow("SELECT * FROM automatic_aid")
    assert (aid["status"], aid["lacking"]) == ("unfilled", 1)
    assert (await told(conn))[-1] == "automatic_aid.unfilled"
    assert await conn.fetchval("SELECT status FROM request") == "open", "everybody sees that help is still wanted"
    await assert_fold()


async def test_a_request_that_no_lender_rolled_for_was_never_filled(clause, alarm, act, clock, due):
    """The statistics would count a call that nobody came to as help."""
    await clause()
    receipt = await alarm()
    for _ in range(2):
        clock.at += TWO_MINUTES
        await due()
    closed = await act(CloseRequest, UUID(receipt.rows["request"][0]["id"]))
    assert closed.subject["status"] == "unfilled"


async def test_fewer_than_wanted_roll_and_the_next_is_alarmed_for_the_rest(
    clause, alarm, answer, world, conn, assert_fold
):
    """A lender with one pump of two sends it at once; the other is not waited for."""
    await clause()
    raised = alarm_of(await alarm(quantity=2))
    said = await answer(raised["id"], world.resources["luik-pump-1"])
    assert (said.subject["status"], said.subject["sends"]) == ("rolling", 1)
    after = alarm_of(said, str(world.members["aken"]))
    assert (after["quantity"], said.rows["automatic_aid"][0]["lacking"]) == (1, 1)
    done = await answer(after["id"], who=AKEN)
    assert done.rows["automatic_aid"][0]["status"] == "unfilled"
    assert done.rows["request"][0]["status"] == "partly_committed"
    assert await conn.fetchval("SELECT count(*) FROM mission WHERE status = 'mobilising'") == 1
    await assert_fold()


# ---------------------------------------------------------------- who is passed over, and why


def passed_over(receipt):
    return {
        each["lender_id"]: [reason["code"] for reason in each["reasons"]] for each in receipt.subject["passed_over"]
    }


async def test_a_lender_keeps_its_reserve(clause, alarm, world, assert_fold):
    """Automatic does not mean that a city is left without a pump: whoever can't keep its floor is passed over, and it is told why."""
    await clause(reserve=[{"type": PUMP, "keep": 3}])
    receipt = await alarm(quantity=2)
    luik, aken = (str(world.members[each]) for each in ("luik", "aken"))
    assert passed_over(receipt) == {luik: ["reserve_floor"], aken: ["reserve_floor", "reserve_floor"]}, (
        "both keep one more by the broad one"
    )
    assert receipt.subject["status"] == "unfilled"
    assert "automatic_alarm" not in receipt.rows
    detail = receipt.subject["passed_over"][0]["reasons"][0]["detail"]
    assert "3" in detail
    await assert_fold()


async def test_each_is_alarmed_for_as_many_as_it_can_send(clause, alarm, answer, world, conn, assert_fold):
    """Four pumps wanted, two free in one city and one or two in the next: nobody would roll if each had to have all four."""
    await clause(reserve=[{"type": PUMP, "keep": 1}], quantity=4)
    receipt = await alarm(quantity=4)
    luik, aken = (str(world.members[each]) for each in ("luik", "aken"))
    first = alarm_of(receipt)
    assert (first["lender_id"], first["quantity"], receipt.subject["lacking"]) == (luik, 2, 4), "one of three stays"
    assert len(receipt.rows["mission"]) == 2
    assert receipt.rows["request"][0]["status"] == "partly_committed"
    said = await answer(first["id"], *world.units("luik", "pump")[:2])
    second = alarm_of(said, aken)
    assert said.rows["automatic_aid"][0]["lacking"] == 2
    sends = world.units("aken", "pump")[: second["quantity"]]
    done = await answer(second["id"], *sends, who=AKEN)
    lacking = 2 - len(sends)
    ended = done.rows["automatic_aid"][0]
    assert (ended["lacking"], ended["status"]) == (lacking, "unfilled" if lacking else "rolling")
    assert await conn.fetchval("SELECT count(*) FROM mission WHERE status = 'mobilising'") == 2 + len(sends)
    await assert_fold()


async def test_what_others_sent_meanwhile_is_not_alarmed_for(clause, alarm, answer, act, world, conn, assert_fold):
    """While the first lender has its two minutes for two of four, the second one offers the rest by itself."""
    await act(
        SuspendAgreement,
        world.agreements["maas-broad"],
        who=REPRESENTATIVE,
        reason="It keeps one pump of each at home.",
    )
    await clause(quantity=2)
    receipt = await alarm(quantity=4)
    request, line = (UUID(receipt.rows[each][0]["id"]) for each in ("request", "request_line"))
    lines = [{"request_line_id": line, "resource_id": unit} for unit in world.units("aken", "pump")]
    offer = await act(MakeOffer, request, who=AKEN, lines=lines)
    await act(AcceptOffer, offer.id)
    await act(CommitOffer, offer.id, who=AKEN)
    said = await answer(alarm_of(receipt)["id"], *world.units("luik", "pump")[:2])
    ended = said.rows["automatic_aid"][0]
    assert (ended["status"], ended["lacking"]) == ("rolling", 0)
    assert await conn.fetchval("SELECT count(*) FROM automatic_alarm") == 1
    assert await conn.fetchval("SELECT status FROM request") == "committed"
    await assert_fold()


async def test_a_clause_lets_as_many_go_as_it_says(clause, alarm, world):
    """Three wanted, two agreed: two go under the clause, and the third is not silently theirs as well."""
    await clause(quantity=2)
    receipt = await alarm(quantity=3)
    assert (alarmed_member(receipt, world), alarm_of(receipt)["quantity"]) == ("luik", 2)


def alarmed_member(receipt, world):
    return next(name for name, id_ in world.members.items() if str(id_) == alarm_of(receipt)["lender_id"])


async def test_who_has_nothing_free_is_passed_over(clause, alarm, act, world):
    """An alarm to an empty station loses two minutes."""
    await clause()
    for unit in world.units("luik", "pump"):
        await act(SetResourceStatus, unit, who=LUIK, status="out_of_service", reason="maintenance")
    receipt = await alarm()
    assert alarmed_member(receipt, world) == "aken"
    assert passed_over(receipt) == {str(world.members["luik"]): ["reserve_floor", "none_free"]}


async def test_hours_and_numbers_of_the_clause_hold(clause, alarm, answer, world, clock):
    """Noon in UTC is two in the afternoon in Liège; and what is out under the clause counts against it."""
    await clause(hours={"begins": "18:00", "ends": "07:00"}, quantity=1)
    at_day = await alarm()
    assert at_day.subject["status"] == "unfilled"
    assert at_day.subject["passed_over"][0]["reasons"] == [
        {
            "code": "outside_hours",
            "blocking": True,
            "detail": "Automatic aid holds from 18:00 to 07:00 there.",
            "figures": {"begins": "18:00", "ends": "07:00"},
        }
    ]
    clock.at += timedelta(hours=5)
    first = await alarm()
    assert alarmed_member(first, world) == "luik"
    await answer(alarm_of(first)["id"], world.resources["luik-pump-1"])
    second = await alarm()
    assert alarmed_member(second, world) == "aken"
    assert passed_over(second) == {str(world.members["luik"]): ["beyond_clause"]}


async def test_a_suspended_agreement_alarms_nobody(clause, alarm, act):
    """What was set aside this morning must not send an engine tonight."""
    agreement = await clause()
    await act(SuspendAgreement, agreement, who=("maas", "authorised_representative"), reason="Under review.")
    receipt = await alarm()
    assert receipt.subject["status"] == "unfilled"
    assert receipt.subject["passed_over"][0]["reasons"][0]["code"] == "not_in_force"


async def test_of_two_clauses_the_one_that_lets_it_counts(clause, alarm, world):
    """A night clause first and a day clause behind it: at noon the lender goes under the second one."""
    await clause(hours={"begins": "22:00", "ends": "06:00"})
    by_day = await clause(code="by-day", precedence=20)
    receipt = await alarm()
    assert alarm_of(receipt)["agreement_id"] == str(by_day)
    assert receipt.subject["passed_over"] == []


# ---------------------------------------------------------------- refused


async def test_where_no_clause_holds_nothing_is_opened(clause, alarm, conn, act, incident):
    """Automatic aid that nobody has promised would be a request that pretends to be an order."""
    with pytest.raises(AgreementRefused):
        await alarm()
    await clause()
    for outside in ({"type_code": "engine.pumper"}, {"lon": 6.2, "lat": 50.8}):
        with pytest.raises(AgreementRefused):
            await alarm(**outside)
    with pytest.raises(AgreementRefused):
        await alarm(who=HASSELT)
    with pytest.raises(RoleMissing):
        await alarm(who=("maas", "viewer"))
    await act(CloseIncident, incident, who=("maas", "authorised_representative"))
    with pytest.raises(TransitionNotAllowed):
        await alarm()
    assert await conn.fetchval("SELECT count(*) FROM request") == 0


async def test_a_clause_alarms_only_who_lends(clause, world):
    """A city would be alarmed under a paper that it lends nothing under."""
    with pytest.raises(OutOfRange) as refused:
        await clause(lenders=[str(world.members["hasselt"])])
    assert refused.value.errors[0].pointer == "/terms/automatic_aid/0/lenders/0"


async def test_an_answer_is_one_clear_word(clause, alarm, answer, world, act, conn):
    """A half-said answer would leave both sides believing different things."""
    await clause()
    id_ = alarm_of(await alarm())["id"]
    with pytest.raises(MissingField):
        await act(AnswerAutomaticAlarm, UUID(id_), who=LUIK, rolling=True)
    with pytest.raises(MissingField):
        await act(AnswerAutomaticAlarm, UUID(id_), who=LUIK, rolling=False)
    with pytest.raises(OutOfRange):
        await act(
            AnswerAutomaticAlarm,
            UUID(id_),
            who=LUIK,
            rolling=False,
            reason="crew",
            resource_ids=world.units("luik", "pump"),
        )
    with pytest.raises(OutOfRange):
        await answer(id_, *world.units("luik", "pump")[:2])
    with pytest.raises(NotFound):
        await answer(id_, world.resources["aken-pump-1"])
    with pytest.raises(NotAvailable):
        await answer(id_, world.resources["luik-engine-1"])
    with pytest.raises(NotFound):
        await answer(id_, who=AKEN)
    with pytest.raises(RoleMissing):
        await answer(id_, who=MAAS)
    await answer(id_, world.resources["luik-pump-1"])
    with pytest.raises(TransitionNotAllowed) as late:
        await answer(id_)
    assert late.value.extra["current"]["status"] == "rolling"
    assert await conn.fetchval("SELECT count(*) FROM automatic_alarm") == 1


async def test_only_the_lender_and_the_requester_see_the_alarm(clause, alarm, act, world, answer):
    """A third city learns what is wanted and who goes, and not who was asked in vain."""
    await clause()
    receipt = await alarm()
    with pytest.raises(NotFound):
        await answer(alarm_of(receipt)["id"], who=HASSELT)
    with pytest.raises(NotFound):
        await act(CallOffAutomaticAid, receipt.id, who=LUIK)


# ---------------------------------------------------------------- other ways


async def test_the_requester_calls_it_off(clause, alarm, act, conn, clock, due, answer, assert_fold):
    """A lender is told at once that it need not go, and nobody is alarmed after it."""
    await clause()
    receipt = await alarm()
    off = await act(CallOffAutomaticAid, receipt.id)
    assert (off.subject["status"], off.rows["automatic_alarm"][0]["status"]) == ("called_off", "called_off")
    assert (off.rows["mission"][0]["status"], off.rows["mission"][0]["ended_by"]) == ("closed", "stood_down")
    assert off.rows["request"][0]["status"] == "open"
    clock.at += TWO_MINUTES
    await due()
    assert await conn.fetchval("SELECT count(*) FROM automatic_alarm") == 1
    with pytest.raises(TransitionNotAllowed):
        await answer(alarm_of(receipt)["id"])
    with pytest.raises(TransitionNotAllowed):
        await act(CallOffAutomaticAid, receipt.id)
    await assert_fold()


@pytest.mark.parametrize(
    ("command", "who", "body", "status", "of_aid"),
    [
        (AdvanceMission, LUIK, {"to": "mobilising"}, "rolling", "rolling"),
        (Recall, LUIK, {"why": "Own fire."}, "cannot", "alarmed"),
        (StandDown, MAAS, {}, "called_off", "called_off"),
    ],
)
async def test_what_is_done_with_the_mission_is_an_answer(
    clause, alarm, act, conn, due, assert_fold, command, who, body, status, of_aid
):
    """A dispatch system that says the unit is on its way has answered, and so has whoever ends the mission by hand."""
    await clause()
    receipt = await alarm()
    await act(command, UUID(receipt.rows["mission"][0]["id"]), who=who, **body)
    await due()
    assert (await of(conn, "automatic_alarm", alarm_of(receipt)["id"]))["status"] == status
    assert (await of(conn, "automatic_aid", receipt.id))["status"] == of_aid
    await assert_fold()


async def test_a_unit_is_named_with_the_answer_and_not_before(clause, alarm, act, world):
    """A unit on a mission whose alarm is open would be sent home by the silence."""
    await clause()
    receipt = await alarm()
    with pytest.raises(Conflict):
        await act(
            AssignUnit, UUID(receipt.rows["mission"][0]["id"]), who=LUIK, resource_id=world.resources["luik-pump-1"]
        )


# ---------------------------------------------------------------- at once


@pytest.fixture
def meet(monkeypatch, pg, assert_fold):
    """Carries out two commands that overlap; returns their answers; the journal still folds."""

    async def meets(first, second, at):
        answers = await overlapping(monkeypatch, await pg(), first, second, at=at)
        await assert_fold()
        for each in answers:
            if isinstance(each, BaseException) and not isinstance(each, Conflict):
                raise each
        return answers

    return meets


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", STOPS)
async def test_the_last_second_has_one_outcome(clause, alarm, answer, act, meet, conn, clock, world, at, swapped):
    """*Rolling* and the end of the two minutes at one moment: the unit rolls, or the next is alarmed, and never both."""
    await clause()
    raised = alarm_of(await alarm())
    clock.at += TWO_MINUTES
    pair = [
        answer(raised["id"], world.resources["luik-pump-1"]),
        act(PassAutomaticAlarm, UUID(raised["id"]), who=SYSTEM),
    ]
    await meet(*(reversed(pair) if swapped else pair), at)
    live = await conn.fetch("SELECT lender_id, resource_id FROM mission WHERE status NOT IN ('returned', 'closed')")
    assert len(live) == 1
    first = await of(conn, "automatic_alarm", raised["id"])
    unit = await of(conn, "resource", world.resources["luik-pump-1"])
    rolls = first["status"] == "rolling"
    assert (unit["status"], live[0]["resource_id"] is not None) == (
        ("committed", True) if rolls else ("available", False)
    )
    assert await conn.fetchval("SELECT count(*) FROM automatic_alarm") == (1 if rolls else 2)


@pytest.mark.parametrize("at", STOPS)
async def test_cannot_and_silence_alarm_the_next_once(clause, alarm, answer, act, meet, conn, clock, at):
    """Two ways to the next lender at one moment must not alarm it twice, nor the one after it."""
    await clause()
    raised = alarm_of(await alarm())
    clock.at += TWO_MINUTES
    await meet(answer(raised["id"]), act(PassAutomaticAlarm, UUID(raised["id"]), who=SYSTEM), at)
    assert await conn.fetchval("SELECT count(*) FROM automatic_alarm") == 2
    assert await conn.fetchval("SELECT count(*) FROM mission WHERE status = 'committed'") == 1


@pytest.mark.parametrize("at", STOPS)
async def test_two_alarms_never_count_on_one_unit(clause, alarm, act, meet, conn, world, at):
    """Two incidents, one pump left in Liège: the second alarm goes to Aachen, and nobody waits for a pump that is not there."""
    await act(
        SuspendAgreement,
        world.agreements["maas-broad"],
        who=REPRESENTATIVE,
        reason="It keeps one pump of each at home.",
    )
    await clause()
    for unit in world.units("luik", "pump")[1:]:
        await act(SetResourceStatus, unit, who=LUIK, status="out_of_service", reason="maintenance")
    await meet(alarm(), alarm(), at)
    lenders = {row["lender_id"] for row in await conn.fetch("SELECT lender_id FROM automatic_alarm")}
    assert lenders == {world.members["luik"], world.members["aken"]}


@pytest.mark.parametrize("at", STOPS)
async def test_one_unit_rolls_once(clause, alarm, answer, meet, conn, world, at):
    """Two alarms of one dispatch, and the same pump named to both."""
    await clause()
    first, second = alarm_of(await alarm()), alarm_of(await alarm())
    unit = world.resources["luik-pump-1"]
    answers = await meet(answer(first["id"], unit), answer(second["id"], unit), at)
    assert sorted(type(each).__name__ for each in answers) == ["NotAvailable", "Receipt"]
    assert await conn.fetchval("SELECT count(*) FROM mission WHERE resource_id = $1", unit) == 1


async def test_the_preview_says_what_the_alarm_will_say(sign, act, incident, alarm, world, reader, clock):
    """*Luik would roll*, says the screen; the alarm finds that the year's money is spent, and nobody rolls."""
    aid = {"types": [PUMP], "strip": STRIP, "quantity": 2, "lenders": [str(world.members["luik"])]}
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES}
    await sign(cost, yearly_cost={"amount": "10.00", "currency": "EUR"}, automatic_aid=[aid])
    seen = await covered(
        reader, "live", incident=incident, requester=world.members["maas"], lon=5.7, lat=50.78, at=clock.now()
    )
    (lender,) = seen[0].lenders
    told = (await alarm()).subject
    (passed,) = told["passed_over"]
    assert (lender.would_send, told["status"]) == (0, "unfilled")
    assert [(each.code, each.figures) for each in lender.reasons] == [
        (each["code"], each["figures"]) for each in passed["reasons"]
    ]


async def test_nobody_is_alarmed_beyond_what_the_clauses_promise(clause, alarm, conn):
    """Two of each of two lenders were signed for: a fifth has nobody's signature, and is asked for as other help is."""
    await clause()
    with pytest.raises(AgreementRefused) as refused:
        await alarm(quantity=5)
    assert refused.value.errors[0].pointer == "/quantity"
    (reason,) = refused.value.extra["reasons"]
    assert (reason["code"], reason["figures"]) == ("beyond_clause", {"quantity": 5, "most": 4})
    assert await conn.fetchval("SELECT count(*) FROM request") == 0
    assert (await alarm(quantity=4)).subject["quantity"] == 4
