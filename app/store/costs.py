"""What the yearly cap of an agreement is held against: what was claimed this year, what is out, what is promised."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from app.domain.money import rounded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal
    from uuid import UUID

    import asyncpg

    from app.domain.agreement_terms import Terms
    from app.domain.agreements import AgreementFacts

# A mission counts with what was claimed or stated for it and is not given up; until then with what was estimated for it when
# it was offered, and what is still only promised likewise: in the present year, for nobody knows when it will be needed, and the old year's promises
# are still open at New Year. What never left costs nothing; what was split off a formation is in
# the formation's estimate until it is claimed for itself. A year is a calendar year in UTC.
_SPENT: Final = """
    SELECT coalesce(sum(amount), 0) FROM (
        SELECT (l.estimate->>'amount')::numeric / l.quantity
               * CASE WHEN o.status = 'accepted' THEN l.accepted_quantity ELSE l.quantity END AS amount
          FROM offer_line l
          JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
         WHERE l.space_id = $1 AND l.agreement_id = $2 AND l.estimate->>'currency' = $3 AND NOT l.committed
           AND o.status IN ('offered', 'provisional', 'accepted')
        UNION ALL
        SELECT (l.estimate->>'amount')::numeric / l.quantity
          FROM mission m
          JOIN offer_line l ON l.space_id = m.space_id AND l.id = m.offer_line_id
         WHERE m.space_id = $1 AND m.agreement_id = $2 AND l.estimate->>'currency' = $3
           AND m.split_from_id IS NULL
           AND NOT (m.mobilised_at IS NULL
                    AND m.status IN ('stood_down', 'recalled', 'aborted', 'returning', 'returned', 'closed'))
           AND (m.mobilised_at IS NULL OR m.mobilised_at >= $4 AND m.mobilised_at < $5)
           AND NOT EXISTS (SELECT FROM claim_mission k JOIN claim c ON c.space_id = k.space_id AND c.id = k.claim_id
                            WHERE k.space_id = m.space_id AND k.mission_id = m.id AND c.status <> 'draft')
           AND NOT EXISTS (SELECT FROM statement_line s WHERE s.space_id = m.space_id AND s.mission_id = m.id)
        UNION ALL
        SELECT x.agreed
          FROM claim_line x
          JOIN claim c ON c.space_id = x.space_id AND c.id = x.claim_id
          JOIN claim_mission k ON k.space_id = x.space_id AND k.mission_id = x.mission_id
          JOIN mission m ON m.space_id = x.space_id AND m.id = x.mission_id
         WHERE x.space_id = $1 AND k.agreement_id = $2 AND c.currency = $3 AND c.status <> 'draft'
           AND coalesce(m.mobilised_at, m.status_at) >= $4 AND coalesce(m.mobilised_at, m.status_at) < $5
        UNION ALL
        SELECT s.amount
          FROM statement_line s
          JOIN mission m ON m.space_id = s.space_id AND m.id = s.mission_id
         WHERE s.space_id = $1 AND s.agreement_id = $2 AND s.currency = $3 AND NOT s.replaced
           AND coalesce(m.mobilised_at, m.status_at) >= $4 AND coalesce(m.mobilised_at, m.status_at) < $5) counted
"""
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"


async def spent(conn: asyncpg.Connection[Any], space: str, agreement: UUID, currency: str, at: datetime) -> Decimal:
    """Return what the calendar year of ``at`` has cost under an agreement until now, promises included."""
    start = datetime(at.year, 1, 1, tzinfo=UTC)
    until = datetime(at.year + 1, 1, 1, tzinfo=UTC)
    found: Decimal = await conn.fetchval(_SPENT, space, agreement, currency, start, until)
    return rounded(found, currency)


async def with_spent(
    conn: asyncpg.Connection[Any],
    space: str,
    known: Sequence[tuple[AgreementFacts, Terms]],
    at: datetime,
    *,
    lock: Callable[[AgreementFacts, Terms], bool] = lambda _facts, _terms: False,
) -> list[tuple[AgreementFacts, Terms]]:
    """Return the agreements, those with a yearly cap with what they have cost.

    ``lock`` says of which of them others who count under the same cap are kept waiting until the transaction ends; they are locked in
    the order of the agreements.
    """
    counted: list[tuple[AgreementFacts, Terms]] = []
    for facts, terms in known:
        cap = terms.yearly_cost
        if cap is None:
            counted.append((facts, terms))
            continue
        if lock(facts, terms):
            await conn.execute(_LOCK, f"{space}/yearly_cost/{facts.id}")
        year = await spent(conn, space, facts.id, cap.currency, at)
        counted.append((replace(facts, spent=year), terms))
    return counted
