"""Each party that sets an agreement aside has its own reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("agreement", sa.Column("suspended_reasons", postgresql.JSONB(), nullable=False, server_default="{}"))
    op.alter_column("agreement", "suspended_reasons", server_default=None)


def downgrade() -> None:
    """Go back."""
    op.drop_column("agreement", "suspended_reasons")
