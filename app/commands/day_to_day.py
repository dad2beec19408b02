"""Help from day to day: asked with one unit of one type, and sent by the lender's dispatcher in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from app.commands.called_help import accepted_offer, ground, sent
from app.commands.calls import AssistNow
from app.commands.fill import settle_request
from app.commands.missions import take_units
from app.commands.occurred import keep_after
from app.commands.parts import parts_of
from app.commands.registry import Act, handles
from app.commands.request_lines import locked_lines, require_asked_of, require_seen
from app.commands.response_commitments import answered, begin_turn_out
from app.commands.rolling import depart, rolling_among
from app.domain.because import because
from app.domain.day_to_day import KIND
from app.domain.errors import Conflict, NotFound, RoleMissing
from app.domain.forms import ShortText
from app.domain.lifecycle import machine
from app.domain.requests import STILL_ASKING
from app.store.tables import Request, RequestLine

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork


class SendDayToDay(Act):
    """Send the unit that was asked for: offer, acceptance and commitment in one, and it rolls."""

    resource_id: UUID
    """A unit of the lender's own that is available."""
    talkgroup: ShortText | None = None


@handles(SendDayToDay)
async def send_day_to_day(uow: UnitOfWork, cmd: SendDayToDay) -> None:
    """Record ``mission.mobilising`` and the request's new state for the corridor, ``offer.accepted`` for the two members.

    What an agreement says against it is a warning, as with a phone call: an ambulance waits for no signature. That no agreement lets it go at
    all is no warning: help under the treaty is the representative's act, as with an offer. Locks the request, its line, the agreements,
    (lender, type), the unit.

    Raises:
        RoleMissing: no agreement allows it, and the actor may not bind the member without one.
        Conflict: it is another kind of request, the member's own, asked of another member, or nothing more is asked for.
        NotAvailable: the unit is not free, or of another type.
        OutOfOrder: nobody had asked then.
    """
    request = await uow.lock(Request, uow.require_target())
    lender = uow.actor.member_id
    if lender is None:
        raise NotFound(Request.KIND, request.id)
    require_seen(uow, request)
    uow.expect_revision(request)
    uow.authorise({"lender": {lender}}, facts={"request_kind": request.kind})
    _require_sendable(request, lender)
    await require_asked_of(uow, request, lender)
    keep_after(uow, cmd, request.opened_at, "The request was opened", request)
    line = (await locked_lines(uow, request))[0]
    called = _as_called(request, line, lender, cmd)
    verdict, reasons = await ground(uow, called, request.kind)
    if verdict is None:
        _require_representative(uow, lender, request.kind)
    rolling = await rolling_among(uow, [cmd.resource_id])
    units = await take_units(uow, [cmd.resource_id], lender, line.type_code, pointer="/resource_id", rolling=rolling)
    offer, offer_line = await accepted_offer(uow, called, line, verdict, reasons, units)
    mission = await sent(uow, called, request.kind, offer_line, units[0])
    mission.talkgroup = cmd.talkgroup
    uow.record("mission.mobilising", mission, units[0], *await parts_of(uow, units[0]), state=mission.status)
    await begin_turn_out(uow, request, mission)
    if rolling:
        await depart(uow, mission)
    uow.record("offer.accepted", offer, offer_line, visibility="parties", parties=[request.member_id, lender])
    if await settle_request(uow, request):
        uow.record(f"request.{request.status}", request)
    await answered(uow, request.id, lender, "acknowledge", "answer")


def _require_representative(uow: UnitOfWork, lender: UUID, kind: str) -> None:
    try:
        uow.authorise({"lender": {lender}}, command="offer_ad_hoc", facts={"request_kind": kind})
    except RoleMissing as refusal:
        refusal.advice = "No agreement lets it go: let your authorised representative send it, or agree by telephone and write the call down."
        raise


def _require_sendable(request: Request, lender: UUID) -> None:
    hint, told = "", {}
    if request.kind != KIND:
        detail, hint = "Only help from day to day is sent in one step.", "Make an offer."
    elif request.member_id == lender:
        detail, told = "A member does not lend to itself.", because("own_request")
    elif request.status not in STILL_ASKING:
        detail = f"The request is “{machine('request').states[request.status].names['en']}”: nothing more is asked for."
        told = because("request_not_asking", request_status=request.status)
    else:
        return
    raise Conflict(detail, extra={"current": request.state(), **told}, hint=hint or None)


def _as_called(request: Request, line: RequestLine, lender: UUID, cmd: SendDayToDay) -> AssistNow:
    """Return what is sent in the words of a phone call, from which offer and mission follow in the same way."""
    return AssistNow(
        requester_id=request.member_id,
        lender_id=lender,
        incident_id=request.incident_id,
        kind=KIND,
        type_code=line.type_code,
        quantity=1,
        lon=line.lon,
        lat=line.lat,
        place=line.place,
        resource_ids=(cmd.resource_id,),
    )
