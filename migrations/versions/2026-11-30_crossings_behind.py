"""How many crossings of its way are behind a mission is kept when people say so: control may change after that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward: of missions that are there already nobody has kept it."""
    op.add_column("mission", sa.Column("crossings_behind", sa.Integer(), nullable=True))
    op.create_check_constraint(op.f("ck_mission_crossings_behind"), "mission", "crossings_behind >= 0")


def downgrade() -> None:
    """Go back."""
    op.drop_constraint(op.f("ck_mission_crossings_behind"), "mission", type_="check")
    op.drop_column("mission", "crossings_behind")
