"""Members, crossings and rendezvous in full."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "rendezvous",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("guide_code", sa.String(), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("guide", sa.Boolean(), nullable=False),
        sa.Column("fuel", sa.Boolean(), nullable=False),
        sa.Column("launch_ramp", sa.Boolean(), nullable=False),
        sa.Column("food", sa.Boolean(), nullable=False),
        sa.Column("beds", sa.Integer(), nullable=False),
        sa.Column("talkgroup", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('guide_post', 'staging_area', 'reception_departure_centre')", name=op.f("ck_rendezvous_kind")
        ),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_rendezvous_status")),
        sa.CheckConstraint("capacity BETWEEN 1 AND 10000", name=op.f("ck_rendezvous_capacity")),
        sa.CheckConstraint("beds BETWEEN 0 AND 10000", name=op.f("ck_rendezvous_beds")),
        sa.CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name=op.f("ck_rendezvous_on_earth")),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"], ["member.space_id", "member.id"], name=op.f("fk_rendezvous_space_id_member_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_rendezvous_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_rendezvous")),
        sa.UniqueConstraint("space_id", "code", name=op.f("uq_rendezvous_space_id_code")),
        sa.UniqueConstraint("space_id", "guide_code", name=op.f("uq_rendezvous_space_id_guide_code")),
    )
    op.create_index(op.f("ix_rendezvous_space_id_member_id"), "rendezvous", ["space_id", "member_id"])
    for table in ("mission", "request_line"):
        op.add_column(table, sa.Column("rendezvous_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_space_id_rendezvous_id"),
            table,
            "rendezvous",
            ["space_id", "rendezvous_id"],
            ["space_id", "id"],
        )
    op.create_index(op.f("ix_mission_space_id_rendezvous_id"), "mission", ["space_id", "rendezvous_id"])
    op.add_column(
        "member",
        sa.Column("inform_on", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="[]"),
    )
    op.alter_column("member", "inform_on", server_default=None)
    _representatives()
    _notices()
    _handovers()
    op.add_column("crossing", sa.Column("reopens_as", sa.String(), nullable=False, server_default="none"))
    op.alter_column("crossing", "reopens_as", server_default=None)
    op.create_check_constraint(op.f("ck_crossing_reopens_as"), "crossing", "reopens_as IN ('none', 'checks')")


def _representatives() -> None:
    op.create_table(
        "representative",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("deputy_of_id", sa.Uuid(), nullable=True),
        sa.Column("on_duty", sa.Boolean(), nullable=False),
        sa.CheckConstraint("deputy_of_id <> id", name=op.f("ck_representative_deputy")),
        _to("representative", "member_id", "member"),
        _to("representative", "deputy_of_id", "representative"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_representative_user_id")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_representative_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_representative")),
        sa.UniqueConstraint(
            "space_id", "member_id", "user_id", name=op.f("uq_representative_space_id_member_id_user_id")
        ),
    )


def _notices() -> None:
    op.create_table(
        "authority_notice",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=True),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("mission_id", sa.Uuid(), nullable=True),
        sa.Column("agreement_id", sa.Uuid(), nullable=True),
        sa.Column("agreement_version", sa.Integer(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_person", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(agreement_id IS NULL) = (agreement_version IS NULL)", name=op.f("ck_authority_notice_agreement")
        ),
        sa.CheckConstraint(
            "confirmed_at IS NOT NULL OR confirmed_by_id IS NULL", name=op.f("ck_authority_notice_confirmed")
        ),
        _to("authority_notice", "member_id", "member"),
        _to("authority_notice", "incident_id", "incident"),
        _to("authority_notice", "request_id", "request"),
        _to("authority_notice", "mission_id", "mission"),
        _to("authority_notice", "agreement_id", "agreement"),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_authority_notice_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_authority_notice")),
    )
    op.create_index(
        op.f("ix_authority_notice_space_id_request_id_id"), "authority_notice", ["space_id", "request_id", "id"]
    )
    op.create_index(
        "ix_authority_notice_open",
        "authority_notice",
        ["space_id", "member_id"],
        postgresql_where=sa.text("confirmed_at IS NULL"),
    )


def _handovers() -> None:
    op.create_table(
        "handover",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("written_by_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("matters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by_id", sa.Uuid(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(taken_at IS NULL) = (taken_by_id IS NULL)", name=op.f("ck_handover_taken")),
        _to("handover", "member_id", "member"),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_handover_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_handover")),
    )
    op.create_index(op.f("ix_handover_space_id_member_id_id"), "handover", ["space_id", "member_id", "id"])


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["space_id", column], [f"{other}.space_id", f"{other}.id"], name=op.f(f"fk_{table}_space_id_{column}")
    )


def downgrade() -> None:
    """Go back."""
    for table in ("handover", "authority_notice", "representative"):
        op.drop_table(table)
    op.drop_column("member", "inform_on")
    op.drop_column("crossing", "reopens_as")
    op.drop_index(op.f("ix_mission_space_id_rendezvous_id"), table_name="mission")
    for table in ("request_line", "mission"):
        op.drop_column(table, "rendezvous_id")
    op.drop_index(op.f("ix_rendezvous_space_id_member_id"), table_name="rendezvous")
    op.drop_table("rendezvous")
