"""Claims and statements; what an offer is expected to cost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("exchange_rate", "claim", "claim_mission", "claim_line", "statement", "statement_line")


def upgrade() -> None:
    """Go forward."""
    op.add_column("offer_line", sa.Column("estimate", postgresql.JSONB(), nullable=True))
    _exchange_rate()
    _claim()
    _claim_mission()
    _claim_line()
    _statement()
    _statement_line()


def downgrade() -> None:
    """Go back."""
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("offer_line", "estimate")


def _exchange_rate() -> None:
    op.create_table(
        "exchange_rate",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("base", sa.String(length=3), nullable=False),
        sa.Column("quote", sa.String(length=3), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("entered_by_member_id", sa.Uuid(), nullable=False),
        sa.Column("entered_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("base <> quote", name=op.f("ck_exchange_rate_two_currencies")),
        sa.CheckConstraint("rate > 0", name=op.f("ck_exchange_rate_rate")),
        sa.ForeignKeyConstraint(
            ["space_id", "entered_by_member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_exchange_rate_space_id_entered_by_member_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_exchange_rate_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_exchange_rate")),
        sa.UniqueConstraint("space_id", "base", "quote", "day", name=op.f("uq_exchange_rate_space_id_base_quote_day")),
    )


def _claim() -> None:
    op.create_table(
        "claim",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("lender_id", sa.Uuid(), nullable=False),
        sa.Column("requester_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total", sa.Numeric(), nullable=False),
        sa.Column("agreed", sa.Numeric(), nullable=False),
        sa.Column("ledger_currency", sa.String(length=3), nullable=False),
        sa.Column("ledger_total", sa.Numeric(), nullable=True),
        sa.Column("exchange_rate", sa.Numeric(), nullable=True),
        sa.Column("rate_date", sa.Date(), nullable=True),
        sa.Column("rate_source", sa.String(), nullable=True),
        sa.Column("claim_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pay_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overdue", sa.Boolean(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payment_reference", sa.String(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'disputed', 'verified', 'paid', 'waived', 'closed')",
            name=op.f("ck_claim_status"),
        ),
        sa.CheckConstraint("agreed BETWEEN 0 AND total", name=op.f("ck_claim_agreed")),
        sa.CheckConstraint("lender_id <> requester_id", name=op.f("ck_claim_two_members")),
        sa.ForeignKeyConstraint(
            ["space_id", "lender_id"], ["member.space_id", "member.id"], name=op.f("fk_claim_space_id_lender_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "requester_id"], ["member.space_id", "member.id"], name=op.f("fk_claim_space_id_requester_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_claim_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_claim")),
        sa.UniqueConstraint("space_id", "ref", name=op.f("uq_claim_space_id_ref")),
    )
    op.create_index(op.f("ix_claim_space_id_lender_id_id"), "claim", ["space_id", "lender_id", "id"], unique=False)
    op.create_index(
        op.f("ix_claim_space_id_requester_id_id"), "claim", ["space_id", "requester_id", "id"], unique=False
    )


def _claim_mission() -> None:
    op.create_table(
        "claim_mission",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=True),
        sa.Column("agreement_version", sa.Integer(), nullable=True),
        sa.Column("cost", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "(agreement_id IS NULL) = (agreement_version IS NULL)", name=op.f("ck_claim_mission_agreement")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "agreement_id"],
            ["agreement.space_id", "agreement.id"],
            name=op.f("fk_claim_mission_space_id_agreement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "claim_id"], ["claim.space_id", "claim.id"], name=op.f("fk_claim_mission_space_id_claim_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "mission_id"],
            ["mission.space_id", "mission.id"],
            name=op.f("fk_claim_mission_space_id_mission_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_claim_mission_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_claim_mission")),
        sa.UniqueConstraint("space_id", "mission_id", name=op.f("uq_claim_mission_space_id_mission_id")),
    )
    op.create_index(op.f("ix_claim_mission_space_id_claim_id"), "claim_mission", ["space_id", "claim_id"], unique=False)


def _claim_line() -> None:
    op.create_table(
        "claim_line",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("consumable", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("overlap", sa.Numeric(), nullable=False),
        sa.Column("free", sa.Numeric(), nullable=False),
        sa.Column("billable", sa.Numeric(), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=True),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("agreed", sa.Numeric(), nullable=False),
        sa.Column("waived", sa.Boolean(), nullable=False),
        sa.Column("why", postgresql.JSONB(), nullable=False),
        sa.Column("dispute", sa.String(), nullable=True),
        sa.Column("dispute_reason", sa.String(), nullable=True),
        sa.Column("counter_amount", sa.Numeric(), nullable=True),
        sa.Column("disputed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answer_amount", sa.Numeric(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "dispute IS NULL OR dispute IN ('raised', 'answered', 'settled', 'withdrawn')",
            name=op.f("ck_claim_line_dispute"),
        ),
        sa.CheckConstraint(
            "item IN ('vehicle_hours', 'person_hours', 'kilometres', 'consumables')", name=op.f("ck_claim_line_item")
        ),
        sa.CheckConstraint("(dispute IS NULL) = (counter_amount IS NULL)", name=op.f("ck_claim_line_counter_amount")),
        sa.CheckConstraint("amount >= 0 AND agreed BETWEEN 0 AND amount", name=op.f("ck_claim_line_amounts")),
        sa.CheckConstraint(
            "quantity >= 0 AND overlap >= 0 AND free >= 0 AND billable >= 0", name=op.f("ck_claim_line_quantities")
        ),
        sa.CheckConstraint("rate IS NOT NULL OR amount = 0", name=op.f("ck_claim_line_rate")),
        sa.ForeignKeyConstraint(
            ["space_id", "claim_id"], ["claim.space_id", "claim.id"], name=op.f("fk_claim_line_space_id_claim_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "mission_id"],
            ["mission.space_id", "mission.id"],
            name=op.f("fk_claim_line_space_id_mission_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_claim_line_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_claim_line")),
        sa.UniqueConstraint("space_id", "claim_id", "position", name=op.f("uq_claim_line_space_id_claim_id_position")),
    )


def _statement() -> None:
    op.create_table(
        "statement",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_a_id", sa.Uuid(), nullable=False),
        sa.Column("member_b_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("a_owes", sa.Numeric(), nullable=True),
        sa.Column("b_owes", sa.Numeric(), nullable=True),
        sa.Column("net", sa.Numeric(), nullable=True),
        sa.Column("payer_id", sa.Uuid(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_by_a_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by_b_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disputed_by_member_id", sa.Uuid(), nullable=True),
        sa.Column("dispute_reason", sa.String(), nullable=True),
        sa.Column("disputed_mission_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "dispute_reason IS NULL OR dispute_reason IN ('not_ours', 'missing', 'wrong_hours', 'wrong_kilometres', 'wrong_rate', 'counted_twice', 'other')",
            name=op.f("ck_statement_dispute_reason"),
        ),
        sa.CheckConstraint("status IN ('issued', 'disputed', 'acknowledged')", name=op.f("ck_statement_status")),
        sa.CheckConstraint("(net IS NULL) = (a_owes IS NULL OR b_owes IS NULL)", name=op.f("ck_statement_net")),
        sa.CheckConstraint("member_a_id < member_b_id", name=op.f("ck_statement_two_members")),
        sa.CheckConstraint("net >= 0", name=op.f("ck_statement_net_sign")),
        sa.CheckConstraint(
            "payer_id IS NULL OR payer_id IN (member_a_id, member_b_id)", name=op.f("ck_statement_payer")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "disputed_by_member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_statement_space_id_disputed_by_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "disputed_mission_id"],
            ["mission.space_id", "mission.id"],
            name=op.f("fk_statement_space_id_disputed_mission_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_a_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_statement_space_id_member_a_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_b_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_statement_space_id_member_b_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "payer_id"], ["member.space_id", "member.id"], name=op.f("fk_statement_space_id_payer_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_statement_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_statement")),
        sa.UniqueConstraint(
            "space_id",
            "member_a_id",
            "member_b_id",
            "month",
            name=op.f("uq_statement_space_id_member_a_id_member_b_id_month"),
        ),
    )
    op.create_index(op.f("ix_statement_space_id_member_b_id"), "statement", ["space_id", "member_b_id"], unique=False)


def _statement_line() -> None:
    op.create_table(
        "statement_line",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Uuid(), nullable=False),
        sa.Column("lender_id", sa.Uuid(), nullable=False),
        sa.Column("requester_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=True),
        sa.Column("agreement_version", sa.Integer(), nullable=True),
        sa.Column("type_code", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hours", sa.Numeric(), nullable=False),
        sa.Column("person_hours", sa.Numeric(), nullable=True),
        sa.Column("kilometres", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("ledger_amount", sa.Numeric(), nullable=True),
        sa.CheckConstraint("amount >= 0 AND ledger_amount >= 0", name=op.f("ck_statement_line_amounts")),
        sa.CheckConstraint("lender_id <> requester_id", name=op.f("ck_statement_line_two_members")),
        sa.ForeignKeyConstraint(
            ["space_id", "agreement_id"],
            ["agreement.space_id", "agreement.id"],
            name=op.f("fk_statement_line_space_id_agreement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "lender_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_statement_line_space_id_lender_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "mission_id"],
            ["mission.space_id", "mission.id"],
            name=op.f("fk_statement_line_space_id_mission_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "requester_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_statement_line_space_id_requester_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "statement_id"],
            ["statement.space_id", "statement.id"],
            name=op.f("fk_statement_line_space_id_statement_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_statement_line_space_id")),
        sa.ForeignKeyConstraint(["type_code"], ["resource_type.code"], name=op.f("fk_statement_line_type_code")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_statement_line")),
        sa.UniqueConstraint("space_id", "mission_id", name=op.f("uq_statement_line_space_id_mission_id")),
    )
    op.create_index(
        op.f("ix_statement_line_space_id_statement_id"), "statement_line", ["space_id", "statement_id"], unique=False
    )
