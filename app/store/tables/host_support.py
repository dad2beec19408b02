"""Host support: fuel, food, beds and repairs that a unit asks for on the other side."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of

SUPPORT_KINDS = ("fuel", "food", "beds", "repair")


class HostSupport(Spaced, table=True):
    """What one unit needs: litres of fuel, meals, beds, or a repair; and where and from when it is to be had."""

    __tablename__ = "host_support"
    __table_args__ = (
        ref("mission_id", "mission"),
        ref("request_id", "request"),
        state_of("host_support"),
        one_of("kind", SUPPORT_KINDS),
        CheckConstraint("quantity BETWEEN 1 AND 10000", name="quantity"),
        Index(None, "space_id", "mission_id", "id"),
        Index(None, "space_id", "request_id"),
    )
    KIND: ClassVar[str] = "host_support"

    mission_id: UUID
    request_id: UUID
    status: str = "asked"
    kind: str
    quantity: int
    needed_by: datetime | None = Field(default=None, sa_type=UtcTime)
    note: str | None = None
    asked_by_id: UUID | None = None
    occurred_at: datetime = Field(sa_type=UtcTime)
    place: str | None = None
    ready_at: datetime | None = Field(default=None, sa_type=UtcTime)
    answer: str | None = None
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    answered_by_id: UUID | None = None
