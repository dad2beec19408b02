"""External ids: the codes by which dispatch systems know what stands here."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, one_of, ref

NAMES: Final[dict[str, str]] = {
    "resource": "resource_id",
    "depot": "depot_id",
    "incident": "incident_id",
    "member": "of_member_id",
    "resource_type": "type_code",
}
"""Kind of what is named → the column that says which one."""


class ExternalId(Spaced, table=True):
    """One code of one source for one thing. ``member_id`` is whose code it is: of an incident, each side has its own.

    A code names one thing of its member's at a time (of its kind and source): another member's system may have the same name and the same
    codes, and neither is in the other's way. Those that have ended stay, for a message that comes late.
    """

    __tablename__ = "external_id"
    __table_args__ = (
        ref("member_id", "member"),
        ref("resource_id member_id", "resource"),
        ref("depot_id member_id", "depot"),
        ref("incident_id", "incident"),
        ref("of_member_id", "member"),
        one_of("kind", tuple(NAMES)),
        CheckConstraint(
            " AND ".join(f"(kind = '{kind}') = ({column} IS NOT NULL)" for kind, column in NAMES.items()), name="names"
        ),
        CheckConstraint("of_member_id = member_id", name="own_member"),
        CheckConstraint("valid_to >= valid_from", name="valid"),
        Index(
            "uq_external_id_current",
            "space_id",
            "member_id",
            "source",
            "kind",
            "code",
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
        ),
        Index(None, "space_id", "source", "kind", "code"),
        *(
            Index(f"ix_external_id_{column}", "space_id", column, postgresql_where=text(f"{column} IS NOT NULL"))
            for column in NAMES.values()
        ),
    )
    KIND: ClassVar[str] = "external_id"

    member_id: UUID
    source: str
    kind: str
    code: str
    resource_id: UUID | None = None
    depot_id: UUID | None = None
    incident_id: UUID | None = None
    of_member_id: UUID | None = None
    type_code: str | None = Field(default=None, foreign_key="resource_type.code")
    valid_from: datetime = Field(sa_type=UtcTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcTime)
