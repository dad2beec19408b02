"""The coordinator: the rota, its turns, and their swaps."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.domain.rota import PERIODS
from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of


class Rota(Spaced, table=True):
    """How the corridor's coordinator changes: how often, at which hour (UTC), and among whom, in which order to begin with."""

    __tablename__ = "rota"
    __table_args__ = (
        UniqueConstraint("space_id"),
        one_of("period", PERIODS),
        CheckConstraint("hour_utc BETWEEN 0 AND 23", name="hour_utc"),
    )
    KIND: ClassVar[str] = "rota"

    period: str
    hour_utc: int
    member_ids: list[str] = Field(sa_type=JSONB)


class CoordinationTurn(Spaced, table=True):
    """One member's turn, from ``from_at`` until the next one's. ``swapped``: it was another member's by the rota."""

    __tablename__ = "coordination_turn"
    __table_args__ = (
        ref("member_id", "member"),
        state_of("coordination_turn"),
        CheckConstraint("until_at > from_at", name="lasts"),
        Index(None, "space_id", "from_at"),
        Index("ix_coordination_turn_current", "space_id", unique=True, postgresql_where=text("status = 'current'")),
    )
    KIND: ClassVar[str] = "coordination_turn"

    member_id: UUID
    from_at: datetime = Field(sa_type=UtcTime)
    until_at: datetime = Field(sa_type=UtcTime)
    status: str = "planned"
    swapped: bool = False


class TurnSwap(Spaced, table=True):
    """``member_id`` offers its turn ``turn_id`` for ``other_turn_id`` of ``other_member_id``."""

    __tablename__ = "turn_swap"
    __table_args__ = (
        ref("turn_id", "coordination_turn"),
        ref("other_turn_id", "coordination_turn"),
        ref("member_id", "member"),
        ref("other_member_id", "member"),
        state_of("turn_swap"),
        CheckConstraint("member_id <> other_member_id", name="two_members"),
        Index("ix_turn_swap_open", "space_id", "turn_id", postgresql_where=text("status = 'proposed'")),
    )
    KIND: ClassVar[str] = "turn_swap"

    turn_id: UUID
    other_turn_id: UUID
    member_id: UUID
    other_member_id: UUID
    status: str = "proposed"
    reason: str
    proposed_by_id: UUID | None = None
    occurred_at: datetime = Field(sa_type=UtcTime)
    answer: str | None = None
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    answered_by_id: UUID | None = None
