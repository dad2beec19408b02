"""No member plays two drills at one time: what is on the calendar within a year, what is under way, and the next hour that is free."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col

from app.commands.drill_hours import said_recurrence
from app.domain.because import because
from app.domain.drills.schedule import Booking, Reason, coming, first_clash, shown
from app.domain.drills.sides import UNDER_WAY
from app.domain.errors import Conflict
from app.store.tables import Drill, DrillParticipant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.commands.drill_parts import Held
    from app.domain.drills.schedule import Recurrence
    from app.store.unit_of_work import UnitOfWork

AHEAD: Final = timedelta(days=366)
"""How far ahead occurrences are compared."""
MOST: Final = 370
"""Occurrences of one drill that are looked at."""
_TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended('drills/' || $1, 0))"


@dataclass(frozen=True, slots=True)
class NextFree:
    """The next occurrence at which all players are free, if there is one, and those that were passed over, each with the drill in its way."""

    at: datetime | None
    skipped: list[dict[str, Any]]


async def require_free(uow: UnitOfWork, found: Held, rule: Recurrence | None) -> None:
    """Refuse two drills at one time for a member, at the drill's hour or at one at which it comes again within a year.

    Raises:
        Conflict: with the member, the other drill, and the occurrence.
    """
    taken = await _others(uow, found)
    mine = await _booked(uow, found, found.drill)
    start = found.drill.starts_at
    assert start is not None
    hours = [start]
    if rule is not None:
        hours += [each.at for each in coming(rule, start, MOST) if each.at is not None and each.at <= start + AHEAD]
    for at in hours:
        clash = first_clash(replace(mine, start=mine.start + (at - start)), taken)
        if clash is not None:
            member, other = clash
            zone = found.drill.time_zone or "UTC"
            message = f"{member} plays {other} at that time: {shown(at, zone)}."
            raise Conflict(
                message,
                extra={
                    **because("plays_another", member=member, drill=other, at=shown(at, zone)),
                    "current": found.drill.state(),
                },
                hint="Choose another hour.",
            )


async def under_way_with(uow: UnitOfWork, found: Held) -> list[Reason]:
    """Return the drills under way in which a player of this one plays, as reasons why it does not begin.

    Takes the drills' turn: of two that begin at once, the second sees the first.
    """
    await _take_turn(uow)
    mine = {each.member_id for each in found.players}
    reasons = []
    others = await uow.find(Drill, col(Drill.id) != found.drill.id, col(Drill.status).in_(UNDER_WAY))
    for other in sorted(others, key=lambda each: each.code):
        for each in await _players(uow, other):
            if each.member_id in mine:
                member = found.codes[each.member_id]
                told = f"{member} plays {other.code}, which is under way."
                reasons.append(Reason("drill_plays_another", told, {"member": member, "drill": other.code}))
    return reasons


async def next_free(uow: UnitOfWork, found: Held, rule: Recurrence, after: datetime) -> NextFree:
    """Return the next occurrence after an instant, within a year of it, at which no player has another drill."""
    taken = await _others(uow, found)
    mine = await _booked(uow, found, found.drill)
    start = found.drill.starts_at
    assert start is not None
    skipped: list[dict[str, Any]] = []
    for at in (each.at for each in coming(rule, after, MOST) if each.at is not None):
        clash = first_clash(replace(mine, start=mine.start + (at - start)), taken)
        if clash is None:
            return NextFree(at, skipped)
        skipped.append({"at": at, "member": clash[0], "drill": clash[1]})
    return NextFree(None, skipped)


async def _take_turn(uow: UnitOfWork) -> None:
    """Have no other drill begin, or get its hour, until the transaction ends. After the drill's own lock."""
    await uow.raw.execute(_TURN, uow.space)


async def _others(uow: UnitOfWork, found: Held) -> list[Booking]:
    """Return what is on the calendar beside a drill: each hour of the others within two years, so that all of a year meet them.

    Takes the drills' turn: of two that get their hours at once, the second sees the first.
    """
    await _take_turn(uow)
    live = col(Drill.status).in_(["scheduled", "held", *UNDER_WAY])
    taken: list[Booking] = []
    for other in await uow.find(Drill, col(Drill.id) != found.drill.id, live):
        if other.starts_at is None and other.started_at is None:
            continue
        booked = await _booked(uow, found, other)
        taken.append(booked)
        rule = said_recurrence(other)
        if rule is None or other.starts_at is None:
            continue
        later = coming(rule, other.starts_at, 2 * MOST)
        ahead = takewhile(lambda at: at <= uow.now + 2 * AHEAD, (each.at for each in later if each.at is not None))
        taken += [replace(booked, start=booked.start + (at - other.starts_at)) for at in ahead]
    return taken


async def _booked(uow: UnitOfWork, found: Held, drill: Drill) -> Booking:
    people = await _players(uow, drill)
    lasts = timedelta(seconds=drill.lasts_s / drill.speed)
    if drill.status in UNDER_WAY and drill.started_at is not None:
        # Under way it takes its length from when it began, and in any case until now: it may have been paused.
        start, lasts = drill.started_at, max(lasts, uow.now - drill.started_at)
    else:
        assert drill.starts_at is not None
        # A drill without notice takes its members' whole window.
        start = drill.window_from or drill.starts_at
        lasts = drill.window_until - start if drill.window_until else lasts
    return Booking(drill.code, start, lasts, frozenset(found.codes[each.member_id] for each in people))


async def _players(uow: UnitOfWork, drill: Drill) -> Sequence[DrillParticipant]:
    where = (col(DrillParticipant.drill_id) == drill.id, col(DrillParticipant.role) == "player")
    return await uow.find(DrillParticipant, *where)
