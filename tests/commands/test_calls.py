"""Phone calls: what one command writes down, how the other side's record is matched, and the debts that stay."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from app.commands.agreements import SuspendAgreement
from app.commands.calls import AssistNow, ConfirmCall, RingBack
from app.commands.debts import MakeDebtGood, MarkDebtOverdue
from app.commands.due import run_due
from app.commands.incidents import CloseIncident, ReportIncident
from app.commands.missions import AdvanceMission, AssignUnit, Recall, StandDown
from app.commands.offers import MakeOffer
from app.commands.requests import DraftRequest
from app.domain.authority import SYSTEM
from app.domain.errors import (
    AgreementRefused,
    Conflict,
    Forbidden,
    Malformed,
    NotAvailable,
    NotFound,
    OutOfRange,
    OutsideCorridor,
    OverFilled,
    RoleMissing,
    TransitionNotAllowed,
    UnknownCode,
)
from app.queries import calls as queries
from app.queries import missions as mission_queries
from tests.world import flood

MAAS, LUIK, AKEN, HASSELT = ((member, "dispatcher") for member in ("maas", "luik", "aken", "hasselt"))
PUMP = "pump.high_capacity"


@pytest.fixture
def do(door, world):
    """Executes a command as ``who`` (member, role); the body may be left out."""

    async def does(model, target=None, *, who=MAAS, **body):
        command = model.model_validate(body)
        return await door.execute(command, actor=world.actor(*who), space="live", target=target)

    return does


@pytest.fixture
async def incident(do):
    """A flood that maas leads."""
    return (await do(ReportIncident, **flood())).id


@pytest.fixture
def assist(do, incident, world):
    """Writes down that luik sends maas two pumps; ``who`` holds the pen."""

    async def assists(*, who=MAAS, requester="maas", lender="luik", **other):
        body = {
            "requester_id": world.members[requester],
            "lender_id": world.members[lender],
            "incident_id": incident,
            "type_code": PUMP,
            "quantity": 2,
            "lon": 5.7,
            "lat": 50.78,
            "place": "Sluis Ternaaien",
            "person_rung": "Mme Exemple",
            "why": "Water in the substation.",
        }
        return await do(AssistNow, who=who, **body | other)

    return assists


@pytest.fixture
async def conn(pg):
    """A connection beside the door's."""
    return await pg()


async def count(conn, table, where="true"):
    return await conn.fetchval(f"SELECT count(*) FROM {table} WHERE {where}")


def codes(receipt):
    return [warning["code"] for warning in receipt.warnings]


def missions_of(receipt):
    return [UUID(mission["id"]) for mission in receipt.rows["mission"]]


def debts_of(receipt, *, act=None):
    return [debt for debt in receipt.rows.get("debt", []) if act in {None, debt["act"]}]


# ---------------------------------------------------------------- one command


async def test_everything_stands_before_the_unit_is_out_of_the_gate(assist, conn, world, clock, assert_fold):
    """One command after one call, and every screen of the corridor shows who is coming: nothing waits for clicks."""
    called = await assist(occurred_at=(clock.now() - timedelta(minutes=3)).isoformat())
    assert (called.kind, called.subject["status"]) == ("call", "unconfirmed")
    (request,) = called.rows["request"]
    assert (request["status"], request["kind"]) == ("committed", "immediate"), "two wanted, two on their way"
    assert called.rows["offer"][0]["status"] == "accepted"
    (line,) = called.rows["offer_line"]
    assert (line["accepted_quantity"], line["committed"]) == (2, True)
    assert line["agreement_id"] == str(world.agreements["maas-broad"])
    for mission in called.rows["mission"]:
        assert mission["status"] == "mobilising"
        assert mission["status_at"] == "2026-07-14T11:57:00.000000Z"
        assert mission["resource_id"] is None
        assert mission["agreement_id"] == line["agreement_id"]
    assert codes(called) == []
    entries = await conn.fetch("SELECT type, visibility, payload FROM journal_entry WHERE seq > $1 ORDER BY seq", 0)
    seen = {entry["type"]: entry["visibility"] for entry in entries}
    assert seen["call.recorded"] == seen["offer.accepted"] == "parties"
    for type_ in ("request.opened", "mission.mobilising", "request.committed", "debt.owed"):
        assert seen[type_] == "corridor"
    opened = next(orjson.loads(entry["payload"]) for entry in entries if entry["type"] == "request.opened")
    assert len(opened["rows"]["request_line"]) == 1, "everybody sees what was asked for"
    assert not any("Exemple" in entry["payload"] for entry in entries), "names of people never enter the journal"
    assert await conn.fetchval("SELECT person_rung FROM call") == "Mme Exemple"
    await assert_fold()


