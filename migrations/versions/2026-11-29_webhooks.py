"""Webhooks to dispatch systems: endpoints, how far each has come, what was sent, and what was taken into dispatch."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "webhook_endpoint",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_space", sa.String(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("origin", sa.String(), nullable=True),
        sa.Column("events", postgresql.JSONB(), nullable=False),
        sa.Column("incident_ids", postgresql.JSONB(), nullable=False),
        sa.Column("type_codes", postgresql.JSONB(), nullable=False),
        sa.Column("member_ids", postgresql.JSONB(), nullable=False),
        sa.Column("space_kinds", postgresql.JSONB(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("receipts", sa.Boolean(), nullable=False),
        sa.Column("heartbeat_min", sa.Integer(), nullable=True),
        sa.Column("watched_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("silent_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("paused_why", sa.String(), nullable=True),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("old_secret", sa.String(), nullable=True),
        sa.Column("old_secret_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(status = 'paused') = (paused_why IS NOT NULL)", name=op.f("ck_webhook_endpoint_paused")),
        sa.CheckConstraint("member_space = 'live'", name=op.f("ck_webhook_endpoint_member_space")),
        sa.CheckConstraint(
            "paused_why IS NULL OR paused_why IN ('by_hand', 'failing')", name=op.f("ck_webhook_endpoint_paused_why")
        ),
        sa.CheckConstraint(
            "status IN ('active', 'paused', 'disabled', 'removed')", name=op.f("ck_webhook_endpoint_status")
        ),
        sa.CheckConstraint(
            "(heartbeat_min IS NULL) = (watched_since IS NULL)", name=op.f("ck_webhook_endpoint_watched")
        ),
        sa.CheckConstraint(
            "(old_secret IS NULL) = (old_secret_until IS NULL)", name=op.f("ck_webhook_endpoint_old_secret")
        ),
        sa.CheckConstraint("(url IS NULL) = (origin IS NULL)", name=op.f("ck_webhook_endpoint_origin")),
        sa.CheckConstraint("heartbeat_min BETWEEN 1 AND 60", name=op.f("ck_webhook_endpoint_heartbeat_min")),
        sa.ForeignKeyConstraint(
            ["member_space", "member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_webhook_endpoint_member_space_member_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
    )
    op.create_index(op.f("ix_webhook_endpoint_member_id_id"), "webhook_endpoint", ["member_id", "id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("replayed", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt_by", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'delivered') = (delivered_at IS NOT NULL)", name=op.f("ck_webhook_delivery_delivered")
        ),
        sa.CheckConstraint("status IN ('waiting', 'delivered', 'dropped')", name=op.f("ck_webhook_delivery_status")),
        sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_webhook_delivery_endpoint_id")),
        sa.ForeignKeyConstraint(
            ["space_id", "seq"],
            ["journal_entry.space_id", "journal_entry.seq"],
            name=op.f("fk_webhook_delivery_space_id_seq"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_webhook_delivery_space_id")),
        sa.PrimaryKeyConstraint("space_id", "endpoint_id", "seq", name=op.f("pk_webhook_delivery")),
    )
    op.create_index(op.f("ix_webhook_delivery_endpoint_id_made_at"), "webhook_delivery", ["endpoint_id", "made_at"])
    op.create_index(
        "ix_webhook_delivery_waiting",
        "webhook_delivery",
        ["endpoint_id", "space_id", "replayed", "seq"],
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_table(
        "webhook_lane",
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("replay_after", sa.BigInteger(), nullable=True),
        sa.Column("replay_to", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(lease IS NULL) = (leased_until IS NULL)", name=op.f("ck_webhook_lane_lease")),
        sa.CheckConstraint("(replay_after IS NULL) = (replay_to IS NULL)", name=op.f("ck_webhook_lane_replay")),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_webhook_lane_seq")),
        sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_webhook_lane_endpoint_id")),
        sa.ForeignKeyConstraint(["space_id"], ["journal_head.space_id"], name=op.f("fk_webhook_lane_space_id")),
        sa.PrimaryKeyConstraint("space_id", "endpoint_id", name=op.f("pk_webhook_lane")),
    )
    op.create_table(
        "webhook_pulse",
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_webhook_pulse_endpoint_id")),
        sa.PrimaryKeyConstraint("endpoint_id", name=op.f("pk_webhook_pulse")),
    )
    op.create_index("ix_webhook_pulse_beat_at", "webhook_pulse", ["beat_at"])
    op.create_table(
        "webhook_attempt",
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("latency_ms", sa.Float(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("answer IS NULL OR error IS NULL", name=op.f("ck_webhook_attempt_outcome")),
        sa.ForeignKeyConstraint(
            ["space_id", "endpoint_id", "seq"],
            ["webhook_delivery.space_id", "webhook_delivery.endpoint_id", "webhook_delivery.seq"],
            name=op.f("fk_webhook_attempt_space_id_endpoint_id_seq"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("space_id", "endpoint_id", "seq", "number", name=op.f("pk_webhook_attempt")),
    )
    op.create_index(op.f("ix_webhook_attempt_endpoint_id_at"), "webhook_attempt", ["endpoint_id", "at"])
    op.create_table(
        "dispatch_receipt",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("mission_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(status = 'taken') = (taken_at IS NOT NULL)", name=op.f("ck_dispatch_receipt_taken")),
        sa.CheckConstraint("status IN ('awaited', 'missing', 'taken')", name=op.f("ck_dispatch_receipt_status")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_dispatch_receipt_seq")),
        sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_dispatch_receipt_endpoint_id")),
        sa.ForeignKeyConstraint(
            ["space_id", "incident_id"],
            ["incident.space_id", "incident.id"],
            name=op.f("fk_dispatch_receipt_space_id_incident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_dispatch_receipt_space_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "mission_id"],
            ["mission.space_id", "mission.id"],
            name=op.f("fk_dispatch_receipt_space_id_mission_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_dispatch_receipt_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_dispatch_receipt")),
    )
    op.create_index(
        op.f("ix_dispatch_receipt_space_id_member_id_id"), "dispatch_receipt", ["space_id", "member_id", "id"]
    )
    op.create_index("uq_dispatch_receipt_entry", "dispatch_receipt", ["space_id", "endpoint_id", "seq"], unique=True)


def downgrade() -> None:
    """Go back."""
    for table in (
        "dispatch_receipt",
        "webhook_attempt",
        "webhook_pulse",
        "webhook_lane",
        "webhook_delivery",
        "webhook_endpoint",
    ):
        op.drop_table(table)
