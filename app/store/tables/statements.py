"""Monthly statements of help from day to day between two members, both ways, with nothing of a patient in them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint, text
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of

STATEMENT_ANSWERS = ("as_measured", "as_agreed", "was_yours", "counted_once", "in_another_month", "other")
STATEMENT_REASONS = ("not_ours", "missing", "wrong_hours", "wrong_kilometres", "wrong_rate", "counted_twice", "other")


class Statement(Spaced, table=True):
    """What two members did for each other in a month (``month`` is its first day). ``member_a_id`` is the lower id of the two.

    ``a_owes`` and ``b_owes`` are in the corridor's ``currency``; where an exchange rate is missing they are empty, and so is ``net``:
    what ``payer_id`` owes the other in the end. One that was put right is ``replaced`` by its next ``version``, whose ``replaces_id`` it is;
    ``answer`` is why the other side says that all of a disputed one is right.
    """

    __tablename__ = "statement"
    __table_args__ = (
        ref("member_a_id", "member"),
        ref("member_b_id", "member"),
        ref("payer_id", "member"),
        ref("disputed_by_member_id", "member"),
        ref("disputed_mission_id", "mission"),
        ref("replaces_id", "statement"),
        UniqueConstraint("space_id", "member_a_id", "member_b_id", "month", "version"),
        UniqueConstraint("space_id", "replaces_id"),
        state_of("statement"),
        one_of("dispute_reason", STATEMENT_REASONS, null=True),
        one_of("answer", STATEMENT_ANSWERS, null=True),
        CheckConstraint(
            "(paid_at IS NULL) = (payment_reference IS NULL) AND (paid_at IS NULL) = (status <> 'paid')", name="paid"
        ),
        CheckConstraint("member_a_id < member_b_id", name="two_members"),
        CheckConstraint("(net IS NULL) = (a_owes IS NULL OR b_owes IS NULL)", name="net"),
        CheckConstraint("net >= 0", name="net_sign"),
        CheckConstraint("payer_id IS NULL OR payer_id IN (member_a_id, member_b_id)", name="payer"),
        Index(None, "space_id", "member_b_id"),
        Index("ix_statement_no_net", "space_id", postgresql_where=text("net IS NULL")),
    )
    KIND: ClassVar[str] = "statement"

    member_a_id: UUID
    member_b_id: UUID
    month: date
    version: int = 1
    replaces_id: UUID | None = None
    status: str = "issued"
    currency: str = Field(max_length=3)
    a_owes: Decimal | None = Field(default=None, sa_type=Numeric)
    b_owes: Decimal | None = Field(default=None, sa_type=Numeric)
    net: Decimal | None = Field(default=None, sa_type=Numeric)
    payer_id: UUID | None = None
    issued_at: datetime = Field(sa_type=UtcTime)
    acknowledged_by_a_at: datetime | None = Field(default=None, sa_type=UtcTime)
    acknowledged_by_b_at: datetime | None = Field(default=None, sa_type=UtcTime)
    disputed_by_member_id: UUID | None = None
    dispute_reason: str | None = None
    disputed_mission_id: UUID | None = None
    answer: str | None = None
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    paid_at: datetime | None = Field(default=None, sa_type=UtcTime)
    payment_reference: str | None = None


class StatementLine(Spaced, table=True):
    """One mission in a statement: in one only that is not ``replaced``. ``amount`` is in the ``currency`` of its terms, ``ledger_amount`` in the corridor's."""

    __tablename__ = "statement_line"
    __table_args__ = (
        ref("statement_id", "statement"),
        ref("mission_id", "mission"),
        ref("lender_id", "member"),
        ref("requester_id", "member"),
        ref("agreement_id", "agreement"),
        UniqueConstraint("space_id", "statement_id", "mission_id"),
        CheckConstraint("lender_id <> requester_id", name="two_members"),
        CheckConstraint("amount >= 0 AND ledger_amount >= 0", name="amounts"),
        Index(
            "ix_statement_line_current", "space_id", "mission_id", unique=True, postgresql_where=text("NOT replaced")
        ),
    )
    KIND: ClassVar[str] = "statement_line"

    statement_id: UUID
    mission_id: UUID
    lender_id: UUID
    requester_id: UUID
    agreement_id: UUID | None = None
    agreement_version: int | None = None
    type_code: str = Field(foreign_key="resource_type.code")
    day: date
    hours: Decimal = Field(sa_type=Numeric)
    person_hours: Decimal | None = Field(default=None, sa_type=Numeric)
    kilometres: Decimal | None = Field(default=None, sa_type=Numeric)
    currency: str = Field(max_length=3)
    amount: Decimal = Field(sa_type=Numeric)
    ledger_amount: Decimal | None = Field(default=None, sa_type=Numeric)
    replaced: bool = False
