"""Help that nobody has asked for: a member offers it for an incident, and whoever leads the incident takes it up or declines.

The agreements and the reserve are asked when it is offered, and once more when it is taken up. Between the two nothing is kept free and
nothing counts as promised: who has not been asked is bound to nobody. Taking it up opens the request with its lines, and the
offer stands under it, accepted; from there on all goes as with help that was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.costs import expected
from app.commands.offer_making import (
    Going,
    OfferedLine,
    Override,
    authorised_lender,
    checked,
    columns_of,
    kept_units,
    offered_line,
    tell_checked,
)
from app.commands.places import require_point_inside
from app.commands.registry import Act, Command, handles
from app.commands.request_lines import Priority, WantedLine
from app.commands.requests import DraftRequest, draft
from app.commands.response_commitments import answered
from app.commands.showing import Showing
from app.domain import geo
from app.domain.because import because
from app.domain.clock import stamp
from app.domain.cost_terms import Cost, read_cost
from app.domain.errors import AgreementRefused, Conflict, FieldError, NotAvailable, NotFound, OutOfRange
from app.domain.forms import WHOLE, Code, Flag, Form, Instant, LongText, Note, Quantity, ShortText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.resource_types import require_type
from app.store.tables import Incident, Offer, Request, UnaskedOffer, UnaskedOfferLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.commands.offer_check import Found
    from app.domain.cost_terms import Effort
    from app.store.tables import RequestLine
    from app.store.unit_of_work import UnitOfWork

ASK_ANEW: Final = "Decline it with that reason, or ring the lender: it can withdraw this offer and make another."


class UnaskedLine(Form):
    """So many of a type, or one named unit."""

    type_code: Code
    quantity: Quantity = 1
    resource_id: UUID | None = None
    """A unit of the lender's own that is available. It is kept free for nobody until the offer is taken up."""
    agreement_id: UUID | None = None
    """The agreement it runs under; if none is named, the one that allows it, by precedence."""
    override_reserve: Override | None = None
    ad_hoc: Flag = False
    """Help without an agreement, under the treaty that the deployment names."""
    cost: Cost | None = None
    """Who pays; as the agreement says if nothing is said."""
    expected_hours: Annotated[int, Field(strict=True, ge=1, le=24 * 365), WHOLE] | None = None
    """How long it is likely to be away, for the estimate of the cost."""


class OfferUnasked(Act):
    """Offer help for an incident that nobody has asked your member for."""

    kind: Literal["immediate", "planned"] = "immediate"
    lines: Annotated[tuple[UnaskedLine, ...], Field(min_length=1, max_length=50)]
    note: LongText | None = None
    valid_until: Instant
    """From then on it no longer stands."""
    lon: geo.Longitude | None = None
    lat: geo.Latitude | None = None
    """Where to; the middle of the incident if nothing is said."""
    place: ShortText | None = None
    """Where to, in words."""


class TakeUpUnaskedOffer(Act):
    """Take the help: a request is opened with its lines, and the offer is accepted."""

    priority: Priority = "life_safety"
    lon: geo.Longitude | None = None
    lat: geo.Latitude | None = None
    """Where to, if elsewhere than it was offered for."""
    place: ShortText | None = None
    """Where to, in words."""


class DeclineUnaskedOffer(Act):
    """It is not needed."""

    reason: Note


class WithdrawUnaskedOffer(Act):
    """The lender takes it back."""


class ExpireUnaskedOffer(Command):
    """Its time has run out: by the service itself."""


@dataclass(frozen=True, slots=True)
class _For:
    """What an unasked offer is for, as the check asks it."""

    incident_id: UUID | None
    kind: str
    member_id: UUID


