"""Incidents and their logs: reported and changed by any member's dispatchers, closed by who leads them."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, WithJsonSchema
from sqlmodel import col

from app.commands.patients import is_seen
from app.commands.places import require_inside
from app.commands.playbooks import apply_fitting
from app.commands.registry import Act, handles
from app.domain import geo
from app.domain.because import because
from app.domain.errors import Conflict
from app.domain.forms import WHOLE, Code, CountryCode, Language, LongText, ShortText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.requests import STILL_ASKING
from app.domain.short_codes import short_code
from app.domain.vocabulary import codes, phases, require
from app.store.tables import Incident, IncidentLogEntry, Member, Request
from app.store.unit_of_work import UnitOfWork

Severity = Annotated[int, Field(strict=True, ge=1, le=5), WHOLE]
"""1 (small) to 5 (disaster)."""


class ReportIncident(Act):
    """Something burns, floods or leaks: from now on every member sees it."""

    title: ShortText
    hazard: Code
    severity: Severity
    area: geo.Geometry
    lead_member_id: UUID | None = None
    """Who leads it; the reporting member if nobody is named."""
    phases: dict[CountryCode, Code] = Field(default_factory=dict)
    """How far it has gone, in each country's own word (NL grip_1, BE federal …); your own country's is yours to say."""


CHANGED_TO: Final = machine("incident").reached_by("change_incident")
ChangedState = Annotated[str, Field(max_length=64), WithJsonSchema({"type": "string", "enum": list(CHANGED_TO)})]


class ChangeIncident(Act):
    """Correct or update an incident. Only the fields sent change."""

    title: ShortText | None = None
    hazard: Code | None = None
    severity: Severity | None = None
    area: geo.Geometry | None = None
    lead_member_id: UUID | None = None
    phases: dict[CountryCode, Code] | None = None
    """Only those of your own country may differ from what they are."""
    status: ChangedState | None = None


class ChangePhase(Act):
    """Your country has scaled up, or down: its own word for how far the incident has gone."""

    country: CountryCode
    phase: Code


class CloseIncident(Act):
    """The incident is over: by an authorised representative of the member that leads it."""


class AddLogEntry(Act):
    """Add one line to the incident's log, in whatever language it was said."""

    text: LongText
    language: Language | None = None


ASKS: Final = ("submitted", *STILL_ASKING)
"""States of a request in which somebody still waits for an answer."""
HELP_UNDER_WAY: Final = """
    SELECT (SELECT count(*) FROM mission
            WHERE space_id = $1 AND incident_id = $2 AND status NOT IN ('returned', 'closed')
              AND (kind <> 'day_to_day' OR $3::uuid IS NULL OR $3 IN (lender_id, requester_id))) AS missions,
           (SELECT count(*) FROM request
            WHERE space_id = $1 AND incident_id = $2 AND status IN ('open', 'partly_committed', 'committed')
              AND (kind <> 'day_to_day' OR $3 IS NULL OR $3 = member_id OR $3 IS NOT DISTINCT FROM to_member_id)) AS requests
"""


@handles(ReportIncident)
async def report_incident(uow: UnitOfWork, cmd: ReportIncident) -> None:
    """Record ``incident.reported``; the protocol that fits applies at once."""
    uow.authorise()
    require("hazard", cmd.hazard, codes("hazards"), pointer="/hazard")
    await _require_phases(uow, cmd.phases, {})
    area = cmd.area.model_dump(mode="json")
    await require_inside(uow, area, pointer="/area")
    lead = await uow.get(Member, cmd.lead_member_id or _own_member(uow))
    box = geo.bounds(area)
    incident = uow.add(
        Incident(
            space_id=uow.space,
            id=new_id(),
            ref=short_code("I"),
            title=cmd.title,
            hazard=cmd.hazard,
            severity=cmd.severity,
            area=area,
            west=box.west,
            south=box.south,
            east=box.east,
            north=box.north,
            phases=dict(cmd.phases),
            lead_member_id=lead.id,
            reported_by_id=uow.actor.id,
            occurred_at=uow.act.occurred_at,
        )
    )
    uow.record("incident.reported", incident)
    await apply_fitting(uow, incident)


@handles(ChangeIncident)
async def change_incident(uow: UnitOfWork, cmd: ChangeIncident) -> None:
    """Record ``incident.changed``. Locks the incident. Whoever leads it hands the lead over; nobody takes it.

    Another hazard, severity or lead may bring another protocol.
    """
    incident = await uow.lock_target(Incident)
    uow.authorise()
    machine("incident").refuse_final(incident.status, "change", incident.state())
    was = (incident.hazard, incident.severity, incident.lead_member_id)
    if cmd.hazard is not None:
        require("hazard", cmd.hazard, codes("hazards"), pointer="/hazard")
        incident.hazard = cmd.hazard
    if cmd.area is not None:
        area = cmd.area.model_dump(mode="json")
        await require_inside(uow, area, pointer="/area")
        incident.area = area
        incident.west, incident.south, incident.east, incident.north = geo.bounds(area)
    if cmd.phases is not None:
        await _require_phases(uow, cmd.phases, incident.phases)
        incident.phases = incident.phases | cmd.phases
    if cmd.lead_member_id not in {None, incident.lead_member_id}:
        uow.authorise({"lead": {incident.lead_member_id}}, command="hand_over_lead")
        incident.lead_member_id = (await uow.get(Member, cmd.lead_member_id)).id
    if cmd.status is not None:
        require("state of an incident", cmd.status, CHANGED_TO, pointer="/status")
    if cmd.status is not None and cmd.status != incident.status:
        incident.status = machine("incident").to(incident.status, cmd.status, by="change_incident").to
    incident.title = cmd.title or incident.title
    incident.severity = cmd.severity or incident.severity
    uow.record("incident.changed", incident)
    if was != (incident.hazard, incident.severity, incident.lead_member_id):
        await apply_fitting(uow, incident)


