"""What is held on one user: profile, roles, tokens and sessions without their secrets, refusals, calls, contacts, texts, and acts by reference.

On a person who is no user: what the member's matters and its people's texts say under a name.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

import orjson

from app.domain.inbox.depth import text_of, told_in
from app.queries.audit import RefusalView, refusals_of
from app.queries.identity import TokenView, UserView, tokens, user
from app.queries.models import ReadModel
from app.store.personal import (
    EVERYBODY,
    PROSE_UNDER,
    TOLD_AGAIN,
    Person,
    in_texts,
    naming_in_texts,
    prose_of,
    saying,
    says,
    surely_there,
    words_of,
)
from app.store.tables import JOURNALED

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping, Sequence

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
    more: dict[str, str]
    """What else stands there about the person: a contact's second number, its address, its note."""


class TextView(ReadModel):
    """A text of the member's people, or of its dispatch systems, in which the person is named."""

    space: str
    seq: int | None
    """Where the journal told it first; null where it stands in none: a dispatch system's message."""
    kind: str
    """Of what: `incident_log`, `mission`, `contact`, `inbox_message`; `act` for a reason that was given (`why`)."""
    id: UUID
    field: str
    text: str


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
    """Calls, missions, notices and contacts of the member that name the user as it is named here."""
    texts: tuple[TextView, ...]
    """What the member's people wrote about the user by name, in every space."""
    acts: tuple[ActView, ...]
    """In the order of the journal; read each there."""


class HeldByName(ReadModel):
    """All that is held by one member on a person who is no user."""

    exported_at: datetime
    mentions: tuple[MentionView, ...]
    """Calls, missions, notices and contacts of the member that name the person, or hold its number."""
    texts: tuple[TextView, ...]
    """What the member's people wrote about the person by name, in every space. Names of fewer than four letters stand in too many other
    words, and are not looked for."""


class ErasureView(ReadModel):
    """An erasure that was carried out: whose word it was, and why. Of the person nothing is left to be told."""

    seq: int
    """Where it stands in the journal of `live`."""
    at: datetime
    kind: Literal["user", "person"]
    user_id: UUID | None
    """The id that the user's acts stand under; null: it was no user."""
    by_id: UUID | None
    """The user who did it; null: the deployment's operator."""
    by: str | None
    """Its name, unless it was erased too."""
    why: str | None
    """The reason that was given; null: none, or it named the person."""


async def erasures(conn: asyncpg.Connection[Any], member: UUID) -> list[ErasureView]:
    """Return the erasures of a member's users and of other people on its request, the newest first."""
    rows = await conn.fetch(_ERASURES, member)
    return [
        ErasureView.model_validate(
            dict(row) | {"why": row["payload"] and orjson.loads(row["payload"])["data"].get("why")}
        )
        for row in rows
    ]


