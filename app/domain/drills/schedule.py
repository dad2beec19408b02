"""When drills are held: local hours to instants, recurrence, drills that clash, and whether one may begin.

A drill starts at a UTC instant; its zone is kept to show it. People choose a local hour, and twice a year such an hour does not
exist or exists twice (on the last Sundays of March and October, at 1:00 UTC, in all of the European Union: Directive 2000/84/EC).
So a local hour is turned into an instant once, here, and refused or asked about where it is not one.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.domain.errors import FieldError, Malformed, UnknownCode

if TYPE_CHECKING:
    from app.domain.drills.model import Scenario

Which: TypeAlias = Literal["first", "second"]
"""Of an hour that is there twice: the one before the clocks go back, or the one after."""

HORIZON: Final = timedelta(days=2 * 366)
"""How far ahead a recurrence is looked through for hours that are none."""
STANDS_DOWN: Final = 4
"""Severity of a live incident from which a drill of a member concerned is stood down by itself."""
_DAY: Final = timedelta(days=1)


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name in the IANA data.

    Raises:
        UnknownCode: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        said = f"{name!r} is no time zone; one is written as in Europe/Brussels."
        raise UnknownCode(said, errors=[FieldError("/time_zone", UnknownCode.slug, said)]) from error


def instant(local: datetime, zone: str, which: Which | None = None) -> datetime:
    """Return the UTC instant of a local time without offset; ``which`` settles an hour that is there twice.

    Raises:
        Malformed: the local time does not exist, is there twice, or has an offset of its own.
    """
    problem, found = _resolved(local, zone, which)
    if problem is not None:
        raise Malformed(problem, errors=[FieldError("/start", Malformed.slug, problem)], hint="Choose another hour.")
    assert found is not None
    return found


def _resolved(local: datetime, zone: str, which: Which | None) -> tuple[str | None, datetime | None]:
    """Return what is wrong with a local time, or its instant."""
    if local.tzinfo is not None:
        return f"{local.isoformat()} has an offset; a local time has none.", None
    there = zone_of(zone)
    first, second = (local.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(there).replace(tzinfo=None, fold=0) != local.replace(fold=0):
        # In a gap the offset of before (fold 0) gives the time after it, and the other way round.
        later, earlier = (each.astimezone(there).strftime("%H:%M") for each in (first, second))
        said = f"{local:%H:%M} on {local:%Y-%m-%d} does not exist in {zone}: the clocks go forward over it. "
        return f"{said}Choose {earlier} or {later}.", None
    if first != second and which is None:
        return (
            f"{local:%H:%M} on {local:%Y-%m-%d} is there twice in {zone}: first at {first:%H:%M} UTC, then, after the clocks"
            f" went back, at {second:%H:%M} UTC. Say which: first or second."
        ), None
    return None, second if first != second and which == "second" else first


def shown(at: datetime, zone: str) -> str:
    """Return an instant as people of a zone read it, with its offset: ``2027-03-28 03:30+02:00 Europe/Brussels``."""
    local = at.astimezone(zone_of(zone))
    return f"{local.isoformat(sep=' ', timespec='minutes')} {zone}"


# ---------------------------------------------------------------- recurrence


@dataclass(frozen=True, slots=True)
class Weekly:
    """Each ``every`` weeks on a weekday (0: Monday)."""

    weekday: int
    every: int = 1

    def dates(self, first: date) -> Iterator[date]:
        """Yield the days from ``first`` on."""
        day = first + timedelta(days=(self.weekday - first.weekday()) % 7)
        while day.year < date.max.year:
            yield day
            day += timedelta(weeks=self.every)


@dataclass(frozen=True, slots=True)
class Monthly:
    """Each ``every`` months on the ``nth`` weekday (1 to 5, or -1 for the last); months without a fifth are left out."""

    nth: int
    weekday: int
    every: int = 1

    def dates(self, first: date) -> Iterator[date]:
        """Yield the days from ``first`` on."""
        number = first.year * 12 + first.month - 1
        while number < date.max.year * 12:
            year, month = divmod(number, 12)
            days = [
                day
                for week in calendar.monthcalendar(year, month + 1)
                if (day := week[self.weekday])
            ]  # fmt: skip
            nth = self.nth - 1 if self.nth > 0 else self.nth
            if -len(days) <= nth < len(days) and (found := date(year, month + 1, days[nth])) >= first:
                yield found
            number += self.every


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A drill that comes again: from a day on, at a local hour of a zone, ``until`` a day at most."""

    rule: Weekly | Monthly
    first: date
    at: time
    zone: str
    until: date | None = None
    which: Which | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One of them. Without an instant: there is none, and ``problem`` says why. It is not held at some other hour instead."""

    local: datetime
    at: datetime | None
    problem: str | None


def occurrences(recurrence: Recurrence) -> Iterator[Occurrence]:
    """Yield the occurrences in their order; without an end if ``until`` is none."""
    for day in recurrence.rule.dates(recurrence.first):
        if recurrence.until is not None and day > recurrence.until:
            return
        local = datetime.combine(day, recurrence.at)
        problem, at = _resolved(local, recurrence.zone, recurrence.which)
        yield Occurrence(local, at, problem)


def require_recurrence(recurrence: Recurrence) -> None:
    """Refuse a recurrence that would come upon an hour that is none, or is two, within two years.

    Raises:
        Malformed: an error for each such day, or one for a rule that has no day at all.
    """
    rule = recurrence.rule
    nth_fits = not isinstance(rule, Monthly) or rule.nth in {-1, 1, 2, 3, 4, 5}
    if not (0 <= rule.weekday <= 6 and 1 <= rule.every <= 52 and nth_fits):  # noqa: PLR2004 - days and weeks
        said = "A weekday is 0 (Monday) to 6, `every` 1 to 52, `nth` 1 to 5 or -1."
        raise Malformed(said, errors=[FieldError("/repeats", Malformed.slug, said)])
    horizon = datetime.combine(recurrence.first, recurrence.at) + HORIZON
    errors, some = [], False
    for each in occurrences(recurrence):
        if each.local > horizon:
            break
        some = True
        if each.problem is not None:
            errors.append(FieldError("/start", Malformed.slug, each.problem))
    if not some:
        errors.append(FieldError("/repeats/until", Malformed.slug, "There is no such day before it ends."))
    if errors:
        raise Malformed(errors[0].detail, errors=errors, hint="Choose another hour, say which, or end it before.")


def coming(recurrence: Recurrence, after: datetime, count: int) -> list[Occurrence]:
    """Return the next occurrences after an instant; those without an instant stand among them, at their day."""
    day = after.astimezone(zone_of(recurrence.zone)).date() - _DAY
    later = (each for each in occurrences(recurrence) if (each.at or after + _DAY) > after and each.local.date() >= day)
    return list(islice(later, count))


def recurrence_kept(said: Mapping[str, Any]) -> Recurrence:
    """Return the rule of a drill as it is kept: the command that gave it its hour, as JSON."""
    repeats, start = said["repeats"], datetime.fromisoformat(said["start"])
    rule = Weekly(**repeats["weekly"]) if repeats["weekly"] else Monthly(**repeats["monthly"])
    until = repeats["until"] and date.fromisoformat(repeats["until"])
    return Recurrence(rule, start.date(), start.time(), said["time_zone"], until, said["which"])


# ---------------------------------------------------------------- may it be held


@dataclass(frozen=True, slots=True)
class Booking:
    """A drill on the calendar, from an instant for as long as it is to last."""

    drill: str
    start: datetime
    lasts: timedelta
    members: frozenset[str]

    @property
    def end(self) -> datetime:
        """Return when it is over."""
        return self.start + self.lasts


def first_clash(mine: Booking, taken: Iterable[Booking]) -> tuple[str, str] | None:
    """Return a member that would play another drill at the time of one, with that other: (member, other drill); None if all are free."""
    for other in sorted(taken, key=lambda each: (each.start, each.drill)):
        both = mine.members & other.members
        if both and other.drill != mine.drill and mine.start < other.end and other.start < mine.end:
            return min(both), other.drill
    return None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a drill does not begin: a code that clients have words for, its figures, and the same in English."""

    code: str
    detail: str
    figures: Mapping[str, Any]

    def told(self) -> dict[str, Any]:
        """Return it as it goes into JSON."""
        return {"code": self.code, "detail": self.detail, "figures": dict(self.figures)}


