"""Phone calls that were written down by mistake are taken back: with their missions, and the acts that were owed of them."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

CHECKS = (
    ("call", "status", "", ("unconfirmed", "alarmed", "confirmed"), "taken_back"),
    (
        "offer",
        "status",
        "",
        ("draft", "offered", "provisional", "accepted", "declined", "withdrawn", "expired"),
        "taken_back",
    ),
    ("debt", "status", "", ("owed", "overdue", "made_good"), "lapsed"),
    (
        "mission",
        "ended_by",
        "ended_by IS NULL OR ",
        ("stood_down", "recalled", "aborted", "relieved", "reassigned"),
        "taken_back",
    ),
)
"""Table, column, what else is allowed, its values until now, and the new one."""


def upgrade() -> None:
    """Go forward."""
    for table, column, allow, values, new in CHECKS:
        _check(table, column, allow, (*values, new))


def downgrade() -> None:
    """Go back; what was taken back would be told as confirmed, withdrawn, made good and stood down."""
    op.execute("UPDATE call SET status = 'confirmed' WHERE status = 'taken_back'")
    op.execute("UPDATE offer SET status = 'withdrawn' WHERE status = 'taken_back'")
    op.execute("UPDATE debt SET status = 'made_good' WHERE status = 'lapsed'")
    op.execute("UPDATE mission SET ended_by = 'stood_down' WHERE ended_by = 'taken_back'")
    for table, column, allow, values, _ in CHECKS:
        _check(table, column, allow, values)


def _check(table: str, column: str, allow: str, values: tuple[str, ...]) -> None:
    name = op.f(f"ck_{table}_{column}")
    op.drop_constraint(name, table)
    listed = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(name, table, f"{allow}{column} IN ({listed})")
