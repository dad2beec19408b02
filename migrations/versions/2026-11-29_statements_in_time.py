"""What a monthly statement is made of, and statements that wait for an exchange rate, are found without reading all there is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_index(
        "ix_mission_day_to_day",
        "mission",
        ["space_id", "lender_id", "requester_id", "home_at"],
        postgresql_where=sa.text("kind = 'day_to_day'"),
    )
    op.create_index("ix_statement_no_net", "statement", ["space_id"], postgresql_where=sa.text("net IS NULL"))


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_statement_no_net", "statement")
    op.drop_index("ix_mission_day_to_day", "mission")
