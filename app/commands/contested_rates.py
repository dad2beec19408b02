"""Exchange rates that another member does not believe: contested with a reason, and settled when both agree on one.

A rate is one member's word, and money of others hangs on it: nothing is verified or paid by a rate that is contested, whoever contests it.
What two have agreed on binds these two. A third that owes, or is owed, by that rate may contest it anew.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.commands.claim_rates import UNVERIFIED, convert_claims
from app.commands.rate_lookup import hold_rates
from app.commands.registry import Act, handles
from app.commands.statement_rates import convert_anew
from app.domain.because import because
from app.domain.cost_terms import RATE_DAYS
from app.domain.errors import FieldError, OutOfRange
from app.domain.forms import Note, ShortText
from app.domain.lifecycle import machine
from app.domain.money import Rate
from app.store.tables import ExchangeRate, Member

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork

_USES = """
    SELECT EXISTS (SELECT FROM claim c
                    WHERE c.space_id = $1 AND c.currency = $2 AND c.ledger_currency = $3 AND c.rate_date = $4
                      AND c.status = ANY($7) AND $6 IN (c.lender_id, c.requester_id))
        OR EXISTS (SELECT FROM statement s JOIN statement_line l ON l.space_id = s.space_id AND l.statement_id = s.id
                    WHERE s.space_id = $1 AND s.status IN ('issued', 'disputed', 'answered') AND l.currency = $2 AND s.currency = $3
                      AND l.day >= $4 AND l.day < $5 AND $6 IN (s.member_a_id, s.member_b_id))
"""


class ContestExchangeRate(Act):
    """Say that the rate was otherwise that day, why, and by which source."""

    reason: Note
    rate: Rate
    """What it was."""
    source: ShortText
    """Where that is published: so that the other side can look it up."""


class AgreeToExchangeRate(Act):
    """Settle a contested rate by the other side's word: whoever entered it takes the rate named against it, whoever contests it the one entered."""


@handles(ContestExchangeRate)
async def contest_exchange_rate(uow: UnitOfWork, cmd: ContestExchangeRate) -> None:
    """Record ``exchange_rate.contested`` for the corridor. Waits for claims that are being submitted; locks the rate.

    Raises:
        TransitionNotAllowed: it is contested; or was settled, with this member or with nothing of this member's converted by it.
        OutOfRange: the same rate.
    """
    seen = await uow.get(ExchangeRate, uow.require_target())
    members = {member.id for member in await uow.find(Member)}
    uow.authorise({"other_member": members - {seen.entered_by_member_id}})
    await hold_rates(uow)
    rate = await uow.lock_target(ExchangeRate)
    rate.status = machine("exchange_rate").next(rate.status, "contest", {"unbound": await _unbound(uow, rate)})
    if cmd.rate == rate.rate:
        detail = f"That is the rate that was entered: {rate.rate}."
        error = FieldError("/rate", OutOfRange.slug, detail)
        raise OutOfRange(detail, errors=[error], extra=because("same_rate", rate=str(rate.rate)))
    rate.contested_by_member_id, rate.contested_at = uow.actor.member_id, uow.now
    rate.contest_reason, rate.counter_rate, rate.counter_source = cmd.reason, cmd.rate, cmd.source
    uow.record("exchange_rate.contested", rate)


@handles(AgreeToExchangeRate)
async def agree_to_exchange_rate(uow: UnitOfWork, _cmd: AgreeToExchangeRate) -> None:
    """Record ``exchange_rate.settled`` for the corridor, ``claim.converted`` for the two members of each claim that nobody has verified, and
    ``statement.converted`` for those of each statement that not both have acknowledged.

    Waits for claims that are being submitted; locks the rate, then the claims, then the statements and their lines.

    Raises:
        TransitionNotAllowed: it is not contested.
    """
    seen = await uow.get(ExchangeRate, uow.require_target())
    sides = {seen.entered_by_member_id, *([seen.contested_by_member_id] if seen.contested_by_member_id else [])}
    uow.authorise({"disputant": sides})
    await hold_rates(uow)
    rate = await uow.lock_target(ExchangeRate)
    rate.status = machine("exchange_rate").next(rate.status, "settle")
    if (
        uow.actor.member_id == rate.entered_by_member_id
        and rate.counter_rate is not None
        and rate.counter_source is not None
    ):
        rate.rate, rate.source = rate.counter_rate, rate.counter_source
    uow.record("exchange_rate.settled", rate)
    await convert_claims(uow, rate)
    await convert_anew(uow, rate)


async def _unbound(uow: UnitOfWork, rate: ExchangeRate) -> bool:
    """Return whether the actor's member owes, or is owed, by a rate that it was no side of settling, and has not agreed to the sum."""
    own = uow.actor.member_id
    if own in {rate.entered_by_member_id, rate.contested_by_member_id}:
        return False
    until = rate.day + timedelta(days=RATE_DAYS)
    uses: bool = await uow.raw.fetchval(
        _USES, uow.space, rate.base, rate.quote, rate.day, until, own, sorted(UNVERIFIED)
    )
    return uses
