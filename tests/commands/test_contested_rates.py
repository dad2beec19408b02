"""Exchange rates that one side entered and the other does not believe: contested, and settled when both agree on one."""

from __future__ import annotations

import pytest

from app.commands.claim_steps import PayClaim, VerifyClaim
from app.commands.claims import DraftClaim, SubmitClaim
from app.commands.contested_rates import AgreeToExchangeRate, ContestExchangeRate
from app.commands.exchange_rates import EnterExchangeRate
from app.domain.errors import Conflict, OutOfRange, StaleRevision, TransitionNotAllowed, WrongSide
from app.queries import claims as queries
from tests.commands.test_claims import LENDER, PAYER, REIMBURSED, THIRD

RATE = {"base": "CHF", "quote": "EUR", "day": "2026-07-13"}
AGAINST = {"reason": "That was Monday's rate.", "rate": "1.05", "source": "SNB"}


@pytest.fixture
async def submitted(act, home, sign):
    """Submits a claim of luik's in francs for maas, at luik's own rate: 1,140 francs at 1.10; returns it and the rate."""
    await sign(REIMBURSED | {"currency": "CHF", "rate_date": "submitted"})
    claim = await act(DraftClaim, who=LENDER, mission_ids=await home("luik-pump-1"))
    rate = await act(EnterExchangeRate, who=LENDER, rate="1.10", source="ECB", **RATE)
    told = (await act(SubmitClaim, claim.id, who=LENDER)).subject
    assert (told["ledger_total"], told["exchange_rate"]) == ("1254.00", "1.10")
    return claim.id, rate.id


async def test_who_entered_it_takes_the_other_rate(act, submitted, world, clock, conn, assert_fold):
    """A city would pay by a rate that it has said is wrong, for want of a line to contest."""
    claim, rate = submitted
    contested = await act(ContestExchangeRate, rate, who=PAYER, **AGAINST)
    assert (contested.subject["status"], contested.subject["rate"], contested.subject["counter_rate"]) == (
        "contested",
        "1.10",
        "1.05",
    )
    shown = await queries.claim(conn, "live", claim, viewer=world.members["luik"], now=clock.now())
    assert shown.rate_contested
    assert (shown.rate.status, shown.rate.contest_reason) == ("contested", AGAINST["reason"])
    with pytest.raises(Conflict) as refused:
        await act(VerifyClaim, claim, who=PAYER)
    assert refused.value.extra["reasons"][0]["code"] == "rate_contested"
    with pytest.raises(TransitionNotAllowed):
        await act(ContestExchangeRate, rate, who=THIRD, **AGAINST)
    settled = await act(AgreeToExchangeRate, rate, who=LENDER)
    assert (settled.subject["status"], settled.subject["rate"], settled.subject["source"]) == ("settled", "1.05", "SNB")
    assert [(each["ledger_total"], each["exchange_rate"]) for each in settled.rows["claim"]] == [("1197.00", "1.05")]
    with pytest.raises(Conflict):
        await act(EnterExchangeRate, who=LENDER, rate="1.20", source="ECB", **RATE)
    await act(VerifyClaim, claim, who=PAYER)
    assert (await act(PayClaim, claim, who=PAYER, reference="1")).subject["ledger_total"] == "1197.00"
    await assert_fold()


async def test_who_contests_it_is_convinced(act, submitted, assert_fold):
    """The contest would stand for ever, and the lender wait for its money."""
    claim, rate = submitted
    await act(ContestExchangeRate, rate, who=PAYER, **AGAINST)
    corrected = await act(EnterExchangeRate, who=LENDER, rate="1.06", source="ECB, corrected", **RATE)
    assert corrected.subject["status"] == "contested", "its own correction is one side's word still"
    assert corrected.rows["claim"][0]["ledger_total"] == "1208.40"
    settled = await act(AgreeToExchangeRate, rate, who=PAYER)
    assert (settled.subject["rate"], settled.subject["status"]) == ("1.06", "settled")
    await act(VerifyClaim, claim, who=PAYER)
    await assert_fold()


