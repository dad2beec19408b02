"""Exchange rates: entered by whoever does the accounts, with their source. Nothing is fetched from anywhere."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field
from sqlmodel import col

from app.commands.claim_rates import convert_claims
from app.commands.rate_lookup import hold_rates
from app.commands.registry import Act, handles
from app.commands.statement_rates import convert_anew
from app.domain.because import because
from app.domain.currencies import require_currency
from app.domain.errors import Conflict, Duplicate, FieldError, OutOfRange
from app.domain.forms import ShortText
from app.domain.ids import new_id
from app.domain.money import Currency, Rate
from app.store.tables import ExchangeRate

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork

SETTLED: Final = "settled"
"""Where both sides have agreed on a rate: it is not corrected any more by one of them."""
PLAUSIBLE: Final = Decimal("0.2")
"""By how much of the last rate known a new one may differ unremarked: this project's working figure. Beyond it, a slip of the point is likely."""

_LAST: Final = """
    SELECT rate, day FROM exchange_rate
     WHERE space_id = $1 AND base = $2 AND quote = $3 AND (base, quote, day) IS DISTINCT FROM ($4, $5, $6::date)
     ORDER BY day DESC LIMIT 1
"""


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
    """Record ``exchange_rate.entered``, or ``exchange_rate.corrected``, for the corridor.

    Statements that could not be converted for want of it are completed at once. A correction reaches what nobody has agreed to pay:
    ``claim.converted`` of each claim that is not verified, ``statement.converted`` of each statement that not both have acknowledged.
    Waits for what is being converted; locks the rate, then those claims, then those statements and their lines.

    Raises:
        OutOfRange: no currency, one currency against itself, or a day that has not begun.
        Duplicate: another member entered that day's rate.
        Conflict: it was contested, and both have agreed on it.
    """
    uow.authorise()
    member = uow.actor.member_id
    if member is None:
        message = "the service itself does no accounts"
        raise RuntimeError(message)
    require_currency(cmd.base, pointer="/base")
    require_currency(cmd.quote, pointer="/quote")
    if cmd.base == cmd.quote:
        raise _wrong("/quote", "A currency is worth itself; name two.")
    if cmd.day > (uow.now + timedelta(days=1)).date():
        raise _wrong("/day", "That day has not begun.")
    await hold_rates(uow)
    known = await uow.lock_where(
        ExchangeRate,
        col(ExchangeRate.base) == cmd.base,
        col(ExchangeRate.quote) == cmd.quote,
        col(ExchangeRate.day) == cmd.day,
    )
    if known and known[0].entered_by_member_id != member:
        detail = f"That day's rate was entered by another member: {known[0].rate} ({known[0].source})."
        hint = "Use that one, or contest it."
        raise Duplicate(
            detail,
            extra={
                **because("rate_of_another", rate=str(known[0].rate), source=known[0].source),
                "current": known[0].state(),
            },
            hint=hint,
        )
    if known:
        if known[0].status == SETTLED:
            detail = f"Both sides have agreed on that day's rate: {known[0].rate}."
            raise Conflict(detail, extra={**because("rate_settled"), "current": known[0].state()})
        known[0].rate, known[0].source, known[0].entered_by_id = cmd.rate, cmd.source, uow.actor.id
        uow.revise(known[0])
        uow.record("exchange_rate.corrected", known[0])
        await _warn_implausible(uow, cmd)
        await convert_claims(uow, known[0])
        await convert_anew(uow, known[0])
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
    await _warn_implausible(uow, cmd)
    uow.later("complete_statements", uow.now, row.id)


async def _warn_implausible(uow: UnitOfWork, cmd: EnterExchangeRate) -> None:
    """Warn of a rate that is far from the last one of the pair, or from the other way round of the opposite pair's."""
    for base, quote in ((cmd.base, cmd.quote), (cmd.quote, cmd.base)):
        last = await uow.raw.fetchrow(_LAST, uow.space, base, quote, cmd.base, cmd.quote, cmd.day)
        if last is None:
            continue
        before: Decimal = last["rate"] if base == cmd.base else 1 / last["rate"]
        if abs(cmd.rate - before) > before * PLAUSIBLE:
            figures = {
                "rate": str(cmd.rate),
                "last": f"{before:.4g}" if before < 1 else f"{before:.4f}",
                "day": last["day"].isoformat(),
                "percent": int(PLAUSIBLE * 100),
            }
            detail = f"{cmd.rate} differs by more than {figures['percent']} % from {figures['last']}, the last one known ({figures['day']})."
            uow.warn("rate_implausible", detail, figures=figures)
            return


def _wrong(pointer: str, detail: str) -> OutOfRange:
    return OutOfRange(detail, errors=[FieldError(pointer, OutOfRange.slug, detail)])
