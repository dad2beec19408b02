"""Contacts: a member's phone book, of people and functions to ring beside the number that is answered day and night."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.store.tables.base import Spaced, ref


class Contact(Spaced, table=True):
    """Whom to ring for what. The journal knows the function alone; who that is, and the numbers, go with the row."""

    __tablename__ = "contact"
    __table_args__ = (ref("member_id", "member"), UniqueConstraint("space_id", "member_id", "code"))
    KIND: ClassVar[str] = "contact"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"name", "phone", "phone_2", "email", "note"})

    member_id: UUID
    code: str
    function: str
    name: str | None = None
    phone: str | None = None
    phone_2: str | None = None
    email: str | None = None
    languages: list[str] = Field(sa_type=JSONB)
    note: str | None = None
    shared: bool = False
    """Whether the other members see it."""
