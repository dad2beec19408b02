"""The rota of the coordinator: whose turn it is to lead the corridor, and when it turns.

Sides are countries: of members from several countries, no two of one country follow each other. Within its country, whoever
has led least recently comes first. All of it is pure; the clock is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

Period = Literal["weekly", "monthly", "quarterly"]
PERIODS: Final[tuple[str, ...]] = get_args(Period)
AHEAD: Final = 12
"""Turns that are planned beyond the one that is running: people enter them into their calendars."""
_MONTHS: Final = {"monthly": 1, "quarterly": 3}
_YEAR: Final = 12


@dataclass(frozen=True, slots=True)
class Seat:
    """One member of the rota, and on which side of the border it is."""

    member_id: UUID
    country: str


def next_change(after: datetime, period: str, hour_utc: int) -> datetime:
    """Return the first change of turns after ``after``: on a Monday, the first of a month or of a quarter, at ``hour_utc``.

    In UTC, so that the hour exists once on every day, on both sides of the border. ``after`` is aware and in UTC.
    """
    day = after.replace(hour=hour_utc, minute=0, second=0, microsecond=0)
    if period == "weekly":
        monday = day - timedelta(days=day.weekday())
        return monday if monday > after else monday + timedelta(weeks=1)
    months = _MONTHS[period]
    first = day.replace(month=day.month - (day.month - 1) % months, day=1)
    while first <= after:
        later = first.month + months
        first = first.replace(year=first.year + (later - 1) // _YEAR, month=(later - 1) % _YEAR + 1)
    return first


def order(seats: Sequence[Seat], served: Iterable[UUID], count: int) -> list[UUID]:
    """Return who leads in the next ``count`` turns, after those of ``served`` (oldest first, the running turn last).

    The side that has led least recently is next, and of it the member that has; among equals, the order of ``seats`` decides.
    Where all are of one country, the members alone take turns. Empty without seats.
    """
    if not seats:
        return []
    side_of = {seat.member_id: seat.country for seat in seats}
    last_member = dict.fromkeys(side_of, -1)
    last_side = dict.fromkeys(side_of.values(), -1)
    turn = 0
    for member in served:
        if member in side_of:
            last_member[member] = last_side[side_of[member]] = turn
        turn += 1
    found: list[UUID] = []
    for _ in range(count):
        side = min(last_side, key=lambda each: last_side[each])
        member = min((seat.member_id for seat in seats if seat.country == side), key=lambda each: last_member[each])
        last_member[member] = last_side[side] = turn
        turn += 1
        found.append(member)
    return found
