"""Help without an agreement as a debt of its own, and whose word sets an agreement aside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. Of an agreement that is set aside already, any party may take the word back: whose it was stands in the journal alone."""
    op.drop_constraint(op.f("ck_debt_act"), "debt")
    op.create_check_constraint(op.f("ck_debt_act"), "debt", "act IN ('open', 'accept', 'commit', 'ad_hoc')")
    op.add_column(
        "agreement",
        sa.Column("suspended_by", postgresql.ARRAY(sa.Uuid()), nullable=False, server_default=sa.text("'{}'")),
    )
    op.alter_column("agreement", "suspended_by", server_default=None)


def downgrade() -> None:
    """Go back. Debts of the new kind go with it."""
    op.drop_column("agreement", "suspended_by")
    op.execute("DELETE FROM debt WHERE act = 'ad_hoc'")
    op.drop_constraint(op.f("ck_debt_act"), "debt")
    op.create_check_constraint(op.f("ck_debt_act"), "debt", "act IN ('open', 'accept', 'commit')")
