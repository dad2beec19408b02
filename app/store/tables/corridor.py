"""The corridor: one a deployment, free of spaces."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.store.tables.base import Journaled


class Corridor(Journaled, table=True):
    """One stretch of border. ``singleton`` is always 1 and unique, so that there is never a second corridor."""

    __tablename__ = "corridor"
    __table_args__ = (CheckConstraint("singleton = 1", name="singleton"),)
    KIND: ClassVar[str] = "corridor"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"singleton"})

    id: UUID = Field(primary_key=True)
    singleton: int = Field(default=1, sa_column=Column(Integer, nullable=False, unique=True, server_default="1"))
    code: str
    names: dict[str, str] = Field(sa_type=JSONB)
    area: dict[str, Any] = Field(sa_type=JSONB)
    languages: list[str] = Field(sa_type=JSONB)
    currency: str = Field(max_length=3)
