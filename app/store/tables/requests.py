"""Requests and their lines. How much of a line is filled is derived from missions and stands in no column."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of

PRIORITIES = ("life_safety", "incident_stabilisation", "property", "recovery")
REQUEST_KINDS = ("immediate", "planned", "day_to_day")


class Request(Spaced, table=True):
    """What a member asks for, for one incident. Help from day to day (one ambulance over the border) needs none.

    ``to_member_id`` is whom help from day to day is asked of; empty: whoever can.
    """

    __tablename__ = "request"
    __table_args__ = (
        ref("incident_id", "incident"),
        ref("member_id", "member"),
        ref("to_member_id", "member"),
        UniqueConstraint("space_id", "ref"),
        UniqueConstraint("space_id", "id", "member_id"),
        state_of("request"),
        one_of("kind", REQUEST_KINDS),
        CheckConstraint("incident_id IS NOT NULL OR kind = 'day_to_day'", name="incident"),
        CheckConstraint("to_member_id IS NULL OR kind = 'day_to_day'", name="to_member"),
        Index(None, "space_id", "status", "id"),
        Index(None, "space_id", "incident_id"),
    )
    KIND: ClassVar[str] = "request"

    ref: str
    incident_id: UUID | None = None
    member_id: UUID
    to_member_id: UUID | None = None
    kind: str
    status: str = "draft"
    note: str | None = None
    opened_at: datetime | None = Field(default=None, sa_type=UtcTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcTime)


class RequestLine(Spaced, table=True):
    """One type and how many of it, by when and where to."""

    __tablename__ = "request_line"
    __table_args__ = (
        ref("request_id", "request"),
        ref("rendezvous_id", "rendezvous"),
        UniqueConstraint("space_id", "id", "request_id"),
        UniqueConstraint("space_id", "request_id", "position"),
        one_of("priority", PRIORITIES),
        CheckConstraint("quantity BETWEEN 1 AND 10000", name="quantity"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="on_earth"),
        Index(None, "space_id", "request_id"),
    )
    KIND: ClassVar[str] = "request_line"

    request_id: UUID
    position: int
    type_code: str = Field(foreign_key="resource_type.code")
    quantity: int
    priority: str
    needed_by: datetime | None = Field(default=None, sa_type=UtcTime)
    place: str | None = None
    lon: float
    lat: float
    rendezvous_id: UUID | None = None


class Acknowledgement(Spaced, table=True):
    """A member's word that it has read the request: never an answer, only that nobody need ring to ask."""

    __tablename__ = "acknowledgement"
    __table_args__ = (
        ref("request_id", "request"),
        ref("member_id", "member"),
        UniqueConstraint("space_id", "request_id", "member_id"),
    )
    KIND: ClassVar[str] = "acknowledgement"

    request_id: UUID
    member_id: UUID
    user_id: UUID | None = None
    occurred_at: datetime = Field(sa_type=UtcTime)
