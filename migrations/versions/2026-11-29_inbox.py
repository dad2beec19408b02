"""The inbox: sources, mappings, messages, and what waits for a person; a unit may be at an incident of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_REASON = "ck_resource_out_of_service_reason"
_REASONS = "out_of_service_reason IS NULL OR out_of_service_reason IN ({})"
_BEFORE = "'maintenance', 'crew', 'damage', 'exercise', 'other'"
_NOW = "'maintenance', 'crew', 'damage', 'own_incident', 'exercise', 'other'"


def upgrade() -> None:
    """Go forward."""
    op.drop_constraint(op.f(_REASON), "resource")
    op.create_check_constraint(op.f(_REASON), "resource", _REASONS.format(_NOW))
    op.create_table(
        "inbox_last",
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('unit', 'incident')", name=op.f("ck_inbox_last_kind")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_inbox_last_space_id")),
        sa.PrimaryKeyConstraint("space_id", "kind", "about", name=op.f("pk_inbox_last")),
    )
    op.create_table(
        "inbox_source",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_space", sa.String(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("space_kinds", postgresql.JSONB(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("mapping_version", sa.Integer(), nullable=True),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("old_secret", sa.String(), nullable=True),
        sa.Column("old_secret_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("member_space = 'live'", name=op.f("ck_inbox_source_member_space")),
        sa.CheckConstraint("status IN ('active', 'paused', 'removed')", name=op.f("ck_inbox_source_status")),
        sa.CheckConstraint(
            "(old_secret IS NULL) = (old_secret_until IS NULL)", name=op.f("ck_inbox_source_old_secret")
        ),
        sa.CheckConstraint("per_minute BETWEEN 1 AND 60000", name=op.f("ck_inbox_source_per_minute")),
        sa.ForeignKeyConstraint(
            ["member_space", "member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_inbox_source_member_space_member_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_source")),
        sa.UniqueConstraint("id", "member_id", name=op.f("uq_inbox_source_id_member_id")),
    )
    op.create_index(op.f("ix_inbox_source_member_id_id"), "inbox_source", ["member_id", "id"])
    op.create_table(
        "inbox_mapping",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("turned_on_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("turned_on_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("status IN ('draft', 'in_use', 'replaced')", name=op.f("ck_inbox_mapping_status")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_inbox_mapping_version")),
        sa.ForeignKeyConstraint(
            ["source_id", "member_id"],
            ["inbox_source.id", "inbox_source.member_id"],
            name=op.f("fk_inbox_mapping_source_id_member_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_mapping")),
        sa.UniqueConstraint("source_id", "version", name=op.f("uq_inbox_mapping_source_id_version")),
    )
    op.create_table(
        "inbox_message",
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("edited", postgresql.JSONB(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("because", postgresql.JSONB(), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kinds", postgresql.JSONB(), nullable=False),
        sa.Column("effects", postgresql.JSONB(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("mission_id", sa.Uuid(), nullable=True),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("mapping_version", sa.Integer(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(outcome = 'received') = (settled_at IS NULL)", name=op.f("ck_inbox_message_settled")),
        sa.CheckConstraint(
            "outcome IN ('received', 'applied', 'history', 'noted', 'call', 'quarantined', 'discarded')",
            name=op.f("ck_inbox_message_outcome"),
        ),
        sa.ForeignKeyConstraint(["source_id"], ["inbox_source.id"], name=op.f("fk_inbox_message_source_id")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_inbox_message_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_inbox_message")),
        sa.UniqueConstraint(
            "space_id", "source_id", "webhook_id", name=op.f("uq_inbox_message_space_id_source_id_webhook_id")
        ),
    )
    op.create_index("ix_inbox_message_list", "inbox_message", ["space_id", "source_id", "id"])
    op.create_index(op.f("ix_inbox_message_source_id_received_at"), "inbox_message", ["source_id", "received_at"])
    op.create_table(
        "inbox_matter",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("because", postgresql.JSONB(), nullable=True),
        sa.Column("call", sa.String(), nullable=True),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("mission_id", sa.Uuid(), nullable=True),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint("(status = 'held') = (settled_at IS NULL)", name=op.f("ck_inbox_matter_settled")),
        sa.CheckConstraint("(what = 'call') = (call IS NOT NULL)", name=op.f("ck_inbox_matter_call_of")),
        sa.CheckConstraint("(what = 'quarantine') = (because IS NOT NULL)", name=op.f("ck_inbox_matter_because")),
        sa.CheckConstraint("call IS NULL OR call IN ('urgent', 'speech')", name=op.f("ck_inbox_matter_call")),
        sa.CheckConstraint("status IN ('held', 'settled', 'discarded')", name=op.f("ck_inbox_matter_status")),
        sa.CheckConstraint("what IN ('quarantine', 'call')", name=op.f("ck_inbox_matter_what")),
        sa.ForeignKeyConstraint(["source_id"], ["inbox_source.id"], name=op.f("fk_inbox_matter_source_id")),
        sa.ForeignKeyConstraint(
            ["space_id", "incident_id"],
            ["incident.space_id", "incident.id"],
            name=op.f("fk_inbox_matter_space_id_incident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"], ["member.space_id", "member.id"], name=op.f("fk_inbox_matter_space_id_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "mission_id"],
            ["mission.space_id", "mission.id"],
            name=op.f("fk_inbox_matter_space_id_mission_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "resource_id"],
            ["resource.space_id", "resource.id"],
            name=op.f("fk_inbox_matter_space_id_resource_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_inbox_matter_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_inbox_matter")),
    )
    op.create_index(
        "ix_inbox_matter_held",
        "inbox_matter",
        ["space_id", "member_id", "id"],
        postgresql_where=sa.text("status = 'held'"),
    )
    op.create_index(op.f("ix_inbox_matter_space_id_member_id_id"), "inbox_matter", ["space_id", "member_id", "id"])


def downgrade() -> None:
    """Go back."""
    for table in ("inbox_matter", "inbox_message", "inbox_mapping", "inbox_source", "inbox_last"):
        op.drop_table(table)
    op.execute("UPDATE resource SET out_of_service_reason = 'other' WHERE out_of_service_reason = 'own_incident'")
    op.drop_constraint(op.f(_REASON), "resource")
    op.create_check_constraint(op.f(_REASON), "resource", _REASONS.format(_BEFORE))
