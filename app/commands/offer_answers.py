"""What becomes of an offer: accepted or declined by whoever asked, taken back by the lender, over when its time is."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.agreement_again import binding_facts, papers_of, warn_superseded
from app.commands.agreement_cases import matter_of
from app.commands.fill import fill
from app.commands.letting_go import free_units, held_units
from app.commands.occurred import keep_after
from app.commands.offer_making import wrong_line
from app.commands.registry import Act, Command, handles
from app.commands.showing import Showing
from app.domain.because import because
from app.domain.clock import stamp
from app.domain.errors import Conflict, NotAvailable, NotFound, OverFilled
from app.domain.forms import Flag, Form, Quantity
from app.domain.lifecycle import machine
from app.store.tables import Offer, OfferLine, Request, RequestLine
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Sequence


class AcceptedLine(Form):
    """How many of an offered line are taken."""

    offer_line_id: UUID
    quantity: Quantity = 1


class AcceptOffer(Act):
    """Take an offer: all of it, or the lines and quantities that are named. What is not taken is let go."""

    lines: Annotated[tuple[AcceptedLine, ...], Field(min_length=1, max_length=50)] | None = None
    provisional: Flag = False
    """Wanted, with something still to be settled."""


class DeclineOffer(Act):
    """The requester does not take it."""


class WithdrawOffer(Act):
    """The lender takes it back, as long as none of it is committed."""


class ExpireOffer(Command):
    """Its time has run out: by the service itself."""


@handles(AcceptOffer)
async def accept_offer(uow: UnitOfWork, cmd: AcceptOffer) -> None:
    """Record ``offer.accepted`` or ``offer.provisionally_accepted``, and ``resource.let_go`` of units that are not taken.

    What speaks against it by now under the version that it was made under is a warning: the lender binds itself only when it
    commits, and is stopped then. Locks the request, the offer, its lines, the units.

    Raises:
        Conflict: its time has run out.
        OutOfOrder: it was not made yet then.
        OverFilled: more than the offer holds, or than the request's line still lacks.
    """
    request, offer, lines = await locked_offer(uow)
    facts = await binding_facts(uow, request, lines, request.member_id)
    uow.authorise({"requester": {request.member_id}}, facts=facts)
    machine("request").refuse_final(request.status, "take an offer", request.state())
    _require_standing(uow, offer)
    keep_after(uow, cmd, offer.offered_at, "The offer was made", offer)
    held = held_units(offer, lines)
    before = {line.id: line.accepted_quantity for line in lines}
    taken = _taken(offer, lines, cmd)
    await _require_lacking(uow, request, lines, taken)
    await _warn_of_agreements(uow, request, offer, [line for line in lines if taken[line.id]])
    _to(offer, "provisional" if cmd.provisional else "accepted", uow.act.command)
    offer.accepted_at = uow.act.occurred_at
    for line in lines:
        line.accepted_quantity = taken[line.id]
    event = "offer.provisionally_accepted" if cmd.provisional else "offer.accepted"
    touched = [line for line in lines if line.accepted_quantity != before[line.id]]
    uow.record(event, offer, *touched, visibility="parties", parties=[request.member_id, offer.lender_id])
    await free_units(uow, held - held_units(offer, lines))


def _require_standing(uow: UnitOfWork, offer: Offer) -> None:
    """Refuse an offer whose time is over, also while the service has not come round to ending it."""
    if not machine("offer").is_final(offer.status) and offer.valid_until is not None and offer.valid_until <= uow.now:
        detail = f"The offer stood until {offer.valid_until.isoformat()}."
        raise Conflict(
            detail,
            extra={**because("offer_over", until_at=stamp(offer.valid_until)), "current": offer.state()},
            hint="Ask the lender to make it again.",
        )


def _taken(offer: Offer, lines: Sequence[OfferLine], cmd: AcceptOffer) -> dict[UUID, int]:
    """Return how many are taken of each line of the offer; those taken provisionally stand if nothing else is said."""
    provisional = offer.status == "provisional"
    if cmd.lines is None:
        return {line.id: line.accepted_quantity if provisional else line.quantity for line in lines}
    by_id = {line.id: line for line in lines}
    taken = dict.fromkeys(by_id, 0)
    for index, named in enumerate(cmd.lines):
        line = by_id.get(named.offer_line_id)
        if line is None:
            raise NotFound(OfferLine.KIND, named.offer_line_id)
        taken[line.id] += named.quantity
        pointer = f"/lines/{index}"
        if taken[line.id] > line.quantity:
            raise wrong_line(
                OverFilled,
                pointer,
                f"The offer holds {line.quantity} of it.",
                current=line.state(),
                **because("offer_holds", n=line.quantity),
            )
        if provisional and line.resource_id is not None and not line.accepted_quantity:
            detail = "Its unit was let go when it was not taken provisionally."
            raise wrong_line(NotAvailable, pointer, detail, current=line.state(), **because("unit_let_go"))
    return taken


async def _require_lacking(
    uow: UnitOfWork, request: Request, lines: Sequence[OfferLine], taken: dict[UUID, int]
) -> None:
    """Refuse to take more for a line of the request than it still lacks; what this offer held before counts as free."""
    more: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    for line in lines:
        more[line.request_line_id][line.type_code] += taken[line.id] - line.accepted_quantity
    for line_id, filled in (await fill(uow, request.id)).items():
        if any(count > 0 for count in more[line_id].values()) and filled.beyond(more[line_id], pending=True):
            detail = f"The request's line lacks {filled.lacking} of {filled.wanted}."
            current = {"request_line_id": line_id, "wanted": filled.wanted, "committed": filled.committed}
            raise OverFilled(
                detail,
                extra={
                    **because("request_lacks", n=filled.lacking, wanted=filled.wanted),
                    "current": current | {"pending": filled.pending},
                },
            )


async def _warn_of_agreements(uow: UnitOfWork, request: Request, offer: Offer, lines: Sequence[OfferLine]) -> None:
    papers = await papers_of(uow, lines)
    matter = await matter_of(
        uow,
        incident_id=request.incident_id,
        kind=request.kind,
        lender_id=offer.lender_id,
        borrower_id=request.member_id,
    )
    asked = {row.id: row for row in await uow.find(RequestLine, col(RequestLine.request_id) == request.id)}
    for line in lines:
        place = (asked[line.request_line_id].lon, asked[line.request_line_id].lat)
        case = matter.case(line.type_code, line.quantity, uow.now, place=place, resource_id=line.resource_id)
        for reason in papers.says(line, case):
            uow.warn(reason.code, reason.detail, offer_line_id=str(line.id), figures=dict(reason.figures))
        warn_superseded(uow, papers, line, case)


@handles(DeclineOffer)
async def decline_offer(uow: UnitOfWork, _cmd: DeclineOffer) -> None:
    """Record ``offer.declined``, and ``resource.let_go`` of its units. Locks as ``accept_offer``."""
    request, offer, lines = await locked_offer(uow)
    uow.authorise({"requester": {request.member_id}})
    await _end(uow, request, offer, lines, "declined")


@handles(WithdrawOffer)
async def withdraw_offer(uow: UnitOfWork, _cmd: WithdrawOffer) -> None:
    """Record ``offer.withdrawn``, and ``resource.let_go`` of its units. Locks as ``accept_offer``."""
    request, offer, lines = await locked_offer(uow)
    uow.authorise({"lender": {offer.lender_id}})
    await _end(uow, request, offer, lines, "withdrawn")


@handles(ExpireOffer)
async def expire_offer(uow: UnitOfWork, _cmd: ExpireOffer) -> None:
    """Record ``offer.expired``, and ``resource.let_go`` of its units. Locks as ``accept_offer``.

    Raises:
        Conflict: its time has not come.
        TransitionNotAllowed: something of it is committed, or it ended before.
    """
    request, offer, lines = await locked_offer(uow)
    uow.authorise()
    if offer.valid_until is None or offer.valid_until > uow.now:
        raise Conflict("The offer's time has not come.", extra={"current": offer.state()})
    await _end(uow, request, offer, lines, "expired")


async def _end(uow: UnitOfWork, request: Request, offer: Offer, lines: Sequence[OfferLine], state: str) -> None:
    held = held_units(offer, lines)
    _to(offer, state, uow.act.command, {"any_line_committed": any(line.committed for line in lines)})
    uow.record(f"offer.{state}", offer, visibility="parties", parties=[request.member_id, offer.lender_id])
    await free_units(uow, held)


async def locked_offer(uow: UnitOfWork) -> tuple[Request, Offer, list[OfferLine]]:
    """Lock the request, the offer that the command is about, and its lines.

    Raises:
        NotFound: there is none, or the actor is on neither side of it.
        StaleRevision: somebody changed it since.
    """
    seen = await uow.get(Offer, uow.require_target())
    asked = await uow.get(Request, seen.request_id)
    if not uow.sees(seen.lender_id, asked.member_id):
        raise NotFound(Offer.KIND, seen.id)
    request = await uow.lock(Request, seen.request_id)
    offer = await uow.lock_target(Offer)
    return request, offer, await uow.lock_where(OfferLine, col(OfferLine.offer_id) == offer.id)


def _to(offer: Offer, state: str, command: str, facts: dict[str, bool] | None = None) -> None:
    """Take the step to ``state``; a refusal shows the offer as it is."""
    with Showing(offer):
        offer.status = machine("offer").to(offer.status, state, facts or {}, by=command).to
