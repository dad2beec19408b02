"""Exchange rates that were entered, with who did and from what source."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.money import Rate
from app.queries.lists import Where, fetch
from app.queries.models import Row

if TYPE_CHECKING:
    import asyncpg


class ExchangeRateView(Row):
    """Of how much `quote` one `base` was worth on a day."""

    base: str
    quote: str
    rate: Rate
    day: date
    source: str
    entered_by_member_id: UUID


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
