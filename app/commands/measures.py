"""What a mission took, as far as it costs money: kilometres, people, what was used up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field
from sqlmodel import col

from app.commands.crossing_choice import way_of
from app.commands.mission_steps import CLOSED, HOME, authorise, locked_mission, not_now
from app.commands.registry import Act, handles
from app.commands.statements import may_be_corrected
from app.domain.because import because
from app.domain.errors import Conflict, FieldError, MissingField, OutOfRange
from app.domain.forms import Count, Form, Measure, ShortText
from app.domain.geo import great_circle_km
from app.planning.eta import DETOUR, km_by
from app.store.tables import Claim, ClaimMission, Statement, StatementLine

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import ColumnElement

    from app.store.tables import Depot, Mission
    from app.store.unit_of_work import UnitOfWork


TOLERANCE: Final = 1.25
"""How much longer people may have worked than the mission was away: they begin before it leaves, and clean up after it."""
SHIFTS: Final = 3
"""How many crews one unit has at most, taking turns."""
LARGE_CREW: Final = 30
"""How many people are not yet a slip of the finger on any unit."""
TEN_TIMES: Final = 10
MOST_KILOMETRES: Final = 3_000
MOST_PERSON_HOURS: Final = 1_000
"""Up to here a figure is never refused, however short the mission was by its steps."""
FASTEST_KMH: Final = 130
"""Faster than any unit is on average."""


class Used(Form):
    """Something that was used up: sandbags, foam, oxygen."""

    item: ShortText
    quantity: Annotated[Measure, Field(gt=0)]
    unit: ShortText
    """What it is counted in: `l`, `kg`, `piece`."""


class RecordMeasures(Act):
    """What the mission took: by the lender, once the unit is home, until it is claimed for. Only the fields sent change."""

    kilometres: Annotated[Measure, Field(le=20_000)] | None = None
    """As the odometer shows, there and back. Without it the way is estimated."""
    crew_count: Count | None = None
    """How many people went."""
    person_hours: Measure | None = None
    """Theirs, where shifts changed; else people times the time away."""
    consumables: Annotated[tuple[Used, ...], Field(max_length=100)] | None = None


@handles(RecordMeasures)
async def record_measures(uow: UnitOfWork, cmd: RecordMeasures) -> None:
    """Record ``mission.measured``. Locks the statement that the mission stands in, then the mission, as whoever issues one anew.

    Raises:
        TransitionNotAllowed: the unit is not home.
        Conflict: the mission is closed, and a claim that was submitted counts with it; or a statement does that is not disputed about it.
        MissingField: nothing is said.
        OutOfRange: more people than one unit carries, in however many shifts; a way or hours that no mission of that length has.
        Conflict: no unit was ever named for it.
    """
    if lines := await uow.find(StatementLine, *_stated(uow.require_target())):
        # One that is disputed now must not be acknowledged before this is written down.
        await uow.lock_where(Statement, col(Statement.id).in_([line.statement_id for line in lines]))
    mission = await locked_mission(uow)
    authorise(uow, mission)
    if mission.status in {CLOSED, HOME}:
        await _require_uncounted(uow, mission)
    else:
        raise not_now(mission, "be measured")
    if mission.resource_id is None:
        hint = "Nothing went, so nothing can be measured; where something did, ring whoever keeps the books."
        raise Conflict(
            "This mission never had a unit.", extra={**because("no_unit_named"), "current": mission.state()}, hint=hint
        )
    said = {
        name for name in ("kilometres", "crew_count", "person_hours", "consumables") if getattr(cmd, name) is not None
    }
    if not said:
        detail = "Say what was measured: kilometres, people, hours or consumables."
        raise MissingField(detail, errors=[FieldError("", MissingField.slug, detail)])
    _require_plausible(uow, mission, cmd)
    if cmd.kilometres is not None:
        mission.kilometres, mission.kilometres_from = cmd.kilometres, "odometer"
    if cmd.crew_count is not None:
        mission.crew_count = cmd.crew_count
    if cmd.person_hours is not None:
        mission.person_hours = cmd.person_hours
    if cmd.consumables is not None:
        mission.consumables = [used.model_dump(mode="json") for used in cmd.consumables]
    uow.record("mission.measured", mission)


async def _require_uncounted(uow: UnitOfWork, mission: Mission) -> None:
    """Refuse to measure what the other side was shown in money: whoever closes first must not cut the lender's measuring short."""
    await _require_unstated(uow, mission)
    if mission.status != CLOSED:
        return
    claims = {row.claim_id for row in await uow.find(ClaimMission, col(ClaimMission.mission_id) == mission.id)}
    submitted = await uow.find(Claim, col(Claim.id).in_(claims), col(Claim.submitted_at).is_not(None))
    if submitted:
        detail = f"The mission is closed, and claim {submitted[0].ref} counts with what was measured."
        raise Conflict(
            detail,
            extra={**because("measured_in_claim"), "current": mission.state()},
            hint="Answer it there: what is wrong can be disputed.",
        )


