"""What becomes of offers when their request has ended: they are over, and what was kept for them is free again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmodel import col

from app.commands.parts import lock_units, parts_among, put
from app.domain.lifecycle import machine, states
from app.store.tables import Offer, OfferLine

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from app.store.tables import Request
    from app.store.unit_of_work import UnitOfWork


async def end_offers(uow: UnitOfWork, request: Request) -> None:
    """Let every offer expire that no mission came of, and its units go; of the others, what was not committed.

    Records ``offer.expired`` or ``offer.rest_let_go`` for requester and lender, and ``resource.let_go`` for the corridor.
    Locks the offers, their lines, then the units, each by id; the caller holds the request's lock.
    """
    live = [state for state in states("offer") if not machine("offer").is_final(state)]
    offers = await uow.lock_where(Offer, col(Offer.request_id) == request.id, col(Offer.status).in_(live))
    lines = await uow.lock_where(OfferLine, col(OfferLine.offer_id).in_([offer.id for offer in offers]))
    held: set[UUID] = set()
    for offer in offers:
        own = [line for line in lines if line.offer_id == offer.id]
        held |= held_units(offer, own)
        facts = {"any_line_committed": any(line.committed for line in own)}
        steps = machine("offer").allowed(offer.status, facts, by=uow.act.command)
        rest = [line for line in own if line.accepted_quantity and not line.committed]
        if expiry := next((step for step in steps if step.to == "expired"), None):
            offer.status = expiry.to
            _record(uow, "offer.expired", request, offer)
        elif rest:
            for line in rest:
                line.accepted_quantity = 0
            uow.revise(offer)
            _record(uow, "offer.rest_let_go", request, offer, *rest)
    await free_units(uow, held)


def _record(uow: UnitOfWork, event: str, request: Request, offer: Offer, *lines: OfferLine) -> None:
    parties = [request.member_id, offer.lender_id]
    uow.record(event, offer, *lines, visibility="parties", parties=parties, request_status=request.status)


def held_units(offer: Offer, lines: Iterable[OfferLine]) -> set[UUID]:
    """Return the units that are kept free for the offer: those named, and after an acceptance those that were taken."""
    taken = offer.status in {"accepted", "provisional"}
    return {
        line.resource_id
        for line in lines
        if line.resource_id is not None and not line.committed and (line.accepted_quantity > 0 or not taken)
    }


async def free_units(uow: UnitOfWork, ids: Iterable[UUID]) -> None:
    """Make units available that were reserved, with the parts of formations; record ``resource.let_go`` of each unit. Locks
    them by id.
    """
    if not (wanted := set(ids)):
        return
    rows = await lock_units(uow, wanted)
    for unit in rows:
        if unit.id in wanted and unit.status == "reserved":
            parts = [part for part in parts_among(unit, rows) if part.status == "reserved"]
            put([unit, *parts], "available", by=uow.act.command)
            uow.record("resource.let_go", unit, *parts)
