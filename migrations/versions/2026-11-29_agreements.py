"""Agreements in full: versions with a state of their own, review and notice; what the check counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATES = ("draft", "proposed", "agreed", "in_force", "replaced", "withdrawn")


def upgrade() -> None:
    """Go forward."""
    _agreement()
    _version()
    op.create_index(op.f("ix_mission_space_id_agreement_id"), "mission", ["space_id", "agreement_id"])


def _agreement() -> None:
    for name in ("terminates_at", "review_at"):
        op.add_column("agreement", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("agreement", sa.Column("notice_by_member_id", sa.Uuid(), nullable=True))
    op.add_column("agreement", sa.Column("review_due", sa.Boolean(), nullable=False, server_default="false"))
    op.alter_column("agreement", "review_due", server_default=None)
    _to_member("agreement", "notice_by_member_id")


def _version() -> None:
    table = "agreement_version"
    op.add_column(table, sa.Column("status", sa.String(), nullable=True))
    op.add_column(table, sa.Column("drafted_by_member_id", sa.Uuid(), nullable=True))
    for name in ("review_at", "proposed_at", "in_force_at", "replaced_at"):
        op.add_column(table, sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column(table, sa.Column("notice_days", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column(table, "notice_days", server_default=None)
    # Until now there was one version of each: it stands where its agreement stands.
    op.execute("""
        UPDATE agreement_version v
           SET drafted_by_member_id = a.drafted_by_member_id, proposed_at = a.proposed_at,
               status = CASE WHEN a.status IN ('draft', 'proposed') THEN a.status
                             WHEN a.status IN ('in_force', 'suspended') OR s.complete THEN 'in_force'
                             ELSE 'withdrawn' END,
               in_force_at = CASE WHEN a.status IN ('in_force', 'suspended') OR s.complete THEN s.last_at END
          FROM agreement a
         CROSS JOIN LATERAL (
               SELECT max(c.occurred_at) AS last_at,
                      (SELECT count(DISTINCT p) FROM agreement_version w, unnest(w.lenders || w.borrowers) p
                        WHERE w.space_id = a.space_id AND w.agreement_id = a.id AND w.version = a.version)
                      = count(DISTINCT c.member_id) AS complete
                 FROM agreement_consent c
                WHERE c.space_id = a.space_id AND c.agreement_id = a.id AND c.version = a.version) s
         WHERE v.space_id = a.space_id AND v.agreement_id = a.id
    """)
    op.alter_column(table, "status", nullable=False)
    op.alter_column(table, "drafted_by_member_id", nullable=False)
    _to_member(table, "drafted_by_member_id")
    listed = ", ".join(f"'{state}'" for state in STATES)
    op.create_check_constraint(op.f("ck_agreement_version_status"), table, f"status IN ({listed})")
    op.create_check_constraint(op.f("ck_agreement_version_notice_days"), table, "notice_days BETWEEN 0 AND 3650")
    op.create_index(
        "uq_agreement_version_on_its_way",
        table,
        ["space_id", "agreement_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('draft', 'proposed', 'agreed')"),
    )


def _to_member(table: str, column: str) -> None:
    name = op.f(f"fk_{table}_space_id_{column}")
    op.create_foreign_key(name, table, "member", ["space_id", column], ["space_id", "id"])


def downgrade() -> None:
    """Go back: versions that are on their way, or have been replaced, are lost with their states."""
    op.drop_index(op.f("ix_mission_space_id_agreement_id"), table_name="mission")
    table = "agreement_version"
    op.drop_index("uq_agreement_version_on_its_way", table_name=table)
    op.drop_constraint(op.f("ck_agreement_version_notice_days"), table)
    op.drop_constraint(op.f("ck_agreement_version_status"), table)
    op.drop_constraint(op.f("fk_agreement_version_space_id_drafted_by_member_id"), table)
    for name in (
        "replaced_at",
        "in_force_at",
        "proposed_at",
        "review_at",
        "notice_days",
        "drafted_by_member_id",
        "status",
    ):
        op.drop_column(table, name)
    op.drop_constraint(op.f("fk_agreement_space_id_notice_by_member_id"), "agreement")
    for name in ("review_due", "review_at", "notice_by_member_id", "terminates_at"):
        op.drop_column("agreement", name)