@handles(OfferUnasked)
async def offer_unasked(uow: UnitOfWork, cmd: OfferUnasked) -> None:
    """Record ``unasked_offer.made`` for the lender and the member that leads the incident.

    Locks the agreements, (agreement, type) where there is a cap, (lender, type), the units; none of them changes.

    Raises:
        AgreementRefused: with every reason, by line.
        NotAvailable: a unit is not free, or fewer of a type are.
        StaleRevision: the incident is another one since the actor read it.
        TransitionNotAllowed: the incident is closed.
        Conflict: the member leads the incident itself.
    """
    incident = await uow.get(Incident, uow.require_target())
    lines = [_as_offered(line, new_id()) for line in cmd.lines]
    lender = authorised_lender(uow, cmd.kind, lines)
    uow.expect_revision(incident)
    machine("incident").refuse_final(incident.status, "be offered help", incident.state())
    if incident.lead_member_id == lender:
        message = "Your member leads this incident itself."
        raise Conflict(
            message,
            extra={**because("own_incident"), "current": incident.state()},
            hint="Send your own units by your own means.",
        )
    if cmd.valid_until <= uow.now:
        detail = "The offer would be over before it is made."
        raise OutOfRange(
            detail, errors=[FieldError("/valid_until", OutOfRange.slug, detail)], extra=because("offer_before_made")
        )
    _require_units_once(cmd.lines)
    lon, lat = await _place(uow, cmd.lon, cmd.lat, geo.centroid(incident.area))
    going = [Going(line.request_line_id, each.type_code, lon, lat) for line, each in zip(lines, cmd.lines, strict=True)]
    efforts = await _efforts(uow, lender, lines, going)
    found = await checked(uow, _For(incident.id, cmd.kind, incident.lead_member_id), lender, lines, going, efforts)
    await kept_units(uow, lender, lines, going, keep=False)
    offer = uow.add(
        UnaskedOffer(
            space_id=uow.space,
            id=new_id(),
            incident_id=incident.id,
            lender_id=lender,
            to_member_id=incident.lead_member_id,
            kind=cmd.kind,
            note=cmd.note,
            place=cmd.place,
            lon=lon,
            lat=lat,
            offered_at=uow.act.occurred_at,
            offered_by_id=uow.actor.id,
            valid_until=cmd.valid_until,
        )
    )
    rows: list[UnaskedOfferLine] = []
    for number, (sent, goes, of, effort) in enumerate(zip(lines, going, found, efforts, strict=True)):
        said = await columns_of(uow, lender, sent, goes, of, effort)
        row = UnaskedOfferLine(
            space_id=uow.space,
            id=goes.id,
            unasked_offer_id=offer.id,
            position=number,
            expected_hours=sent.expected_hours,
            **said,
        )
        rows.append(uow.add(row))
        await tell_checked(uow, lender, sent, goes, of, None)
    uow.later("expire_unasked_offer", cmd.valid_until, offer.id)
    uow.record("unasked_offer.made", offer, *rows, visibility="parties", parties=_both(offer))


@handles(TakeUpUnaskedOffer)
async def take_up_unasked_offer(uow: UnitOfWork, cmd: TakeUpUnaskedOffer) -> None:
    """Record ``unasked_offer.taken_up`` and ``offer.accepted`` for the two members; for the corridor ``request.opened``, and what making
    an offer tells: ``resource.reserved`` of each named unit, ``reserve.overridden``.

    Locks the unasked offer, then as ``make_offer``.

    Raises:
        TransitionNotAllowed: it was answered, withdrawn, or is over; the incident is closed.
        Conflict: its time has run out, or the agreement it was offered under is gone.
        AgreementRefused, NotAvailable: it does not hold any more.
    """
    unasked = await _locked(uow)
    uow.authorise({"requester": {unasked.to_member_id}}, facts={"request_kind": unasked.kind})
    taken_up = _step(unasked, "take_up")
    if unasked.valid_until <= uow.now:
        detail = f"The offer stood until {unasked.valid_until.isoformat()}."
        raise Conflict(
            detail,
            extra={**because("offer_over", until_at=stamp(unasked.valid_until)), "current": unasked.state()},
            hint="Ask the lender to make it again.",
        )
    offered = await uow.find(UnaskedOfferLine, col(UnaskedOfferLine.unasked_offer_id) == unasked.id)
    offered.sort(key=lambda line: line.position)
    lon, lat = await _place(uow, cmd.lon, cmd.lat, (unasked.lon, unasked.lat))
    uow.record("unasked_offer.taken_up", unasked, visibility="parties", parties=_both(unasked))
    request, asked = await draft(
        uow,
        unasked.to_member_id,
        DraftRequest(
            incident_id=unasked.incident_id,
            kind="immediate" if unasked.kind == "immediate" else "planned",
            lines=tuple(
                WantedLine(
                    type_code=line.type_code,
                    quantity=line.quantity,
                    priority=cmd.priority,
                    place=cmd.place or unasked.place,
                    lon=lon,
                    lat=lat,
                )
                for line in offered
            ),
            then="open",
        ),
    )
    await uow.flush()
    offer = await _stands(uow, unasked, _For(unasked.incident_id, unasked.kind, unasked.to_member_id), offered, asked)
    unasked.status, unasked.request_id, unasked.offer_id = taken_up, request.id, offer.id
    unasked.answered_at, unasked.answered_by_id = uow.act.occurred_at, uow.actor.id
    await answered(uow, request.id, unasked.lender_id, "acknowledge", "answer")


