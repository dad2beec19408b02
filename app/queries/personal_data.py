"""What is held on one user: profile, roles, tokens and sessions without their secrets, refusals, calls, contacts, and acts by reference."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.queries.audit import RefusalView, refusals_of
from app.queries.identity import TokenView, UserView, tokens, user
from app.queries.models import ReadModel
from app.store.personal import EVERYBODY, Person

if TYPE_CHECKING:
    import asyncpg

ALL: Final = 1_000_000
"""More than there can be of one person: what is held is shown whole."""


class SessionView(ReadModel):
    """A signed-in browser, without what would open it."""

    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


class DutyView(ReadModel):
    """That the user may bind the member."""

    space: str
    id: UUID
    deputy_of_id: UUID | None
    on_duty: bool


class MentionView(ReadModel):
    """A row in which the person is named, or stands as its liaison officer."""

    space: str
    kind: str
    """`call`, `mission`, `authority_notice`, `contact`."""
    id: UUID
    field: str
    name: str | None
    phone: str | None


class ActView(ReadModel):
    """Something that the user did: where it stands in the journal."""

    space: str
    seq: int
    type: str
    recorded_at: datetime
    subject_kind: str
    subject_id: UUID


class PersonalData(ReadModel):
    """All that is held on one user."""

    exported_at: datetime
    profile: UserView
    has_password: bool
    tokens: tuple[TokenView, ...]
    sessions: tuple[SessionView, ...]
    representative: tuple[DutyView, ...]
    refusals: tuple[RefusalView, ...]
    mentions: tuple[MentionView, ...]
    """Calls and missions of the member that name the user as it is named here."""
    acts: tuple[ActView, ...]
    """In the order of the journal; read each there."""


async def personal_data(conn: asyncpg.Connection[Any], id_: UUID, now: datetime) -> PersonalData:
    """Return what is held on a user, from one snapshot.

    Raises:
        NotFound: there is none of that id.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        profile = await user(conn, id_)
        return PersonalData(
            exported_at=now,
            profile=profile,
            has_password=await conn.fetchval("SELECT password_hash IS NOT NULL FROM user_account WHERE id = $1", id_),
            tokens=tuple(await tokens(conn, id_, limit=ALL)),
            sessions=tuple(SessionView.model_validate(dict(row)) for row in await conn.fetch(_SESSIONS, id_)),
            representative=tuple(DutyView.model_validate(dict(row)) for row in await conn.fetch(_DUTIES, id_)),
            refusals=tuple(await refusals_of(conn, id_)),
            mentions=await _mentions(conn, profile),
            acts=tuple(ActView.model_validate(dict(row)) for row in await conn.fetch(_ACTS, id_)),
        )


_SESSIONS: Final = "SELECT created_at, last_used_at, expires_at FROM session WHERE user_id = $1 ORDER BY created_at"
_DUTIES: Final = """
    SELECT space_id AS space, id, deputy_of_id, on_duty FROM representative WHERE user_id = $1 ORDER BY space_id, id
"""
_ACTS: Final = """
    SELECT space_id AS space, seq, type, recorded_at, subject_kind, subject_id FROM journal_entry
     WHERE actor_id = $1 OR (subject_kind = 'user' AND subject_id = $1) ORDER BY space_id, seq
"""


async def _mentions(conn: asyncpg.Connection[Any], profile: UserView) -> tuple[MentionView, ...]:
    found: list[MentionView] = []
    person = Person((profile.display_name,), profile.login)
    for each in EVERYBODY:
        phone = f"t.{each.phone}" if each.phone else "NULL::text"
        officer = f"coalesce(t.{each.user} = $2, false)" if each.user else "$2::uuid IS NULL"
        rows = await conn.fetch(
            f"SELECT t.space_id AS space, t.id, t.{each.name} AS name, {phone} AS phone, {officer} AS officer"  # noqa: S608
            f" FROM {each.table} t WHERE $1 IN ({', '.join(f't.{column}' for column in each.of)})"
            f" AND (t.{each.name} IS NOT NULL OR {officer}) ORDER BY t.space_id, t.id",
            profile.member_id,
            profile.id,
        )
        for row in rows:
            if row["officer"] or person.stands_in(row["name"]):
                shown = {column: row[column] for column in ("space", "id", "name", "phone")}
                found.append(MentionView(kind=each.table, field=each.name, **shown))
    return tuple(found)
