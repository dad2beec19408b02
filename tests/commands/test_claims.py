"""Claims: from missions that are home to money that is there, and nobody else's business."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from app.commands.agreement_versions import DraftAgreementVersion
from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement, SuspendAgreement
from app.commands.claim_steps import CloseClaim, PayClaim, VerifyClaim, WaiveClaim
from app.commands.claims import DiscardClaim, DraftClaim, SubmitClaim
from app.commands.exchange_rates import EnterExchangeRate
from app.commands.incidents import ReportIncident
from app.commands.measures import RecordMeasures
from app.commands.missions import AbortMission, CloseMission, Recall, ReleaseMission, StandDown
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.reassignments import AnswerReassignment, ReassignMission
from app.commands.reliefs import PlanRelief
from app.domain.authority import SYSTEM
from app.domain.errors import Conflict, Duplicate, NotFound, OutOfRange, RoleMissing, TransitionNotAllowed
from app.queries.claims import claim as shown_claim
from app.queries.claims import unclaimed
from app.queries.money_due import money_due
from tests.commands.conftest import LUIK, MAAS, PUMP, RATES
from tests.interleaving import overlapping
from tests.world import everywhere, flood

LENDER, PAYER, THIRD = ("luik", "finance"), ("maas", "finance"), ("aken", "finance")
REIMBURSED = {"terms": "reimbursed", "currency": "EUR", "rates": RATES, "claim_within_days": 30, "pay_within_days": 20}


@pytest.fixture
async def priced(sign):
    """Help is reimbursed: 60 an hour, 30 a person's hour, 1.20 a kilometre."""
    return await sign(REIMBURSED)


@pytest.fixture
def drafted(act, home):
    """Drafts a claim for units of luik's that are home; returns the receipt."""

    async def drafts(*names, **more):
        missions = await home(*(names or ("luik-pump-1",)), **more)
        return await act(DraftClaim, who=LENDER, mission_ids=missions)

    return drafts


def lines_of(receipt):
    """The lines of a claim as its receipt tells them, in their order."""
    rows = [row for row in receipt.rows["claim_line"] if not row.get("removed")]
    return sorted(rows, key=lambda row: row["position"])


async def test_from_home_to_paid(act, drafted, priced, clock, conn, assert_fold):
    """A town hall that pays wants to see what for, and one that has lent wants its money."""
    claim = await drafted("luik-pump-1", "luik-pump-2", hours=6)
    told = [(row["item"], row["quantity"], row["rate"], row["amount"]) for row in lines_of(claim)]
    assert told == 2 * [
        ("vehicle_hours", "6.00", "60.00", "360.00"),
        ("person_hours", "24.00", "30.00", "720.00"),
        ("kilometres", "50.00", "1.20", "60.00"),
    ]
    assert (claim.subject["status"], claim.subject["total"], claim.subject["currency"]) == ("draft", "2280.00", "EUR")
    cited = claim.rows["claim_mission"]
    assert {(row["agreement_id"], row["agreement_version"]) for row in cited} == {(str(priced), 1)}
    submitted = await act(SubmitClaim, claim.id, who=LENDER)
    assert (submitted.subject["status"], submitted.subject["ledger_total"]) == ("submitted", "2280.00")
    assert submitted.subject["exchange_rate"] is None
    verified = await act(VerifyClaim, claim.id, who=PAYER)
    assert verified.subject["status"] == "verified"
    paid = await act(PayClaim, claim.id, who=PAYER, reference="2026/0714")
    assert (paid.subject["status"], paid.subject["payment_reference"]) == ("paid", "2026/0714")
    closed = await act(CloseClaim, claim.id, who=LENDER)
    assert closed.subject["status"] == "closed"
    assert await conn.fetchval("SELECT sum(agreed) FROM claim_line") == Decimal("2280.00")
    await assert_fold()


