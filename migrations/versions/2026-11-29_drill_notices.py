"""What members are told of a drill by itself: a live incident, a hot wash that is due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "drill_notice",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("drill_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('live_incident', 'hot_wash_due')", name=op.f("ck_drill_notice_kind")),
        sa.CheckConstraint(
            "(kind = 'live_incident') = (incident_id IS NOT NULL)", name=op.f("ck_drill_notice_incident")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_drill_notice_space_id")),
        sa.ForeignKeyConstraint(
            ["space_id", "drill_id"], ["drill.space_id", "drill.id"], name=op.f("fk_drill_notice_space_id_drill_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "incident_id"],
            ["incident.space_id", "incident.id"],
            name=op.f("fk_drill_notice_space_id_incident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"], ["member.space_id", "member.id"], name=op.f("fk_drill_notice_space_id_member_id")
        ),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_drill_notice")),
    )
    op.create_index(
        op.f("ix_drill_notice_space_id_drill_id_member_id"), "drill_notice", ["space_id", "drill_id", "member_id"]
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("drill_notice")
