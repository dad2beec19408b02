"""What stands outside the agreement where a unit is sent elsewhere, whose work it had done, and when an offer was accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column(
        "reassignment",
        sa.Column("findings", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
    )
    op.alter_column("reassignment", "findings", server_default=None)
    op.add_column("reassignment", sa.Column("worked_off_line_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_reassignment_space_id_worked_off_line_id_request_line"),
        "reassignment",
        "request_line",
        ["space_id", "worked_off_line_id"],
        ["space_id", "id"],
    )
    op.create_index(
        "ix_reassignment_worked_off",
        "reassignment",
        ["space_id", "worked_off_line_id"],
        postgresql_where=sa.text("worked_off_line_id IS NOT NULL"),
    )
    op.add_column("mission", sa.Column("overlap_hours", sa.Float(), nullable=True))
    op.create_check_constraint(op.f("ck_mission_overlap_hours"), "mission", "overlap_hours >= 0")
    op.add_column("offer", sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Go back."""
    op.drop_column("offer", "accepted_at")
    op.drop_constraint(op.f("ck_mission_overlap_hours"), "mission")
    op.drop_column("mission", "overlap_hours")
    op.drop_index("ix_reassignment_worked_off", table_name="reassignment")
    op.drop_constraint(op.f("fk_reassignment_space_id_worked_off_line_id_request_line"), "reassignment")
    op.drop_column("reassignment", "worked_off_line_id")
    op.drop_column("reassignment", "findings")