async def test_what_two_agree_on_binds_these_two(act, submitted, conn, world, clock, assert_fold):
    """A third city contests the lender's rate, names a dearer one, and the lender takes it: the payer would be shut out for ever."""
    claim, rate = submitted
    with pytest.raises(WrongSide):
        await act(ContestExchangeRate, rate, who=LENDER, **AGAINST)
    with pytest.raises(OutOfRange):
        await act(ContestExchangeRate, rate, who=THIRD, **AGAINST | {"rate": "1.10"})
    await act(ContestExchangeRate, rate, who=THIRD, **AGAINST | {"rate": "1.30"})
    with pytest.raises(WrongSide):
        await act(AgreeToExchangeRate, rate, who=PAYER)
    assert (await queries.claim(conn, "live", claim, viewer=world.members["maas"], now=clock.now())).rate_contested
    with pytest.raises(Conflict) as refused:
        await act(VerifyClaim, claim, who=PAYER)
    assert refused.value.extra["reasons"][0]["code"] == "rate_contested"
    settled = await act(AgreeToExchangeRate, rate, who=LENDER)
    assert settled.rows["claim"][0]["ledger_total"] == "1482.00"
    for bound in (THIRD, ("hasselt", "finance")):
        with pytest.raises(TransitionNotAllowed):
            await act(ContestExchangeRate, rate, who=bound, **AGAINST)
    again = await act(ContestExchangeRate, rate, who=PAYER, **AGAINST)
    assert (again.subject["status"], again.subject["contested_by_member_id"]) == (
        "contested",
        str(world.members["maas"]),
    )
    await act(AgreeToExchangeRate, rate, who=LENDER)
    assert (await act(VerifyClaim, claim, who=PAYER)).subject["ledger_total"] == "1197.00"
    await assert_fold()


async def test_nothing_is_paid_by_a_contested_rate(act, submitted):
    """The money would go out while somebody says that the sum is wrong; what was verified stays as it was verified."""
    claim, rate = submitted
    await act(VerifyClaim, claim, who=PAYER)
    await act(ContestExchangeRate, rate, who=THIRD, **AGAINST)
    with pytest.raises(Conflict) as refused:
        await act(PayClaim, claim, who=PAYER, reference="1")
    assert refused.value.extra["reasons"][0]["code"] == "rate_contested"
    settled = await act(AgreeToExchangeRate, rate, who=LENDER)
    assert "claim" not in settled.rows
    with pytest.raises(TransitionNotAllowed):
        await act(ContestExchangeRate, rate, who=PAYER, **AGAINST)
    assert (await act(PayClaim, claim, who=PAYER, reference="1")).subject["ledger_total"] == "1254.00"


async def test_a_corrected_rate_reaches_what_nobody_has_verified(act, submitted, world, clock, conn, assert_fold):
    """The claim would be paid by a figure that whoever entered it has taken back."""
    claim, _ = submitted
    corrected = await act(EnterExchangeRate, who=LENDER, rate="1.06", source="ECB, corrected", **RATE)
    assert [(each["ledger_total"], each["exchange_rate"]) for each in corrected.rows["claim"]] == [("1208.40", "1.06")]
    await act(VerifyClaim, claim, who=PAYER)
    again = await act(EnterExchangeRate, who=LENDER, rate="1.07", source="ECB", **RATE)
    assert "claim" not in again.rows, "what was verified stays as it was verified"
    shown = await queries.claim(conn, "live", claim, viewer=world.members["maas"], now=clock.now())
    assert (str(shown.exchange_rate), shown.rate_source) == ("1.06", "ECB, corrected")
    await assert_fold()


async def test_nobody_agrees_to_what_it_has_not_read(door, world, act, submitted):
    """The lender corrects its rate while the payer has the old one on its screen: it would have agreed to the other."""
    _, rate = submitted
    read = await act(ContestExchangeRate, rate, who=PAYER, **AGAINST)
    await act(EnterExchangeRate, who=LENDER, rate="1.30", source="ECB", **RATE)
    with pytest.raises(StaleRevision):
        await door.execute(
            AgreeToExchangeRate(), actor=world.actor(*PAYER), space="live", target=rate, revision=read.revision
        )


async def test_a_slip_of_the_point_is_told(act):
    """Ten times the sum would be paid, or the pair the wrong way round; and nothing is worth anything in a currency that is none."""
    day = RATE | {"day": "2026-07-12"}
    assert (await act(EnterExchangeRate, who=LENDER, rate="1.04", source="ECB", **day)).warnings == []
    (warning,) = (await act(EnterExchangeRate, who=LENDER, rate="10.4", source="ECB", **RATE)).warnings
    assert (warning["code"], warning["figures"]) == (
        "rate_implausible",
        {"rate": "10.4", "last": "1.0400", "day": "2026-07-12", "percent": 20},
    )
    assert (await act(EnterExchangeRate, who=LENDER, rate="1.05", source="ECB", **RATE)).warnings == []
    opposite = {"base": "EUR", "quote": "CHF", "day": "2026-07-13"}
    (turned,) = (await act(EnterExchangeRate, who=LENDER, rate="1.6", source="ECB", **opposite)).warnings
    assert (turned["code"], turned["figures"]["last"]) == ("rate_implausible", "0.9524")
    with pytest.raises(OutOfRange) as refused:
        await act(EnterExchangeRate, who=LENDER, rate="1.05", source="ECB", **RATE | {"quote": "ZZZ"})
    assert refused.value.extra["reasons"][0]["code"] == "currency_unknown"
