"""Who may bind a member: its authorised representatives, their deputies, and who of them is on duty."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.store.tables.base import Spaced, ref


class Representative(Spaced, table=True):
    """A user who may bind the member. A deputy stands in for another one (``deputy_of_id``), and is nobody's principal."""

    __tablename__ = "representative"
    __table_args__ = (
        ref("member_id", "member"),
        ref("deputy_of_id", "representative"),
        UniqueConstraint("space_id", "member_id", "user_id"),
        CheckConstraint("deputy_of_id <> id", name="deputy"),
    )
    KIND: ClassVar[str] = "representative"

    member_id: UUID
    user_id: UUID = Field(foreign_key="user_account.id")
    deputy_of_id: UUID | None = None
    on_duty: bool = False
