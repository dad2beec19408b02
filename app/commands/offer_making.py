"""How an offer is made: what each line sends, what the agreements say to it, which units are kept free, and what is told of it.

For offers that were asked for, and for those that nobody has asked for, which are checked when they are made and once more when they are
taken up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol
from uuid import UUID

from pydantic import Field

from app.commands.agreement_cases import known_to, matter_of
from app.commands.costs import estimated
from app.commands.not_free import not_free, other_type, part_not_free
from app.commands.offer_check import Found, Sought, judge
from app.commands.parts import lock_units, parts_among, put, taken
from app.domain.agreements import within
from app.domain.because import because
from app.domain.cost_terms import Cost, Effort
from app.domain.errors import ConcordError, FieldError, NotAvailable, NotFound
from app.domain.forms import WHOLE, Code, Flag, Form, Note, Quantity
from app.domain.ids import new_id
from app.domain.lender_words import CANNOT
from app.domain.resource_types import parts_of_type
from app.store.tables import Member, Offer, OfferLine, Request, RequestLine, Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.agreement_reasons import Reason
    from app.store.unit_of_work import UnitOfWork


class Asked(Protocol):
    """What help is for: the incident, the kind of request, the member that it goes to."""

    @property
    def incident_id(self) -> UUID | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def member_id(self) -> UUID: ...


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
    """The type that is sent: the one that the request's line asks for or, of a composite type, one of its parts."""
    agreement_id: UUID | None = None
    """The agreement it runs under; if none is named, the one that allows it, by precedence."""
    override_reserve: Override | None = None
    ad_hoc: Flag = False
    """Help without an agreement, under the treaty that the deployment names."""
    cost: Cost | None = None
    """Who pays; as the agreement says if nothing is said. Under an agreement no more than it says, in its currency and by its dates."""
    expected_hours: Annotated[int, Field(strict=True, ge=1, le=24 * 365), WHOLE] | None = None
    """How long it is likely to be away, for the estimate of the cost; a shift of 8 hours if nobody says."""


def authorised_lender(uow: UnitOfWork, kind: str, lines: Sequence[OfferedLine]) -> UUID:
    """Return the actor's member, once it may do all that the offer takes."""
    lender = uow.actor.member_id
    if lender is None:
        message = "the service itself has nothing to lend"
        raise RuntimeError(message)
    sides, facts = {"lender": {lender}}, {"request_kind": kind}
    uow.authorise(sides, facts=facts)
    if any(line.override_reserve for line in lines):
        uow.authorise(sides, command="override_reserve", facts=facts)
    if any(line.ad_hoc for line in lines):
        uow.authorise(sides, command="offer_ad_hoc", facts=facts)
    return lender


@dataclass(frozen=True, slots=True)
class Going:
    """What one offered line sends for a line of the request: the type asked for, or a part of it."""

    id: UUID
    type_code: str
    lon: float
    lat: float


async def going_of(uow: UnitOfWork, lines: Sequence[OfferedLine], wanted: Sequence[RequestLine]) -> list[Going]:
    """Return what each line sends: what it says, the type of the named unit where that is a part, or what is asked for."""
    going: list[Going] = []
    for line, row in zip(lines, wanted, strict=True):
        type_code = line.type_code or row.type_code
        if line.type_code is None and line.resource_id is not None and (parts := parts_of_type(row.type_code)):
            unit = await uow.get(Resource, line.resource_id)
            type_code = unit.type_code if unit.type_code in parts else type_code
        going.append(Going(row.id, type_code, row.lon, row.lat))
    return going


async def checked(
    uow: UnitOfWork,
    asked: Asked,
    lender: UUID,
    lines: Sequence[OfferedLine],
    wanted: Sequence[Going],
    efforts: Sequence[Effort],
) -> list[Found]:
    """Ask the agreements about every line, each after those before it; then see that there are as many as offered."""
    matter = await matter_of(
        uow, incident_id=asked.incident_id, kind=asked.kind, lender_id=lender, borrower_id=asked.member_id
    )
    known = await known_to(uow, lender, {row.type_code for row in wanted})
    sought = [
        Sought(
            matter.case(
                row.type_code,
                line.quantity,
                uow.now,
                effort,
                place=(row.lon, row.lat),
                resource_id=line.resource_id,
                duration_h=line.expected_hours,
                cost=line.cost,
            ),
            row.id,
            line.agreement_id,
            override_reserve=line.override_reserve is not None,
            ad_hoc=line.ad_hoc,
        )
        for line, row, effort in zip(lines, wanted, efforts, strict=True)
    ]
    found = judge(known, sought)
    for index, (line, row, of) in enumerate(zip(lines, wanted, found, strict=True)):
        named = line.resource_id is not None
        # A named unit that is not available is refused with its own state; this is about those promised to others.
        if of.stock.free < line.quantity and (of.stock.available > 0 or not named):
            detail = f"Free of {row.type_code}: {max(0, of.stock.free)}; offered: {line.quantity}."
            told = because("free_of_type", type_code=row.type_code, free=max(0, of.stock.free), quantity=line.quantity)
            figures = {"available": of.stock.available, "promised": of.stock.promised}
            pointer = f"/lines/{index}/{'resource_id' if named else 'quantity'}"
            raise wrong_line(NotAvailable, pointer, detail, current=figures, **told)
    return found


