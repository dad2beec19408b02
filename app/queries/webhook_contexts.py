"""What a webhook's messages tell beside the entries: incidents with both sides' numbers, and the codes of dispatch systems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from app.domain.webhooks import About

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import asyncpg

Mentions: TypeAlias = "Mapping[str, set[str]]"

_INCIDENTS_OF: Final[Mapping[str, str]] = {
    "request": "SELECT id::text, incident_id::text FROM request WHERE space_id = $1 AND id = ANY($2::text[]::uuid[])",
    "mission": "SELECT id::text, incident_id::text FROM mission WHERE space_id = $1 AND id = ANY($2::text[]::uuid[])",
    "offer": """
        SELECT o.id::text, r.incident_id::text FROM offer o JOIN request r ON r.space_id = o.space_id AND r.id = o.request_id
        WHERE o.space_id = $1 AND o.id = ANY($2::text[]::uuid[])
    """,
    "claim": """
        SELECT x.claim_id::text AS id, m.incident_id::text
        FROM claim_mission x JOIN mission m ON m.space_id = x.space_id AND m.id = x.mission_id
        WHERE x.space_id = $1 AND x.claim_id = ANY($2::text[]::uuid[])
    """,
}
"""Kind of a thing → the incidents that it is about. A claim's are asked for where nothing else says which of them is meant."""
ABOUT: Final[Mapping[str, str]] = {
    "request": """
        SELECT r.id::text, ARRAY[r.incident_id]::text[] AS incidents, ARRAY[r.member_id, r.to_member_id]::text[] AS members,
               ARRAY(SELECT l.type_code FROM request_line l WHERE l.space_id = r.space_id AND l.request_id = r.id) AS types
        FROM request r WHERE r.space_id = $1 AND r.id = ANY($2::text[]::uuid[])
    """,
    "offer": """
        SELECT o.id::text, ARRAY[r.incident_id]::text[] AS incidents, ARRAY[o.lender_id, r.member_id]::text[] AS members,
               ARRAY(SELECT l.type_code FROM offer_line l WHERE l.space_id = o.space_id AND l.offer_id = o.id) AS types
        FROM offer o JOIN request r ON r.space_id = o.space_id AND r.id = o.request_id
        WHERE o.space_id = $1 AND o.id = ANY($2::text[]::uuid[])
    """,
    "mission": """
        SELECT id::text, ARRAY[incident_id]::text[] AS incidents, ARRAY[lender_id, requester_id]::text[] AS members, ARRAY[type_code] AS types
        FROM mission WHERE space_id = $1 AND id = ANY($2::text[]::uuid[])
    """,
    "resource": """
        SELECT id::text, ARRAY[]::text[] AS incidents, ARRAY[member_id]::text[] AS members, ARRAY[type_code] AS types
        FROM resource WHERE space_id = $1 AND id = ANY($2::text[]::uuid[])
    """,
    "depot": """
        SELECT id::text, ARRAY[]::text[] AS incidents, ARRAY[member_id]::text[] AS members, ARRAY[]::text[] AS types
        FROM depot WHERE space_id = $1 AND id = ANY($2::text[]::uuid[])
    """,
    "claim": """
        SELECT c.id::text, array_agg(m.incident_id::text) AS incidents, ARRAY[c.lender_id, c.requester_id]::text[] AS members,
               array_agg(m.type_code) AS types
        FROM claim c LEFT JOIN claim_mission x ON x.space_id = c.space_id AND x.claim_id = c.id
        LEFT JOIN mission m ON m.space_id = x.space_id AND m.id = x.mission_id
        WHERE c.space_id = $1 AND c.id = ANY($2::text[]::uuid[]) GROUP BY c.id, c.lender_id, c.requester_id
    """,
    "statement": """
        SELECT s.id::text, ARRAY[]::text[] AS incidents, ARRAY[s.member_a_id, s.member_b_id]::text[] AS members,
               ARRAY(SELECT l.type_code FROM statement_line l WHERE l.space_id = s.space_id AND l.statement_id = s.id) AS types
        FROM statement s WHERE s.space_id = $1 AND s.id = ANY($2::text[]::uuid[])
    """,
}
"""Kind of a thing → the incidents, members and resource types that it is about. Of an incident that is itself alone."""
_REFS: Final = """
    SELECT id::text, ref, title FROM incident WHERE space_id = $1 AND id = ANY($2::text[]::uuid[])
"""
_CODES: Final = """
    SELECT kind, coalesce(resource_id, depot_id, incident_id, of_member_id)::text AS id, type_code, member_id::text, source, code
    FROM external_id
    WHERE space_id = $1 AND valid_to IS NULL
      AND (incident_id = ANY($2::text[]::uuid[]) OR resource_id = ANY($3::text[]::uuid[]) OR depot_id = ANY($4::text[]::uuid[])
           OR of_member_id = ANY($5::text[]::uuid[]) OR type_code = ANY($6::text[]))
    ORDER BY external_id.id
"""


