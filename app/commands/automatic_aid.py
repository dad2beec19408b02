"""Automatic aid: alarmed by one command of the requester's, answered by one word of each lender's, with nobody's signature between.

The agreement's clause is the authority: it has opened, accepted and committed, so no debts arise. Each lender has two minutes for
*rolling* or *cannot*; whoever can't, or is silent, is followed by the next, and when nobody is left the requester is told loudly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.automatic_turns import Help, alarm_next, end_unsent, order_of
from app.commands.called_help import open_request
from app.commands.fill import fill, settle_request
from app.commands.mission_steps import LEAVING, bound_stay, enter, step_to, tell_request, unanswered
from app.commands.missions import give_unit, take_units
from app.commands.parts import parts_of
from app.commands.places import require_point_inside
from app.commands.registry import Act, Command, handles
from app.commands.request_lines import Priority
from app.commands.requests import require_may_ask
from app.commands.response_commitments import answered
from app.commands.rolling import depart, rolling_among
from app.commands.showing import Showing
from app.domain import geo
from app.domain.automatic_order import promised
from app.domain.because import because
from app.domain.errors import AgreementRefused, Conflict, FieldError, MissingField, NotFound, OutOfRange, OverFilled
from app.domain.forms import WHOLE, Code, Flag, LongText, ShortText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.resource_types import require_type
from app.domain.vocabulary import codes, require
from app.store.tables import AutomaticAid, AutomaticAlarm, Incident, Mission, Request, RequestLine
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from app.commands.automatic_turns import Order
    from app.store.tables import Resource

Alarmed = Annotated[int, Field(strict=True, ge=1, le=100), WHOLE]
"""How many are alarmed for: each becomes a mission."""
WORDS: Final = ("rolling", "cannot")
"""States of an alarm that are its lender's word."""
Units = Annotated[tuple[UUID, ...], Field(max_length=100)]
"""Ids of the lender's units."""


class AlarmAutomaticAid(Act):
    """Alarm the lenders of a clause of automatic aid for an incident, the first one first. No form, and no signature."""

    type_code: Code
    quantity: Alarmed = 1
    priority: Priority = "life_safety"
    lon: geo.Longitude
    lat: geo.Latitude
    place: ShortText | None = None
    """Where to, in words."""


class AnswerAutomaticAlarm(Act):
    """The word of the dispatch that was alarmed: its units roll, or can't. Whom it leaves waiting, the next one is alarmed for."""

    rolling: Flag
    resource_ids: Units = ()
    """Which units roll. Fewer than were alarmed for: for the others the next lender is alarmed."""
    reason: Code | None = None
    """Why none can, one of `decline_reasons`; needed where none rolls."""
    note: LongText | None = None


class CallOffAutomaticAid(Act):
    """It is no longer needed: whoever is alarmed and has not answered is told so. Units that roll are stood down one by one."""


class PassAutomaticAlarm(Command):
    """The two minutes are over, or the missions went another way: by the service itself."""


@handles(AlarmAutomaticAid)
async def alarm_automatic_aid(uow: UnitOfWork, cmd: AlarmAutomaticAid) -> None:
    """Record ``automatic_aid.alarmed`` for the requester, ``automatic_alarm.raised`` and ``offer.accepted`` for it and the first
    lender, ``request.opened`` and ``mission.committed`` for the corridor; ``automatic_aid.unfilled`` where nobody can be alarmed.

    Locks the agreements, then (lender, type) of each lender of the clause by id.

    Raises:
        AgreementRefused: no clause covers this type at this place, or fewer are promised by those that do.
        TransitionNotAllowed: the incident is closed.
    """
    requester = uow.actor.member_id
    if requester is None:
        message = "the service itself needs no help"
        raise RuntimeError(message)
    uow.authorise({"requester": {requester}})
    incident = await uow.get(Incident, uow.require_target())
    require_type(cmd.type_code)
    await require_point_inside(uow, cmd.lon, cmd.lat, pointer="/lon")
    asked = Help(
        requester, requester, incident.id, cmd.type_code, cmd.quantity, cmd.lon, cmd.lat, cmd.place, cmd.priority
    )
    request, line = await open_request(uow, asked)
    await require_may_ask(uow, request)
    aid = uow.add(
        AutomaticAid(
            space_id=uow.space,
            id=new_id(),
            request_id=request.id,
            request_line_id=line.id,
            incident_id=incident.id,
            requester_id=requester,
            type_code=cmd.type_code,
            quantity=cmd.quantity,
            lacking=cmd.quantity,
            status=machine("automatic_aid").initial,
            alarmed_at=uow.now,
        )
    )
    order = await order_of(uow, aid, line)
    _require_clause(order, cmd.quantity)
    uow.record("automatic_aid.alarmed", aid, visibility="parties", parties=[requester])
    uow.record("request.opened", request, line)
    await _go_on(uow, aid, request, line, order)
    if await settle_request(uow, request):
        uow.record(f"request.{request.status}", request)


