"""Disputes about money: line by line, with figures, and an end."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.commands.claim_disputes import AnswerDispute, DisputeClaimLine, WithdrawDispute
from app.commands.claim_steps import CloseClaim, VerifyClaim, WaiveClaim
from app.commands.claims import DraftClaim, SubmitClaim
from app.domain.errors import Conflict, NotFound, OutOfRange, RoleMissing, TransitionNotAllowed
from tests.commands.test_claims import LENDER, PAYER, REIMBURSED, THIRD, lines_of
from tests.interleaving import overlapping


@pytest.fixture
async def claim(act, home, sign):
    """A submitted claim of luik's on maas: 360 + 720 + 60; its id and its lines' ids."""
    await sign(REIMBURSED | {"disputes": {"answer_within_days": 14}})
    drafted = await act(DraftClaim, who=LENDER, mission_ids=await home("luik-pump-1"))
    submitted = await act(SubmitClaim, drafted.id, who=LENDER)
    return submitted.id, [UUID(row["id"]) for row in lines_of(submitted)]


async def test_met_in_the_middle(act, claim, assert_fold):
    """The requester would pay for four hours, the lender asks for five, and both can live with it."""
    id_, (vehicle, people, _) = claim
    raised = await act(DisputeClaimLine, vehicle, who=PAYER, reason="It left after four.", counter_amount="240")
    assert raised.subject["status"] == "disputed"
    assert raised.rows["claim_line"][0]["answer_by"] == "2026-07-28T18:00:00.000000Z"
    await act(DisputeClaimLine, people, who=PAYER, reason="Three of them.", counter_amount="540.00")
    with pytest.raises(TransitionNotAllowed):
        await act(VerifyClaim, id_, who=PAYER)
    answered = await act(AnswerDispute, vehicle, who=LENDER, amount="300.00", answer="Until 17:00, see the log.")
    assert answered.rows["claim_line"][0]["dispute"] == "answered"
    taken = await act(WithdrawDispute, vehicle, who=PAYER)
    assert (taken.rows["claim_line"][0]["dispute"], taken.subject["status"]) == ("settled", "disputed")
    settled = await act(AnswerDispute, people, who=LENDER, amount="540.00", answer="Indeed.")
    assert (settled.subject["status"], settled.subject["agreed"]) == ("submitted", "900.00")
    assert (settled.subject["total"], settled.subject["ledger_total"]) == ("1140.00", "900.00")
    assert (await act(VerifyClaim, id_, who=PAYER)).subject["status"] == "verified"
    await assert_fold()


async def test_what_nobody_can_pay_is_not_rounded_in_silence(act, claim):
    """Who would pay 100.123 would read 100.12 in its own dispute, and nobody said so."""
    _, (vehicle, _, _) = claim
    with pytest.raises(OutOfRange) as refused:
        await act(DisputeClaimLine, vehicle, who=PAYER, reason="Four hours.", counter_amount="100.123")
    assert refused.value.errors[0].pointer == "/counter_amount"
    await act(DisputeClaimLine, vehicle, who=PAYER, reason="Four hours.", counter_amount="100.120")
    with pytest.raises(OutOfRange) as refused:
        await act(AnswerDispute, vehicle, who=LENDER, amount="300.005", answer="Five.")
    assert refused.value.extra["reasons"][0]["figures"]["least"] == "0.01"


async def test_raised_again_and_withdrawn(act, claim, assert_fold):
    """An answer that does not convince is answered; and who was wrong takes it back."""
    _, (vehicle, _, _) = claim
    await act(DisputeClaimLine, vehicle, who=PAYER, reason="Four hours.", counter_amount="240")
    with pytest.raises(TransitionNotAllowed):
        await act(DisputeClaimLine, vehicle, who=PAYER, reason="Now three.", counter_amount="180")
    await act(AnswerDispute, vehicle, who=LENDER, amount="360", answer="Six, by the log.")
    await act(DisputeClaimLine, vehicle, who=PAYER, reason="The log says five.", counter_amount="300")
    withdrawn = await act(WithdrawDispute, vehicle, who=PAYER)
    assert (withdrawn.rows["claim_line"][0]["dispute"], withdrawn.subject["agreed"]) == ("withdrawn", "1140.00")
    assert withdrawn.subject["status"] == "submitted"
    await assert_fold()


async def test_raised_again_after_an_offer_and_withdrawn(act, claim, assert_fold):
    """Whoever disputes once more and then gives in would pay more than the lender had last asked for."""
    _, (vehicle, _, _) = claim
    await act(DisputeClaimLine, vehicle, who=PAYER, reason="Four hours.", counter_amount="240")
    await act(AnswerDispute, vehicle, who=LENDER, amount="300", answer="Five, by the log.")
    with pytest.raises(OutOfRange):
        await act(DisputeClaimLine, vehicle, who=PAYER, reason="More than asked.", counter_amount="320")
    await act(DisputeClaimLine, vehicle, who=PAYER, reason="Four and a half.", counter_amount="270")
    with pytest.raises(OutOfRange):
        await act(AnswerDispute, vehicle, who=LENDER, amount="360", answer="Six after all.")
    withdrawn = await act(WithdrawDispute, vehicle, who=PAYER)
    line = withdrawn.rows["claim_line"][0]
    assert (line["dispute"], line["agreed"]) == ("settled", "300.00")
    assert (withdrawn.subject["status"], withdrawn.subject["agreed"]) == ("submitted", "1080.00")
    await assert_fold()


async def test_an_answer_that_is_overdue(act, claim, clock, due, conn, world, assert_fold):
    """A dispute that nobody answers would lie in a drawer until the lender wonders where its money is."""
    _, (vehicle, people, _) = claim
    body = {"who": PAYER, "reason": "Four hours."}
    raised = await act(DisputeClaimLine, vehicle, counter_amount="240", occurred_at="2026-07-01T12:00:00Z", **body)
    assert raised.rows["claim_line"][0]["answer_by"] == "2026-07-28T18:00:00.000000Z", "the lender hears of it now"
    await act(DisputeClaimLine, people, counter_amount="540", **body)
    await act(AnswerDispute, people, who=LENDER, amount="600", answer="Five hours.")
    told = "SELECT visibility, parties, payload FROM journal_entry WHERE type = 'claim.answer_overdue'"
    clock.move(days=13)
    await due()
    assert await conn.fetch(told) == []
    clock.move(days=1)
    await due()
    (entry,) = await conn.fetch(told)
    assert (entry["visibility"], set(entry["parties"])) == ("parties", {world.members["maas"], world.members["luik"]})
    assert str(vehicle) in entry["payload"]
    await act(AnswerDispute, vehicle, who=LENDER, amount="300", answer="Five.")
    await act(DisputeClaimLine, vehicle, who=PAYER, reason="No.", counter_amount="240")
    await act(WithdrawDispute, vehicle, who=PAYER)
    clock.move(days=20)
    await due()
    assert len(await conn.fetch(told)) == 1
    await assert_fold()


async def test_who_may_say_what(act, claim):
    """The lender does not dispute its own claim, nor the requester answer, and third members know of nothing."""
    _, (vehicle, _, way) = claim
    with pytest.raises(RoleMissing):
        await act(DisputeClaimLine, vehicle, who=LENDER, reason="x", counter_amount="1")
    with pytest.raises(NotFound):
        await act(DisputeClaimLine, vehicle, who=THIRD, reason="x", counter_amount="1")
    with pytest.raises(OutOfRange):
        await act(DisputeClaimLine, way, who=PAYER, reason="More?", counter_amount="60.00")
    with pytest.raises(TransitionNotAllowed):
        await act(AnswerDispute, way, who=LENDER, amount="1", answer="x")
    await act(DisputeClaimLine, vehicle, who=PAYER, reason="Four hours.", counter_amount="240")
    with pytest.raises(RoleMissing):
        await act(AnswerDispute, vehicle, who=PAYER, amount="240", answer="x")
    for amount in ("239.99", "360.01"):
        with pytest.raises(OutOfRange):
            await act(AnswerDispute, vehicle, who=LENDER, amount=amount, answer="x")


async def test_waived_in_part_and_whole(act, claim, assert_fold):
    """Neighbours let a line go for peace, or the whole bill after a flood that hit both."""
    id_, (_, _, way) = claim
    await act(DisputeClaimLine, way, who=PAYER, reason="Their own road.", counter_amount="0")
    part = await act(WaiveClaim, id_, who=("luik", "authorised_representative"), line_ids=[way], why="Never mind.")
    assert (part.subject["status"], part.subject["agreed"]) == ("submitted", "1080.00")
    assert part.rows["claim_line"][0]["dispute"] == "settled"
    with pytest.raises(Conflict):
        await act(WaiveClaim, id_, who=LENDER, line_ids=[way], why="Again.")
    whole = await act(WaiveClaim, id_, who=LENDER, why="You have lost more than we.")
    assert (whole.subject["status"], whole.subject["agreed"]) == ("waived", "0.00")
    assert (await act(CloseClaim, id_, who=LENDER)).subject["status"] == "closed"
    await assert_fold()


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("dispute_first", [True, False])
async def test_disputed_while_it_is_waived(act, claim, conn, monkeypatch, at, dispute_first, assert_fold):
    """Whoever is first: what is waived is not left disputed."""
    id_, (vehicle, _, _) = claim
    dispute = act(DisputeClaimLine, vehicle, who=PAYER, reason="Four hours.", counter_amount="240")
    waive = act(WaiveClaim, id_, who=LENDER, why="Never mind.")
    first, second = (dispute, waive) if dispute_first else (waive, dispute)
    await overlapping(monkeypatch, conn, first, second, at=at)
    status, agreed = await conn.fetchrow("SELECT status, agreed FROM claim")
    assert (status, agreed) == ("waived", 0)
    assert await conn.fetchval("SELECT count(*) FROM claim_line WHERE dispute IN ('raised', 'answered')") == 0
    await assert_fold()
