"""A code is its member's: another member's system of the same name may give the same one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

COUNTS = sa.text("valid_to IS NULL")


def upgrade() -> None:
    """Go forward."""
    op.drop_index("uq_external_id_current", "external_id")
    columns = ["space_id", "member_id", "source", "kind", "code"]
    op.create_index("uq_external_id_current", "external_id", columns, unique=True, postgresql_where=COUNTS)


def downgrade() -> None:
    """Go back: refused by the database while two members use one code."""
    op.drop_index("uq_external_id_current", "external_id")
    columns = ["space_id", "source", "kind", "code"]
    op.create_index("uq_external_id_current", "external_id", columns, unique=True, postgresql_where=COUNTS)