@handles(AnswerAutomaticAlarm)
async def answer_automatic_alarm(uow: UnitOfWork, cmd: AnswerAutomaticAlarm) -> None:
    """Record ``automatic_alarm.rolling`` and ``mission.mobilising`` of each unit, or ``automatic_alarm.cannot``; then as the next is alarmed.

    Locks the request, the agreements and (lender, type) of whoever may be next, the units, the missions, the alarm, the aid.

    Raises:
        NotFound: an alarm between others, or a unit that is not the lender's.
        TransitionNotAllowed: it was answered, or is over.
        NotAvailable: a unit is not free.
    """
    seen = await uow.get(AutomaticAlarm, uow.require_target())
    if not uow.sees(seen.requester_id, seen.lender_id):
        raise NotFound(AutomaticAlarm.KIND, seen.id)
    uow.authorise({"lender": {seen.lender_id}})
    _require_answer(cmd, seen)
    request = await uow.lock(Request, seen.request_id)
    aid = await uow.get(AutomaticAid, seen.aid_id)
    line = await uow.get(RequestLine, aid.request_line_id)
    order = await order_of(uow, aid, line) if len(cmd.resource_ids) < aid.lacking else None
    await uow.lock_stock(seen.lender_id, seen.type_code)
    rolling = await rolling_among(uow, cmd.resource_ids)
    units = await take_units(
        uow, cmd.resource_ids, seen.lender_id, seen.type_code, pointer="/resource_ids", rolling=rolling
    )
    missions = await uow.lock_where(Mission, col(Mission.offer_id) == seen.offer_id)
    alarm = await uow.lock_target(AutomaticAlarm)
    aid = await uow.lock(AutomaticAid, aid.id)
    _answer(uow, alarm, "roll" if cmd.rolling else "refuse")
    alarm.reason, alarm.note, alarm.answered_by_id = cmd.reason, cmd.note, uow.actor.id
    waiting = [mission for mission in missions if unanswered(mission)]
    await _roll(uow, waiting, units, rolling)
    await answered(uow, request.id, alarm.lender_id, "acknowledge", "answer")
    await _conclude(uow, aid, alarm, request, line, missions, order)


@handles(CallOffAutomaticAid)
async def call_off_automatic_aid(uow: UnitOfWork, _cmd: CallOffAutomaticAid) -> None:
    """Record ``automatic_alarm.called_off``, ``mission.closed`` of each that waited, and ``automatic_aid.called_off``.

    Locks the request, the missions, the alarm, the aid.

    Raises:
        NotFound: another member's.
        TransitionNotAllowed: nobody is alarmed any more.
    """
    seen = await uow.get(AutomaticAid, uow.require_target())
    if not uow.sees(seen.requester_id):
        raise NotFound(AutomaticAid.KIND, seen.id)
    uow.authorise({"requester": {seen.requester_id}})
    request = await uow.lock(Request, seen.request_id)
    of_request = await uow.lock_where(Mission, col(Mission.request_id) == seen.request_id)
    alarms = await uow.lock_where(
        AutomaticAlarm, col(AutomaticAlarm.aid_id) == seen.id, col(AutomaticAlarm.status) == "alarmed"
    )
    aid = await uow.lock_target(AutomaticAid)
    machine("automatic_aid").refuse_final(aid.status, "be called off", aid.state())
    for mission in of_request:
        if unanswered(mission):
            await end_unsent(uow, mission, "stood_down")
    for alarm in alarms:
        _answer(uow, alarm, "call_off")
        uow.record("automatic_alarm.called_off", alarm, visibility="parties", parties=_both(alarm))
    aid.lacking = 0
    _end(uow, aid, "roll" if await _anybody_rolls(uow, aid) else "call_off")
    uow.main = aid
    await tell_request(uow, request)


