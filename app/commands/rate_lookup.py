"""Which exchange rate counts for a day, and who waits for whom: a rate is not changed while something is converted by it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlmodel import col

from app.domain.because import because
from app.domain.cost_terms import RATE_DAYS
from app.domain.errors import Conflict
from app.store.tables import ExchangeRate

if TYPE_CHECKING:
    from datetime import date

    from app.store.tables import Claim, Statement
    from app.store.unit_of_work import UnitOfWork


async def hold_rates(uow: UnitOfWork) -> None:
    """Have nobody convert by a rate until this transaction ends: it changes one. Waits for those who do."""
    await uow.raw.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{uow.space}/rates")


async def keep_rates(uow: UnitOfWork) -> None:
    """Have nobody enter a rate until this transaction ends: what it could not convert is completed when one is entered."""
    await uow.raw.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", f"{uow.space}/rates")


async def rate_on(uow: UnitOfWork, base: str, quote: str, day: date) -> ExchangeRate | None:
    """Return the rate of a day, or the last one of the ``RATE_DAYS`` before it; None where nobody has entered any."""
    known = await uow.find(
        ExchangeRate,
        col(ExchangeRate.base) == base,
        col(ExchangeRate.quote) == quote,
        col(ExchangeRate.day) <= day,
        col(ExchangeRate.day) > day - timedelta(days=RATE_DAYS),
    )
    return max(known, key=lambda row: row.day, default=None)


def no_rate(base: str, quote: str, day: date) -> Conflict:
    """Build the refusal of what can't be converted."""
    detail = f"No exchange rate from {base} to {quote} is known for {day.isoformat()} or the {RATE_DAYS} days before."
    hint = "Have the finance of any member enter the rate, with its source, first."
    return Conflict(
        detail,
        extra={
            **because("no_exchange_rate", currency=base, into=quote, day=day.isoformat()),
            "base": base,
            "quote": quote,
            "day": day,
        },
        hint=hint,
    )


def contested(rate: ExchangeRate, of: Claim | Statement) -> Conflict:
    """Build the refusal to agree to, or pay, a sum that rests on a rate that somebody does not believe."""
    detail = f"The exchange rate that it is converted by, {rate.rate}, is contested: {rate.counter_rate} is named against it."
    hint = "Let whoever entered it or whoever contests it agree to the other's rate first."
    told = because("rate_contested", rate=str(rate.rate), counter_rate=str(rate.counter_rate))
    return Conflict(detail, extra={**told, "exchange_rate": rate.state(), "current": of.state()}, hint=hint)
