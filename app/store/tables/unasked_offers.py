"""Help that a member offers before anybody has asked for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of


class UnaskedOffer(Spaced, table=True):
    """What ``lender_id`` offers to ``to_member_id``, which led the incident. Once it is taken up it is ``offer_id`` for ``request_id``.

    ``lon`` and ``lat`` are where it was checked to go to.
    """

    __tablename__ = "unasked_offer"
    __table_args__ = (
        ref("incident_id", "incident"),
        ref("lender_id", "member"),
        ref("to_member_id", "member"),
        ref("request_id", "request"),
        ref("offer_id request_id", "offer"),
        state_of("unasked_offer"),
        one_of("kind", ("immediate", "planned")),
        CheckConstraint("lender_id <> to_member_id", name="two_members"),
        CheckConstraint("(status = 'taken_up') = (offer_id IS NOT NULL)", name="taken_up"),
        CheckConstraint("(offer_id IS NULL) = (request_id IS NULL)", name="request"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="place"),
        Index(None, "space_id", "incident_id"),
        Index(None, "space_id", "lender_id", "status"),
        Index(None, "space_id", "to_member_id", "status"),
    )
    KIND: ClassVar[str] = "unasked_offer"

    incident_id: UUID
    lender_id: UUID
    to_member_id: UUID
    kind: str
    status: str = "offered"
    note: str | None = None
    place: str | None = None
    lon: float
    lat: float
    offered_at: datetime = Field(sa_type=UtcTime)
    offered_by_id: UUID | None = None
    valid_until: datetime = Field(sa_type=UtcTime)
    answer: str | None = None
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    answered_by_id: UUID | None = None
    request_id: UUID | None = None
    offer_id: UUID | None = None


class UnaskedOfferLine(Spaced, table=True):
    """A quantity of a type, or one named unit, as the agreements answered when it was offered; columns as of an offered line.

    ``expected_hours`` is how long it is likely to be away, where that was said.
    """

    __tablename__ = "unasked_offer_line"
    __table_args__ = (
        ref("unasked_offer_id", "unasked_offer"),
        ref("resource_id", "resource"),
        ref("agreement_id", "agreement"),
        UniqueConstraint("space_id", "unasked_offer_id", "position"),
        CheckConstraint("quantity BETWEEN 1 AND 10000", name="quantity"),
        CheckConstraint("(agreement_id IS NULL) = (agreement_version IS NULL)", name="agreement"),
        CheckConstraint("resource_id IS NULL OR quantity = 1", name="one_resource"),
    )
    KIND: ClassVar[str] = "unasked_offer_line"

    unasked_offer_id: UUID
    position: int
    type_code: str = Field(foreign_key="resource_type.code")
    resource_id: UUID | None = None
    quantity: int
    expected_hours: int | None = None
    agreement_id: UUID | None = None
    agreement_version: int | None = None
    reserve_override: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    findings: list[dict[str, Any]] = Field(sa_type=JSONB)
    cost: dict[str, Any] = Field(sa_type=JSONB)
    estimate: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
