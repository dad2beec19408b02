"""The lender's word that binds: each accepted unit of an offer becomes a mission."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.crossing_choice import choose_crossing, has_control
from app.commands.fill import fill, settle_request
from app.commands.offer_answers import locked_offer
from app.commands.offers import wrong_line
from app.commands.registry import Act, handles
from app.domain.errors import (
    Conflict,
    MissingField,
    NotAvailable,
    NotFound,
    OutOfRange,
    OverFilled,
    TransitionNotAllowed,
)
from app.domain.forms import Form, Instant, ShortText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.store.tables import Mission, Offer, OfferLine, Request, RequestLine, Resource
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Sequence


class CommittedUnit(Form):
    """One unit that goes, for one piece of an accepted line."""

    offer_line_id: UUID
    resource_id: UUID | None = None
    """Which unit; left out where the line names it."""
    crossing_id: UUID | None = None
    """Where it passes the border; if none is named, the open one that is soonest there."""
    talkgroup: ShortText | None = None
    relieve_by: Instant | None = None
    """By when somebody takes its place."""


class CommitOffer(Act):
    """Bind the member: the accepted units go. Lines that are not named stay for a later commitment."""

    units: Annotated[tuple[CommittedUnit, ...], Field(min_length=1, max_length=500)] | None = None
    """One entry for each piece; may be left out where every accepted line names its unit."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one entry comes to: where it stands in the body, its line, its unit."""

    index: int
    sent: CommittedUnit
    line: OfferLine
    resource_id: UUID


@handles(CommitOffer)
async def commit_offer(uow: UnitOfWork, cmd: CommitOffer) -> None:
    """Record ``offer.committed`` for requester and lender; for the corridor ``mission.committed`` of each unit, and the
    request's new state.

    Locks the request, the offer, its lines, the units.

    Raises:
        NotAvailable: a unit is not free for this.
        OverFilled: more units than were accepted, or than the request still lacks.
    """
    request, offer, lines = await locked_offer(uow)
    uow.authorise({"lender": {offer.lender_id}}, facts={"request_kind": request.kind})
    machine("request").refuse_final(request.status, "be committed to", request.state())
    _require_accepted(offer)
    pieces = _pieces(lines, cmd)
    await _require_lacking(uow, request, pieces)
    wanted = {row.id: row for row in await uow.find(RequestLine, col(RequestLine.request_id) == request.id)}
    units = await _free_units(uow, offer, pieces)
    missions = [
        (await _mission(uow, request, offer, piece, wanted[piece.line.request_line_id], unit), unit)
        for piece, unit in zip(pieces, units, strict=True)
    ]
    done = list({piece.line.id: piece.line for piece in pieces}.values())
    for line in done:
        line.committed = True
    for unit in units:
        unit.status = machine("resource").to(unit.status, "committed", by=uow.act.command).to
    uow.revise(offer)
    uow.record("offer.committed", offer, *done, visibility="parties", parties=[request.member_id, offer.lender_id])
    for mission, unit in missions:
        uow.record("mission.committed", mission, unit)
    if await settle_request(uow, request):
        uow.record(f"request.{request.status}", request)


def _require_accepted(offer: Offer) -> None:
    if offer.status != "accepted":
        allowed = [step.name for step in machine("offer").allowed(offer.status)]
        raise TransitionNotAllowed("offer", offer.status, "commit", allowed, current=offer.state())


