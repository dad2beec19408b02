"""What the inbox did not keep, by minute: for the report of how well a dispatch system keeps to what was agreed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "inbox_refusal",
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("off_s", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "why IN ('duplicate', 'signature', 'window', 'key_reused', 'too_many', 'not_at_work')",
            name=op.f("ck_inbox_refusal_why"),
        ),
        sa.ForeignKeyConstraint(["source_id"], ["inbox_source.id"], name=op.f("fk_inbox_refusal_source_id")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_inbox_refusal_space_id")),
        sa.PrimaryKeyConstraint("source_id", "space_id", "minute", "why", name=op.f("pk_inbox_refusal")),
    )
    op.create_index(op.f("ix_inbox_refusal_minute"), "inbox_refusal", ["minute"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("inbox_refusal")
