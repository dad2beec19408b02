"""Exchange rates that another member contests, until both agree on one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("exchange_rate", sa.Column("status", sa.String(), server_default="entered", nullable=False))
    op.alter_column("exchange_rate", "status", server_default=None)
    op.add_column("exchange_rate", sa.Column("contested_by_member_id", sa.Uuid(), nullable=True))
    op.add_column("exchange_rate", sa.Column("contested_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("exchange_rate", sa.Column("contest_reason", sa.String(), nullable=True))
    op.add_column("exchange_rate", sa.Column("counter_rate", sa.Numeric(), nullable=True))
    op.add_column("exchange_rate", sa.Column("counter_source", sa.String(), nullable=True))
    op.create_check_constraint(
        op.f("ck_exchange_rate_status"), "exchange_rate", "status IN ('entered', 'contested', 'settled')"
    )
    op.create_check_constraint(
        op.f("ck_exchange_rate_contest"),
        "exchange_rate",
        "status = 'entered' OR contested_by_member_id IS NOT NULL AND counter_rate > 0 AND contest_reason IS NOT NULL",
    )
    op.create_foreign_key(
        op.f("fk_exchange_rate_space_id_contested_by_member_id"),
        "exchange_rate",
        "member",
        ["space_id", "contested_by_member_id"],
        ["space_id", "id"],
    )


def downgrade() -> None:
    """Go back."""
    op.drop_constraint(op.f("fk_exchange_rate_space_id_contested_by_member_id"), "exchange_rate")
    op.drop_constraint(op.f("ck_exchange_rate_contest"), "exchange_rate")
    op.drop_constraint(op.f("ck_exchange_rate_status"), "exchange_rate")
    for column in (
        "counter_source",
        "counter_rate",
        "contest_reason",
        "contested_at",
        "contested_by_member_id",
        "status",
    ):
        op.drop_column("exchange_rate", column)
