"""Drills as iCalendar (RFC 5545), for both sides' calendars: a feed to subscribe to, and invitations (RFC 5546).

Starts are written in UTC: the file needs no time zones, and shows the right local hour wherever it is opened. A recurring drill
is written as its occurrences of a year and not as a rule, for a rule in UTC would be off by an hour from the next change of the clocks on.

Who must not know when a no-notice drill begins is given its window in place of its start (``window``, which keeps nobody's time
busy); that is decided by whoever asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import icalendar

from app.domain.drills.schedule import shown
from app.domain.drills.texts import EXERCISE, marked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

MEDIA_TYPE = "text/calendar; charset=utf-8"
REFRESH: Final = timedelta(hours=1)
"""How often a subscriber is to look again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillEntry:
    """One drill on the calendar. ``titles`` by language; ``zones`` are those that its start is shown in."""

    uid: str
    """The same for ever, so that a change replaces what stands there; an id with the service's host behind an ``@``."""
    sequence: int
    """Grows with each change: the drill's revision."""
    titles: Mapping[str, str]
    start: datetime
    lasts: timedelta
    zones: tuple[str, ...]
    sites: tuple[str, ...] = ()
    url: str | None = None
    cancelled: bool = False
    again: tuple[datetime, ...] = ()
    """When it comes again, of the next year."""
    window: bool = False
    """``start`` and ``lasts`` are the window within which it may begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """To whom an invitation goes, and from whom: addresses of functions, not of people."""

    organizer: str
    attendees: tuple[str, ...]


def calendar(drills: Iterable[DrillEntry], languages: Sequence[str], *, made_at: datetime, name: str) -> bytes:
    """Return the text of a feed; ``name`` is what the subscriber's calendar calls it. Cancelled drills stay in it as such."""
    made = _calendar("PUBLISH")
    made.add("name", name)  # RFC 7986
    made.add("x-wr-calname", name)  # what most programs read
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")  # the same, for programs of before RFC 7986
    for entry in drills:
        for each in _each(entry):
            made.add_component(_event(each, languages, made_at, None))
    return _written(made)


def invitation(entry: DrillEntry, languages: Sequence[str], *, made_at: datetime, to: Invitation) -> bytes:
    """Return one drill for a calendar, or its cancellation. One file holds one drill: RFC 5546 allows but one UID in it.

    It is published and asks for no reply: no mailbox takes one. Who plays answers READY on the drill's page.
    """
    made = _calendar("CANCEL" if entry.cancelled else "PUBLISH")
    made.add_component(_event(entry, languages, made_at, to))
    return _written(made)


def _each(entry: DrillEntry) -> Iterator[DrillEntry]:
    """Yield the drill and each time that it comes again, by itself: not every program of a subscriber knows lists of dates."""
    yield replace(entry, again=())
    for at in entry.again:
        yield replace(entry, again=(), start=at, uid=f"{at:%Y%m%d}-{entry.uid}")


def _calendar(method: Literal["PUBLISH", "CANCEL"]) -> Any:
    made: Any = icalendar.Calendar()
    made.add("prodid", "-//Concord//Drills//EN")
    made.add("version", "2.0")
    made.add("method", method)
    return made


def _written(made: Any) -> bytes:
    text: bytes = made.to_ical()
    return text


def _event(entry: DrillEntry, languages: Sequence[str], made_at: datetime, to: Invitation | None) -> Any:
    mark = " · ".join(EXERCISE[language] for language in languages)
    titles = list(dict.fromkeys(entry.titles[language] for language in languages if language in entry.titles))
    hours = dict.fromkeys(shown(entry.start, zone) for zone in entry.zones)
    event: Any = icalendar.Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", made_at)
    event.add("dtstart", entry.start)
    event.add("dtend", entry.start + entry.lasts)
    if entry.again:
        event.add("rdate", list(entry.again))
    event.add("summary", f"{mark}: {titles[0] if titles else entry.uid}")
    event.add("description", marked("\n".join([*titles, *hours]), languages))
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if entry.cancelled or entry.window else "OPAQUE")
    event.add("categories", [EXERCISE[language] for language in languages])
    if entry.sites:
        event.add("location", ", ".join(entry.sites))
    if entry.url is not None:
        event.add("url", entry.url)
    if to is not None:
        event.add("organizer", f"mailto:{to.organizer}")
        for address in to.attendees:
            event.add(
                "attendee",
                f"mailto:{address}",
                parameters={"PARTSTAT": "NEEDS-ACTION", "RSVP": "FALSE"},
            )
    return event
