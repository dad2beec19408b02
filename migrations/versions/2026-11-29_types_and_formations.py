"""Formations, and what a type says of its parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a type say what it is made of, a unit whose part it is, and a mission from which one it split."""
    op.add_column(
        "resource_type", sa.Column("parts", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False)
    )
    op.add_column("resource", sa.Column("formation_id", sa.Uuid(), nullable=True))
    op.add_column("resource", sa.Column("talkgroup", sa.String(), nullable=True))
    op.add_column("resource", sa.Column("leader_name", sa.String(), nullable=True))
    op.add_column("resource", sa.Column("leader_phone", sa.String(), nullable=True))
    op.create_foreign_key(
        op.f("fk_resource_space_id_formation_id_member_id_resource"),
        "resource",
        "resource",
        ["space_id", "formation_id", "member_id"],
        ["space_id", "id", "member_id"],
    )
    op.create_check_constraint(op.f("ck_resource_formation"), "resource", "formation_id <> id")
    op.create_index(op.f("ix_resource_space_id_formation_id"), "resource", ["space_id", "formation_id"])
    op.add_column("mission", sa.Column("split_from_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_mission_space_id_split_from_id_mission"),
        "mission",
        "mission",
        ["space_id", "split_from_id"],
        ["space_id", "id"],
    )
    op.create_check_constraint(op.f("ck_mission_split"), "mission", "split_from_id <> id")
    op.create_index(op.f("ix_mission_space_id_split_from_id"), "mission", ["space_id", "split_from_id"])


def downgrade() -> None:
    """Forget what is made of what; formations become single units."""
    op.drop_index(op.f("ix_mission_space_id_split_from_id"), table_name="mission")
    op.drop_constraint(op.f("ck_mission_split"), "mission")
    op.drop_constraint(op.f("fk_mission_space_id_split_from_id_mission"), "mission")
    op.drop_column("mission", "split_from_id")
    op.drop_index(op.f("ix_resource_space_id_formation_id"), table_name="resource")
    op.drop_constraint(op.f("ck_resource_formation"), "resource")
    op.drop_constraint(op.f("fk_resource_space_id_formation_id_member_id_resource"), "resource")
    for column in ("leader_phone", "leader_name", "talkgroup", "formation_id"):
        op.drop_column("resource", column)
    op.drop_column("resource_type", "parts")
