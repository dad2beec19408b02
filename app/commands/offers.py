"""Offers: made by a lender, within the agreements or by a named act outside them (what becomes of one: ``offer_answers.py``).

An offer is between two members; nobody else sees it. What everybody sees is which units are reserved, and the named act by
which a lender goes below its reserve.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field
from sqlmodel import col

from app.commands.costs import expected
from app.commands.fill import fill
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
from app.commands.request_lines import require_asked_of, require_asking, require_seen
from app.commands.response_commitments import answered
from app.domain.because import because
from app.domain.errors import Conflict, FieldError, NotFound, OutOfRange, OverFilled
from app.domain.forms import Instant, LongText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.resource_types import parts_of_type
from app.domain.vocabulary import require
from app.store.tables import Offer, Request, RequestLine
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.commands.offer_making import Going


STANDS: Final = {"immediate": timedelta(hours=2), "day_to_day": timedelta(hours=2), "planned": timedelta(days=3)}
"""For how long an offer stands, by the request's kind, where nothing is said: it keeps units from others."""


class MakeOffer(Act):
    """What the lender can send for a request."""

    lines: Annotated[tuple[OfferedLine, ...], Field(min_length=1, max_length=50)]
    note: LongText | None = None
    valid_until: Instant | None = None
    """From then on it no longer stands, unless something of it is committed. Two hours from now if nothing is said, three days for planned help."""


@handles(MakeOffer)
async def make_offer(uow: UnitOfWork, cmd: MakeOffer) -> None:
    """Record ``offer.made`` for requester and lender; for the corridor ``resource.reserved`` of each named unit, and
    ``reserve.overridden`` with the reason.

    Locks the request, its lines, the agreements, (agreement, type) where there is a cap, (lender, type), the units.

    Raises:
        Conflict: the member's own, asked of another member, or nothing more is asked for.
        AgreementRefused: with every reason, by line.
        NotAvailable: a unit is not free, or fewer of a type are.
        OverFilled: more than a line still wants.
        OutOfOrder: nobody had asked then.
    """
    request = await uow.lock(Request, uow.require_target())
    require_seen(uow, request)
    uow.expect_revision(request)
    lender = authorised_lender(uow, request.kind, cmd.lines)
    if lender == request.member_id:
        message = "A member does not lend to itself."
        raise Conflict(
            message,
            extra={**because("own_request"), "current": request.state()},
            hint="Send your own units by your own means.",
        )
    require_asking(request)
    await require_asked_of(uow, request, lender)
    keep_after(uow, cmd, request.opened_at, "The request was opened", request)
    if cmd.valid_until is not None and cmd.valid_until <= uow.now:
        raise wrong_line(
            OutOfRange, "/valid_until", "The offer would be over before it is made.", **because("offer_before_made")
        )
    valid_until = cmd.valid_until or uow.now + uow.lasting(STANDS[request.kind])
    wanted = await _wanted_lines(uow, request, cmd.lines)
    going = await going_of(uow, cmd.lines, wanted)
    await _require_wanted(uow, request, cmd.lines, going)
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
            valid_until=valid_until,
        )
    )
    lines = [
        uow.add(await offered_line(uow, offer, sent, goes, of, effort))
        for sent, goes, of, effort in zip(cmd.lines, going, found, efforts, strict=True)
    ]
    uow.later("expire_offer", valid_until, offer.id)
    uow.record("offer.made", offer, *lines, visibility="parties", parties=[request.member_id, lender])
    await answered(uow, request.id, lender, "acknowledge", "answer")
    for unit, parts in units:
        uow.record("resource.reserved", unit, *parts)
    for sent, goes, of in zip(cmd.lines, going, found, strict=True):
        await tell_checked(uow, lender, sent, goes, of, request)


async def _require_wanted(
    uow: UnitOfWork, request: Request, lines: Sequence[OfferedLine], going: Sequence[Going]
) -> None:
    """Refuse more than a line still wants: units would be kept for nothing, and nobody else be asked for what is missing elsewhere.

    Raises:
        OverFilled: with how many are still wanted.
    """
    filled = await fill(uow, request.id)
    more: dict[UUID, Counter[str]] = {}
    for index, (line, goes) in enumerate(zip(lines, going, strict=True)):
        of, adds = filled[goes.id], more.setdefault(goes.id, Counter())
        adds[goes.type_code] += line.quantity
        if of.beyond(adds, pending=True):
            lacking = of.lacking_of(goes.type_code)
            detail = f"The request's line still wants {lacking} of {goes.type_code}; offered: {adds[goes.type_code]}."
            told = because("offer_beyond", type_code=goes.type_code, n=lacking, offered=adds[goes.type_code])
            hint = f"Offer {lacking} at most; what others have offered and nobody has accepted is not counted."
            raise OverFilled(
                detail, errors=[FieldError(f"/lines/{index}/quantity", OverFilled.slug, detail)], extra=told, hint=hint
            )


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