async def test_each_step_is_one_side_s(act, drafted, priced):
    """Who claims does not verify, who pays does not waive, and a dispatcher does neither."""
    claim = await drafted()
    for other in (PAYER, THIRD):
        with pytest.raises(NotFound):
            await act(SubmitClaim, claim.id, who=other)
    with pytest.raises(RoleMissing):
        await act(SubmitClaim, claim.id, who=LUIK)
    await act(SubmitClaim, claim.id, who=LENDER)
    for step, wrong in ((VerifyClaim, LENDER), (DiscardClaim, PAYER)):
        with pytest.raises(RoleMissing):
            await act(step, claim.id, who=wrong)
    with pytest.raises(RoleMissing):
        await act(WaiveClaim, claim.id, who=PAYER, why="No.")
    with pytest.raises(NotFound):
        await act(VerifyClaim, claim.id, who=THIRD)
    with pytest.raises(TransitionNotAllowed):
        await act(PayClaim, claim.id, who=PAYER, reference="too early")
    with pytest.raises(Conflict):
        await act(DiscardClaim, claim.id, who=LENDER)


async def test_third_members_see_nothing(act, drafted, priced, conn, world):
    """What one city paid another is read by a third in no journal."""
    claim = await drafted()
    await act(SubmitClaim, claim.id, who=LENDER)
    rows = await conn.fetch(
        "SELECT type, visibility, parties FROM journal_entry WHERE subject_kind = 'claim' ORDER BY seq"
    )
    luik, maas = world.members["luik"], world.members["maas"]
    assert [(row["type"], row["visibility"], set(row["parties"])) for row in rows] == [
        ("claim.drafted", "parties", {luik}),
        ("claim.submitted", "parties", {luik, maas}),
    ]


async def test_what_is_measured_later_is_in_it_until_it_is_submitted(act, drafted, priced, conn, assert_fold):
    """A claim drafted the same night would lack the diesel that was counted in the morning."""
    claim = await drafted()
    mission = UUID(claim.rows["claim_mission"][0]["mission_id"])
    await act(RecordMeasures, mission, who=LENDER, kilometres=61.5, person_hours=22.25)
    submitted = await act(SubmitClaim, claim.id, who=LENDER)
    assert [(row["item"], row["quantity"]) for row in lines_of(submitted)][1:] == [
        ("person_hours", "22.25"), ("kilometres", "61.50"),
    ]  # fmt: skip
    await act(RecordMeasures, mission, who=LENDER, kilometres=99.0)
    assert await conn.fetchval("SELECT quantity FROM claim_line WHERE item = 'kilometres'") == Decimal("61.50")
    await assert_fold()


async def test_the_free_hours_and_what_they_free(drafted, sign):
    """The first hours were promised for nothing; the bill has to show that, and what else goes with them."""
    await sign({"terms": "free_for_hours", "hours": 4, "currency": "EUR", "rates": RATES})
    claim = await drafted(hours=16)
    vehicle, people, way = lines_of(claim)
    assert (vehicle["quantity"], vehicle["free"], vehicle["billable"], vehicle["amount"]) == (
        "16.00",
        "4.00",
        "12.00",
        "720.00",
    )
    assert (people["free"], way["free"]) == ("16.00", "12.50")
    assert {"code": "free_hours", "figures": {"hours": "4", "quantity": "4.00"}} in vehicle["why"]


async def test_a_handover_is_paid_once(act, sent, walk, clock, world, priced):
    """For an hour two crews stood at one pump; the requester had one pump."""
    (mission,) = await sent("luik-pump-1", relieve_by=(clock.now() + timedelta(hours=8)).isoformat())
    await walk(mission, "mobilising", "in_transit", "on_scene")
    clock.move(hours=8)
    relief = (await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])).id
    await walk(relief, "mobilising", "in_transit", "on_scene")
    clock.move(hours=1)
    await act(ReleaseMission, mission)
    await walk(mission, "returning", "returned")
    clock.move(hours=4)
    await act(ReleaseMission, relief)
    await walk(relief, "returning", "returned")
    claim = await act(DraftClaim, who=LENDER, mission_ids=[mission, relief])
    hours = {UUID(row["mission_id"]): row for row in lines_of(claim) if row["item"] == "vehicle_hours"}
    assert (hours[mission]["quantity"], hours[mission]["billable"]) == ("9.00", "9.00")
    assert (hours[relief]["quantity"], hours[relief]["overlap"], hours[relief]["billable"]) == ("5.00", "1.00", "4.00")


async def test_a_mission_is_in_one_claim(act, drafted, priced, assert_fold):
    """Billed twice: once by the fire service, once by the town."""
    claim = await drafted()
    mission = claim.rows["claim_mission"][0]["mission_id"]
    with pytest.raises(Conflict) as refused:
        await act(DraftClaim, who=LENDER, mission_ids=[mission])
    assert refused.value.extra["claim_id"] == claim.id
    await act(DiscardClaim, claim.id, who=LENDER)
    again = await act(DraftClaim, who=LENDER, mission_ids=[mission])
    assert again.subject["total"] == claim.subject["total"]
    await assert_fold()


