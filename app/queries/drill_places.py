"""What the words about a drill need of the corridor's tables: names of members, crossings and places to meet, and by what numbers members are reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.domain.drills.places import MemberPlace, Places
from app.queries.lists import decoded

if TYPE_CHECKING:
    import asyncpg

_MEMBERS: Final = "SELECT code, country, names, languages, time_zone, phone, talkgroup FROM member WHERE space_id = $1"
_CROSSINGS: Final = "SELECT code, names FROM crossing WHERE space_id = $1"
_RENDEZVOUS: Final = "SELECT code, names FROM rendezvous WHERE space_id = $1"
_CORRIDOR: Final = "SELECT languages FROM corridor"


async def places_of(conn: asyncpg.Connection[Any], space: str) -> Places:
    """Return the names of the space, in all their languages."""
    corridor = await conn.fetchrow(_CORRIDOR)
    members = [decoded(row, "names", "languages") for row in await conn.fetch(_MEMBERS, space)]
    crossings = [decoded(row, "names") for row in await conn.fetch(_CROSSINGS, space)]
    rendezvous = [decoded(row, "names") for row in await conn.fetch(_RENDEZVOUS, space)]
    return Places(
        languages=tuple(decoded(corridor, "languages")["languages"]) if corridor else (),
        members={
            each["code"]: MemberPlace(
                names=each["names"],
                country=each["country"],
                languages=tuple(each["languages"]),
                time_zone=each["time_zone"],
                phone=each["phone"],
                talkgroup=each["talkgroup"] or "",
            )
            for each in members
        },
        crossings={each["code"]: each["names"] for each in crossings},
        rendezvous={each["code"]: each["names"] for each in rendezvous},
    )
