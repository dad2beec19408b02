"""The log of an incident on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.vocabulary import vocabulary
from app.interop.paper import labels, moment, words
from app.queries import incidents
from app.queries.incident_events import lines_of
from app.queries.paper import NOTHING, members_of, numbers_of, page_of, severity_of, state_of, word

if TYPE_CHECKING:
    import asyncpg

    from app.queries.paper import Reader

MOST_ENTRIES: Final = 5_000
"""Lines of a log that are printed: the newest ones."""


async def incident_log(conn: asyncpg.Connection[Any], space: str, id_: UUID, reader: Reader) -> dict[str, Any]:
    """Return the data of an incident's log, made from the journal, in the reader's language, oldest entry first.

    Raises:
        NotFound: there is no such incident.
    """
    found = await incidents.incident(conn, space, id_)
    of = await members_of(conn, space)
    zone = of[reader.member or found.lead_member_id].time_zone
    lines = await lines_of(conn, space, found, of, reader)
    shown = lines[-MOST_ENTRIES:]
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
        "left_out": len(lines) - len(shown),
        "entries": [each.printed(zone, reader.language) for each in shown],
    }
