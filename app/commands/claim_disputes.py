"""Disputes about lines of a claim: what the requester would pay and why, the lender's answer, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlmodel import col

from app.commands.claim_steps import UNSETTLED, settle, step
from app.commands.claims import agree, locked_lines, seen_claim, tell
from app.commands.registry import Act, Command, handles
from app.commands.showing import Showing
from app.domain.because import because
from app.domain.cost_terms import read_cost
from app.domain.errors import Conflict, FieldError, OutOfRange, TransitionNotAllowed
from app.domain.forms import Note
from app.domain.lifecycle import machine
from app.domain.money import Amount, minor_unit, rounded
from app.store.tables import Claim, ClaimLine, ClaimMission

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from app.store.unit_of_work import UnitOfWork


class DisputeClaimLine(Act):
    """Say what the requester would pay for a line, and why; after an answer, once more."""

    reason: Note
    counter_amount: Amount
    """Less than what is asked for now: than was claimed, or than the lender's last answer. `0` for nothing at all."""


class AnswerDispute(Act):
    """Say what the lender still asks for: never more than in its last answer. The requester's own amount settles it."""

    amount: Amount
    answer: Note


class WithdrawDispute(Act):
    """Take the dispute back: the line counts with the lender's last answer, or as it was claimed."""


class TellAnswerOverdue(Command):
    """The lender has not answered a dispute in time: by the service itself."""


@handles(DisputeClaimLine)
async def dispute_claim_line(uow: UnitOfWork, cmd: DisputeClaimLine) -> None:
    """Record ``claim.disputed`` with the line. Locks the claim and its lines.

    The time to answer begins to run now, whenever the requester says that it spoke: the lender did not hear of it before.

    Raises:
        TransitionNotAllowed: the claim is not one to be checked, or the lender has yet to answer, or it is settled.
        OutOfRange: the counter-amount is not less than what is asked for, or finer than can be paid.
    """
    claim, _, line = await _locked(uow)
    uow.authorise({"requester": {claim.requester_id}})
    if claim.status not in {*machine("claim").sources("dispute"), *machine("claim").sources("settle")}:
        step(claim, "dispute")
    if line.dispute is not None:
        _step(line, "raise")
    counter = _payable(cmd.counter_amount, claim.currency, "/counter_amount")
    if counter >= (most := _asked(line)):
        detail = f"{most} {claim.currency} are asked for: a counter-amount is less than that."
        raise OutOfRange(
            detail,
            errors=[FieldError("/counter_amount", OutOfRange.slug, detail)],
            extra=because("counter_too_high", amount=str(most), currency=claim.currency),
        )
    line.dispute = machine("claim_dispute").initial
    line.dispute_reason, line.counter_amount, line.disputed_at = cmd.reason, counter, uow.act.occurred_at
    line.answer_by = await _answer_by(uow, line)
    if line.answer_by is not None:
        uow.later("tell_answer_overdue", line.answer_by, line.id)
    if claim.status in machine("claim").sources("dispute"):
        step(claim, "dispute")
    uow.revise(claim)
    tell(uow, "claim.disputed", claim, line, line_id=line.id)


@handles(AnswerDispute)
async def answer_dispute(uow: UnitOfWork, cmd: AnswerDispute) -> None:
    """Record ``claim.dispute_answered``, or ``claim.dispute_settled`` where the lender takes the counter-amount.

    Locks the claim and its lines.

    Raises:
        OutOfRange: less than the requester would pay, or more than was claimed, or answered before.
    """
    claim, lines, line = await _locked(uow)
    uow.authorise({"lender": {claim.lender_id}})
    amount = _payable(cmd.amount, claim.currency, "/amount")
    taken = line.counter_amount is not None and amount == line.counter_amount
    _step(line, "settle" if taken and line.dispute in UNSETTLED else "answer")
    if line.counter_amount is None or not line.counter_amount <= amount <= _asked(line):
        detail = f"The answer lies between {line.counter_amount} and {_asked(line)} {claim.currency}."
        raise OutOfRange(
            detail,
            errors=[FieldError("/amount", OutOfRange.slug, detail)],
            extra=because(
                "answer_between", least=str(line.counter_amount), most=str(_asked(line)), currency=claim.currency
            ),
        )
    line.answer, line.answer_amount, line.answered_at = cmd.answer, amount, uow.act.occurred_at
    uow.revise(claim)
    if taken:
        _agreed(claim, lines, line, amount)
        tell(uow, "claim.dispute_settled", claim, line, line_id=line.id)
        return
    tell(uow, "claim.dispute_answered", claim, line, line_id=line.id)


