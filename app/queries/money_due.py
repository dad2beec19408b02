"""What waits too long where money is concerned: what a member has to do, or wait for, with the time that is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from uuid import UUID

from app.domain.cost_terms import CLAIM_DAYS
from app.domain.money import Amount
from app.queries.costs import WENT_UNDER
from app.queries.lists import Where, fetch
from app.queries.models import ReadModel

if TYPE_CHECKING:
    import asyncpg

DueKind: TypeAlias = Literal["payment_overdue", "answer_overdue", "claim_time_over", "rate_missing"]

REMEMBERED: Final = timedelta(days=90)
"""How long it is told that the time to claim is over: whoever has not claimed by then has let it be."""

# $1 space, $2 viewer (null: everything), $3 now, $4 until when the time to claim is remembered.
_ALL: Final = f"""
    WITH own AS (
        SELECT c.* FROM claim c WHERE c.space_id = $1 AND c.status IN ('submitted', 'disputed', 'verified')
           AND ($2::uuid IS NULL OR $2 IN (c.lender_id, c.requester_id))
    ), due AS (
        SELECT c.id, 'payment_overdue' AS kind, c.pay_by AS due_at, c.requester_id AS by_member_id, c.lender_id AS for_member_id,
               c.id AS claim_id, NULL::uuid AS statement_id, NULL::uuid AS mission_id, c.ref, c.agreed AS amount, c.currency
          FROM own c WHERE c.overdue
        UNION ALL
        SELECT l.id, 'answer_overdue', l.answer_by, c.lender_id, c.requester_id, c.id, NULL, l.mission_id, c.ref, l.agreed, c.currency
          FROM own c JOIN claim_line l ON l.space_id = c.space_id AND l.claim_id = c.id
         WHERE l.dispute = 'raised' AND l.answer_by <= $3
        UNION ALL
        SELECT c.id, 'claim_time_over', c.claim_by, c.lender_id, c.requester_id, c.id, NULL, NULL, c.ref, c.agreed, c.currency
          FROM claim c WHERE c.space_id = $1 AND c.status = 'draft' AND ($2::uuid IS NULL OR c.lender_id = $2)
           AND c.claim_by <= $3 AND c.claim_by > $4
        UNION ALL
        SELECT w.id, 'claim_time_over', w.claim_by, w.lender_id, w.requester_id, NULL, NULL, w.id, w.call_sign, NULL, w.currency FROM (
            SELECT m.id, m.lender_id, m.requester_id, r.call_sign, coalesce(p.cost->>'currency', x.currency) AS currency,
                   m.home_at + make_interval(days => coalesce((p.cost->>'claim_within_days')::int, {CLAIM_DAYS})) AS claim_by
              FROM mission m
      {WENT_UNDER}
              JOIN member x ON x.space_id = m.space_id AND x.id = m.lender_id
              LEFT JOIN resource r ON r.space_id = m.space_id AND r.id = m.resource_id
             WHERE m.space_id = $1 AND ($2::uuid IS NULL OR m.lender_id = $2) AND m.kind <> 'day_to_day'
               AND m.status IN ('returned', 'closed') AND m.home_at <= $3
               AND p.cost->>'terms' <> 'free' AND jsonb_array_length(coalesce(p.cost->'rates', '[]'::jsonb)) > 0
               AND NOT EXISTS (SELECT FROM claim_mission k WHERE k.space_id = m.space_id AND k.mission_id = m.id)) w
         WHERE w.claim_by <= $3 AND w.claim_by > $4
        UNION ALL
        SELECT s.id, 'rate_missing', s.issued_at, v.by_id, CASE v.by_id WHEN s.member_a_id THEN s.member_b_id ELSE s.member_a_id END,
               NULL, s.id, NULL, to_char(s.month, 'YYYY-MM'), NULL, s.currency
          FROM statement s, LATERAL (SELECT coalesce($2::uuid, s.member_a_id) AS by_id) v
         WHERE s.space_id = $1 AND s.net IS NULL AND s.status <> 'replaced' AND v.by_id IN (s.member_a_id, s.member_b_id)
    )
    SELECT d.* FROM due d
"""  # noqa: S608 - a constant of ours


class MoneyDueView(ReadModel):
    """One matter of money whose time is over."""

    id: UUID
    """Of the claim, line, mission or statement that it is about."""
    kind: DueKind
    due_at: datetime
    """When the time was over; of a missing exchange rate: since when it is missing."""
    by_member_id: UUID
    """Whose turn it is: who pays, answers, claims, or may enter the exchange rate."""
    for_member_id: UUID
    """The other side, who waits for it."""
    claim_id: UUID | None
    statement_id: UUID | None
    mission_id: UUID | None
    """What it is about: a claim, a statement, or a mission that is in no claim."""
    ref: str | None
    """The claim's reference, the statement's month, or the unit's call sign."""
    amount: Amount | None
    currency: str


async def money_due(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    now: datetime,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[MoneyDueView]:
    """Return what the viewer's member has to do, or waits for, and whose time is over; what waits longest first."""
    where = Where(["true"], [space, viewer, now, now - REMEMBERED])
    if after is not None:
        where.add("(d.due_at, d.id) > ({}, {})", *after)
    rows = await fetch(conn, _ALL, where, order="d.due_at, d.id", limit=limit)
    return [MoneyDueView.model_validate(dict(row)) for row in rows]
