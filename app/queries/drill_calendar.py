"""Drills as both sides' calendars show them. Of one without notice the window alone, whoever asks: a calendar is passed on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from app.domain.drills.schedule import coming, recurrence_kept
from app.domain.errors import Conflict
from app.interop.drill_calendar import DrillEntry, Invitation
from app.queries.drills import known
from app.queries.lists import decoded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from app.domain.authority import Actor

MOST: Final = 1000
WEEKS: Final = 53
"""Times that a drill comes again within a year, at most."""
NOWHERE: Final = "concord.invalid"
"""Domain of addresses to which nothing can be sent (RFC 2606): a member without a shared address is asked by READY alone."""
_DRILLS: Final = """
    SELECT d.*, array(
        SELECT DISTINCT m.time_zone FROM drill_participant p
        JOIN member m ON m.space_id = p.space_id AND m.id = p.member_id
        WHERE p.space_id = d.space_id AND p.drill_id = d.id AND p.role = 'player' ORDER BY 1
    ) AS zones
    FROM drill d WHERE d.space_id = $1 AND (d.announced_for IS NOT NULL OR d.window_from IS NOT NULL)
"""
_LANGUAGES: Final = "SELECT languages FROM corridor"
_ADDRESSES: Final = """
    SELECT m.code, (
        SELECT c.email FROM contact c
        WHERE c.space_id = m.space_id AND c.member_id = m.id AND c.shared AND c.email IS NOT NULL ORDER BY c.code LIMIT 1
    ) AS email
    FROM member m WHERE m.space_id = $1 AND m.id = ANY($2) ORDER BY m.code
"""


async def languages_of(conn: asyncpg.Connection[Any]) -> list[str]:
    """Return the corridor's languages."""
    row = await conn.fetchrow(_LANGUAGES)
    return [] if row is None else list(decoded(row, "languages")["languages"])


async def entries(conn: asyncpg.Connection[Any], space: str, *, host: str, page: str | None) -> list[DrillEntry]:
    """Return every drill that has an hour or a window, and those of them that were stood down, by when they begin.

    ``host`` stands in their ids; ``page`` is the address of a drill's screen, without its id.
    """
    rows = await conn.fetch(f"{_DRILLS} ORDER BY coalesce(d.announced_for, d.window_from) DESC LIMIT {MOST}", space)
    languages = await languages_of(conn)
    return [_entry(decoded(row, "title", "handbook", "recurrence"), languages, host, page) for row in reversed(rows)]


async def invited(
    conn: asyncpg.Connection[Any], space: str, id_: UUID, *, actor: Actor, host: str, page: str | None
) -> tuple[DrillEntry, Invitation]:
    """Return one drill, and who is invited by whom: shared addresses of the members, from a director's.

    Raises:
        NotFound: there is no such drill.
        Conflict: it has neither hour nor window.
    """
    found = await known(conn, space, id_, actor)
    row = await conn.fetchrow(f"{_DRILLS} AND d.id = $2", space, id_)
    if row is None:
        message = "The drill has no hour yet."
        raise Conflict(message, hint="Ask again once it is scheduled.")
    members = {each["member_id"] for each in found.people}
    addresses = {
        each["code"]: each["email"] or f"{each['code']}@{NOWHERE}"
        for each in await conn.fetch(_ADDRESSES, space, list(members))
    }
    codes = found.codes
    directors = sorted(codes[each["member_id"]] for each in found.people if each["role"] == "exercise_director")
    organizer = addresses[directors[0]] if directors else f"drills@{NOWHERE}"
    told = Invitation(organizer=organizer, attendees=tuple(dict.fromkeys(addresses.values())))
    return _entry(decoded(row, "title", "handbook", "recurrence"), await languages_of(conn), host, page), told


def _entry(row: Mapping[str, Any], languages: Sequence[str], host: str, page: str | None) -> DrillEntry:
    start: datetime = row["announced_for"] or row["window_from"]
    book = row["handbook"]
    if row["announced_for"] is None:
        lasts = row["window_until"] - start
    else:
        lasts = timedelta(seconds=-(-(book["duration_s"] or 0) // row["speed"]))
    zones = dict.fromkeys([*([row["time_zone"]] if row["time_zone"] else []), *row["zones"]])
    again: list[datetime] = []
    if row["recurrence"] is not None and row["announced_for"] is not None and row["status"] in {"scheduled", "held"}:
        later = coming(recurrence_kept(row["recurrence"]), start, WEEKS)
        again = [each.at for each in later if each.at is not None and each.at <= start + timedelta(days=366)]
    return DrillEntry(
        uid=f"drill-{row['id']}@{host}",
        sequence=row["revision"],
        titles=row["title"],
        start=start,
        lasts=lasts,
        zones=tuple(zones),
        sites=tuple(_site(site["name"], languages) for site in book["sites"]),
        url=None if page is None else f"{page}{row['id']}",
        cancelled=row["status"] == "stood_down",
        again=tuple(again),
        window=row["announced_for"] is None,
    )


def _site(names: Mapping[str, str], languages: Sequence[str]) -> str:
    return next((names[each] for each in languages if each in names), "")