async def _require_unstated(uow: UnitOfWork, mission: Mission) -> None:
    """Refuse to change what a monthly statement counts with, unless it is disputed: then it is put right and issued anew."""
    for line in await uow.find(StatementLine, *_stated(mission.id)):
        statement = await uow.get(Statement, line.statement_id)
        if not may_be_corrected(statement, mission.id):
            month = statement.month.isoformat()[:7]
            detail = f"The monthly statement of {month} counts with what was measured; it is “{statement.status}”."
            raise Conflict(
                detail,
                extra={
                    **because("measured_in_statement", month=month, statement_status=statement.status),
                    "current": mission.state(),
                    "statement_id": statement.id,
                },
                hint="Dispute the statement, and name this mission or none; then correct it here and have the statement issued anew.",
            )


def _stated(mission_id: UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(StatementLine.mission_id) == mission_id, col(StatementLine.replaced).is_(False)


def _require_plausible(uow: UnitOfWork, mission: Mission, cmd: RecordMeasures) -> None:
    """Hold what was measured against how long the mission was away, and with whom. Hours and a way that are too long are a warning: an odometer
    shows what it shows, and steps are sometimes written down after the fact; ten times as long, or more people than any unit carries, is a slip of
    the finger.
    """
    away = _hours_away(mission)
    crew = mission.crew_count if cmd.crew_count is None else cmd.crew_count
    if cmd.crew_count is not None and cmd.crew_count > (most := max(LARGE_CREW, SHIFTS * (mission.crew_count or 0))):
        raise _implausible("/crew_count", f"{cmd.crew_count} people on one mission; at most {most} are taken as meant.")
    if (
        cmd.person_hours is not None
        and crew
        and cmd.person_hours > (longest := round(crew * (away * TOLERANCE + 1), 1))
    ):
        detail = f"{crew} people who were away for {away:.1f} hours have worked {longest:g} hours at most, not {cmd.person_hours:g}."
        if cmd.person_hours > max(TEN_TIMES * longest, MOST_PERSON_HOURS):
            raise _implausible("/person_hours", detail)
        uow.warn("person_hours_implausible", detail, figures={"person_hours": cmd.person_hours, "most": longest})
    if cmd.kilometres is not None and cmd.kilometres > (farthest := round((away + 1) * FASTEST_KMH)):
        detail = f"{cmd.kilometres:g} km in {away:.1f} hours: look at the odometer again."
        if cmd.kilometres > max(TEN_TIMES * farthest, MOST_KILOMETRES):
            raise _implausible("/kilometres", detail)
        uow.warn("kilometres_implausible", detail, figures={"kilometres": cmd.kilometres, "most": farthest})


def _hours_away(mission: Mission) -> float:
    begun = mission.mobilised_at or mission.left_at or mission.status_at
    return max(0.0, ((mission.home_at or mission.status_at) - begun).total_seconds() / 3600)


def _implausible(pointer: str, detail: str) -> OutOfRange:
    hint = "Correct the figure; where the crew was larger, send `crew_count` with it; where the steps were written down late, correct their times."
    return OutOfRange(detail, errors=[FieldError(pointer, OutOfRange.slug, detail)], hint=hint)


async def estimated_km(uow: UnitOfWork, mission: Mission, depot: Depot) -> float:
    """Return the kilometres there and back: the great circle over its crossings, times ``DETOUR`` (``app.planning.eta``).

    With a destination, from the scene to it and straight home from there. Where the unit was sent elsewhere on the way, only the last place
    is counted.
    """
    crossings = await way_of(uow, mission)

    def way(lon: float, lat: float) -> float:
        return km_by(crossings, depot.lon, depot.lat, lon, lat)

    there = way(mission.lon, mission.lat)
    if mission.destination_lon is None or mission.destination_lat is None:
        return round(2 * there * DETOUR, 1)
    lon, lat = mission.destination_lon, mission.destination_lat
    to_it = great_circle_km(mission.lon, mission.lat, lon, lat)
    home = great_circle_km(lon, lat, depot.lon, depot.lat)
    return round((there + to_it + home) * DETOUR, 1)
