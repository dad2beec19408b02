"""What is going on, on one page: live incidents, what is asked and how far it is filled, who is on the way, what is owed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from app.domain.resource_types import composite_types
from app.queries.lists import decoded
from app.store.fill import FILL

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import asyncpg

MOST_ROWS: Final = 25
"""Rows a table of the page shows; the count beside its heading says how many there are."""

_COUNTS: Final = """
    SELECT
        (SELECT count(*) FROM incident WHERE space_id = $1 AND status <> 'closed') AS incidents,
        (SELECT count(*) FROM request
          WHERE space_id = $1 AND kind <> 'day_to_day' AND status IN ('open', 'partly_committed', 'committed')) AS requests,
        (SELECT count(*) FROM mission
          WHERE space_id = $1 AND kind <> 'day_to_day' AND status NOT IN ('returned', 'closed')) AS missions,
        (SELECT count(*) FROM debt d JOIN request r ON r.space_id = d.space_id AND r.id = d.request_id
          WHERE d.space_id = $1 AND d.status IN ('owed', 'overdue') AND r.kind <> 'day_to_day') AS debts,
        (SELECT count(*) FROM member WHERE space_id = $1) AS members,
        (SELECT count(*) FROM resource
          WHERE space_id = $1 AND NOT retired AND type_code <> ALL ($2::text[]) AND status = 'available') AS available,
        (SELECT count(*) FROM resource WHERE space_id = $1 AND NOT retired AND type_code <> ALL ($2::text[])) AS resources
"""
_INCIDENTS: Final = """
    SELECT i.id, i.ref, i.title, i.hazard, i.severity, i.status, i.phases, i.occurred_at, m.names AS lead, m.phone
    FROM incident i JOIN member m ON m.space_id = i.space_id AND m.id = i.lead_member_id
    WHERE i.space_id = $1 AND i.status <> 'closed' ORDER BY i.severity DESC, i.id DESC LIMIT $2
"""
_LINES: Final = f"""
    SELECT r.id, r.ref, r.kind, r.status, r.opened_at, l.priority, l.quantity, l.place, l.needed_by, t.names AS type_names,
           m.names AS requester, m.phone, i.ref AS incident_ref, {FILL}
    FROM request r
    JOIN request_line l ON l.space_id = r.space_id AND l.request_id = r.id
    JOIN resource_type t ON t.code = l.type_code
    JOIN member m ON m.space_id = r.space_id AND m.id = r.member_id
    JOIN incident i ON i.space_id = r.space_id AND i.id = r.incident_id
    WHERE r.space_id = $1 AND r.kind <> 'day_to_day' AND r.status IN ('open', 'partly_committed', 'committed')
    ORDER BY array_position(ARRAY['life_safety', 'incident_stabilisation', 'property', 'recovery'], l.priority),
             r.opened_at
    LIMIT $2
"""  # noqa: S608 - constants of ours
_MISSIONS: Final = """
    SELECT x.id, x.status, x.status_at, x.ended_by, x.place, s.call_sign, t.names AS type_names,
           a.names AS lender, b.names AS requester,
           (SELECT jsonb_agg(c.names ORDER BY at) FROM unnest(x.crossing_id || x.via_crossing_ids) WITH ORDINALITY way (id, at)
              JOIN crossing c ON c.space_id = x.space_id AND c.id = way.id) AS crossings
    FROM mission x
    JOIN resource_type t ON t.code = x.type_code
    JOIN member a ON a.space_id = x.space_id AND a.id = x.lender_id
    JOIN member b ON b.space_id = x.space_id AND b.id = x.requester_id
    LEFT JOIN resource s ON s.space_id = x.space_id AND s.id = x.resource_id
    WHERE x.space_id = $1 AND x.kind <> 'day_to_day' AND x.status NOT IN ('returned', 'closed') ORDER BY x.status_at DESC LIMIT $2
"""
_DEBTS: Final = """
    SELECT d.id, d.act, d.status, d.due_at, m.names AS owed_by, r.ref AS request_ref
    FROM debt d
    JOIN member m ON m.space_id = d.space_id AND m.id = d.member_id
    JOIN request r ON r.space_id = d.space_id AND r.id = d.request_id
    WHERE d.space_id = $1 AND d.status IN ('owed', 'overdue') AND r.kind <> 'day_to_day' ORDER BY d.due_at LIMIT $2
"""
_CROSSINGS: Final = """
    SELECT id, code, names, control, delay_min, closed_until FROM crossing
    WHERE space_id = $1 AND (control <> 'none' OR delay_min > 0) ORDER BY control = 'closed' DESC, code LIMIT $2
"""
_EVENTS: Final = """
    SELECT e.seq, e.recorded_at, e.type, e.payload::jsonb #>> '{data,why}' AS why, m.names AS member
    FROM journal_entry e
    LEFT JOIN member m ON m.space_id = e.space_id AND m.id = (e.payload::jsonb #>> '{data,member_id}')::uuid
    WHERE e.space_id = $1
      AND e.subject_kind IN ('incident', 'incident_log', 'request', 'offer', 'mission', 'call', 'debt', 'crossing', 'response',
                             'extension', 'reassignment', 'host_support')
      AND (e.visibility <> 'parties' OR $3 = ANY (e.parties))
      AND NOT EXISTS (SELECT FROM request q WHERE q.space_id = e.space_id AND q.id = e.subject_id AND q.kind = 'day_to_day')
      AND NOT EXISTS (SELECT FROM mission m WHERE m.space_id = e.space_id AND m.id = e.subject_id AND m.kind = 'day_to_day')
    ORDER BY e.seq DESC LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Overview:
    """The page's content: rows as dicts, names by language."""

    counts: dict[str, int]
    corridor: dict[str, str]
    incidents: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    missions: list[dict[str, Any]]
    debts: list[dict[str, Any]]
    crossings: list[dict[str, Any]]
    events: list[dict[str, Any]]
    at: datetime


async def overview(conn: asyncpg.Connection[Any], space: str, member: UUID | None, *, at: datetime) -> Overview:
    """Return what a member sees of the space now; without a member only how many there are of each.

    ``conn`` should be a snapshot, so that the tables of the page belong together.
    """
    counts = dict(await conn.fetchrow(_COUNTS, space, sorted(composite_types())) or {})
    names = await conn.fetchval("SELECT names FROM corridor")
    corridor = decoded_names(names)
    if member is None:
        return Overview(counts, corridor, [], [], [], [], [], [], at)

    async def rows(statement: str, *more: object) -> list[dict[str, Any]]:
        found = await conn.fetch(statement, space, MOST_ROWS, *more)
        return [decoded(row, *_JSON_COLUMNS) for row in found]

    return Overview(
        counts=counts,
        corridor=corridor,
        incidents=await rows(_INCIDENTS),
        lines=await rows(_LINES),
        missions=await rows(_MISSIONS),
        debts=await rows(_DEBTS),
        crossings=await rows(_CROSSINGS),
        events=await rows(_EVENTS, member),
        at=at,
    )


def decoded_names(value: Any) -> dict[str, str]:
    """Return names by language from a ``jsonb`` value; nothing for a corridor that is not defined yet."""
    if value is None:
        return {}
    found: dict[str, str] = orjson.loads(value) if isinstance(value, str | bytes) else value
    return found


_JSON_COLUMNS: Final = (
    "phases",
    "lead",
    "type_names",
    "requester",
    "lender",
    "crossings",
    "owed_by",
    "names",
    "member",
)
