"""What the check of an agreement rests on, read in one way for commands (which lock) and queries (which do not)."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

from app.domain.agreement_terms import Terms, read_terms
from app.domain.agreements import AgreementFacts, Stock, Use
from app.domain.lender_words import Word

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from app.domain.response_commitments import ResponseCommitment

_FACTS: Final = """
    SELECT a.id, a.code, v.version, a.status, v.precedence, v.lenders, v.borrowers, v.effective_at, v.expires_at,
           a.terminates_at, a.review_at, v.terms::text AS terms
      FROM agreement a
"""
_AGREED: Final = f"""{_FACTS}
      JOIN agreement_version v
        ON v.space_id = a.space_id AND v.agreement_id = a.id AND v.version = a.version
     WHERE a.space_id = $1 AND a.status IN ('proposed', 'in_force', 'suspended', 'expired')
     ORDER BY a.id
"""
_CITED: Final = f"""{_FACTS}
      JOIN agreement_version v ON v.space_id = a.space_id AND v.agreement_id = a.id
     WHERE a.space_id = $1 AND (v.agreement_id, v.version) IN (SELECT * FROM unnest($2::uuid[], $3::int[]))
     ORDER BY a.id, v.version
"""  # noqa: S608 - constants of this module
_SHARED: Final = " FOR SHARE OF a"
# Whoever waits for a row that a new version is put into would see it join no version: the statement's other rows are of the time
# before. So the agreements are locked first, and read by a statement that begins afterwards.
_LOCK_FIRST: Final = """
    SELECT FROM agreement a WHERE a.space_id = $1 AND a.status IN ('proposed', 'in_force', 'suspended', 'expired')
     ORDER BY a.id FOR SHARE
"""

# Whoever shares the rows one after the other would keep a change of one waiting until it gives up: PostgreSQL lets a new sharer
# of a row pass a writer that waits. Advisory locks queue. So sharers and writers take turns here before they come to the rows.
_TURN_SHARED: Final = "SELECT pg_advisory_xact_lock_shared(hashtextextended('agreements/' || $1, 0))"
_TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended('agreements/' || $1, 0))"

# Named units are reserved, and so are not among the available: only what was promised without a name is counted beside.
# A formation is available while all of its parts are; its parts are counted as what they are, and one that is promised without a
# name takes as many with it as its type says. What was accepted in part is promised in that part; what a phone call sent is away before anybody names the unit.
# One statement, so that all counts are of one instant. {x} narrows it to a lender; both forms are constants of ours.
_COUNTED: Final = """
    SELECT lender_id, sum(available)::int AS available, sum(promised)::int AS promised,
           array_agg(unit_id) FILTER (WHERE available = 1) AS units, array_agg(lon) FILTER (WHERE available = 1) AS lons,
           array_agg(lat) FILTER (WHERE available = 1) AS lats
      FROM (SELECT r.member_id AS lender_id, 1 AS available, 0 AS promised, r.id AS unit_id, d.lon, d.lat
              FROM resource r
              JOIN depot d ON d.space_id = r.space_id AND d.id = r.depot_id
             WHERE r.space_id = $1 AND r.type_code = $2 {r} AND r.status = 'available' AND NOT r.retired
               AND NOT EXISTS (SELECT FROM resource p WHERE p.space_id = r.space_id AND p.formation_id = r.id
                                  AND (p.status <> 'available' OR p.retired))
             UNION ALL
            SELECT o.lender_id, 0, CASE WHEN o.status = 'accepted' THEN l.accepted_quantity ELSE l.quantity END, NULL, NULL, NULL
              FROM offer_line l
              JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
             WHERE o.space_id = $1 AND l.type_code = $2 {o} AND o.status IN ('offered', 'provisional', 'accepted')
               AND l.resource_id IS NULL AND NOT l.committed
             UNION ALL
            SELECT m.lender_id, 0, 1, NULL, NULL, NULL
              FROM mission m
             WHERE m.space_id = $1 AND m.type_code = $2 {m} AND m.resource_id IS NULL
               AND m.status NOT IN ('returned', 'closed')
             UNION ALL
            SELECT o.lender_id, 0, p.quantity * CASE WHEN o.status = 'accepted' THEN l.accepted_quantity ELSE l.quantity END,
                   NULL, NULL, NULL
              FROM {whole}
              JOIN offer_line l ON l.space_id = $1 AND l.type_code = t.code AND l.resource_id IS NULL AND NOT l.committed
              JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
             WHERE o.status IN ('offered', 'provisional', 'accepted') {o}
             UNION ALL
            SELECT m.lender_id, 0, p.quantity, NULL, NULL, NULL
              FROM {whole}
              JOIN mission m ON m.space_id = $1 AND m.type_code = t.code AND m.resource_id IS NULL
             WHERE m.status NOT IN ('returned', 'closed') {m}) counted
     GROUP BY lender_id
