"""Monthly statements: what two members did for each other from day to day, and who owes whom in the end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from app.commands.claims import DraftClaim
from app.commands.contested_rates import AgreeToExchangeRate, ContestExchangeRate
from app.commands.day_to_day import SendDayToDay
from app.commands.exchange_rates import EnterExchangeRate
from app.commands.measures import RecordMeasures
from app.commands.missions import ReleaseMission
from app.commands.requests import DraftRequest
from app.commands.resources import AddResource
from app.commands.statements import (
    AcknowledgeStatement,
    AnswerStatement,
    DisputeStatement,
    PayStatement,
    ReissueStatement,
    month_after,
)
from app.domain.errors import Conflict, NoFreeText, NotFound, RoleMissing, TransitionNotAllowed
from app.queries.statements import statement
from app.telemetry import COMMAND_RETRIES
from tests import interleaving
from tests.commands.conftest import LUIK, MAAS, RATES
from tests.interleaving import overlapping

LENDER, PAYER, THIRD = ("luik", "finance"), ("maas", "finance"), ("aken", "finance")
REIMBURSED = {"terms": "reimbursed", "currency": "EUR", "rates": RATES[:2]}


@pytest.fixture
def helped(act, walk, clock, world):
    """Has one member send an ambulance to another for an hour; returns the mission's id."""

    async def helps(asker, lender, unit, *, hours=1):
        line = {"type_code": "ambulance.als", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
        to = str(world.members[lender[0]])
        asked = await act(DraftRequest, who=asker, kind="day_to_day", to_member_id=to, lines=[line], then="open")
        sent = await act(SendDayToDay, asked.id, who=lender, resource_id=unit)
        mission = UUID(str(sent.id))
        await walk(mission, "in_transit", "on_scene", who=lender)
        clock.move(hours=hours)
        await act(ReleaseMission, mission, who=asker)
        await walk(mission, "returning", "returned", who=lender)
        return mission

    return helps


@pytest.fixture
async def maas_ambulance(act, world):
    """An ambulance of maas's."""
    body = {"depot_id": world.depots["maas"], "type_code": "ambulance.als", "call_sign": "maas ambulance 1"}
    body |= {"crew": 2, "mobilisation_min": 2}
    body |= {"readiness": {"papers": True, "couplings": True, "radios": True, "languages": ["nl"]}}
    return (await act(AddResource, who=MAAS, member_id=world.members["maas"], **body)).id


async def test_netted_both_ways(act, helped, sign, maas_ambulance, world, clock, due, conn, assert_fold):
    """Two invoices that cross each other cost two treasurers an afternoon; the difference is one line."""
    await sign(REIMBURSED)
    await helped(MAAS, LUIK, world.resources["luik-ambulance-1"], hours=3)
    await helped(LUIK, MAAS, maas_ambulance, hours=1)
    clock.move(hours=24)
    await due()
    assert await conn.fetchval("SELECT count(*) FROM statement") == 0, "the month is not over"
    # August begins at 22:00 UTC on 31 July: it is summer time on both sides.
    clock.move(minutes=(datetime(2026, 7, 31, 21, 59, tzinfo=UTC) - clock.now()) // timedelta(minutes=1))
    await due()
    assert await conn.fetchval("SELECT count(*) FROM statement") == 0
    clock.move(minutes=1)
    await due()
    (row,) = await conn.fetch("SELECT * FROM statement")
    assert (row["month"], row["status"], row["currency"]) == (date(2026, 7, 1), "issued", "EUR")
    # 3 h at 60 and 12 person hours at 30, against 1 h at 60 and 2 at 30.
    assert (row["net"], row["payer_id"]) == (Decimal("420.00"), world.members["maas"])
    assert {row["a_owes"], row["b_owes"]} == {Decimal("540.00"), Decimal("120.00")}
    entry = await conn.fetchrow(
        "SELECT visibility, parties, payload FROM journal_entry WHERE type = 'statement.issued'"
    )
    assert (entry["visibility"], set(entry["parties"])) == ("parties", {world.members["maas"], world.members["luik"]})
    assert "5.7" not in entry["payload"], "where it was is where somebody lives"
    await assert_fold()


async def test_both_say_that_it_is_right(act, helped, world, clock, due, conn, assert_fold):
    """A statement that one side alone agrees with is a letter; that a third one reads it, a leak."""
    mission = await helped(MAAS, LUIK, world.resources["luik-ambulance-1"])
    clock.move(days=31)
    await due()
    id_ = await conn.fetchval("SELECT id FROM statement")
    with pytest.raises(NotFound):
        await act(AcknowledgeStatement, id_, who=THIRD)
    with pytest.raises(RoleMissing):
        await act(AcknowledgeStatement, id_, who=MAAS)
    assert (await act(AcknowledgeStatement, id_, who=LENDER)).subject["status"] == "issued"
    with pytest.raises(Conflict):
        await act(AcknowledgeStatement, id_, who=LENDER)
    with pytest.raises(NotFound):
        await act(DisputeStatement, id_, who=PAYER, reason="not_ours", mission_id=id_)
    with pytest.raises(NoFreeText):
        await act(DisputeStatement, id_, who=PAYER, reason="other", why="She was taken to another hospital. " * 10)
    disputed = await act(DisputeStatement, id_, who=PAYER, reason="wrong_hours", mission_id=mission)
    assert (disputed.subject["status"], disputed.subject["dispute_reason"]) == ("disputed", "wrong_hours")
    with pytest.raises(TransitionNotAllowed):
        await act(DisputeStatement, id_, who=LENDER, reason="other")
    done = await act(AcknowledgeStatement, id_, who=PAYER)
    assert (done.subject["status"], done.subject["dispute_reason"]) == ("acknowledged", None)
    with pytest.raises(TransitionNotAllowed):
        await act(DisputeStatement, id_, who=PAYER, reason="other")
    await assert_fold()


async def test_who_acknowledges_after_all_takes_its_dispute_back(act, helped, world, clock, due, conn, assert_fold):
    """Settled by telephone: the statement waits for the other side again."""
    await helped(MAAS, LUIK, world.resources["luik-ambulance-1"])
    clock.move(days=31)
    await due()
    id_ = await conn.fetchval("SELECT id FROM statement")
    await act(DisputeStatement, id_, who=PAYER, reason="missing")
    back = await act(AcknowledgeStatement, id_, who=PAYER)
    assert (back.subject["status"], back.subject["disputed_by_member_id"]) == ("issued", None)
    assert (await act(AcknowledgeStatement, id_, who=LENDER)).subject["status"] == "acknowledged"
    await assert_fold()


async def test_each_mission_stands_in_one_statement(act, helped, world, clock, due, conn, assert_fold):
    """Two months, three ambulances; and none of them in a claim beside it."""
    unit = world.resources["luik-ambulance-1"]
    first = await helped(MAAS, LUIK, unit)
    await helped(MAAS, LUIK, unit)
    with pytest.raises(Conflict):
        await act(DraftClaim, who=LENDER, mission_ids=[first])
    clock.move(days=31)
    await due()
    await helped(MAAS, LUIK, unit)
    clock.move(days=31)
    await due()
    found = await conn.fetch(
        "SELECT month, (SELECT count(*) FROM statement_line l WHERE l.statement_id = s.id) AS lines FROM statement s ORDER BY month"
    )
    assert [(row["month"], row["lines"]) for row in found] == [(date(2026, 7, 1), 2), (date(2026, 8, 1), 1)]
    assert await conn.fetchval("SELECT count(*) FROM due_work WHERE outcome LIKE '%Error%'") == 0
    await assert_fold()


async def test_a_currency_without_a_rate_is_no_zero(act, helped, sign, world, clock, due, conn):
    """Francs that nobody can convert are not nothing: the sum stays open, and says so."""
    await sign(REIMBURSED | {"currency": "CHF"})
    await helped(MAAS, LUIK, world.resources["luik-ambulance-1"])
    clock.move(days=31)
    await due()
    (row,) = await conn.fetch("SELECT net, payer_id FROM statement")
    assert (row["net"], row["payer_id"]) == (None, None)
    assert await conn.fetchrow("SELECT amount, ledger_amount FROM statement_line") == (Decimal("180.00"), None)


@pytest.mark.parametrize(("month", "after"), [((2026, 7), (2026, 8)), ((2026, 12), (2027, 1))])
def test_the_month_after(month, after):
    """No statement for December."""
    assert month_after(date(*month, 1)) == date(*after, 1)


async def test_one_statement_is_made_for_two_and_a_month(act, helped, world, clock, due, conn, assert_fold):
    """A pair that helps each other daily would have thirty pieces of work begin at midnight, each of which locks all that it ever did."""
    unit = world.resources["luik-ambulance-1"]
    first = await helped(MAAS, LUIK, unit)
    await helped(MAAS, LUIK, unit)
    waiting = "SELECT count(*) FROM due_work WHERE command = 'make_statement' AND done_at IS NULL"
    assert await conn.fetchval(waiting) == 1
    clock.move(days=31)
    await due()
    third = await helped(MAAS, LUIK, unit)
    assert await conn.fetchval(waiting) == 1
    clock.move(days=31)
    async with conn.transaction():
        # Somebody holds what was stated long ago: the next statement does not ask for it.
        await conn.execute("SELECT FROM mission WHERE id = $1 FOR UPDATE", first)
        await due()
    lines = await conn.fetch(
        "SELECT l.mission_id FROM statement s JOIN statement_line l ON l.statement_id = s.id ORDER BY s.month"
    )
    assert (len(lines), lines[-1]["mission_id"]) == (3, third)
    assert await conn.fetchval("SELECT count(*) FROM due_work WHERE outcome <> 'done'") == 0
    await assert_fold()


async def test_what_comes_home_while_the_statement_is_made(act, helped, world, clock, due, conn):
    """The unit that is home at the last minute would be in no statement, and its work would fail for ever."""
    unit = world.resources["luik-ambulance-1"]
    await helped(MAAS, LUIK, unit)
    clock.move(minutes=(datetime(2026, 7, 31, 20, 55, tzinfo=UTC) - clock.now()) // timedelta(minutes=1))
    late = await helped(MAAS, LUIK, unit)
    assert await conn.fetchval("SELECT count(*) FROM due_work WHERE command = 'make_statement'") == 2
    await conn.execute("UPDATE mission SET home_at = home_at + interval '1 month' WHERE id = $1", late)
    clock.move(hours=1)
    await due()
    await conn.execute("UPDATE mission SET home_at = home_at - interval '1 month' WHERE id = $1", late)
    await conn.execute("UPDATE due_work SET done_at = NULL WHERE command = 'make_statement' AND target = $1", late)
    await due()
    assert await conn.fetchval("SELECT count(*) FROM statement") == 1
    clock.move(days=32)
    await due()
    found = await conn.fetch(
        "SELECT s.month FROM statement s JOIN statement_line l ON l.statement_id = s.id WHERE l.mission_id = $1", late
    )
    assert [row["month"] for row in found] == [date(2026, 8, 1)]


async def test_completed_when_the_rate_arrives(act, helped, sign, world, clock, due, conn, assert_fold):
    """A sum that nobody could convert on the day would stay open for ever; and both would say that they know not what is right."""
    await sign(REIMBURSED | {"currency": "CHF"})
    await helped(MAAS, LUIK, world.resources["luik-ambulance-1"])
    clock.move(days=31)
    await due()
    id_ = await conn.fetchval("SELECT id FROM statement WHERE net IS NULL")
    with pytest.raises(Conflict) as refused:
        await act(AcknowledgeStatement, id_, who=LENDER)
    assert (refused.value.extra["base"], refused.value.extra["day"]) == ("CHF", date(2026, 7, 14))
    body = {"base": "CHF", "quote": "EUR", "source": "ECB reference rate"}
    await act(EnterExchangeRate, who=THIRD, rate="1.20", day="2026-07-07", **body)
    await due()
    assert await conn.fetchval("SELECT net FROM statement") is None, "too old for that day"
    await act(EnterExchangeRate, who=THIRD, rate="1.10", day="2026-07-13", **body)
    await due()
    row = await conn.fetchrow("SELECT * FROM statement")
    assert (row["net"], row["payer_id"]) == (Decimal("198.00"), world.members["maas"])
    assert await conn.fetchval("SELECT ledger_amount FROM statement_line") == Decimal("198.00")
    entry = await conn.fetchrow("SELECT visibility, parties FROM journal_entry WHERE type = 'statement.completed'")
    assert (entry["visibility"], set(entry["parties"])) == ("parties", {world.members["maas"], world.members["luik"]})
    assert (await act(AcknowledgeStatement, id_, who=LENDER)).subject["status"] == "issued"
    await act(EnterExchangeRate, who=THIRD, rate="1.30", day="2026-07-14", **body)
    await due()
    assert await conn.fetchval("SELECT net FROM statement") == Decimal("198.00"), "what is known stays"
    await assert_fold()


async def test_a_rate_that_was_settled_is_that_of_open_statements_too(
    act, helped, sign, world, clock, due, conn, assert_fold
):
    """Both agree that the rate was wrong: the sum that rests on it would stay, and a dispute about it have no end but to pay it."""
    await sign(REIMBURSED | {"currency": "CHF"})
    body = {"base": "CHF", "quote": "EUR", "day": "2026-07-13"}
    rate = await act(EnterExchangeRate, who=LENDER, rate="1.10", source="A note", **body)
    await helped(MAAS, LUIK, world.resources["luik-ambulance-1"])
    clock.move(days=31)
    await due()
    id_ = await conn.fetchval("SELECT id FROM statement WHERE net = 198")
    await act(AcknowledgeStatement, id_, who=LENDER)
    await act(DisputeStatement, id_, who=PAYER, reason="wrong_rate")
    await act(ContestExchangeRate, rate.id, who=PAYER, reason="Of Monday.", rate="1.05", source="SNB")
    with pytest.raises(Conflict) as refused:
        await act(AcknowledgeStatement, id_, who=PAYER)
    assert refused.value.extra["reasons"][0]["code"] == "rate_contested"
    settled = await act(AgreeToExchangeRate, rate.id, who=LENDER)
    (told,) = settled.rows["statement"]
    assert (told["net"], told["status"], told["payer_id"]) == ("189.00", "disputed", str(world.members["maas"]))
    assert told["acknowledged_by_a_at"] is told["acknowledged_by_b_at"] is None, "that was about another sum"
    for who in (PAYER, LENDER):
        last = await act(AcknowledgeStatement, id_, who=who)
    assert last.subject["status"] == "acknowledged"
    await assert_fold()


async def test_no_statement_is_paid_by_a_contested_rate(act, helped, sign, world, clock, due, conn):
    """Both said that it was right, and then a third shows that the rate was not: the money would go out, and have to come back."""
    await sign(REIMBURSED | {"currency": "CHF"})
    body = {"base": "CHF", "quote": "EUR", "source": "A note"}
    await act(EnterExchangeRate, who=THIRD, rate="1.20", day="2026-07-12", **body)
    rate = await act(EnterExchangeRate, who=LENDER, rate="1.10", day="2026-07-13", **body)
    await helped(MAAS, LUIK, world.resources["luik-ambulance-1"])
    clock.move(days=31)
    await due()
    id_ = await conn.fetchval("SELECT id FROM statement")
    for who in (LENDER, PAYER):
        await act(AcknowledgeStatement, id_, who=who)
    await act(ContestExchangeRate, rate.id, who=THIRD, reason="Of Monday.", rate="1.05", source="SNB")
    with pytest.raises(Conflict) as refused:
        await act(PayStatement, id_, who=PAYER, reference="2026-07/1")
    assert refused.value.extra["reasons"][0]["code"] == "rate_contested"
    assert refused.value.extra["exchange_rate"]["id"] == str(rate.id)
    shown = await statement(conn, "live", id_, viewer=world.members["maas"])
    assert shown.contested_rate is not None
    assert (shown.contested_rate.base, shown.contested_rate.rate, shown.contested_rate.counter_rate) == (
        "CHF", Decimal("1.10"), Decimal("1.05"),
    )  # fmt: skip
    settled = await act(AgreeToExchangeRate, rate.id, who=LENDER)
    assert "statement" not in settled.rows, "what both have acknowledged stays as it was"
    assert (await statement(conn, "live", id_, viewer=world.members["maas"])).contested_rate is None
    assert (await act(PayStatement, id_, who=PAYER, reference="2026-07/1")).subject["net"] == "198.00"


@pytest.mark.parametrize("at", [1, 2, 3])
async def test_a_rate_that_is_corrected_while_it_completes_a_statement(
    act, helped, sign, world, clock, due, conn, pg, monkeypatch, assert_fold, at
):
    """The slip is put right within the second: the sum would stay that of the slip, and no later correction come to it."""
    await sign(REIMBURSED | {"currency": "CHF"})
    await helped(MAAS, LUIK, world.resources["luik-ambulance-1"])
    clock.move(days=31)
    await due()
    rate = {"base": "CHF", "quote": "EUR", "source": "ECB", "day": "2026-07-13"}
    await act(EnterExchangeRate, who=THIRD, rate="11.0", **rate)
    corrects = act(EnterExchangeRate, who=THIRD, rate="1.10", **rate)
    answers = await overlapping(monkeypatch, await pg(), due(), corrects, at=at)
    assert not [each for each in answers if isinstance(each, BaseException)]
    assert await conn.fetchval("SELECT net FROM statement") == Decimal("198.00")
    await assert_fold()


@pytest.mark.parametrize("at", range(1, 6))
async def test_a_rate_that_is_corrected_while_a_statement_is_put_right(
    act, helped, sign, world, clock, due, conn, pg, monkeypatch, assert_fold, at
):
    """Each would wait for what the other holds, until the database ends one of them."""
    await sign(REIMBURSED | {"currency": "CHF", "rates": RATES})
    rate = {"base": "CHF", "quote": "EUR", "source": "ECB", "day": "2026-07-13"}
    await act(EnterExchangeRate, who=THIRD, rate="1.10", **rate)
    mission = await helped(MAAS, LUIK, world.resources["luik-ambulance-1"])
    clock.move(days=31)
    await due()
    id_ = await conn.fetchval("SELECT id FROM statement")
    await act(DisputeStatement, id_, who=PAYER, reason="wrong_kilometres")
    await act(RecordMeasures, mission, who=LENDER, kilometres=20.0)
    again = COMMAND_RETRIES._value.get()
    reissues, corrects = act(ReissueStatement, id_, who=LENDER), act(EnterExchangeRate, who=THIRD, rate="1.20", **rate)
    answers = await overlapping(monkeypatch, await pg(), reissues, corrects, at=at)
    assert not [each for each in answers if isinstance(each, BaseException)]
    assert COMMAND_RETRIES._value.get() == again
    found = await conn.fetchrow("SELECT * FROM statement_line WHERE NOT replaced")
    assert found["ledger_amount"] == found["amount"] * Decimal("1.20")
    await assert_fold()


async def test_who_is_home_in_the_last_seconds_of_a_month(act, walk, world, clock, due, conn, assert_fold):
    """A terminal's clock half a minute ahead of ours: the ambulance would stand in no statement, and nobody would pay for it."""
    clock.at = datetime(2026, 7, 31, 20, 0, tzinfo=UTC)
    line = {"type_code": "ambulance.als", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    to = world.members["luik"]
    asked = await act(DraftRequest, who=MAAS, kind="day_to_day", lines=[line], then="open", to_member_id=to)
    sent = await act(SendDayToDay, asked.id, who=LUIK, resource_id=world.resources["luik-ambulance-1"])
    mission = UUID(str(sent.id))
    await walk(mission, "in_transit", "on_scene")
    await act(ReleaseMission, mission)
    await walk(mission, "returning")
    clock.at = datetime(2026, 7, 31, 21, 59, tzinfo=UTC)
    await walk(mission, "returned", occurred_at="2026-07-31T22:00:30Z")
    clock.move(days=31, minutes=2)
    await due()
    found = await conn.fetch("SELECT s.month FROM statement s JOIN statement_line l ON l.statement_id = s.id")
    assert [row["month"] for row in found] == [date(2026, 8, 1)]
    await assert_fold()


async def test_a_mission_whose_month_was_taken_for_the_one_before(act, helped, world, clock, due, conn, assert_fold):
    """Work that was put down for a month in which the unit was not home yet is done when its month is over."""
    clock.at = datetime(2026, 8, 3, 8, 0, tzinfo=UTC)
    await helped(MAAS, LUIK, world.resources["luik-ambulance-1"])
    early = datetime(2026, 7, 31, 22, 0, tzinfo=UTC)
    body = '{"month": "2026-07-01"}'
    await conn.execute("UPDATE due_work SET due_at = $1, body = $2 WHERE command = 'make_statement'", early, body)
    await due()
    assert await conn.fetchval("SELECT count(*) FROM statement") == 0
    clock.move(days=31)
    await due()
    assert [row["month"] for row in await conn.fetch("SELECT month FROM statement")] == [date(2026, 8, 1)]
    await assert_fold()


@pytest.fixture
async def stated(act, helped, sign, world, clock, due, conn):
    """A statement of three hours and some kilometres that luik asks maas to pay for, and a mission of luik's own; returns both ids."""
    await sign(REIMBURSED | {"rates": RATES})
    mission = await helped(MAAS, LUIK, world.resources["luik-ambulance-1"], hours=3)
    await act(RecordMeasures, mission, who=LENDER, kilometres=200.0)
    clock.move(days=31)
    await due()
    return await conn.fetchval("SELECT id FROM statement"), mission


async def test_a_disputed_statement_is_put_right(act, stated, conn, world, assert_fold):
    """Two hundred kilometres where there were twenty: both would know it, and the only way out would be to pay for them."""
    id_, mission = stated
    with pytest.raises(Conflict) as refused:
        await act(RecordMeasures, mission, who=LENDER, kilometres=20.0)
    assert refused.value.extra["reasons"][0]["figures"] == {"month": "2026-07", "statement_status": "issued"}
    with pytest.raises(TransitionNotAllowed):
        await act(ReissueStatement, id_, who=LENDER)
    await act(AcknowledgeStatement, id_, who=LENDER)
    await act(DisputeStatement, id_, who=PAYER, reason="wrong_kilometres", mission_id=mission)
    with pytest.raises(Conflict) as unchanged:
        await act(ReissueStatement, id_, who=LENDER)
    assert unchanged.value.extra["reasons"][0]["code"] == "statement_unchanged"
    await act(RecordMeasures, mission, who=LENDER, kilometres=20.0)
    with pytest.raises(RoleMissing):
        await act(ReissueStatement, id_, who=PAYER)
    with pytest.raises(NotFound):
        await act(ReissueStatement, id_, who=THIRD)
    new = await act(ReissueStatement, id_, who=LENDER)
    assert (new.subject["version"], new.subject["status"], new.subject["replaces_id"]) == (2, "issued", str(id_))
    assert new.subject["acknowledged_by_a_at"] is new.subject["acknowledged_by_b_at"] is None, (
        "that was about another sum"
    )
    seen = await statement(conn, "live", UUID(str(new.id)), viewer=world.members["maas"])
    (line,) = seen.lines
    assert (line.kilometres, line.before.kilometres) == (Decimal(20), Decimal(200))
    assert seen.before.net - seen.net == Decimal("216.00"), "180 km at 1.20"
    old = await statement(conn, "live", UUID(str(id_)), viewer=world.members["maas"])
    assert (old.status, old.lines[0].kilometres, old.replaced_by_id) == ("replaced", Decimal(200), seen.id)
    with pytest.raises(TransitionNotAllowed):
        await act(AcknowledgeStatement, id_, who=PAYER)
    for who in (PAYER, LENDER):
        last = await act(AcknowledgeStatement, new.id, who=who)
    assert last.subject["status"] == "acknowledged"
    with pytest.raises(Conflict):
        await act(RecordMeasures, mission, who=LENDER, kilometres=19.0)
    entry = await conn.fetchrow("SELECT visibility, payload FROM journal_entry WHERE type = 'statement.reissued'")
    assert (entry["visibility"], '"kilometres":"200' in entry["payload"]) == ("parties", True)
    await assert_fold()


@pytest.mark.parametrize("at", [1, 2])
async def test_who_acknowledges_while_it_is_corrected_acknowledges_after_it(
    act, stated, pg, monkeypatch, assert_fold, at
):
    """Both would have said that it is right, and then it would be other kilometres."""
    id_, mission = stated
    await act(AcknowledgeStatement, id_, who=LENDER)
    await act(DisputeStatement, id_, who=PAYER, reason="wrong_kilometres")
    corrects, agrees = (
        act(RecordMeasures, mission, who=LENDER, kilometres=20.0),
        act(AcknowledgeStatement, id_, who=PAYER),
    )
    corrected, acknowledged = await overlapping(monkeypatch, await pg(), corrects, agrees, at=at)
    assert corrected.seq < acknowledged.seq
    await assert_fold()


@pytest.mark.parametrize("at", [1, 2])
async def test_who_corrects_while_it_is_issued_anew_does_not_wait_in_a_circle(
    act, stated, pg, monkeypatch, assert_fold, at
):
    """Each would wait for what the other holds, until the database ends one of them."""
    id_, mission = stated
    await act(DisputeStatement, id_, who=PAYER, reason="wrong_kilometres")
    await act(RecordMeasures, mission, who=LENDER, kilometres=20.0)
    again = COMMAND_RETRIES._value.get()
    monkeypatch.setattr(interleaving, "LOCKS", ("lock", "lock_where"))
    reissues, corrects = act(ReissueStatement, id_, who=LENDER), act(RecordMeasures, mission, who=LENDER, kilometres=19.0)  # fmt: skip
    reissued, refused = await overlapping(monkeypatch, await pg(), reissues, corrects, at=at)
    assert (reissued.kind, type(refused)) == ("statement", Conflict)
    assert COMMAND_RETRIES._value.get() == again
    await assert_fold()


async def test_only_what_is_disputed_is_corrected(act, helped, stated, conn, clock, due, world):
    """Under the pretext of one line another would be made dearer."""
    id_, mission = stated
    other = await helped(MAAS, LUIK, world.resources["luik-ambulance-1"])
    clock.move(days=31)
    await due()
    await act(DisputeStatement, id_, who=PAYER, reason="wrong_kilometres", mission_id=mission)
    with pytest.raises(Conflict):
        await act(RecordMeasures, other, who=LENDER, kilometres=500.0)
    await act(RecordMeasures, mission, who=LENDER, kilometres=20.0)


async def test_a_dispute_that_is_answered(act, stated, assert_fold):
    """The other side says that it was measured so: without an answer the dispute has no end."""
    id_, _ = stated
    with pytest.raises(TransitionNotAllowed):
        await act(AnswerStatement, id_, who=LENDER, answer="as_measured")
    await act(DisputeStatement, id_, who=PAYER, reason="wrong_kilometres")
    with pytest.raises(RoleMissing):
        await act(AnswerStatement, id_, who=PAYER, answer="as_measured")
    answered = await act(AnswerStatement, id_, who=LENDER, answer="as_measured")
    assert (answered.subject["status"], answered.subject["answer"]) == ("answered", "as_measured")
    again = await act(DisputeStatement, id_, who=PAYER, reason="wrong_kilometres")
    assert (again.subject["status"], again.subject["answer"]) == ("disputed", None)
    await act(AnswerStatement, id_, who=LENDER, answer="as_measured")
    back = await act(AcknowledgeStatement, id_, who=PAYER)
    assert (back.subject["status"], back.subject["answer"]) == ("issued", None)
    assert (await act(AcknowledgeStatement, id_, who=LENDER)).subject["status"] == "acknowledged"
    await assert_fold()


async def test_what_is_left_is_paid(act, stated, clock, assert_fold):
    """Nobody would know which of last year's statements was ever paid, nor find the transfer."""
    id_, _ = stated
    with pytest.raises(TransitionNotAllowed):
        await act(PayStatement, id_, who=PAYER, reference="2026-08/17")
    for who in (PAYER, LENDER):
        await act(AcknowledgeStatement, id_, who=who)
    with pytest.raises(RoleMissing):
        await act(PayStatement, id_, who=LENDER, reference="2026-08/17")
    clock.move(days=3)
    paid_at = (clock.now() - timedelta(days=1)).isoformat()
    paid = await act(PayStatement, id_, who=PAYER, reference="2026-08/17", occurred_at=paid_at)
    assert (paid.subject["status"], paid.subject["payment_reference"]) == ("paid", "2026-08/17")
    assert datetime.fromisoformat(paid.subject["paid_at"]) == datetime.fromisoformat(paid_at)
    with pytest.raises(TransitionNotAllowed):
        await act(PayStatement, id_, who=PAYER, reference="2026-08/17")
    await assert_fold()
