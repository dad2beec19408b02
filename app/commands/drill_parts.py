"""What the commands of a drill share: its lock, who stands on which side of it, its clock, and what both spaces are told."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlmodel import col

from app.domain.drills.clock import Clock
from app.domain.drills.sides import SIDES
from app.domain.errors import Conflict
from app.domain.lifecycle import machine, not_allowed
from app.store.drills import clock_of, scenario_of, stored
from app.store.tables import Drill, DrillClock, DrillParticipant, Member
from app.store.unit_of_work import LIVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from app.domain.drills.model import Scenario
    from app.store.unit_of_work import UnitOfWork


@dataclass(slots=True)
class Held:
    """A drill that was locked, with those who take part."""

    drill: Drill
    people: list[DrillParticipant]
    countries: Mapping[UUID, str]
    codes: Mapping[UUID, str]

    @property
    def scenario(self) -> Scenario:
        """Return what is played."""
        return scenario_of(self.drill.script, self.drill.script_digest)

    @property
    def sides(self) -> dict[str, set[UUID]]:
        """Return the members on each side."""
        found: defaultdict[str, set[UUID]] = defaultdict(set, {side: set() for side in SIDES.values()})
        for each in self.people:
            found[SIDES[each.role]].add(each.member_id)
        return dict(found)

    @property
    def directors(self) -> set[str]:
        """Return the countries that have a director, whose words are needed together."""
        return {self.countries[each.member_id] for each in self.people if each.role == "exercise_director"}

    @property
    def players(self) -> list[DrillParticipant]:
        """Return those who play."""
        return [each for each in self.people if each.role == "player"]

    def country(self, uow: UnitOfWork) -> str:
        """Return the country for which the actor directs; the service itself speaks for none."""
        return "" if uow.actor.member_id is None else self.countries.get(uow.actor.member_id, "")


def require_live(uow: UnitOfWork) -> None:
    """Refuse a command about a drill that came by another space: plans and their evaluation stand in live.

    Raises:
        Conflict: it is another one.
    """
    if uow.space != LIVE:
        message = "Drills are planned, led and evaluated from the live space."
        raise Conflict(message, hint="Send it to /api/v1/spaces/live/drills.")


async def held(uow: UnitOfWork, drill_id: UUID | None = None) -> Held:
    """Lock the drill that the command is about (or another one), and read who takes part.

    Raises:
        NotFound: there is none.
        StaleRevision: somebody changed it since.
    """
    require_live(uow)
    drill = await (uow.lock_target(Drill) if drill_id is None else uow.lock(Drill, drill_id))
    people = await uow.find(DrillParticipant, col(DrillParticipant.drill_id) == drill.id)
    members = await uow.find(Member)
    return Held(drill, people, {each.id: each.country for each in members}, {each.id: each.code for each in members})


def step(drill: Drill, name: str) -> None:
    """Take a step of the drill's machine; a refusal shows the drill as it is."""
    try:
        drill.status = machine("drill").next(drill.status, name)
    except Conflict as refusal:
        refusal.extra["current"] = drill.state()
        raise


def require_status(drill: Drill, states: Iterable[str], words: str) -> None:
    """Refuse what makes sense in some states alone.

    Raises:
        TransitionNotAllowed: with the drill as it is.
    """
    if drill.status not in states:
        raise not_allowed("drill", drill.status, words, [], words=words, current=drill.state())


# ---------------------------------------------------------------- the clock


def require_space(drill: Drill) -> str:
    """Return the space of a drill that has begun."""
    if drill.plays_in is None:
        raise not_allowed("drill", drill.status, "be played", [], words="be played", current=drill.state())
    return drill.plays_in


async def locked_clock(there: UnitOfWork, drill: Drill) -> DrillClock:
    """Lock the drill's clock, in the unit of work of the drill's own space."""
    return await there.lock(DrillClock, drill.id)


def set_clock(row: DrillClock, clock: Clock) -> bool:
    """Put a new row of the clock in place, and keep it in the time line. Returns whether anything changed."""
    values = stored(clock)
    if row.timeline and values == row.timeline[-1]:
        return False
    for name, value in values.items():
        setattr(row, name, clock.anchor_utc if name == "anchor_utc" else value)
    row.timeline = [*row.timeline, values]
    return True


def clock_row(row: DrillClock) -> Clock:
    """Return the clock as the rules know it."""
    return clock_of(row.__dict__)


def tell(uow: UnitOfWork, there: UnitOfWork, event: str, drill: Drill, clock: DrillClock, **data: Any) -> None:
    """Record the same event in live, about the drill, and in the drill's space, about its clock: who plays reads that one."""
    uow.record(event, drill, **data)
    there.record(event, clock, drill_id=drill.id, **data)
