"""The log of an incident on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.vocabulary import vocabulary
from app.interop.paper import labels, moment, words
from app.queries import incidents
from app.queries.paper import NOTHING, members_of, numbers_of, page_of, severity_of, state_of, word

if TYPE_CHECKING:
    import asyncpg

    from app.queries.paper import Reader

MOST_ENTRIES: Final = 5_000
"""Lines of a log that are printed: the newest ones."""


async def incident_log(conn: asyncpg.Connection[Any], space: str, id_: UUID, reader: Reader) -> dict[str, Any]:
    """Return the data of an incident's log in the reader's language, oldest entry first.

    Raises:
        NotFound: there is no such incident.
    """
    found = await incidents.incident(conn, space, id_)
    of = await members_of(conn, space)
    zone = of[reader.member or found.lead_member_id].time_zone
    entries = await incidents.incident_log(conn, space, id_, limit=MOST_ENTRIES)
    shown = entries[:MOST_ENTRIES]
    one = [reader.language]
    phases = vocabulary()["phases"]
    return {
        **await page_of(conn, space, reader, found.ref, "incident_log", found),
        "labels": labels(one),
        "heading": words()["incident_log"][reader.language],
        "incident": {
            "ref": found.ref,
            "title": found.title,
            "hazard": word("hazards", found.hazard, one)[0],
            "severity": severity_of(found, one)[0],
            "state": state_of("incident", found.status, one)[0],
            "began": moment(found.occurred_at, zone),
            "ended": moment(found.closed_at, zone),
            "lead": of[found.lead_member_id].names[reader.language],
            "phases": "\n".join(
                f"{country}: {phases[country][phase]['names'][reader.language]}"
                for country, phase in sorted(found.phases.items())
                if phase in phases.get(country, {})
            )
            or NOTHING,
            "numbers": numbers_of(found.external_ids, of, reader.language),
        },
        "left_out": await _more(conn, space, id_) if len(entries) > MOST_ENTRIES else 0,
        "entries": [
            {
                "at": moment(each.occurred_at, zone),
                "member": of[each.member_id].names[reader.language],
                "text": each.text,
                "language": each.language,
            }
            for each in reversed(shown)
        ],
    }


async def _more(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> int:
    counted = await conn.fetchval(
        "SELECT count(*) FROM incident_log WHERE space_id = $1 AND incident_id = $2", space, id_
    )
    return int(counted) - MOST_ENTRIES