async def test_the_lender_may_hold_the_pen_and_name_its_units(assist, world, conn, assert_fold):
    """The control room that sends writes it down itself, with the units that rolled: they are on a mission at once."""
    units = [world.resources["luik-pump-1"]]
    called = await assist(who=LUIK, resource_ids=units)
    named, unnamed = called.rows["mission"]
    assert named["resource_id"] == str(units[0])
    assert named["crossing_id"] == str(world.crossings["eijsden"])
    assert unnamed["resource_id"] is None
    assert called.rows["resource"][0]["status"] == "committed"
    assert {debt["act"] for debt in debts_of(called)} == {"open", "accept"}
    assert {debt["member_id"] for debt in debts_of(called)} == {str(world.members["maas"])}
    with pytest.raises(NotAvailable):
        await assist(who=LUIK, resource_ids=units)
    with pytest.raises(Malformed):
        await assist(who=LUIK, quantity=1, resource_ids=world.units("luik", "pump"))
    with pytest.raises(NotFound):
        await assist(who=LUIK, resource_ids=[world.resources["aken-pump-1"]])
    with pytest.raises(NotAvailable):
        await assist(who=LUIK, resource_ids=[world.resources["luik-engine-1"]])
    assert await count(conn, "call") == 1, "what was refused left nothing"
    await assert_fold()


async def test_who_may_write_a_call_down(assist, world, incident, do):
    """A third member can't invent help between two others, and the requester names none of the lender's units."""
    with pytest.raises(RoleMissing):
        await assist(who=AKEN)
    with pytest.raises(RoleMissing):
        await assist(who=("maas", "requester"))
    with pytest.raises(Malformed) as refused:
        await assist(resource_ids=[world.resources["luik-pump-1"]])
    assert refused.value.errors[0].pointer == "/resource_ids"
    with pytest.raises(Malformed):
        await assist(lender="maas")
    with pytest.raises(UnknownCode):
        await assist(type_code="pump.imaginary")
    with pytest.raises(OutsideCorridor):
        await assist(lon=4.9, lat=52.37)
    await do(CloseIncident, incident, who=("maas", "authorised_representative"))
    with pytest.raises(TransitionNotAllowed):
        await assist()


async def test_agreements_warn_and_never_block(assist, do, world, conn, assert_fold):
    """Below the reserve, or without any agreement, the unit rolls all the same; those who sign must be told."""
    below = await assist(quantity=3)
    assert codes(below) == ["reserve_floor"]
    assert below.warnings[0]["figures"]["would_leave"] == 0
    assert below.rows["offer_line"][0]["agreement_id"] == str(world.agreements["maas-broad"])
    assert below.rows["offer_line"][0]["findings"][0]["blocking"] is False
    outside = await assist(lender="hasselt", quantity=1)
    assert {"lender_not_party", "ad_hoc"} <= set(codes(outside))
    assert outside.rows["offer_line"][0]["agreement_id"] is None
    assert outside.rows["mission"][0]["agreement_version"] is None
    agreement = world.agreements["maas-broad"]
    await do(SuspendAgreement, agreement, who=("maas", "authorised_representative"), reason="Under review.")
    assert "not_in_force" in codes(await assist(lender="aken", quantity=1))
    await assert_fold()


