"""Automatic aid: what was alarmed for, and each lender that was alarmed, one after the other."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of
from app.store.tables.offers import DECLINE_REASONS


class AutomaticAid(Spaced, table=True):
    """So many of a type at a place, under a clause that needs nobody's signature; ``lacking`` is how many nobody sends yet.

    ``passed_over`` are the lenders that were not alarmed: {lender_id, agreement_id, agreement_code, reasons}.
    """

    __tablename__ = "automatic_aid"
    __table_args__ = (
        ref("request_id", "request"),
        ref("request_line_id request_id", "request_line"),
        ref("incident_id", "incident"),
        ref("requester_id", "member"),
        state_of("automatic_aid"),
        CheckConstraint("quantity BETWEEN 1 AND 100 AND lacking BETWEEN 0 AND quantity", name="quantity"),
        UniqueConstraint("space_id", "request_id"),
        Index(None, "space_id", "requester_id", "status"),
    )
    KIND: ClassVar[str] = "automatic_aid"

    request_id: UUID
    request_line_id: UUID
    incident_id: UUID
    requester_id: UUID
    type_code: str = Field(foreign_key="resource_type.code")
    quantity: int
    lacking: int
    status: str = "alarmed"
    alarmed_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    passed_over: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)


class AutomaticAlarm(Spaced, table=True):
    """One lender's alarm: its dispatch says by ``answer_by`` whether its units roll. ``turn`` counts from 1.

    ``sends`` is how many of the ``quantity`` roll; ``reason`` is one of the vocabulary's ``decline_reasons``.
    """

    __tablename__ = "automatic_alarm"
    __table_args__ = (
        ref("aid_id", "automatic_aid"),
        ref("request_id", "request"),
        ref("offer_id request_id", "offer"),
        ref("incident_id", "incident"),
        ref("requester_id", "member"),
        ref("lender_id", "member"),
        ref("agreement_id", "agreement"),
        state_of("automatic_alarm"),
        one_of("reason", DECLINE_REASONS, null=True),
        CheckConstraint("lender_id <> requester_id", name="two_members"),
        CheckConstraint("quantity BETWEEN 1 AND 100 AND sends BETWEEN 0 AND quantity", name="quantity"),
        UniqueConstraint("space_id", "aid_id", "turn"),
        UniqueConstraint("space_id", "aid_id", "lender_id"),
        UniqueConstraint("space_id", "offer_id"),
        Index(
            "uq_automatic_alarm_one_at_a_time",
            "space_id",
            "aid_id",
            unique=True,
            postgresql_where=text("status = 'alarmed'"),
        ),
        Index(None, "space_id", "lender_id", "status"),
    )
    KIND: ClassVar[str] = "automatic_alarm"

    aid_id: UUID
    request_id: UUID
    offer_id: UUID
    incident_id: UUID
    requester_id: UUID
    lender_id: UUID
    agreement_id: UUID
    agreement_version: int
    type_code: str = Field(foreign_key="resource_type.code")
    quantity: int
    turn: int
    status: str = "alarmed"
    alarmed_at: datetime = Field(sa_type=UtcTime)
    answer_by: datetime = Field(sa_type=UtcTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    answered_by_id: UUID | None = None
    sends: int | None = None
    reason: str | None = None
    note: str | None = None
