"""Phone calls: people ring first, and the form follows. What was agreed by voice is written down in one command.

The unit rolls: nothing here waits for an agreement, a reserve or a second signature. What the agreements say against it is a
warning, and the acts that are missing become debts (``debts.py``). Both sides may write the same call down: the second record
is matched with the first and confirms it. Nobody else sees who rang whom; the help that came of it everybody sees.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.called_help import accepted_offer, asked_before, ground, open_request, sent
from app.commands.debts import owe, settle_debts
from app.commands.fill import settle_request
from app.commands.mission_steps import HOME
from app.commands.missions import give_unit, take_units
from app.commands.parts import parts_of
from app.commands.places import require_point_inside
from app.commands.registry import Act, Command, handles
from app.commands.request_lines import Priority
from app.commands.response_commitments import answered, begin_own_answers, begin_turn_out
from app.commands.rolling import depart, rolling_among
from app.domain import geo
from app.domain.because import because
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.day_to_day import require_incident
from app.domain.errors import FieldError, Forbidden, Malformed, NotFound, OutOfRange, OverFilled
from app.domain.forms import WHOLE, Address, Code, ShortText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.resource_types import is_composite, require_type
from app.store.tables import Call, Incident, Member, Mission, Request
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.agreements import Verdict
    from app.store.tables import Offer, Resource

SAME_CALL: Final = timedelta(minutes=30)
"""How far apart two records of one call may say that it was."""
OWNED: Final = "SELECT count(*) FROM resource WHERE space_id = $1 AND member_id = $2 AND type_code = $3 AND NOT retired"
OPEN_CALL: Final = machine("call").sources("confirm")

Called = Annotated[int, Field(strict=True, ge=1, le=100), WHOLE]
"""How many were agreed on the telephone: each becomes a mission."""
WRITTEN_WITHIN: Final = timedelta(days=30)
"""How long after it a call can be written down: what is older is a mistyped date, and would be judged by agreements of then."""
Units = Annotated[tuple[UUID, ...], Field(max_length=100)]
"""Ids of the lender's units."""


class AssistNow(Act):
    """Write down help that was agreed on the telephone: by a dispatcher of either side, while the units roll.

    ``occurred_at`` is when it was agreed.
    """

    requester_id: UUID
    """The member that asked; yours, or the other one."""
    lender_id: UUID
    """The member that sends; the other one, or yours."""
    incident_id: UUID | None = None
    """What it is for; help from day to day needs none."""
    kind: Literal["immediate", "day_to_day"] = "immediate"
    type_code: Code
    quantity: Called
    lon: geo.Longitude
    lat: geo.Latitude
    place: Address | None = None
    """Where to, in words; not with help from day to day."""
    priority: Priority = "life_safety"
    person_rung: ShortText | None = None
    """Who was on the line at the other end. Seen by the two members alone."""
    expected_hours: Annotated[int, Field(strict=True, ge=1, le=24 * 365), WHOLE] | None = None
    """How long the help is expected to last, where it was spoken of: for what it costs, and how long the agreement lets it stay."""
    resource_ids: Units = ()
    """Which units go, as far as it is known: the lender's word."""
    request_line_id: UUID | None = None
    """The line of an open request of the requester's that this help is for. Without one, the call makes a request of its own."""


class ConfirmCall(Act):
    """It is as the other side wrote it down: by a dispatcher of the side that did not write."""

    person: ShortText | None = None
    """Who took the call here. Seen by the two members alone."""
    resource_ids: Units = ()
    """Which units go: the lender's word."""


class RingBack(Command):
    """Nobody has confirmed the call: by the service itself, when its time has passed."""