async def _stands(
    uow: UnitOfWork,
    unasked: UnaskedOffer,
    what: _For,
    offered: Sequence[UnaskedOfferLine],
    asked: Sequence[RequestLine],
) -> Offer:
    """Check the lines again as if they were offered now, and write the lender's offer for the request, accepted."""
    lender = unasked.lender_id
    lines = [_again(line, row) for line, row in zip(offered, asked, strict=True)]
    going = [Going(row.id, row.type_code, row.lon, row.lat) for row in asked]
    efforts = await _efforts(uow, lender, lines, going)
    try:
        found = await checked(uow, what, lender, lines, going, efforts)
        units = await kept_units(uow, lender, lines, going)
    except (AgreementRefused, NotAvailable) as refusal:
        refusal.advice = ASK_ANEW
        raise
    except NotFound as gone:
        message = "The agreement that it was offered under is gone."
        raise Conflict(
            message, extra={**because("agreement_gone"), "current": unasked.state()}, hint=ASK_ANEW
        ) from gone
    steps = machine("offer")
    offer = uow.add(
        Offer(
            space_id=uow.space,
            id=new_id(),
            request_id=asked[0].request_id,
            lender_id=lender,
            status=steps.next(steps.next(steps.initial, "offer"), "accept"),
            note=unasked.note,
            offered_at=unasked.offered_at,
            accepted_at=uow.act.occurred_at,
            valid_until=unasked.valid_until,
        )
    )
    await uow.flush()
    rows = []
    for sent, goes, of, effort, before in zip(lines, going, found, efforts, offered, strict=True):
        row = await offered_line(uow, offer, sent, goes, of, effort)
        row.accepted_quantity = row.quantity
        if row.reserve_override is not None and sent.override_reserve is not None:
            row.reserve_override = before.reserve_override
        rows.append(uow.add(row))
    uow.later("expire_offer", unasked.valid_until, offer.id)
    uow.record("offer.accepted", offer, *rows, visibility="parties", parties=_both(unasked))
    for unit, parts in units:
        uow.record("resource.reserved", unit, *parts)
    await _tell(uow, lender, lines, going, found, offer)
    return offer


async def _tell(
    uow: UnitOfWork,
    lender: UUID,
    lines: Sequence[OfferedLine],
    going: Sequence[Going],
    found: Sequence[Found],
    offer: Offer,
) -> None:
    request = await uow.get(Request, offer.request_id)
    for sent, goes, of in zip(lines, going, found, strict=True):
        await tell_checked(uow, lender, sent, goes, of, request)


@handles(DeclineUnaskedOffer)
async def decline_unasked_offer(uow: UnitOfWork, cmd: DeclineUnaskedOffer) -> None:
    """Record ``unasked_offer.declined``. Locks the offer.

    Raises:
        TransitionNotAllowed: it was answered, withdrawn, or is over.
    """
    unasked = await _locked(uow)
    uow.authorise({"requester": {unasked.to_member_id}})
    unasked.status = _step(unasked, "decline")
    unasked.answer, unasked.answered_at, unasked.answered_by_id = cmd.reason, uow.act.occurred_at, uow.actor.id
    uow.record("unasked_offer.declined", unasked, visibility="parties", parties=_both(unasked))


@handles(WithdrawUnaskedOffer)
async def withdraw_unasked_offer(uow: UnitOfWork, _cmd: WithdrawUnaskedOffer) -> None:
    """Record ``unasked_offer.withdrawn``. Locks the offer.

    Raises:
        TransitionNotAllowed: it was answered, or is over.
    """
    unasked = await _locked(uow)
    uow.authorise({"lender": {unasked.lender_id}})
    unasked.status = _step(unasked, "withdraw")
    uow.record("unasked_offer.withdrawn", unasked, visibility="parties", parties=_both(unasked))


