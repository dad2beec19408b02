"""What the check of an agreement rests on, read in one way for commands (which lock) and queries (which do not)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.domain.agreements import AgreementFacts, Stock, Terms

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg

_AGREED: Final = """
    SELECT a.id, a.code, a.version, a.status, v.precedence, v.lenders, v.borrowers, v.effective_at, v.expires_at, v.terms
      FROM agreement a
      JOIN agreement_version v
        ON v.space_id = a.space_id AND v.agreement_id = a.id AND v.version = a.version
     WHERE a.space_id = $1 AND a.status IN ('proposed', 'in_force', 'suspended', 'expired')
     ORDER BY a.id
"""
_SHARED: Final = f"{_AGREED} FOR SHARE OF a"

# Named units are reserved, and so are not among the available: only what was promised without a name is counted beside.
# What was accepted in part is promised in that part; what a phone call sent is away before anybody names the unit.
# One statement, so that both counts are of one instant.
_STOCK: Final = """
    SELECT (SELECT count(*) FROM resource r
             WHERE r.space_id = $1 AND r.member_id = $2 AND r.type_code = $3
               AND r.status = 'available' AND NOT r.retired)::int AS available,
           (SELECT coalesce(sum(CASE WHEN o.status = 'accepted' THEN l.accepted_quantity ELSE l.quantity END), 0)
              FROM offer_line l
              JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
             WHERE o.space_id = $1 AND o.lender_id = $2 AND o.status IN ('offered', 'provisional', 'accepted')
               AND l.type_code = $3 AND l.resource_id IS NULL AND NOT l.committed)::int
           + (SELECT count(*) FROM mission m
               WHERE m.space_id = $1 AND m.lender_id = $2 AND m.type_code = $3 AND m.resource_id IS NULL
                 AND m.status NOT IN ('returned', 'closed'))::int AS promised
"""


async def agreed(
    conn: asyncpg.Connection[Any], space: str, *, lock: bool = False
) -> list[tuple[AgreementFacts, Terms]]:
    """Return the agreements that everybody knows of and nobody has terminated, each with its present terms.

    ``lock`` keeps them as they are until the transaction ends, without standing in the way of others who only read.
    """
    rows = await conn.fetch(_SHARED if lock else _AGREED, space)
    return [(_facts(row), Terms.model_validate(row["terms"])) for row in rows]


async def stock_of(conn: asyncpg.Connection[Any], space: str, lender: UUID, type_code: str) -> Stock:
    """Return what the lender has of a type. Commands hold ``lock_stock`` while they count with it."""
    row = await conn.fetchrow(_STOCK, space, lender, type_code)
    return Stock(0, 0) if row is None else Stock(row["available"], row["promised"])


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
    )
