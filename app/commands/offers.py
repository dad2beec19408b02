"""Offers: made by a lender, within the agreements or by a named act outside them (what becomes of one: ``offer_answers.py``).

An offer is between two members; nobody else sees it. What everybody sees is which units are reserved, and the named act by
which a lender goes below its reserve.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.offer_check import Found, Sought, judge
from app.commands.registry import Act, handles
from app.domain.agreements import Case, Cost
from app.domain.errors import ConcordError, Conflict, FieldError, NotAvailable, NotFound, OutOfRange
from app.domain.forms import Code, Flag, Form, Instant, LongText, Note, Quantity
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.vocabulary import require
from app.store.agreements import agreed, stock_of
from app.store.tables import Incident, Offer, OfferLine, Request, RequestLine, Resource
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.agreements import Reason, Stock

STILL_ASKING = ("open", "partly_committed")
"""States of a request in which an offer is of use."""


class Override(Form):
    """The lender's named act that goes below what an agreement says it keeps at home."""

    reason: Note


class OfferedLine(Form):
    """So many of a type, or one named unit, for a line of the request."""

    request_line_id: UUID
    quantity: Quantity = 1
    resource_id: UUID | None = None
    """A unit of the lender's own that is available; it is kept free for this offer."""
    type_code: Code | None = None
    """The type that is sent; it is the one that the request's line asks for."""
    agreement_id: UUID | None = None
    """The agreement it runs under; if none is named, the one that allows it, by precedence."""
    override_reserve: Override | None = None
    ad_hoc: Flag = False
    """Help without an agreement, under the treaty that the deployment names."""
    cost: Cost | None = None
    """Who pays; as the agreement says if nothing is said."""


class MakeOffer(Act):
    """What the lender can send for a request."""

    lines: Annotated[tuple[OfferedLine, ...], Field(min_length=1, max_length=50)]
    note: LongText | None = None
    valid_until: Instant | None = None
    """From then on it no longer stands, unless something of it is committed."""


@handles(MakeOffer)
async def make_offer(uow: UnitOfWork, cmd: MakeOffer) -> None:
    """Record ``offer.made`` for requester and lender; for the corridor ``resource.reserved`` of each named unit, and
    ``reserve.overridden`` with the reason.

    Locks the request, its lines, the agreements, (lender, type), the units.

    Raises:
        AgreementRefused: with every reason, by line.
        NotAvailable: a unit is not free, or fewer of a type are.
    """
    request = await uow.lock(Request, uow.require_target())
    if request.opened_at is None and not uow.sees(request.member_id):
        raise NotFound(Request.KIND, request.id)
    uow.expect_revision(request)
    lender = _authorised_lender(uow, request, cmd.lines)
    _require_asking(request)
    if cmd.valid_until is not None and cmd.valid_until <= uow.now:
        raise wrong_line(OutOfRange, "/valid_until", "The offer would be over before it is made.")
    wanted = await _wanted_lines(uow, request, cmd.lines)
    found = await _check(uow, request, lender, cmd.lines, wanted)
    units = await _reserve(uow, lender, cmd.lines, wanted)
    offer = uow.add(
        Offer(
            space_id=uow.space,
            id=new_id(),
            request_id=request.id,
            lender_id=lender,
            status=machine("offer").next(machine("offer").initial, "offer"),
            note=cmd.note,
            offered_at=uow.act.occurred_at,
            valid_until=cmd.valid_until,
        )
    )
    lines = [
        uow.add(_line(uow, offer, sent, asked, of)) for sent, asked, of in zip(cmd.lines, wanted, found, strict=True)
    ]
    if cmd.valid_until is not None:
        uow.later("expire_offer", cmd.valid_until, offer.id)
    uow.record("offer.made", offer, *lines, visibility="parties", parties=[request.member_id, lender])
    for unit in units:
        uow.record("resource.reserved", unit)
    for sent, asked, of in zip(cmd.lines, wanted, found, strict=True):
        _tell(uow, request, lender, sent, asked, of)


def _authorised_lender(uow: UnitOfWork, request: Request, lines: Sequence[OfferedLine]) -> UUID:
    """Return the actor's member, once it may do all that the offer takes."""
    lender = uow.actor.member_id
    if lender is None:
        message = "the service itself has nothing to lend"
        raise RuntimeError(message)
    sides, facts = {"lender": {lender}}, {"request_kind": request.kind}
    uow.authorise(sides, facts=facts)
    if any(line.override_reserve for line in lines):
        uow.authorise(sides, command="override_reserve", facts=facts)
    if any(line.ad_hoc for line in lines):
        uow.authorise(sides, command="offer_ad_hoc", facts=facts)
    if lender == request.member_id:
        message = "A member does not lend to itself."
        raise Conflict(message, extra={"current": request.state()}, hint="Send your own units by your own means.")
    return lender


def _require_asking(request: Request) -> None:
    if request.status not in STILL_ASKING:
        detail = f"The request is {request.status.replace('_', ' ')}: nothing more is asked for."
        raise Conflict(detail, extra={"current": request.state()})


async def _wanted_lines(uow: UnitOfWork, request: Request, lines: Sequence[OfferedLine]) -> list[RequestLine]:
    """Return the request's line for each offered one, locked; check what can be told without counting."""
    ids = {line.request_line_id for line in lines}
    rows = await uow.lock_where(RequestLine, col(RequestLine.request_id) == request.id, col(RequestLine.id).in_(ids))
    by_id = {row.id: row for row in rows}
    named = Counter(line.resource_id for line in lines if line.resource_id is not None)
    wanted: list[RequestLine] = []
    for index, line in enumerate(lines):
        row = by_id.get(line.request_line_id)
        if row is None:
            raise NotFound(RequestLine.KIND, line.request_line_id)
        if line.type_code is not None:
            require("type for this line", line.type_code, {row.type_code}, pointer=f"/lines/{index}/type_code")
        if line.resource_id is not None and (line.quantity != 1 or named[line.resource_id] > 1):
            raise wrong_line(OutOfRange, f"/lines/{index}/resource_id", "A named unit is one, and stands in one line.")
        wanted.append(row)
    return wanted


