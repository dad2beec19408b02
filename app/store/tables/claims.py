"""Claims: the money of missions, line by line, with the exchange rates that they are converted by."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.domain.cost_terms import ITEMS
from app.domain.lifecycle import states
from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of


class ExchangeRate(Spaced, table=True):
    """Of how much ``quote`` one ``base`` was worth on a day, by whose word (``source``: the European Central Bank, a bank's note).

    Another member may contest it, with what it says the rate was (``counter_rate``, by ``counter_source``). Settled, ``rate`` is what both agree on.
    """

    __tablename__ = "exchange_rate"
    __table_args__ = (
        ref("entered_by_member_id", "member"),
        ref("contested_by_member_id", "member"),
        state_of("exchange_rate"),
        UniqueConstraint("space_id", "base", "quote", "day"),
        CheckConstraint(
            "status = 'entered' OR contested_by_member_id IS NOT NULL AND counter_rate > 0 AND contest_reason IS NOT NULL",
            name="contest",
        ),
        CheckConstraint("base <> quote", name="two_currencies"),
        CheckConstraint("rate > 0", name="rate"),
    )
    KIND: ClassVar[str] = "exchange_rate"

    base: str = Field(max_length=3)
    quote: str = Field(max_length=3)
    rate: Decimal = Field(sa_type=Numeric)
    day: date
    source: str
    entered_by_member_id: UUID
    entered_by_id: UUID | None = None
    status: str = "entered"
    contested_by_member_id: UUID | None = None
    contested_at: datetime | None = Field(default=None, sa_type=UtcTime)
    contest_reason: str | None = None
    counter_rate: Decimal | None = Field(default=None, sa_type=Numeric)
    counter_source: str | None = None


class Claim(Spaced, table=True):
    """What a lender asks a requester to pay.

    ``total`` is what the lines come to, ``agreed`` what is left of it by disputes and waivers, both in ``currency``. ``ledger_total``
    is ``agreed`` in the corridor's currency, at ``exchange_rate`` of ``rate_date`` by ``rate_source``; all four are empty until it
    is submitted, and the rate also where both are one currency.
    """

    __tablename__ = "claim"
    __table_args__ = (
        ref("lender_id", "member"),
        ref("requester_id", "member"),
        UniqueConstraint("space_id", "ref"),
        state_of("claim"),
        CheckConstraint("lender_id <> requester_id", name="two_members"),
        CheckConstraint("agreed BETWEEN 0 AND total", name="agreed"),
        Index(None, "space_id", "lender_id", "id"),
        Index(None, "space_id", "requester_id", "id"),
    )
    KIND: ClassVar[str] = "claim"

    ref: str
    lender_id: UUID
    requester_id: UUID
    status: str = "draft"
    currency: str = Field(max_length=3)
    total: Decimal = Field(sa_type=Numeric)
    agreed: Decimal = Field(sa_type=Numeric)
    ledger_currency: str = Field(max_length=3)
    ledger_total: Decimal | None = Field(default=None, sa_type=Numeric)
    exchange_rate: Decimal | None = Field(default=None, sa_type=Numeric)
    rate_date: date | None = None
    rate_source: str | None = None
    claim_by: datetime = Field(sa_type=UtcTime)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcTime)
    pay_by: datetime | None = Field(default=None, sa_type=UtcTime)
    overdue: bool = False
    verified_at: datetime | None = Field(default=None, sa_type=UtcTime)
    paid_at: datetime | None = Field(default=None, sa_type=UtcTime)
    payment_reference: str | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UtcTime)


class ClaimMission(Spaced, table=True):
    """A mission in a claim: in one only. ``cost`` are the terms it is claimed by, as they were offered and accepted."""

    __tablename__ = "claim_mission"
    __table_args__ = (
        ref("claim_id", "claim"),
        ref("mission_id", "mission"),
        ref("agreement_id", "agreement"),
        UniqueConstraint("space_id", "mission_id"),
        CheckConstraint("(agreement_id IS NULL) = (agreement_version IS NULL)", name="agreement"),
        Index(None, "space_id", "claim_id"),
    )
    KIND: ClassVar[str] = "claim_mission"

    claim_id: UUID
    mission_id: UUID
    agreement_id: UUID | None = None
    agreement_version: int | None = None
    cost: dict[str, Any] = Field(sa_type=JSONB)


class ClaimLine(Spaced, table=True):
    """One item of one mission: ``quantity`` = ``overlap`` (counted with the unit that was relieved) + ``free`` + ``billable``.

    ``why`` are {code, figures}. ``agreed`` is what both sides have come to; ``counter_amount`` what the requester would pay,
    ``answer_amount`` what the lender then still asks for.
    """

    __tablename__ = "claim_line"
    __table_args__ = (
        ref("claim_id", "claim"),
        ref("mission_id", "mission"),
        UniqueConstraint("space_id", "claim_id", "position"),
        one_of("item", ITEMS),
        one_of("dispute", states("claim_dispute"), null=True),
        CheckConstraint("quantity >= 0 AND overlap >= 0 AND free >= 0 AND billable >= 0", name="quantities"),
        CheckConstraint("amount >= 0 AND agreed BETWEEN 0 AND amount", name="amounts"),
        CheckConstraint("rate IS NOT NULL OR amount = 0", name="rate"),
        CheckConstraint("(dispute IS NULL) = (counter_amount IS NULL)", name="counter_amount"),
    )
    KIND: ClassVar[str] = "claim_line"

    claim_id: UUID
    mission_id: UUID
    position: int
    item: str
    consumable: str | None = None
    unit: str
    quantity: Decimal = Field(sa_type=Numeric)
    overlap: Decimal = Field(sa_type=Numeric)
    free: Decimal = Field(sa_type=Numeric)
    billable: Decimal = Field(sa_type=Numeric)
    rate: Decimal | None = Field(default=None, sa_type=Numeric)
    amount: Decimal = Field(sa_type=Numeric)
    agreed: Decimal = Field(sa_type=Numeric)
    waived: bool = False
    why: list[dict[str, Any]] = Field(sa_type=JSONB)
    dispute: str | None = None
    dispute_reason: str | None = None
    counter_amount: Decimal | None = Field(default=None, sa_type=Numeric)
    disputed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    answer_by: datetime | None = Field(default=None, sa_type=UtcTime)
    answer: str | None = None
    answer_amount: Decimal | None = Field(default=None, sa_type=Numeric)
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