async def abouts(conn: asyncpg.Connection[Any], space: str, mentioned: Sequence[Mentions]) -> list[About]:
    """Return what entries that mention these are about, also where they name it by a request, offer, mission, unit, claim … alone.

    Members: all that are named, or stand behind what is named. Incidents and types: those that are named; only where none is, those that
    stand behind, so that of a request for pumps and boats an offer of pumps is about pumps.
    """
    behind: dict[tuple[str, str], asyncpg.Record] = {}
    for kind, statement in ABOUT.items():
        wanted = _all(each.get(kind, ()) for each in mentioned)
        for row in await conn.fetch(statement, space, wanted) if wanted else ():
            behind[kind, row["id"]] = row
    return [_about(each, behind) for each in mentioned]


def _about(each: Mentions, behind: Mapping[tuple[str, str], asyncpg.Record]) -> About:
    rows = [(kind, behind[kind, id_]) for kind in ABOUT for id_ in each.get(kind, ()) if (kind, id_) in behind]
    narrow = [
        row for kind, row in rows if kind != "request"
    ]  # an offer's own types, before those of all that was asked for

    def found(what: str, of: Iterable[asyncpg.Record]) -> frozenset[str]:
        return frozenset(value for row in of for value in row[what] if value is not None)

    every = [row for _, row in rows]
    return About(
        frozenset(each.get("incident", ())) or found("incidents", every),
        frozenset(each.get("type", ())) or found("types", narrow) or found("types", every),
        frozenset(each.get("member", ())) | found("members", every),
    )


async def _incidents_of(
    conn: asyncpg.Connection[Any], space: str, mentioned: Sequence[Mentions]
) -> list[frozenset[str]]:
    """Return the incidents that entries are about, also where only a request, offer, mission or claim is named."""
    incidents_of: dict[str, set[str]] = {}
    for kind, statement in _INCIDENTS_OF.items():
        narrower = {"incident"} if kind != "claim" else {"incident", "request", "mission", "offer"}
        wanted = _all(each.get(kind, ()) for each in mentioned if narrower.isdisjoint(each))
        for row in await conn.fetch(statement, space, wanted) if wanted else ():
            if row["incident_id"] is not None:
                incidents_of.setdefault(row["id"], set()).add(row["incident_id"])
    return [frozenset(each.get("incident") or _incidents(each, incidents_of)) for each in mentioned]


async def told_beside(
    conn: asyncpg.Connection[Any], space: str, mentioned: Sequence[Mentions]
) -> list[tuple[dict[str, Any] | None, list[dict[str, Any]]]]:
    """Return for each entry its incident, with the numbers that members know it by, and the codes of all else that it names.

    Of an entry about several incidents the numbers stand among the codes.
    """
    about = await _incidents_of(conn, space, mentioned)
    incidents = _all(about)
    refs = {row["id"]: dict(row) for row in await conn.fetch(_REFS, space, incidents)} if incidents else {}
    codes: dict[str, list[dict[str, Any]]] = {}
    listed = (_all(each.get(kind, ()) for each in mentioned) for kind in ("resource", "depot", "member", "type"))
    for row in await conn.fetch(_CODES, space, incidents, *listed):
        codes.setdefault(row["type_code"] or row["id"], []).append(dict(row))
    return [_told(each, of, refs, codes) for each, of in zip(mentioned, about, strict=True)]


def _told(
    each: Mentions, about: frozenset[str], refs: Mapping[str, dict[str, Any]], codes: Mapping[str, list[dict[str, Any]]]
) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    only = next(iter(about)) if len(about) == 1 else ""
    incident = None
    if only in refs:
        incident = refs[only] | {"numbers": [_number(row) for row in codes.get(only, ())]}
    if not codes:
        return incident, []
    named = about.union(*(each.get(kind, ()) for kind in ("resource", "depot", "member", "type")))
    return incident, [row for id_ in sorted(named - {only} if incident else named) for row in codes.get(id_, ())]


def _incidents(each: Mentions, incidents_of: Mapping[str, set[str]]) -> set[str]:
    if not incidents_of:
        return set()
    narrower = [id_ for kind in _INCIDENTS_OF if kind != "claim" for id_ in each.get(kind, ())]
    named = narrower or list(each.get("claim", ()))
    return {incident for id_ in named for incident in incidents_of.get(id_, ())}


async def languages(conn: asyncpg.Connection[Any]) -> list[str]:
    """Return the corridor's languages."""
    found: list[str] | None = await conn.fetchval("SELECT languages FROM corridor")
    return found or ["en"]


def _number(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("member_id", "source", "code")}


def _all(sets: Iterable[Collection[str]]) -> list[str]:
    return sorted({each for some in sets for each in some})