@pytest.mark.parametrize("at", [1, 2])
async def test_two_claims_at_once_for_one_mission(act, home, priced, conn, monkeypatch, at, assert_fold):
    """Two treasurers press the button in the same second."""
    one, two = await home("luik-pump-1", "luik-pump-2")
    first = act(DraftClaim, who=LENDER, mission_ids=[one, two])
    second = act(DraftClaim, who=LENDER, mission_ids=[two])
    answers = await overlapping(monkeypatch, conn, first, second, at=at)
    assert sum(isinstance(answer, Conflict) for answer in answers) == 1
    assert await conn.fetchval("SELECT count(*) - count(DISTINCT mission_id) FROM claim_mission") == 0
    await assert_fold()


async def test_what_can_t_be_claimed(act, home, sent, priced, world):
    """A unit still on the road, another's unit, and missions for two requesters."""
    (home_again,) = await home("luik-pump-1")
    (out,) = await sent("luik-pump-2")
    with pytest.raises(Conflict):
        await act(DraftClaim, who=LENDER, mission_ids=[out])
    with pytest.raises(RoleMissing):
        await act(DraftClaim, who=PAYER, mission_ids=[home_again])
    with pytest.raises(NotFound):
        await act(DraftClaim, who=THIRD, mission_ids=[home_again])
    await act(CloseMission, home_again)
    assert (await act(DraftClaim, who=LENDER, mission_ids=[home_again])).subject["total"] == "1140.00"


async def test_free_help_is_no_claim(act, home):
    """Under the world's agreement help is free, and a bill of nothing would only puzzle."""
    (mission,) = await home("luik-pump-1")
    with pytest.raises(Conflict):
        await act(DraftClaim, who=LENDER, mission_ids=[mission])


async def test_a_claim_that_comes_to_nothing_is_not_sent(act, drafted, sign):
    """All of it within the free hours: the draft shows why, and goes nowhere."""
    await sign({"terms": "free_for_hours", "hours": 12, "currency": "EUR", "rates": RATES})
    claim = await drafted(hours=3)
    assert claim.subject["total"] == "0.00"
    with pytest.raises(Conflict):
        await act(SubmitClaim, claim.id, who=LENDER)


async def test_two_currencies(act, drafted, sign, clock, assert_fold):
    """Francs claimed, euros in the ledger: at the rate of the day, from a source that the other side can look up."""
    await sign(REIMBURSED | {"currency": "CHF"})
    claim = await drafted()
    with pytest.raises(Conflict) as refused:
        await act(SubmitClaim, claim.id, who=LENDER)
    assert refused.value.extra["day"] == date(2026, 7, 14)
    rate = {"base": "CHF", "quote": "EUR", "source": "ECB reference rate"}
    await act(EnterExchangeRate, who=THIRD, rate="1.10", day="2026-07-06", **rate)
    with pytest.raises(Conflict):
        await act(SubmitClaim, claim.id, who=LENDER)
    entered = await act(EnterExchangeRate, who=LENDER, rate="1.0432", day="2026-07-13", **rate)
    with pytest.raises(Duplicate):
        await act(EnterExchangeRate, who=PAYER, rate="1.05", day="2026-07-13", **rate)
    submitted = await act(SubmitClaim, claim.id, who=LENDER)
    told = submitted.subject
    assert (told["total"], told["currency"], told["ledger_total"], told["ledger_currency"]) == (
        "1140.00",
        "CHF",
        "1189.25",
        "EUR",
    )
    assert (told["exchange_rate"], told["rate_date"], told["rate_source"]) == (
        "1.0432",
        "2026-07-13",
        "ECB reference rate",
    )
    corrected = await act(EnterExchangeRate, who=LENDER, rate="1.0440", day="2026-07-13", **rate)
    assert (corrected.id, corrected.subject["rate"]) == (entered.id, "1.0440")
    await assert_fold()


async def test_rates_that_can_t_be(act):
    """A euro that is worth two euros, or a rate of next week."""
    for wrong in ({"quote": "CHF"}, {"day": "2026-07-20"}):
        with pytest.raises(OutOfRange):
            body = {"base": "CHF", "quote": "EUR", "rate": "1.1", "day": "2026-07-13", "source": "x"} | wrong
            await act(EnterExchangeRate, who=LENDER, **body)


