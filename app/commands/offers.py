"""Offers: made by a lender, within the agreements or by a named act outside them (what becomes of one: ``offer_answers.py``).

An offer is between two members; nobody else sees it. What everybody sees is which units are reserved, and the named act by
which a lender goes below its reserve.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from sqlmodel import col

from app.commands.costs import expected
from app.commands.occurred import keep_after
from app.commands.offer_making import (
    OfferedLine,
    authorised_lender,
    checked,
    going_of,
    kept_units,
    offered_line,
    tell_checked,
    wrong_line,
)
from app.commands.registry import Act, handles
from app.commands.request_lines import require_asked_of, require_asking
from app.commands.response_commitments import answered
from app.domain.errors import Conflict, NotFound, OutOfRange
from app.domain.forms import Instant, LongText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.resource_types import parts_of_type
from app.domain.vocabulary import require
from app.store.tables import Offer, Request, RequestLine
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Sequence


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

    Locks the request, its lines, the agreements, (agreement, type) where there is a cap, (lender, type), the units.

    Raises:
        Conflict: the member's own, asked of another member, or nothing more is asked for.
        AgreementRefused: with every reason, by line.
        NotAvailable: a unit is not free, or fewer of a type are.
        OutOfOrder: nobody had asked then.
    """
    request = await uow.lock(Request, uow.require_target())
    if request.opened_at is None and not uow.sees(request.member_id):
        raise NotFound(Request.KIND, request.id)
    uow.expect_revision(request)
    lender = authorised_lender(uow, request.kind, cmd.lines)
    if lender == request.member_id:
        message = "A member does not lend to itself."
        raise Conflict(message, extra={"current": request.state()}, hint="Send your own units by your own means.")
    require_asking(request)
    await require_asked_of(uow, request, lender)
    keep_after(uow, cmd, request.opened_at, "The request was opened", request)
    if cmd.valid_until is not None and cmd.valid_until <= uow.now:
        raise wrong_line(OutOfRange, "/valid_until", "The offer would be over before it is made.")
    wanted = await _wanted_lines(uow, request, cmd.lines)
    going = await going_of(uow, cmd.lines, wanted)
    efforts = [
        await expected(uow, lender, goes, line.resource_id, line.expected_hours)
        for line, goes in zip(cmd.lines, going, strict=True)
    ]
    found = await checked(uow, request, lender, cmd.lines, going, efforts)
    units = await kept_units(uow, lender, cmd.lines, going)
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
        uow.add(await offered_line(uow, offer, sent, goes, of, effort))
        for sent, goes, of, effort in zip(cmd.lines, going, found, efforts, strict=True)
    ]
    if cmd.valid_until is not None:
        uow.later("expire_offer", cmd.valid_until, offer.id)
    uow.record("offer.made", offer, *lines, visibility="parties", parties=[request.member_id, lender])
    await answered(uow, request.id, lender, "acknowledge", "answer")
    for unit, parts in units:
        uow.record("resource.reserved", unit, *parts)
    for sent, goes, of in zip(cmd.lines, going, found, strict=True):
        tell_checked(uow, lender, sent, goes, of, request)


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
            fitting = {row.type_code, *parts_of_type(row.type_code)}
            require("type for this line", line.type_code, fitting, pointer=f"/lines/{index}/type_code")
        if line.resource_id is not None and (line.quantity != 1 or named[line.resource_id] > 1):
            raise wrong_line(OutOfRange, f"/lines/{index}/resource_id", "A named unit is one, and stands in one line.")
        wanted.append(row)
    return wanted
