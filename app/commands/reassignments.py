"""Reassignments: another incident or place for a unit. The requester proposes, the lender's leader or dispatcher agrees.

Within the same incident only the place changes. At another incident the unit no longer fills the line it was lent for; it fills
a line there, where the requester names one of its own. Work that it had done, when it was released, stays done.

What lies outside the agreement that the unit runs under stands in the proposal (``findings``): the lender's side confirms that it goes there
all the same. Beyond a cap of the agreement it goes by its representative's named act (``ad_hoc``), and not otherwise.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from sqlmodel import col, or_

from app.commands.agreement_cases import matter_of, refuse_outright, terms_of
from app.commands.crossing_choice import choose_way, outside_agreement, put_way, way_ids
from app.commands.fill import fill
from app.commands.mission_steps import (
    LEAVING,
    RELEASED,
    authorise,
    enter,
    locked_mission,
    remind_of_relief,
    require_under_way,
    step_to,
    tell_request,
)
from app.commands.offer_check import set_aside
from app.commands.parts import parts_of, parts_with
from app.commands.places import require_point_inside
from app.commands.registry import Act, handles
from app.commands.relief_overlap import ended_early, overlap
from app.commands.showing import Showing
from app.commands.standing import standing_of
from app.domain import geo
from app.domain.agreement_reasons import Reason
from app.domain.agreements import UNUSED, Use, outside
from app.domain.because import because
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.errors import Conflict, FieldError, MissingField, NotAvailable, NotFound, OverFilled
from app.domain.forms import Flag, Note, ShortText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.money import quantity
from app.domain.resource_types import parts_of_type
from app.planning.eta import country_of
from app.store.agreements import uses_of
from app.store.tables import Incident, Member, Mission, Reassignment, Request, RequestLine, Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.store.unit_of_work import UnitOfWork

STILL_AT_HOME = frozenset({"committed", "mobilising"})
"""Before departure a new place is a change of the plan, and not of the state."""


class ReassignMission(Act):
    """Propose another incident or place for a unit."""

    incident_id: UUID | None = None
    """The same one, if none is named: then only the place changes."""
    request_line_id: UUID | None = None
    """A line of the requester's own open request for that incident, which the unit is to fill there."""
    place: ShortText | None = None
    lon: geo.Longitude
    lat: geo.Latitude
    reason: Note


class AnswerReassignment(Act):
    """The word of the lender's leader or dispatcher: the unit goes there, or it does not."""

    agreed: Flag
    reason: Note | None = None
    """Why not; needed with a refusal."""
    confirm_findings: Flag = False
    """The `findings` were read: in that it lies outside the agreement, and the unit goes there all the same."""
    ad_hoc: Flag = False
    """It goes although there will be more units out than the agreement knows: the representative's own word."""


@handles(ReassignMission)
async def reassign_mission(uow: UnitOfWork, cmd: ReassignMission) -> None:
    """Record ``reassignment.proposed``; one that was proposed before and not answered lapses. Locks the mission, then that one.

    Raises:
        Conflict: it is help from day to day; the line is no longer open, or is filled.
        TransitionNotAllowed: the unit is on its way home, or the incident is closed.
        NotFound: the line is not one of the requester's own for that incident.
    """
    mission = await locked_mission(uow)
    authorise(uow, mission)
    _require_movable(mission)
    incident_id = cmd.incident_id or mission.incident_id
    if incident_id is None:
        raise NotFound(Incident.KIND, "of this mission")
    incident = await uow.get(Incident, incident_id)
    machine("incident").refuse_final(incident.status, "be sent help for", incident.state())
    await require_point_inside(uow, cmd.lon, cmd.lat, pointer="/lon")
    if cmd.request_line_id is not None:
        await _open_line(uow, mission, cmd.request_line_id, incident.id)
    open_state = machine("reassignment").initial
    before = await uow.lock_where(
        Reassignment, col(Reassignment.mission_id) == mission.id, col(Reassignment.status) == open_state
    )
    proposal = uow.add(
        Reassignment(
            space_id=uow.space,
            id=new_id(),
            mission_id=mission.id,
            request_id=mission.request_id,
            status=open_state,
            incident_id=incident.id,
            request_line_id=cmd.request_line_id,
            place=cmd.place,
            lon=cmd.lon,
            lat=cmd.lat,
            reason=cmd.reason,
            proposed_by_id=uow.actor.id,
            occurred_at=uow.act.occurred_at,
        )
    )
    uow.record("reassignment.proposed", proposal)
    for each in before:
        each.status = machine("reassignment").next(each.status, "lapse")
        uow.record("reassignment.lapsed", each)
    reasons = await _outside(uow, mission, proposal)
    proposal.findings = [reason.told() for reason in set_aside(reasons)]
    for reason in reasons:
        uow.warn(reason.code, reason.detail, figures=dict(reason.figures))