async def test_the_time_to_pay(act, drafted, priced, clock, due, conn, assert_fold):
    """A bill that lies in a drawer has to ring somewhere."""
    claim = await drafted()
    await act(SubmitClaim, claim.id, who=LENDER)
    clock.move(days=19)
    await due()
    assert not await conn.fetchval("SELECT overdue FROM claim")
    clock.move(days=1)
    await due()
    assert await conn.fetchval("SELECT overdue FROM claim")
    await act(VerifyClaim, claim.id, who=PAYER)
    paid = await act(PayClaim, claim.id, who=PAYER, reference="late")
    assert not paid.subject["overdue"]
    await assert_fold()


async def test_the_time_to_pay_begins_when_the_payer_hears_of_it(act, drafted, sign, clock):
    """A claim dated back by its lender would be overdue on arrival, at the exchange rate of a day that it liked."""
    await sign(REIMBURSED | {"currency": "CHF", "rate_date": "submitted"})
    claim = await drafted()
    for day, rate in (("2026-01-02", "1.20"), ("2026-07-13", "1.05")):
        body = {"base": "CHF", "quote": "EUR", "source": "ECB reference rate", "rate": rate, "day": day}
        await act(EnterExchangeRate, who=LENDER, **body)
    submitted = await act(SubmitClaim, claim.id, who=LENDER, occurred_at="2026-01-02T12:00:00Z")
    told = submitted.subject
    assert datetime.fromisoformat(told["submitted_at"]) == clock.now()
    assert datetime.fromisoformat(told["pay_by"]) == clock.now() + timedelta(days=20)
    assert (told["exchange_rate"], told["rate_date"]) == ("1.05", "2026-07-13")


async def test_the_time_to_claim(act, home, priced, clock, due, conn, assert_fold):
    """After thirty days the lender is told once; a claim after that says so, and the requester may still pay."""
    one, two = await home("luik-pump-1", "luik-pump-2")
    await act(SubmitClaim, (await act(DraftClaim, who=LENDER, mission_ids=[one])).id, who=LENDER)
    clock.move(days=31)
    await due()
    told = await conn.fetch("SELECT subject_id FROM journal_entry WHERE type = 'mission.claim_time_over'")
    assert [row["subject_id"] for row in told] == [two]
    late = await act(DraftClaim, who=LENDER, mission_ids=[two])
    assert [warning["code"] for warning in late.warnings] == ["claim_late"]
    await assert_fold()


@pytest.fixture
def paid_in_francs(act, world):
    """Puts an agreement into force in which francs are converted at the rate of one of the days there are; returns its id."""

    async def signs(rate_date, **more):
        parties = [world.members[code] for code in ("maas", "luik")]
        cost = REIMBURSED | {"currency": "CHF", "rate_date": rate_date} | more
        body = {
            "code": f"francs-{rate_date}",
            "names": everywhere("Francs"),
            "lenders": parties,
            "borrowers": parties,
            "precedence": 10,
        }
        body |= {"terms": {"kinds": ["immediate"], "cost": cost}, "effective_at": "2026-01-01T00:00:00Z"}
        made = await act(DraftAgreement, who=SYSTEM, **body)
        await act(ProposeAgreement, made.id, who=SYSTEM)
        for party in parties:
            await act(ConsentToAgreement, made.id, who=SYSTEM, on_behalf_of=party)
        return made.id

    return signs