@handles(AssistNow)
async def assist_now(uow: UnitOfWork, cmd: AssistNow) -> None:
    """Record ``call.recorded`` with all that follows from it, or ``call.confirmed`` where the other side wrote it down before.

    ``request.opened``, ``mission.mobilising`` (with ``mission.in_transit`` where its unit drives already) and ``debt.owed`` are for the corridor, ``offer.accepted`` for the two members.
    Locks calls of these two members and this type, the request that it is for and its line, the agreements, (agreement, type)
    where there is a cap, (lender, type), the units; for a confirmation as ``confirm_call``.

    Raises:
        NotAvailable: a unit that was named is not free.
        OutOfRange: more than the lender owns of the type; agreed longer ago than a call is written down.
        Conflict: the request that it is for asks for nothing more.
        OverFilled: more than its line still lacks.
    """
    own = _own_side(uow, cmd)
    await _require_known(uow, cmd, own)
    _require_of_late(uow)
    await lock_calls(uow, cmd.requester_id, cmd.lender_id, cmd.type_code)
    if (call := await _written_by_the_other(uow, cmd, own)) is not None:
        await _confirm(uow, call, cmd.person_rung, cmd.resource_ids)
        uow.warn("call_matched", "The other side wrote this call down before: it is confirmed, and not doubled.")
        return
    before = await asked_before(uow, cmd)
    verdict, reasons = await ground(uow, cmd, before[0].kind if before else cmd.kind)
    rolling = await rolling_among(uow, cmd.resource_ids)
    units = await take_units(
        uow, cmd.resource_ids, cmd.lender_id, cmd.type_code, pointer="/resource_ids", rolling=rolling
    )
    request, request_line = before or await open_request(uow, cmd)
    offer, offer_line = await accepted_offer(uow, cmd, request_line, verdict, reasons, units)
    call = _written(uow, cmd, offer, own)
    missions = [await sent(uow, cmd, request.kind, offer_line, unit) for unit in _one_each(units, cmd.quantity)]
    both = [cmd.requester_id, cmd.lender_id]
    uow.record("call.recorded", call, visibility="parties", parties=both)
    if before is None:
        uow.record("request.opened", request, request_line)
    uow.record("offer.accepted", offer, offer_line, visibility="parties", parties=both)
    for mission, unit in zip(missions, _one_each(units, cmd.quantity), strict=True):
        along = [unit, *await parts_of(uow, unit)] if unit else []
        uow.record("mission.mobilising", mission, *along, state=mission.status)
        await begin_turn_out(uow, request, mission)
        if mission.resource_id in rolling:
            await depart(uow, mission)
    if await settle_request(uow, request):
        uow.record(f"request.{request.status}", request)
    owe(uow, call, request.kind, opened_before=before is not None, ad_hoc=verdict is None)
    await _spoken(uow, call, request, verdict, asked_before=before is not None)
    uow.later("ring_back", uow.now + uow.lasting(timedelta(minutes=uow.settings.ring_back_minutes)), call.id)


@handles(ConfirmCall)
async def confirm_call(uow: UnitOfWork, cmd: ConfirmCall) -> None:
    """Record ``call.confirmed``, ``mission.unit_assigned`` and ``debt.made_good``.

    Locks calls of these two members and this type, (lender, type), the units, the missions, the call, its debts.

    Raises:
        NotFound: a call between others.
        Forbidden: the actor's own side wrote it down.
        TransitionNotAllowed: it was confirmed before.
    """
    call = await uow.get(Call, uow.require_target())
    if not uow.sees(call.requester_id, call.lender_id):
        raise NotFound(Call.KIND, call.id)
    uow.authorise({"requester": {call.requester_id}, "lender": {call.lender_id}})
    if uow.actor.member_id == call.recorded_by_member_id:
        raise Forbidden(
            "Your own side wrote this call down.",
            hint="Let the other side confirm it: ring back.",
            extra=because("own_call"),
        )
    if cmd.resource_ids:
        _require_lender(uow, call.lender_id)
    await lock_calls(uow, call.requester_id, call.lender_id, call.type_code)
    await _confirm(uow, call, cmd.person, cmd.resource_ids)


@handles(RingBack)
async def ring_back(uow: UnitOfWork, _cmd: RingBack) -> None:
    """Record ``call.ring_back``. Locks the call. Refused, and so without effect, once it was confirmed."""
    call = await uow.lock_target(Call)
    uow.authorise()
    call.status = machine("call").next(call.status, "ring_back")
    uow.record("call.ring_back", call, visibility="parties", parties=[call.requester_id, call.lender_id])


# ---------------------------------------------------------------- who, and whether it is known already


def _own_side(uow: UnitOfWork, cmd: AssistNow) -> UUID:
    """Return the actor's member, which is one of the two."""
    if cmd.requester_id == cmd.lender_id:
        raise _wrong("/lender_id", "A member does not lend to itself.")
    uow.authorise({"requester": {cmd.requester_id}, "lender": {cmd.lender_id}})
    own = uow.actor.member_id
    if own is None:
        message = "the service itself rings nobody"
        raise RuntimeError(message)
    if cmd.resource_ids:
        _require_lender(uow, cmd.lender_id)
    return own