@handles(ChangePhase)
async def change_phase(uow: UnitOfWork, cmd: ChangePhase) -> None:
    """Record ``incident.phase_changed`` with the country, its phase, and the one before. Locks the incident."""
    incident = await uow.lock_target(Incident)
    require("country", cmd.country, codes("countries"), pointer="/country")
    require(f"phase of {cmd.country}", cmd.phase, phases(cmd.country), pointer="/phase")
    uow.authorise({"country": await _members_of(uow, cmd.country)})
    machine("incident").refuse_final(incident.status, "change its phase", incident.state())
    was = incident.phases.get(cmd.country, "none")
    incident.phases = incident.phases | {cmd.country: cmd.phase}
    uow.record("incident.phase_changed", incident, country=cmd.country, phase=cmd.phase, was=was)


@handles(CloseIncident)
async def close_incident(uow: UnitOfWork, _cmd: CloseIncident) -> None:
    """Record ``incident.closed``. Locks the incident. Warns of help that is under way for it, which goes on.

    Raises:
        Conflict: requests for it still ask for something: whoever asked cancels or closes them first, or the lead calls them off.
    """
    incident = await uow.lock_target(Incident)
    uow.authorise({"lead": {incident.lead_member_id}})
    closed = machine("incident").next(incident.status, "close")
    await _require_nothing_asked(uow, incident)
    incident.status = closed
    incident.closed_at = uow.act.occurred_at
    counted = await uow.raw.fetchrow(HELP_UNDER_WAY, uow.space, incident.id, uow.actor.member_id)
    if counted is not None and (counted["missions"] or counted["requests"]):
        detail = f"Help goes on for this incident: missions under way {counted['missions']}, requests open {counted['requests']}."
        uow.warn("help_under_way", detail, figures=dict(counted))
    uow.record("incident.closed", incident)


async def _require_nothing_asked(uow: UnitOfWork, incident: Incident) -> None:
    """Refuse to end an incident that somebody is still asked to send help for: units would leave for nothing.

    Help from day to day between two others goes on without it.
    """
    found = await uow.find(Request, col(Request.incident_id) == incident.id, col(Request.status).in_(ASKS))
    if asking := [request for request in found if is_seen(uow, request)]:
        refs = ", ".join(sorted(request.ref for request in asking))
        detail = f"Requests for this incident still ask for help: {refs}."
        hint = "Have the member that asked cancel or close each of them, or call it off as the lead; `requests` lists them."
        listed = [{"id": request.id, "ref": request.ref, "member_id": request.member_id} for request in asking]
        raise Conflict(
            detail,
            extra={
                **because("incident_still_asks", requests=[request.ref for request in asking]),
                "current": incident.state(),
                "requests": listed,
            },
            hint=hint,
        )


@handles(AddLogEntry)
async def add_log_entry(uow: UnitOfWork, cmd: AddLogEntry) -> None:
    """Record ``incident.logged``; the incident itself does not change and is not locked."""
    uow.authorise()
    incident = await uow.get(Incident, uow.require_target())
    entry = uow.add(
        IncidentLogEntry(
            space_id=uow.space,
            id=new_id(),
            incident_id=incident.id,
            member_id=_own_member(uow, fallback=incident.lead_member_id),
            author_id=uow.actor.id,
            occurred_at=uow.act.occurred_at,
            recorded_at=uow.now,
            language=cmd.language,
            text=cmd.text,
        )
    )
    uow.record("incident.logged", entry)


def _own_member(uow: UnitOfWork, fallback: UUID | None = None) -> UUID:
    member = uow.actor.member_id or fallback
    if member is None:
        message = "the service itself reports no incident without naming who leads it"
        raise RuntimeError(message)
    return member


async def _require_phases(uow: UnitOfWork, wanted: dict[str, str], present: dict[str, str]) -> None:
    """Refuse a phase that is no word of its country, and one of a country that the actor can't speak for.

    Raises:
        UnknownCode, RoleMissing.
    """
    for country, phase in wanted.items():
        require(f"phase of {country}", phase, phases(country), pointer=f"/phases/{country}")
        if phase != present.get(country, "none"):
            uow.authorise({"country": await _members_of(uow, country)}, command="change_phase")


async def _members_of(uow: UnitOfWork, country: str) -> set[UUID]:
    return {member.id for member in await uow.find(Member, col(Member.country) == country)}
