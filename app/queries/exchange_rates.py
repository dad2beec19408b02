"""Exchange rates that were entered, with who did and from what source."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.money import Rate
from app.queries.lists import Where, fetch
from app.queries.models import Row

if TYPE_CHECKING:
    import asyncpg


_OF_DAY: Final = "SELECT * FROM exchange_rate WHERE space_id = $1 AND base = $2 AND quote = $3 AND day = $4"


class ExchangeRateView(Row):
    """Of how much `quote` one `base` was worth on a day."""

    base: str
    quote: str
    rate: Rate
    day: date
    source: str
    entered_by_member_id: UUID
    status: str
    """`entered`; `contested` by another member; `settled`: both agreed on `rate`."""
    contested_by_member_id: UUID | None
    contested_at: datetime | None
    contest_reason: str | None
    counter_rate: Rate | None
    """What the member that contests it says that it was."""
    counter_source: str | None


async def rate_of_day(
    conn: asyncpg.Connection[Any], space: str, base: str, quote: str, day: date
) -> ExchangeRateView | None:
    """Return the rate of that very day; None where nobody has entered one."""
    row = await conn.fetchrow(_OF_DAY, space, base, quote, day)
    return None if row is None else ExchangeRateView.model_validate(dict(row))


async def exchange_rates(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    base: str | None = None,
    quote: str | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[ExchangeRateView]:
    """Return exchange rates, the last entered first."""
    where = Where().add("space_id = {}", space).add_if(base, "base = {}").add_if(quote, "quote = {}")
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM exchange_rate", where, order="id DESC", limit=limit)
    return [ExchangeRateView.model_validate(dict(row)) for row in rows]
