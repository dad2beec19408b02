"""A member's own word that it can, or cannot, help for a time."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of
from app.store.tables.offers import DECLINE_REASONS

WORDS = ("can", "cannot")


class LenderWord(Spaced, table=True):
    """What ``member_id`` says about a type, or about all of its types: ``can`` sets its reserve aside, ``cannot`` takes its units out.

    ``reason`` is why it cannot, one of ``decline_reasons``; ``note`` why it can, or more about it.
    """

    __tablename__ = "lender_word"
    __table_args__ = (
        ref("member_id", "member"),
        state_of("lender_word"),
        one_of("word", WORDS),
        one_of("reason", DECLINE_REASONS, null=True),
        CheckConstraint("CASE word WHEN 'can' THEN note IS NOT NULL ELSE reason IS NOT NULL END", name="says_why"),
        CheckConstraint("until_at > said_at", name="lasts"),
        Index(None, "space_id", "member_id", "id"),
        Index(
            "ix_lender_word_standing",
            "space_id",
            "member_id",
            "type_code",
            unique=True,
            postgresql_where=text("status = 'standing'"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    KIND: ClassVar[str] = "lender_word"

    member_id: UUID
    type_code: str | None = Field(default=None, foreign_key="resource_type.code")
    word: str
    reason: str | None = None
    note: str | None = None
    said_at: datetime = Field(sa_type=UtcTime)
    said_by_id: UUID | None = None
    until_at: datetime = Field(sa_type=UtcTime)
    status: str = "standing"
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