async def test_a_call_counts_against_the_reserve(assist, do, incident, world):
    """Pumps that rolled on a call are away, named or not: the next offer must not promise them again."""
    await assist(quantity=2)
    wanted = {"type_code": PUMP, "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.78}
    asked = await do(DraftRequest, incident_id=incident, kind="immediate", lines=[wanted], then="open")
    line = asked.rows["request_line"][0]["id"]
    with pytest.raises(AgreementRefused) as refused:
        await do(MakeOffer, asked.id, who=LUIK, lines=[{"request_line_id": line}])
    (reason,) = refused.value.extra["reasons"]
    assert (reason["code"], reason["figures"]["promised"]) == ("reserve_floor", 2)


# ---------------------------------------------------------------- what was asked for before the telephone rang


@pytest.fixture
def ask(do, incident):
    """Asks for two pumps in the open, as maas does before anybody rings."""

    async def asks(*, then="open", who=MAAS, **line):
        wanted = {"type_code": PUMP, "quantity": 2, "priority": "property", "lon": 5.7, "lat": 50.78}
        return await do(DraftRequest, incident_id=incident, kind="immediate", lines=[wanted | line], then=then, who=who)

    return asks


def line_of(asked):
    return UUID(asked.rows["request_line"][0]["id"])


async def test_a_call_fills_the_request_that_it_is_about(assist, ask, conn, assert_fold):
    """Asked in the open, agreed by telephone: a second request beside the first would bring twice the pumps."""
    asked = await ask()
    called = await assist(who=LUIK, quantity=1, request_line_id=line_of(asked))
    assert await count(conn, "request") == await count(conn, "request_line") == 1
    assert [request["status"] for request in called.rows["request"]] == ["partly_committed"]
    assert {mission["request_line_id"] for mission in called.rows["mission"]} == {str(line_of(asked))}
    assert {debt["act"] for debt in debts_of(called)} == {"accept"}, "it was opened by who may"
    rest = await assist(lender="aken", quantity=1, request_line_id=line_of(asked))
    assert [request["status"] for request in rest.rows["request"]] == ["committed"]
    with pytest.raises(Conflict):
        await assist(lender="aken", quantity=1, request_line_id=line_of(asked))
    await assert_fold()


async def test_a_call_about_a_request_is_matched_too(assist, ask, conn, assert_fold):
    """The other side writes the same call down, about the same request or without naming it: it is confirmed."""
    asked = await ask()
    first = await assist(request_line_id=line_of(asked))
    second = await assist(who=LUIK)
    assert (second.id, second.subject["status"]) == (first.id, "confirmed")
    assert await count(conn, "request") == await count(conn, "call") == 1
    await assert_fold()


async def test_a_call_fills_only_what_it_is_about(assist, ask, do, conn, assert_fold):
    """A slip of the finger must not fill another side's request, another type's, or one that nobody has opened."""
    asked = await ask()
    with pytest.raises(OverFilled) as refused:
        await assist(quantity=3, request_line_id=line_of(asked))
    assert refused.value.errors[0].pointer == "/quantity"
    elsewhere = (await do(ReportIncident, **flood(title="Another flood"))).id
    wrong = (
        {"type_code": "engine.pumper", "quantity": 1},
        {"requester": "aken", "who": AKEN},
        {"incident_id": elsewhere},
        {"request_line_id": UUID(int=1)},
        {"request_line_id": line_of(await ask(then="draft"))},
    )
    for each in wrong:
        with pytest.raises(NotFound):
            await assist(**{"request_line_id": line_of(asked)} | each)
    assert await count(conn, "call") == 0
    await assert_fold()


async def test_two_calls_never_overfill_a_request(assist, ask, conn, assert_fold):
    """Two neighbours agree in one second to fill what one of them can: the second hears that it is filled."""
    asked = await ask()
    calls = [assist(lender=lender, request_line_id=line_of(asked)) for lender in ("luik", "aken")]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sorted(isinstance(each, Conflict) for each in results) == [False, True]
    assert await count(conn, "mission") == 2
    await assert_fold()


# ---------------------------------------------------------------- units named later


async def test_the_lender_names_the_unit_that_rolled(assist, do, world, assert_fold):
    """The call sign comes a minute after the call; from then on the unit is on the mission and on its way."""
    called = await assist(lender="aken", quantity=1)
    (mission,) = missions_of(called)
    with pytest.raises(RoleMissing):
        await do(AssignUnit, mission, who=MAAS, resource_id=world.resources["aken-pump-1"])
    named = await do(AssignUnit, mission, who=AKEN, resource_id=world.resources["aken-pump-1"])
    assert named.subject["crossing_id"] == str(world.crossings["vaals"])
    assert named.subject["has_control"]
    assert named.rows["resource"][0]["status"] == "committed"
    await do(AdvanceMission, mission, who=AKEN, to="in_transit")
    other = await assist(lender="aken", quantity=1, type_code="engine.pumper")
    with pytest.raises(NotAvailable):
        await do(AssignUnit, missions_of(other)[0], who=AKEN, resource_id=world.resources["aken-pump-2"])
    await do(StandDown, mission)
    home = await do(AdvanceMission, mission, who=AKEN, to="returned")
    assert home.rows["resource"][0]["status"] == "available"
    await do(Recall, missions_of(other)[0], who=AKEN, why="Own fire.")
    gone = await do(AdvanceMission, missions_of(other)[0], who=AKEN, to="returned")
    assert gone.subject["resource_id"] is None, "a mission can end before anybody named its unit"
    with pytest.raises(Conflict):
        await do(AssignUnit, missions_of(other)[0], who=AKEN, resource_id=world.resources["aken-engine-1"])
    await assert_fold()


async def test_two_dispatchers_name_one_unit(assist, do, world, conn, assert_fold):
    """One pump can't be on two missions, also when two desks name it in one second."""
    missions = missions_of(await assist(quantity=2))
    naming = [do(AssignUnit, each, who=LUIK, resource_id=world.resources["luik-pump-1"]) for each in missions]
    results = await asyncio.gather(*naming, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NotAvailable", "Receipt"]
    assert await count(conn, "mission", "resource_id IS NOT NULL") == 1
    await assert_fold()


# ---------------------------------------------------------------- two sides, one call


async def test_the_other_sides_record_is_matched(assist, world, conn, clock, assert_fold):
    """Both control rooms write the call down, as they should; twice the pumps on the screens would send nobody else."""
    first = await assist()
    clock.move(minutes=1)
    second = await assist(who=LUIK, person_rung="Dhr. Voorbeeld", resource_ids=world.units("luik", "pump")[:2])
    assert second.id == first.id
    assert second.subject["status"] == "confirmed"
    assert "call_matched" in codes(second)
    assert await count(conn, "request") == await count(conn, "call") == 1
    assert await count(conn, "mission") == await count(conn, "mission", "resource_id IS NOT NULL") == 2
    assert await conn.fetchval("SELECT confirmed_person FROM call") == "Dhr. Voorbeeld"
    assert await count(conn, "debt", "status <> 'made_good'") == 0, (
        "the lender's dispatcher may commit an immediate one"
    )
    await assert_fold()


@pytest.mark.parametrize(
    "other",
    [
        {"quantity": 1},
        {"type_code": "engine.pumper"},
        {"occurred_at": "2026-07-14T11:29:00Z"},
        {"requester": "luik", "lender": "maas"},
    ],
    ids=["quantity", "type", "half an hour apart", "the other way round"],
)
async def test_another_call_is_another_request(assist, conn, other, assert_fold):
    """Two calls that only resemble each other are two needs: the second must not vanish in the first."""
    await assist()
    second = await assist(who=LUIK, **other)
    assert "call_matched" not in codes(second)
    assert await count(conn, "request") == 2
    await assert_fold()


async def test_the_same_side_twice(assist, conn):
    """Two desks of one control room write down two calls; whoever wrote the second must hear that it may be the same."""
    await assist()
    assert "call_like_another" in codes(await assist())
    assert await count(conn, "request") == 2


async def test_both_sides_at_the_same_moment(assist, conn, assert_fold):
    """Both press Enter in one second: one request, whichever came first."""
    results = await asyncio.gather(assist(), assist(who=LUIK))
    assert len({receipt.id for receipt in results}) == 1
    assert sorted(receipt.subject["status"] for receipt in results) == ["confirmed", "unconfirmed"]
    assert await count(conn, "request") == 1
    await assert_fold()


async def test_confirmed_by_one_word(assist, do, world, conn, assert_fold):
    """The other side need not type it all again; only who was not on the line can say nothing about it."""
    called = await assist()
    with pytest.raises(NotFound):
        await do(ConfirmCall, called.id, who=AKEN)
    with pytest.raises(Forbidden):
        await do(ConfirmCall, called.id, who=MAAS)
    with pytest.raises(RoleMissing):
        await do(ConfirmCall, called.id, who=("luik", "viewer"))
    with pytest.raises(OverFilled):
        await do(ConfirmCall, called.id, who=LUIK, resource_ids=world.units("luik", "pump"))
    unit = world.resources["luik-pump-1"]
    confirmed = await do(ConfirmCall, called.id, who=LUIK, person="Mme Exemple", resource_ids=[unit])
    assert confirmed.subject["status"] == "confirmed"
    assert [mission["resource_id"] for mission in confirmed.rows["mission"]] == [str(unit)]
    assert [debt["status"] for debt in debts_of(confirmed)] == ["made_good"]
    with pytest.raises(Conflict) as refused:
        await do(ConfirmCall, called.id, who=LUIK)
    assert refused.value.extra["current"]["status"] == "confirmed"
    await assert_fold()


async def test_the_requester_confirms_but_names_no_units(assist, do, world, assert_fold):
    """Which pump rolls is the lender's word also when the lender wrote the call down."""
    called = await assist(who=LUIK)
    with pytest.raises(Malformed):
        await do(ConfirmCall, called.id, who=MAAS, resource_ids=[world.resources["luik-pump-1"]])
    confirmed = await do(ConfirmCall, called.id, who=MAAS)
    assert {debt["act"]: debt["status"] for debt in debts_of(confirmed)} == {"open": "made_good", "accept": "made_good"}
    await assert_fold()


async def test_unconfirmed_for_two_minutes_alarms(assist, do, door, clock, conn, assert_fold):
    """A call that only one side knows of may have been a wrong number: somebody must ring back."""
    called = await assist()
    clock.move(minutes=1, seconds=59)
    assert await run_due(door) == 0
    clock.move(seconds=1)
    assert await run_due(door) == 1
    assert await conn.fetchval("SELECT status FROM call") == "alarmed"
    assert (await assist(who=LUIK)).id == called.id, "an alarmed call can still be confirmed"
    assert await conn.fetchval("SELECT status FROM call") == "confirmed"
    await assert_fold()


async def test_a_confirmed_call_does_not_alarm(assist, do, door, clock, conn, assert_fold):
    """An alarm after the other side has confirmed would teach everybody to ignore alarms."""
    called = await assist()
    await do(ConfirmCall, called.id, who=LUIK)
    clock.move(minutes=2)
    await run_due(door)
    assert await conn.fetchval("SELECT status FROM call") == "confirmed"
    assert await conn.fetchval("SELECT outcome FROM due_work WHERE command = 'ring_back'") == "transition-not-allowed"
    with pytest.raises(Conflict):
        await door.execute(RingBack(), actor=SYSTEM, space="live", target=called.id)
    await assert_fold()


# ---------------------------------------------------------------- debts


async def test_a_debt_is_red_until_it_is_made_good(assist, do, door, clock, conn, world, assert_fold):
    """The unit rolled without the signature that binds its city: that must stay in sight until somebody signs."""
    called = await assist()
    (owed,) = debts_of(called)
    assert (owed["act"], owed["member_id"], owed["status"]) == ("commit", str(world.members["luik"]), "owed")
    assert owed["due_at"] == "2026-07-14T13:00:00.000000Z"
    debt = UUID(owed["id"])
    with pytest.raises(Conflict):
        await door.execute(MarkDebtOverdue(), actor=SYSTEM, space="live", target=debt)
    clock.move(hours=1)
    await run_due(door)
    assert await conn.fetchval("SELECT status FROM debt") == "overdue"
    for nobody in (LUIK, ("maas", "authorised_representative"), ("hasselt", "authorised_representative")):
        with pytest.raises(RoleMissing):
            await do(MakeDebtGood, debt, who=nobody)
    signed = ("luik", "authorised_representative")
    good = await do(MakeDebtGood, debt, who=signed, why="Approved by the duty officer.")
    assert (good.subject["status"], good.subject["made_good_by_id"]) == ("made_good", str(world.users[signed]))
    with pytest.raises(TransitionNotAllowed) as refused:
        await do(MakeDebtGood, debt, who=signed)
    assert refused.value.extra["current"]["status"] == "made_good"
    await assert_fold()


async def test_what_was_made_good_in_time_never_falls_overdue(assist, do, door, clock, conn, assert_fold):
    """A signature after 20 minutes must not turn red after 60."""
    called = await assist(who=LUIK)
    for debt in debts_of(called):
        await do(MakeDebtGood, UUID(debt["id"]), who=("maas", "authorised_representative"))
    clock.move(hours=1)
    await run_due(door)
    assert await count(conn, "debt", "status = 'made_good'") == 2
    await assert_fold()


# ---------------------------------------------------------------- what is read of it


async def test_calls_are_between_two_and_debts_for_all(assist, conn, world):
    """Who rang whom is no business of a third member; what a member still owes, and who is coming, everybody sees."""
    called = await assist()
    for member, seen in (("maas", 1), ("luik", 1), ("aken", 0)):
        assert len(await queries.calls(conn, "live", viewer=world.members[member])) == seen
    with pytest.raises(NotFound):
        await queries.call(conn, "live", called.id, viewer=world.members["aken"])
    heard = await queries.call(conn, "live", called.id, viewer=world.members["luik"])
    assert heard.person_rung == "Mme Exemple"
    assert [debt.act for debt in await queries.debts(conn, "live", viewer=None, status=["owed"], call=called.id)] == [
        "commit"
    ]
    assert await queries.debts(conn, "live", viewer=None, member=world.members["maas"]) == []
    active = await mission_queries.missions(conn, "live", viewer=None, active=True, member=world.members["luik"])
    assert {mission.id for mission in active} == set(missions_of(called))
    assert await mission_queries.missions(conn, "live", viewer=None, active=False) == []


async def test_a_mistyped_year_is_no_call(assist, clock):
    """It would be judged by the agreements of that year, and the unit be shown as under way for thousands of days."""
    with pytest.raises(OutOfRange) as refused:
        await assist(occurred_at=clock.now() - timedelta(days=31))
    assert [error.pointer for error in refused.value.errors] == ["/occurred_at"]
    await assist(occurred_at=clock.now() - timedelta(days=29))
