"""Exchange rates: entered by whoever does the accounts, with their source. Nothing is fetched from anywhere."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from sqlmodel import col

from app.commands.registry import Act, handles
from app.domain.cost_terms import RATE_DAYS
from app.domain.errors import Conflict, Duplicate, FieldError, OutOfRange
from app.domain.forms import ShortText
from app.domain.ids import new_id
from app.domain.money import Currency, Rate
from app.store.tables import ExchangeRate

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork


class EnterExchangeRate(Act):
    """Write down of how much `quote` one `base` was worth on a day. Whoever entered it may correct it."""

    base: Currency
    quote: Currency
    rate: Rate
    day: Annotated[date, Field(strict=False)]
    source: ShortText
    """Where it is published: so that the other side can look it up."""


@handles(EnterExchangeRate)
async def enter_exchange_rate(uow: UnitOfWork, cmd: EnterExchangeRate) -> None:
    """Record ``exchange_rate.entered``, or ``exchange_rate.corrected``, for the corridor. Claims keep the rate they were submitted by.

    Statements that could not be converted for want of it are completed at once. Waits for statements that are being made.

    Raises:
        OutOfRange: one currency against itself, or a day that has not begun.
        Duplicate: another member entered that day's rate.
    """
    uow.authorise()
    member = uow.actor.member_id
    if member is None:
        message = "the service itself does no accounts"
        raise RuntimeError(message)
    if cmd.base == cmd.quote:
        raise _wrong("/quote", "A currency is worth itself; name two.")
    if cmd.day > (uow.now + timedelta(days=1)).date():
        raise _wrong("/day", "That day has not begun.")
    await uow.raw.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{uow.space}/rates")
    known = await uow.lock_where(
        ExchangeRate,
        col(ExchangeRate.base) == cmd.base,
        col(ExchangeRate.quote) == cmd.quote,
        col(ExchangeRate.day) == cmd.day,
    )
    if known and known[0].entered_by_member_id != member:
        detail = f"That day's rate was entered by another member: {known[0].rate} ({known[0].source})."
        hint = "Use that one, or have its member correct it."
        raise Duplicate(detail, extra={"current": known[0].state()}, hint=hint)
    if known:
        known[0].rate, known[0].source, known[0].entered_by_id = cmd.rate, cmd.source, uow.actor.id
        uow.revise(known[0])
        uow.record("exchange_rate.corrected", known[0])
        return
    row = uow.add(
        ExchangeRate(
            space_id=uow.space,
            id=new_id(),
            base=cmd.base,
            quote=cmd.quote,
            rate=cmd.rate,
            day=cmd.day,
            source=cmd.source,
            entered_by_member_id=member,
            entered_by_id=uow.actor.id,
        )
    )
    uow.record("exchange_rate.entered", row)
    uow.later("complete_statements", uow.now, row.id)


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
    return Conflict(detail, extra={"base": base, "quote": quote, "day": day}, hint=hint)


def _wrong(pointer: str, detail: str) -> OutOfRange:
    return OutOfRange(detail, errors=[FieldError(pointer, OutOfRange.slug, detail)])
