"""A member's own word that it can, or cannot, help for a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

REASONS = "'none_available', 'own_emergency', 'reserve', 'crew', 'distance', 'no_agreement', 'other'"


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "lender_word",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("type_code", sa.String(), nullable=True),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_by_id", sa.Uuid(), nullable=True),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('standing', 'replaced', 'withdrawn', 'over')", name=op.f("ck_lender_word_status")
        ),
        sa.CheckConstraint("word IN ('can', 'cannot')", name=op.f("ck_lender_word_word")),
        sa.CheckConstraint(f"reason IS NULL OR reason IN ({REASONS})", name=op.f("ck_lender_word_reason")),
        sa.CheckConstraint(
            "CASE word WHEN 'can' THEN note IS NOT NULL ELSE reason IS NOT NULL END",
            name=op.f("ck_lender_word_says_why"),
        ),
        sa.CheckConstraint("until_at > said_at", name=op.f("ck_lender_word_lasts")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_lender_word_space_id")),
        sa.ForeignKeyConstraint(["type_code"], ["resource_type.code"], name=op.f("fk_lender_word_type_code")),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"], ["member.space_id", "member.id"], name=op.f("fk_lender_word_space_id_member_id")
        ),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_lender_word")),
    )
    op.create_index(op.f("ix_lender_word_space_id_member_id_id"), "lender_word", ["space_id", "member_id", "id"])
    op.create_index(
        "ix_lender_word_standing",
        "lender_word",
        ["space_id", "member_id", "type_code"],
        unique=True,
        postgresql_where=sa.text("status = 'standing'"),
        postgresql_nulls_not_distinct=True,
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("lender_word")
