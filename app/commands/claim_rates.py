"""Claims and the exchange rate they are converted by: converted anew while nobody has verified them, held up while it is contested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmodel import col

from app.commands.claims import agree, tell
from app.commands.rate_lookup import contested
from app.store.tables import Claim, ClaimLine, ExchangeRate

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork

UNVERIFIED = frozenset({"submitted", "disputed"})
"""States of a claim that has a rate, and that nobody has agreed to pay by it."""


async def convert_claims(uow: UnitOfWork, rate: ExchangeRate) -> None:
    """Convert by a rate that was corrected or settled what nobody has verified; record ``claim.converted`` of each. Locks the claims."""
    for claim in await uow.lock_where(
        Claim,
        col(Claim.currency) == rate.base,
        col(Claim.ledger_currency) == rate.quote,
        col(Claim.rate_date) == rate.day,
        col(Claim.status).in_(UNVERIFIED),
    ):
        if (claim.exchange_rate, claim.rate_source) != (rate.rate, rate.source):
            claim.exchange_rate, claim.rate_source = rate.rate, rate.source
            agree(claim, await uow.find(ClaimLine, col(ClaimLine.claim_id) == claim.id))
            tell(uow, "claim.converted", claim)


async def require_rate_agreed(uow: UnitOfWork, claim: Claim) -> None:
    """Refuse to bind a payer by a rate that somebody does not believe. The caller holds the claim.

    Raises:
        Conflict: with the rate as it stands.
    """
    found = await uow.find(
        ExchangeRate,
        col(ExchangeRate.base) == claim.currency,
        col(ExchangeRate.quote) == claim.ledger_currency,
        col(ExchangeRate.day) == claim.rate_date,
        col(ExchangeRate.status) == "contested",
    )
    if found:
        raise contested(found[0], claim)
