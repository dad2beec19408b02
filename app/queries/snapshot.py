"""Everything that a member sees of a space at one instant, with the journal's seq of that instant.

The rows have the very form in which entries tell them (``Journaled.state``), so that whoever keeps the last state of every
row by kind and id can begin here and go on with the entries after ``seq``. Left out is what has ended, and the resources,
which are fetched by area and page; only those on a mission are here, and the parts of formations that are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy.dialects.postgresql import JSONB

from app.domain.chain import plain
from app.queries.between import OF_SEEN_REQUEST
from app.store import journal
from app.store.fill import FILL
from app.store.tables import JOURNALED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from uuid import UUID

    import asyncpg

# A request is told for as long as it is open, or a unit is out for it, or an act is owed for it. A draft is its own
# member's alone ($2; null: the service itself, which sees all). Help from day to day is no part of a disaster's picture:
# who wants it reads it (``GET /requests?kind=day_to_day``), and what happens to it comes with the entries.
_REQUESTS: Final = """
    SELECT q.id FROM request q
     WHERE q.space_id = $1 AND q.kind <> 'day_to_day' AND (q.opened_at IS NOT NULL OR $2::uuid IS NULL OR q.member_id = $2)
       AND (q.status NOT IN ('closed', 'cancelled', 'expired', 'unfilled')
            OR EXISTS (SELECT FROM mission m WHERE m.space_id = q.space_id AND m.request_id = q.id
                          AND m.status NOT IN ('returned', 'closed'))
            OR EXISTS (SELECT FROM debt d WHERE d.space_id = q.space_id AND d.request_id = q.id
                          AND d.status IN ('owed', 'overdue')))
"""
_MISSIONS: Final = (
    "m.kind <> 'day_to_day' AND (m.status NOT IN ('returned', 'closed') OR m.request_id IN (SELECT id FROM told))"
)
# The version that counts, and the one on its way; a draft is its parties' alone.
_AGREEMENTS: Final = """
    SELECT a.id, w.version FROM agreement a
      JOIN agreement_version v ON v.space_id = a.space_id AND v.agreement_id = a.id AND v.version = a.version
      JOIN agreement_version w ON w.space_id = a.space_id AND w.agreement_id = a.id
     WHERE a.space_id = $1 AND a.status NOT IN ('terminated', 'expired')
       AND (w.version = a.version OR w.status IN ('draft', 'proposed', 'agreed'))
       AND (a.proposed_at IS NOT NULL AND w.proposed_at IS NOT NULL OR $2::uuid IS NULL
            OR $2 = ANY(v.lenders || v.borrowers || w.lenders || w.borrowers))
"""
_IS_PARTY: Final = "$2::uuid IS NULL OR $2 IN (t.lender_id, r.member_id)"
_OFFERS: Final = f"""
    SELECT t.id FROM offer t JOIN request r ON r.space_id = t.space_id AND r.id = t.request_id
     WHERE t.space_id = $1 AND t.request_id IN (SELECT id FROM told) AND ({_IS_PARTY})
"""  # noqa: S608 - constants of this module

# What was asked about missions of the requests that are told; an answer of yesterday is read with its mission.
_ABOUT_TOLD: Final = "t.request_id IN (SELECT id FROM told)"

_INCIDENTS: Final = """
    SELECT i.id FROM incident i WHERE i.space_id = $1 AND (i.status <> 'closed' OR i.id IN (
        SELECT q.incident_id FROM request q WHERE q.space_id = $1 AND q.id IN (SELECT id FROM told)))