async def test_one_claim_is_converted_by_one_day_s_rate(
    act, ask, walk, world, clock, paid_in_francs, reader, assert_fold
):
    """Whichever mission stood first in the database would have said at which rate all of them are paid."""
    missions, francs = [], {rate_date: await paid_in_francs(rate_date) for rate_date in ("mobilised", "submitted")}
    for number, rate_date in enumerate(("mobilised", "submitted", "submitted"), 1):
        request, (line,) = await ask((PUMP, 1))
        lines = [
            {
                "request_line_id": line,
                "resource_id": world.resources[f"luik-pump-{number}"],
                "agreement_id": francs[rate_date],
            }
        ]
        if number == 3:  # the last pump at home
            lines[0]["override_reserve"] = {"reason": "The neighbours cover us."}
        offer = await act(MakeOffer, request, who=("luik", "authorised_representative"), lines=lines)
        await act(AcceptOffer, offer.id)
        committed = await act(CommitOffer, offer.id, who=LUIK)
        missions.append(UUID(committed.rows["mission"][0]["id"]))
        await walk(missions[-1], "mobilising", "in_transit", "on_scene")
    clock.move(hours=10)
    for mission in missions:
        await act(ReleaseMission, mission)
        await walk(mission, "returning", "returned")
    for mixed in (missions[:2], missions[1::-1]):
        with pytest.raises(OutOfRange) as refused:
            await act(DraftClaim, who=LENDER, mission_ids=mixed)
        assert refused.value.errors[0].pointer == "/mission_ids"
    clock.move(days=20)
    for day, rate in (("2026-07-14", "0.90"), ("2026-08-03", "1.10")):
        body = {"base": "CHF", "quote": "EUR", "source": "ECB reference rate", "rate": rate, "day": day}
        await act(EnterExchangeRate, who=LENDER, **body)
    for own, rate in ((missions[:1], "0.90"), (missions[1:], "1.10")):
        drafted = await act(DraftClaim, who=LENDER, mission_ids=own)
        told = await shown_claim(reader, "live", drafted.id, viewer=world.members["luik"], now=clock.now())
        assert told.no_rate is None
        assert (await act(SubmitClaim, drafted.id, who=LENDER)).subject["exchange_rate"] == rate
    await assert_fold()


@pytest.mark.parametrize("end", [Recall, AbortMission, StandDown])
async def test_a_handover_counts_once_however_it_ends(act, sent, walk, priced, clock, world, end):
    """The unit that was relieved goes home early: the five hours in which both were at the pump are paid once."""
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit", "on_scene")
    relief = (await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])).id
    await walk(relief, "mobilising", "in_transit", "on_scene")
    clock.move(hours=5)
    await act(end, mission, who=MAAS if end is StandDown else LUIK, why="Own fire.")
    clock.move(hours=2)
    await walk(mission, "returning", "returned")
    clock.move(hours=1)
    await act(ReleaseMission, relief)
    await walk(relief, "returning", "returned")
    claim = await act(DraftClaim, who=LENDER, mission_ids=[mission, relief])
    hours = {row["mission_id"]: row for row in lines_of(claim) if row["item"] == "vehicle_hours"}
    told = hours[str(relief)]
    assert (told["quantity"], told["overlap"], told["billable"]) == ("8.00", "5.00", "3.00")
    assert hours[str(mission)]["billable"] == "7.00"


@pytest.mark.parametrize("leaves", ["relief", "relieved"])
async def test_what_a_relief_does_elsewhere_is_paid(act, sent, walk, priced, clock, world, leaves):
    """Two hours beside each other count once; after they have parted, each works for itself."""
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit", "on_scene")
    relief = (await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])).id
    await walk(relief, "mobilising", "in_transit", "on_scene")
    clock.move(hours=2)
    other = (await act(ReportIncident, **flood(title="A dike at Limmel"))).id
    gone = relief if leaves == "relief" else mission
    asked = await act(ReassignMission, gone, incident_id=str(other), lon=5.71, lat=50.87, reason="The dike gives way.")
    await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    await walk(gone, "in_transit", "on_scene")
    clock.move(hours=6)
    for each in (mission, relief):
        await act(ReleaseMission, each)
        await walk(each, "returning", "returned")
    claim = await act(DraftClaim, who=LENDER, mission_ids=[mission, relief])
    hours = {row["mission_id"]: row for row in lines_of(claim) if row["item"] == "vehicle_hours"}
    told = hours[str(relief)]
    assert (told["quantity"], told["overlap"], told["billable"]) == ("8.00", "2.00", "6.00")


async def test_a_relief_without_an_agreement_has_no_rates(act, sent, sign, walk, clock, world):
    """It goes under the treaty by its representative's own word: the paper of the unit that it relieves is not its own."""
    await sign(REIMBURSED, caps={"longest_deployment_h": 4})
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit", "on_scene")
    boss = ("luik", "authorised_representative")
    relief = await act(PlanRelief, mission, who=boss, resource_id=world.resources["luik-pump-2"], ad_hoc=True)
    assert relief.subject["agreement_id"] is None
    await walk(relief.id, "mobilising", "in_transit", "on_scene")
    clock.move(hours=3)
    for each in (mission, relief.id):
        await act(ReleaseMission, each)
        await walk(each, "returning", "returned")
    with pytest.raises(Conflict):
        await act(DraftClaim, who=LENDER, mission_ids=[relief.id])
    claim = await act(DraftClaim, who=LENDER, mission_ids=[mission])
    assert {row["rate"] for row in lines_of(claim)} <= {"60.00", "30.00", "1.20"}


