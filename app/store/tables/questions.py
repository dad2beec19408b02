"""Questions about a request, and their answers."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, ref


class Question(Spaced, table=True):
    """What one member asks another about a request: once asked it stays, and is answered once. Texts keep their language."""

    __tablename__ = "question"
    __table_args__ = (
        ref("request_id", "request"),
        ref("member_id", "member"),
        ref("to_member_id", "member"),
        CheckConstraint("member_id <> to_member_id", name="two_members"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answer"),
        Index(None, "space_id", "request_id", "id"),
    )
    KIND: ClassVar[str] = "question"

    request_id: UUID
    member_id: UUID
    to_member_id: UUID
    asked_by_id: UUID | None = None
    text: str
    language: str | None = None
    occurred_at: datetime = Field(sa_type=UtcTime)
    answer: str | None = None
    answer_language: str | None = None
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    answered_by_id: UUID | None = None
