"""Phone calls written down by ``assist_now``, and the debts they leave."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of


class Call(Spaced, table=True):
    """What was agreed by voice: one side wrote it down, the other confirms it. Names of people stay in the table."""

    __tablename__ = "call"
    __table_args__ = (
        ref("request_id", "request"),
        ref("offer_id request_id", "offer"),
        ref("incident_id", "incident"),
        ref("requester_id", "member"),
        ref("lender_id", "member"),
        ref("recorded_by_member_id", "member"),
        state_of("call"),
        CheckConstraint("quantity BETWEEN 1 AND 10000", name="quantity"),
        CheckConstraint("lender_id <> requester_id", name="two_members"),
        Index(None, "space_id", "requester_id", "lender_id", "type_code", "status"),
    )
    KIND: ClassVar[str] = "call"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"person_rung", "confirmed_person"})

    request_id: UUID
    offer_id: UUID
    incident_id: UUID | None = None
    requester_id: UUID
    lender_id: UUID
    recorded_by_member_id: UUID
    recorded_by_id: UUID | None = None
    type_code: str = Field(foreign_key="resource_type.code")
    quantity: int
    person_rung: str | None = None
    occurred_at: datetime = Field(sa_type=UtcTime)
    status: str = "unconfirmed"
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    confirmed_by_id: UUID | None = None
    confirmed_person: str | None = None


class Debt(Spaced, table=True):
    """An act that the phone call took ahead, owed by one side's representative: ``open``, ``accept``, ``commit``, or ``ad_hoc`` (help
    without an agreement).
    """

    __tablename__ = "debt"
    __table_args__ = (
        ref("call_id", "call"),
        ref("request_id", "request"),
        ref("member_id", "member"),
        one_of("act", ("open", "accept", "commit", "ad_hoc")),
        state_of("debt"),
        Index(None, "space_id", "request_id"),
        Index(None, "space_id", "member_id", "status"),
    )
    KIND: ClassVar[str] = "debt"

    call_id: UUID
    request_id: UUID
    member_id: UUID
    act: str
    status: str = "owed"
    due_at: datetime = Field(sa_type=UtcTime)
    made_good_at: datetime | None = Field(default=None, sa_type=UtcTime)
    made_good_by_id: UUID | None = None