@handles(AnswerReassignment)
async def answer_reassignment(uow: UnitOfWork, cmd: AnswerReassignment) -> None:
    """Record ``reassignment.agreed`` and ``mission.reassigned`` with what becomes of the requests, or ``reassignment.refused``.

    Before departure it is ``mission.plan_changed``: a plan is changed, and no state. Locks the requests by id, (agreement, type) where there is a cap, the mission, the proposal, and the missions
    that relieved it or stand in its place.

    Raises:
        TransitionNotAllowed: it was answered, or has lapsed; the incident was closed meanwhile.
        OverFilled: the line that it was to fill there is filled by now.
        MissingField: a refusal without its reason.
        AgreementRefused: it lies outside the agreement and nobody has confirmed that, or beyond a cap, and nobody has said so.
    """
    known = await uow.get(Reassignment, uow.require_target())
    line = None if known.request_line_id is None else await uow.get(RequestLine, known.request_line_id)
    seen = await uow.get(Mission, known.mission_id)
    ids = {seen.request_id} | ({line.request_id} if line is not None else set())
    requests = {request.id: request for request in await uow.lock_where(Request, col(Request.id).in_(ids))}
    capped = await _lock_caps(uow, seen) if cmd.agreed else {}
    mission = await uow.lock(Mission, known.mission_id)
    proposal = await uow.lock_target(Reassignment)
    authorise(uow, mission)
    if cmd.ad_hoc:
        uow.authorise({"lender": {mission.lender_id}}, command="offer_ad_hoc", facts={"request_kind": mission.kind})
    if not cmd.agreed and cmd.reason is None:
        detail = "Say why the unit can't go there."
        raise MissingField(detail, errors=[FieldError("/reason", MissingField.slug, detail)])
    with Showing(proposal):
        proposal.status = machine("reassignment").next(proposal.status, "agree" if cmd.agreed else "refuse")
    proposal.answer, proposal.answered_at, proposal.answered_by_id = cmd.reason, uow.act.occurred_at, uow.actor.id
    if not cmd.agreed:
        uow.record("reassignment.refused", proposal)
        return
    incident = await uow.get(Incident, proposal.incident_id)
    machine("incident").refuse_final(incident.status, "be sent help for", incident.state())
    if line is not None:
        await _open_line(uow, mission, line.id, proposal.incident_id)
    reasons = await _outside(uow, mission, proposal)
    if reasons and not cmd.confirm_findings:
        hint = "Send it again with `confirm_findings` if the unit is to go there all the same, or refuse with a reason."
        refuse_outright(reasons, "/confirm_findings", hint=hint)
    uow.record("reassignment.agreed", proposal)
    beyond = await _send_there(uow, mission, proposal, line, capped)
    if beyond and not cmd.ad_hoc:
        hint = "Refuse with a reason; or the lender's representative agrees with `ad_hoc`."
        refuse_outright(beyond, "/ad_hoc", hint=hint)
    proposal.findings = [reason.told() for reason in set_aside([*reasons, *beyond])]
    for reason in (*reasons, *beyond):
        uow.warn(reason.code, reason.detail, figures=dict(reason.figures))
    for request in requests.values():
        await tell_request(uow, request)


