"""Help that a member offers before anybody has asked for it, and its lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "unasked_offer",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("lender_id", sa.Uuid(), nullable=False),
        sa.Column("to_member_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_by_id", sa.Uuid(), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("offer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "status IN ('offered', 'taken_up', 'declined', 'withdrawn', 'expired')",
            name=op.f("ck_unasked_offer_status"),
        ),
        sa.CheckConstraint("kind IN ('immediate', 'planned')", name=op.f("ck_unasked_offer_kind")),
        sa.CheckConstraint("lender_id <> to_member_id", name=op.f("ck_unasked_offer_two_members")),
        sa.CheckConstraint("(status = 'taken_up') = (offer_id IS NOT NULL)", name=op.f("ck_unasked_offer_taken_up")),
        sa.CheckConstraint("(offer_id IS NULL) = (request_id IS NULL)", name=op.f("ck_unasked_offer_request")),
        sa.CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name=op.f("ck_unasked_offer_place")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_unasked_offer_space_id")),
        *(
            sa.ForeignKeyConstraint(
                ["space_id", column],
                [f"{table}.space_id", f"{table}.id"],
                name=op.f(f"fk_unasked_offer_space_id_{column}"),
            )
            for column, table in (
                ("incident_id", "incident"),
                ("lender_id", "member"),
                ("to_member_id", "member"),
                ("request_id", "request"),
            )
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "offer_id", "request_id"],
            ["offer.space_id", "offer.id", "offer.request_id"],
            name=op.f("fk_unasked_offer_space_id_offer_id_request_id"),
        ),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_unasked_offer")),
    )
    op.create_index(op.f("ix_unasked_offer_space_id_incident_id"), "unasked_offer", ["space_id", "incident_id"])
    op.create_index(
        op.f("ix_unasked_offer_space_id_lender_id_status"), "unasked_offer", ["space_id", "lender_id", "status"]
    )
    op.create_index(
        op.f("ix_unasked_offer_space_id_to_member_id_status"), "unasked_offer", ["space_id", "to_member_id", "status"]
    )
    op.create_table(
        "unasked_offer_line",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unasked_offer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type_code", sa.String(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("expected_hours", sa.Integer(), nullable=True),
        sa.Column("agreement_id", sa.Uuid(), nullable=True),
        sa.Column("agreement_version", sa.Integer(), nullable=True),
        sa.Column("reserve_override", postgresql.JSONB(), nullable=True),
        sa.Column("findings", postgresql.JSONB(), nullable=False),
        sa.Column("cost", postgresql.JSONB(), nullable=False),
        sa.Column("estimate", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint("quantity BETWEEN 1 AND 10000", name=op.f("ck_unasked_offer_line_quantity")),
        sa.CheckConstraint(
            "(agreement_id IS NULL) = (agreement_version IS NULL)", name=op.f("ck_unasked_offer_line_agreement")
        ),
        sa.CheckConstraint("resource_id IS NULL OR quantity = 1", name=op.f("ck_unasked_offer_line_one_resource")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_unasked_offer_line_space_id")),
        sa.ForeignKeyConstraint(["type_code"], ["resource_type.code"], name=op.f("fk_unasked_offer_line_type_code")),
        *(
            sa.ForeignKeyConstraint(
                ["space_id", column],
                [f"{table}.space_id", f"{table}.id"],
                name=op.f(f"fk_unasked_offer_line_space_id_{column}"),
            )
            for column, table in (
                ("unasked_offer_id", "unasked_offer"),
                ("resource_id", "resource"),
                ("agreement_id", "agreement"),
            )
        ),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_unasked_offer_line")),
        sa.UniqueConstraint(
            "space_id",
            "unasked_offer_id",
            "position",
            name=op.f("uq_unasked_offer_line_space_id_unasked_offer_id_position"),
        ),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("unasked_offer_line")
    op.drop_table("unasked_offer")
