"""Claims once they are submitted: verified, paid and closed, waived, overdue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from pydantic import Field

from app.commands.claim_rates import require_rate_agreed
from app.commands.claims import agree, locked_claim, locked_lines, tell
from app.commands.registry import Act, Command, handles
from app.commands.showing import Showing
from app.domain.because import because
from app.domain.errors import Conflict, NotFound
from app.domain.forms import Note, ShortText
from app.domain.lifecycle import machine
from app.domain.money import ZERO
from app.store.tables import Claim, ClaimLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.store.unit_of_work import UnitOfWork

UNSETTLED = frozenset({"raised", "answered"})
"""States of a dispute in which the two have not agreed."""


class VerifyClaim(Act):
    """The requester agrees with every line, as far as they were not settled lower: it will pay."""


class PayClaim(Act):
    """The requester has paid."""

    reference: ShortText
    """Of the payment, by which the lender finds it: no name of a person."""


class CloseClaim(Act):
    """The lender has its money, or has waived it: nothing more is to be done."""


class WaiveClaim(Act):
    """The lender asks for nothing any more: for the whole claim, or for some of its lines."""

    line_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=500)] | None = None
    why: Note
    """Read by both sides."""


class MarkClaimOverdue(Command):
    """The time to pay is over: by the service itself."""


@handles(VerifyClaim)
async def verify_claim(uow: UnitOfWork, _cmd: VerifyClaim) -> None:
    """Record ``claim.verified``. Locks the claim.

    Raises:
        TransitionNotAllowed: it is not submitted, or a line is disputed.
        Conflict: the exchange rate that it is converted by is contested.
    """
    claim = await locked_claim(uow)
    uow.authorise({"requester": {claim.requester_id}})
    step(claim, "verify")
    await require_rate_agreed(uow, claim)
    claim.verified_at = uow.act.occurred_at
    tell(uow, "claim.verified", claim)


@handles(PayClaim)
async def pay_claim(uow: UnitOfWork, cmd: PayClaim) -> None:
    """Record ``claim.paid``. Locks the claim.

    Raises:
        TransitionNotAllowed: it is not verified.
        Conflict: the exchange rate that it is converted by is contested.
    """
    claim = await locked_claim(uow)
    uow.authorise({"requester": {claim.requester_id}})
    step(claim, "pay")
    await require_rate_agreed(uow, claim)
    claim.paid_at, claim.payment_reference, claim.overdue = uow.act.occurred_at, cmd.reference, False
    tell(uow, "claim.paid", claim)


@handles(CloseClaim)
async def close_claim(uow: UnitOfWork, _cmd: CloseClaim) -> None:
    """Record ``claim.closed``. Locks the claim."""
    claim = await locked_claim(uow)
    uow.authorise({"lender": {claim.lender_id}})
    step(claim, "close")
    claim.closed_at = uow.act.occurred_at
    tell(uow, "claim.closed", claim)


@handles(WaiveClaim)
async def waive_claim(uow: UnitOfWork, cmd: WaiveClaim) -> None:
    """Record ``claim.waived``, or ``claim.lines_waived`` where something is left. Disputes about them are settled.

    Locks the claim and its lines.

    Raises:
        NotFound: a line is not one of this claim.
        Conflict: nothing is left to be waived.
    """
    claim = await locked_claim(uow)
    uow.authorise({"lender": {claim.lender_id}})
    if claim.status not in unpaid():
        step(claim, "waive")  # refused, with the claim as it is
    lines = await locked_lines(uow, claim)
    chosen = _chosen(lines, cmd.line_ids)
    if not any(line.agreed for line in chosen):
        raise Conflict(
            "Nothing is left to be waived there.", extra={**because("nothing_to_waive"), "current": claim.state()}
        )
    for line in chosen:
        line.agreed, line.waived = ZERO, True
        if line.dispute in UNSETTLED:
            line.dispute = machine("claim_dispute").next(line.dispute, "settle")
    agree(claim, lines)
    if claim.agreed == ZERO:
        step(claim, "waive")
        claim.overdue = False
        tell(uow, "claim.waived", claim, *chosen)
        return
    settle(claim, lines)
    uow.revise(claim)
    tell(uow, "claim.lines_waived", claim, *chosen)


@handles(MarkClaimOverdue)
async def mark_claim_overdue(uow: UnitOfWork, _cmd: MarkClaimOverdue) -> None:
    """Record ``claim.overdue``, an alarm for both. Locks the claim.

    Raises:
        Conflict: it was paid or waived, or there is time left.
    """
    claim = await uow.lock_target(Claim)
    uow.authorise()
    if claim.status not in unpaid() or claim.pay_by is None or claim.pay_by > uow.now:
        raise Conflict("Nothing is overdue.", extra={"current": claim.state()})
    claim.overdue = True
    tell(uow, "claim.overdue", claim)


def unpaid() -> frozenset[str]:
    """Return the states in which the lender still waits for money: those from which it can waive."""
    return machine("claim").sources("waive")


def step(claim: Claim, transition: str) -> None:
    """Take a step of the claim's machine; a refusal shows the claim as it is."""
    with Showing(claim):
        claim.status = machine("claim").next(claim.status, transition)


def settle(claim: Claim, lines: Sequence[ClaimLine]) -> None:
    """Let a disputed claim be one to verify again, once nothing in it is disputed any more."""
    if claim.status in machine("claim").sources("settle") and not any(line.dispute in UNSETTLED for line in lines):
        step(claim, "settle")


def _chosen(lines: Sequence[ClaimLine], ids: Sequence[UUID] | None) -> list[ClaimLine]:
    if ids is None:
        return list(lines)
    by_id = {line.id: line for line in lines}
    for id_ in ids:
        if id_ not in by_id:
            raise NotFound(ClaimLine.KIND, id_)
    return [by_id[id_] for id_ in dict.fromkeys(ids)]
