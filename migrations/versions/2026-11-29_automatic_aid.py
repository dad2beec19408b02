"""Automatic aid and response commitments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    _create_automatic_aid()
    _create_automatic_alarm()
    _create_response_commitment()


def downgrade() -> None:
    """Go back. What is told of automatic aid is lost, and what was promised and kept; requests, offers and missions stay."""
    op.drop_table("response_commitment")
    op.drop_table("automatic_alarm")
    op.drop_table("automatic_aid")


def _create_automatic_aid() -> None:
    op.create_table(
        "automatic_aid",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("request_line_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("requester_id", sa.Uuid(), nullable=False),
        sa.Column("type_code", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("lacking", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("alarmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("passed_over", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "status IN ('alarmed', 'rolling', 'unfilled', 'called_off')", name=op.f("ck_automatic_aid_status")
        ),
        sa.CheckConstraint(
            "quantity BETWEEN 1 AND 100 AND lacking BETWEEN 0 AND quantity", name=op.f("ck_automatic_aid_quantity")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "incident_id"],
            ["incident.space_id", "incident.id"],
            name=op.f("fk_automatic_aid_space_id_incident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_id"],
            ["request.space_id", "request.id"],
            name=op.f("fk_automatic_aid_space_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_line_id", "request_id"],
            ["request_line.space_id", "request_line.id", "request_line.request_id"],
            name=op.f("fk_automatic_aid_space_id_request_line_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "requester_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_automatic_aid_space_id_requester_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_automatic_aid_space_id")),
        sa.ForeignKeyConstraint(["type_code"], ["resource_type.code"], name=op.f("fk_automatic_aid_type_code")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_automatic_aid")),
        sa.UniqueConstraint("space_id", "request_id", name=op.f("uq_automatic_aid_space_id_request_id")),
    )
    op.create_index(
        op.f("ix_automatic_aid_space_id_requester_id_status"), "automatic_aid", ["space_id", "requester_id", "status"]
    )


def _create_automatic_alarm() -> None:
    op.create_table(
        "automatic_alarm",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("aid_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("requester_id", sa.Uuid(), nullable=False),
        sa.Column("lender_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_version", sa.Integer(), nullable=False),
        sa.Column("type_code", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("alarmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("sends", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.CheckConstraint(
            "reason IS NULL OR reason IN ('none_available', 'own_emergency', 'reserve', 'crew', 'distance', 'no_agreement', 'other')",
            name=op.f("ck_automatic_alarm_reason"),
        ),
        sa.CheckConstraint(
            "status IN ('alarmed', 'rolling', 'cannot', 'silent', 'called_off')", name=op.f("ck_automatic_alarm_status")
        ),
        sa.CheckConstraint("lender_id <> requester_id", name=op.f("ck_automatic_alarm_two_members")),
        sa.CheckConstraint(
            "quantity BETWEEN 1 AND 100 AND sends BETWEEN 0 AND quantity", name=op.f("ck_automatic_alarm_quantity")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "agreement_id"],
            ["agreement.space_id", "agreement.id"],
            name=op.f("fk_automatic_alarm_space_id_agreement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "aid_id"],
            ["automatic_aid.space_id", "automatic_aid.id"],
            name=op.f("fk_automatic_alarm_space_id_aid_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "incident_id"],
            ["incident.space_id", "incident.id"],
            name=op.f("fk_automatic_alarm_space_id_incident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "lender_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_automatic_alarm_space_id_lender_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "offer_id", "request_id"],
            ["offer.space_id", "offer.id", "offer.request_id"],
            name=op.f("fk_automatic_alarm_space_id_offer_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_id"],
            ["request.space_id", "request.id"],
            name=op.f("fk_automatic_alarm_space_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "requester_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_automatic_alarm_space_id_requester_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_automatic_alarm_space_id")),
        sa.ForeignKeyConstraint(["type_code"], ["resource_type.code"], name=op.f("fk_automatic_alarm_type_code")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_automatic_alarm")),
        sa.UniqueConstraint(
            "space_id", "aid_id", "lender_id", name=op.f("uq_automatic_alarm_space_id_aid_id_lender_id")
        ),
        sa.UniqueConstraint("space_id", "aid_id", "turn", name=op.f("uq_automatic_alarm_space_id_aid_id_turn")),
        sa.UniqueConstraint("space_id", "offer_id", name=op.f("uq_automatic_alarm_space_id_offer_id")),
    )
    op.create_index(
        op.f("ix_automatic_alarm_space_id_lender_id_status"), "automatic_alarm", ["space_id", "lender_id", "status"]
    )
    op.create_index(
        "uq_automatic_alarm_one_at_a_time",
        "automatic_alarm",
        ["space_id", "aid_id"],
        unique=True,
        postgresql_where=sa.text("status = 'alarmed'"),
    )


def _create_response_commitment() -> None:
    op.create_table(
        "response_commitment",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("requester_id", sa.Uuid(), nullable=False),
        sa.Column("lender_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_version", sa.Integer(), nullable=False),
        sa.Column("mission_id", sa.Uuid(), nullable=True),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("binding", sa.String(), nullable=False),
        sa.Column("within_min", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(step = 'turn_out') = (mission_id IS NOT NULL)", name=op.f("ck_response_commitment_mission")
        ),
        sa.CheckConstraint("binding IN ('best_effort', 'obligatory')", name=op.f("ck_response_commitment_binding")),
        sa.CheckConstraint(
            "status IN ('running', 'kept', 'broken', 'lapsed')", name=op.f("ck_response_commitment_status")
        ),
        sa.CheckConstraint("step IN ('acknowledge', 'answer', 'turn_out')", name=op.f("ck_response_commitment_step")),
        sa.CheckConstraint("within_min >= 1 AND due_at > since", name=op.f("ck_response_commitment_due")),
        sa.ForeignKeyConstraint(
            ["space_id", "agreement_id"],
            ["agreement.space_id", "agreement.id"],
            name=op.f("fk_response_commitment_space_id_agreement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "lender_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_response_commitment_space_id_lender_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "mission_id"],
            ["mission.space_id", "mission.id"],
            name=op.f("fk_response_commitment_space_id_mission_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_id"],
            ["request.space_id", "request.id"],
            name=op.f("fk_response_commitment_space_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "requester_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_response_commitment_space_id_requester_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_response_commitment_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_response_commitment")),
    )
    op.create_index(
        op.f("ix_response_commitment_space_id_lender_id_id"), "response_commitment", ["space_id", "lender_id", "id"]
    )
    op.create_index(
        op.f("ix_response_commitment_space_id_request_id"), "response_commitment", ["space_id", "request_id"]
    )
    op.create_index(
        "uq_response_commitment_mission",
        "response_commitment",
        ["space_id", "mission_id"],
        unique=True,
        postgresql_where=sa.text("mission_id IS NOT NULL"),
    )
    op.create_index(
        "uq_response_commitment_request",
        "response_commitment",
        ["space_id", "request_id", "lender_id", "step"],
        unique=True,
        postgresql_where=sa.text("mission_id IS NULL"),
    )
