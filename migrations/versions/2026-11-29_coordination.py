"""The coordinator: the rota, its turns, and their swaps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "rota",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("hour_utc", sa.Integer(), nullable=False),
        sa.Column("member_ids", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("hour_utc BETWEEN 0 AND 23", name=op.f("ck_rota_hour_utc")),
        sa.CheckConstraint("period IN ('weekly', 'monthly', 'quarterly')", name=op.f("ck_rota_period")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_rota_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_rota")),
        sa.UniqueConstraint("space_id", name=op.f("uq_rota_space_id")),
    )
    op.create_table(
        "coordination_turn",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("swapped", sa.Boolean(), nullable=False),
        sa.CheckConstraint("status IN ('planned', 'current', 'past')", name=op.f("ck_coordination_turn_status")),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_coordination_turn_lasts")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_coordination_turn_space_id")),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_coordination_turn_space_id_member_id"),
        ),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_coordination_turn")),
    )
    op.create_index(op.f("ix_coordination_turn_space_id_from_at"), "coordination_turn", ["space_id", "from_at"])
    op.create_index(
        "ix_coordination_turn_current",
        "coordination_turn",
        ["space_id"],
        unique=True,
        postgresql_where=sa.text("status = 'current'"),
    )
    op.create_table(
        "turn_swap",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("other_turn_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("other_member_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("member_id <> other_member_id", name=op.f("ck_turn_swap_two_members")),
        sa.CheckConstraint(
            "status IN ('proposed', 'agreed', 'declined', 'withdrawn', 'lapsed')", name=op.f("ck_turn_swap_status")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_turn_swap_space_id")),
        sa.ForeignKeyConstraint(
            ["space_id", "turn_id"],
            ["coordination_turn.space_id", "coordination_turn.id"],
            name=op.f("fk_turn_swap_space_id_turn_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "other_turn_id"],
            ["coordination_turn.space_id", "coordination_turn.id"],
            name=op.f("fk_turn_swap_space_id_other_turn_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_turn_swap_space_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "other_member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_turn_swap_space_id_other_member_id"),
        ),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_turn_swap")),
    )
    op.create_index(
        "ix_turn_swap_open", "turn_swap", ["space_id", "turn_id"], postgresql_where=sa.text("status = 'proposed'")
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("turn_swap")
    op.drop_table("coordination_turn")
    op.drop_table("rota")
