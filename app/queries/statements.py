"""Monthly statements, for the two members they are between."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.cost_terms import RATE_DAYS
from app.domain.errors import NotFound
from app.domain.money import Amount, Rate
from app.queries.lists import Where, decoded, fetch
from app.queries.models import ReadModel, Row
from app.queries.statement_lines import AUDIT, AUDITED, StatementLineView, audited

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

# Amounts leave JSON as text: as numbers they would be floats on the way.
_AS_TEXT: Final = ", ".join(
    f"'{name}', l.{name}::text" for name in ("hours", "person_hours", "kilometres", "amount", "ledger_amount")
)
_FIGURES: Final = "{0}.hours, {0}.person_hours, {0}.kilometres, {0}.currency, {0}.amount, {0}.ledger_amount"
_LISTED: Final = """
    SELECT s.*, (SELECT n.id FROM statement n WHERE n.space_id = s.space_id AND n.replaces_id = s.id) AS replaced_by_id,
           (SELECT count(*) FROM statement_line l WHERE l.space_id = s.space_id AND l.statement_id = s.id)::int AS line_count
      FROM statement s
"""
_WHOLE: Final = f"""
    SELECT w.*, (SELECT jsonb_build_object('a_owes', p.a_owes::text, 'b_owes', p.b_owes::text, 'net', p.net::text, 'payer_id', p.payer_id)
                   FROM statement p WHERE p.space_id = w.space_id AND p.id = w.replaces_id) AS before,
           (SELECT jsonb_agg(to_jsonb(l) || jsonb_build_object({_AS_TEXT}, 'before', (
                     SELECT jsonb_build_object({_AS_TEXT.replace("l.", "p.")}, 'currency', p.currency) FROM statement_line p
                      WHERE p.space_id = l.space_id AND p.statement_id = w.replaces_id AND p.mission_id = l.mission_id
                        AND ({_FIGURES.format("p")}) IS DISTINCT FROM ({_FIGURES.format("l")})))
                   || jsonb_build_object({AUDIT}) ORDER BY l.day, l.mission_id)
                   FROM statement_line l {AUDITED}
                  WHERE l.space_id = w.space_id AND l.statement_id = w.id) AS lines,
           (SELECT jsonb_build_object('base', l.currency, 'rate', x.rate::text, 'counter_rate', x.counter_rate::text)
              FROM statement_line l
              JOIN LATERAL (
                   SELECT * FROM exchange_rate r
                    WHERE r.space_id = l.space_id AND r.base = l.currency AND r.quote = w.currency AND r.day <= l.day AND r.day > l.day - {RATE_DAYS}
                    ORDER BY r.day DESC LIMIT 1) x ON x.status = 'contested'
             WHERE l.space_id = w.space_id AND l.statement_id = w.id AND l.currency <> w.currency AND l.amount > 0
             ORDER BY l.currency, l.day LIMIT 1) AS contested_rate
      FROM ({_LISTED}) w
"""  # noqa: S608 - constants of this module


class SumsBeforeView(ReadModel):
    """What the version before came to."""

    a_owes: Amount | None
    b_owes: Amount | None
    net: Amount | None
    payer_id: UUID | None


class ContestedRateView(ReadModel):
    """The two rates that are named for a day of a currency."""

    base: str
    rate: Rate
    counter_rate: Rate


class StatementBrief(Row):
    """A statement without its lines."""

    member_a_id: UUID
    member_b_id: UUID
    month: date
    """Its first day."""
    version: int
    """1, and one more each time that it was put right and issued anew."""
    replaces_id: UUID | None
    """The version before."""
    replaced_by_id: UUID | None
    """The version after; null: this is the one that counts."""
    status: str
    currency: str
    a_owes: Amount | None
    b_owes: Amount | None
    net: Amount | None
    """What is left to be paid when both are set off; null: an exchange rate is missing."""
    payer_id: UUID | None
    """Who pays it; null: nobody."""
    issued_at: datetime
    acknowledged_by_a_at: datetime | None
    acknowledged_by_b_at: datetime | None
    disputed_by_member_id: UUID | None
    dispute_reason: str | None
    disputed_mission_id: UUID | None
    answer: str | None
    """Why the other side says that all of a disputed one is right."""
    answered_at: datetime | None
    paid_at: datetime | None
    payment_reference: str | None
    line_count: int


class StatementView(StatementBrief):
    """A statement with its lines."""

    before: SumsBeforeView | None
    """What the version before came to; null of the first."""
    lines: tuple[StatementLineView, ...]
    contested_rate: ContestedRateView | None
    """One that it is converted by, and that somebody contests: until both agree on one, it is neither acknowledged nor paid."""


async def statement(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None) -> StatementView:
    """Return one statement.

    Raises:
        NotFound: there is none of that id in the space for these eyes.
    """
    where = _seen_by(viewer, space, "w").add("w.id = {}", id_)
    rows = await fetch(conn, _WHOLE, where, order="w.id", limit=1)
    if not rows:
        raise NotFound("statement", id_)
    found = decoded(rows[0], "lines", "before", "contested_rate")
    return StatementView.model_validate({**found, "lines": [audited(line) for line in found["lines"] or ()]})


async def statements(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    status: Sequence[str] = (),
    member: UUID | None = None,
    month: date | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[StatementBrief]:
    """Return statements, newest first; ``member`` is the other side."""
    where = _seen_by(viewer, space, "s").add_if(list(status), "s.status = ANY({})").add_if(month, "s.month = {}")
    where.add_if(member, "{} IN (s.member_a_id, s.member_b_id)")
    if before is not None:
        where.add("s.id < {}", before[0])
    rows = await fetch(conn, _LISTED, where, order="s.id DESC", limit=limit)
    return [StatementBrief.model_validate(dict(row)) for row in rows]


def _seen_by(viewer: UUID | None, space: str, of: str) -> Where:
    where = Where().add(f"{of}.space_id = {{}}", space)
    return where if viewer is None else where.add(f"{{}} IN ({of}.member_a_id, {of}.member_b_id)", viewer)
