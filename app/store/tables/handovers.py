"""Shift hand-overs: what a control room leaves to its next shift."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, ref


class Handover(Spaced, table=True):
    """A note to one's own next shift, with the matters that were open when it was written. Seen by that member alone.

    ``matters`` is what the service found open by itself: {kind: [{id, …}]}, as it was then. Notes are never changed; one that is
    not taken over stands on the screen until it is.
    """

    __tablename__ = "handover"
    __table_args__ = (
        ref("member_id", "member"),
        CheckConstraint("(taken_at IS NULL) = (taken_by_id IS NULL)", name="taken"),
        Index(None, "space_id", "member_id", "id"),
    )
    KIND: ClassVar[str] = "handover"

    member_id: UUID
    written_by_id: UUID
    text: str
    language: str | None = None
    matters: dict[str, Any] = Field(sa_type=JSONB)
    occurred_at: datetime = Field(sa_type=UtcTime)
    taken_by_id: UUID | None = None
    taken_at: datetime | None = Field(default=None, sa_type=UtcTime)
