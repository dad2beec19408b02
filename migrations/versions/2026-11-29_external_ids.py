"""The codes that other systems know things by; contacts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NAMES = ("resource_id", "depot_id", "incident_id", "of_member_id", "type_code")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "contact",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("function", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("phone_2", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("languages", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"], ["member.space_id", "member.id"], name=op.f("fk_contact_space_id_member_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_contact_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_contact")),
        sa.UniqueConstraint("space_id", "member_id", "code", name=op.f("uq_contact_space_id_member_id_code")),
    )
    op.create_table(
        "external_id",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("depot_id", sa.Uuid(), nullable=True),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("of_member_id", sa.Uuid(), nullable=True),
        sa.Column("type_code", sa.String(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('resource', 'depot', 'incident', 'member', 'resource_type')", name=op.f("ck_external_id_kind")
        ),
        sa.CheckConstraint(
            "(kind = 'resource') = (resource_id IS NOT NULL) AND (kind = 'depot') = (depot_id IS NOT NULL)"
            " AND (kind = 'incident') = (incident_id IS NOT NULL) AND (kind = 'member') = (of_member_id IS NOT NULL)"
            " AND (kind = 'resource_type') = (type_code IS NOT NULL)",
            name=op.f("ck_external_id_names"),
        ),
        sa.CheckConstraint("of_member_id = member_id", name=op.f("ck_external_id_own_member")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_external_id_valid")),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"], ["member.space_id", "member.id"], name=op.f("fk_external_id_space_id_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "resource_id", "member_id"],
            ["resource.space_id", "resource.id", "resource.member_id"],
            name=op.f("fk_external_id_space_id_resource_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "depot_id", "member_id"],
            ["depot.space_id", "depot.id", "depot.member_id"],
            name=op.f("fk_external_id_space_id_depot_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "incident_id"],
            ["incident.space_id", "incident.id"],
            name=op.f("fk_external_id_space_id_incident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "of_member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_external_id_space_id_of_member_id"),
        ),
        sa.ForeignKeyConstraint(["type_code"], ["resource_type.code"], name=op.f("fk_external_id_type_code")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_external_id_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_external_id")),
    )
    op.create_index(
        "uq_external_id_current",
        "external_id",
        ["space_id", "source", "kind", "code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_index(
        op.f("ix_external_id_space_id_source_kind_code"), "external_id", ["space_id", "source", "kind", "code"]
    )
    for column in NAMES:
        op.create_index(
            f"ix_external_id_{column}",
            "external_id",
            ["space_id", column],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )


def downgrade() -> None:
    """Go back."""
    op.drop_table("external_id")
    op.drop_table("contact")