@handles(ExpireUnaskedOffer)
async def expire_unasked_offer(uow: UnitOfWork, _cmd: ExpireUnaskedOffer) -> None:
    """Record ``unasked_offer.expired``. Locks the offer.

    Raises:
        Conflict: its time has not come.
        TransitionNotAllowed: it was answered, or withdrawn.
    """
    unasked = await _locked(uow)
    uow.authorise()
    if unasked.valid_until > uow.now:
        raise Conflict("The offer's time has not come.", extra={"current": unasked.state()})
    unasked.status = _step(unasked, "expire")
    uow.record("unasked_offer.expired", unasked, visibility="parties", parties=_both(unasked))


# ---------------------------------------------------------------- what they share


async def _locked(uow: UnitOfWork) -> UnaskedOffer:
    """Lock the offer that the command is about.

    Raises:
        NotFound: there is none, or the actor is on neither side of it.
        StaleRevision: somebody changed it since.
    """
    seen = await uow.get(UnaskedOffer, uow.require_target())
    if not uow.sees(seen.lender_id, seen.to_member_id):
        raise NotFound(UnaskedOffer.KIND, seen.id)
    return await uow.lock_target(UnaskedOffer)


def _step(unasked: UnaskedOffer, step: str) -> str:
    """Return the state that the step leads to; a refusal shows the offer as it is."""
    with Showing(unasked):
        return machine("unasked_offer").next(unasked.status, step)


def _both(unasked: UnaskedOffer) -> list[UUID]:
    return [unasked.lender_id, unasked.to_member_id]


async def _place(
    uow: UnitOfWork, lon: float | None, lat: float | None, otherwise: tuple[float, float]
) -> tuple[float, float]:
    """Return where to.

    Raises:
        OutOfRange: half a place.
        OutsideCorridor: it is not inside.
    """
    if lon is None and lat is None:
        return otherwise
    if lon is None or lat is None:
        detail = "A place is a longitude and a latitude."
        pointer = "/lon" if lon is None else "/lat"
        raise OutOfRange(detail, errors=[FieldError(pointer, OutOfRange.slug, detail)])
    await require_point_inside(uow, lon, lat, pointer="/lon")
    return lon, lat


def _require_units_once(lines: Sequence[UnaskedLine]) -> None:
    seen: set[UUID] = set()
    for index, line in enumerate(lines):
        require_type(line.type_code, pointer=f"/lines/{index}/type_code")
        if line.resource_id is None:
            continue
        if line.quantity != 1 or line.resource_id in seen:
            detail = "A named unit is one, and stands in one line."
            raise OutOfRange(detail, errors=[FieldError(f"/lines/{index}/resource_id", OutOfRange.slug, detail)])
        seen.add(line.resource_id)


async def _efforts(uow: UnitOfWork, lender: UUID, lines: Sequence[OfferedLine], going: Sequence[Going]) -> list[Effort]:
    return [
        await expected(uow, lender, goes, line.resource_id, line.expected_hours)
        for line, goes in zip(lines, going, strict=True)
    ]


def _as_offered(line: UnaskedLine, id_: UUID) -> OfferedLine:
    """Return the line as one that is offered for a line of that id."""
    return OfferedLine(
        request_line_id=id_,
        quantity=line.quantity,
        resource_id=line.resource_id,
        type_code=line.type_code,
        agreement_id=line.agreement_id,
        override_reserve=line.override_reserve,
        ad_hoc=line.ad_hoc,
        cost=line.cost,
        expected_hours=line.expected_hours,
    )


def _again(line: UnaskedOfferLine, row: RequestLine) -> OfferedLine:
    """Return what was offered as it is offered for the request's line: under the agreement it was found to run under, by the same named acts."""
    override = line.reserve_override
    by_word = override is not None and "word_id" in override
    return OfferedLine(
        request_line_id=row.id,
        quantity=line.quantity,
        resource_id=line.resource_id,
        type_code=line.type_code,
        agreement_id=line.agreement_id,
        override_reserve=None if override is None or by_word else Override(reason=override["reason"]),
        ad_hoc=line.agreement_id is None,
        cost=read_cost(line.cost) if line.cost else None,
        expected_hours=line.expected_hours,
    )