@handles(PassAutomaticAlarm)
async def pass_automatic_alarm(uow: UnitOfWork, _cmd: PassAutomaticAlarm) -> None:
    """Record ``automatic_alarm.silent`` where nobody has answered, or what became of its missions by other ways; then as the next is alarmed.

    Locks as ``answer_automatic_alarm``. Refused, and so without effect, once it was answered.

    Raises:
        Conflict: its time has not passed, and a mission waits.
    """
    uow.authorise()
    seen = await uow.get(AutomaticAlarm, uow.require_target())
    request = await uow.lock(Request, seen.request_id)
    aid = await uow.get(AutomaticAid, seen.aid_id)
    line = await uow.get(RequestLine, aid.request_line_id)
    order = await order_of(uow, aid, line)
    missions = await uow.lock_where(Mission, col(Mission.offer_id) == seen.offer_id)
    alarm = await uow.lock_target(AutomaticAlarm)
    aid = await uow.lock(AutomaticAid, aid.id)
    waiting = [mission for mission in missions if unanswered(mission)]
    if waiting and alarm.answer_by > uow.now:
        message = "The lender still has time to answer."
        raise Conflict(message, extra={"current": alarm.state()})
    _answer(uow, alarm, _said_otherwise(missions, waiting))
    if alarm.status in WORDS:
        await answered(uow, request.id, alarm.lender_id, "acknowledge", "answer")
    await _conclude(uow, aid, alarm, request, line, missions, order)


# ---------------------------------------------------------------- what an answer comes to


def _require_clause(order: Order, quantity: int) -> None:
    if order.turns:
        most = promised(order.turns)
        if quantity > most:
            raise _beyond(quantity, most)
        return
    detail = "No clause of automatic aid covers this type at this place."
    hint = "Ask in the open, or ring and write the call down."
    error = FieldError("/type_code", AgreementRefused.slug, detail)
    raise AgreementRefused(detail, errors=[error], extra={"reasons": []}, hint=hint)


def _beyond(quantity: int, most: int) -> AgreementRefused:
    """Nobody has signed for more than the clauses say: what is beyond them is asked for as other help is."""
    detail = f"The clauses of automatic aid promise {most} of this type here; {quantity} were alarmed for."
    reason = {
        "code": "beyond_clause",
        "blocking": True,
        "detail": detail,
        "figures": {"quantity": quantity, "most": most},
    }
    hint = f"Alarm for {most} at most, and ask for the others by a request."
    error = FieldError("/quantity", AgreementRefused.slug, detail)
    return AgreementRefused(detail, errors=[error], extra={"reasons": [reason]}, hint=hint)


def _require_answer(cmd: AnswerAutomaticAlarm, alarm: AutomaticAlarm) -> None:
    ids = cmd.resource_ids
    if cmd.rolling and not ids:
        raise _wrong(MissingField, "/resource_ids", "Name the unit that rolls.")
    if cmd.rolling and (len(ids) > alarm.quantity or len(set(ids)) < len(ids)):
        raise _wrong(OutOfRange, "/resource_ids", f"Name each unit once, and {alarm.quantity} at most.")
    if not cmd.rolling and ids:
        raise _wrong(OutOfRange, "/resource_ids", "Units are named where they roll.")
    if not cmd.rolling and cmd.reason is None:
        raise _wrong(MissingField, "/reason", "Say why none can; the next lender is alarmed at once.")
    if cmd.reason is not None:
        require("reason", cmd.reason, codes("decline_reasons"), pointer="/reason")


def _wrong(error: type[MissingField | OutOfRange], pointer: str, detail: str) -> MissingField | OutOfRange:
    return error(detail, errors=[FieldError(pointer, error.slug, detail)])


