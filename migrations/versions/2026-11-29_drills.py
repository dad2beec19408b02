"""Drills: plan, participants, evaluation and improvement in the live space; clock and deliveries in each drill's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "drill",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", postgresql.JSONB(), nullable=False),
        sa.Column("scenario", sa.String(), nullable=False),
        sa.Column("scenario_version", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("handbook", postgresql.JSONB(), nullable=False),
        sa.Column("script", sa.String(), nullable=False),
        sa.Column("script_digest", sa.LargeBinary(), nullable=False),
        sa.Column("lasts_s", sa.Integer(), nullable=False),
        sa.Column("written_by_id", sa.Uuid(), nullable=True),
        sa.Column("approved_by_id", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announced_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("time_zone", sa.String(), nullable=True),
        sa.Column("recurrence", postgresql.JSONB(), nullable=True),
        sa.Column("retests_id", sa.Uuid(), nullable=True),
        sa.Column("speed", sa.Integer(), nullable=False),
        sa.Column("virtual", sa.String(), nullable=False),
        sa.Column("held_because", postgresql.JSONB(), nullable=False),
        sa.Column("go_ahead", postgresql.JSONB(), nullable=False),
        sa.Column("plays_in", sa.String(length=64), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hot_wash_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hot_wash", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint("notice IN ('announced', 'no_notice')", name=op.f("ck_drill_notice")),
        sa.CheckConstraint(
            "status IN ('planned', 'approved', 'scheduled', 'held', 'running', 'paused', 'ended', 'reviewed', 'closed', 'stopped', 'stood_down')",
            name=op.f("ck_drill_status"),
        ),
        sa.CheckConstraint(
            "type IN ('seminar', 'workshop', 'tabletop', 'game', 'drill', 'functional', 'full_scale')",
            name=op.f("ck_drill_type"),
        ),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> written_by_id", name=op.f("ck_drill_two_people")
        ),
        sa.ForeignKeyConstraint(["plays_in"], ["space.id"], name=op.f("fk_drill_plays_in")),
        sa.ForeignKeyConstraint(
            ["space_id", "retests_id"], ["drill.space_id", "drill.id"], name=op.f("fk_drill_space_id_retests_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_drill_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_drill")),
        sa.UniqueConstraint("plays_in", name=op.f("uq_drill_plays_in")),
        sa.UniqueConstraint("space_id", "code", name=op.f("uq_drill_space_id_code")),
    )
    op.create_index(op.f("ix_drill_space_id_status_id"), "drill", ["space_id", "status", "id"])
    op.create_table(
        "drill_clock",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", postgresql.JSONB(), nullable=False),
        sa.Column("stop_words", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("anchor_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("anchor_us", sa.BigInteger(), nullable=False),
        sa.Column("speed", sa.Integer(), nullable=False),
        sa.Column("paused_sites", postgresql.JSONB(), nullable=False),
        sa.Column("words", postgresql.JSONB(), nullable=False),
        sa.Column("site_words", postgresql.JSONB(), nullable=False),
        sa.Column("timeline", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "status IN ('ready', 'running', 'paused', 'ended', 'stopped')", name=op.f("ck_drill_clock_status")
        ),
        sa.CheckConstraint("anchor_us >= 0", name=op.f("ck_drill_clock_anchor_us")),
        sa.CheckConstraint("speed BETWEEN 1 AND 60", name=op.f("ck_drill_clock_speed")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_drill_clock_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_drill_clock")),
    )
    op.create_table(
        "drill_delivery",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inject", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("delivered_by_id", sa.Uuid(), nullable=True),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_member_ids", postgresql.ARRAY(postgresql.UUID(as_uuid=True)), nullable=False),
        sa.Column("told", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("by IN ('clock', 'hand')", name=op.f("ck_drill_delivery_by")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_drill_delivery_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_drill_delivery")),
        sa.UniqueConstraint("space_id", "inject", name=op.f("uq_drill_delivery_space_id_inject")),
    )
    op.create_index(op.f("ix_drill_delivery_space_id_at_us"), "drill_delivery", ["space_id", "at_us"])
    op.create_table(
        "drill_task",
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_drill_task_space_id")),
        sa.PrimaryKeyConstraint("space_id", "key", name=op.f("pk_drill_task")),
    )
    op.create_table(
        "corrective_action",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("drill_id", sa.Uuid(), nullable=False),
        sa.Column("objective", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("owner_member_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("retest_drill_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('open', 'done', 'retested', 'dropped')", name=op.f("ck_corrective_action_status")
        ),
        sa.CheckConstraint("retest_drill_id <> drill_id", name=op.f("ck_corrective_action_another_drill")),
        sa.ForeignKeyConstraint(
            ["space_id", "drill_id"],
            ["drill.space_id", "drill.id"],
            name=op.f("fk_corrective_action_space_id_drill_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "owner_member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_corrective_action_space_id_owner_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "retest_drill_id"],
            ["drill.space_id", "drill.id"],
            name=op.f("fk_corrective_action_space_id_retest_drill_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_corrective_action_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_corrective_action")),
        sa.UniqueConstraint("space_id", "ref", name=op.f("uq_corrective_action_space_id_ref")),
    )
    op.create_index(op.f("ix_corrective_action_space_id_drill_id"), "corrective_action", ["space_id", "drill_id"])
    op.create_index(
        op.f("ix_corrective_action_space_id_status_due_on"), "corrective_action", ["space_id", "status", "due_on"]
    )
    op.create_table(
        "drill_hot_wash",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("drill_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("went_well", sa.String(), nullable=False),
        sa.Column("to_improve", sa.String(), nullable=False),
        sa.Column("to_change", sa.String(), nullable=True),
        sa.Column("written_by_id", sa.Uuid(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id", "drill_id"], ["drill.space_id", "drill.id"], name=op.f("fk_drill_hot_wash_space_id_drill_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_drill_hot_wash_space_id_member_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_drill_hot_wash_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_drill_hot_wash")),
        sa.UniqueConstraint(
            "space_id", "drill_id", "member_id", name=op.f("uq_drill_hot_wash_space_id_drill_id_member_id")
        ),
    )
    op.create_table(
        "drill_mark",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("drill_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("marked_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('action', 'sync')", name=op.f("ck_drill_mark_kind")),
        sa.ForeignKeyConstraint(
            ["space_id", "drill_id"], ["drill.space_id", "drill.id"], name=op.f("fk_drill_mark_space_id_drill_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_drill_mark_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_drill_mark")),
        sa.UniqueConstraint(
            "space_id",
            "drill_id",
            "kind",
            "about",
            "party",
            name=op.f("uq_drill_mark_space_id_drill_id_kind_about_party"),
        ),
    )
    op.create_table(
        "drill_observation",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("drill_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("objective", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('strength', 'improvement', 'note')", name=op.f("ck_drill_observation_kind")),
        sa.ForeignKeyConstraint(
            ["space_id", "drill_id"],
            ["drill.space_id", "drill.id"],
            name=op.f("fk_drill_observation_space_id_drill_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_drill_observation_space_id_member_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_drill_observation_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_drill_observation")),
    )
    op.create_index(
        op.f("ix_drill_observation_space_id_drill_id_id"), "drill_observation", ["space_id", "drill_id", "id"]
    )
    op.create_table(
        "drill_participant",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("drill_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(), nullable=True),
        sa.Column("play", sa.String(), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ready_by_id", sa.Uuid(), nullable=True),
        sa.Column("joined_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(role = 'player') = (site IS NOT NULL)", name=op.f("ck_drill_participant_site")),
        sa.CheckConstraint(
            "role IN ('player', 'exercise_director', 'drill_controller', 'drill_evaluator', 'simcell', 'safety_officer', 'observer')",
            name=op.f("ck_drill_participant_role"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "drill_id"],
            ["drill.space_id", "drill.id"],
            name=op.f("fk_drill_participant_space_id_drill_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_drill_participant_space_id_member_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_drill_participant_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_drill_participant")),
        sa.UniqueConstraint(
            "space_id",
            "drill_id",
            "member_id",
            "role",
            name=op.f("uq_drill_participant_space_id_drill_id_member_id_role"),
        ),
    )
    op.create_table(
        "drill_rating",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("drill_id", sa.Uuid(), nullable=False),
        sa.Column("objective", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("names", postgresql.JSONB(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("figure", sa.Float(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=True),
        sa.Column("interval", postgresql.JSONB(), nullable=True),
        sa.Column("not_assessed", sa.Integer(), nullable=False),
        sa.Column("never", sa.Boolean(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("computed", sa.String(), nullable=True),
        sa.Column("overruled", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("overruled_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "computed IS NULL OR computed IN ('P', 'S', 'M', 'U')", name=op.f("ck_drill_rating_computed")
        ),
        sa.CheckConstraint(
            "overruled IS NULL OR overruled IN ('P', 'S', 'M', 'U')", name=op.f("ck_drill_rating_overruled")
        ),
        sa.CheckConstraint("(overruled IS NULL) = (reason IS NULL)", name=op.f("ck_drill_rating_reason")),
        sa.ForeignKeyConstraint(
            ["space_id", "drill_id"], ["drill.space_id", "drill.id"], name=op.f("fk_drill_rating_space_id_drill_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_drill_rating_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_drill_rating")),
        sa.UniqueConstraint(
            "space_id", "drill_id", "objective", name=op.f("uq_drill_rating_space_id_drill_id_objective")
        ),
    )
    op.add_column("space", sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("space", sa.Column("frozen_why", sa.String(), nullable=True))
    op.create_check_constraint(
        op.f("ck_space_frozen_why"), "space", "frozen_why IS NULL OR frozen_why IN ('ended', 'stopped')"
    )
    op.create_check_constraint(op.f("ck_space_frozen"), "space", "(frozen_at IS NULL) = (frozen_why IS NULL)")
    op.create_check_constraint(op.f("ck_space_frozen_drill"), "space", "kind = 'drill' OR frozen_at IS NULL")


def downgrade() -> None:
    """Go back. The spaces of drills stay, with all that happened in them."""
    for name in ("frozen_drill", "frozen", "frozen_why"):
        op.drop_constraint(op.f(f"ck_space_{name}"), "space")
    op.drop_column("space", "frozen_why")
    op.drop_column("space", "frozen_at")
    op.drop_table("drill_rating")
    op.drop_table("drill_participant")
    op.drop_table("drill_observation")
    op.drop_table("drill_mark")
    op.drop_table("drill_hot_wash")
    op.drop_table("corrective_action")
    op.drop_table("drill_task")
    op.drop_table("drill_delivery")
    op.drop_table("drill_clock")
    op.drop_table("drill")
