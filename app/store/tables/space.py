"""Spaces: the worlds a row can belong to. Everything else of a space points here, directly or through its parents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from app.store.tables.base import UtcTime, one_of


class Space(SQLModel, table=True):
    """``live``, ``integration`` (for connecting dispatch systems) or a drill's own.

    A drill's space is frozen when the drill is over: from then on the door refuses everything in it. ``frozen_why`` is ``ended`` or
    ``stopped`` (by a real emergency).
    """

    __tablename__ = "space"
    __table_args__ = (
        one_of("kind", ("live", "integration", "drill")),
        one_of("frozen_why", ("ended", "stopped"), null=True),
        CheckConstraint("(frozen_at IS NULL) = (frozen_why IS NULL)", name="frozen"),
        CheckConstraint("kind = 'drill' OR frozen_at IS NULL", name="frozen_drill"),
        CheckConstraint("id ~ '^[a-z][a-z0-9-]{1,62}$'", name="id"),
    )

    id: str = Field(primary_key=True, max_length=64)
    kind: str
    created_at: datetime = Field(sa_type=UtcTime)
    frozen_at: datetime | None = Field(default=None, sa_type=UtcTime)
    frozen_why: str | None = None
