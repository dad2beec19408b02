"""Reliefs: who takes over from a unit that has been out long enough, and the word to somebody when nobody is on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlmodel import col

from app.commands.agreement_cases import hours_until, known_to, matter_of
from app.commands.mission_steps import (
    authorise,
    end_alarm,
    known_mission,
    locked_mission,
    locked_with_request,
    raise_alarm,
    relief_due_at,
    reliefs_of,
    remind_of_relief,
    require_under_way,
    unanswered,
)
from app.commands.missions import give_unit, take_units
from app.commands.not_free import Said, not_free, other_type
from app.commands.occurred import keep_after
from app.commands.offer_check import Found, Sought, judge
from app.commands.parts import parts_of
from app.commands.registry import Act, Command, handles
from app.commands.response_commitments import begin_turn_out
from app.domain.because import because
from app.domain.errors import AgreementRefused, Conflict, FieldError, NotAvailable, NotFound, OutOfRange
from app.domain.forms import Flag, Instant, Note, ShortText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.store.tables import Mission, Request, Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.store.unit_of_work import UnitOfWork


class PlanRelief(Act):
    """Send another unit of the lender's own to take over from one that is out: the requester keeps one all the time."""

    resource_id: UUID
    """The unit that goes; of the same type, and available."""
    crossing_id: UUID | None = None
    """Where it passes the border; the open one that is soonest there, if none is named."""
    talkgroup: ShortText | None = None
    """The same as the relieved unit's, if none is named."""
    relieve_by: Instant | None = None
    """By when somebody takes its place in turn."""
    override_reserve: Note | None = None
    """Why the lender goes below what it keeps at home: its representative's own word."""
    ad_hoc: Flag = False
    """Help without an agreement, under the treaty that the deployment names: its representative's own word."""


class MarkReliefDue(Command):
    """The unit's time is nearly up, and nobody is on the way in its place: by the service itself."""


@handles(PlanRelief)
async def plan_relief(uow: UnitOfWork, cmd: PlanRelief) -> None:
    """Record ``mission.committed`` of the relief and ``mission.relief_planned`` of the unit it relieves, for the corridor.

    Both count once in the request's line for as long as both are out. Locks the request, the agreements, (agreement, type) where
    there is a cap, (lender, type), the unit, then the relieved mission.

    Raises:
        NotFound: it is help from day to day between two others.
        TransitionNotAllowed: the unit is let go, or on its way home.
        Conflict: it has its relief.
        AgreementRefused: with every reason.
        NotAvailable: the unit is not free, or of another type.
        OutOfOrder: the unit that it relieves was not sent yet then.
    """
    mission = await known_mission(uow)
    request = await uow.lock(Request, mission.request_id)
    authorise(uow, mission)
    for act, wanted in (("override_reserve", cmd.override_reserve is not None), ("offer_ad_hoc", cmd.ad_hoc)):
        if wanted:
            uow.authorise({"lender": {mission.lender_id}}, command=act, facts={"request_kind": mission.kind})
    keep_after(uow, cmd, mission.mobilised_at or mission.status_at, "The unit that it relieves was sent", mission)
    _require_later(uow, cmd)
    await _require_fit(uow, mission, cmd)
    found = await _judged(uow, mission, cmd)
    units = await take_units(uow, [cmd.resource_id], mission.lender_id, mission.type_code, pointer="/resource_id")
    mission = await locked_mission(uow)
    require_under_way(mission, "be relieved")
    if unanswered(mission):
        hint = "Answer the alarm, and name the unit with it."
        raise Conflict(
            "Its alarm is not answered.", extra={**because("alarm_unanswered"), "current": mission.state()}, hint=hint
        )
    if reliefs := await reliefs_of(uow, mission.id):
        message = "It has its relief already."
        raise Conflict(
            message, extra={**because("has_relief"), "current": reliefs[0].state()}, hint="Recall that one first."
        )
    relief = _relief(uow, mission, cmd, found)
    await give_unit(uow, relief, units[0], crossing_id=cmd.crossing_id, strict=True)
    uow.add(relief)
    end_alarm(mission, "relief_due")
    uow.revise(mission)
    uow.record("mission.committed", relief, units[0], *await parts_of(uow, units[0]), relief_of_id=mission.id)
    uow.record("mission.relief_planned", mission, relief_id=relief.id)
    if found.overridden is not None:
        uow.record(
            "reserve.overridden",
            request,
            lender_id=mission.lender_id,
            type_code=mission.type_code,
            reason=cmd.override_reserve or (found.word and found.word.note),
            figures=dict(found.overridden.figures),
        )
    for reason in found.reasons:
        uow.warn(reason.code, reason.detail, figures=dict(reason.figures))
    if found.verdict is None:
        uow.warn("ad_hoc", f"No agreement: help is given under {uow.settings.treaty_in('en')}.")
    remind_of_relief(uow, relief)
    await begin_turn_out(uow, request, relief)


