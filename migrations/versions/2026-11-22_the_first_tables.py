"""the first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The journal is only ever added to; the one change there is erases a payload together with its salt.
GUARD = (
    """CREATE FUNCTION journal_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    -- The one change there is: a payload erased together with its salt.
    IF TG_OP = 'UPDATE' THEN
        IF NEW.payload IS NULL AND NEW.salt IS NULL
           AND to_jsonb(NEW) - 'payload' - 'salt' = to_jsonb(OLD) - 'payload' - 'salt' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'The journal is only ever added to: % refused.', TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Write a new entry that corrects the old one.';
END
$guard$""",
    """CREATE TRIGGER journal_entry_guard BEFORE UPDATE OR DELETE ON journal_entry
FOR EACH ROW EXECUTE FUNCTION journal_entry_guard()""",
    """CREATE TRIGGER journal_entry_truncate_guard BEFORE TRUNCATE ON journal_entry
FOR EACH STATEMENT EXECUTE FUNCTION journal_entry_guard()""",
)
GUARD_DROP = (
    "DROP TRIGGER journal_entry_truncate_guard ON journal_entry",
    "DROP TRIGGER journal_entry_guard ON journal_entry",
    "DROP FUNCTION journal_entry_guard()",
)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("target", sa.Uuid(), nullable=True),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_index(op.f("ix_audit_member_id_id"), "audit", ["member_id", "id"], unique=False)
    op.create_table(
        "corridor",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("singleton", sa.Integer(), server_default="1", nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("area", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("languages", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint("singleton = 1", name=op.f("ck_corridor_singleton")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corridor")),
        sa.UniqueConstraint("singleton", name=op.f("uq_corridor_singleton")),
    )
    op.create_table(
        "login_throttle",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_failure_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_login_throttle")),
    )
    op.create_table(
        "resource_type",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("also", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("minimum", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("crosswalk", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "kind IN ('team', 'vehicle', 'equipment', 'facility', 'supply', 'person')",
            name=op.f("ck_resource_type_kind"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_resource_type")),
    )
    op.create_table(
        "space",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id ~ '^[a-z][a-z0-9-]{1,62}$'", name=op.f("ck_space_id")),
        sa.CheckConstraint("kind IN ('live', 'integration', 'drill')", name=op.f("ck_space_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_space")),
    )
    op.create_table(
        "due_work",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("target", sa.Uuid(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_due_work_space_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_work")),
    )
    op.create_index(
        "ix_due_work_open", "due_work", ["due_at"], unique=False, postgresql_where=sa.text("done_at IS NULL")
    )
    op.create_table(
        "idempotency",
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("receipt", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_idempotency_space_id")),
        sa.PrimaryKeyConstraint("space_id", "actor", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"], unique=False)
    op.create_table(
        "journal_head",
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(hash) = 32", name=op.f("ck_journal_head_hash_length")),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_journal_head_seq")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_journal_head_space_id")),
        sa.PrimaryKeyConstraint("space_id", name=op.f("pk_journal_head")),
    )
    op.create_table(
        "member",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("other_names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("area", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("languages", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("talkgroup", sa.String(), nullable=True),
        sa.Column("jurisdiction", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("informed_authorities", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_member_country")),
        sa.CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name=op.f("ck_member_on_earth")),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_member_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_member")),
        sa.UniqueConstraint("space_id", "code", name=op.f("uq_member_space_id_code")),
    )
    op.create_table(
        "agreement",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("drafted_by_member_id", sa.Uuid(), nullable=False),
        sa.Column("suspended_reason", sa.String(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'proposed', 'in_force', 'suspended', 'expired', 'terminated')",
            name=op.f("ck_agreement_status"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "drafted_by_member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_agreement_space_id_drafted_by_member_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_agreement_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_agreement")),
        sa.UniqueConstraint("space_id", "code", name=op.f("uq_agreement_space_id_code")),
    )
    op.create_table(
        "agreement_consent",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id", "agreement_id"],
            ["agreement.space_id", "agreement.id"],
            name=op.f("fk_agreement_consent_space_id_agreement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_agreement_consent_space_id_member_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_agreement_consent_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_agreement_consent")),
        sa.UniqueConstraint(
            "space_id",
            "agreement_id",
            "version",
            "member_id",
            name=op.f("uq_agreement_consent_space_id_agreement_id_version_member_id"),
        ),
    )
    op.create_table(
        "agreement_version",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lenders", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("borrowers", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("precedence", sa.Integer(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "expires_at IS NULL OR expires_at > effective_at", name=op.f("ck_agreement_version_validity")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "agreement_id"],
            ["agreement.space_id", "agreement.id"],
            name=op.f("fk_agreement_version_space_id_agreement_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_agreement_version_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_agreement_version")),
        sa.UniqueConstraint(
            "space_id", "agreement_id", "version", name=op.f("uq_agreement_version_space_id_agreement_id_version")
        ),
    )
    op.create_table(
        "crossing",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("roads", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("member_a_id", sa.Uuid(), nullable=False),
        sa.Column("member_b_id", sa.Uuid(), nullable=False),
        sa.Column("control", sa.String(), nullable=False),
        sa.Column("closed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("capacity_vph", sa.Integer(), nullable=False),
        sa.Column("delay_min", sa.Integer(), nullable=False),
        sa.Column("max_weight_t", sa.Float(), nullable=True),
        sa.Column("max_height_m", sa.Float(), nullable=True),
        sa.Column("max_width_m", sa.Float(), nullable=True),
        sa.CheckConstraint("control IN ('none', 'checks', 'closed')", name=op.f("ck_crossing_control")),
        sa.CheckConstraint("capacity_vph > 0", name=op.f("ck_crossing_capacity_vph")),
        sa.CheckConstraint("delay_min BETWEEN 0 AND 1440", name=op.f("ck_crossing_delay_min")),
        sa.CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name=op.f("ck_crossing_on_earth")),
        sa.CheckConstraint("member_a_id <> member_b_id", name=op.f("ck_crossing_two_members")),
        sa.ForeignKeyConstraint(
            ["space_id", "member_a_id"], ["member.space_id", "member.id"], name=op.f("fk_crossing_space_id_member_a_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_b_id"], ["member.space_id", "member.id"], name=op.f("fk_crossing_space_id_member_b_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_crossing_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_crossing")),
        sa.UniqueConstraint("space_id", "code", name=op.f("uq_crossing_space_id_code")),
    )
    op.create_table(
        "depot",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name=op.f("ck_depot_on_earth")),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"], ["member.space_id", "member.id"], name=op.f("fk_depot_space_id_member_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_depot_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_depot")),
        sa.UniqueConstraint("space_id", "id", "member_id", name=op.f("uq_depot_space_id_id_member_id")),
        sa.UniqueConstraint("space_id", "member_id", "code", name=op.f("uq_depot_space_id_member_id_code")),
    )
    op.create_table(
        "incident",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("hazard", sa.String(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("area", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("west", sa.Float(), nullable=False),
        sa.Column("south", sa.Float(), nullable=False),
        sa.Column("east", sa.Float(), nullable=False),
        sa.Column("north", sa.Float(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("phases", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("lead_member_id", sa.Uuid(), nullable=False),
        sa.Column("reported_by_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('reported', 'active', 'contained', 'closed')", name=op.f("ck_incident_status")),
        sa.CheckConstraint("severity BETWEEN 1 AND 5", name=op.f("ck_incident_severity")),
        sa.ForeignKeyConstraint(
            ["space_id", "lead_member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_incident_space_id_lead_member_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_incident_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_incident")),
        sa.UniqueConstraint("space_id", "ref", name=op.f("uq_incident_space_id_ref")),
    )
    op.create_index(op.f("ix_incident_space_id_status_id"), "incident", ["space_id", "status", "id"], unique=False)
    op.create_table(
        "journal_entry",
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("payload_digest", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("parties", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.CheckConstraint(
            "(visibility = 'parties') = (cardinality(parties) > 0)", name=op.f("ck_journal_entry_parties")
        ),
        sa.CheckConstraint("visibility IN ('public', 'corridor', 'parties')", name=op.f("ck_journal_entry_visibility")),
        sa.CheckConstraint("(payload IS NULL) = (salt IS NULL)", name=op.f("ck_journal_entry_erased")),
        sa.CheckConstraint("length(digest) = 32", name=op.f("ck_journal_entry_digest_length")),
        sa.CheckConstraint("length(hash) = 32", name=op.f("ck_journal_entry_hash_length")),
        sa.CheckConstraint("length(payload_digest) = 32", name=op.f("ck_journal_entry_payload_digest_length")),
        sa.CheckConstraint("length(salt) = 16", name=op.f("ck_journal_entry_salt_length")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_journal_entry_seq")),
        sa.ForeignKeyConstraint(["space_id"], ["journal_head.space_id"], name=op.f("fk_journal_entry_space_id")),
        sa.PrimaryKeyConstraint("space_id", "seq", name=op.f("pk_journal_entry")),
    )
    op.create_index(
        "ix_journal_entry_subject", "journal_entry", ["space_id", "subject_kind", "subject_id", "seq"], unique=False
    )
    op.create_table(
        "user_account",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_space", sa.String(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("roles", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'service')", name=op.f("ck_user_account_kind")),
        sa.CheckConstraint("member_space = 'live'", name=op.f("ck_user_account_member_space")),
        sa.CheckConstraint("login = lower(login)", name=op.f("ck_user_account_login")),
        sa.ForeignKeyConstraint(
            ["member_space", "member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_user_account_member_space_member_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("login", name=op.f("uq_user_account_login")),
    )
    op.create_table(
        "api_token",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_api_token_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"], unique=False)
    op.create_table(
        "incident_log",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id", "incident_id"],
            ["incident.space_id", "incident.id"],
            name=op.f("fk_incident_log_space_id_incident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"], ["member.space_id", "member.id"], name=op.f("fk_incident_log_space_id_member_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_incident_log_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_incident_log")),
    )
    op.create_index(
        op.f("ix_incident_log_space_id_incident_id_id"), "incident_log", ["space_id", "incident_id", "id"], unique=False
    )
    op.create_table(
        "request",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('immediate', 'planned', 'day_to_day')", name=op.f("ck_request_kind")),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'open', 'partly_committed', 'committed', 'closed', 'cancelled', 'expired', 'unfilled')",
            name=op.f("ck_request_status"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "incident_id"],
            ["incident.space_id", "incident.id"],
            name=op.f("fk_request_space_id_incident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"], ["member.space_id", "member.id"], name=op.f("fk_request_space_id_member_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_request_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_request")),
        sa.UniqueConstraint("space_id", "id", "member_id", name=op.f("uq_request_space_id_id_member_id")),
        sa.UniqueConstraint("space_id", "ref", name=op.f("uq_request_space_id_ref")),
    )
    op.create_index(op.f("ix_request_space_id_incident_id"), "request", ["space_id", "incident_id"], unique=False)
    op.create_index(op.f("ix_request_space_id_status_id"), "request", ["space_id", "status", "id"], unique=False)
    op.create_table(
        "resource",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("depot_id", sa.Uuid(), nullable=False),
        sa.Column("type_code", sa.String(), nullable=False),
        sa.Column("call_sign", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("out_of_service_reason", sa.String(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("position_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("officers", sa.Integer(), nullable=False),
        sa.Column("ncos", sa.Integer(), nullable=False),
        sa.Column("crew", sa.Integer(), nullable=False),
        sa.Column("mobilisation_min", sa.Integer(), nullable=False),
        sa.Column("weight_t", sa.Float(), nullable=True),
        sa.Column("length_m", sa.Float(), nullable=True),
        sa.Column("width_m", sa.Float(), nullable=True),
        sa.Column("height_m", sa.Float(), nullable=True),
        sa.Column("readiness", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(status = 'out_of_service') = (out_of_service_reason IS NOT NULL)", name=op.f("ck_resource_reason")
        ),
        sa.CheckConstraint(
            "out_of_service_reason IS NULL OR out_of_service_reason IN ('maintenance', 'crew', 'damage', 'exercise', 'other')",
            name=op.f("ck_resource_out_of_service_reason"),
        ),
        sa.CheckConstraint(
            "status IN ('available', 'reserved', 'committed', 'out_of_service')", name=op.f("ck_resource_status")
        ),
        sa.CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name=op.f("ck_resource_on_earth")),
        sa.CheckConstraint("mobilisation_min BETWEEN 0 AND 10080", name=op.f("ck_resource_mobilisation_min")),
        sa.CheckConstraint("officers >= 0 AND ncos >= 0 AND crew >= 0", name=op.f("ck_resource_strength")),
        sa.ForeignKeyConstraint(
            ["space_id", "depot_id", "member_id"],
            ["depot.space_id", "depot.id", "depot.member_id"],
            name=op.f("fk_resource_space_id_depot_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"], ["member.space_id", "member.id"], name=op.f("fk_resource_space_id_member_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_resource_space_id")),
        sa.ForeignKeyConstraint(["type_code"], ["resource_type.code"], name=op.f("fk_resource_type_code")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_resource")),
        sa.UniqueConstraint("space_id", "id", "member_id", name=op.f("uq_resource_space_id_id_member_id")),
    )
    op.create_index(
        op.f("ix_resource_space_id_member_id_type_code_status"),
        "resource",
        ["space_id", "member_id", "type_code", "status"],
        unique=False,
    )
    op.create_index(
        op.f("ix_resource_space_id_type_code_status"), "resource", ["space_id", "type_code", "status"], unique=False
    )
    op.create_index(
        "uq_resource_call_sign",
        "resource",
        ["space_id", "member_id", sa.literal_column("lower(call_sign)")],
        unique=True,
        postgresql_where=sa.text("NOT retired"),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("csrf_token", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_session_user_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_user_id"), "session", ["user_id"], unique=False)
    op.create_table(
        "acknowledgement",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_acknowledgement_space_id_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_id"],
            ["request.space_id", "request.id"],
            name=op.f("fk_acknowledgement_space_id_request_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_acknowledgement_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_acknowledgement")),
        sa.UniqueConstraint(
            "space_id", "request_id", "member_id", name=op.f("uq_acknowledgement_space_id_request_id_member_id")
        ),
    )
    op.create_table(
        "offer",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("lender_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'offered', 'provisional', 'accepted', 'declined', 'withdrawn', 'expired')",
            name=op.f("ck_offer_status"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "lender_id"], ["member.space_id", "member.id"], name=op.f("fk_offer_space_id_lender_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_id"], ["request.space_id", "request.id"], name=op.f("fk_offer_space_id_request_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_offer_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_offer")),
        sa.UniqueConstraint("space_id", "id", "request_id", name=op.f("uq_offer_space_id_id_request_id")),
    )
    op.create_index(
        op.f("ix_offer_space_id_lender_id_status"), "offer", ["space_id", "lender_id", "status"], unique=False
    )
    op.create_index(op.f("ix_offer_space_id_request_id"), "offer", ["space_id", "request_id"], unique=False)
    op.create_table(
        "request_line",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type_code", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("needed_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.CheckConstraint(
            "priority IN ('life_safety', 'incident_stabilisation', 'property', 'recovery')",
            name=op.f("ck_request_line_priority"),
        ),
        sa.CheckConstraint(
            "lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name=op.f("ck_request_line_on_earth")
        ),
        sa.CheckConstraint("quantity BETWEEN 1 AND 10000", name=op.f("ck_request_line_quantity")),
        sa.ForeignKeyConstraint(
            ["space_id", "request_id"],
            ["request.space_id", "request.id"],
            name=op.f("fk_request_line_space_id_request_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_request_line_space_id")),
        sa.ForeignKeyConstraint(["type_code"], ["resource_type.code"], name=op.f("fk_request_line_type_code")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_request_line")),
        sa.UniqueConstraint("space_id", "id", "request_id", name=op.f("uq_request_line_space_id_id_request_id")),
        sa.UniqueConstraint(
            "space_id", "request_id", "position", name=op.f("uq_request_line_space_id_request_id_position")
        ),
    )
    op.create_index(
        op.f("ix_request_line_space_id_request_id"), "request_line", ["space_id", "request_id"], unique=False
    )
    op.create_table(
        "response",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('none_available', 'own_emergency', 'reserve', 'crew', 'distance', 'no_agreement', 'other')",
            name=op.f("ck_response_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"], ["member.space_id", "member.id"], name=op.f("fk_response_space_id_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_id"], ["request.space_id", "request.id"], name=op.f("fk_response_space_id_request_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_response_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_response")),
        sa.UniqueConstraint(
            "space_id", "request_id", "member_id", name=op.f("uq_response_space_id_request_id_member_id")
        ),
    )
    op.create_table(
        "call",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("requester_id", sa.Uuid(), nullable=False),
        sa.Column("lender_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_by_member_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("type_code", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("person_rung", sa.String(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_person", sa.String(), nullable=True),
        sa.CheckConstraint("status IN ('unconfirmed', 'confirmed', 'alarmed')", name=op.f("ck_call_status")),
        sa.CheckConstraint("lender_id <> requester_id", name=op.f("ck_call_two_members")),
        sa.CheckConstraint("quantity BETWEEN 1 AND 10000", name=op.f("ck_call_quantity")),
        sa.ForeignKeyConstraint(
            ["space_id", "incident_id"], ["incident.space_id", "incident.id"], name=op.f("fk_call_space_id_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "lender_id"], ["member.space_id", "member.id"], name=op.f("fk_call_space_id_lender_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "offer_id", "request_id"],
            ["offer.space_id", "offer.id", "offer.request_id"],
            name=op.f("fk_call_space_id_offer_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "recorded_by_member_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_call_space_id_recorded_by_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_id"], ["request.space_id", "request.id"], name=op.f("fk_call_space_id_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "requester_id"], ["member.space_id", "member.id"], name=op.f("fk_call_space_id_requester_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_call_space_id")),
        sa.ForeignKeyConstraint(["type_code"], ["resource_type.code"], name=op.f("fk_call_type_code")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_call")),
    )
    op.create_index(
        op.f("ix_call_space_id_requester_id_lender_id_type_code_status"),
        "call",
        ["space_id", "requester_id", "lender_id", "type_code", "status"],
        unique=False,
    )
    op.create_table(
        "offer_line",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("request_line_id", sa.Uuid(), nullable=False),
        sa.Column("type_code", sa.String(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("accepted_quantity", sa.Integer(), nullable=False),
        sa.Column("committed", sa.Boolean(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=True),
        sa.Column("agreement_version", sa.Integer(), nullable=True),
        sa.Column("reserve_override", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("cost", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "(agreement_id IS NULL) = (agreement_version IS NULL)", name=op.f("ck_offer_line_agreement")
        ),
        sa.CheckConstraint("accepted_quantity BETWEEN 0 AND quantity", name=op.f("ck_offer_line_accepted_quantity")),
        sa.CheckConstraint("quantity BETWEEN 1 AND 10000", name=op.f("ck_offer_line_quantity")),
        sa.CheckConstraint("resource_id IS NULL OR quantity = 1", name=op.f("ck_offer_line_one_resource")),
        sa.ForeignKeyConstraint(
            ["space_id", "agreement_id"],
            ["agreement.space_id", "agreement.id"],
            name=op.f("fk_offer_line_space_id_agreement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "offer_id", "request_id"],
            ["offer.space_id", "offer.id", "offer.request_id"],
            name=op.f("fk_offer_line_space_id_offer_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_line_id", "request_id"],
            ["request_line.space_id", "request_line.id", "request_line.request_id"],
            name=op.f("fk_offer_line_space_id_request_line_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "resource_id"],
            ["resource.space_id", "resource.id"],
            name=op.f("fk_offer_line_space_id_resource_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_offer_line_space_id")),
        sa.ForeignKeyConstraint(["type_code"], ["resource_type.code"], name=op.f("fk_offer_line_type_code")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_offer_line")),
        sa.UniqueConstraint("space_id", "id", "offer_id", name=op.f("uq_offer_line_space_id_id_offer_id")),
    )
    op.create_index(op.f("ix_offer_line_space_id_offer_id"), "offer_line", ["space_id", "offer_id"], unique=False)
    op.create_index(
        op.f("ix_offer_line_space_id_request_line_id"), "offer_line", ["space_id", "request_line_id"], unique=False
    )
    op.create_index(op.f("ix_offer_line_space_id_resource_id"), "offer_line", ["space_id", "resource_id"], unique=False)
    op.create_table(
        "debt",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_good_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_good_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("act IN ('open', 'accept', 'commit')", name=op.f("ck_debt_act")),
        sa.CheckConstraint("status IN ('owed', 'overdue', 'made_good')", name=op.f("ck_debt_status")),
        sa.ForeignKeyConstraint(
            ["space_id", "call_id"], ["call.space_id", "call.id"], name=op.f("fk_debt_space_id_call_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "member_id"], ["member.space_id", "member.id"], name=op.f("fk_debt_space_id_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_id"], ["request.space_id", "request.id"], name=op.f("fk_debt_space_id_request_id")
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_debt_space_id")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_debt")),
    )
    op.create_index(
        op.f("ix_debt_space_id_member_id_status"), "debt", ["space_id", "member_id", "status"], unique=False
    )
    op.create_index(op.f("ix_debt_space_id_request_id"), "debt", ["space_id", "request_id"], unique=False)
    op.create_table(
        "mission",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("request_line_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("offer_line_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("lender_id", sa.Uuid(), nullable=False),
        sa.Column("requester_id", sa.Uuid(), nullable=False),
        sa.Column("type_code", sa.String(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("agreement_id", sa.Uuid(), nullable=True),
        sa.Column("agreement_version", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("crossing_id", sa.Uuid(), nullable=True),
        sa.Column("has_control", sa.Boolean(), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("talkgroup", sa.String(), nullable=True),
        sa.Column("relieve_by", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "ended_by IS NULL OR ended_by IN ('stood_down', 'recalled', 'aborted')", name=op.f("ck_mission_ended_by")
        ),
        sa.CheckConstraint(
            "status IN ('committed', 'mobilising', 'in_transit', 'at_border', 'cleared', 'at_rendezvous', 'staged', 'on_scene', 'transporting', 'at_destination', 'released', 'stood_down', 'recalled', 'aborted', 'reassigned', 'returning', 'returned', 'closed')",
            name=op.f("ck_mission_status"),
        ),
        sa.CheckConstraint("(agreement_id IS NULL) = (agreement_version IS NULL)", name=op.f("ck_mission_agreement")),
        sa.CheckConstraint("lender_id <> requester_id", name=op.f("ck_mission_two_members")),
        sa.ForeignKeyConstraint(
            ["space_id", "agreement_id"],
            ["agreement.space_id", "agreement.id"],
            name=op.f("fk_mission_space_id_agreement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "crossing_id"],
            ["crossing.space_id", "crossing.id"],
            name=op.f("fk_mission_space_id_crossing_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "incident_id"],
            ["incident.space_id", "incident.id"],
            name=op.f("fk_mission_space_id_incident_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "lender_id"], ["member.space_id", "member.id"], name=op.f("fk_mission_space_id_lender_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "offer_id", "request_id"],
            ["offer.space_id", "offer.id", "offer.request_id"],
            name=op.f("fk_mission_space_id_offer_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "offer_line_id", "offer_id"],
            ["offer_line.space_id", "offer_line.id", "offer_line.offer_id"],
            name=op.f("fk_mission_space_id_offer_line_id_offer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_id"], ["request.space_id", "request.id"], name=op.f("fk_mission_space_id_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "request_line_id", "request_id"],
            ["request_line.space_id", "request_line.id", "request_line.request_id"],
            name=op.f("fk_mission_space_id_request_line_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "requester_id"],
            ["member.space_id", "member.id"],
            name=op.f("fk_mission_space_id_requester_id"),
        ),
        sa.ForeignKeyConstraint(
            ["space_id", "resource_id"],
            ["resource.space_id", "resource.id"],
            name=op.f("fk_mission_space_id_resource_id"),
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_mission_space_id")),
        sa.ForeignKeyConstraint(["type_code"], ["resource_type.code"], name=op.f("fk_mission_type_code")),
        sa.PrimaryKeyConstraint("space_id", "id", name=op.f("pk_mission")),
    )
    op.create_index(
        op.f("ix_mission_space_id_lender_id_type_code"), "mission", ["space_id", "lender_id", "type_code"], unique=False
    )
    op.create_index(op.f("ix_mission_space_id_request_id"), "mission", ["space_id", "request_id"], unique=False)
    op.create_index(
        op.f("ix_mission_space_id_request_line_id"), "mission", ["space_id", "request_line_id"], unique=False
    )
    op.create_index(op.f("ix_mission_space_id_status_id"), "mission", ["space_id", "status", "id"], unique=False)
    op.create_index(
        "uq_mission_resource_busy",
        "mission",
        ["space_id", "resource_id"],
        unique=True,
        postgresql_where=sa.text("resource_id IS NOT NULL AND status NOT IN ('returned', 'closed')"),
    )
    for statement in GUARD:
        op.execute(statement)


def downgrade() -> None:
    """Go back."""
    for statement in GUARD_DROP:
        op.execute(statement)
    op.drop_index(
        "uq_mission_resource_busy",
        table_name="mission",
        postgresql_where=sa.text("resource_id IS NOT NULL AND status NOT IN ('returned', 'closed')"),
    )
    op.drop_index(op.f("ix_mission_space_id_status_id"), table_name="mission")
    op.drop_index(op.f("ix_mission_space_id_request_line_id"), table_name="mission")
    op.drop_index(op.f("ix_mission_space_id_request_id"), table_name="mission")
    op.drop_index(op.f("ix_mission_space_id_lender_id_type_code"), table_name="mission")
    op.drop_table("mission")
    op.drop_index(op.f("ix_debt_space_id_request_id"), table_name="debt")
    op.drop_index(op.f("ix_debt_space_id_member_id_status"), table_name="debt")
    op.drop_table("debt")
    op.drop_index(op.f("ix_offer_line_space_id_resource_id"), table_name="offer_line")
    op.drop_index(op.f("ix_offer_line_space_id_request_line_id"), table_name="offer_line")
    op.drop_index(op.f("ix_offer_line_space_id_offer_id"), table_name="offer_line")
    op.drop_table("offer_line")
    op.drop_index(op.f("ix_call_space_id_requester_id_lender_id_type_code_status"), table_name="call")
    op.drop_table("call")
    op.drop_table("response")
    op.drop_index(op.f("ix_request_line_space_id_request_id"), table_name="request_line")
    op.drop_table("request_line")
    op.drop_index(op.f("ix_offer_space_id_request_id"), table_name="offer")
    op.drop_index(op.f("ix_offer_space_id_lender_id_status"), table_name="offer")
    op.drop_table("offer")
    op.drop_table("acknowledgement")
    op.drop_index(op.f("ix_session_user_id"), table_name="session")
    op.drop_table("session")
    op.drop_index("uq_resource_call_sign", table_name="resource", postgresql_where=sa.text("NOT retired"))
    op.drop_index(op.f("ix_resource_space_id_type_code_status"), table_name="resource")
    op.drop_index(op.f("ix_resource_space_id_member_id_type_code_status"), table_name="resource")
    op.drop_table("resource")
    op.drop_index(op.f("ix_request_space_id_status_id"), table_name="request")
    op.drop_index(op.f("ix_request_space_id_incident_id"), table_name="request")
    op.drop_table("request")
    op.drop_index(op.f("ix_incident_log_space_id_incident_id_id"), table_name="incident_log")
    op.drop_table("incident_log")
    op.drop_index(op.f("ix_api_token_user_id"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_table("user_account")
    op.drop_index("ix_journal_entry_subject", table_name="journal_entry")
    op.drop_table("journal_entry")
    op.drop_index(op.f("ix_incident_space_id_status_id"), table_name="incident")
    op.drop_table("incident")
    op.drop_table("depot")
    op.drop_table("crossing")
    op.drop_table("agreement_version")
    op.drop_table("agreement_consent")
    op.drop_table("agreement")
    op.drop_table("member")
    op.drop_table("journal_head")
    op.drop_index(op.f("ix_idempotency_created_at"), table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_index("ix_due_work_open", table_name="due_work", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_table("due_work")
    op.drop_table("space")
    op.drop_table("resource_type")
    op.drop_table("login_throttle")
    op.drop_table("corridor")
    op.drop_index(op.f("ix_audit_member_id_id"), table_name="audit")
    op.drop_index(op.f("ix_audit_at"), table_name="audit")
    op.drop_table("audit")