def _require_lender(uow: UnitOfWork, lender_id: UUID) -> None:
    if uow.actor.member_id != lender_id:
        raise _wrong("/resource_ids", "Which units go is the lender's word; leave it out, and the lender names them.")


async def _require_known(uow: UnitOfWork, cmd: AssistNow, own: UUID) -> None:
    """Check what the call is about."""
    other = cmd.lender_id if own == cmd.requester_id else cmd.requester_id
    await uow.get(Member, other)
    if len(cmd.resource_ids) > cmd.quantity or len(set(cmd.resource_ids)) < len(cmd.resource_ids):
        raise _wrong("/resource_ids", f"Name each unit once, and {cmd.quantity} at most.")
    require_incident(cmd.kind, cmd.incident_id)
    if cmd.kind == DAY_TO_DAY and cmd.quantity != 1:
        raise _wrong("/quantity", "Help from day to day is one unit.")
    if cmd.incident_id is not None:
        incident = await uow.get(Incident, cmd.incident_id)
        machine("incident").refuse_final(incident.status, "be sent help for", incident.state())
    require_type(cmd.type_code)
    await _require_owned(uow, cmd)
    await require_point_inside(uow, cmd.lon, cmd.lat, pointer="/lon")


async def _require_owned(uow: UnitOfWork, cmd: AssistNow) -> None:
    """Refuse more than the lender owns: a slip of the finger would become a hundred missions. Of a composite type any number can be formed.

    Raises:
        OutOfRange: with the code ``beyond_owned`` and both figures.
    """
    if is_composite(cmd.type_code) or cmd.quantity == 1:
        return
    owned = await uow.raw.fetchval(OWNED, uow.space, cmd.lender_id, cmd.type_code)
    if cmd.quantity <= max(1, owned):
        return
    detail = f"The lender owns {owned} of this type; written down: {cmd.quantity}."
    told = because("beyond_owned", quantity=cmd.quantity, owned=owned)
    hint = "Correct the quantity; what others send is a call of its own with each of them."
    error = FieldError("/quantity", OutOfRange.slug, detail)
    raise OutOfRange(detail, errors=[error], extra=told, hint=hint)


async def lock_calls(uow: UnitOfWork, requester_id: UUID, lender_id: UUID, type_code: str) -> None:
    """Lock the calls of two members about one type: two records of one call find each other, however close they come."""
    await uow.raw.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
        f"{uow.space}/calls/{requester_id}/{lender_id}/{type_code}",
    )


async def _written_by_the_other(uow: UnitOfWork, cmd: AssistNow, own: UUID) -> Call | None:
    """Return the other side's record of this very call, the nearest in time, if it is not confirmed yet."""
    at = uow.act.occurred_at
    alike = await uow.find(
        Call,
        col(Call.requester_id) == cmd.requester_id,
        col(Call.lender_id) == cmd.lender_id,
        col(Call.incident_id) == cmd.incident_id,
        col(Call.type_code) == cmd.type_code,
        col(Call.quantity) == cmd.quantity,
        col(Call.status).in_(OPEN_CALL),
        col(Call.occurred_at).between(at - SAME_CALL, at + SAME_CALL),
    )
    theirs = [call for call in alike if call.recorded_by_member_id != own]
    if not theirs and alike:
        message = (
            "Your side has written down a call like this one already; if it is the same one, stand one of them down."
        )
        uow.warn("call_like_another", message, call_ids=[str(call.id) for call in alike])
    return min(theirs, key=lambda call: abs(call.occurred_at - at), default=None)


def _written(uow: UnitOfWork, cmd: AssistNow, offer: Offer, own: UUID) -> Call:
    return uow.add(
        Call(
            space_id=uow.space,
            id=new_id(),
            request_id=offer.request_id,
            offer_id=offer.id,
            incident_id=cmd.incident_id,
            requester_id=cmd.requester_id,
            lender_id=cmd.lender_id,
            recorded_by_member_id=own,
            recorded_by_id=uow.actor.id,
            type_code=cmd.type_code,
            quantity=cmd.quantity,
            person_rung=cmd.person_rung,
            occurred_at=uow.act.occurred_at,
        )
    )


