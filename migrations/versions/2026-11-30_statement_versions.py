"""A monthly statement that was put right is issued anew as its next version; the one before stays, and both say when the rest was paid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

BEFORE = "status IN ('issued', 'disputed', 'acknowledged')"
NOW = "status IN ('issued', 'disputed', 'answered', 'replaced', 'acknowledged', 'paid')"
ANSWERS = "answer IN ('as_measured', 'as_agreed', 'was_yours', 'counted_once', 'in_another_month', 'other')"


def upgrade() -> None:
    """Go forward."""
    op.add_column("statement", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.alter_column("statement", "version", server_default=None)
    op.add_column("statement", sa.Column("replaces_id", sa.Uuid(), nullable=True))
    op.add_column("statement", sa.Column("answer", sa.String(), nullable=True))
    op.add_column("statement", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("statement", sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("statement", sa.Column("payment_reference", sa.String(), nullable=True))
    op.drop_constraint(op.f("uq_statement_space_id_member_a_id_member_b_id_month"), "statement", type_="unique")
    op.create_unique_constraint(
        op.f("uq_statement_space_id_member_a_id_member_b_id_month_version"),
        "statement",
        ["space_id", "member_a_id", "member_b_id", "month", "version"],
    )
    op.create_foreign_key(
        op.f("fk_statement_space_id_replaces_id"),
        "statement",
        "statement",
        ["space_id", "replaces_id"],
        ["space_id", "id"],
    )
    op.create_unique_constraint(op.f("uq_statement_space_id_replaces_id"), "statement", ["space_id", "replaces_id"])
    op.drop_constraint(op.f("ck_statement_status"), "statement", type_="check")
    op.create_check_constraint(op.f("ck_statement_status"), "statement", NOW)
    op.create_check_constraint(op.f("ck_statement_answer"), "statement", ANSWERS)
    op.create_check_constraint(
        op.f("ck_statement_paid"),
        "statement",
        "(paid_at IS NULL) = (payment_reference IS NULL) AND (paid_at IS NULL) = (status <> 'paid')",
    )
    op.add_column("statement_line", sa.Column("replaced", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("statement_line", "replaced", server_default=None)
    op.drop_constraint(op.f("uq_statement_line_space_id_mission_id"), "statement_line", type_="unique")
    op.create_unique_constraint(
        op.f("uq_statement_line_space_id_statement_id_mission_id"),
        "statement_line",
        ["space_id", "statement_id", "mission_id"],
    )
    op.create_index(
        op.f("ix_statement_line_current"),
        "statement_line",
        ["space_id", "mission_id"],
        unique=True,
        postgresql_where=sa.text("NOT replaced"),
    )
    op.drop_index(op.f("ix_statement_line_space_id_statement_id"), "statement_line")


def downgrade() -> None:
    """Go back: only where no statement was issued anew, answered or paid."""
    op.create_index(op.f("ix_statement_line_space_id_statement_id"), "statement_line", ["space_id", "statement_id"])
    op.drop_index(op.f("ix_statement_line_current"), "statement_line")
    op.drop_constraint(op.f("uq_statement_line_space_id_statement_id_mission_id"), "statement_line", type_="unique")
    op.create_unique_constraint(
        op.f("uq_statement_line_space_id_mission_id"), "statement_line", ["space_id", "mission_id"]
    )
    op.drop_column("statement_line", "replaced")
    op.drop_constraint(op.f("ck_statement_paid"), "statement", type_="check")
    op.drop_constraint(op.f("ck_statement_answer"), "statement", type_="check")
    op.drop_constraint(op.f("ck_statement_status"), "statement", type_="check")
    op.create_check_constraint(op.f("ck_statement_status"), "statement", BEFORE)
    op.drop_constraint(op.f("uq_statement_space_id_replaces_id"), "statement", type_="unique")
    op.drop_constraint(op.f("fk_statement_space_id_replaces_id"), "statement", type_="foreignkey")
    op.drop_constraint(op.f("uq_statement_space_id_member_a_id_member_b_id_month_version"), "statement", type_="unique")
    op.create_unique_constraint(
        op.f("uq_statement_space_id_member_a_id_member_b_id_month"),
        "statement",
        ["space_id", "member_a_id", "member_b_id", "month"],
    )
    for column in ("payment_reference", "paid_at", "answered_at", "answer", "replaces_id", "version"):
        op.drop_column("statement", column)