"""
_OF_TWO: Final = "($2::uuid IS NULL OR $2 IN (t.lender_id, t.to_member_id))"

# Kind → which of its rows ``t`` are told. In the order in which a reader meets what a row points to before the row.
_TOLD: Final[Mapping[str, str]] = {
    "corridor": "true",
    "member": "true",
    "crossing": "true",
    "rendezvous": "true",
    "incident": """t.status <> 'closed' OR t.id IN (
        SELECT q.incident_id FROM request q WHERE q.space_id = $1 AND q.id IN (SELECT id FROM told))""",
    "agreement": f"t.id IN (SELECT s.id FROM ({_AGREEMENTS}) s)",  # noqa: S608 - constants of this module
    "agreement_version": f"(t.agreement_id, t.version) IN ({_AGREEMENTS})",
    "agreement_consent": f"(t.agreement_id, t.version) IN ({_AGREEMENTS})",
    "request": "t.id IN (SELECT id FROM told)",
    "request_line": "t.request_id IN (SELECT id FROM told)",
    "acknowledgement": "t.request_id IN (SELECT id FROM told)",
    "extension": _ABOUT_TOLD,
    "reassignment": _ABOUT_TOLD,
    "host_support": _ABOUT_TOLD,
    "response": "t.request_id IN (SELECT id FROM told)",
    "question": "t.request_id IN (SELECT id FROM told)",
    "offer": f"t.id IN ({_OFFERS})",
    "offer_line": f"t.offer_id IN ({_OFFERS})",
    "mission": _MISSIONS.replace("m.", "t."),
    "resource": f"""t.id IN (SELECT m.resource_id FROM mission m WHERE m.space_id = $1 AND ({_MISSIONS}))
        OR t.formation_id IN (SELECT m.resource_id FROM mission m WHERE m.space_id = $1 AND ({_MISSIONS}))""",  # noqa: S608
    "call": """(t.status IN ('unconfirmed', 'alarmed') OR t.request_id IN (SELECT id FROM told))
        AND ($2::uuid IS NULL OR $2 IN (t.requester_id, t.lender_id))""",
    "automatic_aid": "t.request_id IN (SELECT id FROM told) AND ($2::uuid IS NULL OR t.requester_id = $2)",
    "automatic_alarm": """t.request_id IN (SELECT id FROM told)
        AND ($2::uuid IS NULL OR $2 IN (t.requester_id, t.lender_id))""",
    "response_commitment": """t.request_id IN (SELECT id FROM told)
        AND ($2::uuid IS NULL OR $2 IN (t.requester_id, t.lender_id))""",
    "authority_notice": "t.request_id IN (SELECT id FROM told) OR (t.request_id IS NULL AND t.confirmed_at IS NULL)",
    "representative": "true",
    "external_id": f"""t.valid_to IS NULL AND (t.incident_id IN (SELECT i.id FROM incident i
            WHERE i.space_id = $1 AND (i.status <> 'closed' OR i.id IN (
                SELECT q.incident_id FROM request q WHERE q.space_id = $1 AND q.id IN (SELECT id FROM told))))
        OR t.resource_id IN (SELECT m.resource_id FROM mission m WHERE m.space_id = $1 AND ({_MISSIONS})))""",  # noqa: S608
    "handover": """($2::uuid IS NULL OR t.member_id = $2) AND (t.taken_at IS NULL OR t.id = (
        SELECT h.id FROM handover h WHERE h.space_id = t.space_id AND h.member_id = t.member_id ORDER BY h.id DESC LIMIT 1))""",
    "debt": f"""t.request_id IN (SELECT id FROM told)
        OR t.status IN ('owed', 'overdue') AND ($2::uuid IS NULL OR {OF_SEEN_REQUEST.format(table="t").format("$2")})""",  # noqa: S608 - constants of ours
    "rota": "true",
    "coordination_turn": "t.status <> 'past'",
    "turn_swap": "t.status = 'proposed'",
    "protocol_overlay": "true",
    "incident_protocol": f"t.superseded_at IS NULL AND t.incident_id IN ({_INCIDENTS})",
    "checklist_item": f"t.superseded_at IS NULL AND t.incident_id IN ({_INCIDENTS})",
    "unasked_offer": f"t.status = 'offered' AND {_OF_TWO}",
    "unasked_offer_line": f"""t.unasked_offer_id IN (SELECT o.id FROM unasked_offer o
        WHERE o.space_id = $1 AND o.status = 'offered' AND {_OF_TWO.replace("t.", "o.")})""",  # noqa: S608 - constants of this module
    "lender_word": "t.status = 'standing'",
    "dispatch_receipt": f"""t.status = 'missing' AND ($2::uuid IS NULL OR t.member_id = $2)
        AND t.mission_id IN (SELECT m.id FROM mission m WHERE m.space_id = $1 AND ({_MISSIONS}))""",  # noqa: S608
    # Where a flood of them waits, the latest; the list has all.
    "inbox_matter": """t.id IN (SELECT m.id FROM inbox_matter m WHERE m.space_id = $1 AND m.status = 'held'
        AND ($2::uuid IS NULL OR m.member_id = $2) ORDER BY m.id DESC LIMIT 200)""",
    # Kept in live alone, whose journal tells of them.
    "webhook_endpoint": "$1 = 'live' AND t.status <> 'removed' AND ($2::uuid IS NULL OR t.member_id = $2)",
}

# Of opened requests alone: how a draft is filled is nobody's business, and always the same.
_FILL: Final = f"""
    SELECT l.id AS request_line_id, l.request_id, {FILL},
           CASE WHEN r.kind = 'day_to_day' THEN ARRAY[r.member_id, r.to_member_id] END AS between FROM request_line l
      JOIN request r ON r.space_id = l.space_id AND r.id = l.request_id
     WHERE l.space_id = $1 AND r.opened_at IS NOT NULL
