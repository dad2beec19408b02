"""Extensions: the requester's wish to keep a unit for longer, and its lender's answer."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, ref, state_of


class Extension(Spaced, table=True):
    """Until when a unit is wanted, and why. ``was`` is the mission's ``relieve_by`` before the lender granted it."""

    __tablename__ = "extension"
    __table_args__ = (
        ref("mission_id", "mission"),
        ref("request_id", "request"),
        state_of("extension"),
        Index(None, "space_id", "mission_id", "id"),
        Index(None, "space_id", "request_id"),
    )
    KIND: ClassVar[str] = "extension"

    mission_id: UUID
    request_id: UUID
    status: str = "asked"
    until: datetime = Field(sa_type=UtcTime)
    was: datetime | None = Field(default=None, sa_type=UtcTime)
    reason: str
    asked_by_id: UUID | None = None
    occurred_at: datetime = Field(sa_type=UtcTime)
    answer: str | None = None
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    answered_by_id: UUID | None = None
