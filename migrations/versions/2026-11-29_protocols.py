"""Protocols (playbooks): members' overlays, which one applies to an incident, and its checklist."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _common() -> list[sa.Column[object]]:
    return [
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
    ]


def _keys(table: str, **refs: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f(f"fk_{table}_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint(
                ["space_id", column],
                [f"{other}.space_id", f"{other}.id"],
                name=op.f(f"fk_{table}_space_id_{column}"),
            )
            for column, other in refs.items()
        ),
    ]


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "protocol_overlay",
        *_common(),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("operations", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("base_version >= 1", name=op.f("ck_protocol_overlay_base_version")),
        sa.UniqueConstraint("space_id", "member_id", "code", name=op.f("uq_protocol_overlay_space_id_member_id_code")),
        *_keys("protocol_overlay", member_id="member"),
    )
    op.create_table(
        "incident_protocol",
        *_common(),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("overlay_revision", sa.Integer(), nullable=True),
        sa.Column("names", postgresql.JSONB(), nullable=False),
        sa.Column("package", postgresql.JSONB(), nullable=False),
        sa.Column("notify", postgresql.JSONB(), nullable=False),
        sa.Column("radio_plan", postgresql.JSONB(), nullable=False),
        sa.Column("rendezvous_kinds", postgresql.JSONB(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        *_keys("incident_protocol", incident_id="incident", member_id="member"),
    )
    op.create_index(op.f("ix_incident_protocol_space_id_incident_id"), "incident_protocol", ["space_id", "incident_id"])
    op.create_index(
        "ix_incident_protocol_current",
        "incident_protocol",
        ["space_id", "incident_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "checklist_item",
        *_common(),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("incident_protocol_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("texts", postgresql.JSONB(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.Uuid(), nullable=True),
        sa.Column("done_by_member_id", sa.Uuid(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("done_at IS NULL OR superseded_at IS NULL", name=op.f("ck_checklist_item_done_stays")),
        sa.CheckConstraint(
            "done_at IS NOT NULL OR (done_by_id IS NULL AND done_by_member_id IS NULL)",
            name=op.f("ck_checklist_item_done"),
        ),
        *_keys(
            "checklist_item",
            incident_id="incident",
            incident_protocol_id="incident_protocol",
            done_by_member_id="member",
        ),
    )
    op.create_index(op.f("ix_checklist_item_space_id_incident_id"), "checklist_item", ["space_id", "incident_id"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("checklist_item")
    op.drop_table("incident_protocol")
    op.drop_table("protocol_overlay")
