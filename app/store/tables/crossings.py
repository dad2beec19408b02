"""Crossings: where the border is passed."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, one_of, ref


class Crossing(Spaced, table=True):
    """A crossing that joins two members. ``control`` is ``none``, ``checks`` or ``closed`` (until ``closed_until``).

    ``reopens_as`` is the control that it had before it was closed, and has again when it opens by itself.
    """

    __tablename__ = "crossing"
    __table_args__ = (
        ref("member_a_id", "member"),
        ref("member_b_id", "member"),
        UniqueConstraint("space_id", "code"),
        one_of("control", ("none", "checks", "closed")),
        CheckConstraint("member_a_id <> member_b_id", name="two_members"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="on_earth"),
        CheckConstraint("delay_min BETWEEN 0 AND 1440", name="delay_min"),
        CheckConstraint("capacity_vph > 0", name="capacity_vph"),
        one_of("reopens_as", ("none", "checks")),
    )
    KIND: ClassVar[str] = "crossing"

    code: str
    names: dict[str, str] = Field(sa_type=JSONB)
    lon: float
    lat: float
    roads: list[str] = Field(sa_type=JSONB)
    member_a_id: UUID
    member_b_id: UUID
    control: str = "none"
    reopens_as: str = "none"
    closed_until: datetime | None = Field(default=None, sa_type=UtcTime)
    capacity_vph: int
    delay_min: int = 0
    max_weight_t: float | None = None
    max_height_m: float | None = None
    max_width_m: float | None = None
