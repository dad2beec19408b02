"""The journal: one gap-free, hash-chained sequence for each space, and the head row that hands out its places.

Written and read by the statements in ``app/store/journal.py`` alone. The guard below stops accidents and careless hands;
who owns the database can take it away, and is found out by ``journal verify`` with a head that was kept elsewhere.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    Uuid,
)
from sqlmodel import Field, SQLModel

from app.domain.chain import HASH_BYTES, SALT_BYTES, VISIBILITIES
from app.store.tables.base import UtcTime, one_of


def _of_length(column: str, length: int) -> CheckConstraint:
    return CheckConstraint(f"length({column}) = {length}", name=f"{column}_length")


class JournalHead(SQLModel, table=True):
    """Where a space's journal ends. Locked last in every command: its lock is held across the commit."""

    __tablename__ = "journal_head"
    __table_args__ = (
        CheckConstraint("seq >= 0", name="seq"),
        _of_length("hash", HASH_BYTES),
    )

    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id"), primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class JournalEntry(SQLModel, table=True):
    """One entry. ``header`` and ``payload`` are the very text that was hashed; the columns after ``hash`` repeat the
    header for searching, and ``verify`` holds them against it.

    No index on ``parties``: the journal is read in the order of ``seq``, and what a reader may not see is passed over.
    """

    __tablename__ = "journal_entry"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint("(payload IS NULL) = (salt IS NULL)", name="erased"),
        _of_length("salt", SALT_BYTES),
        _of_length("payload_digest", HASH_BYTES),
        _of_length("digest", HASH_BYTES),
        _of_length("hash", HASH_BYTES),
        one_of("visibility", VISIBILITIES),
        CheckConstraint("(visibility = 'parties') = (cardinality(parties) > 0)", name="parties"),
        Index("ix_journal_entry_subject", "space_id", "subject_kind", "subject_id", "seq"),
    )

    # The head, not the space: it is locked by the same statement already, so that the check of the key costs no wait.
    space_id: str = Field(sa_column=Column(Text, ForeignKey("journal_head.space_id"), primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    header: str = Field(sa_column=Column(Text, nullable=False))
    payload: str | None = Field(sa_column=Column(Text, nullable=True))
    salt: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    payload_digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcTime(), nullable=False))
    type: str = Field(sa_column=Column(Text, nullable=False))
    subject_kind: str = Field(sa_column=Column(Text, nullable=False))
    subject_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    actor_id: UUID | None = Field(sa_column=Column(Uuid, nullable=True))
    visibility: str = Field(sa_column=Column(Text, nullable=False))
    parties: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))


JOURNAL_GUARD_SQL: Final = (
    """
CREATE FUNCTION journal_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    -- The one change there is: a payload erased together with its salt.
    IF TG_OP = 'UPDATE' THEN
        IF NEW.payload IS NULL AND NEW.salt IS NULL
           AND to_jsonb(NEW) - 'payload' - 'salt' = to_jsonb(OLD) - 'payload' - 'salt' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'The journal is only ever added to: % refused.', TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Write a new entry that corrects the old one.';
END
$guard$
""",
    """
CREATE TRIGGER journal_entry_guard BEFORE UPDATE OR DELETE ON journal_entry
FOR EACH ROW EXECUTE FUNCTION journal_entry_guard()
""",
    """
CREATE TRIGGER journal_entry_truncate_guard BEFORE TRUNCATE ON journal_entry
FOR EACH STATEMENT EXECUTE FUNCTION journal_entry_guard()
""",
)
"""Statements for the migration, after the tables are made: no DELETE, no TRUNCATE, no UPDATE but an erasure."""

JOURNAL_GUARD_DROP_SQL: Final = (
    "DROP TRIGGER journal_entry_truncate_guard ON journal_entry",
    "DROP TRIGGER journal_entry_guard ON journal_entry",
    "DROP FUNCTION journal_entry_guard()",
)
"""The way back, for a downgrade."""