@dataclass(frozen=True, slots=True)
class Seat:
    """A player as the quorum counts it: whose country's, whether people play it, whether it has said READY."""

    country: str
    people: bool
    ready: bool

    @property
    def there(self) -> bool:
        """Return whether it would be there now: the machine always is."""
        return self.ready or not self.people


@dataclass(frozen=True, slots=True)
class CountryReady:
    """The players of a country: how many are there, of how many; and whether the drill may begin as far as it goes."""

    country: str
    ready: int
    of: int
    enough: bool


@dataclass(frozen=True, slots=True)
class Readiness:
    """How many players are there, of how many that the quorum needs, and of each country. ``enough``: the drill does not hold for want of any."""

    ready: int
    needed: int
    countries: tuple[CountryReady, ...]

    @property
    def enough(self) -> bool:
        """Return whether it may begin."""
        return self.ready >= self.needed and all(each.enough for each in self.countries)


def readiness(quorum: int, seats: Collection[Seat]) -> Readiness:
    """Count who is there. Of a country with people among its players somebody must have said READY; the machine speaks for none."""
    countries = []
    for country in sorted({each.country for each in seats}):
        here = [each for each in seats if each.country == country]
        people = [each for each in here if each.people]
        enough = any(each.ready for each in people) or not people
        countries.append(CountryReady(country, sum(each.there for each in here), len(here), enough))
    return Readiness(sum(each.there for each in seats), quorum, tuple(countries))


def holds_for(scenario: Scenario, ready: Collection[str], countries: Mapping[str, str]) -> list[Reason]:
    """Return why a drill holds at its hour, one reason for each thing that lacks; empty if it may begin.

    It begins with as many players as its quorum says, of whom virtual ones are always ready; and with somebody of each country
    that plays: where people play for it, one of those.
    """
    seats = [Seat(countries.get(p.member, ""), p.play != "virtual", p.member in ready) for p in scenario.players]
    found = readiness(scenario.quorum, seats)
    reasons = []
    if found.ready < found.needed:
        told = f"{found.ready} of {found.needed} needed players are ready."
        reasons.append(Reason("drill_too_few_ready", told, {"n": found.ready, "of": found.needed}))
    reasons += [
        Reason("drill_nobody_ready", f"Nobody of {each.country} is ready.", {"country": each.country})
        for each in found.countries
        if not each.enough
    ]
    return reasons


def stands_down(
    members: Collection[str], live: Iterable[tuple[int, Collection[str]]]
) -> Literal["stand_down", "ask", "go_on"]:
    """Return what live incidents mean for a drill: each by its severity, and the members that lead it or lend to it.

    From severity 4 on the drill is stood down by itself; anything smaller asks both directors.
    """
    concerning = [severity for severity, concerned in live if not set(members).isdisjoint(concerned)]
    if not concerning:
        return "go_on"
    return "stand_down" if max(concerning) >= STANDS_DOWN else "ask"
