"""What help costs, as agreements, offers and candidates show it."""

from __future__ import annotations

from app.domain.money import Amount, Currency
from app.queries.models import ReadModel


class ItemRateView(ReadModel):
    """What one unit of something costs."""

    item: str
    rate: Amount
    type: str | None = None
    """Only for resources of this type; null: for all others."""
    consumable: str | None = None
    unit: str | None = None
    """What a consumable is counted in."""


class DisputesView(ReadModel):
    """What happens where the two sides do not agree on a line."""

    answer_within_days: int | None = None
    settled_by: str = ""
    """Who decides in the end."""


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
