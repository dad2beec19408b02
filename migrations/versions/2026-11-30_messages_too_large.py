"""What was too large for the inbox is counted with the other refusals."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

NAME, BEFORE = "ck_inbox_refusal_why", "'duplicate', 'signature', 'window', 'key_reused', 'too_many', 'not_at_work'"


def upgrade() -> None:
    """Go forward."""
    op.drop_constraint(op.f(NAME), "inbox_refusal", type_="check")
    op.create_check_constraint(op.f(NAME), "inbox_refusal", f"why IN ({BEFORE}, 'too_large')")


def downgrade() -> None:
    """Go back: what was too large is forgotten."""
    op.execute("DELETE FROM inbox_refusal WHERE why = 'too_large'")
    op.drop_constraint(op.f(NAME), "inbox_refusal", type_="check")
    op.create_check_constraint(op.f(NAME), "inbox_refusal", f"why IN ({BEFORE})")