async def _send_there(
    uow: UnitOfWork,
    mission: Mission,
    proposal: Reassignment,
    line: RequestLine | None,
    capped: Mapping[str, int],
) -> tuple[Reason, ...]:
    """Change what the mission is for, where it goes and what it fills; record it. Return the caps that it goes beyond by that."""
    _require_movable(mission)
    was = {"incident_id": mission.incident_id, "request_line_id": mission.request_line_id, "place": mission.place}
    out_before = await _out(uow, mission, capped)
    await _choose_way(uow, mission, proposal)
    others: list[Mission] = []
    if proposal.incident_id != mission.incident_id or (line is not None and line.id != mission.request_line_id):
        if mission.status == RELEASED and mission.ended_by is None:
            proposal.worked_off_line_id = mission.request_line_id
        others = await _part(uow, mission)
    if line is not None:
        mission.request_id, mission.request_line_id, mission.ended_by = line.request_id, line.id, None
        mission.stands_for_id = None
    elif proposal.incident_id != mission.incident_id:
        mission.ended_by, mission.stands_for_id = "reassigned", None
    mission.incident_id = proposal.incident_id
    mission.place, mission.lon, mission.lat = proposal.place, proposal.lon, proposal.lat
    mission.rendezvous_id = None
    if mission.status in STILL_AT_HOME:
        uow.record("mission.plan_changed", mission, *others, was=was)
    else:
        uow.act.occurred_at = max(uow.act.occurred_at, mission.status_at)
        enter(uow, mission, step_to(mission, "reassigned", by=uow.act.command))
        mission.released_at = None  # it works on; when it is let go is still to come
        uow.record("mission.reassigned", mission, *others, state=mission.status, was=was)
    await uow.flush()
    out = await _out(uow, mission, capped)
    return tuple(
        Reason(
            "cap_units",
            {
                "type_code": code,
                "most": most,
                "under_way": out_before[code].under_way,
                "promised": out_before[code].promised,
                "quantity": _count(out[code]) - _count(out_before[code]),
                "would_be": _count(out[code]),
            },
        )
        for code, most in capped.items()
        if _count(out[code]) > max(most, _count(out_before[code]))
    )


async def _part(uow: UnitOfWork, mission: Mission) -> list[Mission]:
    """Part a unit that is sent elsewhere from the one that it relieves, and from those that relieve it or stand in its place; return those.

    What they worked beside each other until now counts once. Who stays has a place of its own, and has its relief asked for again.
    """
    rows = await uow.lock_where(
        Mission,
        or_(col(Mission.relief_of_id) == mission.id, col(Mission.stands_for_id) == mission.id),
        col(Mission.id) != mission.id,
    )
    relieved = None if mission.relief_of_id is None else await uow.get(Mission, mission.relief_of_id)
    ended = await ended_early(uow, [each.id for each in (mission, relieved, *rows) if each is not None])
    if relieved is not None:
        _keep_overlap(mission, overlap(mission, relieved, ended, until=uow.now))
        mission.relief_of_id = None
        if relieved.status not in LEAVING:
            remind_of_relief(uow, relieved)
    first = next((each for each in rows if each.stands_for_id == mission.id), None)
    for each in rows:
        if each.relief_of_id == mission.id:
            _keep_overlap(each, overlap(each, mission, ended, until=uow.now))
            each.relief_of_id = None
        if first is not None and each.stands_for_id == mission.id:
            each.stands_for_id = None if each is first else first.id
    return list(rows)


def _keep_overlap(mission: Mission, hours: Decimal) -> None:
    if hours:
        mission.overlap_hours = float(quantity(hours + Decimal(str(mission.overlap_hours or 0))))


async def _lock_caps(uow: UnitOfWork, mission: Mission) -> dict[str, int]:
    """Lock (agreement, type) where the mission's agreement caps its type, or that of a part; return the caps."""
    terms = await terms_of(uow, mission.agreement_id, mission.agreement_version)
    if terms is None or mission.agreement_id is None:
        return {}
    codes = sorted({mission.type_code, *parts_of_type(mission.type_code)})
    capped = {code: most for code in codes if (most := terms.caps.most(code)) is not None}
    for code in capped:
        await uow.lock_cap(mission.agreement_id, code)
    return capped


async def _out(uow: UnitOfWork, mission: Mission, capped: Mapping[str, int]) -> dict[str, Use]:
    """Return what runs under the mission's agreement of each type that it caps."""
    found: dict[str, Use] = {}
    for code in capped:
        uses = await uses_of(uow.raw, uow.space, code)
        found[code] = uses.get(mission.agreement_id, UNUSED) if mission.agreement_id is not None else UNUSED
    return found


