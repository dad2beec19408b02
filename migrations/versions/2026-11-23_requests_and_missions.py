"""Extensions, reassignments, reliefs, host support, what is measured, and help from day to day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ENDS = ("stood_down", "recalled", "aborted")
MEASURED_AND_NAMED: tuple[tuple[str, sa.types.TypeEngine[object]], ...] = (
    ("relief_of_id", sa.Uuid()),
    ("stands_for_id", sa.Uuid()),
    ("destination", sa.String()),
    ("destination_lon", sa.Float()),
    ("destination_lat", sa.Float()),
    ("liaison_user_id", sa.Uuid()),
    ("liaison_name", sa.String()),
    ("liaison_phone", sa.String()),
    ("liaison_at", sa.DateTime(timezone=True)),
    ("guide_name", sa.String()),
    ("guide_phone", sa.String()),
    ("guide_at", sa.DateTime(timezone=True)),
    ("manifest", postgresql.JSONB()),
    ("mobilised_at", sa.DateTime(timezone=True)),
    ("left_at", sa.DateTime(timezone=True)),
    ("on_scene_at", sa.DateTime(timezone=True)),
    ("released_at", sa.DateTime(timezone=True)),
    ("home_at", sa.DateTime(timezone=True)),
    ("kilometres", sa.Float()),
    ("kilometres_from", sa.String()),
    ("crew_count", sa.Integer()),
    ("person_hours", sa.Float()),
)
CHECKS = {
    "incident": "incident_id IS NOT NULL OR kind = 'day_to_day'",
    "kind": "kind IN ('immediate', 'planned', 'day_to_day')",
    "relief": "relief_of_id <> id AND stands_for_id <> id",
    "kilometres_from": "kilometres_from IS NULL OR kilometres_from IN ('odometer', 'estimate')",
    "kilometres": "(kilometres IS NULL) = (kilometres_from IS NULL) AND kilometres >= 0",
    "people": "crew_count >= 0 AND person_hours >= 0",
    "destination": "(destination_lon IS NULL) = (destination_lat IS NULL)",
}


def upgrade() -> None:
    """Go forward. Missions of before get the kind of their request."""
    _widen_missions()
    op.alter_column("call", "incident_id", existing_type=sa.Uuid(), nullable=True)
    op.alter_column("request", "incident_id", existing_type=sa.Uuid(), nullable=True)
    op.add_column("request", sa.Column("to_member_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_request_space_id_to_member_id"), "request", "member", ["space_id", "to_member_id"], ["space_id", "id"]
    )
    op.create_check_constraint(op.f("ck_request_incident"), "request", CHECKS["incident"])
    op.create_check_constraint(op.f("ck_request_to_member"), "request", "to_member_id IS NULL OR kind = 'day_to_day'")
    _create_extension()
    _create_host_support()
    _create_reassignment()


def _widen_missions() -> None:
    for name, kind in MEASURED_AND_NAMED:
        op.add_column("mission", sa.Column(name, kind, nullable=True))
    for name in ("alarms", "consumables"):
        op.add_column("mission", sa.Column(name, postgresql.JSONB(), nullable=False, server_default="[]"))
        op.alter_column("mission", name, server_default=None)
    op.add_column("mission", sa.Column("kind", sa.String(), nullable=True))
    op.execute(
        "UPDATE mission SET kind = request.kind FROM request"
        " WHERE request.space_id = mission.space_id AND request.id = mission.request_id"
    )
    op.alter_column("mission", "kind", nullable=False)
    op.alter_column("mission", "incident_id", existing_type=sa.Uuid(), nullable=True)
    op.drop_constraint(op.f("fk_mission_space_id_offer_id_request_id"), "mission", type_="foreignkey")
    for column, table in (("stands_for_id", "mission"), ("offer_id", "offer"), ("relief_of_id", "mission")):
        op.create_foreign_key(
            op.f(f"fk_mission_space_id_{column}"), "mission", table, ["space_id", column], ["space_id", "id"]
        )
    op.create_foreign_key(op.f("fk_mission_liaison_user_id"), "mission", "user_account", ["liaison_user_id"], ["id"])
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_mission_{name}"), "mission", condition)
    _set_ends((*ENDS, "relieved", "reassigned"))


def _set_ends(ends: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_mission_ended_by"), "mission", type_="check")
    listed = ", ".join(f"'{end}'" for end in ends)
    op.create_check_constraint(op.f("ck_mission_ended_by"), "mission", f"ended_by IS NULL OR ended_by IN ({listed})")


def _create_extension() -> None:
    op.create_table(
        "extension",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("was", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("status IN ('asked', 'granted', 'refused', 'lapsed')", name=op.f("ck_extension_status")),
        sa.ForeignKeyConstraint(
            ["space_id", "mission_id"],
            ["mission.space_id", "mission.id"],
            name=op.f("fk_extension_space_id_mission_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_id"],
            ["request.space_id", "request.id"],
            name=op.f("fk_extension_space_id_request_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_extension_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_extension")),
    )
    op.create_index(op.f("ix_extension_space_id_mission_id_id"), "extension", ["space_id", "mission_id", "id"])
    op.create_index(op.f("ix_extension_space_id_request_id"), "extension", ["space_id", "request_id"])


def _create_host_support() -> None:
    op.create_table(
        "host_support",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("needed_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('fuel', 'food', 'beds', 'repair')", name=op.f("ck_host_support_kind")),
        sa.CheckConstraint(
            "status IN ('asked', 'confirmed', 'declined', 'lapsed')", name=op.f("ck_host_support_status")
        ),
        sa.CheckConstraint("quantity BETWEEN 1 AND 10000", name=op.f("ck_host_support_quantity")),
        sa.ForeignKeyConstraint(
            ["space_id", "mission_id"],
            ["mission.space_id", "mission.id"],
            name=op.f("fk_host_support_space_id_mission_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_id"],
            ["request.space_id", "request.id"],
            name=op.f("fk_host_support_space_id_request_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_host_support_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_host_support")),
    )
    op.create_index(op.f("ix_host_support_space_id_mission_id_id"), "host_support", ["space_id", "mission_id", "id"])
    op.create_index(op.f("ix_host_support_space_id_request_id"), "host_support", ["space_id", "request_id"])


def _create_reassignment() -> None:
    op.create_table(
        "reassignment",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("request_line_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "status IN ('proposed', 'agreed', 'refused', 'lapsed')", name=op.f("ck_reassignment_status")
        ),
        sa.CheckConstraint(
            "lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name=op.f("ck_reassignment_on_earth")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "incident_id"],
            ["incident.space_id", "incident.id"],
            name=op.f("fk_reassignment_space_id_incident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "mission_id"],
            ["mission.space_id", "mission.id"],
            name=op.f("fk_reassignment_space_id_mission_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_id"],
            ["request.space_id", "request.id"],
            name=op.f("fk_reassignment_space_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_line_id"],
            ["request_line.space_id", "request_line.id"],
            name=op.f("fk_reassignment_space_id_request_line_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_reassignment_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_reassignment")),
    )
    op.create_index(op.f("ix_reassignment_space_id_mission_id_id"), "reassignment", ["space_id", "mission_id", "id"])
    op.create_index(op.f("ix_reassignment_space_id_request_id"), "reassignment", ["space_id", "request_id"])


def downgrade() -> None:
    """Go back. What is on its way without an incident keeps the database from it."""
    for table in ("reassignment", "host_support", "extension"):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_request_to_member"), "request", type_="check")
    op.drop_constraint(op.f("ck_request_incident"), "request", type_="check")
    op.drop_column("request", "to_member_id")
    op.alter_column("request", "incident_id", existing_type=sa.Uuid(), nullable=False)
    op.alter_column("call", "incident_id", existing_type=sa.Uuid(), nullable=False)
    _set_ends(ENDS)
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_mission_{name}"), "mission", type_="check")
    op.drop_constraint(op.f("fk_mission_space_id_offer_id"), "mission", type_="foreignkey")
    op.create_foreign_key(
        op.f("fk_mission_space_id_offer_id_request_id"),
        "mission",
        "offer",
        ["space_id", "offer_id", "request_id"],
        ["space_id", "id", "request_id"],
    )
    op.alter_column("mission", "incident_id", existing_type=sa.Uuid(), nullable=False)
    for name in ("kind", "alarms", "consumables", *(name for name, _ in MEASURED_AND_NAMED)):
        op.drop_column("mission", name)
