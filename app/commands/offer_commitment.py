"""The lender's word that binds: each accepted unit of an offer becomes a mission."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.agreement_again import STOPS, Papers, binding_facts, papers_of, warn_superseded
from app.commands.agreement_cases import hours_until, matter_of
from app.commands.crossing_choice import choose_way, first_against, put_way, way_ids
from app.commands.fill import fill, settle_request
from app.commands.mission_steps import remind_of_relief
from app.commands.not_free import not_free, other_type, part_not_free
from app.commands.occurred import keep_after
from app.commands.offer_answers import locked_offer
from app.commands.offer_making import wrong_line
from app.commands.parts import crew_of, lock_units, parts_among, parts_of, put, taken
from app.commands.registry import Act, handles
from app.commands.reliefs import tell_relieved
from app.commands.rendezvous import expected_at
from app.commands.response_commitments import begin_turn_out
from app.domain.because import because
from app.domain.errors import (
    AgreementRefused,
    Conflict,
    FieldError,
    MissingField,
    NotAvailable,
    NotFound,
    OutOfRange,
    OverFilled,
)
from app.domain.forms import Flag, Form, Instant, ShortText
from app.domain.ids import new_id
from app.domain.lifecycle import machine, not_allowed
from app.store.tables import Crossing, Mission, Offer, OfferLine, Request, RequestLine, Resource
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
    rendezvous_id: UUID | None = None
    """Where it is met on its way; where the request's line says, if nobody is named."""
    talkgroup: ShortText | None = None
    relieve_by: Instant | None = None
    """By when somebody takes its place."""
    relief_of_id: UUID | None = None
    """The mission that it relieves, of whatever member: one that helps the same requester."""