def _count(use: Use) -> int:
    return use.under_way + use.promised


async def _choose_way(uow: UnitOfWork, mission: Mission, proposal: Reassignment) -> None:
    """Choose the crossing anew, unless the unit is over the border already and stays on that side."""
    requester = await uow.get(Member, mission.requester_id)
    areas = [(each.country, each.area) for each in await uow.find(Member)]
    here = country_of(areas, mission.lon, mission.lat, otherwise=requester.country)
    there = country_of(areas, proposal.lon, proposal.lat, otherwise=requester.country)
    standing = await standing_of(uow, mission)
    if standing.over and here == there:
        mission.has_control, mission.crossings_behind = False, len(way_ids(mission))
        return
    unit = None if mission.resource_id is None else await uow.get(Resource, mission.resource_id)
    terms = await terms_of(uow, mission.agreement_id, mission.agreement_version)
    parts = [] if unit is None else await parts_with(uow, mission, await parts_of(uow, unit))
    way = await choose_way(
        uow,
        lender_id=mission.lender_id,
        requester_id=mission.requester_id,
        lon=proposal.lon,
        lat=proposal.lat,
        unit=unit,
        terms=terms,
        parts=parts,
        start=standing.start,
    )
    if (elsewhere := await outside_agreement(uow, terms, way)) is not None:
        uow.warn(elsewhere.code, elsewhere.detail, figures=dict(elsewhere.figures))
    put_way(mission, way)


async def _open_line(uow: UnitOfWork, mission: Mission, line_id: UUID, incident_id: UUID) -> RequestLine:
    """Return the line that the unit is to fill, if it is the requester's own, of the type, and lacks one."""
    line = await uow.get(RequestLine, line_id)
    request = await uow.get(Request, line.request_id)
    if request.member_id != mission.requester_id or request.incident_id != incident_id or request.opened_at is None:
        raise NotFound(f"{RequestLine.KIND} of the requester for that incident", line_id)
    pointer = "/request_line_id"
    if mission.type_code not in {line.type_code, *parts_of_type(line.type_code)}:
        detail = f"The line asks for {line.type_code}, and the unit is {mission.type_code}."
        raise NotAvailable(
            detail,
            errors=[FieldError(pointer, NotAvailable.slug, detail)],
            extra=because("line_of_other_type", type_code=mission.type_code),
        )
    machine("request").refuse_final(request.status, "be filled", request.state())
    filled = (await fill(uow, request.id))[line.id]
    fills_it = line.id == mission.request_line_id and mission.ended_by is None
    if not fills_it and not filled.lacking_of(mission.type_code):
        detail = f"The line lacks nothing of its {filled.wanted} any more."
        raise OverFilled(
            detail,
            errors=[FieldError(pointer, OverFilled.slug, detail)],
            extra=because("request_lacks", n=0, wanted=filled.wanted),
        )
    return line


def _require_movable(mission: Mission) -> None:
    if mission.kind == DAY_TO_DAY:
        message = "Help from day to day is not sent elsewhere: stand it down, and ask anew."
        raise Conflict(message, extra={**because("day_to_day_stays"), "current": mission.state()})
    if mission.status not in STILL_AT_HOME | machine("mission").sources("reassign"):
        require_under_way(mission, "be reassigned")
        step_to(mission, "reassigned", by="answer_reassignment")


async def _outside(uow: UnitOfWork, mission: Mission, proposal: Reassignment) -> tuple[Reason, ...]:
    """Return in what the version that the unit runs under does not cover the other hazard, phase or place: its lender decides."""
    terms = await terms_of(uow, mission.agreement_id, mission.agreement_version)
    if terms is None:
        return ()
    matter = await matter_of(
        uow,
        incident_id=proposal.incident_id,
        kind=mission.kind,
        lender_id=mission.lender_id,
        borrower_id=mission.requester_id,
    )
    return outside(terms, matter.case(mission.type_code, 1, uow.now, place=(proposal.lon, proposal.lat)))