"""
_WHOLE: Final = """resource_type t
              JOIN jsonb_to_recordset(t.parts) AS p (type text, quantity int) ON t.parts <> '[]' AND p.type = $2"""
_STOCKS: Final = _COUNTED.format(whole=_WHOLE, r="", o="", m="")
_STOCK: Final = _COUNTED.format(
    whole=_WHOLE, r="AND r.member_id = $3", o="AND o.lender_id = $3", m="AND m.lender_id = $3"
)

# A cap counts the units, whoever lends them, alone or in a formation: those that are out, and lines that are offered or accepted and
# not committed. A unit and its relief are one place and count once. A formation's place counts its parts: those with it and those
# that were split off and are still out (a split sends nobody more); of a formation and its relief the one that has more. A part
# that went on to another line is a place of its own. $3 is a place that is left out, with all of it: whoever relieves it takes it over.
_USES: Final = f"""
    WITH alone AS (
        SELECT m.agreement_id, coalesce(m.stands_for_id, m.id) AS place, f.id AS whole_id, coalesce(f.stands_for_id, f.id) AS whole_place
          FROM mission m
          JOIN mission r ON r.space_id = m.space_id AND r.id = coalesce(m.stands_for_id, m.id)
          LEFT JOIN mission f ON f.space_id = r.space_id AND f.id = r.split_from_id AND f.request_line_id = m.request_line_id
         WHERE m.space_id = $1 AND m.type_code = $2 AND m.agreement_id IS NOT NULL AND m.status NOT IN ('returned', 'closed')
    ), within AS (
        SELECT m.agreement_id, coalesce(m.stands_for_id, m.id) AS place, m.id AS whole_id,
               p.quantity - (SELECT count(*) FROM mission c
                              WHERE c.space_id = m.space_id AND c.split_from_id = m.id AND c.type_code = $2) AS units
          FROM {_WHOLE}
          JOIN mission m ON m.space_id = $1 AND m.type_code = t.code
         WHERE m.agreement_id IS NOT NULL AND m.status NOT IN ('returned', 'closed')
         UNION ALL
        SELECT agreement_id, whole_place, whole_id, count(DISTINCT place) FROM alone
         WHERE whole_id IS NOT NULL AND place IS DISTINCT FROM $3 GROUP BY 1, 2, 3
    ), wholes AS (
        SELECT agreement_id, place, whole_id, sum(units) AS units FROM within
         WHERE place IS DISTINCT FROM $3 GROUP BY 1, 2, 3
    ), places AS (
        SELECT agreement_id, place, max(units) AS units FROM wholes GROUP BY 1, 2
    )
    SELECT agreement_id, sum(under_way)::int AS under_way, sum(promised)::int AS promised
      FROM (SELECT agreement_id, count(DISTINCT place) AS under_way, 0 AS promised FROM alone
             WHERE whole_id IS NULL AND place IS DISTINCT FROM $3 GROUP BY 1
             UNION ALL
            SELECT agreement_id, units, 0 FROM places
             UNION ALL
            SELECT l.agreement_id, 0, CASE WHEN o.status = 'accepted' THEN l.accepted_quantity ELSE l.quantity END
              FROM offer_line l
              JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
             WHERE o.space_id = $1 AND l.type_code = $2 AND l.agreement_id IS NOT NULL
               AND o.status IN ('offered', 'provisional', 'accepted') AND NOT l.committed
             UNION ALL
            SELECT l.agreement_id, 0, p.quantity * CASE WHEN o.status = 'accepted' THEN l.accepted_quantity ELSE l.quantity END
              FROM {_WHOLE}
              JOIN offer_line l ON l.space_id = $1 AND l.type_code = t.code AND NOT l.committed
              JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
             WHERE l.agreement_id IS NOT NULL AND o.status IN ('offered', 'provisional', 'accepted')) used
     GROUP BY agreement_id
"""  # noqa: S608 - constants of this module


_WORDS: Final = """
    SELECT DISTINCT ON (member_id) id, member_id, word, reason, note, said_at, said_by_id, until_at FROM lender_word
     WHERE space_id = $1 AND status = 'standing' AND (type_code = $2 OR type_code IS NULL)
       AND ($3::uuid IS NULL OR member_id = $3)
     ORDER BY member_id, type_code NULLS LAST
"""
_COUNTING: Final = """
    SELECT a.id, v.version, v.in_force_at FROM agreement a
      JOIN agreement_version v ON v.space_id = a.space_id AND v.agreement_id = a.id AND v.version = a.version
     WHERE a.space_id = $1 AND a.id = ANY($2) AND v.in_force_at IS NOT NULL
"""
_VERSION: Final = """
    SELECT terms::text FROM agreement_version WHERE space_id = $1 AND agreement_id = $2 AND version = $3
