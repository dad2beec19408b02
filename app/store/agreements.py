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
# One statement, so that all counts are of one instant. {x} narrows it to a lender; both forms are constants of ours.
_COUNTED: Final = """
    SELECT lender_id, sum(available)::int AS available, sum(promised)::int AS promised
      FROM (SELECT r.member_id AS lender_id, 1 AS available, 0 AS promised
              FROM resource r
             WHERE r.space_id = $1 AND r.type_code = $2 {r} AND r.status = 'available' AND NOT r.retired
             UNION ALL
            SELECT o.lender_id, 0, CASE WHEN o.status = 'accepted' THEN l.accepted_quantity ELSE l.quantity END
              FROM offer_line l
              JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
             WHERE o.space_id = $1 AND l.type_code = $2 {o} AND o.status IN ('offered', 'provisional', 'accepted')
               AND l.resource_id IS NULL AND NOT l.committed
             UNION ALL
            SELECT m.lender_id, 0, 1
              FROM mission m
             WHERE m.space_id = $1 AND m.type_code = $2 {m} AND m.resource_id IS NULL
               AND m.status NOT IN ('returned', 'closed')) counted
     GROUP BY lender_id
"""
_STOCKS: Final = _COUNTED.format(r="", o="", m="")
_STOCK: Final = _COUNTED.format(r="AND r.member_id = $3", o="AND o.lender_id = $3", m="AND m.lender_id = $3")


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
    row = await conn.fetchrow(_STOCK, space, type_code, lender)
    return Stock(0, 0) if row is None else Stock(row["available"], row["promised"])


async def stocks_of(conn: asyncpg.Connection[Any], space: str, type_code: str) -> dict[UUID, Stock]:
    """Return what each lender has of a type; who has and promises none is not in it."""
    rows = await conn.fetch(_STOCKS, space, type_code)
    return {row["lender_id"]: Stock(row["available"], row["promised"]) for row in rows}


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