def _answer(uow: UnitOfWork, alarm: AutomaticAlarm, step: str) -> None:
    with Showing(alarm):
        alarm.status = machine("automatic_alarm").next(alarm.status, step)
    if step != "fall_silent":
        alarm.answered_at = max(uow.act.occurred_at, alarm.alarmed_at)


async def _roll(
    uow: UnitOfWork, waiting: Sequence[Mission], units: Sequence[Resource], rolling: Collection[UUID]
) -> None:
    """Put the units on the missions that wait, and let them mobilise."""
    if len(units) > len(waiting):
        detail = f"Of this alarm's missions still without a unit: {len(waiting)}."
        raise OverFilled(
            detail,
            errors=[FieldError("/resource_ids", OverFilled.slug, detail)],
            extra=because("units_wanted", n=len(waiting)),
        )
    for mission, unit in zip(waiting, units, strict=False):
        uow.act.occurred_at = max(uow.act.occurred_at, mission.status_at)
        await give_unit(uow, mission, unit)
        enter(uow, mission, step_to(mission, "mobilising", by=uow.act.command))
        await bound_stay(uow, mission)
        uow.record("mission.mobilising", mission, unit, *await parts_of(uow, unit), state=mission.status)
        if unit.id in rolling:
            await depart(uow, mission)


def _said_otherwise(missions: Sequence[Mission], waiting: Sequence[Mission]) -> str:
    """Return the answer that lies in what became of the missions, where nobody gave one by name."""
    if any(mission not in waiting and mission.status not in LEAVING for mission in missions):
        return "roll"
    if waiting:
        return "fall_silent"
    return "refuse" if any(mission.ended_by != "stood_down" for mission in missions) else "call_off"


async def _conclude(
    uow: UnitOfWork,
    aid: AutomaticAid,
    alarm: AutomaticAlarm,
    request: Request,
    line: RequestLine,
    missions: Sequence[Mission],
    order: Order | None,
) -> None:
    """End the missions that no unit rolls for, and go on to the next lender for as many as its word leaves waiting."""
    for mission in missions:
        if unanswered(mission):
            await end_unsent(uow, mission, "aborted")
    alarmed = [mission for mission in missions if mission.relief_of_id is None and mission.split_from_id is None]
    rolling = [mission for mission in alarmed if mission.status not in LEAVING]
    called_off = [mission for mission in missions if mission.ended_by == "stood_down"]
    alarm.sends = len(rolling)
    # While fewer are alarmed than are wanted, somebody else may have filled the line: it is never filled twice.
    still = (await fill(uow, request.id))[line.id].lacking
    aid.lacking = min(aid.lacking - len(rolling) - len(called_off), still)
    uow.record(f"automatic_alarm.{alarm.status}", alarm, visibility="parties", parties=_both(alarm))
    uow.main = alarm
    if aid.lacking and order is not None and not machine("request").is_final(request.status):
        await _go_on(uow, aid, request, line, order)
    else:
        _end(uow, aid, "roll" if rolling or await _anybody_rolls(uow, aid) else "call_off")
    await tell_request(uow, request)


async def _go_on(uow: UnitOfWork, aid: AutomaticAid, request: Request, line: RequestLine, order: Order) -> None:
    """Alarm the next lender, or tell loudly that nobody is left."""
    if await alarm_next(uow, aid, request, line, order) is None:
        _end(uow, aid, "run_out")
    elif uow.main is not aid:
        uow.record("automatic_aid.passed_on", aid, visibility="parties", parties=[aid.requester_id])


async def _anybody_rolls(uow: UnitOfWork, aid: AutomaticAid) -> bool:
    return bool(
        await uow.find(AutomaticAlarm, col(AutomaticAlarm.aid_id) == aid.id, col(AutomaticAlarm.status) == "rolling")
    )


def _end(uow: UnitOfWork, aid: AutomaticAid, step: str) -> None:
    aid.status = machine("automatic_aid").next(aid.status, step)
    aid.ended_at = uow.now
    uow.record(f"automatic_aid.{aid.status}", aid, visibility="parties", parties=[aid.requester_id])


def _both(alarm: AutomaticAlarm) -> list[UUID]:
    return [alarm.requester_id, alarm.lender_id]