@handles(WithdrawDispute)
async def withdraw_dispute(uow: UnitOfWork, _cmd: WithdrawDispute) -> None:
    """Record ``claim.dispute_settled`` with the lender's amount, or ``claim.dispute_withdrawn``. Locks the claim and its lines.

    What the lender has answered stands, also where the dispute was raised once more since: it asks for no more than that.
    """
    claim, lines, line = await _locked(uow)
    uow.authorise({"requester": {claim.requester_id}})
    amount = _asked(line)
    answered = amount < line.agreed
    _step(line, "settle" if answered else "withdraw")
    uow.revise(claim)
    _agreed(claim, lines, line, amount)
    tell(uow, f"claim.dispute_{'settled' if answered else 'withdrawn'}", claim, line, line_id=line.id)


@handles(TellAnswerOverdue)
async def tell_answer_overdue(uow: UnitOfWork, _cmd: TellAnswerOverdue) -> None:
    """Record ``claim.answer_overdue`` for both, an alarm for the lender. Locks the claim and its lines.

    Raises:
        Conflict: it was answered, settled or taken back, or there is time left.
    """
    claim, _, line = await _locked(uow)
    uow.authorise()
    if line.dispute != machine("claim_dispute").initial or line.answer_by is None or line.answer_by > uow.now:
        raise Conflict("No answer is overdue.", extra={"current": line.state()})
    tell(uow, "claim.answer_overdue", claim, line, line_id=line.id)


async def _locked(uow: UnitOfWork) -> tuple[Claim, list[ClaimLine], ClaimLine]:
    """Lock the claim and its lines; return them, and the line that the command is about."""
    known = await uow.get(ClaimLine, uow.require_target())
    await seen_claim(uow, known.claim_id)
    claim = await uow.lock(Claim, known.claim_id)
    lines = await locked_lines(uow, claim)
    line = next(each for each in lines if each.id == known.id)
    uow.expect_revision(line)
    return claim, lines, line


def _payable(amount: Decimal, currency: str, pointer: str) -> Decimal:
    """Return an amount that can be paid; what is finer than the currency's least coin is not rounded in silence (``OutOfRange``)."""
    exact = rounded(amount, currency)
    if exact != amount:
        least = minor_unit(currency)
        detail = f"{amount} {currency} can't be paid: the least that there is of it is {least}."
        raise OutOfRange(
            detail,
            errors=[FieldError(pointer, OutOfRange.slug, detail)],
            extra=because("amount_too_fine", amount=str(amount), least=str(least), currency=currency),
        )
    return exact


def _asked(line: ClaimLine) -> Decimal:
    """Return what the lender asks for now: what it last answered, or what was claimed and not waived."""
    return line.agreed if line.answer_amount is None else min(line.answer_amount, line.agreed)


def _agreed(claim: Claim, lines: list[ClaimLine], line: ClaimLine, amount: Decimal) -> None:
    line.agreed = amount
    agree(claim, lines)
    settle(claim, lines)


def _step(line: ClaimLine, transition: str) -> None:
    if line.dispute is None:
        raise TransitionNotAllowed(
            "claim_dispute",
            "none",
            transition,
            ["dispute_claim_line"],
            detail="Nobody disputes this line of the claim.",
            current=line.state(),
        )
    with Showing(line):
        line.dispute = machine("claim_dispute").next(line.dispute, transition)


async def _answer_by(uow: UnitOfWork, line: ClaimLine) -> datetime | None:
    (taken,) = await uow.find(ClaimMission, col(ClaimMission.mission_id) == line.mission_id)
    disputes = read_cost(taken.cost).disputes
    if disputes is None or disputes.answer_within_days is None:
        return None
    return uow.now + timedelta(days=disputes.answer_within_days)