async def _spoken(
    uow: UnitOfWork, call: Call, request: Request, verdict: Verdict | None, *, asked_before: bool
) -> None:
    """Measure what the lender has promised about its response. The call is its answer; that it has the call in its own books is its
    acknowledgement, unless the request lay before it already.
    """
    if not asked_before:
        under = None if verdict is None else (verdict.agreement, verdict.terms.response)
        await begin_own_answers(uow, request, call.lender_id, under, call.type_code)
    await answered(uow, request.id, call.lender_id, "answer", at=uow.act.occurred_at)
    if asked_before or call.recorded_by_member_id == call.lender_id:
        await answered(uow, request.id, call.lender_id, "acknowledge", at=uow.act.occurred_at)


def _one_each(units: Sequence[Resource], quantity: int) -> list[Resource | None]:
    return [*units, *[None] * (quantity - len(units))]


# ---------------------------------------------------------------- the other side's word


async def _confirm(uow: UnitOfWork, call: Call, person: str | None, resource_ids: Sequence[UUID]) -> None:
    """Confirm a call whose lock is held; name units for its missions, and make good what the confirmer may do."""
    missions = await _missions_without_unit(uow, call, len(resource_ids))
    units: list[Resource] = []
    rolling: frozenset[UUID] = frozenset()
    if resource_ids:
        await uow.lock_stock(call.lender_id, call.type_code)
        rolling = await rolling_among(uow, resource_ids)
        units = await take_units(
            uow, resource_ids, call.lender_id, call.type_code, pointer="/resource_ids", rolling=rolling
        )
        missions = await uow.lock_where(Mission, col(Mission.id).in_([mission.id for mission in missions]))
    call = await uow.lock(Call, call.id)
    uow.expect_revision(call)
    call.status = machine("call").next(call.status, "confirm")
    call.confirmed_at = uow.act.occurred_at
    call.confirmed_by_id = uow.actor.id
    call.confirmed_person = person
    uow.record("call.confirmed", call, visibility="parties", parties=[call.requester_id, call.lender_id])
    free = [mission for mission in missions if _wants_unit(mission)]
    if len(free) < len(units):
        raise _too_many(len(free))
    for mission, unit in zip(free, units, strict=False):
        await give_unit(uow, mission, unit)
        uow.record("mission.unit_assigned", mission, unit, *await parts_of(uow, unit))
        if unit.id in rolling:
            await depart(uow, mission)
    asked = await uow.get(Request, call.request_id)
    await settle_debts(uow, call, asked.kind)
    if uow.actor.member_id == call.lender_id:
        await answered(uow, call.request_id, call.lender_id, "acknowledge")


async def _missions_without_unit(uow: UnitOfWork, call: Call, wanted: int) -> list[Mission]:
    """Return the call's missions that a unit can be named for; refuse to name more units than that."""
    of_call = await uow.find(Mission, col(Mission.offer_id) == call.offer_id)
    free = [mission for mission in of_call if _wants_unit(mission)]
    if len(free) < wanted:
        raise _too_many(len(free))
    return free


def _wants_unit(mission: Mission) -> bool:
    over = mission.status == HOME or machine("mission").is_final(mission.status)
    return mission.resource_id is None and not over


def _too_many(left: int) -> OverFilled:
    detail = f"Of this call's missions still without a unit: {left}."
    return OverFilled(
        detail, errors=[FieldError("/resource_ids", OverFilled.slug, detail)], extra=because("units_wanted", n=left)
    )


def _wrong(pointer: str, detail: str) -> Malformed:
    return Malformed(detail, errors=[FieldError(pointer, Malformed.slug, detail)])


def _require_of_late(uow: UnitOfWork) -> None:
    earliest = uow.now - WRITTEN_WITHIN
    if uow.act.occurred_at < earliest:
        detail = f"A call is written down within {WRITTEN_WITHIN.days} days; this one is said to be of {uow.act.occurred_at.date().isoformat()}."
        error = FieldError("/occurred_at", OutOfRange.slug, detail)
        raise OutOfRange(
            detail, errors=[error], extra=because("call_too_old", days=WRITTEN_WITHIN.days), hint="Correct the date."
        )