"""  # noqa: S608 - constants of ours

# An epoch ends where the numbers of a journal may begin to mean something else: with another cluster, another history of
# this one (a standby that took over, a recovery to a point in time), another database, another table (a dump put back).
_EPOCH: Final = """
    SELECT md5(concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
        CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END,
        (SELECT oid FROM pg_database WHERE datname = current_database()), 'journal_entry'::regclass::oid))
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Rows by kind, in their journal's form, and as of which seq."""

    seq: int
    rows: dict[str, list[dict[str, Any]]]


async def snapshot(conn: asyncpg.Connection[Any], space: str, viewer: UUID | None) -> Snapshot:
    """Return what a user of the member ``viewer`` sees of the space (the service itself, without one: everything).

    ``conn`` must see one instant: ``reading(engine, snapshot=True)``. Raises ``NotFound`` where there is no such space.
    """
    seq, _ = await journal.head_of(conn, space)
    rows: dict[str, list[dict[str, Any]]] = {}
    for kind in _TOLD:
        statement, json_columns = _statement(kind)
        found = await conn.fetch(statement, space, viewer)
        rows[kind] = [_state(row, json_columns) for row in found]
    return Snapshot(seq, rows)


async def fill(
    conn: asyncpg.Connection[Any], space: str, requests: Collection[UUID] | None = None
) -> list[dict[str, Any]]:
    """Return how far each line of ``requests`` is filled (without them: of all that snapshots tell), once opened.

    ``between`` has the two members that may know it, null where everybody may.
    """
    if requests is None:
        rows = await conn.fetch(f"{_FILL} AND l.request_id IN ({_REQUESTS})", space, None)
    else:
        rows = await conn.fetch(f"{_FILL} AND l.request_id = ANY($2)", space, list(requests))
    return [_filled(row) for row in rows]


async def epoch(conn: asyncpg.Connection[Any]) -> str:
    """Return what names this database's history: the same after a restart, another after it was replaced or put back."""
    return str(await conn.fetchval(_EPOCH))


def _filled(row: asyncpg.Record) -> dict[str, Any]:
    found = dict(row) | {"parts": _read(row["parts"])}
    return found | {"open": max(0, found["wanted"] - found["committed"] - found["pending"])}


@cache
def _statement(kind: str) -> tuple[str, frozenset[str]]:
    """Return the SELECT of a kind, and which of its columns are JSON."""
    table: Any = JOURNALED[kind]
    columns = table.public_columns()
    json_columns = frozenset(name for name in columns if isinstance(table.__table__.c[name].type, JSONB))
    spaced = "space_id" in table.__table__.c
    listed = ", ".join(f"t.{name}" for name in columns)
    where = f"{'t.space_id = $1' if spaced else '$1::text IS NOT NULL'} AND ({_TOLD[kind]})"
    # The parameters are named once where every statement has them; PostgreSQL would not know the type of an unused one.
    told = f"WITH told AS ({_REQUESTS})"
    return f"{told} SELECT {listed} FROM {table.__tablename__} t WHERE {where} ORDER BY t.id", json_columns  # noqa: S608


def _state(row: asyncpg.Record, json_columns: frozenset[str]) -> dict[str, Any]:
    return {name: plain(_read(value) if name in json_columns else value) for name, value in row.items()}


def _read(value: Any) -> Any:
    """Return a JSON column's value: a bare connection hands it on as text, one of the engine's has read it."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value