async def _check(
    uow: UnitOfWork, request: Request, lender: UUID, lines: Sequence[OfferedLine], wanted: Sequence[RequestLine]
) -> list[Found]:
    """Ask the agreements about every line, each after those before it; then see that there are as many as offered."""
    incident = await uow.get(Incident, request.incident_id)
    known = await agreed(uow.raw, uow.space, lock=True)
    stocks: dict[str, Stock] = {}
    for type_code in sorted({row.type_code for row in wanted}):
        await uow.lock_stock(lender, type_code)
        stocks[type_code] = await stock_of(uow.raw, uow.space, lender, type_code)
    sought: list[Sought] = []
    for line, row in zip(lines, wanted, strict=True):
        stock = stocks[row.type_code]
        case = Case(incident.hazard, row.type_code, request.kind, lender, request.member_id, line.quantity, at=uow.now)
        sought.append(Sought(case, stock, row.id, line.agreement_id, line.override_reserve is not None, line.ad_hoc))
        stocks[row.type_code] = replace(stock, promised=stock.promised + line.quantity)
    found = judge(known, sought)
    for index, (line, asked) in enumerate(zip(lines, sought, strict=True)):
        named = line.resource_id is not None
        # A named unit that is not available is refused with its own state; this is about those promised to others.
        if asked.stock.free < line.quantity and (asked.stock.available > 0 or not named):
            detail = f"Of {asked.case.type_code} {max(0, asked.stock.free)} are free, not {line.quantity}."
            figures = {"available": asked.stock.available, "promised": asked.stock.promised}
            pointer = f"/lines/{index}/{'resource_id' if named else 'quantity'}"
            raise wrong_line(NotAvailable, pointer, detail, current=figures)
    return found


async def _reserve(
    uow: UnitOfWork, lender: UUID, lines: Sequence[OfferedLine], wanted: Sequence[RequestLine]
) -> list[Resource]:
    """Lock the named units, and keep them free for the offer."""
    ids = [line.resource_id for line in lines if line.resource_id is not None]
    if not ids:
        return []
    units = await uow.lock_where(Resource, col(Resource.id).in_(ids))
    by_id = {unit.id: unit for unit in units}
    for index, (line, row) in enumerate(zip(lines, wanted, strict=True)):
        if line.resource_id is None:
            continue
        unit = by_id.get(line.resource_id)
        if unit is None or unit.member_id != lender:
            raise NotFound(f"{Resource.KIND} of your member", line.resource_id)
        pointer = f"/lines/{index}/resource_id"
        if unit.retired or unit.status != "available":
            state = "retired" if unit.retired else unit.status.replace("_", " ")
            raise wrong_line(NotAvailable, pointer, f"{unit.call_sign} is {state}.", current=unit.state())
        if unit.type_code != row.type_code:
            raise wrong_line(NotAvailable, pointer, f"{unit.call_sign} is no {row.type_code}.", current=unit.state())
        unit.status = machine("resource").to(unit.status, "reserved", by=uow.act.command).to
    return units


def _line(uow: UnitOfWork, offer: Offer, sent: OfferedLine, asked: RequestLine, found: Found) -> OfferLine:
    cost = sent.cost or (found.verdict.terms.cost if found.verdict else None)
    override = None
    if found.overridden is not None and sent.override_reserve is not None:
        override = {
            "reason": sent.override_reserve.reason,
            "by": uow.actor.id and str(uow.actor.id),
            "at": uow.now.isoformat(),
        }
    return OfferLine(
        space_id=uow.space,
        id=new_id(),
        offer_id=offer.id,
        request_id=offer.request_id,
        request_line_id=asked.id,
        type_code=asked.type_code,
        resource_id=sent.resource_id,
        quantity=sent.quantity,
        agreement_id=found.verdict.agreement.id if found.verdict else None,
        agreement_version=found.verdict.agreement.version if found.verdict else None,
        reserve_override=override,
        findings=[reason.told() for reason in found.reasons],
        cost=cost.model_dump(mode="json", exclude_none=True) if cost else {},
    )


def _tell(uow: UnitOfWork, request: Request, lender: UUID, sent: OfferedLine, asked: RequestLine, found: Found) -> None:
    """Tell everybody of a reserve that was overridden, and the actor of what somebody should know."""
    below: Reason | None = found.overridden
    if below is not None and sent.override_reserve is not None:
        uow.record(
            "reserve.overridden",
            request,
            lender_id=lender,
            type_code=asked.type_code,
            reason=sent.override_reserve.reason,
            figures=dict(below.figures),
        )
        uow.warn(below.code, below.detail, request_line_id=str(asked.id), figures=dict(below.figures))
    if found.verdict is None:
        detail = f"No agreement: help is given under {uow.settings.treaty}."
        uow.warn("ad_hoc", detail, request_line_id=str(asked.id), findings=[reason.told() for reason in found.reasons])


def wrong_line(error: type[ConcordError], pointer: str, detail: str, **extra: Any) -> ConcordError:
    """Build the refusal of one line of the body."""
    return error(detail, errors=[FieldError(pointer, error.slug, detail)], extra=extra)