async def kept_units(
    uow: UnitOfWork, lender: UUID, lines: Sequence[OfferedLine], wanted: Sequence[Going], *, keep: bool = True
) -> list[tuple[Resource, list[Resource]]]:
    """Lock the named units, each with its parts, and keep them free for the offer; without ``keep`` only see that they are free.

    Raises:
        NotFound: a unit is not the lender's.
        NotAvailable: a unit is not free, or of another type.
    """
    ids = [line.resource_id for line in lines if line.resource_id is not None]
    if not ids:
        return []
    rows = await lock_units(uow, ids)
    by_id = {unit.id: unit for unit in rows}
    kept: list[tuple[Resource, list[Resource]]] = []
    for index, (line, row) in enumerate(zip(lines, wanted, strict=True)):
        if line.resource_id is None:
            continue
        unit = by_id.get(line.resource_id)
        if unit is None or unit.member_id != lender:
            raise NotFound(f"{Resource.KIND} of your member", line.resource_id)
        pointer = f"/lines/{index}/resource_id"
        if unit.retired or unit.status != "available":
            detail, told = not_free(unit)
            raise wrong_line(NotAvailable, pointer, detail, current=unit.state(), **told)
        if unit.type_code != row.type_code:
            detail, told = other_type(unit, row.type_code)
            raise wrong_line(NotAvailable, pointer, detail, current=unit.state(), **told)
        parts = parts_among(unit, rows)
        if (lost := taken(unit, parts)) is not None:
            detail, told = part_not_free(unit, lost)
            raise wrong_line(NotAvailable, pointer, detail, current=lost.state(), **told)
        if keep:
            put([unit, *parts], "reserved", by=uow.act.command)
        kept.append((unit, parts))
    return kept


async def offered_line(
    uow: UnitOfWork, offer: Offer, sent: OfferedLine, asked: Going, found: Found, effort: Effort
) -> OfferLine:
    """Return the row of one offered line, as it was checked."""
    said = await columns_of(uow, offer.lender_id, sent, asked, found, effort)
    return OfferLine(
        space_id=uow.space,
        id=new_id(),
        offer_id=offer.id,
        request_id=offer.request_id,
        request_line_id=asked.id,
        **said,
    )


async def columns_of(
    uow: UnitOfWork, lender: UUID, sent: OfferedLine, asked: Going, found: Found, effort: Effort
) -> dict[str, Any]:
    """Return what goes, under which agreement, at what cost and by which named act, as the columns of an offered line."""
    cost = sent.cost
    if found.verdict is not None:
        agreed = found.verdict.terms.cost
        cost = agreed if cost is None else cost.under(agreed)
        effort = within(found.verdict.terms, effort)
    override = None
    if found.overridden is not None and sent.override_reserve is not None:
        override = {
            "reason": sent.override_reserve.reason,
            "by": uow.actor.id and str(uow.actor.id),
            "at": uow.now.isoformat(),
        }
    elif found.word is not None:
        override = found.word.act()
    return {
        "type_code": asked.type_code,
        "resource_id": sent.resource_id,
        "quantity": sent.quantity,
        "agreement_id": found.verdict.agreement.id if found.verdict else None,
        "agreement_version": found.verdict.agreement.version if found.verdict else None,
        "reserve_override": override,
        "findings": [reason.told() for reason in found.reasons],
        "cost": cost.stored() if cost else {},
        "estimate": await estimated(uow, lender, asked.type_code, cost, effort, sent.quantity),
    }


async def tell_checked(
    uow: UnitOfWork, lender: UUID, sent: OfferedLine, asked: Going, found: Found, request: Request | None
) -> None:
    """Tell everybody of a reserve that was overridden for a request, and the actor of what somebody should know."""
    below: Reason | None = found.overridden
    act = sent.override_reserve.reason if sent.override_reserve else found.word and found.word.note
    if below is not None and act is not None and request is not None:
        uow.record(
            "reserve.overridden",
            request,
            lender_id=lender,
            type_code=asked.type_code,
            reason=act,
            figures=dict(below.figures),
        )
    if below is not None and act is not None:
        uow.warn(below.code, below.detail, request_line_id=str(asked.id), figures=dict(below.figures))
    for reason in found.reasons if found.verdict is not None else ():
        if reason is not below:
            uow.warn(reason.code, reason.detail, request_line_id=str(asked.id), figures=dict(reason.figures))
    await warn_of_word(uow, lender, found, request_line_id=str(asked.id))
    if found.verdict is None:
        detail = f"No agreement: help is given under {uow.settings.treaty_in('en')}."
        uow.warn(
            "ad_hoc",
            detail,
            request_line_id=str(asked.id),
            findings=[reason.told() for reason in found.reasons],
            treaty=uow.settings.treaty,
        )


async def warn_of_word(uow: UnitOfWork, lender: UUID, found: Found, **about: Any) -> None:
    """Warn where a lender helps although its own word is that it cannot: the word stands, and so does the help."""
    word = found.stock.word
    if word is not None and word.cannot_at(uow.now):
        detail = f"The lender's own word is that it cannot, until {word.until:%Y-%m-%d %H:%M}Z; this is offered all the same."
        zone = (await uow.get(Member, lender)).time_zone
        uow.warn(CANNOT, detail, figures=word.figures(uow.now, zone), **about)


def wrong_line(error: type[ConcordError], pointer: str, detail: str, **extra: Any) -> ConcordError:
    """Build the refusal of one line of the body."""
    return error(detail, errors=[FieldError(pointer, error.slug, detail)], extra=extra)