@handles(MarkReliefDue)
async def mark_relief_due(uow: UnitOfWork, _cmd: MarkReliefDue) -> None:
    """Record ``mission.relief_due``. Locks the request, then the mission. Refused, and so without effect, once its cause is gone.

    Raises:
        Conflict: it may stay for longer, its relief is on the way, or it is on its own way home.
    """
    _, mission = await locked_with_request(uow)
    uow.authorise()
    due = relief_due_at(mission)
    require_under_way(mission, "be relieved")
    if due is None or due > uow.now or "relief_due" in mission.alarms or await reliefs_of(uow, mission.id):
        message = "No relief is due."
        raise Conflict(message, extra={"current": mission.state()})
    raise_alarm(mission, "relief_due")
    uow.record("mission.relief_due", mission)


async def tell_relieved(uow: UnitOfWork, reliefs: Sequence[Mission]) -> None:
    """Tell the missions that are relieved by these, and end their alarm; record ``mission.relief_planned`` of each. Locks them.

    Raises:
        NotFound: one helps another requester, or there is none of that id.
        TransitionNotAllowed: one is let go.
        Conflict: one has its relief.
    """
    by_relieved = {relief.relief_of_id: relief for relief in reliefs if relief.relief_of_id is not None}
    relieved = {row.id: row for row in await uow.lock_where(Mission, col(Mission.id).in_(list(by_relieved)))}
    for id_, relief in by_relieved.items():
        mission = relieved.get(id_)
        if mission is None or mission.requester_id != relief.requester_id:
            raise NotFound(f"{Mission.KIND} for that requester", id_)
        require_under_way(mission, "be relieved")
        if any(each.id != relief.id for each in await reliefs_of(uow, mission.id)):
            message = "It has its relief already."
            raise Conflict(message, extra={**because("has_relief"), "current": mission.state()})
        end_alarm(mission, "relief_due")
        uow.revise(mission)
        uow.record("mission.relief_planned", mission, relief_id=relief.id)


def _require_later(uow: UnitOfWork, cmd: PlanRelief) -> None:
    if cmd.relieve_by is not None and cmd.relieve_by <= uow.now:
        detail = "The relief would be relieved before it goes."
        raise OutOfRange(
            detail, errors=[FieldError("/relieve_by", OutOfRange.slug, detail)], extra=because("relieved_before")
        )


async def _require_fit(uow: UnitOfWork, mission: Mission, cmd: PlanRelief) -> None:
    """Refuse a unit that can't take over whatever the agreements say, before they are asked about it. Nothing is locked yet."""
    unit = await uow.get(Resource, cmd.resource_id)
    if unit.member_id != mission.lender_id:
        raise NotFound(f"{Resource.KIND} of your member", unit.id)
    said: Said | None = None
    if unit.type_code != mission.type_code:
        said = other_type(unit, mission.type_code)
    elif unit.retired or unit.status != "available":
        said = not_free(unit)
    if said is not None:
        detail, told = said
        error = FieldError("/resource_id", NotAvailable.slug, detail)
        raise NotAvailable(detail, errors=[error], extra={"current": unit.state(), **told})


async def _judged(uow: UnitOfWork, mission: Mission, cmd: PlanRelief) -> Found:
    """Ask the agreements about one unit more, for as long as both are out; under a cap it takes the other one's place."""
    matter = await matter_of(
        uow,
        incident_id=mission.incident_id,
        kind=mission.kind,
        lender_id=mission.lender_id,
        borrower_id=mission.requester_id,
    )
    known = await known_to(uow, mission.lender_id, {mission.type_code}, without=mission.stands_for_id or mission.id)
    case = matter.case(
        mission.type_code,
        1,
        uow.now,
        place=(mission.lon, mission.lat),
        resource_id=cmd.resource_id,
        duration_h=hours_until(cmd.relieve_by, uow.now),
    )
    overrides = cmd.override_reserve is not None
    try:
        return judge(known, [Sought(case, mission.request_line_id, None, overrides, cmd.ad_hoc)])[0]
    except AgreementRefused as refusal:
        refusal.errors = (FieldError("/resource_id", AgreementRefused.slug, refusal.detail),)
        raise


def _relief(uow: UnitOfWork, mission: Mission, cmd: PlanRelief, found: Found) -> Mission:
    """Return the mission that takes over: for the same line, at the same place, and with the same paper behind it.

    Who takes over from a unit that was sent elsewhere fills its old line as little as that one does.
    """
    return Mission(
        space_id=uow.space,
        id=new_id(),
        request_id=mission.request_id,
        request_line_id=mission.request_line_id,
        offer_id=mission.offer_id,
        offer_line_id=mission.offer_line_id,
        incident_id=mission.incident_id,
        kind=mission.kind,
        lender_id=mission.lender_id,
        requester_id=mission.requester_id,
        type_code=mission.type_code,
        agreement_id=found.verdict.agreement.id if found.verdict else None,
        agreement_version=found.verdict.agreement.version if found.verdict else None,
        status=machine("mission").initial,
        status_at=uow.act.occurred_at,
        place=mission.place,
        lon=mission.lon,
        lat=mission.lat,
        rendezvous_id=mission.rendezvous_id,
        talkgroup=cmd.talkgroup or mission.talkgroup,
        relieve_by=cmd.relieve_by,
        relief_of_id=mission.id,
        stands_for_id=mission.stands_for_id or mission.id,
        ended_by=mission.ended_by,
    )