class CommitOffer(Act):
    """Bind the member: the accepted units go. Lines that are not named stay for a later commitment."""

    units: Annotated[tuple[CommittedUnit, ...], Field(min_length=1, max_length=500)] | None = None
    """One entry for each piece; may be left out where every accepted line names its unit."""
    ad_hoc: Flag = False
    """What the agreement does not allow by now goes without it, under the treaty that the deployment names: the
    representative's own word."""


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

    The version that each line was offered under is asked again (``agreement_again.py``). Locks the request, the offer, its lines,
    the agreements (shared) and what they cost in a year, the units.

    Raises:
        AgreementRefused: what it stands under does not hold any more, or not for this way or this long.
        NotAvailable: a unit is not free for this.
        OverFilled: more units than were accepted, or than the request still lacks.
        OutOfOrder: it was not accepted yet then.
    """
    request, offer, lines = await locked_offer(uow)
    waiting = [line for line in lines if line.accepted_quantity and not line.committed]
    facts = await binding_facts(uow, request, waiting, offer.lender_id)
    uow.authorise({"lender": {offer.lender_id}}, facts=facts)
    if cmd.ad_hoc:
        uow.authorise({"lender": {offer.lender_id}}, command="offer_ad_hoc", facts={"request_kind": request.kind})
    machine("request").refuse_final(request.status, "be committed to", request.state())
    _require_accepted(offer)
    keep_after(uow, cmd, offer.accepted_at or offer.offered_at, "The offer was accepted", offer)
    pieces = _pieces(lines, cmd)
    await _require_lacking(uow, request, pieces)
    wanted = {row.id: row for row in await uow.find(RequestLine, col(RequestLine.request_id) == request.id)}
    papers = await papers_of(uow, [piece.line for piece in pieces], lock=True)
    rows = await lock_units(uow, {piece.resource_id for piece in pieces})
    units = _free_units(rows, offer, pieces)
    missions = [
        (await _mission(uow, request, offer, piece, wanted[piece.line.request_line_id], unit, papers), unit)
        for piece, unit in zip(pieces, units, strict=True)
    ]
    await _ask_again(uow, request, offer, cmd, papers, list(zip(pieces, [row for row, _ in missions], strict=True)))
    await _expect(uow, missions)
    done = list({piece.line.id: piece.line for piece in pieces}.values())
    for line in done:
        line.committed = True
    for unit in units:
        put([unit, *parts_among(unit, rows)], "committed", by=uow.act.command)
    uow.revise(offer)
    uow.record("offer.committed", offer, *done, visibility="parties", parties=[request.member_id, offer.lender_id])
    for mission, unit in missions:
        uow.record("mission.committed", mission, unit, *parts_among(unit, rows))
        await begin_turn_out(uow, request, mission)
        remind_of_relief(uow, mission)
    await tell_relieved(uow, [mission for mission, _ in missions])
    if await settle_request(uow, request):
        uow.record(f"request.{request.status}", request)


async def _ask_again(
    uow: UnitOfWork,
    request: Request,
    offer: Offer,
    cmd: CommitOffer,
    papers: Papers,
    going: Sequence[tuple[_Piece, Mission]],
) -> None:
    """Ask the version behind each piece again; what stops it is refused, or by a named act goes without an agreement.

    Raises:
        AgreementRefused: with every reason, by unit.
    """
    matter = await matter_of(
        uow,
        incident_id=request.incident_id,
        kind=request.kind,
        lender_id=offer.lender_id,
        borrower_id=request.member_id,
    )
    wrong: list[FieldError] = []
    told: list[dict[str, Any]] = []
    gates = {gate.id: gate for gate in await uow.find(Crossing)}
    names = {gate.code: gate.names for gate in gates.values()}
    for piece, mission in going:
        case = matter.case(
            mission.type_code,
            1,
            uow.now,
            place=(mission.lon, mission.lat),
            resource_id=mission.resource_id,
            crossing=first_against(papers.terms(piece.line), [gates[id_].code for id_ in way_ids(mission)]),
            crossings=names,
            duration_h=hours_until(mission.relieve_by, uow.act.occurred_at),
        )
        reasons = papers.says(piece.line, case)
        if (overspent := papers.overspent(piece.line)) is not None:
            reasons = (*reasons, overspent)
        stopped = [reason for reason in reasons if reason.code in STOPS]
        if stopped and not cmd.ad_hoc:
            detail = " ".join(reason.detail for reason in stopped)
            wrong.append(FieldError(f"/units/{piece.index}", AgreementRefused.slug, detail))
            told += [{"unit": piece.index, "offer_line_id": piece.line.id, **reason.told()} for reason in stopped]
            continue
        for reason in reasons:
            uow.warn(reason.code, reason.detail, offer_line_id=str(piece.line.id), figures=dict(reason.figures))
        if not stopped:
            warn_superseded(uow, papers, piece.line, case)
        else:
            mission.agreement_id = mission.agreement_version = None
            uow.warn("ad_hoc", f"No agreement: help is given under {uow.settings.treaty_in('en')}.")
    if wrong:
        raise AgreementRefused(wrong[0].detail, errors=wrong, extra={"reasons": told})


async def _expect(uow: UnitOfWork, missions: Sequence[tuple[Mission, Resource]]) -> None:
    """Look at each rendezvous that the units are sent to; it may be closed, or have no room for them."""
    await uow.flush()  # these missions are in the count
    for id_ in {mission.rendezvous_id for mission, _ in missions}:
        if id_ is not None:
            await expected_at(uow, id_, more=0)


def _require_accepted(offer: Offer) -> None:
    if offer.status != "accepted":
        allowed = [step.name for step in machine("offer").allowed(offer.status)]
        raise not_allowed("offer", offer.status, "commit", allowed, words="be committed", current=offer.state())


def _pieces(lines: Sequence[OfferLine], cmd: CommitOffer) -> list[_Piece]:
    """Return what is to be committed: of each line that is named exactly as many as were accepted.

    Raises:
        NotFound: a line is not one of this offer.
        MissingField: a unit has to be named.
        OverFilled, OutOfRange: more, or fewer, entries than were accepted.
    """
    waiting = {line.id: line for line in lines if line.accepted_quantity and not line.committed}
    if not waiting:
        raise Conflict("Everything that was accepted of this offer is committed.", extra=because("all_committed"))
    sent = cmd.units
    if sent is None:
        if any(line.resource_id is None for line in waiting.values()):
            raise wrong_line(
                MissingField,
                "/units",
                "Name a unit for each piece that was offered without one.",
                **because("name_units"),
            )
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
            raise wrong_line(error, pointer, f"Accepted of this line: {line.accepted_quantity}, not {count[line.id]}.")
        named = unit.resource_id or line.resource_id
        if named is None:
            raise wrong_line(
                MissingField,
                f"{pointer}/resource_id",
                "The line names no unit; name the one that goes.",
                **because("name_units"),
            )
        if line.resource_id not in {None, named}:
            raise wrong_line(
                NotAvailable, f"{pointer}/resource_id", "The line names another unit.", current=line.state()
            )
        pieces.append(_Piece(index, unit, line, named))
    return pieces


async def _require_lacking(uow: UnitOfWork, request: Request, pieces: Sequence[_Piece]) -> None:
    """Refuse what would fill a line beyond what is wanted, however it came to be accepted."""
    more: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    for piece in pieces:
        more[piece.line.request_line_id][piece.line.type_code] += 1
    for line_id, filled in (await fill(uow, request.id)).items():
        if more[line_id] and filled.beyond(more[line_id], pending=False):
            detail = f"Committed already: {filled.committed} of {filled.wanted}."
            raise OverFilled(
                detail,
                extra={
                    **because("request_lacks", n=max(0, filled.wanted - filled.committed), wanted=filled.wanted),
                    "current": request.state(),
                },
            )


def _free_units(rows: Sequence[Resource], offer: Offer, pieces: Sequence[_Piece]) -> list[Resource]:
    """Return the unit of each piece among locked rows: the lender's own, of the type, available or reserved for this very line.

    A formation goes with all of its parts, or not at all.
    """
    by_id = {row.id: row for row in rows}
    units: list[Resource] = []
    for piece in pieces:
        pointer = f"/units/{piece.index}/resource_id"
        unit = by_id.get(piece.resource_id)
        if unit is None or unit.member_id != offer.lender_id:
            raise NotFound(f"{Resource.KIND} of your member", piece.resource_id)
        if unit in units:
            raise wrong_line(
                NotAvailable,
                pointer,
                f"{unit.call_sign} can go only once.",
                current=unit.state(),
                **because("unit_twice", unit=unit.call_sign),
            )
        free = {"available", "reserved"} if piece.line.resource_id == unit.id else {"available"}
        if unit.retired or unit.status not in free:
            detail, told = not_free(unit)
            raise wrong_line(NotAvailable, pointer, detail, current=unit.state(), **told)
        if unit.type_code != piece.line.type_code:
            detail, told = other_type(unit, piece.line.type_code)
            raise wrong_line(NotAvailable, pointer, detail, current=unit.state(), **told)
        _require_apart(unit, units, rows, pointer)
        units.append(unit)
    return units


def _require_apart(unit: Resource, before: Sequence[Resource], rows: Sequence[Resource], pointer: str) -> None:
    """Refuse a formation whose part is not free with it, and a unit that goes as a part and alone at once."""
    parts = parts_among(unit, rows)
    if (lost := taken(unit, parts)) is not None:
        detail, told = part_not_free(unit, lost)
        raise wrong_line(NotAvailable, pointer, detail, current=lost.state(), **told)
    if any(part in before for part in parts) or any(unit.formation_id == other.id for other in before):
        raise wrong_line(
            NotAvailable,
            pointer,
            f"{unit.call_sign} can go only once.",
            current=unit.state(),
            **because("unit_twice", unit=unit.call_sign),
        )


async def _mission(
    uow: UnitOfWork,
    request: Request,
    offer: Offer,
    piece: _Piece,
    wanted: RequestLine,
    unit: Resource,
    papers: Papers,
) -> Mission:
    if piece.sent.relieve_by is not None and piece.sent.relieve_by <= uow.act.occurred_at:
        raise wrong_line(
            OutOfRange,
            f"/units/{piece.index}/relieve_by",
            "The unit would be relieved before it goes.",
            **because("relieved_before"),
        )
    parts = await parts_of(uow, unit)
    way = await choose_way(
        uow,
        lender_id=offer.lender_id,
        requester_id=request.member_id,
        lon=wanted.lon,
        lat=wanted.lat,
        unit=unit,
        parts=parts,
        named=piece.sent.crossing_id,
        terms=papers.terms(piece.line),
    )
    mission = uow.add(
        Mission(
            space_id=uow.space,
            id=new_id(),
            request_id=request.id,
            request_line_id=wanted.id,
            offer_id=offer.id,
            offer_line_id=piece.line.id,
            incident_id=request.incident_id,
            kind=request.kind,
            lender_id=offer.lender_id,
            requester_id=request.member_id,
            type_code=piece.line.type_code,
            resource_id=unit.id,
            agreement_id=piece.line.agreement_id,
            agreement_version=piece.line.agreement_version,
            status=machine("mission").initial,
            status_at=uow.act.occurred_at,
            place=wanted.place,
            lon=wanted.lon,
            lat=wanted.lat,
            rendezvous_id=piece.sent.rendezvous_id or wanted.rendezvous_id,
            talkgroup=piece.sent.talkgroup or unit.talkgroup,
            relieve_by=piece.sent.relieve_by,
            relief_of_id=piece.sent.relief_of_id,
            crew_count=crew_of(unit, parts),
        )
    )
    put_way(mission, way)
    return mission
