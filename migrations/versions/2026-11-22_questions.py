"""Questions about requests, and their answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "question",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("to_member_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answer_language", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_question_answer")),
        sa.CheckConstraint("member_id <> to_member_id", name=op.f("ck_question_two_members")),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"], ["member.space_id", "member.id"], name=op.f("fk_question_space_id_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_id"],
            ["request.space_id", "request.id"],
            name=op.f("fk_question_space_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "to_member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_question_space_id_to_member_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_question_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_question")),
    )
    op.create_index(op.f("ix_question_space_id_request_id_id"), "question", ["space_id", "request_id", "id"])


def downgrade() -> None:
    """Go back."""
    op.drop_index(op.f("ix_question_space_id_request_id_id"), table_name="question")
    op.drop_table("question")