async def held_by_name(conn: asyncpg.Connection[Any], member: UUID, names: Sequence[str], now: datetime) -> HeldByName:
    """Return what a member holds under these names and numbers, from one snapshot: the same that ``erase_person`` looks for."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        return HeldByName(
            exported_at=now,
            mentions=await _mentions(conn, member, Person(names)),
            texts=await _texts(conn, member, in_texts(names)),
        )


async def personal_data(conn: asyncpg.Connection[Any], id_: UUID, now: datetime) -> PersonalData:
    """Return what is held on a user, from one snapshot.

    Raises:
        NotFound: there is none of that id.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        profile = await user(conn, id_)
        # Who was erased has no name any more that somebody could be called by.
        names = (profile.display_name,) if profile.erased_at is None else ()
        return PersonalData(
            exported_at=now,
            profile=profile,
            has_password=await conn.fetchval("SELECT password_hash IS NOT NULL FROM user_account WHERE id = $1", id_),
            tokens=tuple(await tokens(conn, id_, limit=ALL)),
            sessions=tuple(SessionView.model_validate(dict(row)) for row in await conn.fetch(_SESSIONS, id_)),
            representative=tuple(DutyView.model_validate(dict(row)) for row in await conn.fetch(_DUTIES, id_)),
            refusals=tuple(await refusals_of(conn, id_)),
            mentions=await _mentions(conn, profile.member_id, Person(names, profile.login, id_)),
            texts=await _texts(conn, profile.member_id, in_texts((*names, profile.login), profile.login)),
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


_ERASURES: Final = """
    SELECT e.seq, e.recorded_at AS at, split_part(e.type, '.', 1) AS kind, e.actor_id AS by_id, e.payload,
           CASE WHEN u.erased_at IS NULL THEN u.display_name END AS by,
           CASE WHEN e.subject_kind = 'user' THEN e.subject_id END AS user_id
      FROM (SELECT 'member' AS kind, $1::uuid AS id
             UNION ALL SELECT 'user', id FROM user_account WHERE member_id = $1 AND erased_at IS NOT NULL) of
      JOIN journal_entry e ON e.space_id = 'live' AND e.subject_kind = of.kind AND e.subject_id = of.id
       AND e.type IN ('person.erased', 'user.erased')
      LEFT JOIN user_account u ON u.id = e.actor_id
     ORDER BY e.seq DESC
"""


_NAMING: Final = """
    SELECT e.space_id AS space, e.seq, e.type, e.subject_id, e.payload
      FROM journal_entry e LEFT JOIN user_account u ON u.id = e.actor_id LEFT JOIN inbox_source s ON s.id = e.actor_id
     WHERE (coalesce(u.member_id, s.member_id, CASE WHEN e.subject_kind = 'inbox_matter' THEN e.parties[1] END) = $1 OR e.type = $3)
       AND e.payload IS NOT NULL
       AND EXISTS (SELECT FROM unnest($2::text[]) n WHERE strpos(lower(e.payload), n) > 0)
     ORDER BY e.space_id, e.seq
"""


_MESSAGES: Final = """
    SELECT m.space_id AS space, m.id, m.body, m.edited::text AS edited FROM inbox_message m JOIN inbox_source s ON s.id = m.source_id
     WHERE s.member_id = $1 ORDER BY m.space_id, m.id
"""


async def _mentions(conn: asyncpg.Connection[Any], member: UUID, person: Person) -> tuple[MentionView, ...]:
    found: list[MentionView] = []
    for each in EVERYBODY:
        some = " OR ".join(f"t.{column} IS NOT NULL" for column in (*each.columns, *filter(None, (each.user,))))
        rows = await conn.fetch(
            f"SELECT t.* FROM {each.table} t WHERE $1 IN ({', '.join(f't.{column}' for column in each.of)})"  # noqa: S608
            f" AND ({some}) ORDER BY t.space_id, t.id",
            member,
        )
        found += [
            MentionView(
                space=row["space_id"],
                kind=each.table,
                id=row["id"],
                field=each.name,
                name=row[each.name],
                phone=row[each.phone] if each.phone else None,
                more={column: row[column] for column in each.more if row[column] is not None},
            )
            for row in rows
            if person.is_meant(each, row)
        ]
    return tuple(found)


async def _texts(conn: asyncpg.Connection[Any], member: UUID, names: Sequence[str]) -> tuple[TextView, ...]:
    """Return what the member's people told with a name in it, each text of a row once: where it was told first, or again after an erasure."""
    if not names:
        return ()
    pattern = naming_in_texts(names)
    found: dict[tuple[str, UUID, str, str], TextView] = {}
    async for row in conn.cursor(_NAMING, member, [surely_there(name) for name in names], TOLD_AGAIN):
        for kind, id_, field, text in _said(row, pattern, member):
            told = TextView(space=row["space"], seq=row["seq"], kind=kind, id=id_, field=field, text=text)
            found.setdefault((row["space"], id_, field, text), told)
    async for row in conn.cursor(_MESSAGES, member):
        text = text_of(row["body"])
        said = {"body": (text, _read(text))}
        if row["edited"] is not None:  # what a person has made of it
            said["edited"] = (row["edited"], orjson.loads(row["edited"]))
        for field, (text, value) in said.items():
            if says(value, pattern):
                key = (row["space"], row["id"], field, text)
                found[key] = TextView(
                    space=row["space"], seq=None, kind="inbox_message", id=row["id"], field=field, text=text
                )
    return tuple(found.values())


def _read(text: str) -> Any:
    """Return what a message says, however its letters are escaped; itself where it is no JSON, or nested too deeply."""
    try:
        return told_in(text.encode())
    except ValueError:
        return text


def _said(row: Mapping[str, Any], pattern: re.Pattern[str], member: UUID) -> Iterator[tuple[str, UUID, str, str]]:
    payload = orjson.loads(row["payload"])
    own = None
    if row["type"] == TOLD_AGAIN:  # by the service; whose words they were stands beside them
        known = payload["data"].get("authors", ())
        own = {(kind, id_, field) for kind, id_, field, by, _ in known if by == str(member)}
    for field, value in ({} if own is not None else words_of(payload)).items():
        for text in saying(value, pattern):
            yield "act", row["subject_id"], field, text
    for kind, states in payload.get("rows", {}).items():
        for field in sorted(prose_of(JOURNALED[kind])) if kind in JOURNALED else ():
            for state in states:
                if own is not None and (kind, state["id"], field) not in own:
                    continue
                for text in saying(state.get(field), pattern, PROSE_UNDER.get(field)):
                    yield kind, UUID(state["id"]), field, text