"""


async def agreed(
    conn: asyncpg.Connection[Any], space: str, *, lock: bool = False
) -> list[tuple[AgreementFacts, Terms]]:
    """Return the agreements that everybody knows of and nobody has terminated, each with its present terms.

    ``lock`` keeps them as they are until the transaction ends, without standing in the way of others who only read.
    """
    if lock:
        await conn.execute(_TURN_SHARED, space)
        await conn.execute(_LOCK_FIRST, space)
    rows = await conn.fetch(_AGREED + _SHARED if lock else _AGREED, space)
    return [(_facts(row), _terms(row["terms"])) for row in rows]


async def cited(
    conn: asyncpg.Connection[Any], space: str, versions: Collection[tuple[UUID, int]], *, lock: bool = False
) -> dict[tuple[UUID, int], tuple[AgreementFacts, Terms]]:
    """Return the versions that help was promised under, each with the state that its agreement has now, whichever it is.

    ``lock`` keeps the agreements as they are, as ``agreed`` does.
    """
    if not versions:
        return {}
    if lock:
        await conn.execute(_TURN_SHARED, space)
    ids, numbers = zip(*sorted(versions), strict=True)
    rows = await conn.fetch(_CITED + _SHARED if lock else _CITED, space, list(ids), list(numbers))
    return {(row["id"], row["version"]): (_facts(row), _terms(row["terms"])) for row in rows}


async def counting(
    conn: asyncpg.Connection[Any], space: str, agreements: Collection[UUID]
) -> dict[UUID, tuple[int, datetime]]:
    """Return which version of each agreement counts now, or counted last, and since when."""
    rows = await conn.fetch(_COUNTING, space, list(agreements)) if agreements else []
    return {row["id"]: (row["version"], row["in_force_at"]) for row in rows}


async def take_turn(conn: asyncpg.Connection[Any], space: str) -> None:
    """Wait until nobody is being checked against the agreements: before one of them is locked to be changed."""
    await conn.execute(_TURN, space)


async def stock_of(conn: asyncpg.Connection[Any], space: str, lender: UUID, type_code: str) -> Stock:
    """Return what the lender has of a type. Commands hold ``lock_stock`` while they count with it."""
    row = await conn.fetchrow(_STOCK, space, type_code, lender)
    word = (await words_about(conn, space, type_code, lender)).get(lender)
    return replace(Stock(0, 0) if row is None else _stock(row), word=word)


async def stocks_of(conn: asyncpg.Connection[Any], space: str, type_code: str) -> dict[UUID, Stock]:
    """Return what each lender has of a type; who has and promises none is not in it."""
    rows = await conn.fetch(_STOCKS, space, type_code)
    found = {row["lender_id"]: _stock(row) for row in rows}
    for lender, word in (await words_about(conn, space, type_code)).items():
        found[lender] = replace(found.get(lender, Stock(0, 0)), word=word)
    return found


async def words_about(
    conn: asyncpg.Connection[Any], space: str, type_code: str, lender: UUID | None = None
) -> dict[UUID, Word]:
    """Return what each lender itself says about a type; what it says about the type goes before what it says about all."""
    rows = await conn.fetch(_WORDS, space, type_code, lender)
    return {
        row["member_id"]: Word(
            id=row["id"],
            can=row["word"] == "can",
            until=row["until_at"],
            said_at=row["said_at"],
            reason=row["reason"],
            note=row["note"],
            said_by=row["said_by_id"],
        )
        for row in rows
    }


async def uses_of(
    conn: asyncpg.Connection[Any], space: str, type_code: str, *, without: UUID | None = None
) -> dict[UUID, Use]:
    """Return how much of a type runs under each agreement; one that nothing of it runs under is not there.

    Commands hold ``lock_cap`` while they count with it. ``without`` leaves out the place in its line of the mission of that id.
    """
    rows = await conn.fetch(_USES, space, type_code, without)
    return {row["agreement_id"]: Use(row["under_way"], row["promised"]) for row in rows}


async def response_of(
    conn: asyncpg.Connection[Any], space: str, agreement_id: UUID, version: int
) -> tuple[ResponseCommitment, ...]:
    """Return what a version of an agreement promises about the response."""
    content = await conn.fetchval(_VERSION, space, agreement_id, version)
    return _terms(content).response


def _stock(row: asyncpg.Record) -> Stock:
    homes = dict(zip(row["units"] or (), zip(row["lons"] or (), row["lats"] or (), strict=True), strict=True))
    return Stock(row["available"], row["promised"], homes)


@lru_cache(maxsize=512)
def _terms(content: str) -> Terms:
    """Read terms as they are stored; versions that anybody is checked against never change."""
    return read_terms(orjson.loads(content))


def _facts(row: asyncpg.Record) -> AgreementFacts:
    return AgreementFacts(
        id=row["id"],
        code=row["code"],
        version=row["version"],
        status=row["status"],
        precedence=row["precedence"],
        lenders=frozenset(row["lenders"]),
        borrowers=frozenset(row["borrowers"]),
        effective_at=row["effective_at"],
        expires_at=row["expires_at"],
        terminates_at=row["terminates_at"],
        review_at=row["review_at"],
    )
