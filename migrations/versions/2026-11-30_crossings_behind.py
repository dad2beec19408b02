"""How many crossings of its way are behind a mission is kept when people say so: control may change after that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward: of missions that are there already nobody has kept it, but of those sent on inside the country that they had reached."""
    op.add_column("mission", sa.Column("crossings_behind", sa.Integer(), nullable=True))
    op.create_check_constraint(op.f("ck_mission_crossings_behind"), "mission", "crossings_behind >= 0")
    # Their way is behind them: a new one over a border with control would have kept `has_control`.
    op.execute(
        "UPDATE mission SET crossings_behind = 1 + cardinality(via_crossing_ids)"
        " WHERE status = 'reassigned' AND crossing_id IS NOT NULL AND NOT has_control"
    )


def downgrade() -> None:
    """Go back."""
    op.drop_constraint(op.f("ck_mission_crossings_behind"), "mission", type_="check")
    op.drop_column("mission", "crossings_behind")
