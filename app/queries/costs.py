"""What help costs, as agreements, offers and candidates show it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from app.domain.forms import NO_LANGUAGE
from app.domain.money import Amount, Currency
from app.queries.models import ReadModel

WENT_UNDER: Final = """
      JOIN offer_line l ON l.space_id = m.space_id AND l.id = m.offer_line_id
      LEFT JOIN agreement_version v
        ON v.space_id = m.space_id AND v.agreement_id = m.agreement_id AND v.version = m.agreement_version
     CROSS JOIN LATERAL (SELECT CASE WHEN (m.agreement_id, m.agreement_version) IS NOT DISTINCT FROM (l.agreement_id, l.agreement_version)
                                     THEN l.cost ELSE v.terms -> 'cost' END AS cost) p
"""
"""Joins to ``mission m`` the terms that it is billed by (``p.cost``): its offer's, or those of the paper that it went under instead; null
where that names none. As ``app.commands.claim_billing.costs_of`` says it."""


class ItemRateView(ReadModel):
    """What one unit of something costs."""

    item: str
    rate: Amount
    type: str | None = None
    """Only for resources of this type; null: for all others."""
    consumable: str | None = None
    unit: str | None = None
    """What a consumable is counted in."""


def _by_language(told: Any) -> Any:
    """Read a text of before there was one per language."""
    return ({NO_LANGUAGE: told} if told else {}) if isinstance(told, str) else told


class DisputesView(ReadModel):
    """What happens where the two sides do not agree on a line."""

    answer_within_days: int | None = None
    settled_by: Annotated[dict[str, str], BeforeValidator(_by_language)] = {}  # noqa: RUF012 - pydantic copies it
    """Who decides in the end, by language; `und`: nobody said in which."""


class CostView(ReadModel):
    """Who pays."""

    terms: str
    hours: int | None = None
    """Free for so many hours, with `free_for_hours` alone: the same share of everything is free."""
    currency: str | None = None
    """What is claimed in; null: the lender's own currency."""
    rate_date: str = "home"
    """Which day's exchange rate counts."""
    rates: tuple[ItemRateView, ...] = ()
    """What can be claimed; anything else can't."""
    claim_within_days: int | None = None
    pay_within_days: int | None = None
    disputes: DisputesView | None = None


class YearlyCostView(ReadModel):
    """The most that help may cost in a calendar year."""

    amount: Amount
    currency: Currency


class EstimateView(ReadModel):
    """What help is expected to cost. It binds nobody."""

    amount: Amount
    """Of all units of the line."""
    currency: Currency
    hours: Amount
    """How long each unit is taken to be away."""
    kilometres: Amount
    """The road there and back, of each."""
    crew: int