async def test_a_relief_is_billed_by_its_own_agreement(act, sent, sign, walk, clock, world, conn):
    """A dearer version came into force meanwhile: the relief went under it, and the unit that it relieves did not."""
    agreement = await sign(REIMBURSED)
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit", "on_scene")
    parties = [world.members[code] for code in ("maas", "luik", "aken", "hasselt")]
    dear = REIMBURSED | {"rates": [{"item": "vehicle_hours", "rate": "70.00"}]}
    version = {"lenders": parties, "borrowers": parties, "precedence": 10, "effective_at": "2026-01-01T00:00:00Z"}
    terms = {"kinds": ["immediate"], "cost": dear}
    await act(DraftAgreementVersion, agreement, who=SYSTEM, **version, terms=terms)
    await act(ProposeAgreement, agreement, who=SYSTEM)
    for party in parties:
        await act(ConsentToAgreement, agreement, who=SYSTEM, on_behalf_of=party)
    relief = (await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])).id
    await walk(relief, "mobilising", "in_transit", "on_scene")
    await act(ReleaseMission, mission)
    clock.move(hours=3)
    await act(ReleaseMission, relief)
    for each in (mission, relief):
        await walk(each, "returning", "returned")
    claim = await act(DraftClaim, who=LENDER, mission_ids=[mission, relief])
    hours = {row["mission_id"]: row["rate"] for row in lines_of(claim) if row["item"] == "vehicle_hours"}
    assert hours == {str(mission): "60.00", str(relief): "70.00"}


async def test_a_unit_that_was_let_go_once_is_relieved_all_the_same(act, sent, walk, priced, clock, world):
    """It had done its work at the first dike and went on to the second: the two hours beside its relief there are paid once."""
    other = (await act(ReportIncident, **flood(title="A dike at Limmel"))).id
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit", "on_scene")
    clock.move(hours=1)
    await act(ReleaseMission, mission)
    asked = await act(ReassignMission, mission, incident_id=other, lon=5.71, lat=50.87, reason="The next dike.")
    await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    await walk(mission, "in_transit", "on_scene")
    relief = (await act(PlanRelief, mission, who=LUIK, resource_id=world.resources["luik-pump-2"])).id
    await walk(relief, "mobilising", "in_transit", "on_scene")
    for each in (mission, relief):
        clock.move(hours=2)
        await act(ReleaseMission, each)
    await walk(relief, "returning", "returned")
    claim = await act(DraftClaim, who=LENDER, mission_ids=[relief])
    (told,) = [row for row in lines_of(claim) if row["item"] == "vehicle_hours"]
    assert (told["quantity"], told["overlap"], told["billable"]) == ("4.00", "2.00", "2.00")


async def test_what_can_be_claimed_is_listed_by_the_paper_it_went_under(act, ask, sign, walk, clock, conn, world):
    """Sent under the treaty after all, it has no rates: the list would offer what no claim takes, and ring for it."""
    agreement = await sign(REIMBURSED)
    request, (line,) = await ask((PUMP, 1))
    boss = ("luik", "authorised_representative")
    pump = {"request_line_id": line, "resource_id": world.resources["luik-pump-1"]}
    offer = await act(MakeOffer, request, who=boss, lines=[pump])
    await act(AcceptOffer, offer.id)
    await act(SuspendAgreement, agreement, who=boss, reason="Insurance.")
    mission = UUID((await act(CommitOffer, offer.id, who=boss, ad_hoc=True)).rows["mission"][0]["id"])
    await walk(mission, "mobilising", "in_transit", "on_scene")
    await act(ReleaseMission, mission)
    await walk(mission, "returning", "returned")
    with pytest.raises(Conflict):
        await act(DraftClaim, who=LENDER, mission_ids=[mission])
    luik = world.members["luik"]
    assert await unclaimed(conn, "live", viewer=luik) == []
    clock.move(days=40)
    assert await money_due(conn, "live", viewer=luik, now=clock.now()) == []