def _pieces(lines: Sequence[OfferLine], cmd: CommitOffer) -> list[_Piece]:
    """Return what is to be committed: of each line that is named exactly as many as were accepted.

    Raises:
        NotFound: a line is not one of this offer.
        MissingField: a unit has to be named.
        OverFilled, OutOfRange: more, or fewer, entries than were accepted.
    """
    waiting = {line.id: line for line in lines if line.accepted_quantity and not line.committed}
    if not waiting:
        raise Conflict("Everything that was accepted of this offer is committed.")
    sent = cmd.units
    if sent is None:
        if any(line.resource_id is None for line in waiting.values()):
            raise wrong_line(MissingField, "/units", "Name a unit for each piece that was offered without one.")
        sent = tuple(CommittedUnit(offer_line_id=id_) for id_ in waiting)
    count = Counter(unit.offer_line_id for unit in sent)
    pieces: list[_Piece] = []
    for index, unit in enumerate(sent):
        pointer = f"/units/{index}"
        line = waiting.get(unit.offer_line_id)
        if line is None:
            raise NotFound(f"accepted and uncommitted {OfferLine.KIND}", unit.offer_line_id)
        if count[line.id] != line.accepted_quantity:
            error = OverFilled if count[line.id] > line.accepted_quantity else OutOfRange
            raise wrong_line(
                error, pointer, f"{line.accepted_quantity} of this line were accepted, not {count[line.id]}."
            )
        named = unit.resource_id or line.resource_id
        if named is None:
            raise wrong_line(MissingField, f"{pointer}/resource_id", "The line names no unit; name the one that goes.")
        if line.resource_id not in {None, named}:
            raise wrong_line(
                NotAvailable, f"{pointer}/resource_id", "The line names another unit.", current=line.state()
            )
        pieces.append(_Piece(index, unit, line, named))
    return pieces


async def _require_lacking(uow: UnitOfWork, request: Request, pieces: Sequence[_Piece]) -> None:
    """Refuse what would fill a line beyond what is wanted, however it came to be accepted."""
    more = Counter(piece.line.request_line_id for piece in pieces)
    for line_id, filled in (await fill(uow, request.id)).items():
        if more[line_id] and filled.committed + more[line_id] > filled.wanted:
            detail = f"{filled.committed} of {filled.wanted} are committed already."
            raise OverFilled(detail, extra={"current": request.state()})


async def _free_units(uow: UnitOfWork, offer: Offer, pieces: Sequence[_Piece]) -> list[Resource]:
    """Return the unit of each piece, locked: the lender's own, of the type, available or reserved for this very line."""
    rows = await uow.lock_where(Resource, col(Resource.id).in_({piece.resource_id for piece in pieces}))
    by_id = {row.id: row for row in rows}
    units: list[Resource] = []
    for piece in pieces:
        pointer = f"/units/{piece.index}/resource_id"
        unit = by_id.get(piece.resource_id)
        if unit is None or unit.member_id != offer.lender_id:
            raise NotFound(f"{Resource.KIND} of your member", piece.resource_id)
        if unit in units:
            raise wrong_line(NotAvailable, pointer, f"{unit.call_sign} can go only once.", current=unit.state())
        free = {"available", "reserved"} if piece.line.resource_id == unit.id else {"available"}
        if unit.retired or unit.status not in free:
            state = "retired" if unit.retired else unit.status.replace("_", " ")
            raise wrong_line(NotAvailable, pointer, f"{unit.call_sign} is {state}.", current=unit.state())
        if unit.type_code != piece.line.type_code:
            detail = f"{unit.call_sign} is no {piece.line.type_code}."
            raise wrong_line(NotAvailable, pointer, detail, current=unit.state())
        units.append(unit)
    return units


async def _mission(
    uow: UnitOfWork, request: Request, offer: Offer, piece: _Piece, wanted: RequestLine, unit: Resource
) -> Mission:
    if piece.sent.relieve_by is not None and piece.sent.relieve_by <= uow.act.occurred_at:
        raise wrong_line(OutOfRange, f"/units/{piece.index}/relieve_by", "The unit would be relieved before it goes.")
    crossing = await choose_crossing(
        uow,
        lender_id=offer.lender_id,
        requester_id=request.member_id,
        lon=wanted.lon,
        lat=wanted.lat,
        unit=unit,
        named=piece.sent.crossing_id,
    )
    return uow.add(
        Mission(
            space_id=uow.space,
            id=new_id(),
            request_id=request.id,
            request_line_id=wanted.id,
            offer_id=offer.id,
            offer_line_id=piece.line.id,
            incident_id=request.incident_id,
            lender_id=offer.lender_id,
            requester_id=request.member_id,
            type_code=piece.line.type_code,
            resource_id=unit.id,
            agreement_id=piece.line.agreement_id,
            agreement_version=piece.line.agreement_version,
            status=machine("mission").initial,
            status_at=uow.act.occurred_at,
            crossing_id=crossing.id if crossing else None,
            has_control=has_control(crossing),
            place=wanted.place,
            lon=wanted.lon,
            lat=wanted.lat,
            talkgroup=piece.sent.talkgroup,
            relieve_by=piece.sent.relieve_by,
        )
    )
