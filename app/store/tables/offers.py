"""Offers, their lines, and the answers of those who can't send."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of

DECLINE_REASONS = ("none_available", "own_emergency", "reserve", "crew", "distance", "no_agreement", "other")


class Offer(Spaced, table=True):
    """What a lender can send for a request."""

    __tablename__ = "offer"
    __table_args__ = (
        ref("request_id", "request"),
        ref("lender_id", "member"),
        UniqueConstraint("space_id", "id", "request_id"),
        state_of("offer"),
        Index(None, "space_id", "request_id"),
        Index(None, "space_id", "lender_id", "status"),
    )
    KIND: ClassVar[str] = "offer"

    request_id: UUID
    lender_id: UUID
    status: str = "offered"
    note: str | None = None
    offered_at: datetime = Field(sa_type=UtcTime)
    valid_until: datetime | None = Field(default=None, sa_type=UtcTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcTime)


class OfferLine(Spaced, table=True):
    """A quantity of a type (or one named unit) for a line of the request, under one version of one agreement.

    ``agreement_id`` empty means ``ad_hoc``. ``reserve_override`` holds the named act that goes below the reserve:
    {reason, by (user id), at}. ``findings`` are the reasons of the agreement's check at the time of the offer.
    ``estimate`` is what all of it was expected to cost when it was offered: {amount, currency, hours, kilometres, crew}, of
    one unit the last three.
    ``accepted_quantity`` is what the requester took of it; it counts as pending until committed.
    """

    __tablename__ = "offer_line"
    __table_args__ = (
        ref("offer_id request_id", "offer"),
        ref("request_line_id request_id", "request_line"),
        ref("resource_id", "resource"),
        ref("agreement_id", "agreement"),
        UniqueConstraint("space_id", "id", "offer_id"),
        CheckConstraint("quantity BETWEEN 1 AND 10000", name="quantity"),
        CheckConstraint("accepted_quantity BETWEEN 0 AND quantity", name="accepted_quantity"),
        CheckConstraint("(agreement_id IS NULL) = (agreement_version IS NULL)", name="agreement"),
        CheckConstraint("resource_id IS NULL OR quantity = 1", name="one_resource"),
        Index(None, "space_id", "offer_id"),
        Index(None, "space_id", "request_line_id"),
        Index(None, "space_id", "resource_id"),
    )
    KIND: ClassVar[str] = "offer_line"

    offer_id: UUID
    request_id: UUID
    request_line_id: UUID
    type_code: str = Field(foreign_key="resource_type.code")
    resource_id: UUID | None = None
    quantity: int
    accepted_quantity: int = 0
    committed: bool = False
    agreement_id: UUID | None = None
    agreement_version: int | None = None
    reserve_override: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    findings: list[dict[str, Any]] = Field(sa_type=JSONB)
    cost: dict[str, Any] = Field(sa_type=JSONB)
    estimate: dict[str, Any] | None = Field(default=None, sa_type=JSONB)


class Response(Spaced, table=True):
    """A lender's word that it can't send, with its reason."""

    __tablename__ = "response"
    __table_args__ = (
        ref("request_id", "request"),
        ref("member_id", "member"),
        UniqueConstraint("space_id", "request_id", "member_id"),
        one_of("reason", DECLINE_REASONS),
    )
    KIND: ClassVar[str] = "response"

    request_id: UUID
    member_id: UUID
    reason: str
    note: str | None = None
    occurred_at: datetime = Field(sa_type=UtcTime)
