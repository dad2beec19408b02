"""A mission's way may lead over more than one crossing: those after the first stand beside it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    column = sa.Column("via_crossing_ids", postgresql.ARRAY(sa.Uuid()), nullable=False, server_default="{}")
    op.add_column("mission", column)
    op.alter_column("mission", "via_crossing_ids", server_default=None)
    op.create_check_constraint(op.f("ck_mission_way"), "mission", "crossing_id IS NOT NULL OR via_crossing_ids = '{}'")


def downgrade() -> None:
    """Go back: what comes after the first crossing is forgotten."""
    op.drop_constraint(op.f("ck_mission_way"), "mission", type_="check")
    op.drop_column("mission", "via_crossing_ids")
