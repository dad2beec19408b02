"""Why a drill, or one of its sites, stands: kept with its clock, for everybody who waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column(
        "drill_clock", sa.Column("pause_reasons", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'"))
    )
    op.alter_column("drill_clock", "pause_reasons", server_default=None)


def downgrade() -> None:
    """Go back."""
    op.drop_column("drill_clock", "pause_reasons")
