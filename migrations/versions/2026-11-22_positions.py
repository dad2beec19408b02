"""Where units were last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "position",
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name=op.f("ck_position_on_earth")),
        sa.ForeignKeyConstraint(
            ["space_id", "resource_id"],
            ["resource.space_id", "resource.id"],
            name=op.f("fk_position_space_id_resource_id"),
        ),
        sa.PrimaryKeyConstraint("space_id", "resource_id", name=op.f("pk_position")),
    )
    op.create_index(op.f("ix_position_space_id_reported_at"), "position", ["space_id", "reported_at"], unique=False)
    for table in ("position", "resource"):  # what is in a box: by what was reported, or by the unit's own row
        op.create_index(op.f(f"ix_{table}_space_id_lon_lat"), table, ["space_id", "lon", "lat"], unique=False)


def downgrade() -> None:
    """Go back."""
    for table in ("resource", "position"):
        op.drop_index(op.f(f"ix_{table}_space_id_lon_lat"), table_name=table)
    op.drop_index(op.f("ix_position_space_id_reported_at"), table_name="position")
    op.drop_table("position")
