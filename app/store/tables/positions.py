"""Where units were last: reported many times a minute, and no part of the journal."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from app.store.tables.base import UtcTime, ref


class Position(SQLModel, table=True):
    """The last position of a unit. ``at`` is when it was there, ``reported_at`` when we were told, by the database's clock."""

    __tablename__ = "position"
    __table_args__ = (
        ref("resource_id", "resource"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="on_earth"),
        Index(None, "space_id", "reported_at"),
        Index(None, "space_id", "lon", "lat"),
    )

    space_id: str = Field(primary_key=True, max_length=64)
    resource_id: UUID = Field(primary_key=True)
    lon: float
    lat: float
    at: datetime = Field(sa_type=UtcTime)
    reported_at: datetime = Field(sa_type=UtcTime)
